"""The run of a sweep on this machine: every provider at its own pace, all at once.

Tasks wait in one line a client, in the sweep's order, and a few more than may be in flight are handed in at a time: the
provider's gate (:mod:`imgcell.transport.gate`) lets them through as its limits allow, and what has not been handed in is
stopped at once by an interrupt or by a key that is refused.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from imgcell import costs
from imgcell.portal import portal
from imgcell.sweeps.refusals import Refusals, stopped
from imgcell.sweeps.task import Outcome, Task, Watcher, carry

if TYPE_CHECKING:
    from imgcell.client.client import Client
    from imgcell.client.run import Run
    from imgcell.errors import ImgcellError

__all__ = ["Carrier", "Conductor"]

#: Tasks of a client that are handed in beyond those that may be in flight, so that the next is there when one ends.
_AHEAD = 2
#: Seconds that whoever interrupts waits for the loop to say what was sent; it answers within milliseconds.
_ANSWER = 0.3


class Carrier(Protocol):
    """What carries tasks out, here or elsewhere."""

    def start(self) -> None:
        """Begin; returns at once."""

    def stop(self) -> int:
        """Send nothing more; return how many requests are out, as far as that is known.

        What was sent is still received.  A second call lets go of that too.
        """

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every task has its outcome; return whether it is so.  An interrupt lands at once."""

    def add_done_callback(self, function: Callable[[], object]) -> None:
        """Have *function* called when every task has its outcome."""


class Conductor(Watcher):
    """Carries tasks out in this process.

    Args:
        tasks: In the order in which they are sent.
        client: Returns who makes a task's picture.
        take: Given each outcome, once a task, on imgcell's own thread.
        tell: Given the place and the Progress, Partial or Final of what goes on.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        client: Callable[[Task], Client],
        take: Callable[[Outcome], object],
        tell: Callable[[int, Any], object] = lambda place, step: None,
    ) -> None:
        self._lanes: dict[int, tuple[Client, deque[Task]]] = {}
        for task in tasks:
            who = client(task)
            self._lanes.setdefault(id(who), (who, deque()))[1].append(task)
        self._take = take
        self._tell = tell
        self._runs: dict[int, Run] = {}
        self._lock = threading.Lock()
        self._stopped = False
        self._client = client
        #: By client: the key of one says nothing about that of another, at the same address or not.
        self._refusals = {who: Refusals() for who in self._lanes}
        self._future: concurrent.futures.Future[None] = concurrent.futures.Future()

    def start(self) -> None:
        """Begin; returns at once.  A budget for cells holds for all of it together."""
        with costs.one_cell():
            portal().submit(self._work())

    def stop(self) -> int:
        """See :meth:`Carrier.stop`."""
        with self._lock:
            self._stopped = True
            runs = [run for run in self._runs.values() if not run.done]
        counted: concurrent.futures.Future[int] = concurrent.futures.Future()
        # All in one go on the loop's thread: each by itself would wait for it as often.
        portal().call(lambda: counted.set_result(sum(run.cancel() for run in runs)))
        with contextlib.suppress(concurrent.futures.TimeoutError):
            return counted.result(_ANSWER)
        return len(runs)

    def wait(self, timeout: float | None = None) -> bool:
        """See :meth:`Carrier.wait`."""
        return portal().wait(self._future, timeout)

    def add_done_callback(self, function: Callable[[], object]) -> None:
        """See :meth:`Carrier.add_done_callback`."""
        self._future.add_done_callback(lambda _: function())

    # -- on the loop's thread ----------------------------------------------------------------------------------

    def began(self, task: Task, run: Run) -> None:
        """See :class:`Watcher`; a run that began while all was stopped is stopped, too."""
        with self._lock:
            self._runs[task.place] = run
            late = self._stopped
        if late:
            run.cancel()

    def step(self, task: Task, step: Any) -> None:
        """See :class:`Watcher`."""
        self._tell(task.place, step)

    def may_go_on(self, task: Task) -> ImgcellError | None:
        """See :class:`Watcher`."""
        return stopped() if self._stopped else self._refusals[id(self._client(task))].reason(task)

    async def _work(self) -> None:
        try:
            workers = []
            for client, line in self._lanes.values():
                width = min(len(line), client._max_in_flight + _AHEAD)
                workers += [asyncio.ensure_future(self._lane(client, line)) for _ in range(width)]
            if workers:
                await asyncio.wait(workers)
        finally:
            self._future.set_result(None)

    async def _lane(self, client: Client, line: deque[Task]) -> None:
        while line:
            task = line.popleft()
            outcome = await carry(task, client, self)
            with self._lock:
                self._runs.pop(task.place, None)
            self._refusals[id(client)].heed(task, outcome.error)
            self._take(outcome)
