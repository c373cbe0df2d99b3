"""Files that are filled while an answer arrives, without holding up whoever receives it.

The thread that receives hands over pieces of a few hundred KiB; one thread of the process hashes and writes them
(both let go of the interpreter lock).  When the disk fails, what comes is kept in memory instead: it is paid for.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from imgcell.files import disk
from imgcell.language import tr

__all__ = ["PIECE", "SpoolFile"]

#: Bytes that are gathered before they are handed over.
PIECE = 512 * 1024
#: Bytes that may wait to be written; beyond, whoever receives has to wait for the disk.
QUEUE = 32 * 1024 * 1024


class _Writer:
    """The one thread that hashes and writes."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self._changed = threading.Condition()
        self._jobs: deque[tuple[Callable[[], None], int]] = deque()
        self._waiting = 0
        threading.Thread(target=self._run, name="imgcell-spool", daemon=True).start()

    def put(self, job: Callable[[], None], size: int) -> None:
        """Have *job* done after all before it; wait while too much is waiting already."""
        with self._changed:
            while self._waiting > QUEUE:
                self._changed.wait()
            self._waiting += size
            self._jobs.append((job, size))
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    self._changed.wait()
                job, size = self._jobs.popleft()
            job()
            with self._changed:
                self._waiting -= size
                self._changed.notify_all()


_writer: _Writer | None = None
_writer_lock = threading.Lock()


def _the_writer() -> _Writer:
    global _writer
    # Threads do not survive a fork: a child has a writer of its own.
    if _writer is None or _writer.process != os.getpid():
        with _writer_lock:
            if _writer is None or _writer.process != os.getpid():
                _writer = _Writer()
    return _writer


