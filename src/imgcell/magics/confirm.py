"""Asking before a cell makes many pictures, or expensive ones (USERS.md section 2, "surprise bill").

Only what is sent counts: what the library has costs nothing.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import joined, listed, tr
from imgcell.options import options
from imgcell.pictures.words import cost_text
from imgcell.providers.prices import Cost

if TYPE_CHECKING:
    from imgcell.magics.replay import Errands

__all__ = ["confirm", "priced"]

#: So many pictures of unknown price are made without asking.
_UNPRICED = 4
#: So large a part of what is left of a budget is spent without asking.
_SHARE = 0.25


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
        many = errands.pictures > options.ask_over_pictures or unpriced > _UNPRICED
        if not many and reason is None and not _dear(cost):
            return
        _ask(ipython, errands.pictures, cost, reason, unpriced)
    for client in paused:
        client.resume()


def _dear(cost: dict[str, float]) -> bool:
    """Whether *cost* is above the user's threshold, or a large part of what is left of a budget."""
    if any(amount > options.ask_over_cost for amount in cost.values()):
        return True
    if not cost:
        return False
    from imgcell.costs import budget

    limits = budget()
    left = {currency: limits.left(currency) for currency in cost}
    return any(rest is not None and cost[currency] > float(rest) * _SHARE for currency, rest in left.items())


def _ask(ipython: Any, pictures: int, cost: dict[str, float], reason: str | None, unpriced: int) -> None:
    unknown = tr("price unknown") if unpriced == pictures else tr("price of {count} unknown", count=unpriced)
    what = listed(
        tr("one picture") if pictures == 1 else tr("{pictures} pictures", pictures=pictures), priced(cost), unknown if unpriced else None
    )
    hint = tr(
        "--yes makes them without asking, --plan shows what would be sent; "
        "imgcell.options.ask_over_pictures and .ask_over_cost set the limits."
    )
    nobody = InvalidJobError(
        joined(reason, tr("This cell would make {what}, and nobody can be asked here. Nothing was sent.", what=what)), hint=hint
    )
    if not _somebody_there(ipython):
        raise nobody
    try:
        answer = input(joined(reason, tr("This cell would make {what}. Go on? [y/N]", what=what)) + " ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
    except Exception as error:  # ipykernel's StdinNotImplementedError, whose home has moved between versions
        if type(error).__name__ != "StdinNotImplementedError":
            raise
        raise nobody from None
    if answer.strip().lower() not in ("y", "yes", "j", "是", "好"):
        raise InvalidJobError(tr("Not done: {what}. Nothing was sent.", what=what), hint=hint)


def priced(cost: dict[str, float]) -> str:
    """Return an estimate, each currency by itself; ``""`` if there is none."""
    return " + ".join(cost_text(Cost(amount, currency, "estimated")) for currency, amount in sorted(cost.items()))


def _somebody_there(ipython: Any) -> bool:
    kernel = getattr(ipython, "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stdin is not None and sys.stdin.isatty()
