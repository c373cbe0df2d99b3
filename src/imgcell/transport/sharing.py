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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from imgcell.files.shared import change, look
from imgcell.portal import Portal, portal
from imgcell.transport.gate import LONGEST_WAIT, Gate
from imgcell.transport.keys import Key
from imgcell.transport.pace import MINUTE, Limit

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
_CAPACITY, _WINDOW, _MOST_GONE = 1_000_000, 86_400.0, 2_000

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
        self._mark = os.urandom(8).hex()
        self._leave = float("-inf")

    def known(self) -> tuple[Limit | None, float]:
        """Return the limit that was learned last, if it is still to be believed, and the seconds to hold everybody."""
        facts, now = look(self._path), self._clock()
        return _learned(facts, now), _hold(facts, now)

    def claim(self, pictures: int, limit: Limit) -> tuple[float, Limit]:
        """Note that *pictures* go now, or note nothing if there is no room for them.

        Args:
            pictures: How many.
            limit: The limit as far as it is known here.

        Returns:
            The seconds until there is room, 0 if there was; and the limit, which others may know better.
        """

        def enter(facts: dict[str, Any]) -> tuple[float, Limit]:
            now = self._clock()
            kept = _learned(facts, now) or limit
            gone = [entry for entry in _gone(facts) if now - kept.window < entry[0] <= now]
            need = min(pictures, kept.capacity)
            used = sum(count for _, count, _ in gone)
            wait = 0.0
            for at, count, _ in sorted(gone):
                if used + need <= kept.capacity:
                    break
                used -= count
                wait = at + kept.window - now
            wait = max(wait, _hold(facts, now))
            if wait <= 0:
                gone.append((now, need, self._mark))
            facts["gone"] = gone[-_MOST_GONE:]
            return max(wait, 0.0), kept

        return self._change(enter, (0.0, limit))

    def tell(self, found: Limit | None, limit: Limit | None, hold: float, lately: Sequence[tuple[float, int]]) -> Limit | None:
        """Let the others know of a refusal, and learn from them what they let through before it.

        Args:
            found: What went through here up to the end of the hold, if anything did.
            limit: The limit as far as it is known here.
            hold: Seconds for which nothing is taken.
            lately: What went through here, as seconds ago and pictures.

        Returns:
            The limit: what went through here and elsewhere in the same time.
        """

        def enter(facts: dict[str, Any]) -> Limit | None:
            now = self._clock()
            theirs = [entry for entry in _gone(facts) if entry[2] != self._mark and now - _WINDOW < entry[0] <= now]
            # The stretch of time that this refusal speaks of begins where the one before ended, whoever was told of it.
            last = _number(facts.get("not_before"), 0, _WINDOW + now) or 0.0
            since = last if last <= now else _number(facts.get("since"), 0, now) or 0.0
            begin = now + hold - max(MINUTE, found.window if found is not None else 0.0)
            more = [(at, count) for at, count, _ in theirs if at >= since and at > begin]
            told = limit
            if more and hold > 0:
                window = now + hold - min(at for at, _ in more)
                ours = found or Limit(0, window)
                told = Limit(ours.capacity + sum(count for _, count in more), max(ours.window, window))
            facts["since"] = since
            if told is not None:
                facts.update(capacity=told.capacity, window=told.window, learned=now)
            facts["not_before"] = now + min(hold, LONGEST_WAIT)
            facts["gone"] = sorted([*theirs, *((now - ago, count, self._mark) for ago, count in lately)])[-_MOST_GONE:]
            return told

        return self._change(enter, limit)

    def _change(self, enter: Callable[[dict[str, Any]], T], otherwise: T) -> T:
        now = time.monotonic()
        if now < self._leave:
            return otherwise
        try:
            return change(self._path, enter, wait=_PATIENCE)
        except OSError:
            self._leave = now + _LEAVE
            return otherwise


def _learned(facts: Mapping[str, Any], now: float) -> Limit | None:
    capacity = _number(facts.get("capacity"), 1, _CAPACITY)
    window = _number(facts.get("window"), 0.001, _WINDOW)
    if capacity is None or window is None or _number(facts.get("learned"), now - _BELIEF, now) is None:
        return None
    return Limit(int(capacity), window)


def _hold(facts: Mapping[str, Any], now: float) -> float:
    until = _number(facts.get("not_before"), now, now + LONGEST_WAIT)
    return until - now if until is not None else 0.0


def _gone(facts: Mapping[str, Any]) -> list[tuple[float, int, str]]:
    """Return what went through: when, how many pictures, and the mark of the process."""
    found = facts.get("gone")
    rows = [row for row in found if isinstance(row, list) and len(row) == 3] if isinstance(found, list) else []
    read = [(_number(at, 0, math.inf), _number(count, 1, _CAPACITY), mark) for at, count, mark in rows]
    return [(at, int(count), mark) for at, count, mark in read if at is not None and count is not None and isinstance(mark, str)]


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
