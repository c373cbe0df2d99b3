"""Cells on a Dask cluster.

Dask runs a task again by itself when the worker that had it is lost, and nothing tells the second run of the first.  Where
the workers share the library's folder, the files there say who may send (:class:`~imgcell.sweeps.claims.FolderClaims`).
Where they do not, the scheduler, which all of them reach, keeps one ticket for each cell in a ``distributed.Queue``:
taking it out is one step there, so that only one worker has it, and it is put back only by who certainly sent nothing.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.sweeps import worker
from imgcell.sweeps.claims import Claims, TakenError
from imgcell.sweeps.refusals import stopped

if TYPE_CHECKING:
    from imgcell.origin import Origin

__all__ = ["Cluster", "Ticket"]

_TICKET, _STOP = "ticket", "stop"
#: Seconds for which the number of workers is believed.
_FRESH = 2.0


class Ticket(Claims):
    """The right to send the requests of one cell, kept by the scheduler.

    Args:
        run: Name of the run.
        place: Which cell.
        client: The connection to the scheduler.
    """

    def __init__(self, run: str, place: int, client: Any) -> None:
        from distributed import Queue, Variable

        self._queue: Any = Queue(f"imgcell-{run}-{place}", client=client)  # type: ignore[no-untyped-call]  # distributed has no types here
        self._stop: Any = Variable(f"imgcell-{run}", client=client)  # type: ignore[no-untyped-call]
        self._mine = self._barred = False
        self._steps: set[int] = set()
        self._returning: threading.Thread | None = None

    def issue(self) -> None:
        """Put the ticket there; once, by whoever gives the cell away."""
        self._queue.put(_TICKET)

    def take(self, origin: Origin) -> None:
        """See :class:`Claims`."""
        self._settle()
        if self.stopped():
            raise stopped()
        if not self._mine and not self._drawn():
            raise TakenError(tr("Another worker was given the same cell and may have sent it; it was not sent again."))
        self._mine = True
        self._steps.add(origin.step)

    def give_back(self, origin: Origin) -> None:
        """See :class:`Claims`; of a chain, only while nothing of it was paid for."""
        self._steps.discard(origin.step)
        if self._mine and not self._steps:
            self._mine = False
            # Elsewhere: this is a loop's thread, and the scheduler is a network away.
            self._returning = threading.Thread(target=self.issue, name="imgcell-ticket", daemon=True)
            self._returning.start()

    def held(self, step: int) -> bool:
        """See :class:`Claims`."""
        self._settle()
        return not self._mine and self._queue.qsize() == 0

    def working(self, steps: int) -> bool:
        """See :class:`Claims`: a worker that Dask has lost reaches nobody any more, whether it lives or not."""
        return False

    def free(self, step: int) -> bool:
        """See :class:`Claims`: nobody can tell."""
        return False

    def bar(self, step: int) -> bool:
        """See :class:`Claims`."""
        self._barred = self._barred or self._drawn()
        return self._barred

    def stopped(self) -> bool:
        """See :class:`Claims`."""
        try:
            return bool(self._stop.get(timeout=_FRESH) == _STOP)
        except asyncio.TimeoutError:  # TimeoutError itself only from Python 3.11 on
            return True  # the run is over

    def close(self) -> None:
        """See :class:`Claims`."""
        self._settle()
        self._queue.close()

    def _drawn(self) -> bool:
        # All that there is: unlike one with a timeout, this leaves nothing half done.
        return bool(self._queue.get(batch=True))

    def _settle(self) -> None:
        if self._returning is not None:
            self._returning.join()
            self._returning = None


class Cluster:
    """Workers of a Dask cluster; a :class:`imgcell.sweeps.executors.Way`.

    Args:
        client: A ``dask.distributed.Client``, or the executor that its ``get_executor`` returns.

    Raises:
        InvalidJobError: It is neither, or one for ``await``.
    """

    def __init__(self, client: Any) -> None:
        from distributed import Client

        client = getattr(client, "_client", client)
        if not isinstance(client, Client):
            raise InvalidJobError(tr("executor must be a dask.distributed.Client, not {value}.", value=repr(client)[:100]))
        if client.asynchronous:
            raise InvalidJobError(
                tr("A dask.distributed.Client for await cannot be used here."), hint=tr("Make one without asynchronous=True.")
            )
        self._client: Any = client
        self._tickets: dict[int, Ticket] = {}
        self._stop: Any = None
        self._run = ""
        self._common = False
        self._count = 0
        self._width, self._looked = 1, float("-inf")
        self.lasting = True

    def width(self) -> int:
        """See :class:`~imgcell.sweeps.executors.Way`; at least 1: without a worker, a cell waits for the first."""
        if time.monotonic() - self._looked > _FRESH:
            self._width, self._looked = max(1, sum(self._client.nthreads().values())), time.monotonic()
        return self._width

    def sights(self, folder: Path, budgets: Path | None, stopped: Callable[[], bool]) -> list[worker.Sight]:
        """See :class:`~imgcell.sweeps.executors.Way`; of every worker that there is, however busy."""
        return list(self._client.run(worker.sight, folder, budgets).values())

    def begin(self, run: str, places: Sequence[int], *, common: bool) -> None:
        """See :class:`~imgcell.sweeps.executors.Way`."""
        self._run, self._common = run, common
        if common:
            return
        from distributed import Variable

        self._stop = Variable(f"imgcell-{run}", client=self._client)  # type: ignore[no-untyped-call]  # distributed has no types here
        self._stop.set("")
        for place in places:
            self._tickets[place] = Ticket(run, place, self._client)
            self._tickets[place].issue()

    def claims(self, place: int) -> Claims | None:
        """See :class:`~imgcell.sweeps.executors.Way`."""
        return self._tickets.get(place)

    def submit(self, errand: worker.Errand) -> Any:
        """See :class:`~imgcell.sweeps.executors.Way`."""
        from dask import config

        self._count += 1
        # A name of its own: Dask would answer a second task of one name with the first one's result.
        name = f"imgcell-{self._run}-{errand.task.place}-{self._count}"
        # Pictures that go in are large, and there is no smaller way to say them.
        with config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"}):
            return self._client.submit(_work, errand, key=name, pure=False, retries=0)

    def stop(self) -> None:
        """See :class:`~imgcell.sweeps.executors.Way`."""
        if self._stop is not None:
            self._stop.set(_STOP)

    def end(self) -> None:
        """See :class:`~imgcell.sweeps.executors.Way`."""
        for ticket in self._tickets.values():
            # Whoever comes later finds none.
            ticket.bar(0)
            ticket.close()
        if self._stop is not None:
            self._stop.delete()


def _work(errand: worker.Errand) -> worker.Reply:
    """Do what :func:`imgcell.sweeps.worker.work` says, on a worker of a cluster."""
    if errand.folder is not None:
        return worker.work(errand)
    from distributed import get_client

    return worker.work(errand, Ticket(errand.run, errand.task.place, get_client()))
