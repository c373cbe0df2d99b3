"""The verbs by which anything reaches the disk, and the points at which a test may end the process.

Every verb that changes something takes a *step*, the name of what is being done ("ledger-sending", "blob", …).  With
``IMGCELL_CRASH_AT=<step>.before``, ``<step>.after`` or, for writes, ``<step>.torn`` (half of it is written) in the
environment the process ends there at once, by ``os._exit(99)``: nothing is flushed, no ``finally`` runs, as after
SIGKILL.  This is for tests (RELIABILITY.md section 5.4) and does nothing when the variable is not set.

Files are made for the user alone: folders 0700, files 0600.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

__all__ = [
    "CRASH_STATUS",
    "append_to",
    "create",
    "free",
    "is_writable",
    "link",
    "make_folder",
    "reach",
    "read",
    "remove",
    "replace",
    "store",
    "sync",
    "sync_folder",
    "write",
]

#: Exit status of a process that was ended at a crash point.
CRASH_STATUS = 99

_POINT = os.environ.get("IMGCELL_CRASH_AT", "")
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NOINHERIT", 0)
#: What file systems say that cannot flush a folder (some network and FUSE ones); there is nothing else to be done then.
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS}

# The system calls that faults are injected into.
_open = os.open
_write = os.write
_fsync = os.fsync
_rename = os.replace
_link = os.link
_mkdir = os.mkdir
_unlink = os.unlink


def reach(point: str) -> None:
    """End the process if *point* is the one named by ``IMGCELL_CRASH_AT``."""
    if _POINT and point == _POINT:
        os._exit(CRASH_STATUS)


def make_folder(path: Path) -> None:
    """Make *path* and what is missing above it, durably.

    Raises:
        OSError: It cannot be made, or is something else than a folder.
    """
    missing = []
    while not path.is_dir():
        missing.append(path)
        if path == path.parent:
            break
        path = path.parent
    for folder in reversed(missing):
        try:
            _mkdir(folder, 0o700)
        except FileExistsError:
            # Another thread or process was faster; or it is a file, then this is what is wrong.
            if not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None
        sync_folder(folder.parent)


def create(path: Path, step: str) -> int:
    """Return a descriptor, for reading and appending, of a new file; never of one that is there already.

    Raises:
        OSError: It cannot be made, or is there (``FileExistsError``).
    """
    reach(f"{step}-create.before")
    descriptor = _open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | _FLAGS, 0o600)
    reach(f"{step}-create.after")
    return descriptor


def append_to(path: Path) -> int:
    """Return a descriptor, for reading and appending, of a file that is there."""
    return _open(path, os.O_RDWR | os.O_APPEND | _FLAGS)


def write(descriptor: int, data: bytes | memoryview, step: str) -> None:
    """Write all of *data*.

    Raises:
        OSError: Not all of it could be written; some of it may have been.
    """
    reach(f"{step}.before")
    if _POINT and f"{step}.torn" == _POINT:
        _write(descriptor, data[: len(data) // 2])
        os._exit(CRASH_STATUS)
    written = _write(descriptor, data)
    if written < len(data):
        rest = memoryview(data)[written:]
        while rest:
            written = _write(descriptor, rest)
            if written == 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            rest = rest[written:]
    reach(f"{step}.after")


def sync(descriptor: int) -> None:
    """Return when the file is on the disk itself, not only in a cache.

    Raises:
        OSError: It is not; what was written may be gone.
    """
    if sys.platform == "darwin":
        import fcntl

        # fsync on macOS stops at the drive's own cache (fsync(2) there).
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError:
            pass  # not every file system knows it
        else:
            return
    _fsync(descriptor)


def sync_folder(path: Path) -> None:
    """Return when the names in the folder are on the disk; Windows has no such call and needs none on NTFS.

    Raises:
        OSError: They are not.
    """
    if os.name == "nt":
        return
    descriptor = _open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        sync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def replace(source: Path, target: Path, step: str) -> None:
    """Rename *source* to *target*, at once and whole; the folder is to be synced by the caller.

    Raises:
        OSError: It could not be renamed.
    """
    reach(f"{step}.before")
    _rename(source, target)
    reach(f"{step}.after")


def link(source: Path, target: Path, step: str) -> None:
    """Give the file *source* a second name.

    Raises:
        OSError: The name is taken (``FileExistsError``), or the file system has no links.
    """
    reach(f"{step}.before")
    _link(source, target)
    reach(f"{step}.after")


def store(path: Path, data: bytes, step: str, *, flush_folder: Callable[[], None] | None = None) -> None:
    """Put a whole file in place: temporary name, fsync, rename, fsync of the folder.

    Args:
        path: Where; what is there is replaced.
        data: All of it.
        step: Crash points are ``<step>-create``, ``<step>-write`` and ``<step>``.
        flush_folder: How the folder is synced, where several threads share it.

    Raises:
        OSError: It is not in place; what was there still is.
    """
    temporary = path.with_name(f".tmp-{os.urandom(8).hex()}")
    descriptor = create(temporary, step)
    try:
        try:
            write(descriptor, data, f"{step}-write")
            sync(descriptor)
        finally:
            os.close(descriptor)
        replace(temporary, path, step)
    except OSError:
        remove(temporary, step)
        raise
    (flush_folder or partial(sync_folder, path.parent))()


def remove(path: Path, step: str) -> None:
    """Remove a file if it is there and can be removed; what cannot be is left."""
    reach(f"{step}-remove.before")
    try:
        _unlink(path)
    except OSError:
        pass
    reach(f"{step}-remove.after")


def read(descriptor: int, size: int) -> bytes:
    """Return the first *size* bytes of an open file.

    Raises:
        OSError: They cannot be read, or there are fewer.
    """
    os.lseek(descriptor, 0, os.SEEK_SET)
    data = os.read(descriptor, size)
    if len(data) < size:
        pieces = [data]
        have = len(data)
        while have < size:
            piece = os.read(descriptor, size - have)
            if not piece:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            pieces.append(piece)
            have += len(piece)
        data = b"".join(pieces)
    return data


def free(path: Path) -> tuple[int, int | None]:
    """Return the bytes and the files for which there is room (``None`` where files are not counted).

    Raises:
        OSError: It is not known, or (``EROFS``) the file system is mounted for reading only.
    """
    if sys.platform == "win32":
        import shutil

        return shutil.disk_usage(path).free, None
    facts = os.statvfs(path)
    if facts.f_flag & getattr(os, "ST_RDONLY", 1):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
    return facts.f_bavail * facts.f_frsize, facts.f_favail if facts.f_files else None


def is_writable(path: Path) -> bool:
    """Whether files can be made in the folder, as far as its permissions say."""
    return os.access(path, os.W_OK | os.X_OK)
