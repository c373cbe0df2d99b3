"""A vote about the pictures of a sheet: asks, keeps, takes back; with a page or without."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.picture import Picture
from imgcell.pictures.sheet import Sheet, sheet_of
from imgcell.votes.ballot import check_choice, check_text
from imgcell.votes.candidates import By, Candidate, candidates, units
from imgcell.votes.cast import Votes
from imgcell.votes.keeping import Box
from imgcell.votes.pairing import most_telling, next_pair, told

if TYPE_CHECKING:
    from imgcell.votes.ballot import Ballot

__all__ = ["Pair", "Progress", "Study"]


@dataclass(frozen=True)
class Pair:
    """What a rater is asked: which of two pictures is better.

    Attributes:
        left: What stands on the left.
        right: What stands on the right.
        rater: Who is asked.
    """

    left: Candidate
    right: Candidate
    rater: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a vote has come.

    Attributes:
        done: Votes of this rater.
        votes: Votes of all.
        raters: Who voted.
        round: In which turn through all pairs this rater is, from 1.
        place: How many pairs of this turn the rater has behind.
        pairs: Pairs of a turn.
    """

    done: int
    votes: int
    raters: int
    round: int
    place: int
    pairs: int


class Study:
    """Pairs of a sheet's pictures, asked blindly; its votes are kept in the library as they are cast.

    Args:
        pictures: A sheet (one that still fills is waited for), whatever has one (a Sweep, a Studio), pictures, or a mapping of
            entries to their pictures.
        by: What is compared: see :func:`imgcell.votes.candidates.candidates`.
        name: What the study is called; the same name goes on with the same votes.  ``None``: it is known by its pictures.
        active: Whether pairs are preferred that tell most, instead of all pairs by turns.
        seed: Another seed, another order.
        library: Folder of another library than the user's own; ``False`` keeps nothing.

    Attributes:
        votes: All votes, also those of earlier sessions: :class:`imgcell.votes.Votes`.
        id: Name of the study's folder, 16 hexadecimal digits.
        entries: What is compared.

    Raises:
        InvalidJobError: There is nothing to compare.
        StorageError: Votes that are there cannot be read.
    """

    def __init__(
        self,
        pictures: Any,
        by: By = None,
        *,
        name: str | None = None,
        active: bool = False,
        seed: int = 0,
        library: str | os.PathLike[str] | bool | None = None,
    ) -> None:
        from imgcell.client.shelf import folder

        self._candidates = candidates(*_taken(pictures, by))
        self._units = units(self._candidates)
        self._active, self._seed = active, seed
        self._lock = threading.RLock()
        self.name = check_text(name, "name") if name is not None else None
        self.entries = tuple(dict.fromkeys(one.entry for one in self._candidates))
        about: dict[str, Any] = {"name": self.name, "entries": {entry: [] for entry in self.entries}}
        for one in self._candidates:
            about["entries"][one.entry].append(one.id)
        known = {"name": self.name} if self.name is not None else about["entries"]
        self.id = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]
        home = folder(library)
        box = Box(home, self.id, about) if home is not None else None
        self.votes = Votes(box.read() if box is not None else (), entries=self.entries, box=box)

    @property
    def pairs(self) -> int:
        """How many pairs a rater is asked before one comes again."""
        return len(self._units)

    def pair(self, rater: str = "") -> Pair:
        """Return what *rater* is asked next; the same until a vote is cast or taken back."""
        rater = check_text(rater, "rater")
        with self._lock:
            own = [ballot for ballot in self.votes if ballot.rater == rater]
            among = None
            if self._active:
                among = most_telling(self.votes.ranking(), [frozenset((one.one[0].entry, one.other[0].entry)) for one in self._units])
            return Pair(*next_pair(self._units, own, rater, (self.id, self._seed), among), rater)

    def cast(self, pair: Pair, choice: str, *, seconds: float | None = None, seen: bool = False) -> Ballot:
        """Cast a vote about *pair*: ``"left"``, ``"right"``, ``"tie"`` or ``"bad"``; return it when it is kept.

        Raises:
            InvalidJobError: The choice is none.
            StorageError: It could not be kept, and does not count.
        """
        return self.votes.add(
            pair.left.entry,
            pair.right.entry,
            check_choice(choice),
            rater=pair.rater,
            context=pair.left.context,
            left_picture=pair.left.id,
            right_picture=pair.right.id,
            seconds=seconds,
            seen=seen,
        )

    def undo(self, rater: str = "") -> Pair | None:
        """Take back the rater's last vote and return its pair, to be asked again; ``None`` if there was none.

        Raises:
            StorageError: It could not be written down; the vote still counts.
        """
        with self._lock:
            gone = self.votes.undo(check_text(rater, "rater"))
            if gone is None:
                return None
            left, right = (self._one(gone, side) for side in ("left", "right"))
            # Pictures that are no longer in this sheet cannot be shown again.
            return Pair(left, right, gone.rater) if left is not None and right is not None else self.pair(gone.rater)

    def leave_out(self, picture: str) -> None:
        """Ask no more about the picture of this id: it cannot be shown.

        Raises:
            InvalidJobError: Without it there is no pair left.
        """
        with self._lock:
            left = [one for one in self._candidates if one.id != picture]
            if not units(left):
                raise InvalidJobError(tr("Without the pictures that cannot be read there is no pair left to vote on."))
            self._candidates, self._units = left, units(left)

    def progress(self, rater: str = "") -> Progress:
        """Return how far *rater*, and all, have come."""
        rater = check_text(rater, "rater")
        with self._lock:
            here = {(unit.context, frozenset((unit.one[0].entry, unit.other[0].entry))) for unit in self._units}
            own = [ballot for ballot in self.votes if ballot.rater == rater]
            asked = Counter(map(told, own))
            least = min(asked[unit] for unit in here)
            behind = sum(1 for unit in here if asked[unit] > least)
            return Progress(len(own), len(self.votes), len(self.votes.raters), least + 1, behind, len(here))

    def _one(self, gone: Ballot, side: str) -> Candidate | None:
        wanted = (getattr(gone, side), getattr(gone, f"{side}_picture"))
        return next((one for one in self._candidates if (one.entry, one.id) == wanted), None)

    def __repr__(self) -> str:
        return f"<Study {self.name or self.id}: {len(self.entries)} entries, {len(self.votes)} votes>"


def _taken(given: Any, by: By) -> tuple[Sheet | list[Picture], By]:
    """Return what takes part and by what it is compared, whatever it was given as."""
    if isinstance(given, Mapping):
        if by is not None:
            raise InvalidJobError(tr("A mapping says by its names what is compared: leave by= out."))
        named = {name: [one] if isinstance(one, Picture) else list(one) for name, one in given.items()}
        entry = {picture.record.id: str(name) for name, pictures in named.items() for picture in pictures}
        return [picture for pictures in named.values() for picture in pictures], lambda picture: entry[picture.record.id]
    sheet = sheet_of(given)
    if sheet is not None:
        sheet.wait()
        return sheet, by
    pictures = list(given) if isinstance(given, Iterable) and not isinstance(given, (str, bytes, Picture)) else None
    if pictures is None or not all(isinstance(one, Picture) for one in pictures):
        kinds = sorted({type(one).__name__ for one in pictures if not isinstance(one, Picture)}) if pictures else [type(given).__name__]
        raise InvalidJobError(
            tr("A vote is about a sheet or pictures, not {kind}.", kind=", ".join(kinds)),
            hint=tr("Pictures are those that imgcell made, or that are in its library."),
        )
    return pictures, by
