"""A sheet as rows: every picture and every place without one, with what was asked for against what came."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imgcell.errors import (
    AuthenticationError,
    BudgetExceededError,
    DownloadError,
    ImgcellError,
    InvalidJobError,
    InvalidRequestError,
    ModerationError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
)
from imgcell.pictures import Sheet
from imgcell.pictures.picture import Picture
from imgcell.pictures.rows import OUTCOMES, outcome, rows
from imgcell.pictures.sheet import Cell
from imgcell.providers.prices import Cost


@pytest.fixture
def sweep(make_picture):
    """Two models by two qualities; one was refused, one has not come."""
    sheet = Sheet(axes={"model": ["a", "b"], "quality": ["low", "high"]}, labels=["a · low", "a · high", "b · low", "b · high"])
    sheet._add(make_picture(model="a", requested={"quality": "low"}), 0)
    sheet._fail(ModerationError("The prompt was refused."), 1)
    sheet._add(make_picture(model="b", requested={"quality": "low"}, effective={"quality": "medium", "stated": {"size": "1x1"}}), 2)
    return sheet


def test_there_is_a_row_for_each_picture(sweep):
    """Axes come first, an axis that is called like a fact is that fact, and the picture itself is there."""
    found = rows(sweep)
    assert [row["outcome"] for row in found] == ["picture", "picture"]
    assert [(row["model"], row["quality"]) for row in found] == [("a", "low"), ("b", "low")]
    assert list(found[0])[:6] == ["model", "quality", "position", "repeat", "label", "outcome"]
    assert found[0]["picture"] is sweep[0]
    assert (found[0]["width"], found[0]["height"], found[0]["bytes"]) == (64, 48, sweep[0].source.size)
    assert not sweep[0].loaded


def test_with_failed_every_place_has_one(sweep):
    """A refusal says why, a place that is still empty waits, and both say where on the axes they are."""
    found = rows(sweep, failed=True)
    assert [row["position"] for row in found] == [0, 1, 2, 3]
    assert [row["outcome"] for row in found] == ["picture", "refused", "picture", "waiting"]
    assert (found[1]["model"], found[1]["quality"]) == ("a", "high")
    assert (found[1]["error"], found[1]["error_kind"]) == ("The prompt was refused.", "ModerationError")
    assert found[1]["id"] is None
    assert found[1]["picture"] is None
    assert found[1]["cost"] is None
    assert found[0]["error"] is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ModerationError("x"), "refused"),
        (InvalidRequestError("x"), "refused"),
        (RateLimitError("x"), "failed"),
        (AuthenticationError("x"), "failed"),
        (ServerError("x"), "failed"),
        (DownloadError("x"), "failed"),
        (ImgcellError("x"), "failed"),
        (ValueError("x"), "failed"),
        (OutcomeUnknownError("x"), "unknown"),
        (NotSentError("x"), "not sent"),
        (InvalidJobError("x"), "not sent"),
        (BudgetExceededError("x"), "not sent"),
        (None, "waiting"),
    ],
)
def test_an_outcome_says_what_became_of_the_money(error, expected):
    """What may have been charged is unknown, what was not sent is said so, and a refusal is none of our faults."""
    assert outcome(Cell(0, error=error)) == expected
    assert expected in OUTCOMES


def test_what_was_asked_for_stands_beside_what_came(make_picture):
    """Sizes, qualities and formats have a column each for asked, got and kept; a mismatch is said in words."""
    asked = {"size": "1024x1024", "quality": "high", "output_format": "jpeg", "n": 2, "extra": {"seed": 7}}
    wrong = make_picture(requested=asked, size=(1254, 1254), format="PNG", effective={"quality": "high", "size": "1254x1254", "n": 1})
    plain = make_picture()
    first, second = rows(Sheet([wrong, plain]))
    assert (first["requested.size"], first["effective.size"], first["honored.size"]) == ("1024x1024", "1254x1254", False)
    assert (first["honored.ratio"], first["honored.quality"], first["honored.output_format"], first["honored.n"]) == (
        True,
        True,
        False,
        False,
    )
    assert first["requested.seed"] == 7
    assert first["honored"] is False
    assert first["mismatch"] == "count: 2 asked for, 1 came; size: 1024x1024 asked for, 1254x1254 came; format: jpeg asked for, png came"
    assert second["honored"] is True
    assert second["mismatch"] is None
    assert not any(name.startswith(("honored.", "requested.")) for name in second)


def test_a_rewritten_prompt_is_shown_as_a_difference(make_picture):
    """What the provider took away and added is marked; a prompt that came back as it was is no rewriting."""
    rewritten = make_picture(prompt="a red kite", revised_prompt="a bright red kite at dusk")
    same = make_picture(prompt="a red kite", revised_prompt="a red kite")
    first, second = rows(Sheet([rewritten, same]))
    assert first["prompt_diff"] == "a {+bright+} red kite {+at dusk+}"
    assert second["prompt_diff"] is None


def test_the_frame_has_the_same_columns(sweep):
    """to_pandas() is these rows: with failed places too, in the same order, missing facts as missing values."""
    pytest.importorskip("pandas")
    frame = sweep.to_pandas(failed=True)
    assert list(frame["outcome"]) == ["picture", "refused", "picture", "waiting"]
    assert frame["picture"].iloc[2] is sweep[1]
    assert list(frame["honored.quality"].dropna()) == [False]
    assert frame["width"].isna().tolist() == [False, True, False, True]
    assert list(sweep.to_pandas().index) == [record.id for record in sweep.records]
    assert frame.columns[-1] == "picture"


def test_a_label_does_not_hide_what_was_sent(make_picture):
    """Where an axis has labels of its own, what they stand for has a column, in every row alike."""
    sheet = Sheet(running=True, axes={"prompt": ["short", "猫"], "model": ["A"]}, expected=2)
    sheet._add(make_picture(prompt="a very long\nprompt", model="model-a"), 0)
    sheet._add(make_picture(prompt="猫", model="model-a"), 1)
    sheet._finish()
    first, second = rows(sheet)
    assert (first["prompt"], first["requested.prompt"], first["requested.model"]) == ("short", "a very long\nprompt", "model-a")
    assert (second["prompt"], second["requested.prompt"]) == ("猫", "猫")
    assert "requested.provider" not in first


def test_what_was_paid_once_stands_in_one_row(make_picture):
    """A picture whose rest was kept costs what the provider's result cost, and nothing where that has a row of its own."""
    came = make_picture(cost=Cost(0.04, "USD", "computed"))
    mended, again = (
        Picture(came.source, replace(came.record, id=f"{came.record.id}-k{name}", kept={"of": came.record.id, "feather": 8}))
        for name in "12"
    )

    def costs(*pictures):
        return [(row["cost"], row["basis"]) for row in rows(Sheet(pictures))]

    paid = (came.record.cost.amount, came.record.cost.basis)
    assert costs(mended) == [paid]
    assert costs(mended, came) == [(0.0, "free"), paid]
    assert costs(mended, again) == [paid, (0.0, "free")]
