"""Asking before a sweep spends much (USERS.md section 2, "surprise bill"), as a cell of the magics does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgcell import costs
from imgcell.costs.asking import UNPRICED, ask, dear, summed, takes_input
from imgcell.errors import InvalidJobError
from imgcell.language import joined, tr
from imgcell.origin import shell

if TYPE_CHECKING:
    from imgcell.sweeps.cells import Cells
    from imgcell.sweeps.task import Task

__all__ = ["bill", "confirm", "somebody_there"]


def bill(cells: Cells, tasks: Sequence[Task]) -> tuple[dict[str, float], int]:
    """Return what *tasks* are estimated to cost, by currency, and for how many pictures no price is known."""
    from imgcell.sweeps.task import following

    sums: dict[str, float] = {}
    unpriced = 0
    for task in tasks:
        ready = cells.ready(task.place)
        model = ready.prepared.model
        for step in range(task.done, task.steps):
            job = following(ready.job, task.then[step - 1], "…") if step else ready.job
            cost = costs.estimate(job, model, ready.inputs if not step else 1)
            if cost is None:
                unpriced += 1
            elif cost.amount > 0:
                sums[cost.currency] = sums.get(cost.currency, 0.0) + cost.amount
    return sums, unpriced


def confirm(cells: Cells, tasks: Sequence[Task], *, yes: bool) -> None:
    """Return if *tasks* cost little or nothing, if *yes* was said, or if the user says yes now; providers that are paused go on then.

    Raises:
        InvalidJobError: If the answer is no, or nobody can be asked; nothing was sent.
    """
    clients = {id(client): client for client in (cells.client(task.place) for task in tasks)}
    paused = [client for client in clients.values() if client.paused]
    if not yes:
        reason = tr("The last requests ended without an answer and may have been charged.") if paused else None
        _ask(cells, tasks, reason)
    for client in paused:
        client.resume()


def _ask(cells: Cells, tasks: Sequence[Task], reason: str | None) -> None:
    sums, unpriced = bill(cells, tasks)
    if unpriced <= UNPRICED and not dear(sums) and reason is None:
        return
    what = summed(sum(task.steps - task.done for task in tasks), sums, unpriced)
    hint = tr(
        "sweep.run(yes=True) runs it without asking, sweep.plan() shows what would be sent; imgcell.options.ask_over_cost sets the limit."
    )
    nobody = InvalidJobError(
        joined(reason, tr("This sweep would make {what}, and nobody can be asked here. Nothing was sent.", what=what)), hint=hint
    )
    if not somebody_there():
        raise nobody
    no = InvalidJobError(tr("Not done: {what}. Nothing was sent.", what=what), hint=hint)
    ask(joined(reason, tr("This sweep would make {what}. Go on? [y/N]", what=what)), no=no, nobody=nobody)


def somebody_there() -> bool:
    """Whether a question would be answered (:func:`imgcell.costs.asking.takes_input`), and may be asked from here.

    Only on the main thread: a kernel's channel for questions is no other thread's, so that ``arun`` does not ask.
    """
    return threading.current_thread() is threading.main_thread() and takes_input(shell())
