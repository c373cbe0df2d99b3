"""Masks as people paint them: mode L, white where to edit."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from imgcell.errors import ImageDecodeError, InvalidJobError
from imgcell.jobs import InputImage
from imgcell.language import tr
from imgcell.pictures.formats import inspect, sniff
from imgcell.pictures.inputs import load_mask
from imgcell.providers.profile import Model

__all__ = ["from_value", "png", "read", "sendable", "share", "size"]

#: Takes whatever a mask can be.
_ANY = Model("", max_image_bytes=1 << 62)


def read(data: bytes, wanted: tuple[int, int]) -> Image.Image:
    """Return the mask in a PNG that a page painted: white where to edit, black or transparent elsewhere.

    Args:
        data: The PNG, in any mode.
        wanted: (width, height) that it must have.

    Raises:
        InvalidJobError: If it is no whole PNG, or of another size.
    """
    width, height = size(data)
    if sniff(data[:512]) != "PNG" or (width, height) != wanted:
        raise InvalidJobError(
            tr(
                "The mask is {width}x{height} and the picture {picture_width}x{picture_height}; they must be of the same size.",
                width=width,
                height=height,
                picture_width=wanted[0],
                picture_height=wanted[1],
            )
        )
    try:
        opened: Image.Image
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            opened.load()
            if opened.mode == "L" and "transparency" not in opened.info:
                return opened.copy()
            painted = opened.convert("RGBA")
    except Exception as error:
        raise InvalidJobError(tr("The mask is no whole picture: {reason}", reason=str(error) or type(error).__name__)) from error
    mask = Image.new("L", wanted, 0)
    mask.paste(painted.convert("L"), (0, 0), painted.getchannel("A"))
    return mask


def from_value(value: Any, wanted: tuple[int, int]) -> Image.Image:
    """Return a mask of mode L from whatever :meth:`imgcell.Client.edit` takes as one.

    Raises:
        InvalidJobError: If it is none, is of another size than *wanted*, or marks nothing.
    """
    sent = load_mask(value, InputImage("image/png", width=wanted[0], height=wanted[1]), _ANY)
    data = sent.data if sent.data is not None else sent.path.read_bytes() if sent.path is not None else b""
    image: Image.Image
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        # What is sent is transparent where to edit.
        return image.convert("RGBA").getchannel("A").point([255] + [0] * 255)


def png(mask: Image.Image) -> bytes:
    """Return *mask* as a PNG."""
    buffer = io.BytesIO()
    mask.save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()


def sendable(mask: Image.Image) -> bytes:
    """Return *mask* as it goes out (:func:`imgcell.pictures.inputs.load_mask`); where it marks nothing, as it is.

    That it marks nothing is then said by whoever is asked to send it.
    """
    try:
        made = load_mask(mask, InputImage("image/png", width=mask.width, height=mask.height), _ANY)
    except InvalidJobError:
        return png(mask)
    return made.data or b""


def share(mask: Image.Image) -> float:
    """Return which part of the pixels of *mask* counts as white, 0 to 1."""
    counted = mask.histogram()
    return sum(counted[128:]) / max(1, sum(counted))


def size(data: bytes) -> tuple[int, int]:
    """Return (width, height) of a mask's PNG.

    Raises:
        InvalidJobError: If it is no whole picture.
    """
    try:
        facts = inspect(data)
    except ImageDecodeError as error:
        raise InvalidJobError(tr("The mask is no whole picture: {reason}", reason=error.message)) from error
    return facts.width, facts.height
