"""The run of a sweep somewhere else: a ``concurrent.futures.Executor``, or a Dask cluster.

One thread here gives the cells away, as many as there are workers for, and takes in what comes back.  What holds wherever
they are made:

* Of a cell that was given to a worker nobody sends anything twice: see :mod:`imgcell.sweeps.claims` and
  :mod:`imgcell.sweeps.judging`.  What certainly was not sent is given away once more.
* Budgets: what a cell may cost is set aside here before it is given away (session, cell); the day's is kept by the ledger
  that all write into, or, where the workers do not see it, by a line for each cell in this one
  (:mod:`imgcell.sweeps.returning`).
* Rate limits: workers that share a folder share what they know of a limit there
  (:mod:`imgcell.transport.sharing`); otherwise the cells are given away at the provider's pace.
* Keys are found where the cells are made.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import os
import queue
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell import costs
from imgcell.errors import ImgcellError, NotSentError, RateLimitError, StorageError
from imgcell.language import tr
from imgcell.options import home as default_home
from imgcell.origin import origin, session
from imgcell.pictures.steps import Progress
from imgcell.portal import portal
from imgcell.sweeps import worker
from imgcell.sweeps.claims import Claims, FolderClaims, RunFolder, runs_of
from imgcell.sweeps.judging import judge, lost, since_of
from imgcell.sweeps.refusals import Refusals, stopped
from imgcell.sweeps.returning import Loan, lend, picture_of
from imgcell.sweeps.task import Outcome, Task
from imgcell.transport.gate import LONGEST_WAIT
from imgcell.transport.pace import Entry, Pace, per_minute

if TYPE_CHECKING:
    from imgcell.client.client import Client
    from imgcell.store import Library
    from imgcell.sweeps.executors import Way

__all__ = ["Spread"]

#: Seconds between two looks at cells of which a worker did not say what became of them.
_LOOK = 0.25
#: How often a cell is given away that was certainly not sent.
_TIMES = 3
#: One cell more is given away for so many workers, so that the next one is there when a worker has time; only where it can
#: be found out of each whether it was begun.
_AHEAD = 4


@dataclasses.dataclass
class _Out:
    """A cell that was given away."""

    task: Task
    loan: Loan | None
    claims: Claims | None
    future: Any = None
    problem: Exception | None = None
    entry: Entry | None = None


class Spread:
    """Carries tasks out on workers; a :class:`imgcell.sweeps.conducting.Carrier`.

    Args:
        way: To the workers.
        tasks: In the order in which they are sent.
        home: Folder of the library; ``None`` in memory only.
        client: Returns who makes a task's picture where a worker is a thread of this process, and who knows its prices.
        take: Given each outcome, once a task, on a thread of this.
        tell: Given the place and the Progress of what goes on.
    """

    def __init__(
        self,
        way: Way,
        tasks: Sequence[Task],
        home: Path | None,
        client: Callable[[Task], Client],
        take: Callable[[Outcome], object],
        tell: Callable[[int, Any], object],
    ) -> None:
        self._way = way
        self._waiting = deque((task, 1) for task in tasks)
        self._left = {task.place for task in tasks}
        self._home = home
        self._client = client
        self._take = take
        self._tell = tell
        self._run = f"r-{os.getpid()}-{os.urandom(6).hex()}"
        self._cell = costs.cell()
        self._from = origin()
        self._out: dict[int, _Out] = {}
        self._tries: dict[int, int] = {}
        self._doubtful: dict[int, _Out] = {}
        self._before: dict[int, tuple[str, ...]] = {}
        self._paces: dict[tuple[str, str | None], Pace] = {}
        self._refusals = Refusals()
        self._news: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._stops = 0
        self._shared = self._here = self._common = self._paced = self._tells = False
        self._folder: RunFolder | None = None
        self._future: concurrent.futures.Future[None] = concurrent.futures.Future()

    # -- for whoever waits -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._work, name="imgcell-spread", daemon=True).start()

    def stop(self) -> int:
        """Send nothing more; return how many cells are with workers.  A second call no longer waits for those."""
        self._stops += 1
        self._news.put(None)
        given = [*self._out.values(), *self._doubtful.values()]
        # Only where that is a look at a file: this is said at once.
        return sum(not isinstance(out.claims, FolderClaims) or out.claims.held(out.task.done) for out in given)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every task has its outcome; return whether it is so.  An interrupt lands at once."""
        return portal().wait(self._future, timeout)

    def add_done_callback(self, function: Callable[[], object]) -> None:
        """Have *function* called when every task has its outcome."""
        self._future.add_done_callback(lambda _: function())

    # -- on the thread of this ---------------------------------------------------------------------------------

    def _work(self) -> None:
        reason: ImgcellError | None = None
        try:
            if self._waiting:
                self._begin()
                self._go_on()
        except ImgcellError as error:
            reason = error
        except Exception as error:  # noqa: BLE001 - whatever it is, every cell gets its outcome
            reason = ImgcellError(tr("imgcell failed: {error}", error=f"{type(error).__name__}: {error}"))
            reason.__cause__ = error
        finally:
            self._end(reason)

    def _begin(self) -> None:
        home = self._home
        runs = runs_of(home, self._waiting[0][0].sweep) if home is not None else Path(tempfile.mkdtemp(prefix="imgcell-run-"))
        try:
            self._folder = RunFolder(runs / self._run)
        except OSError as error:
            raise StorageError(
                tr(
                    "Nothing can be kept in {folder} ({reason}), so nothing was sent.",
                    folder=str(runs),
                    reason=error.strerror or str(error),
                )
            ) from error
        library = self._library()
        if library is not None:
            self._look_back(library)
        budgets = default_home() if costs.purse().day.limit is not None else None
        try:
            sights = self._way.sights(self._folder.path, budgets, lambda: bool(self._stops))
        except Exception as error:
            raise _no_workers(error) from error
        self._common = bool(sights) and all(one.shares for one in sights)
        self._here = bool(sights) and all(one.session == session() for one in sights)
        self._shared = self._common and home is not None
        #: Otherwise one gate, or the folder, tells each worker what the others sent.
        self._paced = not self._shared and not self._here
        worker.hosts[self._run] = worker.Host(self._client, self._cell)
        self._way.begin(self._run, sorted(self._left), common=self._common)
        self._tells = all(self._claims(place) is not None for place in self._left)

    def _look_back(self, library: Library) -> None:
        """See what the ledger has of these cells from before: it was looked at when it was decided to send them."""
        sweep = self._waiting[0][0].sweep
        for row in library.requests(since=since_of(sweep)):
            place = row.get("place")
            if row.get("sweep") == sweep and type(place) is int:
                self._before[place] = (*self._before.get(place, ()), row["attempt"])

    def _go_on(self) -> None:
        while self._waiting or self._out or self._doubtful:
            pause = self._hand_out()
            if self._stops:
                self._halt()
            if not (self._waiting or self._out or self._doubtful):
                return
            with contextlib.suppress(queue.Empty):
                place = self._news.get(timeout=_LOOK if self._doubtful else pause)
                if place is not None:
                    self._back(place)
            for place in list(self._doubtful):
                self._look(place)

    def _hand_out(self) -> float | None:
        """Give away what can be given away now; return the seconds until more can be, ``None`` if an answer has to come before."""
        if not self._waiting:
            return None
        width, soonest, passed = self._way.width(), None, deque[tuple[Task, int]]()
        width += -(-width // _AHEAD) if self._tells else 0
        while self._waiting and not self._stops and len(self._out) < width:
            task, tried = self._waiting.popleft()
            reason = self._refusals.reason(task)
            if reason is not None:
                self._give(task, Outcome(task.place, error=reason))
                continue
            wait = self._pace(task).wait(1, time.monotonic()) if self._paced else 0.0
            if wait > 0:
                self._tell(task.place, Progress("waiting", 0.0, tr("waiting {seconds} s (rate limit)", seconds=round(wait)), task.place))
                soonest = wait if soonest is None else min(soonest, wait)
                passed.append((task, tried))
                if len(passed) > width:
                    break
                continue
            self._hand(task, tried)
        self._waiting.extendleft(reversed(passed))
        # A cluster may grow.
        return soonest if soonest is not None else 2.0

    def _hand(self, task: Task, tried: int) -> None:
        self._tries[task.place] = tried
        loan: Loan | None = None
        try:
            if not self._here:
                loan = lend(task, self._client(task), self._cell, self._home, write=not self._shared, asked_from=self._from)
            errand = self._errand(task)
        except ImgcellError as error:
            if loan is not None:
                loan.gone(sent=False)
            self._give(task, Outcome(task.place, error=error))
            return
        out = _Out(task, loan, self._claims(task.place))
        if self._paced:
            out.entry = self._pace(task).admit(1, time.monotonic())
            self._pace(task).sent(out.entry, time.monotonic())
        self._out[task.place] = out
        self._tell(task.place, Progress("working", 0.0, tr("given to a worker"), task.place))
        try:
            out.future = self._way.submit(errand)
        except Exception as error:  # noqa: BLE001 - what an executor raises when it takes nothing more is its own affair
            del self._out[task.place]
            self._untaken(out, error)
            return
        out.future.add_done_callback(lambda _: self._news.put(task.place))

    def _errand(self, task: Task) -> worker.Errand:
        library = self._library()
        carried = task.by_value(library) if library is not None and not self._shared and not self._here else task
        return worker.Errand(
            carried,
            self._run,
            session() if self._here else "",
            self._folder.path if self._common and self._folder is not None else None,
            self._home if self._shared or self._here else None,
            keep=self._home is not None,
            before=self._before.get(task.place, ()),
            notebook=self._from.notebook,
            cell=self._from.cell,
            settings=worker.settings(),
        )

    def _claims(self, place: int) -> Claims | None:
        if self._common and self._folder is not None:
            return FolderClaims(self._folder.path, place)
        return self._way.claims(place)

    # -- what comes back ---------------------------------------------------------------------------------------

    def _back(self, place: int) -> None:
        out = self._out.pop(place, None)
        if out is None:
            return
        try:
            reply: worker.Reply = out.future.result()
        except BaseException as error:  # noqa: BLE001 - CancelledError is none of Exception; work() raises nothing by itself
            if isinstance(error, concurrent.futures.BrokenExecutor):
                self._way.lasting = False
            out.problem = error if isinstance(error, Exception) else None
            self._doubtful[place] = out
            return
        finally:
            out.future = None
        outcome, cost = picture_of(reply, self._home, shared=self._shared)
        if reply.limit is not None and self._paced:
            self._pace(out.task).assume(reply.limit, time.monotonic())
        if out.loan is not None:
            told = self._shared or any(line.get("state") in ("unknown", "paid-unread", "paid-pending") for line in reply.lines)
            out.loan.back(outcome, cost, told=told)
        if isinstance(outcome.error, RateLimitError) and self._once_more(out, outcome.error):
            return
        self._refusals.heed(out.task, outcome.error)
        self._give(out.task, outcome)

    def _once_more(self, out: _Out, error: RateLimitError) -> bool:
        """Have a cell that was turned away wait its turn here, where all workers' turns are known."""
        if not self._paced or self._stops or self._tries[out.task.place] >= _TIMES:
            return False
        wait = error.retry_after if error.retry_after is not None else 1.0
        if wait > LONGEST_WAIT:
            return False
        pace, now = self._pace(out.task), time.monotonic()
        if out.entry is not None:
            pace.drop(out.entry)
        pace.turned_away(now + wait, now, fresh=True)
        self._waiting.append((out.task, self._tries[out.task.place] + 1))
        return True

    def _look(self, place: int) -> None:
        """Find out what became of a cell whose worker did not say."""
        out = self._doubtful[place]
        task, claims = out.task, out.claims
        found: Outcome | Task | None
        if claims is None:
            found = lost(task)
        elif self._stops > 1:
            found = task if claims.bar(task.done) else lost(task)
        else:
            try:
                found = judge(task, self._library() if self._shared else None, claims, self._before.get(place, ()))
            except ImgcellError:
                found = lost(task)
        if found is None:
            return
        del self._doubtful[place]
        if isinstance(found, Outcome):
            if out.loan is not None and found.error is not None and found.state == "unknown" and not self._shared:
                found.error.attempt = out.loan.gone(sent=True)
            elif out.loan is not None:
                out.loan.back(found, found.picture.record.cost if found.picture is not None else None)
            self._give(task, found)
            return
        if out.loan is not None:
            out.loan.gone(sent=False)
        if self._way.lasting and not self._stops and self._tries[place] < _TIMES:
            self._waiting.append((found, self._tries[place] + 1))
        elif claims is not None and claims.bar(found.done):
            self._give(task, Outcome(place, error=stopped() if self._stops else _no_workers(out.problem)))
        else:
            self._give(task, lost(task))

    def _untaken(self, out: _Out, error: Exception) -> None:
        """See to a cell that the executor did not take, and to those behind it."""
        if out.loan is not None:
            out.loan.gone(sent=False)
        self._way.lasting = False
        self._give(out.task, Outcome(out.task.place, error=_no_workers(error)))
        while self._waiting:
            task, _ = self._waiting.popleft()
            self._give(task, Outcome(task.place, error=_no_workers(error)))

    def _halt(self) -> None:
        """Give nothing more away, and take back what no worker has begun."""
        while self._waiting:
            task, _ = self._waiting.popleft()
            self._give(task, Outcome(task.place, error=stopped()))
        if self._folder is not None:
            self._folder.stop()
        self._way.stop()
        for place, out in list(self._out.items()):
            # Not all futures say whether a worker has begun: whoever has not taken the right by now never gets it.
            barred = out.claims.bar(out.task.done) if out.claims is not None else out.future is not None and out.future.cancel()
            if barred:
                del self._out[place]
                if out.future is not None:
                    out.future.cancel()
                if out.loan is not None:
                    out.loan.gone(sent=False)
                self._give(out.task, Outcome(place, error=stopped()))
            elif self._stops > 1:
                del self._out[place]
                self._doubtful[place] = out

    def _end(self, reason: ImgcellError | None) -> None:
        worker.hosts.pop(self._run, None)
        try:
            for out in [*self._out.values(), *self._doubtful.values()]:
                if out.loan is not None:
                    out.loan.gone(sent=True)
                self._give(out.task, lost(out.task))
            while self._waiting:
                task, _ = self._waiting.popleft()
                self._give(task, Outcome(task.place, error=reason or stopped()))
            with contextlib.suppress(Exception):
                self._way.end()
            if self._folder is not None:
                self._folder.close()
        finally:
            self._future.set_result(None)

    def _give(self, task: Task, outcome: Outcome) -> None:
        if task.place in self._left:
            self._left.discard(task.place)
            self._take(outcome)

    # -- what is known -----------------------------------------------------------------------------------------

    def _library(self) -> Library | None:
        from imgcell.client.shelf import shelf

        return shelf(self._home)[1]

    def _pace(self, task: Task) -> Pace:
        name = (task.provider, task.base_url)
        if name not in self._paces:
            self._paces[name] = pace = Pace()
            allowed = self._client(task).provider.images_per_minute
            if allowed is not None:
                pace.tell(per_minute(allowed))
        return self._paces[name]


def _no_workers(error: Exception | None = None) -> ImgcellError:
    reason = f"{type(error).__name__}: {error}" if error is not None else tr("its workers are gone")
    return NotSentError(
        tr("The executor takes nothing more ({reason}); this cell was not sent and not charged.", reason=reason),
        hint=tr("sweep.resume(executor=…) with a new one sends what is missing."),
    )
