"""What happens to a job, step by step, for whoever wants to watch: awaited or in a plain ``for`` loop."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

from imgcell.pictures.steps import Final, Partial
from imgcell.portal import SLICE

if TYPE_CHECKING:
    from imgcell.client.run import Run
    from imgcell.pictures.steps import Step

__all__ = ["Steps", "callbacks"]


class Steps:
    """The steps of one job: iterate over it with ``for`` or with ``async for``, once.

    The request goes out when iteration begins.  Leaving the loop early stops what has not been sent yet; what has
    been sent is still received and stored.

    Raises:
        ImgcellError: At the end of the iteration, if no picture came.
    """

    def __init__(self, start: Callable[[Callable[[Any], None]], Run]) -> None:
        self._start = start
        self._awaited: AsyncGenerator[Step, None] | None = None

    def __iter__(self) -> Iterator[Step]:
        arrived: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
        run = self._start(arrived.put)
        run.add_done_callback(lambda: arrived.put(None))
        try:
            while True:
                try:
                    step = arrived.get(timeout=SLICE)
                except queue.Empty:
                    continue
                if step is None:
                    break
                yield step
        finally:
            if not run.done:
                run.cancel()
        run.result()

    def __aiter__(self) -> AsyncIterator[Step]:
        return self

    async def __anext__(self) -> Step:
        if self._awaited is None:
            self._awaited = self._await_steps()
        return await self._awaited.__anext__()

    async def aclose(self) -> None:
        """Stop what has not been sent yet, as leaving the loop does."""
        if self._awaited is not None:
            await self._awaited.aclose()

    async def _await_steps(self) -> AsyncGenerator[Step, None]:
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[Step | None] = asyncio.Queue()

        def tell(step: Step | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(arrived.put_nowait, step)

        # Reading and checking input pictures blocks, and this loop may be the kernel's.
        run = await loop.run_in_executor(None, self._start, tell)
        run.add_done_callback(lambda: tell(None))
        try:
            while (step := await arrived.get()) is not None:
                yield step
        finally:
            if not run.done:
                run.cancel()
        run.result()


def callbacks(on_partial: Callable[[Partial], object] | None, on_done: Callable[[Final], object] | None) -> Callable[[Step], object] | None:
    """Return what calls *on_partial* and *on_done* with the steps that are theirs; ``None`` if there is neither."""
    if on_partial is None and on_done is None:
        return None

    def tell(step: Step) -> None:
        if isinstance(step, Partial) and on_partial is not None:
            on_partial(step)
        elif isinstance(step, Final) and on_done is not None:
            on_done(step)

    return tell
