"""Intervals by drawing the votes again: the percentiles of the strengths of many such draws (B. Efron, 1979)."""

from __future__ import annotations

from typing import Any

from imgcell.votes.strengths import Method, fit, groups, has_maximum

__all__ = ["bootstrap"]


def bootstrap(wins: Any, ties: Any, method: Method, confidence: float, resamples: int, seed: int) -> Any:
    """Return the ends of the strengths' intervals, array (2, k).

    A draw in which entries are no longer all connected (or, for the plain likelihood, has no maximum) says nothing of their
    strengths, and is drawn again; while there are few votes this makes the intervals a little too narrow.

    Args:
        wins: Array (k, k): how often the row was preferred to the column.
        ties: Array (k, k), symmetric.
        method: As for :func:`imgcell.votes.strengths.fit`.
        confidence: Of the intervals, between 0 and 1.
        resamples: How many draws.
        seed: The same votes give the same intervals.
    """
    import numpy as np

    first, second = np.triu_indices(len(wins), 1)
    counts = np.concatenate([wins[first, second], wins[second, first], ties[first, second]])
    total, shares, pairs = int(counts.sum()), counts / counts.sum(), len(first)
    chance = np.random.default_rng(seed)
    found: list[Any] = []
    for _ in range(resamples * 20):
        drawn = chance.multinomial(total, shares).astype(float)
        again, even = np.zeros_like(wins), np.zeros_like(ties)
        again[first, second], again[second, first] = drawn[:pairs], drawn[pairs : 2 * pairs]
        even[first, second] = even[second, first] = drawn[2 * pairs :]
        if len(groups(again, even)) > 1 or (method == "likelihood" and not has_maximum(again, even)):
            continue
        found.append(fit(again, even, method).strengths)
        if len(found) == resamples:
            break
    if not found:
        return np.stack([np.full(len(wins), -np.inf), np.full(len(wins), np.inf)])
    return np.quantile(np.stack(found), [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
