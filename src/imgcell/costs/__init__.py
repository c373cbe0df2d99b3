"""Money: what a job will cost, what an answer did cost, what may be spent, what was."""

from __future__ import annotations

from imgcell.costs.amounts import total
from imgcell.costs.budgets import Budget, Budgets, budget
from imgcell.costs.estimates import bill, estimate, worst
from imgcell.costs.purse import Cell, Purse, Reservation, Who, cell, forget, one_cell, purse
from imgcell.costs.spending import Amount, Spend, SpendRow, spend

__all__ = [
    "Amount", "Budget", "Budgets", "Cell", "Purse", "Reservation", "Spend", "SpendRow", "Who",
    "bill", "budget", "cell", "estimate", "forget", "one_cell", "purse", "spend", "total", "worst",
]  # fmt: skip
