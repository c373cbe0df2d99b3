"""The votes that were cast: raw rows, and what follows from them."""

from __future__ import annotations

import csv
import dataclasses
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.language import tr
from imgcell.pictures.frames import needs_pandas
from imgcell.votes.ballot import Ballot, ballot_of
from imgcell.votes.matrix import Wins

if TYPE_CHECKING:
    from imgcell.charts import Chart
    from imgcell.votes.agreement import Agreement
    from imgcell.votes.keeping import Box, Kept
    from imgcell.votes.ranking import Intervals, Ranking
    from imgcell.votes.strengths import Method

__all__ = ["Votes"]


class Votes(Sequence[Ballot]):
    """Votes, in the order in which they were cast; from a page, from Python, from a table or a file.

    Args:
        rows: Votes: :class:`Ballot`, mappings with at least ``left``, ``right`` and ``choice`` (columns: the attributes of
            :class:`Ballot`), a pandas data frame of such rows, or the path of a CSV file.
        entries: All that take part, also those without a vote so far.
        box: Where each further vote is kept (:class:`imgcell.votes.keeping.Box`); ``None``: in memory only.

    Raises:
        InvalidJobError: A row is no vote (says which), or the file cannot be read.
    """

    def __init__(self, rows: Any = (), *, entries: Iterable[str] = (), box: Box | None = None) -> None:
        self._lock = threading.RLock()
        self._box = box
        self._declared = tuple(entries)
        self._rows: list[Ballot] = [_numbered(number, row) for number, row in enumerate(_rows(rows), 1)]

    @classmethod
    def kept(cls, *, library: str | os.PathLike[str] | None = None) -> list[Kept]:
        """Return which studies the library has votes of, the one voted in last first.

        Args:
            library: Folder of another library than the user's own.

        Raises:
            StorageError: A file cannot be read.
        """
        from imgcell.votes.keeping import kept

        return kept(_home(library))

    @classmethod
    def open(cls, study: str, *, library: str | os.PathLike[str] | None = None) -> Votes:
        """Return the votes of a study in the library, by its name or id; what is added to them is kept there.

        Args:
            study: As :func:`imgcell.vote` was told by ``name=``, or the id that :meth:`kept` says.
            library: Folder of another library than the user's own.

        Raises:
            InvalidJobError: There is none.
            StorageError: A file cannot be read.
        """
        from imgcell.votes.keeping import find

        found, box = find(_home(library), study)
        return cls(box.read(), entries=found.entries, box=box)

    @property
    def entries(self) -> tuple[str, ...]:
        """All that take part: those that were named, then others in the order of their votes."""
        named = dict.fromkeys(self._declared)
        for ballot in self:
            named.update(dict.fromkeys((ballot.left, ballot.right)))
        return tuple(named)

    @property
    def raters(self) -> tuple[str, ...]:
        """Who voted, in the order of their first votes."""
        return tuple(dict.fromkeys(ballot.rater for ballot in self))

    def where(self, *, rater: str | None = None, context: str | None = None, entry: str | None = None, seen: bool | None = None) -> Votes:
        """Return the votes of a rater, a context, an entry; with ``seen=False`` only those cast before results were looked at."""
        kept = [
            ballot
            for ballot in self
            if (rater is None or ballot.rater == rater)
            and (context is None or ballot.context == context)
            and (entry is None or entry in (ballot.left, ballot.right))
            and (seen is None or ballot.seen is seen)
        ]
        return Votes(kept, entries=self._declared)

    def add(
        self,
        left: str,
        right: str,
        choice: str,
        *,
        rater: str = "",
        context: str = "",
        left_picture: str = "",
        right_picture: str = "",
        seconds: float | None = None,
        seen: bool = False,
    ) -> Ballot:
        """Cast a vote, and return it; it is kept before this returns.

        Args:
            left: Entry on the left.
            right: Entry on the right.
            choice: ``"left"``, ``"right"``, ``"tie"`` or ``"bad"`` (neither is any good).
            rater: Who says so.
            context: What both have in common, such as the prompt.
            left_picture: Id of the picture on the left.
            right_picture: Id of the picture on the right.
            seconds: How long it took.
            seen: Whether the rater had looked at the results before.

        Raises:
            InvalidJobError: A value is none that it can have.
            StorageError: It could not be kept, and does not count.
        """
        given = locals()
        ballot = ballot_of({name: value for name, value in given.items() if name != "self"})
        with self._lock:
            if self._box is not None:
                ballot = self._box.add(ballot)
            self._rows.append(ballot)
        return ballot

    def undo(self, rater: str | None = None) -> Ballot | None:
        """Take the last vote back (of *rater*, or of anybody), and return it; ``None`` if there is none.

        Raises:
            StorageError: It could not be written down; the vote still counts.
        """
        with self._lock:
            for place in reversed(range(len(self._rows))):
                ballot = self._rows[place]
                if rater is None or ballot.rater == rater:
                    if self._box is not None and ballot.id:
                        self._box.undo(ballot.id)
                    del self._rows[place]
                    return ballot
        return None

    # -- what follows from them ----------------------------------------------------------------------------------

    def ranking(
        self,
        *,
        confidence: float = 0.95,
        method: Method = "firth",
        intervals: Intervals = "information",
        bad: Literal["tie", "drop"] = "tie",
        resamples: int = 1000,
        seed: int = 0,
    ) -> Ranking:
        """Return the strengths of all entries with intervals: Bradley-Terry with ties (:mod:`imgcell.votes.strengths`).

        Its places, and what is left to find out, take the votes as independent of each other: they are about these raters.

        Args:
            confidence: How often the intervals are to hold the truth, between 0 and 1.
            method: ``"firth"`` has an answer from the first vote on; ``"likelihood"`` is the plain maximum, as textbooks
                print it.
            intervals: From the Fisher ``"information"``; by ``"bootstrap"``: drawing the votes again; or from leaving each of the
                ``"raters"`` out in turn: wider where tastes differ, for they are about other raters, too; takes five of them.
            bad: Whether "both bad" counts as a ``"tie"``, or is left out (``"drop"``).
            resamples: Draws of the bootstrap, 1 to 100,000.
            seed: Of the bootstrap.

        Raises:
            InvalidJobError: A value is none that it can have, or the likelihood has no maximum.
        """
        from imgcell.votes.ranking import rank

        entries = self.entries
        raters = [Wins(entries, self.where(rater=rater)) for rater in self.raters] if intervals == "raters" else ()
        return rank(
            Wins(entries, self),
            confidence=confidence,
            method=method,
            intervals=intervals,
            bad=bad,
            resamples=resamples,
            seed=seed,
            raters=raters,
        )

    def wins(self) -> Wins:
        """Return who was preferred to whom how often."""
        return Wins(self.entries, self)

    def agreement(self, *, confidence: float = 0.95, seed: int = 0) -> Agreement:
        """Return how far the raters agree: Krippendorff's alpha (:mod:`imgcell.votes.agreement`).

        Args:
            confidence: Of its interval, between 0 and 1.
            seed: Of the bootstrap that makes the interval.
        """
        from imgcell.votes.agreement import agreement

        return agreement(self, confidence, seed)

    def plot(self, *, confidence: float = 0.95) -> Chart:
        """Return the ranking's strengths and intervals as a plot (SVG)."""
        return self.ranking(confidence=confidence).plot()

    # -- as a table ----------------------------------------------------------------------------------------------

    def to_pandas(self) -> Any:
        """Return a data frame, a row a vote; ``Votes(frame)`` reads it again.

        Raises:
            ImportError: pandas is not installed.
        """
        return needs_pandas().DataFrame([dataclasses.astuple(one) for one in self], columns=list(_COLUMNS))

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write a CSV file (UTF-8), a row a vote, and return its path; ``Votes(path)`` reads it again.

        Raises:
            OSError: It cannot be written.
        """
        place = Path(path)
        with place.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            for one in self:
                writer.writerow(["" if value is None else value for value in dataclasses.astuple(one)])
        return place

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        with self._lock:
            return Votes(self._rows[index], entries=self._declared) if isinstance(index, slice) else self._rows[index]

    def __iter__(self) -> Any:
        with self._lock:
            return iter(list(self._rows))

    def __add__(self, other: Iterable[Ballot]) -> Votes:
        return Votes([*self, *other], entries=self._declared)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Votes) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # votes are added

    def __repr__(self) -> str:
        return f"<Votes {len(self)} votes, {len(self.entries)} entries, {len(self.raters)} raters>"


_COLUMNS = tuple(field.name for field in dataclasses.fields(Ballot))


def _home(library: str | os.PathLike[str] | None) -> Path:
    from imgcell.client.shelf import folder

    found = folder(library)
    assert found is not None
    return found


def _rows(given: Any) -> Iterable[Any]:
    if isinstance(given, (str, os.PathLike)):
        return _from_file(Path(given))
    # A data frame, which votes do not need pandas to be.
    if hasattr(given, "to_dict") and hasattr(given, "columns"):
        return given.to_dict("records")  # type: ignore[no-any-return]  # as pandas does it
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise InvalidJobError(
            tr("Votes are rows, a data frame or the path of a CSV file, not {kind}.", kind=type(given).__name__),
            hint=tr("One vote is added by votes.add(left, right, choice)."),
        )
    return given


def _from_file(path: Path) -> list[dict[str, str]]:
    try:
        # What spreadsheets write begins with a mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [{name: value for name, value in row.items() if name} for row in csv.DictReader(file)]
    except OSError as error:
        raise InvalidJobError(tr("{file} cannot be read ({reason}).", file=str(path), reason=error.strerror or str(error))) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidJobError(
            tr("{file} is no CSV file in UTF-8.", file=str(path)),
            hint=tr("Save it as CSV (UTF-8), with a first line that names the columns."),
        ) from error


def _numbered(number: int, row: Any) -> Ballot:
    if isinstance(row, Ballot):
        return row
    try:
        if not isinstance(row, Mapping):
            raise InvalidJobError(tr("A vote is a mapping with left, right and choice, not {kind}.", kind=type(row).__name__))
        return ballot_of(row)
    except ImgcellError as error:
        raise InvalidJobError(tr("Row {number}: {error}", number=number, error=error.message), hint=error.hint) from error
