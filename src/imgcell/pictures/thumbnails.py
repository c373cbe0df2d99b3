"""Very small pictures for tables and trees, as data addresses."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

from PIL import Image

from imgcell.errors import ImageDecodeError
from imgcell.pictures.preview import encode, small
from imgcell.pictures.writing import flatten

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture

__all__ = ["mask_thumbnail", "thumbnail"]

#: Bytes that one may take; two hundred of them still make a page that a notebook can hold.
_BUDGET = 9_000
#: What is to be edited is laid over the picture in this colour, at this strength.
_INK, _STRENGTH = (215, 38, 61), 0.62


def thumbnail(picture: Picture, side: int) -> str | None:
    """Return *picture* with a long side of at most *side* pixels as a ``data:`` address; ``None`` if it cannot be read."""
    try:
        return _address(small(picture, side))
    except (ImageDecodeError, OSError):
        return None


def mask_thumbnail(mask: Picture, side: int, below: Picture | None = None) -> str | None:
    """Return a mask as a ``data:`` address: what is to be edited (transparent in *mask*) in red, over the picture *below*."""
    try:
        alpha = small(mask, side).convert("RGBA").getchannel("A")
        ground = flatten(small(below, side)).convert("L") if below is not None else Image.new("L", alpha.size, 205)
    except (ImageDecodeError, OSError):
        return None
    if ground.size != alpha.size:
        ground = ground.resize(alpha.size)
    edited = alpha.point([round(255 * _STRENGTH)] + [0] * 255)  # only what is fully transparent is edited
    ground = ground.convert("RGB")
    ground.paste(_INK, (0, 0), edited)
    return _address(ground)


def _address(image: Image.Image) -> str:
    shown = encode(image, _BUDGET, quality=82)
    return f"data:{shown.media_type};base64,{binascii.b2a_base64(shown.data, newline=False).decode('ascii')}"
