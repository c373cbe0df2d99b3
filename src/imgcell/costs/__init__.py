"""Money: what a job will cost, what an answer did cost, what may be spent, what was.

What tells the user about it is imported when it is asked for: it is not on the way to a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgcell.costs.amounts import total
from imgcell.costs.estimates import bill, estimate, worst
from imgcell.costs.purse import Cell, Purse, Reservation, Who, cell, forget, one_cell, purse

if TYPE_CHECKING:
    from imgcell.costs.budgets import Budget, Budgets, budget
    from imgcell.costs.spending import Amount, Spend, SpendRow, spend

__all__ = [
    "Amount", "Budget", "Budgets", "Cell", "Purse", "Reservation", "Spend", "SpendRow", "Who",
    "bill", "budget", "cell", "estimate", "forget", "one_cell", "purse", "spend", "total", "worst",
]  # fmt: skip

_LATER = {
    **dict.fromkeys(("Budget", "Budgets", "budget"), "imgcell.costs.budgets"),
    **dict.fromkeys(("Amount", "Spend", "SpendRow", "spend"), "imgcell.costs.spending"),
}


def __getattr__(name: str) -> Any:
    home = _LATER.get(name)
    if home is None:
        raise AttributeError(f"module 'imgcell.costs' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(home), name)
    return value
