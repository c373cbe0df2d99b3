"""The ledger of this process: a file of lines, each durable when it is written, for all threads."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import threading
import weakref
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imgcell.errors import StorageError
from imgcell.files import disk
from imgcell.files.group import GroupCommit
from imgcell.files.lock import Held, hold
from imgcell.language import tr
from imgcell.ledger.attempt import Attempt
from imgcell.ledger.lines import host, line, new_id, plain

__all__ = ["Ledger", "MemoryLedger"]

#: Files that must be possible beside the bytes: line, answer, ten pictures, their sidecars and folders.
_FILES = 64


class Ledger:
    """The ledger of this process in a library's folder; for all threads.

    A forked child writes a file of its own.

    Args:
        home: The library's folder; made, with ``ledger``, ``spool``, ``blobs`` and ``records`` in it, when needed.
    """

    _file: _LedgerFile | None

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self._folders = [self.home / name for name in ("ledger", "spool", "blobs", "records")]
        self._reset()
        _ledgers.add(self)

    def open(self, facts: Mapping[str, Any], *, room: int) -> Attempt:
        """Write down, durably, what is about to be sent.

        Args:
            facts: Provider, model, prompt and parameters, as JSON has them; no key.
            room: Bytes of free disk that the answer may need.

        Raises:
            StorageError: There is no room or no right to keep what would be paid for; nothing may be sent.
        """
        spool = self.home / "spool"
        attempt = Attempt(new_id(), self, spool, self._sync_spool, room)
        try:
            disk.reach("reserve.before")
            self._reserve(attempt)
            disk.reach("reserve.after")
            self._prove_writable()
            self.append(line(attempt.id, "sending", {**facts, "pid": os.getpid(), "host": host()}))
        except OSError as error:
            attempt.over = True
            raise StorageError(
                tr(
                    "Nothing can be kept in {folder} ({reason}), so nothing was sent.",
                    folder=str(self.home),
                    reason=error.strerror or str(error),
                ),
                hint=tr(
                    "Make the folder writable, or name another with library= or IMGCELL_HOME; library=False keeps pictures in memory only."
                ),
            ) from error
        return attempt

    def append(self, entry: dict[str, Any]) -> None:
        """Write one line, durably; many threads share one fsync.

        Raises:
            OSError: It is not written, or not durable.
        """
        data = json.dumps(entry, default=plain).encode("ascii") + b"\n"
        with self._lock:
            if self._file is None or not self._file.usable():
                self._file = None  # the old one may still be in another thread's hands, which closes it
                self._file = _LedgerFile(self.home / "ledger")
                # Also of a file that is given up: what it began is still under way.
                self._held.append(self._file.held)
            file = self._file
            file.write(data, f"ledger-{entry['state']}")
        try:
            file.commit()
        except OSError:
            self._abandon(file, entry)
            raise
        disk.reach(f"ledger-{entry['state']}-sync.after")

    def _abandon(self, file: _LedgerFile, entry: dict[str, Any]) -> None:
        """Leave a file whose fsync failed.  A request that is not sent for this must not read as one that was."""
        file.failed = True
        if entry["state"] == "sending":
            try:
                file.write(json.dumps(line(entry["attempt"], "not-sent", {})).encode("ascii") + b"\n", "ledger-not-sent")
            except OSError:
                pass

    def _reserve(self, attempt: Attempt) -> None:
        for folder in self._folders:
            if not folder.is_dir():
                disk.make_folder(folder)
        free, files = disk.free(self.home)
        with self._lock:
            # *room* is three times what is expected (RELIABILITY.md section 5.3); the others that are under way are
            # counted with what is expected of them.
            needed = attempt.room + sum(other.room // 3 for other in self._attempts if not other.over)
            short = free < needed or (files is not None and files < _FILES)
            if not short:
                self._attempts.add(attempt)
        if not short:
            return
        attempt.over = True
        if free >= needed:
            message = tr("The disk of {folder} has no room for more files, so nothing was sent.", folder=str(self.home))
        else:
            message = tr(
                "No room to keep what would be paid for: {free} MB are free in {folder}, {needed} MB are needed. Nothing was sent.",
                free=free // 1_000_000,
                needed=-(-needed // 1_000_000),
                folder=str(self.home),
            )
        raise StorageError(message, hint=tr("Free some space, or name another folder with library= or IMGCELL_HOME."))

    def _prove_writable(self) -> None:
        for folder in self._folders:
            if not disk.is_writable(folder):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._file = None
        self._held: list[Held | None] = []
        self._attempts: weakref.WeakSet[Attempt] = weakref.WeakSet()
        self._sync_spool = GroupCommit(lambda: disk.sync_folder(self.home / "spool"))


_ledgers: weakref.WeakSet[Ledger] = weakref.WeakSet()
#: In a forked child, its parent's locks: never let go of here, whatever version of filelock there is.
_inherited: list[Held | None] = []


def _after_fork() -> None:
    for ledger in list(_ledgers):
        _inherited.extend(ledger._held)
        ledger._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _locked(path: Path) -> Held | None:
    try:
        return hold(path.with_name(path.name + ".lock"))
    except OSError:
        # A file system without locks: others go by process id and age (imgcell.ledger.liveness).
        return None


class _LedgerFile:
    """One file of lines, open for appending."""

    def __init__(self, folder: Path) -> None:
        self.failed = False
        self._torn = False
        day = dt.datetime.now(dt.timezone.utc).strftime("%Y%m%d")
        self._path = folder / f"{day}-{os.getpid()}-{os.urandom(4).hex()}.jsonl"
        disk.make_folder(folder)
        # Before the file is there: nobody may ever see one of a living process that is not locked.
        self.held = _locked(self._path)
        self._descriptor = disk.create(self._path, "ledger")
        self.commit = GroupCommit(self._flush)
        disk.sync_folder(folder)

    def __del__(self) -> None:
        descriptor = getattr(self, "_descriptor", None)
        if descriptor is not None:
            os.close(descriptor)

    def usable(self) -> bool:
        """Whether the file is still where it was made."""
        if self.failed:
            return False
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._descriptor))
        except OSError:
            return False

    def write(self, data: bytes, step: str) -> None:
        """Append a line, in one write."""
        # After a piece of a line the next one begins on a line of its own; the mark spoils a piece that lacks only its end.
        whole = b"#\n" + data if self._torn else data
        self._torn = True
        disk.write(self._descriptor, whole, step)
        self._torn = False

    def _flush(self) -> None:
        disk.sync(self._descriptor)


class MemoryLedger:
    """A ledger for ``library=False``: same face, nothing on the disk.

    Attributes:
        lines: The last thousand lines.
    """

    def __init__(self) -> None:
        self.lines: deque[dict[str, Any]] = deque(maxlen=1000)

    def open(self, facts: Mapping[str, Any], *, room: int) -> Attempt:
        """Return an attempt whose answer stays in memory."""
        attempt = Attempt(new_id(), self, None, None, room)
        self.append(line(attempt.id, "sending", dict(facts)))
        return attempt

    def append(self, entry: dict[str, Any]) -> None:
        """Keep one line."""
        self.lines.append(entry)
