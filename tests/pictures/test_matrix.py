"""The matrix of a sweep: what stands where, parts of it, and other arrangements."""

from __future__ import annotations

import pickle

import pytest

from imgcell.errors import InvalidJobError, ModerationError
from imgcell.pictures import Sheet

AXES = {"model": ("a", "b"), "quality": ("low", "high", "auto")}


@pytest.fixture
def swept(make_picture):
    """Two models, three qualities, two pictures each; one of them was refused, one is still awaited."""
    labels = [f"{model} · {quality}" for model in AXES["model"] for quality in AXES["quality"] for _ in range(2)]
    sheet = Sheet(running=True, expected=12, axes=AXES, labels=labels)
    for place in range(12):
        if place == 3:
            sheet._fail(ModerationError("Refused."), place)
        elif place != 11:
            sheet._add(make_picture(prompt=f"number {place}"), place)
    return sheet


def numbers(sheet):
    """What stands in each cell: the number of its picture, "✗" or "…"."""
    return [
        cell.picture.record.prompt.rpartition(" ")[2] if cell.picture is not None else "✗" if cell.error is not None else "…"
        for cell in sheet.cells
    ]


def test_each_cell_knows_its_values(swept):
    """Its value on every axis, and which of the pictures of its combination it is; filled or not."""
    assert [(dict(cell.values), cell.repeat) for cell in swept.cells[2:5]] == [
        ({"model": "a", "quality": "high"}, 0),
        ({"model": "a", "quality": "high"}, 1),
        ({"model": "a", "quality": "auto"}, 0),
    ]
    assert swept.cells[11].values == {"model": "b", "quality": "auto"}
    assert Sheet([]).cells == ()


def test_a_sheet_without_axes_numbers_its_pictures(make_picture):
    """There are no values, and the repeat is the place."""
    cells = Sheet([make_picture(), make_picture()]).cells
    assert [(dict(cell.values), cell.repeat) for cell in cells] == [({}, 0), ({}, 1)]


def test_one_value_takes_its_axis_away(swept):
    """What is left has the other axes; what failed, and what has not come, keep their places."""
    part = swept.sel(model="a")
    assert dict(part.axes) == {"quality": ("low", "high", "auto")}
    assert numbers(part) == ["0", "1", "2", "✗", "4", "5"]
    assert numbers(swept.sel(quality="auto")) == ["4", "5", "10", "…"]
    assert part.done
    assert part.labels[0] == "a · low"


def test_a_list_keeps_its_axis_in_the_lists_order(swept):
    """Several values of an axis are a smaller axis."""
    part = swept.sel(quality=["auto", "low"])
    assert dict(part.axes) == {"model": ("a", "b"), "quality": ("auto", "low")}
    assert numbers(part) == ["4", "5", "0", "1", "10", "…", "6", "7"]
    assert numbers(part.sel(model="b", quality="low")) == ["6", "7"]
    assert dict(part.sel(model="b", quality="low").axes) == {}


def test_a_grid_says_what_goes_down_and_across(swept):
    """The same pictures with other axes outermost; what is not named goes down, and the last across where nothing is said."""
    grid = swept.grid(rows="quality", columns="model")
    assert list(grid.axes) == ["quality", "model"]
    assert numbers(grid) == ["0", "1", "6", "7", "2", "✗", "8", "9", "4", "5", "10", "…"]
    assert list(swept.grid(columns="model").axes) == ["quality", "model"]
    assert list(swept.grid("quality").axes) == ["quality", "model"]
    both = swept.grid(columns=["quality", "model"])
    assert (both._matrix.across, both._matrix.sides(), len(both._matrix.heads())) == (2, [()], 6)


def test_it_is_drawn_and_travels_as_it_is_arranged(swept):
    """The contact sheet and the table have the heads of the arrangement; so has what was pickled."""
    grid = swept.grid(rows=["model", "quality"])
    table = pickle.loads(pickle.dumps(swept.grid(columns=["model", "quality"]))).to_html()
    assert "a · low" in table
    assert 'colspan="2"' in table
    wide, tall = swept.grid(columns=["model", "quality"]).contact_sheet(), grid.contact_sheet()
    assert wide.width > 2 * tall.width


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda sheet: sheet.sel(modle="a"), "no axis 'modle'"),
        (lambda sheet: sheet.sel(quality="hi"), "no value 'hi'"),
        (lambda sheet: sheet.grid(rows="model", columns="model"), "two places"),
        (lambda sheet: sheet.grid(rows="size"), "no axis 'size'"),
        (lambda sheet: sheet.grid(rows=5), "no axis 5"),
        (lambda sheet: sheet[:2].sel(model="a"), "no axes"),
    ],
)
def test_what_is_not_there_is_told(swept, ask, reason):
    """A wrong name is an error that says which there are."""
    with pytest.raises(InvalidJobError, match=reason):
        ask(swept)


def test_no_picture_is_chosen_twice(swept):
    """A value that is listed twice is one value: what the pictures cost is not counted twice."""
    assert swept.sel(model=["a", "a"]) == swept.sel(model=["a"])
    assert swept.sel(model=["a", "a"]).axes["model"] == ("a",)
