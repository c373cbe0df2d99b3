"""What a cell says of a masked edit, after its picture is there; and ``--keep``."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import imgcell
from imgcell.options import options
from imgcell.sandbox import Habit


@pytest.fixture
def redrawing(sandbox, server):
    """The sandbox of the test's own with a model that leaks and one that does not, by name in cells."""
    server.habits["leaky"] = Habit(leak=0.3)
    server.habits["moves"] = Habit(shift=(4, 2))
    return server


@pytest.fixture
def hole(tmp_path):
    """The path of a mask for pictures of 512 x 384."""
    mask = Image.new("L", (512, 384), 0)
    mask.paste(255, (150, 100, 300, 260))
    path = tmp_path / "hole.png"
    mask.save(path)
    return path


def test_a_leak_is_told_below_the_cell(cell, redrawing, hole):
    """In one line, after the picture is bound and shown; a model that keeps to the mask is not mentioned."""
    cell("%%imagine scene -s 512x384\na lighthouse at dusk")
    ran = cell(f"%%imgedit boat -i scene --mask {hole} -m leaky\na red boat")
    assert ran.error is None
    lines = ran.out.splitlines()
    told = [line for line in lines if line.startswith("≠ outside the mask: ")]
    assert len(told) == 1
    share = float(told[0].split()[-3])
    assert share == pytest.approx(30, abs=6)
    assert "--keep" in lines[lines.index(told[0]) + 1]
    assert "outside the mask" not in cell(f"%%imgedit good -i scene --mask {hole}\na red boat").out


def test_a_shift_is_told_as_one(cell, redrawing, hole):
    """A picture that was moved as a whole is not said to have changed everywhere."""
    cell("%%imagine scene -s 512x384\na lighthouse at dusk")
    ran = cell(f"%%imgedit boat -i scene --mask {hole} -m moves\na red boat")
    assert "≠ the content is shifted by 4, 2 px (right, down)" in ran.out


def test_of_several_each_is_told_with_its_place(cell, redrawing, hole):
    """The places are those of the sheet."""
    cell("%%imagine scene -s 512x384\na lighthouse at dusk")
    ran = cell(f"%%imgedit boats -i scene --mask {hole} -m sandbox,leaky --yes\na red boat")
    assert "≠ [1] outside the mask: " in ran.out
    assert "[0]" not in ran.out


def test_what_there_was_no_time_for_is_named(cell, redrawing, hole, monkeypatch):
    """Silence would say that they kept to their mask; the first is always measured."""
    monkeypatch.setattr("imgcell.magics.leaks._PATIENCE", -1.0)
    cell("%%imagine scene -s 512x384\na lighthouse at dusk")
    out = cell(f"%%imgedit boats -i scene --mask {hole} -m leaky,sandbox,moves --yes\na red boat").out
    assert "≠ [0] outside the mask: " in out
    assert "to keep you from waiting: [1], [2]." in out
    assert "waiting" not in cell(f"%%imgedit kept -i scene --mask {hole} -m leaky,moves --keep --yes\na red boat").out


def test_nothing_is_told_where_that_is_wanted(cell, redrawing, hole):
    """A threshold of the user's own, and none at all."""
    cell("%%imagine scene -s 512x384\na lighthouse at dusk")
    options.warn_outside = 0.5
    assert "outside" not in cell(f"%%imgedit boat -i scene --mask {hole} -m leaky\na red boat").out
    options.warn_outside = 1
    assert "shifted" not in cell(f"%%imgedit boat -i scene --mask {hole} -m moves\na red boat").out


def test_a_measure_that_fails_spoils_nothing(cell, redrawing, hole, monkeypatch):
    """The cell ends as if nothing had been measured."""
    monkeypatch.setattr("imgcell.measures.changing.measured", lambda *arguments, **named: 1 / 0)
    cell("%%imagine scene -s 512x384\na lighthouse at dusk")
    ran = cell(f"%%imgedit boat -i scene --mask {hole} -m leaky\na red boat")
    assert ran.error is None
    assert ran.names["boat"].record.model == "leaky"
    assert "outside" not in ran.out


@pytest.mark.parametrize(("words", "feather"), [("--keep", 8), ("--feather 20", 20), ("--keep --feather 3", 3)])
def test_keep_puts_the_rest_back(cell, redrawing, hole, words, feather):
    """The picture that is bound is the mended one, and nothing is to be told of it."""
    cell("%%imagine scene -s 512x384\na lighthouse at dusk")
    ran = cell(f"%%imgedit boat -i scene --mask {hole} -m leaky {words}\na red boat")
    boat, scene = ran.names["boat"], ran.names["scene"]
    assert boat.record.kept["feather"] == feather
    assert (np.asarray(boat) == np.asarray(scene)).all(-1)[:70].all()
    assert "outside" not in ran.out
    assert imgcell.library().record(boat.record.kept["of"]).model == "leaky"


def test_keep_without_a_mask_is_refused_before_anything_is_sent(cell, redrawing):
    """With a word on what is missing."""
    cell("%%imagine scene -s 512x384\na lighthouse at dusk")
    count = len(redrawing.posts)
    ran = cell("%%imgedit boat -i scene --keep\na red boat")
    assert "nothing to keep" in str(ran.error)
    assert len(redrawing.posts) == count


def test_the_cell_of_a_mended_picture_makes_it_again(cell, redrawing, hole):
    """``as_cell`` says --keep, and what it says runs."""
    cell("%%imagine scene -s 512x384\na lighthouse at dusk")
    boat = cell(f"%%imgedit boat -i scene --mask {hole} -m leaky --feather 5\na red boat").names["boat"]
    ran = cell(boat.as_cell("again"))
    assert ran.error is None
    assert ran.names["again"].record.kept["feather"] == 5
