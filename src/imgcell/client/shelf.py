"""The ledger and the library of a folder, one of each in a process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from imgcell.ledger import Ledger, MemoryLedger
from imgcell.lineage.answers import Answers
from imgcell.options import home as default_home
from imgcell.store import Library

if TYPE_CHECKING:
    from imgcell.lineage.chain import Runner

__all__ = ["folder", "shelf"]

#: By process id and folder.
_shelves: dict[tuple[int, Path], tuple[Ledger, Library]] = {}


def folder(library: str | os.PathLike[str] | bool | None) -> Path | None:
    """Return the folder that ``library=`` of a client names; ``None`` for ``False``, which keeps nothing."""
    if library is False:
        return None
    return default_home() if library is None or library is True else Path(library).expanduser().absolute()


def shelf(home: Path | None) -> tuple[Ledger | MemoryLedger, Library | None]:
    """Return the ledger and the library in *home*; with ``None``, a ledger in memory and no library."""
    if home is None:
        return MemoryLedger(), None
    # A forked child must not go on in its parent's ledger.
    name = (os.getpid(), home)
    if name not in _shelves:
        library = Library(home)
        library.archive = Answers(library, lambda: _runner(home))
        _shelves[name] = (Ledger(home), library)
        from imgcell.client.recovery import begin

        # What an earlier process left; a moment later, so that nobody waits for it.
        begin(home)
    return _shelves[name]


def _runner(home: Path) -> Runner:
    from imgcell.client.chains import Chains

    return Chains(home)
