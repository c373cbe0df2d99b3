"""A chain that degrades is seen to, step by step, and the way back is a cell that runs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import imgcell
from imgcell.sandbox import Habit


@pytest.fixture
def wearing():
    """A sandbox with models that change nothing but wear the picture down, each in its way."""
    habits = {
        "softens": Habit(repaints=False, blur=0.8),
        "noisy": Habit(repaints=False, noise=3),
        "tints": Habit(repaints=False, color=(9, 0, -9)),
        "careful": Habit(repaints=False),
        "drowns": Habit(repaints=False, noise=120),
    }
    with imgcell.sandbox.serve(habits=habits) as server:
        yield server


@pytest.fixture
def client(wearing):
    """A client of it."""
    with imgcell.Client("sandbox", base_url=wearing.url("sandbox")) as made:
        yield made


def chain(client, model, steps, **more):
    """A picture, edited *steps* times in a row."""
    picture = client.generate("a harbor in the morning", size="256x192", quality="medium")[0]
    for number in range(steps):
        picture = client.edit(f"change {number + 1}", [picture], model=model, **more)[0]
    return picture


def test_a_chain_that_softens_is_seen_to(client):
    """Sharpness falls from step to step, against the first picture; each step alone cost less than all of them."""
    last = chain(client, "softens", 3)
    found = last.lineage().drift()
    sharpness = [row["sharpness_first"] for row in found.rows]
    assert sharpness[0] is None
    assert 1 > sharpness[1] > sharpness[2] > sharpness[3]
    assert found.rows[3]["sharpness_previous"] > sharpness[3]
    assert [row["id"] for row in found.rows] == [record.id for record in last.lineage().steps.records]


@pytest.mark.parametrize(("model", "word"), [("softens", "sharpness"), ("noisy", "noise"), ("tints", "colors")])
def test_the_way_back_is_told_with_its_reason(client, model, word):
    """What was lost names itself; the ancestor is the first picture, as every step cost the same."""
    found = chain(client, model, 3).lineage().drift()
    assert found.hint.startswith("3 steps have ")
    assert word in found.hint
    assert "Edit from step 0 with the instructions joined?" in found.hint
    assert found.hint in str(found)


def test_a_chain_that_keeps_what_it_was_given_is_left_in_peace(client):
    """Nothing was lost: no advice, no cell."""
    found = chain(client, "careful", 3).lineage().drift()
    assert (found.hint, found.cell) == (None, None)
    assert [row["changed_first"] for row in found.rows[1:]] == [0, 0, 0]


def test_one_step_is_not_joined_with_itself(client):
    """A single edit that cost much has no shorter way."""
    found = chain(client, "softens", 1, quality="low").lineage().drift()
    assert found.hint is None


def test_the_cell_edits_the_ancestor_with_all_that_was_said(client, wearing):
    """It names the ancestor, model and provider, and the prompts stand in order below; it is a cell that can be run."""
    last = chain(client, "softens", 3)
    first = last.lineage().steps[0]
    line, _, prompt = last.lineage().drift().cell.partition("\n")
    assert prompt == "change 1\nchange 2\nchange 3"
    from imgcell.magics.parse import parse

    arguments = parse("imgedit", line.removeprefix("%%imgedit"), prompt)
    assert (arguments.images, arguments.models, arguments.providers) == ((first.record.id,), ("softens",), ("sandbox",))
    joined = client.edit(prompt, [imgcell.library().picture(arguments.images[0])], model=arguments.models[0])[0]
    assert joined.lineage().drift().rows[1]["sharpness_first"] > last.lineage().drift().rows[3]["sharpness_first"]


def test_it_goes_back_only_as_far_as_it_must(client):
    """Steps that cost nothing are kept: the way back is to the last of them."""
    picture = chain(client, "careful", 2)
    for number in range(3):
        picture = client.edit(f"wear {number}", [picture], model="softens")[0]
    found = picture.lineage().drift()
    assert "from step 2" in found.hint
    assert found.cell.splitlines()[1:] == ["wear 0", "wear 1", "wear 2"]


def masks(count):
    """Boxes beside each other."""
    made = []
    for number in range(count):
        mask = Image.new("L", (256, 192), 0)
        mask.paste(255, (20 + 75 * number, 30, 75 + 75 * number, 100))
        made.append(mask)
    return made


def test_a_mask_that_all_steps_had_is_the_cell_s(client):
    """One mask for all of them goes into the line, with --feather where the rest was kept."""
    (mask,) = masks(1)
    last = chain(client, "softens", 3, mask=mask)
    assert f"--mask {last.record.mask}" in last.lineage().drift().cell


def test_a_chain_that_went_too_far_to_be_compared_is_told_the_way_back(client):
    """What the last comparable step had lost is not forgotten because the one after it shows something else altogether."""
    last = client.edit("something else altogether", [chain(client, "softens", 3)], model="drowns")[0]
    found = last.lineage().drift()
    assert found.rows[3]["sharpness_first"] < 0.9
    assert found.rows[4]["sharpness_first"] is None
    assert found.hint.startswith("3 steps have cost ")
    assert found.cell.splitlines()[1:] == ["change 1", "change 2", "change 3", "something else altogether"]


def test_several_masks_are_joined_in_python(client):
    """Their union, and the code runs as it stands."""
    picture = client.generate("a harbor in the morning", size="256x192")[0]
    for number, mask in enumerate(masks(3)):
        picture = client.edit(f"change {number + 1}", [picture], mask=mask, model="noisy")[0]
    found = picture.lineage().drift()
    assert "imgcell.Mask(" in found.cell
    union = found.cell[found.cell.index("mask=") + 5 :].partition(",\n")[0]
    made = eval(union, {"imgcell": imgcell, "library": imgcell.library()})
    assert (np.asarray(made) == np.maximum.reduce([np.asarray(mask) for mask in masks(3)])).all()
    compile(found.cell, "cell", "exec")


def test_a_change_by_the_user_s_own_code_cannot_be_joined(client):
    """It is said why there is no cell."""
    picture = chain(client, "softens", 1)
    for number in range(2):
        picture = client.edit(f"then {number}", [picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)], model="softens")[0]
    found = picture.lineage().drift()
    if found.shortcut is not None:
        assert found.cell is None
        assert "code of your own" in found.hint


def test_a_step_that_is_gone_is_a_gap(client):
    """The others are measured; the gap says why it is one."""
    last = chain(client, "softens", 3)
    gone = last.lineage().steps[1].record.id
    imgcell.library().delete(gone)
    steps = last.lineage().drift().steps
    assert [step.problem is None for step in steps][-1] is True
    assert len(steps) >= 2


def test_it_shows_itself(client):
    """A plot, a table and the cell, every text escaped; lines in a terminal."""
    picture = client.generate("a harbor", size="256x192")[0]
    for _ in range(2):
        picture = client.edit("<b>港口</b>", [picture], model="softens")[0]
    found = picture.lineage().drift()
    page = found._repr_mimebundle_()["text/html"]
    assert page.count("<svg") == 1
    assert "<b>港口" not in page
    assert "&lt;b&gt;港口" in page
    assert "港口" in str(found)
    assert "sharpness" in found.plot().text
    assert found._repr_mimebundle_()["text/plain"] == str(found)
