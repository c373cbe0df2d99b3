"""How many requests are in flight, and when the next may go.

One gate stands before one provider: a ``Retry-After`` that one request was given holds all of them back, where
private back-off would have each find out for itself (RELIABILITY.md section 6).
"""

from __future__ import annotations

import asyncio
from types import TracebackType

__all__ = ["Gate"]


class Gate:
    """At most *limit* at a time, and nobody before the time that :meth:`hold` set.  For one event loop."""

    def __init__(self, limit: int) -> None:
        self._slots = asyncio.Semaphore(limit)
        self._not_before = 0.0

    def hold(self, seconds: float) -> None:
        """Let nobody through for *seconds*."""
        self._not_before = max(self._not_before, asyncio.get_running_loop().time() + seconds)

    async def __aenter__(self) -> None:
        await self._slots.acquire()
        try:
            while (left := self._not_before - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(left)
        except BaseException:
            self._slots.release()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._slots.release()
