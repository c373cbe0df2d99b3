"""The ranking as a value: how it shows, what it says is left to find out, what it refuses."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from imgcell.errors import InvalidJobError
from imgcell.votes import Votes


def test_a_ranking_is_a_table_a_plot_and_a_data_frame(puddings):
    """Text, HTML with its plot, SVG and pandas say the same; Chinese and markup are as safe as any text."""
    pytest.importorskip("pandas")
    ranking = puddings.ranking()
    assert "brand 6" in str(ranking).splitlines()[2]
    assert ranking[0].entry == "brand 6" == ranking.to_pandas().index[0]
    assert len(ranking) == 6
    frame = ranking.to_pandas()
    assert list(frame["votes"]) == [one.votes for one in ranking]
    assert sum(frame["wins"]) == sum(frame["losses"]) == sum(one.choice != "tie" for one in puddings)
    assert ranking.votes == len(puddings)
    hostile = Votes([{"left": "<img src=x onerror=alert(1)>", "right": "模型甲", "choice": "left"}])
    page = hostile.ranking()._repr_html_()
    assert "<svg" in page
    assert "<img" not in page
    assert "模型甲" in page
    assert "<img" not in hostile.wins()._repr_html_()
    assert hostile.plot().svg.startswith("<svg")
    assert "<img" not in hostile.plot().svg


def test_the_win_matrix_counts(puddings):
    """Rows over columns; the diagonal is empty; ties are beside."""
    pytest.importorskip("pandas")
    wins = puddings.wins()
    assert wins.to_pandas().loc["brand 6", "brand 1"] == 21 == wins.preferred("brand 6", "brand 1")
    assert wins.to_pandas().loc["brand 1", "brand 6"] == 18
    assert wins.ties("brand 1", "brand 6") == 12
    assert wins.preferred("brand 1") == 19 + 16 + 18 + 13 + 18
    assert wins.passed_over("brand 1") == 22 + 19 + 23 + 19 + 21
    assert "18 (12)" in str(wins)
    assert wins == puddings.wins()
    assert wins != puddings[:3].wins()


def test_both_bad_counts_as_a_tie_or_not_at_all():
    """By wish; how often it was said stands beside either way."""
    rows = [{"left": "a", "right": "b", "choice": choice} for choice in ["left"] * 6 + ["right"] * 2 + ["bad"] * 8]
    votes = Votes(rows)
    tied, dropped = votes.ranking(), votes.ranking(bad="drop")
    assert (tied["a"].bad, dropped["a"].bad) == (8, 8)
    assert (tied.votes, dropped.votes) == (16, 8)
    assert tied.tie > 0
    assert dropped.tie == 0
    assert dropped.probability("a", "b") == pytest.approx(6.5 / 9)
    assert tied["a"].share > 0.5 > tied["b"].share


@pytest.mark.parametrize(
    "wrong", [{"confidence": 1}, {"confidence": 0}, {"method": "guess"}, {"intervals": "wide"}, {"bad": "ignore"}, {"resamples": 0}]
)
def test_settings_that_are_none_are_refused(puddings, wrong):
    """With what they can be."""
    with pytest.raises(InvalidJobError):
        puddings.ranking(**wrong)


def test_no_votes_are_a_ranking_that_says_so():
    """Nobody voted; and no entries at all."""
    ranking = Votes(entries=["a", "b"]).ranking()
    assert [one.strength for one in ranking] == [None, None]
    assert "Nobody has voted yet." in str(ranking)
    assert "<svg" not in ranking._repr_html_()
    assert ranking.more_votes is None
    assert len(Votes().ranking()) == 0
    with pytest.raises(InvalidJobError, match="There is no entry"):
        ranking["c"]


def test_places_say_what_is_sure(baseball):
    """Baltimore is last for sure; who is first is not settled."""
    ranking = baseball.ranking()
    assert (ranking["Baltimore"].best, ranking["Baltimore"].worst) == (7, 7)
    first = ranking[0]
    assert (first.best, first.worst) == (1, 5)
    assert ranking.gaps[0].decided is ranking.gaps[0].apart is False
    assert ranking.gaps[0].low < 0 < ranking.gaps[0].high


def rated(tally, strengths, votes, chance, so_far=None):
    """Rows of votes by raters of known strengths, added to what there is."""
    wins, ties = tally(strengths, -1.0, votes, chance)
    rows = list(so_far or [])
    names = "abcdefgh"
    for one in range(len(strengths)):
        for other in range(len(strengths)):
            rows += [{"left": names[one], "right": names[other], "choice": "left"}] * int(wins[one, other])
            if one < other:
                rows += [{"left": names[one], "right": names[other], "choice": "tie"}] * int(ties[one, other])
    return rows


@pytest.mark.parametrize("field, question", [("more_votes", "apart"), ("more_votes_to_decide", "decided")])
def test_about_as_many_more_votes_as_it_says_are_needed(tally, field, question):
    """After so many more votes of the same raters, about half of the studies are settled; after thrice as many nearly all."""
    chance = np.random.default_rng(20)
    strengths = (0.9, 0.1, -1.0)
    settled, later, tried = 0, 0, 0
    for _ in range(40):
        rows = rated(tally, strengths, 60, chance)
        more = getattr(Votes(rows).ranking(), field)
        if not more:
            continue
        tried += 1
        rows = rated(tally, strengths, more, chance, rows)
        settled += all(getattr(gap, question) for gap in Votes(rows).ranking().gaps)
        rows = rated(tally, strengths, more * 2, chance, rows)
        later += all(getattr(gap, question) for gap in Votes(rows).ranking().gaps)
    assert tried > 15
    assert 0.2 <= settled / tried <= 0.9
    assert later / tried > 0.8


def test_how_many_more_is_what_adding_up_the_information_says(puddings):
    """By another way: the covariance after so many votes, inverted anew, just parts two neighbors; with 2 % fewer it does not."""
    from imgcell.votes.strengths import balanced, expected, fit

    names = puddings.entries
    found = fit(*puddings.wins().arrays(names, bad_as_ties=True))
    known, each = np.linalg.pinv(found.covariance), expected(found.strengths, found.tie, balanced(len(names)))
    checked = 0
    for gap in puddings.ranking().gaps:
        one, other = names.index(gap.above), names.index(gap.below)
        for more, together in ((gap.more_to_decide, True), (gap.more, False)):
            if more is None:
                continue

            def wide(votes, one=one, other=other, together=together):
                after = np.linalg.pinv(known + votes * each)
                if together:
                    return 1.959964 * np.sqrt(after[one, one] + after[other, other] - 2 * after[one, other])
                return 1.959964 * (np.sqrt(after[one, one]) + np.sqrt(after[other, other]))

            assert wide(more) < gap.difference <= wide(more * 0.98 - 1)
            checked += 1
    assert checked >= 4


def test_what_is_settled_needs_no_more_votes(tally):
    """Far apart after many votes: zero, and a sentence that says it."""
    votes = Votes(rated(tally, (3.0, 0.0, -3.0), 600, np.random.default_rng(1)))
    ranking = votes.ranking()
    assert ranking.more_votes == ranking.more_votes_to_decide == 0
    assert "All intervals are apart." in str(ranking)
    assert ranking.probability("a", "c") == pytest.approx(1 / (1 + math.exp(-6)), abs=0.02)


def test_an_estimate_is_said_with_no_more_digits_than_it_deserves():
    """Two of them; the number itself is in the ranking."""
    rows = [{"left": "a", "right": "b", "choice": "left"}] * 26 + [{"left": "a", "right": "b", "choice": "right"}] * 24
    ranking = Votes(rows).ranking()
    assert ranking.more_votes > 1000
    assert f"About {float(f'{ranking.more_votes:.2g}'):.0f} more votes" in ranking.outlook()


def test_one_more_vote_is_one_vote():
    """No "1 more votes"."""
    rows = [{"left": "a", "right": "b", "choice": "left"}] * 26 + [{"left": "a", "right": "b", "choice": "right"}] * 24
    ranking = Votes(rows).ranking()
    ranking.gaps = tuple(dataclasses.replace(gap, more=1) for gap in ranking.gaps)
    assert "one more vote until" in ranking.outlook()


def test_equals_are_never_promised_to_part():
    """Exactly even: no number, and a sentence that names them."""
    rows = [{"left": one, "right": other, "choice": "left"} for one, other in ("ab", "ba", "ab", "ba")] * 5
    ranking = Votes(rows).ranking()
    assert ranking.more_votes is None
    assert "a and b look equal so far" in ranking.outlook()


def test_equals_have_the_same_strength():
    """Two that are always equal are both at +0.00, neither below the other."""
    text = str(Votes([{"left": "a", "right": "b", "choice": "tie"}] * 5).ranking())
    assert text.count("+0.00") == 2
    assert "-0.00" not in text
