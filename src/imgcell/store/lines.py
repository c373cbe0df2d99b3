"""Files of lines that other processes append to, read a piece at a time."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["FOLDERS", "Place", "bindable", "is_deep", "iso", "look", "microseconds", "pieces"]

#: Where such files are, below the library's folder.
FOLDERS = ("ledger", "annotations")
#: Bytes that are read at once; a line that is longer is none of ours.
PIECE = 8_000_000
_DEEPEST = 32


@dataclass(frozen=True)
class Place:
    """A file of lines, at one moment.

    Attributes:
        inode: Which file it is, whatever its name.
        size: Its bytes.
    """

    inode: str
    size: int


def look(home: Path) -> dict[str, Place]:
    """Return the files of lines that are there, by their names ("ledger/….jsonl")."""
    found: dict[str, Place] = {}
    for folder in FOLDERS:
        try:
            entries = os.scandir(home / folder)
        except OSError:
            continue
        with entries:
            for entry in entries:
                if not entry.name.endswith(".jsonl"):
                    continue
                try:
                    # Windows tells the size of a file that is being written only to whoever asks for that file itself.
                    facts = os.stat(entry.path, follow_symlinks=False) if os.name == "nt" else entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                found[f"{folder}/{entry.name}"] = Place(str(facts.st_ino), facts.st_size)
    return found


def pieces(path: Path, start: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield the lines of a file from byte *start* on, a few megabytes at a time, with the place that they reach to.

    A last line without its end is left for later.  What is no line of ours (a torn one) is left out.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        if start:
            file.seek(start - 1)
            if file.read(1) != b"\n":
                # It is another file than the one that was read so far.
                file.seek(0)
                start = 0
        while data := file.read(PIECE):
            end = data.rfind(b"\n") + 1
            if not end:
                if len(data) < PIECE:
                    return
                end = len(data)
            start += end
            yield start, [line for raw in data[:end].split(b"\n") if (line := _line(raw)) is not None]
            file.seek(start)


def _line(raw: bytes) -> dict[str, Any] | None:
    if not raw.startswith(b"{"):
        return None
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return line if isinstance(line, dict) and not is_deep(line) else None


def is_deep(value: object) -> bool:
    """Whether a JSON value is nested deeper than anything of ours: writing it again could fail."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            item for outer in level if isinstance(outer, (dict, list)) for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def bindable(text: str | None) -> str | None:
    """Return *text* as SQLite takes it: lone surrogates become ``?``."""
    return text if text is None or text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def microseconds(value: object) -> int | None:
    """Return a time as a line has it (ISO 8601 with its zone) in microseconds since 1970, or ``None`` if it is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(value)
        if moment.tzinfo is None:
            return None
        return (moment - _EPOCH) // dt.timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return None


def iso(moment: int) -> str:
    """Return microseconds since 1970 as a line has them."""
    return (_EPOCH + dt.timedelta(microseconds=moment)).isoformat()


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
