"""What became of a cell whose worker did not say: from who has the right to send it, and from the ledger.

===================================  ==================================================================================
nobody has taken the right           it was certainly not sent: it can be made
the ledger has its picture           it is collected; nothing is sent
the ledger says how it ended         so it did: refused, or perhaps charged
whoever has the right is at work     wait
dead, and the ledger has a line      it may have been charged; what its answer left in the spool is made good first
dead on this machine, no line        it was certainly not sent: it can be made
anything else                        it may have been charged: it is not sent again
===================================  ==================================================================================
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from imgcell.errors import OutcomeUnknownError
from imgcell.language import tr
from imgcell.sweeps.accounting import Known, account
from imgcell.sweeps.task import Outcome, Task

if TYPE_CHECKING:
    from imgcell.store import Library
    from imgcell.sweeps.claims import Claims

__all__ = ["judge", "lost", "since_of"]

#: By how much clocks of machines may differ.
_CLOCKS = dt.timedelta(days=1)
#: Seconds that are waited for another process that makes good what a dead worker left, and between two looks.
_PATIENCE, _LOOK = 10.0, 0.05


def judge(task: Task, library: Library | None, claims: Claims, but: Collection[str] = ()) -> Outcome | Task | None:
    """Return what came of *task*, or the task as it can be made now, or ``None`` as long as somebody may be at work on it.

    Args:
        task: The cell.
        library: Where its requests are written down, as far as that can be seen from here.
        claims: Who has the right to send it.
        but: Ids of requests of earlier runs, which do not count.

    Raises:
        StorageError: The library cannot be searched.
    """
    # First: whoever is dead by now has written all that it will ever write.
    working = claims.working(task.steps)
    known = Known(None, "", task.done, None)
    if library is not None:
        known = _made_good(task, library, but) if not working else _known(task, library, but)
    if known.outcome is not None and known.again and not known.open:
        return known.outcome
    if known.open:
        return None if working else known.outcome
    # Without its ledger a worker that is dead may have sent it all the same.
    free = library is not None and not working and claims.free(known.done)
    if free or not claims.held(known.done):
        return dataclasses.replace(task, done=known.done, given=known.last) if known.last is not None else task
    return None if working else lost(task)


def _known(task: Task, library: Library, but: Collection[str]) -> Known:
    steps, begun = {task.place: task.steps}, {task.place: task.done}
    found = account(library, task.sweep, steps, since_of(task.sweep), begun=begun, but=but)
    return found.get(task.place, Known(None, "", task.done, None))


def _made_good(task: Task, library: Library, but: Collection[str]) -> Known:
    """Return what the ledger knows after what dead workers left is made good, by this process or by another that is at it."""
    from imgcell.client.recovery import is_somebodys, recover

    patience = time.monotonic() + _PATIENCE
    while True:
        recover(library.home)
        known = _known(task, library, but)
        attempt = known.outcome.error.attempt if known.outcome is not None and known.outcome.error is not None else None
        if not known.open or attempt is None or time.monotonic() > patience:
            return known
        if not is_somebodys(library.home, attempt):
            # Whoever had it may have ended it since it was looked at.
            recover(library.home)
            return _known(task, library, but)
        time.sleep(_LOOK)


def since_of(sweep: str) -> dt.datetime | None:
    """Return since when requests of *sweep* can be in the ledger, whatever the clocks of those who write it say; by its id."""
    try:
        return dt.datetime.strptime(sweep[:21], "sweep-%Y%m%d-%H%M%S").replace(tzinfo=dt.timezone.utc) - _CLOCKS
    except ValueError:
        return None


def lost(task: Task) -> Outcome:
    """Return the outcome of a cell that may have been sent by a worker of which nobody hears any more."""
    error = OutcomeUnknownError(
        tr("The worker that had this cell is gone. The request may have been sent and charged, so it was not sent again."),
        hint=tr("Look at the provider's usage page; sweep.resume(unknown=True) sends it again, which may cost again."),
        provider=task.provider,
    )
    return Outcome(task.place, error=error)
