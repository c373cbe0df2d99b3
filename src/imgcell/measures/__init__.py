"""Numbers about pictures: one by itself, one against another, one against what it was made from.

The names here are imported when they are first used (PEP 562); numpy, Pillow and scikit-image when something is measured.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgcell.measures.measuring import measure
    from imgcell.measures.registry import Metric, find, names, register
    from imgcell.measures.results import Measures, Problem

__all__ = ["Measures", "Metric", "Problem", "find", "measure", "names", "register"]

_HOMES = {
    "Measures": "results",
    "Metric": "registry",
    "Problem": "results",
    "find": "registry",
    "measure": "measuring",
    "names": "registry",
    "register": "registry",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
