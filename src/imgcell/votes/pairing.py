"""Which pair is shown next, and who stands where.

By turns: a rater sees every pair of entries in every context once before any of them again, in an order that is random and
differs from rater to rater; each entry stands as often on the left as on the right.  What is chosen follows from the votes
that there are, the rater's name and the seed alone, so that a restart changes nothing, and taking back a vote brings back
its pair.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from imgcell.votes.ballot import Ballot
from imgcell.votes.candidates import Candidate, Unit
from imgcell.votes.ranking import Ranking

__all__ = ["most_telling", "next_pair", "told"]


def told(ballot: Ballot) -> tuple[str, frozenset[str]]:
    """Return of which unit a vote is: its context and its two entries."""
    return ballot.context, frozenset((ballot.left, ballot.right))


def next_pair(
    units: Sequence[Unit], own: Sequence[Ballot], rater: str, seed: object, among: frozenset[frozenset[str]] | None = None
) -> tuple[Candidate, Candidate]:
    """Return the pictures for the left and the right side.

    Args:
        units: All that can be asked; not empty.
        own: The rater's votes so far, oldest first.
        rater: The rater's name.
        seed: Whatever makes this study's order another than that of others.
        among: Only these pairs of entries, as long as one of them was not asked much more often than the others.
    """
    chance = random.Random(f"{seed}|{rater}|{len(own)}")
    asked = Counter(map(told, own))
    last = frozenset((own[-1].left, own[-1].right)) if own else frozenset()
    least = min(asked[_name(unit)] for unit in units)
    open_ = [unit for unit in units if asked[_name(unit)] == least]
    if among is not None:
        open_ = [unit for unit in units if _name(unit)[1] in among and asked[_name(unit)] <= least + 1] or open_
    # Not the same two faces twice in a row, where it can be helped.
    fresh = min(len(_name(unit)[1] & last) for unit in open_)
    unit = chance.choice([unit for unit in open_ if len(_name(unit)[1] & last) == fresh])
    one, other = (_rarest(pictures, own, chance) for pictures in (unit.one, unit.other))
    return (one, other) if _left(one.entry, other.entry, unit, own, chance) else (other, one)


def most_telling(ranking: Ranking, entries: Sequence[frozenset[str]]) -> frozenset[frozenset[str]]:
    """Return the pairs of entries a vote on which tells most: where the difference is least sure and the outcome most open.

    The gain of one more vote in the determinant of the information (D-optimality) is the variance of the difference times the
    variance of the outcome.  Pairs with an entry that is not ranked yet come first.

    Args:
        ranking: As it stands.
        entries: The pairs that can be asked.
    """
    known = {one.entry: one for one in ranking if one.strength is not None}
    if new := frozenset(pair for pair in entries if any(entry not in known for entry in pair)):
        return new
    gains = {pair: ranking.gain(*sorted(pair)) for pair in entries}
    most = max(gains.values())
    return frozenset(pair for pair, gain in gains.items() if gain >= 0.9 * most)


def _name(unit: Unit) -> tuple[str, frozenset[str]]:
    return unit.context, frozenset((unit.one[0].entry, unit.other[0].entry))


def _rarest(pictures: Sequence[Candidate], own: Sequence[Ballot], chance: random.Random) -> Candidate:
    shown = Counter(name for ballot in own for name in (ballot.left_picture, ballot.right_picture))
    least = min(shown[one.id] for one in pictures)
    return chance.choice([one for one in pictures if shown[one.id] == least])


def _left(one: str, other: str, unit: Unit, own: Sequence[Ballot], chance: random.Random) -> bool:
    """Whether *one* stands on the left: the other way round than last time; else whoever was there less often."""
    for ballot in reversed(own):
        if told(ballot) == _name(unit):
            return ballot.left != one
    lean = Counter(ballot.left for ballot in own)
    lean.subtract(ballot.right for ballot in own)
    return lean[one] < lean[other] if lean[one] != lean[other] else chance.random() < 0.5
