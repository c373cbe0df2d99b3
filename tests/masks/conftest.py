"""Masks, and pictures that they are for."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imgcell.pictures import MemorySource, Picture, Record
from imgcell.providers.profile import Model


@pytest.fixture
def photo():
    """A function that makes a picture with gradients and grain, as PIL image."""

    def make(width=64, height=48, *, alpha=False, seed=0):
        random = np.random.default_rng(seed)
        y, x = np.mgrid[0:height, 0:width]
        bands = [128 + 90 * np.sin(x / width * 6 + seed + i) + 60 * np.cos(y / height * 5 * (i + 1)) for i in range(3)]
        pixels = np.stack(bands, -1) + random.normal(0, 8, (height, width, 3))
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
