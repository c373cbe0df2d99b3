"""What a cell says below its pictures."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from imgcell.magics.asides import asides
from imgcell.pictures import MemorySource, Picture, Record, Sheet
from imgcell.sandbox import Habit


@pytest.fixture
def otherwise(sandbox):
    """The sandbox in use, with a model that has a size and a format of its own."""
    sandbox.habits = {"own-way": Habit(size="768x512", picture_format="jpeg")}
    return sandbox


@pytest.mark.usefixtures("otherwise")
def test_a_mismatch_is_told_below_the_pictures(cell):
    """Size and format that came otherwise have a line each, once for all pictures; the picture's own line is marked too."""
    ran = cell("%%imagine kites -m own-way -s 1024x1024 -n 2 -o output_format=png\na kite")
    assert ran.error is None
    assert ran.out.splitlines() == [
        "≠ size: 1024x1024 asked for, 768x512 came",
        "≠ ratio: 1:1 asked for, 3:2 came",
        "≠ format: png asked for, jpeg came",
    ]
    assert ran.bundles[-1]["text/plain"].count("≠ 1024×1024 png") == 2


@pytest.mark.usefixtures("sandbox")
def test_what_is_as_it_was_asked_for_says_nothing(cell):
    """No line where there is nothing to say."""
    assert cell("%%imagine kite -s 1024x1024\na kite").out == ""


@pytest.mark.usefixtures("sandbox")
def test_a_rewritten_prompt_is_told_as_a_difference(cell):
    """A model that rewrites prompts: the line shows what it took away and added."""
    ran = cell("%%imagine kite -m dall-e-3\na red kite.")
    assert ran.error is None
    (line,) = ran.out.splitlines()
    assert line.startswith("The provider rewrote the prompt: a red kite")
    assert "{+" in line


def test_only_some_are_named_by_their_number():
    """[0] says which picture it holds of; rewritten prompts of many pictures are counted."""

    def picture(number):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8), (40 * number, 0, 0)).save(buffer, "PNG")
        source = MemorySource(buffer.getvalue())
        revised = f"一座老灯塔，{number}号" if number != 1 else None
        return Picture(source, Record(f"p-{number}", source.sha256, "老灯塔", "fake", None, revised_prompt=revised))

    lines = asides(Sheet([picture(number) for number in range(6)]))
    assert lines[0] == "[0] The provider rewrote the prompt: {+一座+}老灯塔{+，0号+}"
    assert len(lines) == 4
    assert lines[3] == "It rewrote the prompt for 2 more of them: prompt_diff in to_pandas()."
