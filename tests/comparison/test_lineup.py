"""What is compared, from whatever is given."""

from __future__ import annotations

import math

import pytest
from PIL import Image

from imgcell.comparison.lineup import MOST, lineup
from imgcell.errors import InvalidJobError
from imgcell.pictures.sheet import Sheet


def test_a_sweep_keeps_its_axes_and_the_places_without_pictures(swept):
    """The last axis goes across; what was refused, and what never came, have their places."""
    made = lineup(swept)
    assert (made.rows, made.columns) == (("model",), ("quality",))
    assert [entry.outcome for entry in made.entries] == ["picture"] * 4 + ["refused", "waiting"]
    assert made.entries[4].values == {"model": "b", "quality": "medium"}
    assert made.title == "海边的灯塔"
    assert made.baseline == "1"


@pytest.mark.parametrize(
    ("how", "columns"),
    [
        ({"rows": "model"}, ("quality",)),
        ({"columns": "model"}, ("model",)),
        ({"rows": ["model", "quality"]}, ()),
        ({"columns": ("model", "quality")}, ("model", "quality")),
        ({"rows": "quality", "columns": "model"}, ("model",)),
    ],
)
def test_axes_go_down_or_across(swept, how, columns):
    """Naming one side is enough: the other axes are on the other."""
    assert lineup(swept, **how).columns == columns


def test_an_axis_that_is_not_there_is_said_with_those_that_are(swept, painted):
    """... before anything is shown; also where there are no axes at all, and where one is on both sides."""
    with pytest.raises(InvalidJobError, match="no axis 'size'") as caught:
        lineup(swept, rows="size")
    assert "model, quality" in caught.value.hint
    with pytest.raises(InvalidJobError, match="down or across"):
        lineup(swept, rows="model", columns="model")
    with pytest.raises(InvalidJobError):
        lineup([painted()], rows="model")


def test_pictures_come_as_whatever_an_edit_takes(painted, tmp_path):
    """PIL images, files, bytes, arrays and mappings; names are labels, and a file is called by its name."""
    own = painted("navy")
    path = tmp_path / "夜.png"
    own.save(path)
    made = lineup([own, Image.new("L", (8, 8), 3), path, own.data])
    assert [entry.label for entry in made.entries] == ["", "", "夜.png", ""]
    assert made.entries[0].picture is own
    assert made.entries[1].picture.size == (8, 8)
    assert made.entries[2].picture.source.sha256 == own.source.sha256
    named = lineup({"before": own, "after": Image.new("RGB", (9, 9))})
    assert [entry.label for entry in named.entries] == ["before", "after"]
    assert len(lineup(own).entries) == 1


def test_a_picture_that_was_drawn_on_is_what_is_drawn(painted):
    """Not the original under it."""
    own = painted("navy")
    own.putpixel((1, 1), (255, 0, 0))
    shown = lineup([own]).entries[0].picture
    assert shown.convert("RGB").getpixel((1, 1)) == (255, 0, 0)
    assert shown.source.sha256 != own.source.sha256


@pytest.mark.parametrize("given", [["no such file.png"], [42], ["https://example.org/a.png"]])
def test_what_is_no_picture_is_refused(given):
    """A comparison sends nothing and fetches nothing."""
    with pytest.raises(InvalidJobError):
        lineup(given)


def test_nothing_is_a_comparison_too():
    """An empty sheet shows an empty page, not an error."""
    made = lineup(Sheet())
    assert made.entries == ()
    assert made.baseline is None


def test_the_baseline_is_found_by_what_names_it(swept, painted):
    """The picture itself, its number, its id, its label; nothing else."""
    third = swept[2]
    for name in (third, 2, -2, third.record.id):
        assert lineup(swept, baseline=name).baseline == "3"
    one, two = painted("red"), painted("blue")
    assert lineup([one, two], labels=["x", "y"], baseline="y").baseline == "2"
    for wrong in (painted("black"), 4, "z", True, ""):
        with pytest.raises(InvalidJobError, match="baseline"):
            lineup(swept, baseline=wrong)


def test_places_of_a_sweep_are_called_by_their_axes(swept):
    """No label of their own repeats a whole prompt under each picture; one that is given stands."""
    assert {entry.label for entry in lineup(swept).entries} == {""}
    named = lineup(swept, labels=[f"n{number}" for number in range(len(swept.cells))])
    assert named.entries[1].label == "n1"


def test_too_many_pictures_and_wrong_labels_are_refused(painted):
    """With what to do instead."""
    one = painted()
    with pytest.raises(InvalidJobError, match=str(MOST + 1)):
        lineup([one] * (MOST + 1))
    with pytest.raises(InvalidJobError, match="2 for 1\\."):
        lineup([one], labels=["a", "b"])
    with pytest.raises(InvalidJobError):
        lineup({"a": one}, labels=["b"])


def test_measures_stand_with_their_picture(painted):
    """Numbers only, finite ones; what could not be measured is said to be unknown, never zero."""
    one, two = painted("red"), painted("blue")
    told = {"sharpness": 0.5, "hash": "ffe0", "alpha": True, "off": math.nan, "clip": None}
    made = lineup([one, two], measures={one.record.id: told})
    assert made.entries[0].numbers == {"sharpness": 0.5, "clip": None}
    assert made.entries[1].numbers == {}
