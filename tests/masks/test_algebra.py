"""The laws of masks: an algebra of sets, exact distances, round trips that lose nothing."""

from __future__ import annotations

import copy
import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import imgcell
from imgcell import Mask, masks
from imgcell.errors import InvalidJobError

SIZES = st.tuples(st.integers(1, 24), st.integers(1, 24))
HARD = SIZES.flatmap(lambda shape: arrays(np.bool_, shape)).map(Mask)
SOFT = SIZES.flatmap(lambda shape: arrays(np.uint8, shape)).map(Mask)
RADII = st.one_of(st.integers(0, 12), st.floats(0, 9, allow_nan=False))
MODES = st.sampled_from(["stretch", "contain", "cover", "pad"])


def several(kind, count):
    """Masks of one size."""
    return SIZES.flatmap(lambda shape: st.tuples(*[arrays(kind, shape).map(Mask)] * count))


def full_and_none(mask):
    """All and nothing in the size of a mask."""
    return Mask.full(mask), Mask.full(mask, 0)


@settings(max_examples=60, deadline=None)
@given(several(np.uint8, 3))
def test_soft_masks_are_a_de_morgan_algebra(three):
    """Commutative, associative, distributive, absorbing, idempotent; De Morgan and double negation hold."""
    a, b, c = three
    everything, nothing = full_and_none(a)
    assert a | b == b | a
    assert a & b == b & a
    assert a | (b | c) == (a | b) | c
    assert a & (b & c) == (a & b) & c
    assert a & (b | c) == (a & b) | (a & c)
    assert a | (b & c) == (a | b) & (a | c)
    assert a | (a & b) == a == a & (a | b)
    assert a | a == a == a & a
    assert ~(a | b) == ~a & ~b
    assert ~(a & b) == ~a | ~b
    assert ~~a == a
    assert a | nothing == a == a & everything
    assert a - b == a & ~b
    assert a ^ b == (a - b) | (b - a) == b ^ a


@settings(max_examples=60, deadline=None)
@given(several(np.bool_, 3))
def test_hard_masks_are_an_algebra_of_sets(three):
    """With the excluded middle; the exclusive or is associative and its own inverse; everything stays hard."""
    a, b, c = three
    everything, nothing = full_and_none(a)
    assert a | ~a == everything
    assert a & ~a == nothing
    assert a ^ a == nothing
    assert (a ^ b) ^ c == a ^ (b ^ c)
    assert (a ^ b) ^ b == a
    assert a - a == nothing
    assert (a - b) | (a & b) == a
    assert all(mask.is_hard for mask in (a | b, a & b, a - b, a ^ b, ~a))
    assert (a | b).share == pytest.approx(a.share + b.share - (a & b).share)


@settings(max_examples=80, deadline=None)
@given(HARD, RADII)
def test_growing_is_the_euclidean_distance(mask, radius):
    """White is exactly what is no farther than the radius from white, center to center; shrinking is the dual."""
    white = np.asarray(mask) == 255
    rows, columns = np.nonzero(white)
    y, x = np.mgrid[: white.shape[0], : white.shape[1]]
    # Every pixel against every white one: slow, and nothing in it can be clever.
    away = ((y[..., None] - rows) ** 2 + (x[..., None] - columns) ** 2).min(-1) if len(rows) else np.full(white.shape, np.inf)
    assert ((np.asarray(mask.grow(radius)) == 255) == (away <= radius * radius)).all()
    assert mask.shrink(radius) == ~(~mask).grow(radius)
    assert mask - mask.grow(radius) == Mask.full(mask, 0) == mask.shrink(radius) - mask


@settings(max_examples=40, deadline=None)
@given(several(np.bool_, 2), RADII)
def test_growing_goes_over_unions_and_closing_is_done_once(two, radius):
    """grow(a | b) = grow(a) | grow(b), shrink likewise with &; opening and closing again change nothing more."""
    a, b = two
    assert (a | b).grow(radius) == a.grow(radius) | b.grow(radius)
    assert (a & b).shrink(radius) == a.shrink(radius) & b.shrink(radius)
    closed, opened = a.grow(radius).shrink(radius), a.shrink(radius).grow(radius)
    assert a - closed == opened - a == Mask.full(a, 0)
    assert closed.grow(radius).shrink(radius) == closed
    assert opened.shrink(radius).grow(radius) == opened


