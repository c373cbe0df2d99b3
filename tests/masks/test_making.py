"""Masks from shapes, from what a picture shows, from a segmenter, and from whatever else says where."""

from __future__ import annotations

import io
import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from imgcell import Mask, masks
from imgcell.errors import InvalidJobError

COORDINATES = st.integers(-10, 50)
#: Exactly: a center may lie on a side.
HALF = Fraction(1, 2)


def white(mask):
    """Where it is white, as an array of bool."""
    return np.asarray(mask) == 255


# -- shapes ------------------------------------------------------------------------------------------------------------


def test_boxes_are_as_pil_crops():
    """Right and bottom are not included; what sticks out is cut; several are one mask, listed or one by one."""
    expected = np.zeros((6, 8), bool)
    expected[1:3, 2:5] = True
    assert (white(masks.boxes((8, 6), (2, 1, 5, 3))) == expected).all()
    expected[4:, 6:] = True
    boxes = [(2, 1, 5, 3), (6, 4, 99, 99)]
    for mask in (masks.boxes((8, 6), *boxes), masks.boxes((8, 6), boxes), masks.boxes((8, 6), np.array(boxes))):
        assert (white(mask) == expected).all()
    assert masks.boxes((8, 6), 2, 1, 5, 3) == masks.boxes((8, 6), (2, 1, 5, 3))
    assert masks.boxes((8, 6)).share == masks.boxes((8, 6), (3, 3, 3, 5)).share == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=3, max_size=7))
def test_a_polygon_holds_the_centers_inside(points):
    """By the even-odd rule, counted here for every pixel center on its own."""
    mask = white(masks.polygon((40, 30), points))
    for y in range(0, 30, 3):
        for x in range(0, 40, 3):
            crossings = 0
            for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
                if (y0 <= y + HALF) != (y1 <= y + HALF):
                    crossings += x0 + (y + HALF - y0) * (x1 - x0) / (y1 - y0) <= x + HALF
            assert mask[y, x] == (crossings % 2 == 1)


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.floats(1, 39), st.floats(1, 29)))
def test_polygons_that_share_sides_tile_the_picture(point):
    """Four triangles around any point cover everything, no pixel twice."""
    corners = [(0, 0), (40, 0), (40, 30), (0, 30)]
    parts = [masks.polygon((40, 30), [a, b, point]) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
    assert (sum(white(part).astype(int) for part in parts) == 1).all()


def test_a_second_ring_is_a_hole():
    """A polygon minus one within it; arrays of points are taken as well."""
    outer, inner = [(1, 1), (9, 1), (9, 9), (1, 9)], [(3, 3), (6, 3), (6, 6), (3, 6)]
    assert masks.polygon((12, 10), outer, inner) == masks.boxes((12, 10), (1, 1, 9, 9)) - masks.boxes((12, 10), (3, 3, 6, 6))
    assert masks.polygon((12, 10), np.array(outer)) == masks.boxes((12, 10), (1, 1, 9, 9))


def test_an_ellipse_holds_the_centers_inside():
    """Its area is that of the ellipse, it is symmetric, and it stays in its box."""
    mask = masks.ellipse((200, 100), (20, 10, 180, 90))
    assert mask.share * 200 * 100 == pytest.approx(np.pi * 80 * 40, rel=0.005)
    assert mask.box == (20, 10, 180, 90)
    assert (white(mask) == white(mask)[::-1, ::-1]).all()
    assert masks.ellipse((10, 10), (-100, -100, 110, 110)) == Mask.full((10, 10))


def test_shapes_have_the_size_of_a_picture_as_it_is_displayed(make_picture, photo, turned):
    """The EXIF orientation counts: in Pictures, in files, in PIL images, in their bytes."""
    data = turned(photo(64, 48), 6, "JPEG")
    for like in (data, Image.open(io.BytesIO(data)), make_picture(photo(48, 64))):
        assert masks.boxes(like, (0, 0, 9, 9)).size == (48, 64)
    assert masks.full(photo(30, 20)) == Mask.full((30, 20)) == masks.full(np.zeros((20, 30, 3), np.uint8))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: masks.boxes((8, 8), (5, 0, 1, 3)), "A box is"),
        (lambda: masks.boxes((8, 8), (0, 0, float("inf"), 3)), "A box is"),
        (lambda: masks.boxes((8, 8), "abcd"), "A box is"),
        (lambda: masks.ellipse((8, 8), (0, 0, 0, 3)), "A box is"),
        (lambda: masks.polygon((8, 8)), "three points"),
        (lambda: masks.polygon((8, 8), [(1, 1), (2, 2)]), "three points"),
        (lambda: masks.polygon((8, 8), (1, 1), (2, 2), (3, 1)), "three points"),
        (lambda: masks.polygon((8, 8), [(1, 1), (2, 2), (3, "x")]), "A point is"),
        (lambda: masks.boxes((True, 8)), "A size is"),
        (lambda: masks.boxes("missing.png"), "no file"),
        (lambda: masks.full("http://example.org/a.png"), "not its address"),
    ],
)
def test_no_shape(call, message):
    """What is wrong is said with what is right."""
    with pytest.raises(InvalidJobError, match=message):
        call()


