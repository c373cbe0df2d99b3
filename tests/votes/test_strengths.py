"""The model against published numbers, against another library, and against raters whose strengths are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from imgcell.errors import InvalidJobError
from imgcell.votes import Votes
from imgcell.votes.strengths import fit, groups


def against(ranking, reference):
    """Strengths and standard errors against one entry, by entry, as textbooks print them."""
    zero = ranking[reference].strength
    return {one.entry: (one.strength - zero, ranking._errors[one.entry, reference]) for one in ranking}


def test_agrestis_baseball_teams(baseball):
    """Table 10.11 of Agresti (2002), with the digits of BradleyTerry2 (Turner and Firth, JSS 48(9), 2012): estimates and errors."""
    found = against(baseball.ranking(method="likelihood"), "Baltimore")
    published = {
        "Milwaukee": (1.5814, 0.3433),
        "Detroit": (1.4364, 0.3396),
        "Toronto": (1.2945, 0.3367),
        "New York": (1.2476, 0.3359),
        "Boston": (1.1077, 0.3339),
        "Cleveland": (0.6839, 0.3319),
    }
    for team, (strength, error) in published.items():
        assert found[team] == (pytest.approx(strength, abs=6e-5), pytest.approx(error, abs=6e-5)), team
    assert [one.entry for one in baseball.ranking()] == [*published, "Baltimore"]


def test_davidsons_puddings_with_ties(puddings):
    """Example 2 of Davidson (1970): worths and nu; errors as PlackettLuce 0.4.3 prints them."""
    ranking = puddings.ranking(method="likelihood")
    worth = {one.entry: math.exp(one.strength) for one in ranking}
    shares = [worth[f"brand {at}"] / sum(worth.values()) for at in range(1, 7)]
    # Davidson stopped after seven rounds; the fourth digit is the last that is settled.
    assert shares == pytest.approx([0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855], abs=5e-5)
    assert ranking.tie == pytest.approx(0.7468147, abs=5e-5)
    found = against(ranking, "brand 1")
    assert [found[f"brand {at}"][1] for at in range(2, 7)] == pytest.approx([0.1872, 0.1935, 0.1882, 0.1927, 0.1924], abs=6e-5)


def test_without_ties_it_is_what_choix_finds(baseball):
    """The plain maximum is that of an independent library (choix, iterative Luce spectral ranking)."""
    choix = pytest.importorskip("choix")
    names = baseball.entries
    won = [(names.index(one.winner), names.index(one.left if one.winner == one.right else one.right)) for one in baseball]
    other = choix.ilsr_pairwise(len(names), won)
    ranking = baseball.ranking(method="likelihood")
    assert [ranking[name].strength for name in names] == pytest.approx(list(other - other.mean()), abs=1e-6)


@pytest.mark.parametrize(
    "strengths, tie, votes, low, high",
    [
        # 4 entries x 1,500 repetitions; +-1.5 points are more than three standard errors of the share.
        ((0.8, 0.2, -0.3, -0.7), -0.5, 300, 0.935, 0.965),
        ((0.8, 0.2, -0.3, -0.7), -8.0, 300, 0.935, 0.965),
        ((1.5, 0.5, -0.5, -1.5), 0.7, 240, 0.935, 0.965),
        ((0.0, 0.0, 0.0, 0.0), -0.5, 120, 0.935, 0.97),
        # Few votes: on the safe side.
        ((2.0, 0.0, 0.0, -2.0), -0.5, 24, 0.94, 1.0),
        ((0.0, 0.0, 0.0, 0.0), -0.5, 12, 0.94, 1.0),
    ],
)
def test_an_interval_covers_the_truth_as_often_as_it_claims(tally, strengths, tie, votes, low, high):
    """Of simulated raters with known strengths, 95 % intervals of strengths and of differences hold the truth."""
    chance = np.random.default_rng(20260500)
    truth, z = np.array(strengths), 1.959964
    apart = truth[:, None] - truth[None, :]
    upper = np.triu_indices(len(truth), 1)
    held, between = [], []
    for _ in range(1500):
        found = fit(*tally(truth, tie, votes, chance))
        variance = np.diag(found.covariance)
        held.append(np.abs(found.strengths - truth) <= z * np.sqrt(variance))
        error = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * found.covariance, 0))
        between.append((np.abs(found.strengths[:, None] - found.strengths[None, :] - apart) <= z * error)[upper])
    assert low <= np.mean(held) <= high
    assert low <= np.mean(between) <= high


@pytest.mark.parametrize("confidence", [0.8, 0.99])
def test_another_confidence_is_kept_as_well(tally, confidence):
    """Intervals of 80 % and of 99 % cover that often (through the ranking, as users make them)."""
    from statistics import NormalDist

    chance = np.random.default_rng(7)
    truth, z = np.array([0.6, 0.0, -0.6]), NormalDist().inv_cdf(0.5 + confidence / 2)
    held = []
    for _ in range(1000):
        found = fit(*tally(truth, -0.5, 150, chance))
        held.append(np.abs(found.strengths - truth) <= z * np.sqrt(np.diag(found.covariance)))
    assert np.mean(held) == pytest.approx(confidence, abs=0.02)


def test_the_bootstrap_covers_the_truth_too(tally):
    """Percentiles of redrawn votes hold the truth about as often as they claim."""
    from imgcell.votes.bootstrap import bootstrap

    chance = np.random.default_rng(11)
    truth = np.array([0.7, 0.0, -0.7])
    held = []
    for seed in range(80):
        low, high = bootstrap(*tally(truth, -0.5, 150, chance), "firth", 0.95, 100, seed)
        held.append((low <= truth) & (truth <= high))
    assert 0.90 <= np.mean(held) <= 0.99


@pytest.mark.parametrize("raters", [6, 20])
def test_intervals_by_raters_hold_where_tastes_differ(tally, raters):
    """Raters with tastes of their own around no difference: intervals of the votes alone claim too much, those by raters do not."""
    from imgcell.votes.tastes import by_raters

    chance = np.random.default_rng(13)
    alone, others = [], []
    for _ in range(150):
        tables = [tally(chance.normal(0, 0.8, 3), -0.5, 30, chance) for _ in range(raters)]
        found = fit(sum(wins for wins, _ in tables), sum(ties for _, ties in tables))
        alone.append(np.abs(found.strengths) <= 1.959964 * np.sqrt(np.diag(found.covariance)))
        low, high = by_raters(tables, "firth", 0.95)
        others.append((low <= 0) & (high >= 0))
    assert np.mean(alone) < 0.85
    assert 0.91 <= np.mean(others) <= 0.98


def test_intervals_by_raters_through_the_ranking():
    """Wider than those of the votes alone where raters say the opposite; infinite where all hangs on one; refused with fewer than five."""
    rows = [
        {"left": "a", "right": "b", "choice": "left" if rater % 3 else "right", "rater": f"rater {rater}"}
        for rater in range(9)
        for _ in range(10)
    ]
    votes = Votes(rows)
    alone, others = votes.ranking()["a"], votes.ranking(intervals="raters")["a"]
    assert alone.strength == others.strength
    assert others.high - others.low > 1.8 * (alone.high - alone.low)
    votes.add("b", "c", "left", rater="rater 1")
    assert votes.ranking(intervals="raters")["c"].high == math.inf
    with pytest.raises(InvalidJobError, match="From 4 raters"):
        votes[:40].ranking(intervals="raters")


def test_students_t_is_that_of_the_tables():
    """95 % and 99 % points, as every table has them."""
    from imgcell.votes.tastes import student

    for freedom, two, ten in ((4, 2.776, 4.604), (9, 2.262, 3.250), (30, 2.042, 2.750)):
        assert student(0.975, freedom) == pytest.approx(two, rel=0.005)
        assert student(0.995, freedom) == pytest.approx(ten, rel=0.02)


def test_both_kinds_of_intervals_are_alike_among_many_votes(puddings):
    """Two ways to the same thing: information and bootstrap differ by little on 742 tastings."""
    one, other = puddings.ranking(), puddings.ranking(intervals="bootstrap", resamples=400)
    assert other.intervals == "bootstrap"
    for standing in one:
        assert other[standing.entry].low == pytest.approx(standing.low, abs=0.04)
        assert other[standing.entry].high == pytest.approx(standing.high, abs=0.04)
    assert puddings.ranking(intervals="bootstrap", resamples=50) == puddings.ranking(intervals="bootstrap", resamples=50)


def test_somebody_who_won_everything_has_a_strength_and_a_wide_interval():
    """From the first vote on there is an answer; the plain likelihood says that it has none."""
    votes = Votes([{"left": "a", "right": "b", "choice": "left"}])
    first = votes.ranking()["a"]
    # One win against none, with Firth's half vote on each side: log(1.5 / 0.5).
    assert first.strength * 2 == pytest.approx(math.log(3))
    assert first.low < 0 < first.high
    with pytest.raises(InvalidJobError, match="won or lost every comparison"):
        votes.ranking(method="likelihood")


def test_a_lopsided_vote_ends():
    """Thousands of wins in a row, one after another, still have finite strengths."""
    wins = np.zeros((12, 12))
    wins[np.triu_indices(12, 1)] = 400
    found = fit(wins, np.zeros((12, 12)))
    assert np.isfinite(found.strengths).all()
    assert (np.diff(found.strengths) < 0).all()


def test_only_ties_are_no_difference():
    """All even: strengths of 0, and a readiness to tie that is finite."""
    ties = np.full((3, 3), 5.0)
    found = fit(np.zeros((3, 3)), ties)
    assert found.strengths == pytest.approx([0, 0, 0], abs=1e-9)
    assert np.isfinite(found.tie)


def test_entries_that_never_met_are_not_compared():
    """Groups that no vote connects are told apart; the largest is ranked, the others are not."""
    rows = [("a", "b"), ("b", "c"), ("c", "a"), ("x", "y")]
    votes = Votes([{"left": one, "right": other, "choice": "left"} for one, other in rows], entries=["new"])
    wins, ties = votes.wins().arrays(votes.entries, bad_as_ties=True)
    assert [[votes.entries[at] for at in group] for group in groups(wins, ties)] == [["a", "b", "c"], ["x", "y"], ["new"]]
    ranking = votes.ranking()
    assert {one.entry for one in ranking if one.strength is not None} == {"a", "b", "c"}
    assert ranking["x"].rank is None
    assert ranking["x"].wins == 1
    assert ranking.more_votes is None
    assert "not compared" in ranking.outlook()
    assert ranking.probability("a", "x") is None
