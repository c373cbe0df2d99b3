"""Pictures and sweeps to compare, made without a provider."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

from imgcell.errors import ModerationError
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.source import MemorySource
from imgcell.providers.prices import Cost


@pytest.fixture
def painted():
    """Makes a Picture of one color with a square in it; further words are its record's."""

    def make(color="teal", size=(64, 48), kind="PNG", mode="RGB", **record):
        image = Image.new(mode, size, color)
        if mode == "RGB":
            ImageDraw.Draw(image).rectangle((4, 4, 20, 20), fill="white")
        buffer = io.BytesIO()
        image.save(buffer, kind)
        source = MemorySource(buffer.getvalue())
        known = {"id": f"p-{source.sha256[:12]}", "prompt": "a lighthouse", "provider": "sandbox", "model": "m", "size": size}
        known |= {"cost": Cost(0.04, "USD", "billed"), "seconds": 3.5, "bytes": source.size}
        return Picture(source, Record(sha256=source.sha256, **{**known, **record}))

    return make


@pytest.fixture
def swept(painted):
    """A sheet of two models by three qualities: one refused, one not there."""
    axes = {"model": ["a", "b"], "quality": ["low", "medium", "high"]}
    sheet = Sheet(running=True, axes=axes, expected=6)
    for place, color in enumerate(("red", "green", "blue", "teal")):
        sheet._add(painted(color, seconds=float(9 - place), prompt="海边的灯塔"), place)
    sheet._fail(ModerationError("安全系统拒绝了这个提示词。", hint="Change the prompt."), 4)
    sheet._finish()
    return sheet
