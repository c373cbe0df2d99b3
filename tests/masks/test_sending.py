"""Masks: white or transparent means "edit here", and what is sent has exactly the first picture's size."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imgcell.errors import InvalidJobError
from imgcell.jobs import InputImage
from imgcell.masks import load_mask
from imgcell.pictures import load_image
from imgcell.providers.profile import Model

SIZE = (40, 30)
BOX = (5, 6, 20, 21)  # edited, right and lower side not included


@pytest.fixture
def first(photo, model):
    """The first picture, 40 x 30."""
    return load_image(photo(*SIZE), model)


def alpha_of(mask):
    """The alpha channel of what is sent, having checked that it is an RGBA PNG of the right size."""
    image = Image.open(io.BytesIO(mask.data if mask.data is not None else mask.path.read_bytes()))
    assert (image.format, image.mode, image.size, mask.media_type) == ("PNG", "RGBA", SIZE, "image/png")
    return np.asarray(image)[..., 3]


def white(mode="L"):
    """A mask that is white in the box."""
    mask = Image.new("L", SIZE, 0)
    mask.paste(255, BOX)
    return mask.convert(mode)


EXPECTED = np.where(np.asarray(white()) == 255, 0, 255)


@pytest.mark.parametrize(
    "value",
    [
        white("L"),
        white("1"),
        white("I"),
        white("F"),
        np.asarray(white()),
        np.asarray(white())[..., None],
        np.asarray(white()) == 255,
        np.asarray(white()) / 255.0,
        np.dstack([np.zeros((30, 40, 3), np.uint8), 255 - np.asarray(white())]),
    ],
    ids=["L", "1", "I", "F", "uint8", "HxWx1", "bool", "float", "RGBA array"],
)
def test_white_means_edit(first, model, value):
    """Exactly the white pixels (in RGBA arrays: the transparent ones) have alpha 0, all others 255."""
    mask = load_mask(value, first, model)
    assert (alpha_of(mask) == EXPECTED).all()
    assert mask.notes == ()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_means_edit(first, model, encode, mode):
    """With an alpha channel the hole is what is edited, from memory, bytes and palettes alike."""
    image = Image.new("RGBA", SIZE, (9, 9, 9, 255))
    ImageDraw.Draw(image).rectangle((BOX[0], BOX[1], BOX[2] - 1, BOX[3] - 1), fill=(9, 9, 9, 0))
    image = image.convert(mode) if mode != "P" else image.quantize(4)
    for value in (image, encode(image)):
        assert (alpha_of(load_mask(value, first, model)) == EXPECTED).all()


def test_a_ready_png_goes_out_as_it_is(first, model, encode, tmp_path):
    """An RGBA PNG of the right size is sent byte for byte, from its file."""
    path = tmp_path / "mask.png"
    path.write_bytes(encode(Image.new("RGBA", SIZE, (0, 0, 0, 0))))
    assert load_mask(path, first, model).path == path
    assert load_mask(path.read_bytes(), first, model).data == path.read_bytes()


def test_greys_are_decided_and_noted(first, model, encode):
    """A mask that went through JPEG has greys: 128 and more count as white, and a note says so."""
    mask = load_mask(encode(white(), "JPEG", quality=60), first, model)
    alpha = alpha_of(mask)
    assert set(np.unique(alpha)) == {0, 255}
    assert (alpha != EXPECTED).mean() < 0.02
    assert "128" in mask.notes[0]


def test_orientation_is_applied_to_masks_alike(model, encode, photo):
    """A picture and a mask with the same EXIF orientation still lie on each other."""
    exif = Image.Exif()
    exif[0x0112] = 6
    first = load_image(encode(photo(*SIZE), "JPEG", exif=exif), model)
    mask = load_mask(encode(white(), "PNG", exif=exif), first, model)
    turned = Image.open(io.BytesIO(mask.data))
    assert turned.size == (first.width, first.height) == (30, 40)
    assert (np.asarray(turned)[..., 3] == EXPECTED[::-1].T).all()


@pytest.mark.parametrize("value", [Image.new("L", (41, 30), 255), np.ones((40, 30), bool)])
def test_another_size(first, model, value):
    """The error names both sizes and how to resize."""
    with pytest.raises(InvalidJobError, match=r"The mask is (41x30|30x40) and the first picture is 40x30.*fit\(\(40, 30\)\)"):
        load_mask(value, first, model)


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "P"])
def test_colour_without_alpha(first, model, mode):
    """It does not say where to edit; the error says what to give."""
    with pytest.raises(InvalidJobError, match=r"no alpha channel.*convert\(\"L\"\)"):
        load_mask(white().convert("RGB").convert(mode), first, model)
    with pytest.raises(InvalidJobError, match="no alpha channel"):
        load_mask(np.zeros((30, 40, 3)), first, model)


@pytest.mark.parametrize("value", [Image.new("L", SIZE, 0), Image.new("RGBA", SIZE, "red"), np.zeros((30, 40), bool)])
def test_a_mask_that_marks_nothing(first, model, value):
    """Nobody pays for an edit of nothing."""
    with pytest.raises(InvalidJobError, match="marks nothing"):
        load_mask(value, first, model)


def test_a_mask_needs_pictures(first, model):
    """No address on either side, and no other thing than a picture."""
    with pytest.raises(InvalidJobError, match="Give the mask itself"):
        load_mask("https://example.org/mask.png", first, model)
    with pytest.raises(InvalidJobError, match="only an address"):
        load_mask(white(), InputImage(url="https://example.org/a.png"), model)
    with pytest.raises(InvalidJobError, match="not a picture but int"):
        load_mask(7, first, model)


def test_a_mask_above_the_limit(first):
    """Its size counts as that of a picture."""
    noise = np.random.default_rng(1).random((30, 40)) > 0.5
    with pytest.raises(InvalidJobError, match="the mask needs"):
        load_mask(noise, first, Model("tiny", max_image_bytes=100))


def test_a_picture_masks_itself(make_picture, model):
    """A Picture with a hole is both the picture and its own mask, by its original bytes."""
    image = Image.new("RGBA", SIZE, (1, 2, 3, 255))
    image.paste((0, 0, 0, 0), BOX)
    picture = make_picture(image)
    mask = load_mask(picture, load_image(picture, model), model)
    assert mask.data == picture.data
    assert mask.parent == picture.record.id
