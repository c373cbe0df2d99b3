"""Where a request comes from: which kernel, which notebook, which cell, which place of which sweep.

The bill is told by notebook, and a cell that runs for the first time in a new kernel is told from one that is run again;
a sweep that was interrupted finds in the ledger what it has sent.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

__all__ = ["Origin", "for_sweep", "from_cell", "origin", "session", "shell"]

_session: tuple[int, str] | None = None
#: Notebook and cell, as far as whoever runs a cell knows them.
_place: ContextVar[tuple[str | None, str | None]] = ContextVar("imgcell_place", default=(None, None))
#: Sweep, place and step, as far as a sweep asks.
_part: ContextVar[tuple[str | None, int | None, int]] = ContextVar("imgcell_part", default=(None, None, 0))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Origin:
    """Where a request comes from.

    Attributes:
        session: Of this process: ``s-<process id>-<8 hex digits>``, another one after every start and in every fork.
        notebook: Path or name of the notebook, as its server names it; ``None`` outside of one.
        cell: The cell's id in its notebook, or ``None``.
        sweep: Id of the sweep that asks, or ``None``.
        place: Which cell of the sweep's matrix it asks for, from 0; ``None`` outside of one.
        step: Which step of an edit chain, from 0.
    """

    session: str
    notebook: str | None = None
    cell: str | None = None
    sweep: str | None = None
    place: int | None = None
    step: int = 0


def session() -> str:
    """Return the id of this process."""
    global _session
    if _session is None or _session[0] != os.getpid():
        _session = (os.getpid(), f"s-{os.getpid()}-{os.urandom(4).hex()}")
    return _session[1]


def shell() -> Any:
    """Return IPython's shell if this process has one, without importing IPython where nobody else has."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def origin() -> Origin:
    """Return where a request that is made now comes from.

    The notebook is what :func:`from_cell` said, else ``$JPY_SESSION_NAME`` (set by jupyter_server 2 for every kernel
    that belongs to a notebook).
    """
    notebook, cell = _place.get()
    return Origin(session(), notebook or _clean(os.environ.get("JPY_SESSION_NAME")), cell, *_part.get())


@contextlib.contextmanager
def from_cell(notebook: str | None, cell: str | None) -> Iterator[None]:
    """Say, for a block of code, which notebook and cell it runs for; both may come from outside and are cleaned."""
    token = _place.set((_clean(notebook), _clean(cell)))
    try:
        yield
    finally:
        _place.reset(token)


@contextlib.contextmanager
def for_sweep(sweep: str, place: int, step: int = 0) -> Iterator[None]:
    """Say, for a block of code, which place of which sweep it asks for, and which step of a chain."""
    token = _part.set((sweep, place, step))
    try:
        yield
    finally:
        _part.reset(token)


def _clean(text: str | None) -> str | None:
    return _CONTROL.sub("", text)[:500] or None if text else None
