"""Pictures with known truths: flat ones, stripes, gradients with grain."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from imgcell.measures import shelf
from imgcell.pictures import MemorySource, Picture, Record


@pytest.fixture(autouse=True)
def nothing_remembered():
    """No test takes what another one measured."""
    shelf.forget()
    yield
    shelf.forget()


@pytest.fixture
def photo():
    """A function that makes a picture with gradients and grain, as an array of (height, width, 3) bytes."""

    def make(width=96, height=64, *, seed=0, grain=6.0):
        random = np.random.default_rng(seed)
        y, x = np.mgrid[0:height, 0:width]
        bands = [128 + 80 * np.sin(x / width * 6 + seed + i) + 60 * np.cos(y / height * 5 * (i + 1)) for i in range(3)]
        return (np.stack(bands, -1) + random.normal(0, grain, (height, width, 3))).clip(0, 255).astype(np.uint8)

    return make


@pytest.fixture
def make_picture():
    """A function that makes a Picture from an array or a PIL image: ``make_picture(pixels, kind="PNG", **record)``."""
    numbers = itertools.count(1)

    def make(pixels, kind="PNG", params=(), **values):
        image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
        buffer = io.BytesIO()
        image.save(buffer, kind, **dict(params))
        number = next(numbers)
        source = MemorySource(buffer.getvalue())
        facts = {"id": f"p-{number:04d}", "prompt": "a kite", "provider": "sandbox", "model": "m-1"}
        return Picture(source, Record(**{**facts, "sha256": source.sha256, "size": image.size, "format": kind, **values}))

    return make
