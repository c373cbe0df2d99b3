"""One total deadline (``asyncio.timeout``, which Python 3.10 lacks).

Timeouts of HTTP libraries are per read: one byte every half second outlives a timeout of one second for ever.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

__all__ = ["Deadline"]


class Deadline:
    """Cancels the task it is entered in after *seconds* and turns that into ``TimeoutError``."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._expired = False

    def left(self) -> float:
        """Return the seconds that are left, 0 when there are none."""
        if self._timer is None:
            return self._seconds
        return max(0.0, self._timer.when() - asyncio.get_running_loop().time())

    async def __aenter__(self) -> Deadline:
        self._task = asyncio.current_task()
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._expire)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._timer is not None
        self._timer.cancel()
        if not self._expired:
            return
        uncancel = getattr(self._task, "uncancel", None)  # from Python 3.11 on
        others = uncancel() if uncancel is not None else 0
        if kind is asyncio.CancelledError and not others:
            raise TimeoutError from error

    def _expire(self) -> None:
        assert self._task is not None
        self._expired = True
        self._task.cancel()
