"""Lines that a process adds to a folder: one file for each process, never rewritten, each line durable when it is added.

Several kernels cannot overwrite each other's words, and folders can be put together.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imgcell.files import disk

__all__ = ["Appended"]


class Appended:
    """The file that this process appends to; for all its threads.

    Files are called ``<UTC date>-<pid>-<random>.jsonl``; every line has ``v`` (1) and ``time`` (UTC).

    Args:
        folder: Where such files are; made when needed.
        step: Name of its crash points (see :mod:`imgcell.files.disk`).
        head: What the first line of each file says, if there is to be one.
    """

    def __init__(self, folder: Path, step: str, head: Mapping[str, Any] | None = None) -> None:
        self._folder = folder
        self._step = step
        self._head = head
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._pid = 0
        self._last = 0

    def append(self, said: Mapping[str, Any]) -> str:
        """Write a line, durably, and return its time; never the same twice: the later word counts.

        Raises:
            OSError: It could not be written.
        """
        with self._lock:
            self._last = max(self._last + 1, int(dt.datetime.now(dt.timezone.utc).timestamp() * 1e6))
            time = dt.datetime.fromtimestamp(self._last // 1_000_000, dt.timezone.utc).replace(microsecond=self._last % 1_000_000)
            lines = _line(time, said)
            descriptor, new = self._open(time)
            try:
                if new and self._head is not None:
                    lines = _line(time, self._head) + lines
                if os.lseek(descriptor, 0, os.SEEK_END) and not _ends(descriptor):
                    # After a piece of a line; the mark spoils one that lacks only its end.
                    lines = b"#\n" + lines
                disk.write(descriptor, lines, self._step)
                disk.sync(descriptor)
            finally:
                os.close(descriptor)
            return time.isoformat()

    def _open(self, time: dt.datetime) -> tuple[int, bool]:
        if self._path is not None and self._pid == os.getpid():
            try:
                return disk.append_to(self._path), False
            except FileNotFoundError:
                pass
        disk.make_folder(self._folder)
        path = self._folder / f"{time:%Y%m%d}-{os.getpid()}-{os.urandom(4).hex()}.jsonl"
        descriptor = disk.create(path, self._step)
        self._path, self._pid = path, os.getpid()
        disk.sync_folder(self._folder)
        return descriptor, True


def _line(time: dt.datetime, said: Mapping[str, Any]) -> bytes:
    return json.dumps({"v": 1, "time": time.isoformat(), **said}).encode("ascii") + b"\n"


def _ends(descriptor: int) -> bool:
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) == b"\n"
