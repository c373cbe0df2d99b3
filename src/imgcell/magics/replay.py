"""What of a cell's jobs is in the library already, and what is left to be sent (DESIGN.md section 5, "Replay").

A cell that runs for the first time in a new kernel shows what earlier kernels made of the same job, so that Run All after
a restart costs nothing; run again in the same kernel it makes new pictures, as a person means it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgcell.errors import InvalidJobError, StorageError
from imgcell.language import joined, tr
from imgcell.magics.grid import Task
from imgcell.origin import origin
from imgcell.origin import session as this_session

if TYPE_CHECKING:
    from imgcell.client.replaying import Ready
    from imgcell.magics.parse import Arguments
    from imgcell.magics.place import Place
    from imgcell.magics.session import Session

__all__ = ["POLICIES", "Errand", "Errands", "prepare"]

#: What ``%imgcell replay`` takes.
POLICIES = ("auto", "always", "never")


@dataclass(frozen=True)
class Errand:
    """One job of a cell, read and checked.

    Attributes:
        task: As the cell asked for it.
        ready: With what the library has of it.
    """

    task: Task
    ready: Ready


@dataclass(frozen=True)
class Errands:
    """All jobs of a cell.

    Attributes:
        all: In the order of the cell's tasks.
        cell: Id of the cell, or ``None``.
        execution: Id of this run of the cell, or ``None``.
    """

    all: tuple[Errand, ...]
    cell: str | None
    execution: str | None

    @property
    def pictures(self) -> int:
        """How many pictures have to be made."""
        return sum(errand.ready.missing for errand in self.all)

    @property
    def replayed(self) -> int:
        """How many pictures the library has."""
        return sum(len(errand.ready.found) for errand in self.all)

    @property
    def sent(self) -> tuple[Errand, ...]:
        """Those of which anything is sent."""
        return tuple(errand for errand in self.all if errand.ready.missing)

    def cost(self) -> dict[str, float]:
        """Return the estimate of what is sent, by currency; what has no known price is not in it."""
        return self._priced()[0]

    def unpriced(self) -> int:
        """Return how many of the pictures that are sent have no known price."""
        return self._priced()[1]

    def _priced(self) -> tuple[dict[str, float], int]:
        from imgcell import costs

        sums: dict[str, float] = {}
        unknown = 0
        for errand in self.all:
            for _, piece in errand.ready.pieces():
                cost = costs.estimate(piece, errand.ready.prepared.model, errand.ready.inputs)
                if cost is None:
                    unknown += piece.n
                elif cost.amount > 0:
                    sums[cost.currency] = sums.get(cost.currency, 0.0) + cost.amount
        return sums, unknown

    def begin(self, session: Session) -> None:
        """Remember that these jobs ran in this kernel."""
        for errand in self.all:
            name = (errand.ready.digest, self.cell)
            run, count = session.ran.get(name, (self.execution, 0))
            session.ran[name] = (run, count + 1)

    def line(self) -> str | None:
        """Return in one line what is shown again, that it costs nothing, and how to make new ones; ``None`` if nothing is."""
        pictures = [picture for errand in self.all for picture in errand.ready.found.values()]
        if not pictures:
            return None
        times = sorted(picture.record.created for picture in pictures)
        first, last = (f"{time.astimezone():%Y-%m-%d %H:%M}" for time in (times[0], times[-1]))
        when = first if first == last else f"{first} – {last}"
        if self.pictures:
            return tr(
                "From the library ({when}): {found} of {count} pictures; only the rest is sent. `--again` makes all of them anew.",
                found=len(pictures),
                count=len(pictures) + self.pictures,
                when=when,
            )
        if len(pictures) == 1:
            return tr("From the library ({when}): nothing was sent, nothing is charged. `--again` makes a new one.", when=when)
        return tr(
            "From the library ({when}): all {count} pictures; nothing was sent, nothing is charged. `--again` makes new ones.",
            count=len(pictures),
            when=when,
        )


def prepare(tasks: Sequence[Task], arguments: Arguments, session: Session, where: Place) -> Errands:
    """Read and check every job and look for it in the library, as far as replay is wanted; nothing is sent.

    Raises:
        InvalidJobError: For a job that could not be sent.
        StorageError: The library cannot be searched, and the user said that it must be.
    """
    policy = "always" if arguments.once else "never" if arguments.again else session.replay
    cell = origin().cell  # as the records have it
    found = []
    alike: dict[str, int] = {}
    for task in tasks:
        ready = task.ready if task.ready is not None else task.client.ready(task.job)
        # Of several equal jobs each gets a picture of its own.
        nth = alike[ready.digest] = alike.get(ready.digest, -1) + 1
        if policy == "always":
            ready = task.client.recall(ready, cell=cell, nth=nth)
        elif policy == "auto":
            ready = _earlier(task, ready, session, cell, where.execution, nth)
        found.append(Errand(task, ready))
    return Errands(tuple(found), cell, where.execution)


def _earlier(task: Task, ready: Ready, session: Session, cell: str | None, execution: str | None, nth: int) -> Ready:
    """Return *ready* with what earlier kernels made, if the cell runs for the first time in this one."""
    run, count = session.ran.get((ready.digest, cell), (execution, 0))
    if count and (run is None or run != execution):
        return ready
    try:
        # Within one run of a cell, a loop asks again and again: each turn gets a picture of its own.
        return task.client.recall(ready, cell=cell, but=this_session(), nth=count + nth)
    except InvalidJobError:
        return ready  # a client that keeps nothing
    except StorageError as error:
        # A broken index is no reason to stop somebody's work; that it may cost is said.
        print(joined(error.message, tr("The job is sent as if there were none.")), file=sys.stderr)
        return ready
