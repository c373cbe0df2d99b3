"""Which gate is whose: one for each provider address and key in a process, and what other processes know of it.

Other kernels of the same user share what is known of a limit through a small file in the library's folder,
``rate/<fingerprint>.json``: which limit was learned, until when the provider takes nothing, and what was let through
lately.  It is looked at when a gate is made, and touched only while a limit is known; it is never in the way: whoever
cannot read, write or lock it in time goes on alone.
"""

from __future__ import annotations

import math
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from imgcell.files.shared import change, look
from imgcell.portal import Portal, portal
from imgcell.transport.gate import LONGEST_WAIT, Gate
from imgcell.transport.keys import Key
from imgcell.transport.pace import Limit

__all__ = ["Others", "gate_for", "origin_of"]

#: Gates kept at most; beyond that the oldest ones that are not in use are forgotten with all they learned.
_MOST = 64
#: Seconds to wait for the file's lock.
_PATIENCE = 0.25
#: Seconds to leave a file alone that could not be changed.
_LEAVE = 30.0
#: Seconds for which a limit in the file is believed.
_BELIEF = 600.0
#: What a file may hold, at most: beyond that it is not ours.
_CAPACITY, _WINDOW = 1_000_000, 86_400.0

T = TypeVar("T")

_lock = threading.Lock()
_gates: weakref.WeakKeyDictionary[Portal, dict[tuple[str, str], Gate]] = weakref.WeakKeyDictionary()


def gate_for(base_url: str, key: Key | None, home: Path | None) -> Gate:
    """Return the one gate of this process for an address and a key.

    A forked child has gates of its own, as it has a loop of its own.

    Args:
        base_url: The provider's address; what is before its path counts.
        key: The key, if it needs one.
        home: The folder through which other processes are asked when the gate is made; ``None`` asks nobody.
    """
    origin = origin_of(base_url)
    mark = (key or Key("", "")).fingerprint(origin)
    with _lock:
        gates = _gates.setdefault(portal(), {})
        gate = gates.get((origin, mark))
        if gate is None:
            others = Others(home / "rate" / f"{mark}.json") if home is not None else None
            gate = Gate(others=others)
            if others is not None:
                gate.assume(*others.known())
            for name in [name for name, old in gates.items() if old.idle][: max(0, len(gates) + 1 - _MOST)]:
                del gates[name]
            gates[origin, mark] = gate
    return gate


def origin_of(url: str) -> str:
    """Return scheme, host and port of *url*: ``https://api.example:443``."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


class Others:
    """What this and other processes let through to one provider, in a file.

    Args:
        path: The file.
        clock: The wall clock, which processes have in common.  Times that lie ahead of it are not believed.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._leave = float("-inf")

    def known(self) -> tuple[Limit | None, float]:
        """Return the limit that was learned last, if it is still to be believed, and the seconds to hold everybody."""
        facts, now = look(self._path), self._clock()
        learned = _number(facts.get("learned"), now - _BELIEF, now)
        capacity = _number(facts.get("capacity"), 1, _CAPACITY)
        window = _number(facts.get("window"), 0.001, _WINDOW)
        limit = Limit(int(capacity), window) if learned is not None and capacity is not None and window is not None else None
        until = _number(facts.get("not_before"), now, now + LONGEST_WAIT)
        return limit, (until - now if until is not None else 0.0)

    def claim(self, pictures: int, limit: Limit) -> float:
        """Note that *pictures* go now and return 0; or note nothing and return the seconds until there is room for them."""

        def enter(facts: dict[str, Any]) -> float:
            now = self._clock()
            gone = [(at, count) for at, count in _gone(facts) if now - limit.window < at <= now]
            need = min(pictures, limit.capacity)
            used = sum(count for _, count in gone)
            wait = 0.0
            for at, count in sorted(gone):
                if used + need <= limit.capacity:
                    break
                used -= count
                wait = at + limit.window - now
            until = _number(facts.get("not_before"), now, now + LONGEST_WAIT)
            wait = max(wait, until - now if until is not None else 0.0)
            if wait <= 0:
                gone.append((now, need))
                wait = 0.0
            facts["gone"] = gone[-_CAPACITY:]
            return wait

        return self._change(enter, 0.0)

    def tell(self, limit: Limit | None, hold: float) -> None:
        """Let the others know of *limit*, and that nothing is taken for *hold* seconds."""

        def enter(facts: dict[str, Any]) -> None:
            now = self._clock()
            if limit is not None:
                facts.update(capacity=limit.capacity, window=limit.window, learned=now)
            facts["not_before"] = now + min(hold, LONGEST_WAIT)

        self._change(enter, None)

    def _change(self, enter: Callable[[dict[str, Any]], T], otherwise: T) -> T:
        now = time.monotonic()
        if now < self._leave:
            return otherwise
        try:
            return change(self._path, enter, wait=_PATIENCE)
        except OSError:
            self._leave = now + _LEAVE
            return otherwise


def _gone(facts: Mapping[str, Any]) -> list[tuple[float, int]]:
    found = facts.get("gone")
    pairs = [pair for pair in found if isinstance(pair, list) and len(pair) == 2] if isinstance(found, list) else []
    read = [(_number(at, 0, math.inf), _number(count, 1, _CAPACITY)) for at, count in pairs]
    return [(at, int(count)) for at, count in read if at is not None and count is not None]


def _number(value: Any, low: float, high: float) -> float | None:
    """Return a number from a file that anybody may have written to, ``None`` if it is none or not within its bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high or not math.isfinite(value):
        return None
    return float(value)


def _forget_lock() -> None:
    global _lock
    _lock = threading.Lock()  # another thread may have held it when the process was forked


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_lock)
