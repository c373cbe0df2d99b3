"""What the spool has of one answer whose process is gone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from imgcell.files import disk
from imgcell.files.spool import SpoolFile
from imgcell.ledger.leftover import Leftover

__all__ = ["Spooled"]

#: Bytes of an answer without its pictures at most (as imgcell.transport.receive.MAX_TEXT, and its first line).
_LONGEST = 65_000_000


class Spooled:
    """The files of one answer.

    Attributes:
        status: Of the answer, or ``None``: nothing of it is known then.
        headers: Lower-case names.
        body: What came behind them, without the pictures.
        pictures: The files of the pictures, by number; perhaps not whole.
    """

    def __init__(self, home: Path, left: Leftover) -> None:
        self._folder = home / "spool"
        self._name = left.attempt
        self._sync: Callable[[], None] = partial(disk.sync_folder, self._folder)
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.body = b""
        self.pictures: dict[int, SpoolFile] = {}
        self._made: list[SpoolFile] = []
        self._part: Path | None = None
        self._read_part()
        self._read_pictures(left)

    def file(self) -> SpoolFile:
        """Return a new file for a picture that is fetched now, or that stood as text in the answer."""
        number = self.next_number
        file = SpoolFile(self._path(number), sync_folder=self._sync)
        self._made.append(file)
        return file

    @property
    def next_number(self) -> int:
        """The number of the next new file."""
        number = len(self._made) + max(self.pictures, default=-1) + 1
        while _there(self._path(number)):
            number += 1
        return number

    def release(self, *, remove: bool) -> None:
        """Let go of all files, and remove them unless they are the only copy."""
        files = [*self.pictures.values(), *self._made]
        for file in files:
            file.release(remove=remove)
        if remove and self._part is not None and not any(file.held for file in files):
            disk.remove(self._part, "part")

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._name}.{number}.bin"

    def _read_part(self) -> None:
        path = self._folder / f"{self._name}.part"
        try:
            with path.open("rb") as file:
                self._part = path
                data = file.read(_LONGEST + 1)
        except OSError:
            return
        head, newline, body = data.partition(b"\n")
        if not newline or len(data) > _LONGEST:
            return
        try:
            facts: Any = json.loads(head)
            status, headers = facts["status"], facts["headers"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return
        if type(status) is int and isinstance(headers, dict):
            self.status = status
            self.headers = {str(name): str(value) for name, value in headers.items()}
            self.body = body

    def _read_pictures(self, left: Leftover) -> None:
        known = {entry.get("file"): entry.get("sha256") for entry in _entries(left)}
        for path in self._folder.glob(f"{self._name}.*.bin"):
            number = re.fullmatch(r"(\d{1,4})\.bin", path.name[len(self._name) + 1 :])
            if number is None:
                continue
            try:
                file = SpoolFile.existing(path, sync_folder=self._sync)
            except OSError:
                continue
            # A file that is not what the ledger says of it is damaged.
            if known.get(path.name) in (None, file.sha256):
                self.pictures[int(number[1])] = file


def _entries(left: Leftover) -> list[Mapping[str, Any]]:
    files = left.answered.get("files") if left.answered is not None else None
    return [entry for entry in files if isinstance(entry, dict)] if isinstance(files, list) else []


def _there(path: Path) -> bool:
    """Whether something stands there."""
    try:
        path.lstat()
    except OSError:
        return False
    return True
