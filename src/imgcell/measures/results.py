"""What was measured: rows of numbers by picture, and what could not be measured, with the reason."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from imgcell.errors import InvalidJobError
from imgcell.language import joined, tr
from imgcell.measures.against import distance
from imgcell.pictures.frames import needs_pandas
from imgcell.pictures.showing import Column, as_html, as_text
from imgcell.pictures.words import clip

__all__ = ["Measures", "Problem", "numbers_of"]

#: Rows in a cell; all of them are in the value itself and in the data frame.
_SHOWN = 60
#: Letters of a text in a table.
_WIDE = 40


@dataclass(frozen=True)
class Problem:
    """One thing that could not be measured.

    Attributes:
        position: Of the picture.
        id: Of the picture.
        metric: Name of the measure.
        reason: Why, in words.
    """

    position: int
    id: str
    metric: str
    reason: str


class Measures(Sequence[Mapping[str, Any]]):
    """Rows by picture, in the order of the pictures; by number or by the picture's id.

    Each row is a mapping: ``"id"``, then a value for each of :attr:`columns`; ``None`` is what could not be measured, and
    :attr:`problems` says why.

    Args:
        columns: Names of the values.
        rows: One for each picture.
        positions: Place of each picture in its sheet.
        problems: What could not be measured.

    Attributes:
        columns: Names of the values, in the order in which they were asked for.
        problems: What could not be measured, and why.
    """

    def __init__(
        self, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], positions: Sequence[int], problems: Sequence[Problem] = ()
    ) -> None:
        self.columns = tuple(columns)
        self.problems = tuple(problems)
        self._rows = tuple(dict(row) for row in rows)
        self._positions = tuple(positions)

    def at(self, position: int) -> dict[str, Any]:
        """Return the values of the picture at a place of its sheet, without its id; empty if there is no picture.

        What could not be measured has its reason besides, as ``"<metric>.problem"``.
        """
        if position not in self._positions:
            return {}
        row = self._rows[self._positions.index(position)]
        reasons = {f"{problem.metric}.problem": problem.reason for problem in self.problems if problem.position == position}
        return {**{name: row.get(name) for name in self.columns}, **reasons}

    def duplicates(self, most: int = 6) -> list[tuple[str, ...]]:
        """Return the groups of ids of pictures that are nearly the same, by their ``hash``; groups of one are left out.

        Args:
            most: Bits of 64 in which the fingerprints of two may differ; a picture joins the first group that has one as near.

        Raises:
            KeyError: ``"hash"`` was not measured.
        """
        if "hash" not in self.columns:
            raise KeyError("hash")
        groups: list[list[tuple[str, str]]] = []
        for row in self._rows:
            if row["hash"] is None:
                continue
            near = [group for group in groups if any(distance(row["hash"], other) <= most for _, other in group)]
            joined_ = [member for group in near for member in group] + [(row["id"], row["hash"])]
            groups = [group for group in groups if group not in near] + [joined_]
        return [tuple(name for name, _ in group) for group in groups if len(group) > 1]

    def to_pandas(self) -> Any:
        """Return a ``pandas.DataFrame``: one row a picture (indexed by its id), a column for each value, reasons last.

        Raises:
            ImportError: pandas is not installed.
        """
        pd = needs_pandas()
        lines = [self.at(position) for position in self._positions]
        names = dict.fromkeys([*self.columns, *(name for line in lines for name in line)])
        index = pd.Index([row["id"] for row in self._rows], name="id", dtype=object)
        return pd.DataFrame({name: [line.get(name) for line in lines] for name in names}, index=index)

    # -- sequence ----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int | str) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> Measures: ...

    def __getitem__(self, index: int | str | slice) -> Mapping[str, Any] | Measures:
        if isinstance(index, slice):
            positions = self._positions[index]
            return Measures(self.columns, self._rows[index], positions, [one for one in self.problems if one.position in positions])
        if isinstance(index, str):
            for row in self._rows:
                if row["id"] == index:
                    return row
            raise KeyError(index)
        return self._rows[index]

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Measures) and (self.columns, self._rows, self.problems) == (other.columns, other._rows, other.problems)

    __hash__ = None  # type: ignore[assignment]  # as for a list of dicts

    # -- showing -----------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<Measures {len(self)} × {len(self.columns)}>"

    def __str__(self) -> str:
        return "\n".join([as_text(self._table(), self._texts()), *self._rest()])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        import html

        rest = "".join(f'<div style="opacity:.72">{html.escape(line)}</div>' for line in self._rest())
        return as_html(self._table(), self._texts(), titles=[str(row["id"]) for row in self._rows[:_SHOWN]]) + rest

    def _table(self) -> list[Column]:
        def figures(name: str) -> bool:
            return all(isinstance(row.get(name), (int, float, type(None))) for row in self._rows)

        return [Column("", right=True), Column(tr("picture"), whole=True), *(Column(name, right=figures(name)) for name in self.columns)]

    def _texts(self) -> list[list[str]]:
        shown = zip(self._positions, self._rows, strict=True)
        return [[f"[{at}]", str(row["id"]), *(_text(row.get(name)) for name in self.columns)] for at, row in list(shown)[:_SHOWN]]

    def _rest(self) -> list[str]:
        more = len(self) - _SHOWN
        lines = [tr("… and {count} more", count=more)] if more > 0 else []
        reasons: dict[tuple[str, str], int] = {}
        for problem in self.problems:
            reasons[problem.metric, problem.reason] = reasons.get((problem.metric, problem.reason), 0) + 1
        lines += [
            joined(tr("{metric} could not be measured for {count} of them:", metric=metric, count=count), reason)
            for (metric, reason), count in list(reasons.items())[:5]
        ]
        return lines


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, float):
        return "∞" if math.isinf(value) else f"{value:.4g}" if abs(value) < 1000 else f"{value:.0f}"
    return clip(str(value), _WIDE)


def numbers_of(measures: Any) -> Mapping[str, Mapping[str, Any]] | None:
    """Return measures by the picture's id, from a mapping or from rows that say which picture each is of.

    Raises:
        InvalidJobError: They are neither.
    """
    if measures is None or isinstance(measures, Mapping):
        return measures
    try:
        return {str(row["id"]): {name: value for name, value in row.items() if name != "id"} for row in measures}
    except (TypeError, KeyError, AttributeError) as error:
        raise InvalidJobError(
            tr("measures takes numbers by the picture's id."), hint=tr("Pass what imgcell.measure(…) returns, or {id: {name: number}}.")
        ) from error
