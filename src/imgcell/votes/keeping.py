"""Votes in the library: lines that are added, never rewritten, each durable before the next pair is shown.

::

    <home>/votes/<study>/<UTC date>-<pid>-<random>.jsonl    one file for each process that asks; its first line has ``study``
                                                            (what is asked of what), all others ``vote`` (an id) and the
                                                            fields of a vote, or ``undo`` (the id of a vote taken back)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imgcell.errors import ImgcellError, InvalidJobError, StorageError
from imgcell.files.appended import Appended
from imgcell.language import tr
from imgcell.store.lines import microseconds, pieces
from imgcell.votes.ballot import Ballot, ballot_of

__all__ = ["Box", "Kept", "boxes", "find", "kept"]

_NAME = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Kept:
    """A study that the library has votes of.

    Attributes:
        id: 16 hexadecimal digits: its folder in ``votes``.
        name: What it was called; ``None`` if it was not.
        entries: What is compared in it.
        votes: How many votes there are.
        raters: Who voted.
        last: When somebody voted last, UTC, ISO 8601; ``""`` if all votes were taken back.
    """

    id: str
    name: str | None
    entries: tuple[str, ...]
    votes: int
    raters: tuple[str, ...]
    last: str


class Box:
    """Where the votes of one study are kept.

    Args:
        home: The library's folder.
        study: The study's id: 16 hexadecimal digits.
        about: What its files say of it, as JSON has it.
    """

    def __init__(self, home: Path, study: str, about: Mapping[str, Any] | None = None) -> None:
        self.folder = home / "votes" / study
        self._lines = Appended(self.folder, "vote", {"study": dict(about)} if about is not None else None)

    def read(self) -> list[Ballot]:
        """Return the votes that were not taken back, oldest first; what cannot be read as one is left out."""
        found: dict[str, tuple[int, Ballot]] = {}
        gone: set[str] = set()
        for line in self._all():
            moment, name = microseconds(line.get("time")), line.get("vote")
            if isinstance(line.get("undo"), str):
                gone.add(line["undo"])
            if moment is None or not isinstance(name, str):
                continue
            try:
                # The first word stands: what was brought in from another library does not change what is here.
                found.setdefault(name, (moment, ballot_of({**line, "id": name})))
            except ImgcellError:
                continue
        return [
            ballot for _, ballot in sorted(((at, one) for name, (at, one) in found.items() if name not in gone), key=lambda pair: pair[0])
        ]

    def about(self) -> dict[str, Any]:
        """Return what its files say of the study; the latest word."""
        said: dict[str, Any] = {}
        for line in self._all():
            if isinstance(line.get("study"), dict):
                said = line["study"]
        return said

    def add(self, ballot: Ballot) -> Ballot:
        """Keep a vote; return it with its id and its time.

        Raises:
            StorageError: It could not be kept, and does not count.
        """
        fields = {name: value for name, value in asdict(ballot).items() if name not in ("id", "time") and value not in ("", None, False)}
        name = os.urandom(8).hex()
        time = self._write({"vote": name, **fields})
        return ballot_of({**asdict(ballot), "id": name, "time": time})

    def undo(self, name: str) -> None:
        """Take the vote of this id back.

        Raises:
            StorageError: It could not be written down; the vote still counts.
        """
        self._write({"undo": name})

    def _write(self, said: Mapping[str, Any]) -> str:
        try:
            return self._lines.append(said)
        except OSError as error:
            raise StorageError(
                tr("The vote could not be kept in {folder} ({reason}).", folder=str(self.folder), reason=error.strerror or str(error)),
                hint=tr("Make room or give the right to write there, and vote again; all votes before are kept."),
            ) from error

    def _all(self) -> Iterator[dict[str, Any]]:
        for path in sorted(self.folder.glob("*.jsonl")):
            try:
                for _, lines in pieces(path, 0):
                    yield from lines
            except OSError as error:
                raise StorageError(
                    tr("The votes in {folder} cannot be read ({reason}).", folder=str(self.folder), reason=error.strerror or str(error))
                ) from error


def boxes(home: Path) -> dict[str, Box]:
    """Return the studies that the library in *home* has votes of, by their ids."""
    return {path.name: Box(home, path.name) for path in sorted((home / "votes").glob("*")) if _NAME.fullmatch(path.name) and path.is_dir()}


def kept(home: Path) -> list[Kept]:
    """Return the studies that the library in *home* has votes of, the one voted in last first.

    Raises:
        StorageError: A file cannot be read.
    """
    found = []
    for name, box in boxes(home).items():
        about, ballots = box.about(), box.read()
        said = about.get("entries")
        named = [entry for entry in said if isinstance(entry, str)] if isinstance(said, dict) else []
        entries = dict.fromkeys([*named, *(entry for ballot in ballots for entry in (ballot.left, ballot.right))])
        called = about.get("name")
        found.append(
            Kept(
                name,
                called if isinstance(called, str) else None,
                tuple(entries),
                len(ballots),
                tuple(dict.fromkeys(ballot.rater for ballot in ballots)),
                max((ballot.time for ballot in ballots), default=""),
            )
        )
    return sorted(found, key=lambda one: one.last, reverse=True)


def find(home: Path, study: str) -> tuple[Kept, Box]:
    """Return the study of this name or id, the one voted in last if several have the name.

    Raises:
        InvalidJobError: There is none.
        StorageError: A file cannot be read.
    """
    all_ = kept(home)
    for one in all_:
        if study in (one.id, one.name):
            return one, boxes(home)[one.id]
    names = ", ".join(one.name or one.id for one in all_[:20])
    raise InvalidJobError(
        tr("The library has no votes called {name}.", name=repr(study)),
        hint=tr("It has: {names}.", names=names) if names else tr("It has none yet: imgcell.vote(sheet) collects some."),
    )
