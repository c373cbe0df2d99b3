"""Locks between processes, on files that hold nothing.

The operating system lets go of such a lock when its process ends, however it ends: who can take it knows that the last
holder is dead.  A forked child does not hold what its parent holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["Held", "hold"]


class Held:
    """A lock that this process has; let go of with :meth:`release`, at the end of ``with``, or when it is dropped."""

    def __init__(self, lock: BaseFileLock) -> None:
        self._lock = lock

    def release(self) -> None:
        """Let go; once is enough."""
        self._lock.release(force=True)

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def hold(path: Path, wait: float = 0.0) -> Held | None:
    """Take the lock on *path*, or return ``None`` if somebody else (also of this process) has it.

    Args:
        path: A file of its own, made when needed, with its folder; it stays, for a lock file that is removed guards nothing.
        wait: Seconds to wait for it at most.

    Raises:
        OSError: It cannot be had here at all: no right to write, no locks on this file system.
    """
    # 5 ms on first use in a kernel, and whoever needs a lock is about to wait for a disk anyway.
    import filelock

    # One object for all threads: it is taken in one and let go of in another.
    lock = filelock.FileLock(path, timeout=wait, thread_local=False, mode=0o600)
    try:
        lock.acquire(poll_interval=0.02)
    except filelock.Timeout:
        return None
    except NotImplementedError as error:  # what filelock says where locks are missing
        raise OSError(str(error)) from error
    return Held(lock)
