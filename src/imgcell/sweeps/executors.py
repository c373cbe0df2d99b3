"""Where a sweep can run instead of here: a ``concurrent.futures.Executor``, or a Dask cluster."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.sweeps import worker

if TYPE_CHECKING:
    from imgcell.client.client import Client
    from imgcell.sweeps.claims import Claims
    from imgcell.sweeps.conducting import Carrier
    from imgcell.sweeps.task import Outcome, Task

__all__ = ["Pool", "Way", "carrier"]

#: Seconds between two looks whether a worker has time.
_LOOK = 0.1
#: Workers of an executor that does not say how many it has: all cells are given to it.
_ALL = 10_000


class Way(Protocol):
    """How cells get to the workers."""

    #: Whether a cell whose worker was lost can be given to another one.
    lasting: bool

    def width(self) -> int:
        """Return how many cells can be worked on at a time."""

    def sights(self, folder: Path, budgets: Path | None, stopped: Callable[[], bool]) -> list[worker.Sight]:
        """Return what workers see; nothing if that is not known yet when it is *stopped*."""

    def begin(self, run: str, places: Sequence[int], *, common: bool) -> None:
        """Prepare for the cells of a run; with *common* the workers share its folder."""

    def claims(self, place: int) -> Claims | None:
        """Return who has the right to send a cell where the folder of the run is not shared; ``None`` if nobody can tell."""

    def submit(self, errand: worker.Errand) -> Any:
        """Hand a cell in and return a future of its :class:`~imgcell.sweeps.worker.Reply`."""

    def stop(self) -> None:
        """Let workers send nothing more."""

    def end(self) -> None:
        """Let go of what :meth:`begin` made."""


class Pool:
    """Workers of a ``concurrent.futures.Executor``: they have a folder in common with this process, or nothing."""

    def __init__(self, executor: concurrent.futures.Executor) -> None:
        self._executor = executor
        self._common = False
        self.lasting = True

    def width(self) -> int:
        """See :class:`Way`."""
        known = getattr(self._executor, "_max_workers", None)
        return known if isinstance(known, int) and known > 0 else _ALL

    def sights(self, folder: Path, budgets: Path | None, stopped: Callable[[], bool]) -> list[worker.Sight]:
        """See :class:`Way`; of one worker, when one has time: they are all alike."""
        future = self._executor.submit(worker.sight, folder, budgets)
        while not stopped():
            if concurrent.futures.wait([future], _LOOK).done:
                return [future.result()]
        future.cancel()
        return []

    def begin(self, run: str, places: Sequence[int], *, common: bool) -> None:
        """See :class:`Way`."""

    def claims(self, place: int) -> Claims | None:
        """See :class:`Way`."""
        return None

    def submit(self, errand: worker.Errand) -> Any:
        """See :class:`Way`."""
        return self._executor.submit(worker.work, errand)

    def stop(self) -> None:
        """See :class:`Way`; the folder of the run tells them."""

    def end(self) -> None:
        """See :class:`Way`."""


def carrier(
    executor: Any,
    tasks: Sequence[Task],
    home: Path | None,
    take: Callable[[Outcome], object],
    tell: Callable[[int, Any], object],
    client: Callable[[Task], Client],
) -> Carrier:
    """Return what carries *tasks* out on *executor*; see :class:`~imgcell.sweeps.spreading.Spread`.

    Raises:
        InvalidJobError: It is nothing that work can be given to.
    """
    from imgcell.sweeps.spreading import Spread

    way: Way
    if type(executor).__module__.partition(".")[0] == "distributed":
        from imgcell.sweeps.dask import Cluster

        way = Cluster(executor)
    elif isinstance(executor, concurrent.futures.Executor):
        way = Pool(executor)
    else:
        raise InvalidJobError(
            tr("executor must be a concurrent.futures.Executor or a dask.distributed.Client, not {value}.", value=repr(executor)[:100]),
            hint="concurrent.futures.ProcessPoolExecutor(4), dask.distributed.Client(…)",
        )
    return Spread(way, tasks, home, client, take, tell)
