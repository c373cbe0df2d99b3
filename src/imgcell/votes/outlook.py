"""How many more votes until neighbors in a ranking can be told apart, if things go on as they are.

What is known now and what each further vote would tell (both as Fisher information) add up; the strengths are taken to be
what they look like now.  Of votes spread evenly over all pairs, as the page asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from imgcell.votes.strengths import balanced, expected

if TYPE_CHECKING:
    from imgcell.votes.strengths import Fit

__all__ = ["MOST", "Gap", "gaps"]

#: So many more votes and nobody would ask for them: the two are as good as equal.
MOST = 20_000


@dataclass(frozen=True)
class Gap:
    """Between two neighbors of a ranking.

    Attributes:
        above: The entry that looks stronger.
        below: The next one.
        difference: Of their strengths, log-odds.
        low: Lower end of the difference's own interval.
        high: Upper end.
        decided: Whether that interval leaves out 0: one is stronger, as far as the confidence goes.
        apart: Whether the intervals of the two, as the ranking shows them, do not touch; this takes more votes.
        more_to_decide: About how many more votes (in all) until it is decided; ``None``: more than 20,000, they are as good as equal.
        more: About how many more until the intervals are apart; ``None`` likewise.
    """

    above: str
    below: str
    difference: float
    low: float
    high: float
    decided: bool
    apart: bool
    more_to_decide: int | None
    more: int | None


def gaps(found: Fit, order: Sequence[int], names: Sequence[str], z: float) -> list[Gap]:
    """Return what lies between the neighbors of a ranking.

    Args:
        found: Strengths and their covariance.
        order: Indices of the entries, strongest first; two at least.
        names: What the entries are called, by index.
        z: How many standard errors an interval reaches to each side.
    """
    import numpy as np

    # The covariance after so many more votes is pinv(pinv(C) + more * each).  With S the square root of C and S each S = Q W Q',
    # that is V / (1 + more W) V' where V = S Q: one decomposition for all numbers of votes.
    each = expected(found.strengths, found.tie, balanced(len(order)))
    values, vectors = np.linalg.eigh(found.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    gain, turned = np.linalg.eigh(root @ each @ root)
    gain, reached = np.maximum(gain, 0), root @ turned

    def spread(row: Any, more: int) -> float:
        return float(np.sqrt((row**2 / (1 + more * gain)).sum()))

    def reach(one: int, other: int, more: int, *, each_alone: bool) -> float:
        if each_alone:
            return z * (spread(reached[one], more) + spread(reached[other], more))
        return z * spread(reached[one] - reached[other], more)

    def needed(one: int, other: int, difference: float, *, each_alone: bool) -> int | None:
        if difference > reach(one, other, 0, each_alone=each_alone):
            return 0
        if difference <= reach(one, other, MOST, each_alone=each_alone):
            return None
        low, high = 0, 1
        while difference <= reach(one, other, high, each_alone=each_alone):
            low, high = high, high * 2
        while high - low > max(1, high // 100):
            middle = (low + high) // 2
            low, high = (low, middle) if difference > reach(one, other, middle, each_alone=each_alone) else (middle, high)
        return min(high, MOST)

    result = []
    for one, other in pairwise(order):
        difference = float(found.strengths[one] - found.strengths[other])
        wide = reach(one, other, 0, each_alone=False)
        decide = needed(one, other, difference, each_alone=False)
        part = needed(one, other, difference, each_alone=True)
        result.append(Gap(names[one], names[other], difference, difference - wide, difference + wide, decide == 0, part == 0, decide, part))
    return result
