"""Krippendorff's alpha against his own example, and what raters say of the same pairs."""

from __future__ import annotations

import random

import pytest

from imgcell.votes import Votes
from imgcell.votes.agreement import alpha


def test_krippendorffs_own_example():
    """K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: four observers, twelve units, 0.743."""
    observers = ["1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."]
    units = [[value for value in values if value != "."] for values in zip(*(line.split() for line in observers), strict=True)]
    assert alpha(units) == pytest.approx(0.743, abs=5e-4)


def answers(*said):
    """Votes on pairs of pictures: (rater, pair, choice, turned)."""
    rows = []
    for rater, pair, choice, turned in said:
        sides = [("a", f"p-{pair}a"), ("b", f"p-{pair}b")]
        (left, left_picture), (right, right_picture) = reversed(sides) if turned else sides
        seen = {"left": "right", "right": "left"}.get(choice, choice) if turned else choice
        rows.append(
            {"left": left, "right": right, "left_picture": left_picture, "right_picture": right_picture, "choice": seen, "rater": rater}
        )
    return Votes(rows)


def test_sides_do_not_matter_for_agreement():
    """Two raters who prefer the same picture agree, on whichever side it stood."""
    said = [(rater, pair, "left" if pair % 2 else "right", rater == "Bo") for rater in ("Ann", "Bo") for pair in range(10)]
    found = answers(*said).agreement()
    assert found.alpha == pytest.approx(1)
    assert found.observed == 1
    assert (found.pairs, found.raters) == (10, ("Ann", "Bo"))


def test_raters_who_guess_agree_as_chance_does():
    """Of answers that were drawn, alpha is 0 on the average, and its interval holds 0 about as often as it claims."""
    chance = random.Random(3)
    alphas, held = [], []
    for _ in range(24):
        said = [(rater, pair, chance.choice(["left", "right", "tie"]), chance.random() < 0.5) for rater in "ABC" for pair in range(40)]
        found = answers(*said).agreement()
        alphas.append(found.alpha)
        held.append(found.low <= 0 <= found.high)
    assert sum(alphas) / 24 == pytest.approx(0, abs=0.05)
    assert sum(held) >= 20


def test_raters_who_say_the_opposite_are_below_chance():
    """Alpha is negative."""
    said = [(rater, pair, "left" if (pair % 2) ^ (rater == "Bo") else "right", False) for rater in ("Ann", "Bo") for pair in range(10)]
    found = answers(*said).agreement()
    assert found.alpha < -0.5
    assert found.observed == 0


def test_one_rater_agrees_with_nobody_but_with_himself():
    """No alpha for one rater; how often the same pair got the same answer is said."""
    found = answers(("Ann", 1, "left", False), ("Ann", 1, "left", True), ("Ann", 2, "tie", False), ("Ann", 2, "left", False)).agreement()
    assert found.alpha is found.low is found.observed is None
    assert found.same == 0.5
    assert "cannot be told" in str(found)


def test_the_same_answer_to_everything_has_no_alpha():
    """Where nothing differs, agreement cannot be told from habit."""
    found = answers(*[(rater, pair, "tie", False) for rater in "AB" for pair in range(5)]).agreement()
    assert found.alpha is None
    assert found.observed == 1
