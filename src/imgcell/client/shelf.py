"""The ledger and the library of a folder, one of each in a process."""

from __future__ import annotations

import os
from pathlib import Path

from imgcell.ledger import Ledger, MemoryLedger
from imgcell.store import Library

__all__ = ["shelf"]

#: By process id and folder.
_shelves: dict[tuple[int, Path], tuple[Ledger, Library]] = {}


def shelf(home: Path | None) -> tuple[Ledger | MemoryLedger, Library | None]:
    """Return the ledger and the library in *home*; with ``None``, a ledger in memory and no library."""
    if home is None:
        return MemoryLedger(), None
    # A forked child must not go on in its parent's ledger.
    name = (os.getpid(), home)
    if name not in _shelves:
        _shelves[name] = (Ledger(home), Library(home))
    return _shelves[name]
