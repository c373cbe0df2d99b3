"""What is measured is what the sandbox's models are known to do: leaks, shifts, scales, masks and inputs that are ignored."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import imgcell
from imgcell.sandbox import Habit

HABITS = {
    "leaks-5": Habit(leak=0.05),
    "leaks-38": Habit(leak=0.38),
    "leaks-80": Habit(leak=0.8),
    "shifts": Habit(shift=(6, -4)),
    "scales": Habit(scale=1.03),
    "leaks-and-shifts": Habit(leak=0.2, shift=(-5, 3)),
    "ignores-mask": Habit(ignores_mask=True),
    "ignores-input": Habit(ignores_input=True),
    "square": Habit(size="384x384"),
    "half": Habit(size="256x192"),
    "webp": Habit(picture_format="webp"),
    "jpeg": Habit(picture_format="jpeg"),
    "faithful": Habit(),
}


@pytest.fixture(scope="module")
def edits(tmp_path_factory):
    """The same masked edit by each of the models, from one library; the sandbox that knows the truth."""
    home = tmp_path_factory.mktemp("truth")
    mask = Image.new("L", (512, 384), 0)
    mask.paste(255, (170, 110, 300, 250))
    with imgcell.sandbox.serve(habits=HABITS) as server, imgcell.Client("sandbox", base_url=server.url("sandbox"), library=home) as client:
        scene = client.generate("a lighthouse at dusk", size="512x384", quality="high")[0]
        yield server, {name: client.edit("a red boat", [scene], mask=mask, model=name)[0] for name in HABITS}


@pytest.mark.parametrize("model", ["leaks-5", "leaks-38", "leaks-80", "leaks-and-shifts"])
def test_a_leak_is_the_share_that_leaked(edits, model):
    """To two and a half points, with a shift on top, too."""
    server, made = edits
    truth = server.truth(made[model].data)
    assert made[model].changes.changed_outside == pytest.approx(truth.share, abs=0.025)


def test_the_map_shows_the_places_that_leaked(edits):
    """Of what it marks nearly all leaked, and of what leaked it marks nearly all."""
    server, made = edits
    leaked = np.asarray(server.truth(made["leaks-38"].data).leaked)
    outside = np.ones((384, 512), bool)
    outside[100:260, 160:310] = False
    marked = np.asarray(made["leaks-38"].changes.where) > 0
    assert leaked[marked & outside].mean() > 0.97
    assert marked[leaked & outside].mean() > 0.9


@pytest.mark.parametrize(
    ("model", "shift", "scale"), [("shifts", (6, -4), 1.0), ("leaks-and-shifts", (-5, 3), 1.0), ("faithful", (0, 0), 1.0)]
)
def test_a_shift_is_known_to_the_pixel(edits, model, shift, scale):
    """As the model was told to."""
    found = edits[1][model].changes
    assert (found.shift, found.scale) == (shift, scale)


def test_a_scale_is_known_to_a_thousandth(edits):
    """As the model was told to; undone, nothing else changed."""
    found = edits[1]["scales"].changes
    assert found.scale == pytest.approx(1.03, abs=0.001)
    assert found.changed_outside < 0.03


def test_a_faithful_model_has_changed_nothing_outside(edits):
    """And everything inside."""
    found = edits[1]["faithful"].changes
    assert found.changed_outside == 0
    assert found.changed_inside > 0.8
    assert found.line(0.05) is None


@pytest.mark.parametrize("model", ["jpeg", "webp"])
def test_another_format_is_no_change(edits, model):
    """A model that compresses what it hands over did not change it."""
    assert edits[1][model].changes.changed_outside < 0.03


def test_a_mask_that_was_ignored_shows(edits):
    """Most of what lies outside changed; the input was not ignored."""
    found = edits[1]["ignores-mask"].changes
    assert found.changed_outside > 0.6
    assert found.input_ignored is False


def test_an_input_that_was_ignored_shows_by_the_bill_and_by_the_eye(edits):
    """By the count of image tokens, and by the pixels alone where there is no bill."""
    picture = edits[1]["ignores-input"]
    assert picture.changes.input_ignored
    assert imgcell.changes(picture.parents[0], picture).input_ignored


def test_another_size_is_told(edits):
    """Half as large: the size is not kept, the ratio is; a square: neither."""
    half, square = edits[1]["half"].changes, edits[1]["square"].changes
    assert (half.size_kept, half.ratio_kept) == (False, True)
    assert (square.size_kept, square.ratio_kept) == (False, False)


def test_which_model_respects_masks_is_one_table(edits):
    """The figures of all of them as columns, measured side by side."""
    names = ["faithful", "leaks-5", "leaks-38", "leaks-80"]
    table = imgcell.measure([edits[1][name] for name in names], "changes")
    shares = [row["changed_outside"] for row in table]
    assert shares == sorted(shares)
    assert shares == pytest.approx([0, 0.05, 0.38, 0.8], abs=0.025)
    assert {row["input_ignored"] for row in table} == {False}
