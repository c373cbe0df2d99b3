"""The loop thread: entered from anywhere, even from itself; interrupted at once; new in a forked child."""

from __future__ import annotations

import _thread
import asyncio
import os
import sys
import threading

import pytest

from imgcell.portal import Portal, portal


def test_one_thread_started_late() -> None:
    """Nothing runs before it is needed; then there is one daemon thread."""
    fresh = Portal()
    assert not fresh.here()

    async def where() -> threading.Thread:
        return threading.current_thread()

    thread = fresh.run(where())
    assert thread.daemon
    assert thread is fresh.run(where())
    assert thread is not threading.main_thread()
    fresh.close()
    assert not thread.is_alive()
    fresh.close()


def test_errors_and_results_come_through() -> None:
    """A blocking call returns what the work returns and raises what it raises."""

    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        portal().run(fail())


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="nest-asyncio does not know this version")
def test_a_callback_may_block() -> None:
    """Work on the loop may call the blocking API: the loop is entered again, three deep here, while others go on."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def deep(level: int) -> int:
        await asyncio.sleep(0)
        if level == 0:
            before = ticks
            for _ in range(5):
                await asyncio.sleep(0)
            assert ticks > before
            return 0
        return 1 + portal().run(deep(level - 1))

    ticking = portal().submit(tick())
    try:
        assert portal().run(deep(3)) == 3
        assert not portal().nested()
    finally:
        ticking.cancel()


def test_an_interrupt_cancels_the_work() -> None:
    """KeyboardInterrupt lands in the waiting thread, and the work is cancelled."""
    begun, cancelled = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    threading.Thread(target=lambda: (begun.wait(10), _thread.interrupt_main())).start()
    with pytest.raises(KeyboardInterrupt):
        portal().run(work())
    assert cancelled.wait(10)


def test_waiting_does_not_cancel() -> None:
    """wait() gives up after its time and leaves the work alone."""
    go = asyncio.Event()

    async def work() -> str:
        await go.wait()
        return "done"

    future = portal().submit(work())
    assert not portal().wait(future, 0.01)
    portal().call(go.set)
    assert portal().wait(future, 10)
    assert future.result() == "done"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_its_own() -> None:
    """A child does not wait for a thread that exists only in its parent."""

    async def answer() -> int:
        return 7

    assert portal().run(answer()) == 7
    child = os.fork()
    if child == 0:
        os._exit(portal().run(answer()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_nobody_elses_loop_is_touched() -> None:
    """Only our own loop is re-entrant: the kernel's would drop queued cells."""
    portal().loop  # noqa: B018 - started by looking
    assert "nest_asyncio" not in asyncio.run.__module__
    assert asyncio.Task.__module__ == "_asyncio"

    async def outer() -> None:
        other = asyncio.new_event_loop()
        nothing = asyncio.sleep(0)
        try:
            with pytest.raises(RuntimeError):
                other.run_until_complete(nothing)
        finally:
            nothing.close()
            other.close()

    asyncio.run(outer())
