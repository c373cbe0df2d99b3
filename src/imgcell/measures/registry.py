"""What can be measured, by name.

A measure that comes with imgcell is a :class:`Metric` in the tuple ``METRICS`` of the module that :data:`_BUILT_IN` names for
it; the module is imported when the first of its measures is asked for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeAlias

from imgcell.errors import InvalidJobError
from imgcell.language import tr

__all__ = ["Metric", "Needs", "find", "is_built_in", "names", "register"]

Needs: TypeAlias = Literal["picture", "baseline", "parent"]

#: Name -> module of imgcell.measures; in the order in which their columns are shown.
_BUILT_IN = {
    "file": "alone",
    "transparency": "alone",
    "color": "alone",
    "sharpness": "alone",
    "hash": "alone",
    "psnr": "against",
    "ssim": "against",
    "hash_distance": "against",
    "changes": "edited",
}


@dataclass(frozen=True)
class Metric:
    """One measure.

    Attributes:
        name: What it is asked for by; one word.
        function: What measures.  Takes the picture (a :class:`imgcell.Picture`, or a PIL image where one was given), and, for
            ``"baseline"`` and ``"parent"``, the other picture behind it.  Returns a number, a text, a truth value, ``None``,
            or a mapping of column names to such values.  It may be called on any thread, for several pictures at once.
        needs: ``"picture"``: that alone; ``"baseline"``: also what it is compared with; ``"parent"``: also the first picture
            that it was made from (pictures made from words alone have none, and get ``None``).
        columns: What its values are called; the keys of the mapping, or one name for a lone value.
        version: Raised when the same picture would give another value, so that nothing remembered is taken for it.
        extra: Name of the extra of imgcell that it needs, or ``""``.
        probe: The module whose absence means that *extra* is not installed.
    """

    name: str
    function: Callable[..., Any]
    needs: Needs = "picture"
    columns: tuple[str, ...] = ()
    version: int = 1
    extra: str = ""
    probe: str = ""

    def __post_init__(self) -> None:
        if not self.columns:
            object.__setattr__(self, "columns", (self.name,))

    def missing(self) -> str | None:
        """Return why it cannot be measured here, with what to install; ``None`` if it can."""
        if not self.probe:
            return None
        try:
            import_module(self.probe)
        except ImportError:
            return tr(
                "{name} needs {library}, which is not installed here: run  %pip install imgcell[{extra}]",
                name=self.name,
                library=self.probe,
                extra=self.extra,
            )
        return None


_registered: dict[str, Metric] = {}
_lock = threading.Lock()


def register(metric: Metric) -> Metric:
    """Make *metric* known by its name for this session, and return it.

    Raises:
        InvalidJobError: The name belongs to one that comes with imgcell.
    """
    if metric.name in _BUILT_IN:
        raise InvalidJobError(tr("There is a measure called {name} already.", name=repr(metric.name)), hint=tr("Give yours another name."))
    with _lock:
        _registered[metric.name] = metric
    return metric


def find(name: str) -> Metric:
    """Return the measure called *name*.

    Raises:
        InvalidJobError: There is none; says what there is.
    """
    home = _BUILT_IN.get(name)
    if home is not None:
        metrics: tuple[Metric, ...] = import_module(f"imgcell.measures.{home}").METRICS
        return next(metric for metric in metrics if metric.name == name)
    with _lock:
        metric = _registered.get(name)
    if metric is None:
        raise InvalidJobError(
            tr("There is no measure called {name}.", name=repr(name)),
            hint=tr("There are {names}; your own: metrics={example}.", names=", ".join(names()), example='{"name": function}'),
        )
    return metric


def names(needs: Needs | None = None) -> tuple[str, ...]:
    """Return what can be asked for by name: what comes with imgcell, then what was registered.

    Args:
        needs: Only those that need this.
    """
    with _lock:
        everything = (*_BUILT_IN, *_registered)
    return tuple(name for name in everything if needs is None or find(name).needs == needs)


def is_built_in(metric: Metric) -> bool:
    """Whether *metric* comes with imgcell: its values may be kept with the library."""
    return metric.name in _BUILT_IN and find(metric.name) is metric
