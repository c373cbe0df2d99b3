"""The connections of a client: made for one event loop, closed with the client or when it is dropped without a word."""

from __future__ import annotations

import asyncio
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from imgcell.client.shelf import shelf
from imgcell.portal import Portal, portal
from imgcell.transport.exchange import Endpoint
from imgcell.transport.fetch import Downloads
from imgcell.transport.http import Pool
from imgcell.transport.sharing import gate_for

if TYPE_CHECKING:
    from imgcell.transport.keys import Key

__all__ = ["connect", "disconnect"]

#: The loop itself holds its tasks weakly.
_closing: set[asyncio.Task[None]] = set()


def connect(
    name: str, base_url: str, key: Key | None, home: Path | None, *, connect_timeout: float, max_in_flight: int, connected: Portal
) -> Endpoint:
    """Return the way to the provider *name* at *base_url*; nothing is opened yet.

    Its connections are closed when nobody holds it any more; the parts of a run hold it while they work.
    """
    endpoint = Endpoint(
        name=name,
        base_url=base_url,
        key=key,
        pool=Pool(connect_timeout),
        downloads=Downloads(base_url, connect_timeout),
        gate=gate_for(base_url, key, home),
        ledger=shelf(home)[0],
        max_in_flight=max_in_flight,
    )
    # Not at the interpreter's end: the loop ends there, and the connections with it.
    weakref.finalize(endpoint, _release, connected, endpoint.pool, endpoint.downloads).atexit = False
    return endpoint


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
