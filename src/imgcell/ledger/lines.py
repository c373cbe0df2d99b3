"""What a line of the ledger says, and the names of attempts."""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Mapping
from typing import Any

__all__ = ["ENDS", "SETTLED", "STATES", "host", "line", "new_id", "plain"]

#: The states in which nothing was made and nothing is owed, or all of it is in the library: the spool is not needed.
SETTLED = frozenset({"not-sent", "turned-away", "refused", "done"})
#: The states that end an attempt.
ENDS = SETTLED | {"unknown", "paid-unread", "paid-pending"}
STATES = ENDS | {"sending", "answered", "url", "settled"}

#: Sorts as its digits do.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"

_tick_lock = threading.Lock()
_tick = 0


def line(attempt: str, state: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line; facts cannot take the place of what every line has."""
    fixed = {"v": 1, "attempt": attempt, "state": state, "time": dt.datetime.now(dt.timezone.utc).isoformat()}
    return {**fixed, **{name: value for name, value in facts.items() if name not in fixed}}


def new_id() -> str:
    """Return ``a-<date>-<time>-<7 characters>`` (UTC): later ones of a process sort after earlier ones."""
    global _tick
    with _tick_lock:
        # Milliseconds, never the same twice in a process, whatever the clock does.
        _tick = max(_tick + 1, int(dt.datetime.now(dt.timezone.utc).timestamp() * 1000))
        tick = _tick
    moment = dt.datetime.fromtimestamp(tick // 1000, dt.timezone.utc)
    high, low = divmod(tick % 1000, 32)
    return f"a-{moment:%Y%m%d-%H%M%S}-{_DIGITS[high]}{_DIGITS[low]}" + "".join(_DIGITS[byte % 32] for byte in os.urandom(5))


def host() -> str:
    """Return this machine's name."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def plain(value: object) -> object:
    """Return something that JSON has for a fact that is none: a line is never lost for the kind of a value."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def _after_fork() -> None:
    global _tick_lock
    _tick_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
