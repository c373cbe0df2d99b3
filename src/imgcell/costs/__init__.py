"""Money: what a job will cost, what an answer did cost, what may be spent."""

from __future__ import annotations

from imgcell.costs.estimates import bill, estimate

__all__ = ["bill", "estimate"]
