"""The digest of a file, computed once for as long as the file stays as it is.

Reference pictures go out with one prompt after the other, and hashing 50 MB takes as long as sending them to a server
on the same machine.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path

__all__ = ["file_digest"]

#: Files that are remembered.
KEPT = 256
#: Nanoseconds for which a file has to have been left alone: some file systems keep time in steps of two seconds, and
#: what is written twice within one step looks unchanged.
SETTLED = 3_000_000_000

_Mark = tuple[int, int, int, int, int]
_known: dict[_Mark, str] = {}
_lock = threading.Lock()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, as hex digits.

    A file counts as unchanged while its place on the disk, its size and both its times are the same (writing to a file
    changes the second one, whatever is done to the first).

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        before = _mark(os.fstat(file.fileno()))
        known = _known.get(before)
        if known is not None:
            return known
        digest, buffer = hashlib.sha256(), bytearray(1 << 18)
        view = memoryview(buffer)
        while count := file.readinto(buffer):
            digest.update(view[:count])
        unchanged = _mark(os.fstat(file.fileno())) == before
    found = digest.hexdigest()
    if unchanged and max(before[3:]) < time.time_ns() - SETTLED:
        with _lock:
            _known[before] = found
            while len(_known) > KEPT:
                del _known[next(iter(_known))]
    return found


def _mark(facts: os.stat_result) -> _Mark:
    return (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
