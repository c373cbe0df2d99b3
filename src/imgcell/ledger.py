"""What was sent, and what came of it: written before it is sent, durable when the call returns.

::

    <home>/ledger/<UTC date>-<pid>-<random>.jsonl    one file for each process; one line, one write, one fsync
    <home>/spool/<attempt>.part                      the answer: a line of JSON (status, headers), then the body
                                                     without its pictures
    <home>/spool/<attempt>.<k>.bin                   the k-th picture of the answer

A line is ASCII JSON: ``v`` (1), ``attempt``, ``state``, ``time`` (UTC), and facts.  The states:

=============  ============================================================================================
sending        before the request; with all that is asked for
answered       the whole answer is in the spool; ``files`` names its pictures and their digests
url            the picture's address is known, before it is fetched
not-sent       end: nothing was sent
turned-away    end: the provider was busy, nothing was made
refused        end: the provider refused, nothing was made
done           end: the pictures are in the library (or, where its disk failed, ``elsewhere``)
unknown        end: it may have been charged
paid-unread    end: paid for, and not usable; the spool has what came
paid-pending   end: paid for, and not yet fetched
=============  ============================================================================================

RELIABILITY.md sections 1.5 and 5.3 say why.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from imgcell.errors import StorageError
from imgcell.files import disk
from imgcell.files.group import GroupCommit
from imgcell.files.spool import SpoolFile
from imgcell.language import tr

__all__ = ["ENDS", "Attempt", "Ledger", "MemoryLedger", "SpoolFile", "pending", "read_ledger"]

#: The states in which nothing was made and nothing is owed, or all of it is in the library: the spool is not needed.
_SETTLED = frozenset({"not-sent", "turned-away", "refused", "done"})
#: The states that end an attempt.
ENDS = _SETTLED | {"unknown", "paid-unread", "paid-pending"}
_STATES = ENDS | {"sending", "answered", "url"}

#: Files that must be possible beside the bytes: line, answer, ten pictures, their sidecars and folders.
_FILES = 64
#: Sorts as its digits do.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"

_tick_lock = threading.Lock()
_tick = 0


class _Journal(Protocol):
    """Where an attempt's lines go."""

    def append(self, line: dict[str, Any]) -> None: ...


class Attempt:
    """One paid request.

    ``receive``, ``write`` and ``extract`` are quick and never fail for reasons of the disk; the others wait for it
    and belong into a worker thread.

    Attributes:
        id: ``a-<date>-<time>-<7 characters>`` (UTC): unique, and in the order of the attempts.
        room: Bytes of free disk that it was promised.
    """

    def __init__(self, name: str, journal: _Journal, spool: Path | None, sync_folder: Callable[[], None] | None, room: int) -> None:
        self.id = name
        self.room = room
        self.over = False
        self._journal = journal
        self._spool = spool
        self._sync_folder = sync_folder
        self._part: SpoolFile | None = None
        self._extracts: list[SpoolFile] = []

    def receive(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin the answer's file with its status and headers (secrets and cookies are the caller's to leave out)."""
        head = json.dumps({"status": status, "headers": dict(headers)}, default=_plain) + "\n"
        self.write(head.encode())
        if self._part is not None:
            self._part.flush()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append to the answer's file."""
        if self._part is None:
            self._part = self._file("part", "part")
        self._part.write(data)

    def extract(self) -> SpoolFile:
        """Return a new place for the bytes of a picture."""
        extract = self._file(f"{len(self._extracts)}.bin", "extract")
        self._extracts.append(extract)
        return extract

    def sync(self) -> None:
        """Return when all that came is durable; what the disk refused is in memory (see :attr:`problem`)."""
        files = self._files()
        for file in files:
            file.sync_bytes()
        if self._sync_folder is None or not files:
            return
        # One sync of the folder for all of them.
        try:
            self._sync_folder()
        except OSError as error:
            for file in files:
                file.distrust(error)
        else:
            for file in files:
                file.named()

    @property
    def problem(self) -> str | None:
        """Why something of the answer is only in memory, as a sentence; else ``None``."""
        return next((file.problem for file in self._files() if file.problem), None) if self._spool is not None else None

    def note(self, state: str, **facts: Any) -> None:
        """Write a line, durably.  ``answered`` adds what is in the spool.

        Raises:
            OSError: It could not be written.
            ValueError: There is no such state.
        """
        if state not in _STATES:
            raise ValueError(f"an attempt has no state {state!r}")
        if state == "answered" and self._extracts and self._spool is not None:
            facts["files"] = [
                {"file": f"{self.id}.{k}.bin", "sha256": extract.sha256, "bytes": extract.size} for k, extract in enumerate(self._extracts)
            ]
        self._journal.append(_line(self.id, state, facts))

    def finish(self, state: str, **facts: Any) -> None:
        """Write the last line, then remove from the spool what is not needed any more.

        Raises:
            OSError: The line could not be written; then the spool stays.
            ValueError: The state is not an end.
        """
        if state not in ENDS:
            raise ValueError(f"{state!r} does not end an attempt")
        self.over = True
        remove = False
        elsewhere = [file.elsewhere for file in self._extracts if file.elsewhere]
        if elsewhere:
            # "done" alone would say that the library has it.
            facts["elsewhere"] = elsewhere
        try:
            self.note(state, **facts)
            remove = state in _SETTLED
        finally:
            for file in self._files():
                file.release(remove=remove)

    def _files(self) -> list[SpoolFile]:
        return [*self._extracts, *([self._part] if self._part is not None else [])]

    def _file(self, suffix: str, step: str) -> SpoolFile:
        path = self._spool / f"{self.id}.{suffix}" if self._spool is not None else None
        return SpoolFile(path, step=step, sync_folder=self._sync_folder)


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
        attempt = Attempt(_new_id(), self, spool, self._sync_spool, room)
        try:
            disk.reach("reserve.before")
            self._reserve(attempt)
            disk.reach("reserve.after")
            self._prove_writable()
            self.append(_line(attempt.id, "sending", {**facts, "pid": os.getpid(), "host": _host()}))
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

    def append(self, line: dict[str, Any]) -> None:
        """Write one line, durably; many threads share one fsync.

        Raises:
            OSError: It is not written, or not durable.
        """
        data = json.dumps(line, default=_plain).encode("ascii") + b"\n"
        with self._lock:
            if self._file is None or not self._file.usable():
                self._file = None  # the old one may still be in another thread's hands, which closes it
                self._file = _LedgerFile(self.home / "ledger")
            file = self._file
            file.write(data, f"ledger-{line['state']}")
        try:
            file.commit()
        except OSError:
            self._abandon(file, line)
            raise
        disk.reach(f"ledger-{line['state']}-sync.after")

    def _abandon(self, file: _LedgerFile, line: dict[str, Any]) -> None:
        """Leave a file whose fsync failed.  A request that is not sent for this must not read as one that was."""
        file.failed = True
        if line["state"] == "sending":
            try:
                file.write(json.dumps(_line(line["attempt"], "not-sent", {})).encode("ascii") + b"\n", "ledger-not-sent")
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
        self._attempts: weakref.WeakSet[Attempt] = weakref.WeakSet()
        self._sync_spool = GroupCommit(lambda: disk.sync_folder(self.home / "spool"))


