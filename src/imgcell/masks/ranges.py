"""Masks from what a picture shows: its alpha channel, a range of color or brightness, what differs from another one."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from PIL import Image, ImageChops

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.masks.colors import rgb_of
from imgcell.masks.mask import Mask
from imgcell.masks.reading import pixels

__all__ = ["alpha", "color_range", "difference", "luminance_range"]


def alpha(picture: Any) -> Mask:
    """Return a mask that is white where *picture* is transparent (what is half transparent is half white).

    Raises:
        InvalidJobError: It has no alpha channel.
    """
    return Mask(picture, "alpha")


def color_range(picture: Any, *colors: Any, tolerance: int = 24) -> Mask:
    """Return a mask that is white where *picture* is nearly of one of some colors.

    Args:
        picture: Any picture; where it is fully transparent it has no color.
        *colors: (red, green, blue), each 0 to 255, or text: ``"#87ceeb"``, ``"skyblue"``, ``"hsl(200, 60%, 70%)"``
            (:mod:`PIL.ImageColor`).
        tolerance: How far red, green and blue may each be off, 0 to 255, in sRGB; as the magic wand of picture editors counts.

    Raises:
        InvalidJobError: It is no picture, or something is no color.
    """
    off = _level(tolerance, tr("tolerance"))
    if not colors:
        raise InvalidJobError(tr("A color is needed."), hint=tr('For example "#87ceeb", "skyblue" or (135, 206, 235).'))
    wanted = [rgb_of(color) for color in colors]
    image = pixels(picture)
    bands = image.convert("RGB").split()
    found = Image.new("L", image.size, 0)
    for color in wanted:
        one: Image.Image | None = None
        for band, level in zip(bands, color, strict=True):
            near = band.point([255 if abs(value - level) <= off else 0 for value in range(256)])
            one = near if one is None else ImageChops.darker(one, near)
        assert one is not None
        found = ImageChops.lighter(found, one)
    return Mask._of(_seen(found, image))


def luminance_range(picture: Any, low: int = 0, high: int = 255) -> Mask:
    """Return a mask that is white where *picture*'s brightness is from *low* to *high*, both included.

    Args:
        picture: Any picture; where it is fully transparent it has no brightness.
        low: 0 (black) to 255 (white): luma of ITU-R BT.601, (299 R + 587 G + 114 B) / 1000, as PIL's mode L.
        high: Likewise.

    Raises:
        InvalidJobError: It is no picture, or these are no such numbers.
    """
    low, high = _level(low, "low"), _level(high, "high")
    if low > high:
        raise InvalidJobError(tr("low is {low} and high is {high}: nothing is between them.", low=low, high=high))
    image = pixels(picture)
    gray = image if image.mode == "L" else image.convert("RGB").convert("L")
    return Mask._of(_seen(gray.point([255 if low <= value <= high else 0 for value in range(256)]), image))


def difference(before: Any, after: Any, threshold: int = 16) -> Mask:
    """Return a mask that is white where two pictures differ.

    Args:
        before: Any picture.  Two fully transparent pixels do not differ.
        after: Another one of the same size, as displayed.
        threshold: By how much red, green, blue or alpha must differ, 0 to 255: more than that counts.

    Raises:
        InvalidJobError: One is no picture, or their sizes differ.
    """
    limit = _level(threshold, tr("threshold"))
    one, other = pixels(before), pixels(after)
    if one.size != other.size:
        raise InvalidJobError(
            tr(
                "The pictures are {width}x{height} and {other_width}x{other_height}; they must be of the same size.",
                width=one.width,
                height=one.height,
                other_width=other.width,
                other_height=other.height,
            ),
            hint=tr("Resize one of them first: picture.resize(({width}, {height})).", width=one.width, height=one.height),
        )
    clear = "RGBA" in (one.mode, other.mode)
    kind = "RGBA" if clear else "RGB"
    first, second = one.convert(kind), other.convert(kind)
    bands = ImageChops.difference(first, second).split()
    found = bands[0]
    for band in bands[1:]:
        found = ImageChops.lighter(found, band)
    if clear:
        seen = ImageChops.lighter(first.getchannel("A"), second.getchannel("A"))
        found = ImageChops.darker(found, seen.point([0] + [255] * 255))
    return Mask._of(found.point([0] * (limit + 1) + [255] * (255 - limit)))


def _seen(found: Image.Image, image: Image.Image) -> Image.Image:
    """Take away what is fully transparent."""
    if image.mode != "RGBA":
        return found
    return ImageChops.darker(found, image.getchannel("A").point([0] + [255] * 255))


def _level(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or not 0 <= int(value) <= 255:
        raise InvalidJobError(tr("{name} is a whole number from 0 to 255, not {value}.", name=name, value=repr(value)[:60]))
    return int(value)