@settings(max_examples=60, deadline=None)
@given(HARD, RADII)
def test_feathering_ends_at_the_radius(mask, radius):
    """Nothing changes beyond it; the edge stays where it was; the negative feathers to the negative; sides keep their side."""
    soft, out, inside = (np.asarray(mask.feather(radius, side)) for side in ("both", "out", "in"))
    assert mask.feather(radius).hard() == mask
    assert ~mask.feather(radius) == (~mask).feather(radius)
    near, deep = np.asarray(mask.grow(radius)) == 255, np.asarray(mask.shrink(radius)) == 255
    white = np.asarray(mask) == 255
    assert (soft[~near] == 0).all()
    assert (soft[deep] == 255).all()
    assert (out[white] == 255).all()
    assert (out[~near] == 0).all()
    assert (inside[~white] == 0).all()
    assert (inside[deep] == 255).all()


def test_feathering_falls_with_the_distance():
    """A straight edge becomes a ramp that falls from step to step and passes the half at the edge."""
    half = masks.boxes((40, 3), (0, 0, 20, 3))
    row = np.asarray(half.feather(6))[1].astype(int)
    steps = np.diff(row[12:28])
    assert (steps < 0)[2:-3].all()
    assert row[13] == 255
    assert row[26] == 0
    assert row[19] + row[20] == 255


@settings(max_examples=80, deadline=None)
@given(SOFT, st.sampled_from(["alpha", "white", "black", "openai", "sandbox"]))
def test_no_convention_loses_a_value(mask, convention):
    """There and back again through every polarity, as pixels and as a file, soft values included."""
    made = mask.to(convention)
    assert Mask(made, convention) == mask
    buffer = io.BytesIO()
    made.save(buffer, "PNG")
    assert Mask(buffer.getvalue(), convention) == mask
    assert Mask(mask.png) == mask == Mask(mask.image) == Mask(np.asarray(mask)) == pickle.loads(pickle.dumps(mask))


@pytest.mark.parametrize(
    ("convention", "mode", "edit", "leave"), [("alpha", "RGBA", 0, 255), ("white", "L", 255, 0), ("black", "L", 0, 255)]
)
def test_each_convention_says_it_its_way(convention, mode, edit, leave):
    """Transparent, white or black is where to edit."""
    made = masks.boxes((4, 2), (0, 0, 2, 2)).to(convention)
    assert made.mode == mode
    band = made.getchannel("A") if mode == "RGBA" else made
    assert [band.getpixel((x, 0)) for x in range(4)] == [edit, edit, leave, leave]


@settings(max_examples=60, deadline=None)
@given(SOFT, SIZES, MODES)
def test_fitting_gives_the_size_asked_for(mask, size, mode):
    """In every mode; hard masks stay hard; the own size changes nothing; all of it stays all of it where nothing is left free."""
    fitted = mask.fit(size, mode)
    assert fitted.size == size
    assert mask.fit(mask.size, mode) == mask == mask.fit(mask, mode)
    assert mask.hard().fit(size, mode).is_hard
    if mode in ("stretch", "cover"):
        assert Mask.full(mask).fit(size, mode) == Mask.full(size)


def test_what_the_ways_of_fitting_leave_free():
    """Contain and pad leave black around, evenly; cover and pad cut evenly; proportions are kept by all but stretch."""
    all_of_it = Mask.full((20, 10))
    assert all_of_it.fit((40, 40), "contain") == masks.boxes((40, 40), (0, 10, 40, 30))
    assert all_of_it.fit((40, 40), "pad") == masks.boxes((40, 40), (10, 15, 30, 25))
    assert all_of_it.fit((10, 30), "pad") == masks.boxes((10, 30), (0, 10, 10, 20))
    middle = masks.boxes((20, 10), (5, 0, 15, 10))
    assert middle.fit((30, 30), "cover") == Mask.full((30, 30))
    assert middle.fit((40, 10)) == masks.boxes((40, 10), (10, 0, 30, 10))
    with pytest.raises(InvalidJobError, match="stretch, contain, cover, pad"):
        middle.fit((40, 10), "crop")
    with pytest.raises(InvalidJobError, match="A size is"):
        middle.fit((0, 10))


