"""The one sandbox of this process, started when the default provider is first used."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgcell.sandbox.habits import Habit
    from imgcell.sandbox.server import Server

__all__ = ["address", "behave", "local_url"]

_lock = threading.Lock()
_server: Server | None = None
_owner = 0


def local_url() -> str:
    """Return the address of this process's sandbox, ``http://127.0.0.1:PORT/sandbox/v1``; the first call starts it.

    A forked child starts its own: the parent's thread does not live on in it.
    """
    global _server, _owner
    with _lock:
        if _server is None or _owner != os.getpid():
            from imgcell.sandbox.server import Server

            _server = Server(record=False)
            _owner = os.getpid()
        return _server.url("sandbox")


def behave(habits: Mapping[str, Habit] | None = None, *, faults: float | Mapping[str, float] = 0.0, seed: int = 0) -> Server:
    """Give the provider ``"sandbox"`` of this process models with these habits, and this share of requests that fail.

    What it had of either before is gone; ``behave()`` makes it behave.  The arguments are those of :func:`imgcell.sandbox.serve`.

    Returns:
        The server, for its ``truth()`` and what it keeps.

    Raises:
        ValueError: for a share below 0 or above 1, or a fault that there is not.
    """
    from imgcell.sandbox.chances import Chances

    chances = Chances(faults, seed)
    local_url()
    server = _server
    assert server is not None  # local_url has started it
    server.habits = dict(habits or {})
    server.faults = chances
    return server


def address() -> str | None:
    """Return ``http://127.0.0.1:PORT`` of this process's sandbox, ``None`` while there is none."""
    server = _server
    return server.origin if server is not None and _owner == os.getpid() else None


def _in_child() -> None:
    global _lock, _server
    _lock = threading.Lock()
    _server = None
    for name in ("imgcell.sandbox.painter", "imgcell.sandbox.lettering"):
        module = sys.modules.get(name)
        if module is not None:  # a painter may have been at work when the process was forked
            vars(module)["_lock"] = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
