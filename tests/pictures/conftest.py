"""Pictures made on the fly, in every format, with records of their own."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image, ImageFile

from imgcell.pictures import MemorySource, Picture, Record
from imgcell.providers.prices import Cost
from imgcell.providers.profile import Model


@pytest.fixture(autouse=True)
def pillow_globals():
    """Pillow's global switches are as they were, whatever a test did to them."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
    yield
    ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = before


@pytest.fixture
def make_record():
    """A function that makes records with ids of their own."""
    numbers = itertools.count(1)

    def make(prompt="横版 16:9 黄昏海边的老灯塔", **values):
        number = next(numbers)
        facts = {"id": f"p-{number:04d}", "sha256": f"{number:064x}", "provider": "sandbox", "model": "m-1", "seconds": 1.5}
        return Record(**{**facts, "cost": Cost(0.04, "USD", "estimated"), "prompt": prompt, **values})

    return make


@pytest.fixture
def make_picture(photo, encode, make_record):
    """A function that makes a Picture: ``make_picture(image=None, kind="PNG", prompt=…)``."""

    def make(image=None, kind="PNG", params=(), **values):
        source = MemorySource(encode(image if image is not None else photo(), kind, **dict(params)))
        return Picture(source, make_record(**values))

    return make


@pytest.fixture
def model():
    """A model that takes the three formats up to 50 MB and no addresses."""
    return Model("m-1")
