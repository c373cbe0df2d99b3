"""Intervals that are about other raters, too: the jackknife over raters (each left out in turn, with all votes).

People differ in taste, and what one of them says many times is not as much as what many say once.  Standard errors are
``sqrt((n - 1) / n * sum((s_without_rater - mean)^2))``, the ends those of Student's t with n - 1 degrees of freedom
(B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 11; A. C. Cameron and D. L. Miller, A
Practitioner's Guide to Cluster-Robust Inference, J. Human Resources 50 (2015), on the t with few groups).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

from imgcell.votes.strengths import Method, fit, groups, has_maximum

__all__ = ["by_raters", "student"]


def by_raters(tables: Sequence[tuple[Any, Any]], method: Method, confidence: float) -> Any:
    """Return the ends of the strengths' intervals, array (2, k); infinite where everything hangs on a single rater.

    Args:
        tables: Wins and ties of each rater, arrays (k, k); of two raters at least.
        method: As for :func:`imgcell.votes.strengths.fit`.
        confidence: Of the intervals, between 0 and 1.
    """
    import numpy as np

    wins, ties = (sum(table[at] for table in tables) for at in (0, 1))
    found, count = fit(wins, ties, method).strengths, len(tables)
    without = []
    for own_wins, own_ties in tables:
        rest = (wins - own_wins, ties - own_ties)
        if len(groups(*rest)) > 1 or (method == "likelihood" and not has_maximum(*rest)):
            return np.stack([np.full(len(found), -np.inf), np.full(len(found), np.inf)])
        without.append(fit(*rest, method).strengths)
    away = np.stack(without) - np.mean(without, axis=0)
    reach = student(0.5 + confidence / 2, count - 1) * np.sqrt((count - 1) / count * (away**2).sum(axis=0))
    return np.stack([found - reach, found + reach])


def student(share: float, freedom: int) -> float:
    """Return the quantile of Student's t: M. Abramowitz and I. A. Stegun (1964), 26.7.5; right to 1 % from 4 degrees of freedom on."""
    z = NormalDist().inv_cdf(share)
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
