"""The one loop thread on which everything asynchronous runs, and the doors to it.

A kernel's own loop is never touched: a blocking call waits in short slices for work that goes on over here, so
that an interrupt lands at once (GROUND.md section 3: 0.13-0.27 s), requests go on while a cell computes, and queued
cells are never lost.  The thread is started on first use, never at import.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from imgcell.language import tr

__all__ = ["Portal", "portal"]

T = TypeVar("T")

#: Seconds a blocking wait sleeps at a time.  On Windows a lock's wait cannot be interrupted, only its end can.
SLICE = 0.1

#: nest-asyncio 1.6 reaches into asyncio's private state, which changed in 3.14 (GROUND.md section 1).
_NESTABLE = sys.version_info < (3, 14)


class _PortalLoop(asyncio.SelectorEventLoop):
    """Our own class, so that making it re-entrant touches nobody else's loop; immune to a uvloop policy."""


class _Cancellable(Generic[T]):
    """Work that can be cancelled whether or not it has begun."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self._task: asyncio.Task[Any] | None = None
        self._cancelled = False

    async def run(self) -> T:
        if self._cancelled:
            self._work.close()
            raise asyncio.CancelledError
        self._task = asyncio.current_task()
        return await self._work

    def cancel(self) -> None:
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()


class Portal:
    """One daemon thread with one event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._depth = 0

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, started if need be."""
        with self._lock:
            if self._loop is None or self._loop.is_closed():
                self._start()
            assert self._loop is not None
            return self._loop

    def here(self) -> bool:
        """Whether the caller runs on the portal's own thread."""
        return self._thread is threading.current_thread()

    def nested(self) -> bool:
        """Whether a callback's blocking call is under way, so that the loop is entered more than once."""
        return self._depth > 0

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Start *work* on the loop and return its future at once; callable from any thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def call(self, function: Callable[[], object]) -> None:
        """Have *function* called on the loop soon; callable from any thread."""
        self.loop.call_soon_threadsafe(function)

    def call_if_running(self, function: Callable[[], object]) -> None:
        """As :meth:`call`, but starts nothing and waits for nothing: a finalizer may run in the middle of anything."""
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed
                loop.call_soon_threadsafe(function)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work* on the loop and wait for its result; an exception here (an interrupt) cancels it.

        On the portal's own thread, that is in a callback, the loop is entered a second time.

        Raises:
            RuntimeError: In a callback on a Python for which the loop cannot be made re-entrant.
        """
        if self.here():
            return self._run_nested(work)
        cancellable = _Cancellable(work)
        try:
            future = self.submit(cancellable.run())
            while not future.done():
                concurrent.futures.wait([future], SLICE)
            return future.result()
        except BaseException:
            # Not future.cancel(): an interrupt may land before submit() has handed the future over.
            self.call(cancellable.cancel)
            raise

    def wait(self, future: concurrent.futures.Future[T], timeout: float | None = None) -> bool:
        """Wait until *future* is done, or *timeout* seconds; return whether it is.  Does not cancel it."""
        if self.here():

            async def waiting() -> None:
                await asyncio.wait([asyncio.wrap_future(future)], timeout=timeout)

            self._run_nested(waiting())
            return future.done()
        import time

        end = None if timeout is None else time.monotonic() + timeout
        while not future.done():
            left = SLICE if end is None else min(SLICE, end - time.monotonic())
            if left <= 0:
                break
            concurrent.futures.wait([future], left)
        return future.done()

    def close(self) -> None:
        """Cancel what still runs and stop the thread (at interpreter exit)."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None or loop.is_closed():
            return

        def finish() -> None:
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.call_soon(loop.stop)

        loop.call_soon_threadsafe(finish)
        thread.join(2)

    def _start(self) -> None:
        loop = _PortalLoop()
        if _NESTABLE:
            # The public apply() would replace asyncio.Task and asyncio.run for the whole kernel, and a patched
            # kernel loop drops queued cells (GROUND.md sections 0 and 3).  Only our own class is patched.
            import nest_asyncio

            nest_asyncio._patch_loop(loop)
        ready = threading.Event()

        def serve() -> None:
            asyncio.set_event_loop(loop)
            loop.call_soon(ready.set)
            try:
                loop.run_forever()
            finally:
                asyncio.set_event_loop(None)
                loop.close()

        thread = threading.Thread(target=serve, name="imgcell", daemon=True)
        self._loop, self._thread = loop, thread
        thread.start()
        ready.wait()

    def _run_nested(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None
        if not _NESTABLE:
            work.close()
            raise RuntimeError(
                tr("A callback cannot call the blocking API on this version of Python; use `await client.agenerate(…)` in a task instead.")
            )
        self._depth += 1
        try:
            return self._loop.run_until_complete(work)
        finally:
            self._depth -= 1


_portal = Portal()


def portal() -> Portal:
    """Return the process's portal."""
    return _portal


def _forget_after_fork() -> None:
    # A forked child has no loop thread, only the memory of one.
    global _portal
    _portal = Portal()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
atexit.register(lambda: portal().close())  # the one at that time: after a fork it is another
