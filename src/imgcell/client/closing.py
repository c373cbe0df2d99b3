"""Closing the connections of a client that was dropped without a word."""

from __future__ import annotations

import asyncio
import weakref

from imgcell.portal import Portal, portal
from imgcell.transport.exchange import Endpoint
from imgcell.transport.fetch import Downloads
from imgcell.transport.http import Pool

__all__ = ["closed_when_dropped", "disconnect"]

#: The loop itself holds its tasks weakly.
_closing: set[asyncio.Task[None]] = set()


def closed_when_dropped(endpoint: Endpoint, connected: Portal) -> None:
    """Have the connections of *endpoint* closed when nobody holds it any more; the parts of a run hold it while they work."""
    # Not at the interpreter's end: the loop ends there, and the connections with it.
    weakref.finalize(endpoint, _release, connected, endpoint.pool, endpoint.downloads).atexit = False


def disconnect(connected: Portal, endpoint: Endpoint) -> None:
    """Close the connections of *endpoint* and wait for it, except on the loop's own thread."""
    if connected is not portal():
        return
    closing = endpoint.close()
    if connected.here():
        connected.submit(closing)
    else:
        connected.run(closing)


def _release(connected: Portal, pool: Pool, downloads: Downloads) -> None:
    async def close() -> None:
        await pool.close()
        await downloads.close()

    def begin() -> None:
        task = asyncio.ensure_future(close())
        _closing.add(task)
        task.add_done_callback(_closing.discard)

    # After a fork the connections are the parent's.
    if connected is portal():
        connected.call_if_running(begin)
