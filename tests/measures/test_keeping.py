"""The rest is kept: outside of the mask and its feather not one pixel is another one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageEnhance

import imgcell


def picture(seed, size=(96, 80), bands=3):
    """Soft forms in color."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (9, 11, bands), dtype=np.uint8)
    layers = [Image.fromarray(small[..., band]).resize(size, Image.Resampling.BICUBIC) for band in range(bands)]
    return Image.merge({1: "L", 3: "RGB", 4: "RGBA"}[bands], layers)


def far(mask, feather):
    """Which pixels are farther than *feather* from the mask, by looking at every marked pixel."""
    marked = np.argwhere(np.asarray(mask) >= 128)
    rows, columns = np.indices(np.asarray(mask).shape)
    nearest = np.full(rows.shape, np.inf)
    for row, column in marked:
        np.minimum(nearest, (rows - row) ** 2 + (columns - column) ** 2, out=nearest)
    return nearest > feather**2


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 50),
    feather=st.integers(0, 20),
    boxes=st.lists(st.tuples(st.integers(0, 95), st.integers(0, 79), st.integers(1, 40), st.integers(1, 40)), max_size=3),
    align=st.booleans(),
    bands=st.sampled_from([1, 3, 4]),
    other=st.sampled_from([(96, 80), (64, 64), (150, 60)]),
)
def test_outside_of_the_feather_not_one_pixel_differs(seed, feather, boxes, align, bands, other):
    """Whatever the mask, the feather, the sizes, the modes and the edit."""
    before, after = picture(seed, bands=bands), picture(seed + 1, other)
    mask = Image.new("L", before.size, 0)
    for left, top, width, height in boxes:
        mask.paste(255, (left, top, left + width, top + height))
    made = imgcell.keep_outside(before, after, mask, feather, align=align)
    assert made.size == before.size
    kept = np.asarray(made) == np.asarray(before.convert(made.mode))
    assert kept.all(-1)[far(mask, feather)].all()


@pytest.mark.parametrize("blend", ["feather", "poisson"])
def test_inside_of_the_mask_stands_the_edit(blend):
    """With nothing to correct, what the mask marks is the edit, exactly."""
    pytest.importorskip("scipy")
    before = picture(1)
    after = before.copy()
    after.paste((250, 10, 10), (30, 30, 50, 50))
    mask = Image.new("L", before.size, 0)
    mask.paste(255, (24, 24, 60, 56))
    made = imgcell.keep_outside(before, after, mask, blend=blend)
    inside = np.asarray(mask) > 0
    assert (np.asarray(made)[inside] == np.asarray(after)[inside]).all()


def test_an_edit_that_was_shifted_is_brought_back():
    """The model moved the picture: the seam fits again, which it does not without alignment."""
    size = (320, 256)
    before = picture(3, size)
    for place in range(60):  # something to hold on to
        rng = np.random.default_rng(place)
        left, top = rng.integers(0, 300), rng.integers(0, 236)
        before.paste(tuple(rng.integers(0, 256, 3).tolist()), (left, top, left + 14, top + 10))
    after = before.transform(size, Image.Transform.AFFINE, (1, 0, -6, 0, 1, 4))
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).ellipse((90, 70, 220, 180), fill=255)
    aligned, plain = (imgcell.keep_outside(before, after, mask, align=choice) for choice in (True, False))
    assert (np.asarray(aligned) == np.asarray(before)).all()  # nothing was edited but the place
    assert (np.asarray(plain) != np.asarray(before)).any(-1).mean() > 0.1


def test_the_weight_falls_with_the_distance():
    """Black kept, white pasted: the mixture falls from the mask's edge on, everywhere, and ends after the feather."""
    before, after = Image.new("RGB", (101, 101)), Image.new("RGB", (101, 101), "white")
    mask = Image.new("L", before.size, 0)
    mask.putpixel((50, 50), 255)
    row = np.asarray(imgcell.keep_outside(before, after, mask, 12, align=False))[50, 50:, 0].astype(int)
    assert row[0] == 255
    assert (np.diff(row[:13]) < 0).all()
    assert row[12] > 0
    assert not row[13:].any()


def test_a_membrane_leaves_no_step_at_the_seam():
    """An edit that came back brighter: feathered it stands out, with the membrane its colors are those around it."""
    pytest.importorskip("scipy")
    before = picture(5, (256, 192))
    after = ImageEnhance.Brightness(before).enhance(1.2)
    mask = Image.new("L", before.size, 0)
    mask.paste(255, (80, 60, 170, 130))
    inside = np.asarray(mask) > 0
    off = {
        blend: np.abs(np.asarray(imgcell.keep_outside(before, after, mask, blend=blend)).astype(int) - np.asarray(before))[inside].mean()
        for blend in ("feather", "poisson")
    }
    assert off["poisson"] < off["feather"] / 3


def test_transparency_is_kept_and_brought_in():
    """A hole cut into an opaque picture is transparent, all around is as opaque as it was; colors that are not seen do not show."""
    before = picture(6)
    after = before.convert("RGBA")
    after.paste((255, 0, 0, 0), (20, 20, 70, 60))
    mask = Image.new("L", before.size, 0)
    mask.paste(255, (30, 30, 60, 50))
    made = imgcell.keep_outside(before, after, mask, 8, align=False)
    assert made.mode == "RGBA"
    assert made.getpixel((45, 40))[3] == 0
    assert made.getpixel((2, 2)) == (*before.getpixel((2, 2)), 255)
    edge = made.getpixel((26, 40))
    assert 0 < edge[3] < 255
    assert abs(edge[1] - before.getpixel((26, 40))[1]) < 12  # the red behind the transparency would be 0 there


def test_what_makes_no_sense_is_refused():
    """A feather that is no whole number, a blend that is none, a mask of another size."""
    before = picture(1)
    for feather in (-1, 300, 1.5, True, "8"):
        with pytest.raises(imgcell.errors.InvalidJobError, match="feather"):
            imgcell.keep_outside(before, before, Image.new("L", before.size), feather)
    with pytest.raises(imgcell.errors.InvalidJobError, match="blend"):
        imgcell.keep_outside(before, before, Image.new("L", before.size), blend="magic")
    with pytest.raises(imgcell.errors.InvalidJobError, match="same size"):
        imgcell.keep_outside(before, before, Image.new("L", (5, 5)))


def test_it_is_known_what_it_was_made_from():
    """The identity of the edit travels on, so that a further edit has its parent."""
    before = picture(1)
    after = picture(2)
    after.info["imgcell"] = "p-20260101-000000-abcdefg-0"
    made = imgcell.keep_outside(before, after, Image.new("L", before.size, 255))
    assert made.info["imgcell"] == "p-20260101-000000-abcdefg-0"