_ledgers: weakref.WeakSet[Ledger] = weakref.WeakSet()


def _after_fork() -> None:
    global _tick_lock
    _tick_lock = threading.Lock()
    for ledger in list(_ledgers):
        ledger._reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class _LedgerFile:
    """One file of lines, open for appending."""

    def __init__(self, folder: Path) -> None:
        self.failed = False
        self._torn = False
        day = dt.datetime.now(dt.timezone.utc).strftime("%Y%m%d")
        self._path = folder / f"{day}-{os.getpid()}-{os.urandom(4).hex()}.jsonl"
        disk.make_folder(folder)
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
        attempt = Attempt(_new_id(), self, None, None, room)
        self.append(_line(attempt.id, "sending", dict(facts)))
        return attempt

    def append(self, line: dict[str, Any]) -> None:
        """Keep one line."""
        self.lines.append(line)


def read_ledger(home: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of all processes, file by file, each file in its order.

    What is no whole line (the last one of a process that was killed) is left out.
    """
    for path in sorted((Path(home) / "ledger").glob("*.jsonl")):
        with path.open("rb") as file:
            for raw in file:
                if not raw.endswith(b"\n"):
                    continue
                try:
                    line = json.loads(raw)
                except (ValueError, RecursionError):
                    continue
                # A torn line can be whole JSON only by chance (a number): lines are objects with these fields.
                if isinstance(line, dict) and isinstance(line.get("attempt"), str) and isinstance(line.get("state"), str):
                    yield line


def pending(home: Path) -> list[dict[str, Any]]:
    """Return the attempts that were begun and have no end, oldest first.

    Each is all its lines' facts in one, its last ``state``, all ``states`` in order, and ``spool``: the paths of the
    files that its answer left.  Requests of a process that is still at work are among them.
    """
    attempts: dict[str, dict[str, Any]] = {}
    for line in read_ledger(home):
        known = attempts.setdefault(line["attempt"], {"states": []})
        known["states"].append(line["state"])
        known.update(line)
    spool = Path(home) / "spool"
    left = [attempts[name] for name in sorted(attempts) if not ENDS & set(attempts[name]["states"])]
    for attempt in left:
        attempt["spool"] = sorted(spool.glob(f"{attempt['attempt']}.*"))
    return left


def _line(attempt: str, state: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    line = {"v": 1, "attempt": attempt, "state": state, "time": dt.datetime.now(dt.timezone.utc).isoformat()}
    return {**line, **{name: value for name, value in facts.items() if name not in line}}


def _new_id() -> str:
    global _tick
    with _tick_lock:
        # Milliseconds, never the same twice in a process, whatever the clock does.
        _tick = max(_tick + 1, int(dt.datetime.now(dt.timezone.utc).timestamp() * 1000))
        tick = _tick
    moment = dt.datetime.fromtimestamp(tick // 1000, dt.timezone.utc)
    high, low = divmod(tick % 1000, 32)
    return f"a-{moment:%Y%m%d-%H%M%S}-{_DIGITS[high]}{_DIGITS[low]}" + "".join(_DIGITS[byte % 32] for byte in os.urandom(5))


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def _plain(value: object) -> object:
    """Return something that JSON has for a fact that is none: a line is never lost for the kind of a value."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)
