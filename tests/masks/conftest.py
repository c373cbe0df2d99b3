"""Masks, and pictures that they are for."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image

from imgcell.pictures import MemorySource, Picture, Record
from imgcell.providers.profile import Model


@pytest.fixture
def make_picture(photo, encode):
    """A function that makes a Picture: ``make_picture(image=None, kind="PNG", **save)``."""
    numbers = itertools.count(1)

    def make(image=None, kind="PNG", **params):
        source = MemorySource(encode(image if image is not None else photo(), kind, **params))
        name = f"p-{next(numbers):04d}"
        return Picture(source, Record(id=name, sha256=source.sha256, prompt="灯塔", provider="sandbox", model="m-1"))

    return make


@pytest.fixture
def turned(encode):
    """A function that encodes a picture with an EXIF orientation: ``turned(image, 6)``."""

    def run(image, orientation, kind="PNG"):
        exif = Image.Exif()
        exif[0x0112] = orientation
        return encode(image, kind, exif=exif)

    return run


@pytest.fixture
def model():
    """A model that takes everything."""
    return Model("any")
