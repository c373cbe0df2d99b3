"""Asking before a cell makes many pictures, or expensive ones (USERS.md section 2, "surprise bill")."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.options import options

if TYPE_CHECKING:
    from imgcell.magics.grid import Grid

__all__ = ["confirm", "priced"]


def confirm(ipython: Any, grid: Grid) -> None:
    """Return if *grid* is small, or if the user says yes.

    Raises:
        InvalidJobError: If the answer is no, or nobody can be asked; nothing was sent.
    """
    cost = grid.cost()
    dear = any(amount > options.ask_over_cost for amount in cost.values())
    if grid.pictures <= options.ask_over_pictures and not dear:
        return
    what = (tr("one picture") if grid.pictures == 1 else tr("{pictures} pictures", pictures=grid.pictures)) + (
        f", {priced(cost)}" if cost else ""
    )
    hint = tr(
        "--yes makes them without asking, --plan shows what would be sent; "
        "imgcell.options.ask_over_pictures and .ask_over_cost set the limits."
    )
    if not _somebody_there(ipython):
        raise InvalidJobError(tr("This cell would make {what}, and nobody can be asked here. Nothing was sent.", what=what), hint=hint)
    try:
        answer = input(tr("This cell would make {what}. Go on? [y/N]", what=what) + " ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
    except Exception as error:  # ipykernel's StdinNotImplementedError, whose home has moved between versions
        if type(error).__name__ != "StdinNotImplementedError":
            raise
        raise InvalidJobError(
            tr("This cell would make {what}, and nobody can be asked here. Nothing was sent.", what=what), hint=hint
        ) from None
    if answer.strip().lower() not in ("y", "yes", "j", "是", "好"):
        raise InvalidJobError(tr("Not done: {what}. Nothing was sent.", what=what), hint=hint)


def priced(cost: dict[str, float]) -> str:
    """Return an estimate in words."""
    return " + ".join(
        tr("about {amount} {currency}", amount=f"{amount:.4g}", currency=currency) for currency, amount in sorted(cost.items())
    )


def _somebody_there(ipython: Any) -> bool:
    kernel = getattr(ipython, "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stdin is not None and sys.stdin.isatty()
