"""Money: what a job will cost, what an answer did cost, what may be spent, what was."""

from __future__ import annotations

from imgcell.costs.amounts import total
from imgcell.costs.budgets import Budget, Budgets, budget
from imgcell.costs.estimates import bill, estimate, worst
from imgcell.costs.purse import Cell, Purse, Reservation, Who, cell, forget, one_cell, purse

__all__ = [
    "Budget", "Budgets", "Cell", "Purse", "Reservation", "Who",
    "bill", "budget", "cell", "estimate", "forget", "one_cell", "purse", "total", "worst",
]  # fmt: skip
