"""What is asked: who takes part, in which order, on which side; and that a restart goes on where it was."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from PIL import Image, ImageCms

from imgcell.errors import InvalidJobError
from imgcell.pictures.blinded import blinded, sizes
from imgcell.pictures.sheet import Sheet
from imgcell.votes import Study
from imgcell.votes.candidates import candidates, units


@pytest.fixture
def sweep(painted):
    """Three models, two prompts, two pictures each; one of them failed."""
    sheet = Sheet(axes={"model": ["a", "b", "c"], "prompt": ["cat", "灯塔"]}, expected=12, running=True)
    for place in range(12):
        if place == 3:
            sheet._fail(RuntimeError("no"), place)
        else:
            sheet._add(painted(prompt="cat" if place // 2 % 2 == 0 else "灯塔", model="abc"[place // 4]), place)
    sheet._finish()
    return sheet


def test_a_sweep_is_compared_by_what_differs_within_each_prompt(sweep):
    """Entries are the models; the prompt is what both have in common."""
    made = candidates(sweep)
    assert {one.entry for one in made} == {"a", "b", "c"}
    assert {one.context for one in made} == {"cat", "灯塔"}
    assert len(made) == 11
    assert len(units(made)) == 6
    assert {one.entry for one in candidates(sweep, "prompt")} == {"cat", "灯塔"}
    assert {one.entry for one in candidates(sweep, ["model", "prompt"])} == {f"{m} · {p}" for m in "abc" for p in ("cat", "灯塔")}


def test_pictures_without_axes_are_compared_by_model_or_one_by_one(painted):
    """Several models on one prompt are the entries; else each picture is one."""
    assert {one.entry for one in candidates([painted(model="x"), painted(model="y")])} == {"x", "y"}
    same = [painted(), painted(), painted()]
    assert [one.entry for one in candidates(same)] == ["#1", "#2", "#3"]
    # Each made from a prompt of its own: nothing in common, and compared all the same.
    assert len(units(candidates([painted(prompt=f"prompt {at}") for at in range(4)]))) == 6
    assert {one.entry for one in candidates(same, lambda picture: picture.record.id[-1])} == {one.record.id[-1] for one in same}
    asked = [painted(requested={"quality": quality}) for quality in ("low", "high")]
    assert [one.entry for one in candidates(asked, "quality")] == ["low", "high"]


@pytest.mark.parametrize(
    "by, said",
    [("colour", "nothing called 'colour'"), ("provider", "two entries at least"), ([], "nothing to vote by")],
)
def test_what_cannot_be_compared_is_said(sweep, by, said):
    """A name that nothing has, an axis with one value, no name at all."""
    with pytest.raises(InvalidJobError, match=said):
        Study(sweep, by, library=False)


def test_a_vote_takes_a_sheet_that_fills_whatever_has_one_and_a_mapping(painted, sweep):
    """A sheet is waited for; a sweep or Studio has one; names of a mapping are the entries."""
    import threading
    from types import SimpleNamespace

    filling = Sheet(axes={"model": ["a", "b"]}, expected=2, running=True)
    filling._add(painted(model="a"), 0)

    def fill():
        filling._add(painted(model="b"), 1)
        filling._finish()

    threading.Timer(0.05, fill).start()
    assert Study(filling, library=False).entries == ("a", "b")
    assert Study(SimpleNamespace(sheet=sweep), library=False).entries == ("a", "b", "c")
    named = Study({"旧": painted(), "新": [painted(), painted()]}, library=False)
    assert named.entries == ("旧", "新")
    assert named.pairs == 1
    # Of prompts that differ, too: whoever names the pictures means it.
    assert Study({"before": painted(prompt="a"), "after": painted(prompt="b")}, library=False).pairs == 1
    for wrong in (3, "sheet", [painted(), "x"], painted()):
        with pytest.raises(InvalidJobError, match="about a sheet or pictures, not"):
            Study(wrong, library=False)
    with pytest.raises(InvalidJobError, match="leave by= out"):
        Study({"a": painted(), "b": painted()}, "model", library=False)


def test_entries_that_share_no_prompt_are_not_compared(painted):
    """Model a on cats against model b on lighthouses says nothing of either."""
    with pytest.raises(InvalidJobError, match="same context"):
        Study([painted(model="a", prompt="cat"), painted(model="b", prompt="lighthouse")], "model", library=False)


def test_every_pair_comes_once_a_turn_and_everybody_stands_left_as_often_as_right(sweep):
    """Balance, exactly: after each turn all pairs in all contexts were asked equally often, sides turned the second time."""
    study = Study(sweep, library=False)
    for turn in (1, 2):
        for _ in range(study.pairs):
            study.cast(study.pair("Ann"), "left")
        asked = Counter((one.context, frozenset((one.left, one.right))) for one in study.votes)
        assert set(asked.values()) == {turn}
        assert study.progress("Ann").round == turn + 1
    sides = Counter(one.left for one in study.votes)
    sides.subtract(one.right for one in study.votes)
    assert set(sides.values()) == {0}
    # No picture of a combination is left out, and none is shown without need again.
    shown = Counter(name for one in study.votes for name in (one.left_picture, one.right_picture))
    assert len(shown) == 11
    assert max(shown.values()) - min(shown.values()) <= 4


def test_the_order_is_random_and_differs_from_rater_to_rater(sweep):
    """Two raters see the same pairs in different orders; the first votes of one do not tell those of the other."""
    study = Study(sweep, library=False)

    def order(rater):
        for _ in range(6):
            study.cast(study.pair(rater), "tie")
        return [(one.context, frozenset((one.left, one.right))) for one in study.votes.where(rater=rater)]

    orders = [order(rater) for rater in ("Ann", "Bo", "王芳", "Dan")]
    assert len({tuple(one) for one in orders}) > 2
    assert all(Counter(one) == Counter(orders[0]) for one in orders)


def test_a_restart_goes_on_with_the_same_pair_and_all_votes(sweep):
    """The study is known by its pictures: another object (another kernel) finds votes, progress and the pair that was shown."""
    first = Study(sweep)
    for choice in ("left", "tie", "bad"):
        first.cast(first.pair("Ann"), choice, seconds=1.0)
    again = Study(sweep)
    assert again.votes == first.votes
    assert again.id == first.id
    assert again.pair("Ann") == first.pair("Ann")
    assert again.progress("Ann") == first.progress("Ann")
    assert len(Study(sweep, "prompt").votes) == 0
    assert len(Study(sweep, library=False).votes) == 0


def test_a_named_study_goes_on_with_other_pictures(sweep, painted):
    """A model that is added later joins the votes that there are."""
    first = Study(sweep, name="风格")
    first.cast(first.pair(), "left")
    later = Study([painted(model="a"), painted(model="new")], "model", name="风格")
    assert later.entries == ("a", "new")
    assert len(later.votes) == 1
    assert later.votes.ranking()["new"].strength is None


def test_undo_brings_the_very_pair_back(sweep):
    """Sides and pictures as they were; further undos go back further; then there is nothing."""
    study = Study(sweep, library=False)
    pairs = []
    for _ in range(4):
        pairs.append(study.pair("Ann"))
        study.cast(pairs[-1], "right")
    assert study.undo("Bo") is None
    assert [study.undo("Ann") for _ in range(4)] == pairs[::-1]
    assert study.pair("Ann") == pairs[0]
    assert study.undo("Ann") is None


def test_a_vote_that_is_none_changes_nothing(sweep):
    """A choice that nobody knows is refused."""
    study = Study(sweep)
    with pytest.raises(InvalidJobError, match="one of left, right, tie, bad"):
        study.cast(study.pair(), "north")
    assert len(study.votes) == 0


def test_active_choice_asks_more_where_it_is_close(painted):
    """Two equals among a clear order are asked about more often than pairs that are long decided."""
    import random

    strengths = {"best": 3.0, "equal": 0.0, "even": 0.0, "worst": -3.0}
    pictures = [painted(model=name, prompt=f"prompt {at}") for name in strengths for at in range(10)]
    study = Study(pictures, "model", active=True, library=False)
    chance = random.Random(5)
    import math

    for _ in range(150):
        pair = study.pair("Ann")
        gap = strengths[pair.left.entry] - strengths[pair.right.entry]
        study.cast(pair, "left" if chance.random() < 1 / (1 + math.exp(-gap)) else "right")
    asked = Counter(frozenset((one.left, one.right)) for one in study.votes)
    assert len(asked) == 6
    assert asked[frozenset(("equal", "even"))] > asked[frozenset(("best", "worst"))]
    ranking = study.votes.ranking()
    assert (ranking[0].entry, ranking[3].entry) == ("best", "worst")


def test_blinded_pictures_are_alike_in_all_but_what_they_show(painted):
    """One format, one long side, one mode; no text, profile or size that tells who made them."""
    from PIL import PngImagePlugin

    note = PngImagePlugin.PngInfo()
    note.add_text("prompt", "secret model")
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    one = painted("red", (200, 100), params={"pnginfo": note, "icc_profile": profile})
    other = painted("blue", (90, 120), kind="JPEG", params={"quality": 70})
    cut = painted((0, 255, 0, 0), (300, 300), kind="WEBP", mode="RGBA")
    shown = [Image.open(io.BytesIO(made.data)) for made in blinded([one, other])]
    assert [image.size for image in shown] == [(120, 60), (90, 120)]
    assert sizes([one, other]) == [(120, 60), (90, 120)]
    assert {(image.format, image.mode, tuple(image.info)) for image in shown} == {("PNG", "RGB", ())}
    assert b"secret" not in blinded([one, other])[0].data
    assert shown[0].getpixel((5, 5)) == (255, 0, 0)
    # What is transparent in one stays so, and then both have the channel.
    assert {Image.open(io.BytesIO(made.data)).mode for made in blinded([one, cut])} == {"RGBA"}
    assert Image.open(io.BytesIO(blinded([one, other], side=50)[0].data)).size == (50, 25)
