"""Very small pictures for tables and trees, as data addresses."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING

from PIL import Image

from imgcell.errors import ImageDecodeError
from imgcell.pictures.preview import encode, small

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture

__all__ = ["as_address", "thumbnail"]

#: Bytes that one may take; two hundred of them still make a page that a notebook can hold.
_BUDGET = 9_000


def thumbnail(picture: Picture, side: int) -> str | None:
    """Return *picture* with a long side of at most *side* pixels as a ``data:`` address; ``None`` if it cannot be read."""
    try:
        return as_address(small(picture, side))
    except (ImageDecodeError, OSError):
        return None


def as_address(image: Image.Image) -> str:
    """Return a very small picture as a ``data:`` address."""
    shown = encode(image, _BUDGET, quality=82)
    return f"data:{shown.media_type};base64,{binascii.b2a_base64(shown.data, newline=False).decode('ascii')}"
