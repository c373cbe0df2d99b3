"""How strong entries are, from who was preferred to whom: the Bradley-Terry model with Davidson's ties.

With the strengths ``s`` (log-odds) and a readiness to call it a tie ``t``, of one comparison of *i* and *j*::

    P(i) : P(j) : P(tie)  =  exp(s_i) : exp(s_j) : exp(t + (s_i + s_j) / 2)

R. R. Davidson, On extending the Bradley-Terry model to accommodate ties in paired comparison experiments, JASA 65 (1970)
317-328; his nu is ``exp(t)``.  It is a log-linear model, so that observed and expected information are the same matrix.

The likelihood has no maximum while somebody has won, or lost, everything (L. R. Ford, 1957), which early votes always say
of somebody.  So that there is an answer from the first vote on, and less bias, half the logarithm of the information's
determinant is added to the log-likelihood: D. Firth, Bias reduction of maximum likelihood estimates, Biometrika 80 (1993)
27-38.  It weighs as much as a vote or two, and vanishes among many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from imgcell.errors import InvalidJobError
from imgcell.language import tr

__all__ = ["Fit", "Method", "balanced", "expected", "fit", "groups", "has_maximum"]

Method: TypeAlias = Literal["firth", "likelihood"]

_STEPS = 200
#: Of the log-likelihood's slope: the strengths are right to more digits than anybody shows.
_FLAT = 1e-9


@dataclass(frozen=True)
class Fit:
    """Strengths and how sure they are.

    Attributes:
        strengths: Array (k,), log-odds; their sum is 0.
        tie: Logarithm of Davidson's nu; ``-inf`` where there never was a tie.
        covariance: Array (k, k) of the strengths, which sum to 0 in every row.
        tie_error: Standard error of *tie*; 0 where there never was one.
    """

    strengths: Any
    tie: float
    covariance: Any
    tie_error: float


def groups(wins: Any, ties: Any) -> list[list[int]]:
    """Return the entries that comparisons connect, directly or by way of others, the largest group first.

    Args:
        wins: Array (k, k): how often the row was preferred to the column.
        ties: Array (k, k), symmetric: how often neither was.
    """
    met = (wins + wins.T + ties) > 0
    left, found = set(range(len(met))), []
    while left:
        group, border = set(), {min(left)}
        while border:
            group |= border
            border = {int(other) for one in border for other in met[one].nonzero()[0]} - group
        found.append(sorted(group))
        left -= group
    return sorted(found, key=len, reverse=True)


def has_maximum(wins: Any, ties: Any) -> bool:
    """Whether the likelihood alone has one: from each entry a path of wins and ties leads to every other (Ford, 1957)."""
    beats = (wins + ties) > 0
    return all(_reached(direction) == len(beats) for direction in (beats, beats.T))


def _reached(beats: Any) -> int:
    seen, border = {0}, [0]
    while border:
        new = {int(other) for other in beats[border.pop()].nonzero()[0]} - seen
        seen |= new
        border += new
    return len(seen)


def fit(wins: Any, ties: Any, method: Method = "firth") -> Fit:
    """Return the strengths of entries that are all connected.

    Args:
        wins: Array (k, k): how often the row was preferred to the column; the diagonal is not looked at.
        ties: Array (k, k), symmetric: how often neither was.
        method: ``"firth"``, or ``"likelihood"`` for the plain maximum (where there is one).

    Raises:
        InvalidJobError: The plain maximum was asked for, and there is none.
    """
    import numpy as np

    wins, ties = np.asarray(wins, float), np.asarray(ties, float)
    count = len(wins)
    tied = bool(np.triu(ties, 1).any())
    if method == "likelihood" and not has_maximum(wins, ties):
        raise InvalidJobError(
            tr("The likelihood has no maximum: an entry, or a group of them, has won or lost every comparison with the others."),
            hint=tr('Collect more votes, or leave method at "firth".'),
        )
    first, second = np.triu_indices(count, 1)
    seen = (wins + wins.T + ties)[first, second] > 0
    first, second = first[seen], second[seen]
    counts = np.stack([wins[first, second], wins[second, first], ties[first, second]], axis=1)
    outcomes = _outcomes(count, first, second, tied)
    # Strengths matter only by their differences: the last column of the identity is left out, and put back at the end.
    basis = _basis(count, tied)
    outcomes = outcomes @ basis
    counts = counts[:, : outcomes.shape[1]]
    found = _climb(outcomes, counts, firth=method == "firth")
    information = _moments(outcomes, counts.sum(axis=1), found)[2]
    whole = basis @ np.linalg.inv(information) @ basis.T
    values = basis @ found
    return Fit(
        values[:count],
        float(values[count]) if tied else -np.inf,
        whole[:count, :count],
        float(np.sqrt(whole[count, count])) if tied else 0.0,
    )


def expected(strengths: Any, tie: float, weights: Any) -> Any:
    """Return the information, array (k, k), that comparisons bring about the strengths alone, the readiness to tie being known.

    Args:
        strengths: Array (k,).
        tie: As in :class:`Fit`.
        weights: Array (k, k), symmetric: how many comparisons of each two.
    """
    import numpy as np

    half = (strengths[:, None] - strengths[None, :]) / 2
    # Of the three outcomes, 1/2 : -1/2 : 0 on the difference: its variance.
    up, down, even = np.exp(half), np.exp(-half), np.exp(tie)
    total = up + down + even
    variance = ((up + down) / total - ((up - down) / total) ** 2) / 4
    flow = np.where(np.eye(len(half), dtype=bool), 0.0, variance * weights)
    return np.diag(flow.sum(axis=1)) - flow


def balanced(count: int) -> Any:
    """Return weights, array (k, k), with which one comparison is spread evenly over all pairs."""
    import numpy as np

    each = 2.0 / (count * (count - 1))
    return np.full((count, count), each) - np.eye(count) * each


def _outcomes(count: int, first: Any, second: Any, tied: bool) -> Any:
    """Array (pairs, 2 or 3, k or k + 1): by what each outcome of each pair weighs the parameters."""
    import numpy as np

    pairs = np.arange(len(first))
    made = np.zeros((len(first), 3 if tied else 2, count + tied))
    made[pairs, 0, first] = 1
    made[pairs, 1, second] = 1
    if tied:
        made[pairs, 2, first] = made[pairs, 2, second] = 0.5
        made[pairs, 2, count] = 1
    return made


def _basis(count: int, tied: bool) -> Any:
    """Array (k or k + 1, parameters): columns that sum to zero over the entries; the readiness to tie stands by itself."""
    import numpy as np

    contrasts = np.linalg.qr(np.eye(count) - 1 / count)[0][:, : count - 1]
    if not tied:
        return contrasts
    whole = np.zeros((count + 1, count))
    whole[:count, : count - 1] = contrasts
    whole[count, count - 1] = 1
    return whole


def _moments(outcomes: Any, totals: Any, at: Any) -> tuple[Any, Any, Any]:
    """Return probabilities (pairs, outcomes), deviations from the mean, and the information (parameters, parameters)."""
    import numpy as np

    logits = outcomes @ at
    logits -= logits.max(axis=1, keepdims=True)
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    away = outcomes - (shares[:, :, None] * outcomes).sum(axis=1, keepdims=True)
    weighed = away * (shares * totals[:, None])[:, :, None]
    return shares, away, np.tensordot(weighed, away, axes=([0, 1], [0, 1]))


def _climb(outcomes: Any, counts: Any, *, firth: bool) -> Any:
    """Newton's steps, halved where they overshoot, to where the (penalized) log-likelihood is flat."""
    import numpy as np

    totals = counts.sum(axis=1)

    def look(at: Any) -> tuple[float, Any, Any]:
        shares, away, information = _moments(outcomes, totals, at)
        value = float((counts * np.log(np.maximum(shares, 1e-300))).sum())
        slope = ((counts - shares * totals[:, None])[:, :, None] * outcomes).sum(axis=(0, 1))
        if firth:
            value += float(np.linalg.slogdet(information)[1]) / 2
            # Half the trace of the inverse times the information's own slope, which is the third central moment.
            reach = ((away @ np.linalg.inv(information)) * away).sum(axis=2)
            slope = slope + ((shares * totals[:, None] * reach)[:, :, None] * away).sum(axis=(0, 1)) / 2
        return value, slope, information

    at = np.zeros(outcomes.shape[2])
    value, slope, information = look(at)
    for _ in range(_STEPS):
        if np.abs(slope).max() < _FLAT * max(1.0, totals.sum()):
            break
        step = np.linalg.solve(information, slope)
        step *= min(1.0, 5.0 / np.abs(step).max())
        further = look(at + step)
        for _ in range(30):
            if further[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2
            further = look(at + step)
        at = at + step
        value, slope, information = further
    return at
