"""A small JSON file that several processes change, each under a lock and never waiting long for it.

For facts that are good to have and can be done without: they are not flushed to the disk, a damaged file counts as an
empty one, and whoever does not get the lock in time goes on without.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from imgcell.files.disk import make_folder
from imgcell.files.lock import hold

__all__ = ["change", "look"]

T = TypeVar("T")

#: Bytes of such a file at most; one that is larger is not ours.
_MOST = 256_000


def look(path: Path) -> dict[str, Any]:
    """Return what the file says; an empty mapping if it says nothing, is not there, or cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
        found = json.loads(data) if len(data) <= _MOST else None
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def change(path: Path, edit: Callable[[dict[str, Any]], T], *, wait: float) -> T:
    """Have *edit* change what the file says, while no other process does, and return what *edit* returns.

    Args:
        path: The file; its lock is beside it.
        edit: Called with what the file says, to be changed in place.
        wait: Seconds to wait for the lock at most.

    Raises:
        OSError: The file cannot be written, or (``TimeoutError``) others held the lock all the time.
    """
    make_folder(path.parent)
    held = hold(path.with_name(f"{path.name}.lock"), wait)
    if held is None:
        raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), str(path))
    with held:
        facts = look(path)
        result = edit(facts)
        temporary = path.with_name(f".tmp-{os.urandom(8).hex()}")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(json.dumps(facts).encode())
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    return result
