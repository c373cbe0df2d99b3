"""Where the cells of a sweep stand: axes, the values at a place, and the places with given values.

Places are numbered with the last axis running fastest, and within it the several pictures of one combination.
"""

from __future__ import annotations

import difflib
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr

__all__ = ["Matrix"]


class Matrix:
    """The axes of a sweep.

    Args:
        axes: Names and values, outermost first; empty for what is no sweep.
        across: How many of them, from the last on, are drawn side by side.

    Attributes:
        size: How many combinations there are; 0 without axes.
    """

    def __init__(self, axes: Mapping[str, Sequence[str]], across: int = 1) -> None:
        self.axes = {name: tuple(values) for name, values in axes.items()}
        self.across = min(max(across, 0), len(self.axes))
        self.size = math.prod(map(len, self.axes.values())) if self.axes else 0

    def repeats(self, places: int) -> int:
        """Return how many pictures of one combination *places* places have room for, 1 at least."""
        return max(1, -(-places // self.size)) if self.size else 1

    def at(self, place: int, repeats: int) -> tuple[dict[str, str], int]:
        """Return the value on each axis at *place*, and which of *repeats* pictures of its combination it is.

        Without axes, and beyond the last combination, there are no values.
        """
        if not self.size or place >= self.size * repeats:
            return {}, 0 if self.size else place
        rest, repeat = divmod(place, repeats)
        values = {}
        for name in reversed(self.axes):
            rest, number = divmod(rest, len(self.axes[name]))
            values[name] = self.axes[name][number]
        return {name: values[name] for name in self.axes}, repeat

    def heads(self) -> list[tuple[str, ...]]:
        """Return the values above each column, outermost first."""
        return list(itertools.product(*list(self.axes.values())[len(self.axes) - self.across :]))

    def sides(self) -> list[tuple[str, ...]]:
        """Return the values beside each row, outermost first."""
        return list(itertools.product(*list(self.axes.values())[: len(self.axes) - self.across]))

    def select(self, chosen: Mapping[str, Any], repeats: int) -> tuple[Matrix, list[int]]:
        """Return the axes that are left when values are *chosen*, and the places that are.

        Raises:
            InvalidJobError: For an axis or a value that is not there.
        """
        kept: dict[str, tuple[str, ...]] = dict(self.axes)
        axes: dict[str, tuple[str, ...]] = {}
        for name, value in chosen.items():
            self._known(name)
            several = isinstance(value, Iterable) and not isinstance(value, str)
            kept[name] = tuple(dict.fromkeys(self._value(name, one) for one in (value if several else (value,))))  # no picture counts twice
        for name in self.axes:
            value = chosen.get(name)
            if name not in chosen or (isinstance(value, Iterable) and not isinstance(value, str)):
                axes[name] = kept[name]
        return Matrix(axes, self.across), self._places(kept, list(self.axes), repeats)

    def arrange(self, rows: str | Sequence[str], columns: str | Sequence[str], repeats: int) -> tuple[Matrix, list[int]]:
        """Return the axes with *rows* outermost and *columns* innermost, and the places in that order.

        Raises:
            InvalidJobError: For an axis that is not there, or is named twice.
        """
        down, across = _names(rows), _names(columns)
        for name in (*down, *across):
            self._known(name)
            if (*down, *across).count(name) > 1:
                raise InvalidJobError(tr("{name} cannot be in two places of the grid.", name=name))
        others = [name for name in self.axes if name not in down and name not in across]
        if not across and others:
            across = [others.pop()]
        names = [*down, *others, *across]
        axes = {name: self.axes[name] for name in names}
        return Matrix(axes, len(across)), self._places(axes, names, repeats)

    def _places(self, values: Mapping[str, Sequence[str]], names: Sequence[str], repeats: int) -> list[int]:
        strides: dict[str, int] = {}
        stride = repeats
        for name in reversed(self.axes):
            strides[name] = stride
            stride *= len(self.axes[name])
        numbers = [[self.axes[name].index(value) * strides[name] for value in values[name]] for name in names]
        return [sum(steps) + repeat for steps in itertools.product(*numbers) for repeat in range(repeats)]

    def _known(self, name: str) -> None:
        if name in self.axes:
            return
        if not self.axes:
            raise InvalidJobError(tr("This sheet has no axes: it is no sweep."), hint=tr("imgcell.sweep(…).run() returns one that has."))
        raise InvalidJobError(
            tr("This sheet has no axis {name}.", name=repr(name)), hint=tr("Its axes are {names}.", names=", ".join(self.axes))
        )

    def _value(self, name: str, value: object) -> str:
        text = "default" if value is None else str(value)
        known = self.axes[name]
        if text in known:
            return text
        near = difflib.get_close_matches(text, known, n=5, cutoff=0.3) or known[:8]
        raise InvalidJobError(
            tr("{name} has no value {value}.", name=name, value=repr(value)),
            hint=tr("It has {values}.", values=", ".join(repr(one) for one in near)),
        )


def _names(said: Any) -> list[Any]:
    """Return names of axes as a list: one, several, or (``None``) none."""
    if said is None:
        return []
    return list(said) if isinstance(said, Iterable) and not isinstance(said, str) else [said]
