"""Whether raters see the same: Krippendorff's alpha for names ("nominal").

``alpha = 1 - D_observed / D_expected``: 1 is agreement in everything, 0 what chance alone would bring, below 0 less than
that.  Any number of raters, not all of whom need have seen every pair.  K. Krippendorff, Computing Krippendorff's
Alpha-Reliability (2011), section C.

A unit is a pair of pictures that at least two raters have seen; the values are "the first", "the second", "as good as each
other" and "both bad".  Which picture of a pair is called the first is arbitrary, so that for what is expected by chance
the first and the second count the same.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from imgcell.language import tr
from imgcell.votes.ballot import Ballot

__all__ = ["Agreement", "agreement", "alpha"]

_RESAMPLES = 1000
#: Pairs that several raters have seen, at least: fewer say nothing of how far they agree.
_FEWEST = 5


@dataclass(frozen=True)
class Agreement:
    """How far raters agree.

    Attributes:
        alpha: Krippendorff's alpha; ``None`` where it cannot be told: fewer than five pairs, or the same answer to all of them.
        low: Lower end of its interval (bootstrap of the pairs); ``None`` with *alpha*.
        high: Upper end.
        confidence: Of the interval, such as 0.95.
        observed: Share of equal answers among all answers of two raters to the same pair; ``None`` without any.
        pairs: Pairs of pictures that at least two raters have seen.
        raters: Who has seen one of them.
        same: Share of equal answers where one rater saw a pair again; ``None`` if nobody did.
    """

    alpha: float | None
    low: float | None
    high: float | None
    confidence: float
    observed: float | None
    pairs: int
    raters: tuple[str, ...]
    same: float | None

    def __str__(self) -> str:
        if self.alpha is None or self.low is None or self.high is None:
            said = tr("Agreement cannot be told yet: too few pairs were seen by two raters, or all answers are the same.")
        else:
            said = tr(
                "Agreement of {raters} raters: Krippendorff's alpha {alpha} ({low} to {high}); pairs that several of them saw: {pairs}.",
                alpha=f"{self.alpha:.2f}",
                low=f"{self.low:.2f}",
                high=f"{self.high:.2f}",
                pairs=self.pairs,
                raters=len(self.raters),
            )
        return said

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]  # IPython's printer


def alpha(units: Iterable[Sequence[Hashable]], alike: tuple[Hashable, Hashable] | None = None) -> float | None:
    """Return Krippendorff's alpha for nominal values; ``None`` where chance alone would bring full agreement.

    Args:
        units: For each thing that was judged, the values it was given, one a rater; those with fewer than two do not count.
        alike: Two values whose names are arbitrary: their frequencies are taken to be the same.
    """
    pairs: Counter[tuple[Hashable, Hashable]] = Counter()
    for values in units:
        if len(values) > 1:
            weight = 1 / (len(values) - 1)
            for pair in permutations(values, 2):
                pairs[pair] += weight  # type: ignore[assignment]  # a Counter counts parts, too
    margins: Counter[Hashable] = Counter()
    for (value, _), weight in pairs.items():
        margins[value] += weight
    if alike is not None:
        mean = (margins[alike[0]] + margins[alike[1]]) / 2
        margins[alike[0]] = margins[alike[1]] = mean  # type: ignore[assignment]  # as above
    total = sum(margins.values())
    chance = sum(margins[one] * margins[other] for one, other in permutations(margins, 2))
    if not chance:
        return None
    apart = sum(weight for (one, other), weight in pairs.items() if one != other)
    return 1 - (total - 1) * apart / chance


def agreement(ballots: Iterable[Ballot], confidence: float = 0.95, seed: int = 0) -> Agreement:
    """Return how far the raters of these votes agree.  Of a rater's several answers to one pair, the first counts.

    Args:
        ballots: The votes.
        confidence: Of the interval, between 0 and 1.
        seed: Of the bootstrap; the same votes give the same interval.
    """
    answers: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for ballot in ballots:
        left, right = (ballot.left, ballot.left_picture), (ballot.right, ballot.right_picture)
        first, second = sorted((left, right))
        said = {"left": "first" if left == first else "second", "right": "second" if left == first else "first"}.get(
            ballot.choice, ballot.choice
        )
        answers.setdefault((ballot.context, *first, *second), {}).setdefault(ballot.rater, []).append(said)
    shared = [by for by in answers.values() if len(by) > 1]
    units = [[said[0] for said in by.values()] for by in shared]
    again = [one == other for by in answers.values() for said in by.values() for one, other in combinations(said, 2)]
    equal = [one == other for values in units for one, other in combinations(values, 2)]
    found = alpha(units, ("first", "second")) if len(units) >= _FEWEST else None
    ends: tuple[float | None, float | None] = (None, None)
    if found is not None:
        chance = random.Random(seed)
        drawn = sorted(
            value for _ in range(_RESAMPLES) if (value := alpha(chance.choices(units, k=len(units)), ("first", "second"))) is not None
        )
        cut = int(len(drawn) * (1 - confidence) / 2)
        ends = (drawn[cut], drawn[-1 - cut])
    raters = dict.fromkeys(rater for by in shared for rater in by)
    return Agreement(
        found,
        *ends,
        confidence,
        sum(equal) / len(equal) if equal else None,
        len(units),
        tuple(raters),
        sum(again) / len(again) if again else None,
    )