def test_a_mask_is_a_value():
    """It does not change, not even by what it hands out; equal ones are one key; copies are itself."""
    mask = masks.boxes((8, 6), (1, 1, 4, 4))
    mask.image.paste(255, (0, 0, 8, 6))
    np.asarray(mask)[:] = 255
    mask.to("white").paste(255, (0, 0, 8, 6))
    source = mask.image
    made = Mask(source)
    source.paste(255, (0, 0, 8, 6))
    assert made == mask == masks.boxes((8, 6), (1, 1, 4, 4))
    assert {mask: 1}[made] == 1
    assert mask != masks.boxes((6, 8), (1, 1, 4, 4))
    assert mask != "mask"
    assert copy.copy(mask) is mask is copy.deepcopy(mask)
    for change in (lambda: setattr(mask, "size", (1, 1)), lambda: delattr(mask, "_image")):
        with pytest.raises(AttributeError, match="cannot be changed"):
            change()


def test_a_mask_is_an_array_for_numpy():
    """Shape, type and values; operators take arrays and pictures on either side; a sum of its own is left to NumPy."""
    mask = masks.boxes((4, 3), (0, 0, 2, 3))
    assert (mask.shape, mask.dtype, np.asarray(mask).sum()) == ((3, 4), np.uint8, 6 * 255)
    assert np.asarray(mask, dtype=float).dtype == float
    right = np.asarray(mask) == 0
    assert mask | right == right | mask == Mask.full((4, 3))
    assert mask & right == right & mask == Mask.full((4, 3), 0)
    assert right - mask == Mask(right)
    assert right ^ mask == mask ^ mask.image ^ Mask.full(mask)


def test_numbers_may_be_numpy_s():
    """Sizes, radii and levels that were computed are numbers, too."""
    mask = masks.boxes((np.int64(20), np.int32(10)), np.array([[2, 2, 9, 9]]))
    assert mask.grow(np.float32(2)) == mask.grow(2) == mask.grow(np.int64(2))
    assert mask.fit((np.int64(5), 5)).size == (5, 5)
    assert masks.luminance_range(mask.image, np.uint8(200)) == mask


def test_sizes_have_to_agree():
    """The error says both and how to fit."""
    with pytest.raises(InvalidJobError, match=r"4x3 and 3x4.*fit\(\(4, 3\)\)"):
        Mask.full((4, 3)) | Mask.full((3, 4))


def test_what_a_mask_says_of_itself():
    """Size, share, box, hardness."""
    mask = masks.boxes((10, 10), (2, 3, 7, 5))
    assert (mask.size, mask.share, mask.box, mask.is_hard) == ((10, 10), 0.1, (2, 3, 7, 5), True)
    assert Mask.full((3, 3), 0).box is None
    soft = mask.feather(2)
    assert not soft.is_hard
    assert soft.hard(1) == mask.grow(2)
    assert soft.hard(255) == mask.shrink(2)
    assert imgcell.Mask is Mask is masks.Mask


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda mask: mask.grow(-1), "from 0 on"),
        (lambda mask: mask.shrink(float("nan")), "from 0 on"),
        (lambda mask: mask.feather("3"), "from 0 on"),
        (lambda mask: mask.feather(3, "outside"), "both"),
        (lambda mask: mask.hard(0), "from 1 to 255"),
        (lambda mask: mask.to("green"), "alpha, white, black"),
        (lambda mask: mask.to(["alpha"]), "no polarity"),
        (lambda mask: Mask(mask, "inside"), "no polarity"),
        (lambda mask: Mask.full((3, 3), 256), "0 to 255"),
        (lambda mask: Mask.full((70_000, 2)), "A size is"),
        (lambda mask: Mask.full((30_000, 30_000)), "64 megapixels"),
        (lambda mask: mask | "nothing.png", "no file"),
        (lambda mask: Mask("https://example.org/m.png"), "Give the mask itself"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    """With a sentence that says what is allowed."""
    with pytest.raises(InvalidJobError, match=message):
        call(masks.boxes((8, 6), (1, 1, 4, 4)))


def test_what_reaches_over_a_tile_is_exact():
    """Distances are computed in tiles of 256 pixels; at their borders, and with radii larger than one, nothing is off."""
    random = np.random.default_rng(3)
    white = random.random((530, 300)) > 0.9999
    white[100:140, 200:290] = True
    rows, columns = np.nonzero(white)
    for radius in (3.6, 40, 257):
        grown = np.asarray(Mask(white).grow(radius)) == 255
        for y, x in zip(random.integers(0, 530, 400), random.integers(0, 300, 400), strict=True):
            assert grown[y, x] == (((rows - y) ** 2 + (columns - x) ** 2).min() <= radius**2)
