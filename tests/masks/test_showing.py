"""Masks to be looked at: over a picture, in a cell, in a tree."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from imgcell import Mask, masks
from imgcell.errors import InvalidJobError
from imgcell.masks.showing import listing, mask_thumbnail
from imgcell.pictures import MemorySource, Picture


def test_a_preview_is_the_picture_under_a_veil(make_picture, photo):
    """Untouched where nothing is edited, red where something is; at most as large as asked; the picture itself stays."""
    picture = make_picture(photo(400, 300))
    mask = masks.boxes(picture, (100, 100, 200, 200))
    shown = mask.preview(picture)
    assert (shown.mode, shown.size) == ("RGB", (400, 300))
    before, after = np.asarray(picture).astype(int), np.asarray(shown).astype(int)
    outside = np.asarray(mask.grow(4)) == 0
    assert (before[outside] == after[outside]).all()
    deep = np.asarray(mask.shrink(8)) == 255
    assert np.allclose(after[deep], (before[deep] + np.array((215, 38, 61))) / 2, atol=2)
    assert mask.preview(picture, color="#00ff00").getpixel((150, 150))[1] > 127
    with pytest.raises(InvalidJobError, match="no color"):
        mask.preview(picture, color="colour")
    assert mask.preview(picture, side=100).size == (100, 75)
    assert mask.preview(picture, side=None).size == (400, 300)
    assert picture.tobytes() == photo(400, 300).tobytes()


def test_a_preview_takes_whatever_is_a_picture(photo, turned):
    """Gray, transparent, turned; of another size it is refused with how to fit."""
    mask = masks.boxes((48, 64), (0, 0, 20, 20))
    for picture in (photo(48, 64, alpha=True), photo(48, 64).convert("L"), np.zeros((64, 48), bool), turned(photo(64, 48), 6, "JPEG")):
        assert mask.preview(picture).size == (48, 64)
    with pytest.raises(InvalidJobError, match=r"48x64 and the picture 64x48.*fit\(picture\)"):
        mask.preview(photo(64, 48))


def test_a_mask_shows_itself_in_a_cell():
    """A small picture, its size and its share in words; the same as text."""
    mask = masks.boxes((2000, 1000), (0, 0, 500, 1000))
    shown = mask._repr_mimebundle_()
    assert set(shown) == {"text/html", "image/png", "text/plain"}
    small = Image.open(io.BytesIO(base64.b64decode(shown["image/png"])))
    assert small.size == (320, 160)
    assert small.getpixel((10, 10)) == 255
    assert small.getpixel((300, 10)) == 0
    assert "2000x1000, 25.0 % white" in shown["text/html"]
    assert repr(mask) == shown["text/plain"] == "<Mask 2000x1000, 25.0 % white>"
    assert len(shown["text/html"]) < 20_000


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (Mask.full((9, 9), 0), "0 % white"),
        (Mask.full((9, 9)), "100 % white"),
        (masks.boxes((200, 200), (0, 0, 1, 1)), "0.1 % white"),
        (~masks.boxes((200, 200), (0, 0, 1, 1)), "99.9 % white"),
        (masks.boxes((10, 10), (0, 0, 5, 10)).feather(3), "50.0 % white, soft"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_all(mask, words):
    """What marks a single pixel does not say 0, and what leaves one does not say 100."""
    assert repr(mask).endswith(f"{words}>")


def test_a_list_of_masks_is_escaped():
    """Names are text, whatever stands in them; without any there is no markup."""
    shown = listing([("<b>天空</b>", Mask.full((20, 10)))], "<1 masks>")
    assert "&lt;b&gt;天空&lt;/b&gt;" in shown["text/html"]
    assert "<b>天空" not in shown["text/html"]
    assert shown["text/plain"] == "<b>天空</b>  20x10, 100 % white"
    assert listing([], "<0 masks>") == {"text/plain": "<0 masks>"}


@pytest.mark.parametrize("polarity", ["alpha", "white", "black"])
def test_a_mask_as_sent_is_told_in_a_tree(make_picture, encode, first, polarity):
    """In each polarity, what was to be edited is red, over the picture or over gray; what says nothing shows nothing."""
    from imgcell.masks import load_mask
    from imgcell.providers.profile import Model

    sent = load_mask(masks.boxes((64, 48), (0, 0, 32, 48)), first, Model("any", mask_polarity=polarity))
    record = make_picture().record
    mask = Picture(MemorySource(sent.data), record)
    for below in (None, make_picture(Image.new("RGB", (64, 48), "white"))):
        address = mask_thumbnail(mask, 32, below)
        image = Image.open(io.BytesIO(base64.b64decode(re.sub("^data:[^,]*,", "", address)))).convert("RGB")
        assert image.size == (32, 24)
        (red, green, _), (other, same, _) = image.getpixel((5, 12)), image.getpixel((28, 12))
        assert red - green > 60
        assert abs(other - same) < 12
    assert mask_thumbnail(make_picture(Image.new("RGB", (8, 8))), 32) is None


@pytest.fixture
def first(photo, model):
    """A first picture of 64 x 48, as it is sent."""
    from imgcell.pictures import load_image

    return load_image(photo(), model)
