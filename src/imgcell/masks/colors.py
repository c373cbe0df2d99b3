"""A color as people give it."""

from __future__ import annotations

from typing import Any

from PIL import ImageColor

from imgcell.errors import InvalidJobError
from imgcell.language import tr

__all__ = ["rgb_of"]


def rgb_of(value: Any) -> tuple[int, int, int]:
    """Return (red, green, blue), each 0 to 255, of a color: such numbers themselves, or text as :mod:`PIL.ImageColor` reads it.

    Raises:
        InvalidJobError: It is none.
    """
    refusal = InvalidJobError(
        tr("This is no color: {value}", value=repr(value)[:60]), hint=tr('For example "#87ceeb", "skyblue" or (135, 206, 235).')
    )
    if isinstance(value, str):
        try:
            red, green, blue = ImageColor.getrgb(value)[:3]
        except ValueError:
            raise refusal from None
        return red, green, blue
    try:
        levels = tuple(int(level) for level in value)
    except (TypeError, ValueError):
        raise refusal from None
    if len(levels) not in (3, 4) or not all(0 <= level <= 255 for level in levels):
        raise refusal
    return levels[0], levels[1], levels[2]