# -- what a picture shows ----------------------------------------------------------------------------------------------


def test_the_alpha_channel(photo):
    """Transparent is white, half transparent half; a picture without alpha says so."""
    image = photo(8, 4).convert("RGBA")
    image.paste((1, 2, 3, 0), (0, 0, 4, 4))
    image.putpixel((7, 3), (1, 2, 3, 100))
    mask = np.asarray(masks.alpha(image))
    assert (mask[:, :4] == 255).all()
    assert (mask[:3, 4:] == 0).all()
    assert mask[3, 7] == 155
    with pytest.raises(InvalidJobError, match="no alpha channel"):
        masks.alpha(photo())


def test_a_range_of_color():
    """Within the tolerance in each channel, both ends included; several colors are one mask; the transparent has no color."""
    image = Image.new("RGB", (5, 1))
    for x, color in enumerate([(100, 150, 200), (110, 140, 210), (111, 150, 200), (0, 0, 0), (255, 255, 255)]):
        image.putpixel((x, 0), color)
    assert white(masks.color_range(image, (100, 150, 200), tolerance=10))[0].tolist() == [True, True, False, False, False]
    assert white(masks.color_range(image, "#6496c8", "white", tolerance=0))[0].tolist() == [True, False, False, False, True]
    assert masks.color_range(image, "black", tolerance=255) == Mask.full((5, 1))
    clear = image.convert("RGBA")
    clear.putpixel((0, 0), (100, 150, 200, 0))
    assert masks.color_range(clear, (100, 150, 200), tolerance=255).share == 0.8


def test_a_range_of_brightness():
    """From low to high, both included, as PIL's gray."""
    image = Image.fromarray(np.arange(256, dtype=np.uint8)[None, :].repeat(2, 0))
    assert masks.luminance_range(image, 10, 19) == masks.boxes((256, 2), (10, 0, 20, 2))
    assert masks.luminance_range(image) == Mask.full((256, 2))
    assert masks.luminance_range(image.convert("RGB"), 200) == masks.boxes((256, 2), (200, 0, 256, 2))


def test_what_differs_between_two_pictures(photo, turned):
    """In any channel by more than the threshold; alpha counts, what is invisible in both does not; orientation is applied."""
    before = photo(40, 30)
    after = before.copy()
    assert masks.difference(before, after).share == 0
    for x in range(5):
        after.putpixel(
            (x, 0), tuple((value + (17 if x < 3 else 16)) % 256 if value < 230 else value - 30 for value in before.getpixel((x, 0)))
        )
    found = masks.difference(before, after)
    assert white(found)[0, :3].all()
    assert found.share == masks.difference(after, before).share
    assert masks.difference(before, after, threshold=255).share == 0
    clear, other = before.convert("RGBA"), after.convert("RGBA")
    for image in (clear, other):
        image.putalpha(0)
    assert masks.difference(clear, other, threshold=0).share == 0
    assert masks.difference(clear, before) == Mask.full((40, 30))
    upright = Image.open(io.BytesIO(turned(before, 3)))
    assert masks.difference(upright, before.rotate(180), threshold=0).share == 0
    with pytest.raises(InvalidJobError, match="40x30 and 30x40"):
        masks.difference(before, before.rotate(90, expand=True))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (masks.color_range, "A color is needed"),
        (lambda image: masks.color_range(image, "colour"), "This is no color"),
        (lambda image: masks.color_range(image, (1, 2)), "This is no color"),
        (lambda image: masks.color_range(image, (1, 2, 300)), "This is no color"),
        (lambda image: masks.color_range(image, "red", tolerance=-1), "from 0 to 255"),
        (lambda image: masks.luminance_range(image, 20, 10), "nothing is between"),
        (lambda image: masks.luminance_range(image, 0.5), "from 0 to 255"),
        (lambda image: masks.difference(image, image, threshold=True), "from 0 to 255"),
        (lambda image: masks.difference(image, "http://example.org/a.png"), "not its address"),
    ],
)
def test_no_range(photo, call, message):
    """What is wrong is said with what is right."""
    with pytest.raises(InvalidJobError, match=message):
        call(photo())


# -- a segmenter -------------------------------------------------------------------------------------------------------

LEFT = np.zeros((48, 64), bool)
LEFT[:, :32] = True


