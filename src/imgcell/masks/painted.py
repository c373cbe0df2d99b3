"""Masks that a page painted, or that were saved: PNGs from outside, checked before they are believed."""

from __future__ import annotations

from imgcell.errors import ImageDecodeError, InvalidJobError
from imgcell.language import tr
from imgcell.masks.mask import Mask
from imgcell.masks.reading import check_size
from imgcell.pictures.formats import inspect, sniff

__all__ = ["painted", "size"]


def painted(data: bytes, wanted: tuple[int, int]) -> Mask:
    """Return the mask in a PNG: white where to edit, black or transparent elsewhere.

    Args:
        data: The PNG, in any mode.
        wanted: (width, height) that it must have.

    Raises:
        InvalidJobError: If it is no whole PNG, or of another size.
    """
    check_size(size(data), wanted)
    if sniff(data[:512]) != "PNG":
        raise InvalidJobError(tr("The mask is no PNG."))
    return Mask(data, "white")


def size(data: bytes) -> tuple[int, int]:
    """Return (width, height) of a mask's file.

    Raises:
        InvalidJobError: If it is no whole picture.
    """
    try:
        facts = inspect(data)
    except ImageDecodeError as error:
        raise InvalidJobError(tr("The mask is no whole picture: {reason}", reason=error.message)) from error
    return facts.width, facts.height
