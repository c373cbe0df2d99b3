"""Asking before a cell makes many pictures, or expensive ones (USERS.md section 2, "surprise bill").

Only what is sent counts: what the library has costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgcell.costs.asking import UNPRICED, ask, dear, summed, takes_input
from imgcell.errors import InvalidJobError
from imgcell.language import joined, tr
from imgcell.options import options

if TYPE_CHECKING:
    from imgcell.magics.replay import Errands

__all__ = ["confirm"]


def confirm(ipython: Any, errands: Errands, *, yes: bool = False) -> None:
    """Return if *errands* are small and not paid for before, if *yes* was said on the line, or if the user says yes now.

    Raises:
        InvalidJobError: If the answer is no, or nobody can be asked; nothing was sent.
    """
    if not errands.pictures:
        return
    paused = [errand.task.client for errand in errands.sent if errand.task.client.paused]
    if not yes:
        cost, unpriced = errands.cost(), errands.unpriced()
        reason = None
        if paused:
            reason = tr("The last requests ended without an answer and may have been charged.")
        elif any(errand.ready.owed for errand in errands.sent):
            # Run All in a new kernel is no decision to pay for it twice.
            reason = tr("A request for the same pictures ended without them before and may have been charged (`%imgcell unsettled`).")
        many = errands.pictures > options.ask_over_pictures or unpriced > UNPRICED
        if not many and reason is None and not dear(cost):
            return
        _ask(ipython, errands.pictures, cost, reason, unpriced)
    for client in paused:
        client.resume()


def _ask(ipython: Any, pictures: int, cost: dict[str, float], reason: str | None, unpriced: int) -> None:
    what = summed(pictures, cost, unpriced)
    hint = tr(
        "--yes makes them without asking, --plan shows what would be sent; "
        "imgcell.options.ask_over_pictures and .ask_over_cost set the limits."
    )
    nobody = InvalidJobError(
        joined(reason, tr("This cell would make {what}, and nobody can be asked here. Nothing was sent.", what=what)), hint=hint
    )
    if not takes_input(ipython):
        raise nobody
    no = InvalidJobError(tr("Not done: {what}. Nothing was sent.", what=what), hint=hint)
    ask(joined(reason, tr("This cell would make {what}. Go on? [y/N]", what=what)), no=no, nobody=nobody)
