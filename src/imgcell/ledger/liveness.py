"""Whether the process that wrote a ledger's file is still at work."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

from imgcell.files.lock import Held, hold
from imgcell.ledger.lines import host
from imgcell.ledger.reading import read_file

__all__ = ["claim"]

#: Seconds after which no request of a process can be under way any more, whatever became of the process.
_LONG_AGO = 24 * 3600.0
#: Seconds by which clocks of a file system and of a process table may differ.
_SLACK = 2.0

_NAME = re.compile(r"\d{8}-(\d{1,10})-[0-9a-f]{8}\.jsonl")


def claim(file: Path) -> Held | None:
    """Return the right to finish what the process of *file* began; ``None`` if it may be alive or another finishes it.

    A process locks ``<file>.lock`` for as long as it lives.  Where there is no such file (an earlier version, a file
    system without locks) process id, host and age decide, and doubt counts as alive: a request that is under way must
    never be called unknown.
    """
    lock = file.with_name(file.name + ".lock")
    try:
        if not lock.exists() and not _gone(file):
            return None
        return hold(lock)
    except OSError:
        return None


def _gone(file: Path) -> bool:
    written = file.stat().st_mtime
    if time.time() - written > _LONG_AGO:
        return True
    name = _NAME.fullmatch(file.name)
    hosts = {line.get("host") for line in read_file(file) if line["state"] == "sending"}
    if name is None or hosts != {host()}:
        return False
    return _ended(int(name[1]), written)


def _ended(process: int, written: float) -> bool:
    """Whether the process with this id is none that was there when the file was *written* last."""
    if sys.platform == "win32":
        return False  # os.kill would end it, not ask for it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    try:
        # Ids are used again: in a container every kernel may have the same one.
        return os.stat(f"/proc/{process}").st_ctime > written + _SLACK
    except OSError:
        return False
