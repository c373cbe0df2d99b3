"""Masks: white or transparent means "edit here", and what is sent has exactly the first picture's size."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imgcell.errors import InvalidJobError
from imgcell.jobs import InputImage
from imgcell.masks import Mask, load_mask
from imgcell.pictures import MemorySource, Picture, load_image
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


def test_a_mask_is_sent_once_made(first, model):
    """A value, soft or hard: from 128 on is edited; the same value gives the same bytes; nothing of it is changed."""
    soft = Mask(white()).feather(3)
    sent = load_mask(soft, first, model)
    assert (alpha_of(sent) == EXPECTED).all()
    assert "128" in sent.notes[0]
    assert load_mask(soft, first, model).data is sent.data
    assert load_mask(soft.hard(), first, model).sha256 == load_mask(white(), first, model).sha256 == sent.sha256
    with pytest.raises(InvalidJobError, match="marks nothing"):
        load_mask(Mask.full(SIZE, 127), first, model)
    with pytest.raises(InvalidJobError, match=r"The mask is 30x40.*fit\(\(40, 30\)\)"):
        load_mask(Mask.full((30, 40)), first, model)


@pytest.mark.parametrize(("polarity", "inside"), [("white", 255), ("black", 0)])
def test_a_model_gets_the_polarity_of_its_table(first, make_picture, polarity, inside):
    """In mode L, white or black where to edit, whatever was given; what was sent reads back as what it was, from its bytes alone."""
    model = Model("other", mask_polarity=polarity)
    hole = Image.new("RGBA", SIZE, (9, 9, 9, 255))
    hole.paste((0, 0, 0, 0), BOX)
    for value in (white(), hole, Mask(hole), np.asarray(white()) == 255):
        sent = load_mask(value, first, model)
        image = Image.open(io.BytesIO(sent.data))
        assert (image.format, image.mode, image.size, sent.media_type) == ("PNG", "L", SIZE, "image/png")
        assert (np.asarray(image) == np.where(EXPECTED == 0, inside, 255 - inside)).all()
    assert Mask(sent.data) == Mask(white())
    # Run again: the mask of a record is the picture that was sent.
    again = Picture(MemorySource(sent.data), make_picture().record)
    assert load_mask(again, first, model).data == sent.data
    assert (alpha_of(load_mask(again, first, Model("alpha"))) == EXPECTED).all()
    # What it says of itself is not handed on to what is made from it.
    assert "imgcell-mask" not in Mask(sent.data).image.info


def test_a_name_is_no_path(first, model):
    """Who gives the name of a saved mask in Python is told where it is."""
    with pytest.raises(InvalidJobError, match=r"library\(\).masks\['天空'\]"):
        load_mask("天空", first, model)
    with pytest.raises(InvalidJobError) as caught:
        load_mask("sky.png", first, model)
    assert "masks[" not in str(caught.value)
