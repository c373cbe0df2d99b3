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
from dataclasses import asdict
from pathlib import Path
from typing import Any

from imgcell.errors import ImgcellError, StorageError
from imgcell.files.appended import Appended
from imgcell.language import tr
from imgcell.store.lines import microseconds, pieces
from imgcell.votes.ballot import Ballot, ballot_of

__all__ = ["Box", "boxes"]

_NAME = re.compile(r"[0-9a-f]{16}")


class Box:
    """Where the votes of one study are kept.

    Args:
        home: The library's folder.
        study: The study's id: 16 hexadecimal digits.
        about: What its files say of it, as JSON has it.
    """

    def __init__(self, home: Path, study: str, about: Mapping[str, Any] | None = None) -> None:
        self.folder = home / "votes" / study
        self._lines = Appended(self.folder, "vote", {"study": dict(about or {})})

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
                found[name] = (moment, ballot_of({**line, "id": name}))
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
