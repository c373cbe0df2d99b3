"""Small plots as one SVG each, without any library: they show in a cell, in a page, in print, light and dark, with any script's names.

    charts.intervals([("model a", 1.2, 0.8, 1.7), ("model b", 0.4, 0.1, 0.8)], label="strength")
    charts.bars([("model a", 0.12), ("model b", None)], label="price of an accepted picture, USD")
    charts.lines({"sharpness": [(0, 1.0), (1, 0.94), (2, 0.86)]}, x="step", y="against the first")
    charts.scatter([(3.1, 0.04, "model a"), (8.0, 0.02, "model b")], x="seconds", y="USD")

Each returns a :class:`Chart`.  What is unknown (``None``, NaN) is said to be so, never drawn as zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgcell.charts.chart import Chart as Chart
    from imgcell.charts.points import lines as lines
    from imgcell.charts.points import scatter as scatter
    from imgcell.charts.rows import bars as bars
    from imgcell.charts.rows import intervals as intervals

__all__ = ["Chart", "bars", "intervals", "lines", "scatter"]

_HOMES = {
    "Chart": "imgcell.charts.chart",
    "bars": "imgcell.charts.rows",
    "intervals": "imgcell.charts.rows",
    "lines": "imgcell.charts.points",
    "scatter": "imgcell.charts.points",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'imgcell.charts' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