@pytest.mark.parametrize(
    "found",
    [
        LEFT,
        LEFT[None],
        LEFT[..., None],
        LEFT.astype(np.uint8),
        LEFT.astype(np.uint8) * 255,
        LEFT.astype(np.int64),
        LEFT.astype(np.float32),
        np.where(LEFT, 0.51, 0.49),
        LEFT.tolist(),
        LEFT[::2, ::2],
        LEFT[::4, ::4].astype(float),
        Image.fromarray(LEFT),
        Mask(LEFT),
    ],
    ids=["bool", "1HW", "HW1", "0/1", "0/255", "int64", "float32", "float64", "lists", "half size", "quarter, floats", "PIL", "Mask"],
)
def test_what_a_segmenter_may_return(photo, found):
    """Whatever its type and size, the mask has the picture's size and is hard."""
    assert masks.segment(lambda picture: found, photo()) == masks.boxes((64, 48), (0, 0, 32, 48))


def test_a_segmenter_sees_the_picture_upright(make_picture, photo, turned):
    """In RGB, and as its own copy; a map of numbers gives one kind of thing; soft stays soft if asked."""
    seen = []

    def segmenter(picture):
        seen.append((picture.mode, ImageOps.exif_transpose(picture).size))
        picture.paste((0, 0, 0), (0, 0, *picture.size))
        return np.arange(64).reshape(64, 1).repeat(48, 1)

    picture = make_picture(photo(alpha=True))
    masks.segment(lambda image: LEFT, picture)
    pixels = picture.tobytes()
    assert masks.segment(segmenter, turned(photo(), 6, "JPEG"), label=7) == masks.boxes((48, 64), (0, 7, 48, 8))
    assert seen == [("RGB", (48, 64))]
    assert picture.tobytes() == pixels
    soft = masks.segment(lambda image: np.full((48, 64), 0.25), picture, threshold=None)
    assert np.unique(soft).tolist() == [64]
    assert masks.segment(lambda image: np.full((48, 64), 0.25), picture, threshold=0.2) == Mask.full((64, 48))


class Tensor:
    """As one that lies on a graphics card."""

    shape = (48, 64)

    def __array__(self, dtype=None, copy=None):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (None, "returned nothing.*has to return"),
        (np.zeros((3, 48, 64), bool), r"shape \(3, 48, 64\).*masks\[0\]"),
        (np.zeros((0, 64)), "shape"),
        (np.full((48, 64), 3.0), "from 3 to 3.*logits"),
        (np.full((48, 64), np.nan), "floats from nan"),
        (np.arange(48 * 64).reshape(48, 64), "label=3071"),
        (np.array([["a"] * 64] * 48), "bool, floats and whole numbers"),
        (LEFT.T, "return array.T"),
        (np.zeros((48, 48), bool), "other proportions.*fit"),
        (Tensor(), r"cpu\(\)\.numpy\(\)"),
        ({"masks": 1}, "shape"),
    ],
)
def test_what_a_segmenter_may_not_return(photo, found, message):
    """Says what came and what to do."""
    with pytest.raises(InvalidJobError, match=message):
        masks.segment(lambda picture: found, photo())


def test_what_a_segmenter_raises_passes_through(photo):
    """It is the user's own function."""
    with pytest.raises(json.JSONDecodeError):
        masks.segment(lambda picture: json.loads("{"), photo())
    with pytest.raises(InvalidJobError, match="threshold"):
        masks.segment(lambda picture: LEFT, photo(), threshold=0)


# -- whatever else says where ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_once(photo, turned, orientation):
    """A mask with an EXIF orientation lies on a picture with the same one, whatever it is; reading it twice does not turn it twice."""
    stored = masks.polygon((64, 48), [(3, 5), (50, 8), (20, 44)]).image
    picture = photo()
    ImageDraw.Draw(picture).rectangle((0, 0, 63, 47), fill=(0, 0, 0))
    picture.paste((255, 0, 0), (0, 0), stored)
    mask = Mask(turned(stored, orientation))
    assert mask == masks.color_range(turned(picture, orientation), "red", tolerance=0)
    assert Mask(mask.image) == Mask(mask.png) == Mask(mask) == mask
    assert mask.size == ((48, 64) if orientation >= 5 else (64, 48))


def test_a_picture_in_color_needs_a_word(photo):
    """What it means is not guessed; told, it is read by its brightness."""
    with pytest.raises(InvalidJobError, match="does not say where"):
        Mask(photo())
    image = Image.new("RGB", (8, 4), "black")
    image.paste((255, 255, 255), (0, 0, 4, 4))
    assert Mask(image, "white") == masks.boxes((8, 4), (0, 0, 4, 4)) == ~Mask(image, "black")
    with pytest.raises(InvalidJobError, match='Mask\\(image, "white"\\)'):
        Mask(image, "alpha")


def test_nothing_painted_is_black():
    """A page's canvas: white strokes on transparent, read as white = edit."""
    canvas = Image.new("RGBA", (8, 4), (255, 255, 255, 0))
    canvas.paste((255, 255, 255, 255), (0, 0, 4, 4))
    assert Mask(canvas, "white") == masks.boxes((8, 4), (0, 0, 4, 4))
    assert Mask(canvas) == ~masks.boxes((8, 4), (0, 0, 4, 4))
