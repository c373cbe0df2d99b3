"""Pictures made on the fly, in every format, with records of their own."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFile

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
def photo():
    """A function that makes a picture with gradients and grain, as PIL image; the grain keeps PNGs large."""

    def make(width=64, height=48, *, alpha=False, seed=0, grain=8):
        random = np.random.default_rng(seed)
        y, x = np.mgrid[0:height, 0:width]
        bands = [128 + 90 * np.sin(x / width * 6 + seed + i) + 60 * np.cos(y / height * 5 * (i + 1)) for i in range(3)]
        pixels = np.stack(bands, -1) + random.normal(0, grain, (height, width, 3))
        image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
        if alpha:
            hole = Image.new("L", (width, height))
            ImageDraw.Draw(hole).ellipse((width * 0.15, height * 0.1, width * 0.85, height * 0.9), fill=255)
            image.putalpha(hole)
        return image

    return make


@pytest.fixture
def encode():
    """A function that encodes a PIL image: ``encode(image, "JPEG", quality=90)``."""

    def run(image, kind="PNG", **params):
        buffer = io.BytesIO()
        image.save(buffer, kind, **params)
        return buffer.getvalue()

    return run


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