def _after_fork() -> None:
    global _writer, _writer_lock
    _writer = None
    _writer_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class SpoolFile:
    """Bytes that arrive piece by piece (a :class:`imgcell.wire.flow.Extract`), kept in a file or in memory.

    ``write`` and ``size`` are quick and may be used on a loop thread; everything else waits until all has been
    written and belongs into another thread.

    Args:
        path: The file, made when the first bytes are written; ``None`` keeps them in memory (then nothing waits).
        step: Name of its crash points (see :mod:`imgcell.files.disk`).
        sync_folder: Makes the file's name durable.

    Attributes:
        size: Bytes so far.
        held: The file is the only copy on the disk and is not to be removed.
        elsewhere: Where the bytes are kept instead of the library (a path, or "memory"), for the ledger.
    """

    def __init__(self, path: Path | None, *, step: str = "extract", sync_folder: Callable[[], None] | None = None) -> None:
        self.size = 0
        self.held = False
        self.elsewhere: str | None = None
        self._path = path
        self._file = path
        self._step = step
        self._sync_folder = sync_folder
        self._order = threading.Lock()  # held while pieces are handed over, so that they stay in order
        self._pieces: list[bytes] = []
        self._gathered = 0
        self._finished = threading.Condition()
        self._outstanding = 0
        self._state = threading.RLock()  # guards what follows
        self._hash = hashlib.sha256()
        self._hashed = 0  # of bytes that only ever were in memory; those are hashed when asked for
        self._descriptor: int | None = None
        self._written = 0
        self._synced = False
        self._named = False
        # getvalue() of a BytesIO shares its buffer: bytes in memory are there once.
        self._memory: io.BytesIO | None = io.BytesIO() if path is None else None
        self._problem: str | None = None
        self._lost: OSError | None = None

    def __del__(self) -> None:
        self._close()

    @classmethod
    def existing(cls, path: Path, *, step: str = "extract", sync_folder: Callable[[], None] | None = None) -> SpoolFile:
        """Return the file that an ended process left, hashed.  It counts as not synced: that process may not have got so far.

        Raises:
            OSError: It is not there, or cannot be read or written.
        """
        file = cls(path, step=step, sync_folder=sync_folder)
        file._descriptor = disk.append_to(path)
        while piece := os.read(file._descriptor, PIECE):
            file._hash.update(piece)
            file.size += len(piece)
        file._written = file.size
        return file

    @property
    def name(self) -> str:
        """Name of its file, empty if it never was to be one.  Stands in what is left of the answer, in the place of the bytes."""
        return self._file.name if self._file is not None else ""

    # -- receiving --------------------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Append; never fails for reasons of the disk (see :attr:`problem`)."""
        if self._file is None:
            self._keep_in_memory(data)
            return
        piece = data if type(data) is bytes else bytes(data)
        if not piece:
            return
        with self._order:
            self.size += len(piece)
            self._pieces.append(piece)
            self._gathered += len(piece)
            if self._gathered >= PIECE:
                self._hand_over()

    def flush(self) -> None:
        """Have written, soon, what has come so far; does not wait."""
        with self._order:
            if self._pieces:
                self._hand_over()

    def settle(self) -> None:
        """Return when all that has come is written and hashed."""
        self.flush()
        with self._finished:
            while self._outstanding:
                self._finished.wait()

    # -- what came --------------------------------------------------------------------------------------------

    @property
    def sha256(self) -> str:
        """Hex digest of all bytes."""
        self.settle()
        with self._state:
            if self._file is None and self._memory is not None and self._hashed < self.size:
                with self._memory.getbuffer() as whole:
                    self._hash.update(whole[self._hashed :])
                self._hashed = self.size
            return self._hash.hexdigest()

    @property
    def path(self) -> Path | None:
        """The file that holds all bytes, or ``None`` if they are in memory."""
        self.settle()
        return self._path if self._memory is None and self._written else None

    @property
    def problem(self) -> str | None:
        """Why the bytes are in memory although they should be in a file, as a sentence; else ``None``."""
        self.settle()
        return self._problem

    def read(self) -> bytes:
        """Return all bytes.

        Raises:
            OSError: The disk has lost them.
        """
        self.settle()
        with self._state:
            if self._lost is not None:
                raise OSError(self._lost.errno, self._lost.strerror) from self._lost
            if self._memory is not None:
                return self._memory.getvalue()
            return self._read_back()

    def sync(self) -> None:
        """Return when the bytes and their name are durable, or are in memory because the disk failed."""
        self.sync_bytes()
        with self._state:
            if self._memory is not None or self._named or self._descriptor is None:
                return
            try:
                if self._sync_folder is not None:
                    self._sync_folder()
                self._named = True
            except OSError as error:
                self._fall_back(error)
        disk.reach(f"{self._step}-sync.after")

    def sync_bytes(self) -> None:
        """Return when the bytes are durable, their name perhaps not (see :meth:`named`)."""
        self.settle()
        with self._state:
            if self._memory is not None or self._synced or self._descriptor is None:
                return
            try:
                disk.sync(self._descriptor)
                self._synced = True
            except OSError as error:
                self._fall_back(error)

    def named(self) -> None:
        """Be told that the folder was synced after :meth:`sync_bytes`: one sync for several files."""
        with self._state:
            self._named = self._named or self._descriptor is not None
        disk.reach(f"{self._step}-sync.after")

    def distrust(self, error: OSError) -> None:
        """Be told that the folder could not be synced: the bytes go on in memory."""
        with self._state:
            if self._memory is None and self._descriptor is not None and not self._named:
                self._fall_back(error)

    # -- what becomes of the file -------------------------------------------------------------------------------

    def adopted(self, path: Path) -> None:
        """Be told that the same bytes stand at *path* now."""
        with self._state:
            self._path = path
            if self._memory is not None:
                self._memory, self._written = None, self.size
                self._close()

    def release(self, *, remove: bool) -> None:
        """Let go of the file, and remove it unless it is held."""
        self.settle()
        with self._state:
            made = self._written or self._descriptor is not None
            self._close()
            if remove and not self.held and self._file is not None and made:
                disk.remove(self._file, self._step)

    # -- inside -------------------------------------------------------------------------------------------------

    def _keep_in_memory(self, data: bytes | bytearray | memoryview) -> None:
        with self._state:
            assert self._memory is not None
            self.size += self._memory.write(data)

    def _hand_over(self) -> None:
        pieces, size = self._pieces, self._gathered
        self._pieces, self._gathered = [], 0
        with self._finished:
            self._outstanding += 1
        _the_writer().put(lambda: self._store(pieces), size)

    def _store(self, pieces: list[bytes]) -> None:
        """Write and hash; runs in the writer's thread."""
        try:
            with self._state:
                data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
                # Written first: what the process has and no file has yet is lost if it is killed now.
                if self._memory is None:
                    try:
                        self._write(data)
                    except OSError as error:
                        self._fall_back(error)
                        assert self._memory is not None
                        self._memory.write(data)
                else:
                    self._memory.write(data)
                self._hash.update(data)
        finally:
            with self._finished:
                self._outstanding -= 1
                self._finished.notify_all()

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        if self._descriptor is None:
            try:
                self._descriptor = disk.append_to(self._file) if self._written else disk.create(self._file, self._step)
            except FileNotFoundError:
                if self._written:
                    raise
                disk.make_folder(self._file.parent)
                self._descriptor = disk.create(self._file, self._step)
        self._synced = False
        disk.write(self._descriptor, data, self._step)
        self._written += len(data)

    def _fall_back(self, error: OSError) -> None:
        """Go on in memory, with what is in the file so far."""
        self._problem = tr("{file} could not be written ({reason}).", file=str(self._file), reason=error.strerror or str(error))
        try:
            data = self._read_back() if self._written else b""
            # After a failed fsync the pages may be gone; the digest tells.
            if self._written == self.size and hashlib.sha256(data).digest() != self._hash.digest():
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        except OSError as lost:
            data, self._lost = b"", lost
        self._memory = io.BytesIO()
        self._memory.write(data)

    def _read_back(self) -> bytes:
        if self._descriptor is not None:
            return disk.read(self._descriptor, self._written)
        if not self._written:
            return b""
        assert self._path is not None
        descriptor = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            return disk.read(descriptor, self._written)
        finally:
            os.close(descriptor)

    def _close(self) -> None:
        descriptor, self._descriptor = getattr(self, "_descriptor", None), None
        if descriptor is not None:
            os.close(descriptor)
