"""Waiting for a run, blocking or awaited, so that an interrupt lands at once and loses nothing."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from imgcell.client.run import interrupted_sentence, warn
from imgcell.portal import SLICE

if TYPE_CHECKING:
    from imgcell.client.run import Run
    from imgcell.pictures.sheet import Sheet

__all__ = ["block", "wait"]


def block(run: Run, where: str) -> Sheet:
    """Start *run* and return its pictures; *where* is the place in which they are kept, in words.

    Raises:
        ImgcellError: If not a single picture came.
        KeyboardInterrupt: What had been sent goes on in the background; a line on stderr says so.
    """
    try:
        sheet = run.start().result()
    except KeyboardInterrupt:
        print(interrupted_sentence(run.cancel(), where), file=sys.stderr)
        raise
    warn(run)
    return sheet


async def wait(run: Run, where: str) -> Sheet:
    """Wait for *run*, which is under way, in any event loop.

    Raises:
        ImgcellError: If not a single picture came.
        asyncio.CancelledError: As for an interrupt in :func:`block`.
    """
    loop = asyncio.get_running_loop()
    finished: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, finished)

    run.add_done_callback(tell)
    try:
        # In slices: ipykernel notices an interrupt of an awaiting cell only when its loop wakes.
        while not finished.done():
            await asyncio.wait([finished], timeout=SLICE)
    except asyncio.CancelledError:
        print(interrupted_sentence(run.cancel(), where), file=sys.stderr)
        raise
    sheet = run.result()
    warn(run)
    return sheet


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
