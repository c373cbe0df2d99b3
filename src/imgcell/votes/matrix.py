"""Who was preferred to whom, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from imgcell.language import tr
from imgcell.pictures.frames import needs_pandas
from imgcell.pictures.showing import Column, as_html, as_text
from imgcell.votes.ballot import Ballot

__all__ = ["Wins"]


class Wins:
    """The win matrix: how often the row's entry was preferred to the column's; a table in a cell.

    Args:
        entries: Names, in the order of rows and columns.
        ballots: The votes.

    Attributes:
        entries: Names, in the order of rows and columns.
    """

    def __init__(self, entries: Sequence[str], ballots: Iterable[Ballot]) -> None:
        self.entries = tuple(entries)
        self._wins: Counter[tuple[str, str]] = Counter()
        self._ties: Counter[frozenset[str]] = Counter()
        self._bad: Counter[frozenset[str]] = Counter()
        for ballot in ballots:
            both = frozenset((ballot.left, ballot.right))
            if ballot.choice == "left":
                self._wins[ballot.left, ballot.right] += 1
            elif ballot.choice == "right":
                self._wins[ballot.right, ballot.left] += 1
            else:
                (self._ties if ballot.choice == "tie" else self._bad)[both] += 1

    def preferred(self, entry: str, to: str | None = None) -> int:
        """Return how often *entry* was preferred: to *to*, or to any."""
        return self._wins[entry, to] if to is not None else sum(self._wins[entry, other] for other in self.entries)

    def passed_over(self, entry: str) -> int:
        """Return how often another was preferred to *entry*."""
        return sum(self._wins[other, entry] for other in self.entries)

    def ties(self, entry: str, other: str | None = None) -> int:
        """Return how often *entry* was as good as *other*, or as any."""
        return self._count(self._ties, entry, other)

    def bad(self, entry: str, other: str | None = None) -> int:
        """Return how often neither *entry* nor *other* (or any) was any good."""
        return self._count(self._bad, entry, other)

    def arrays(self, names: Sequence[str], *, bad_as_ties: bool) -> tuple[Any, Any]:
        """Return wins and ties of these entries as arrays (k, k) of floats."""
        import numpy as np

        wins = np.array([[self._wins[one, other] for other in names] for one in names], float)
        ties = np.array(
            [
                [0 if one == other else self.ties(one, other) + (self.bad(one, other) if bad_as_ties else 0) for other in names]
                for one in names
            ],
            float,
        )
        return wins, ties

    def to_pandas(self) -> Any:
        """Return the wins as a data frame, entries by entries.

        Raises:
            ImportError: pandas is not installed.
        """
        values = [[self._wins[one, other] for other in self.entries] for one in self.entries]
        return needs_pandas().DataFrame(values, index=list(self.entries), columns=list(self.entries))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Wins):
            return NotImplemented
        return (self.entries, self._wins, self._ties, self._bad) == (other.entries, other._wins, other._ties, other._bad)

    __hash__ = None  # type: ignore[assignment]  # as mappings have none

    def __str__(self) -> str:
        return as_text(*self._table()) + "\n" + self._legend()

    def __repr__(self) -> str:
        return f"<Wins {len(self.entries)} entries, {sum(self._wins.values())} wins>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        from html import escape

        return as_html(*self._table()) + f'<div style="opacity:.72">{escape(self._legend())}</div>'

    def _legend(self) -> str:
        return tr("How often the row was preferred to the column; in parentheses, how often neither was.")

    def _table(self) -> tuple[list[Column], list[list[str]]]:
        rows = []
        for one in self.entries:
            cells = []
            for other in self.entries:
                neither = self.ties(one, other) + self.bad(one, other)
                cells.append("–" if one == other else f"{self._wins[one, other]}" + (f" ({neither})" if neither else ""))
            rows.append([one, *cells])
        return [Column("", whole=True), *(Column(name, right=True) for name in self.entries)], rows

    def _count(self, counted: Counter[frozenset[str]], entry: str, other: str | None) -> int:
        if other is not None:
            return counted[frozenset((entry, other))]
        return sum(number for both, number in counted.items() if entry in both)
