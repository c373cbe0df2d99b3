"""From whatever people have to a mask's pixels; the one place where a mask's EXIF orientation and mode are dealt with."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from PIL import Image, ImageChops

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.masks.polarity import MARK, POLARITIES, polarity_of
from imgcell.pictures.formats import MAX_PIXELS, MAX_SIDE
from imgcell.pictures.given import Given, address, take
from imgcell.pictures.preview import viewable
from imgcell.pictures.writing import eight_bit, upright

__all__ = ["check_size", "pixels", "read", "size_of", "taken", "values"]


def taken(value: object) -> Given:
    """Return *value* checked, without decoding it.

    Raises:
        InvalidJobError: If it is no picture; an address is none until somebody has fetched it.
    """
    if address(value) is not None:
        raise InvalidJobError(
            tr("A mask cannot be sent as an address."),
            hint=tr("Give the mask itself: a picture, a path or an array."),
        )
    return take(value)


def read(value: object, polarity: str | None = None) -> Image.Image:
    """Return *value* as a mask's pixels: mode L, upright, white where to edit.

    Args:
        value: A Mask (whose own pixels are returned: not to be drawn on), a Picture, a PIL image of any mode, bytes, a path, a
            data address, an array (bool, uint8, floats from 0 to 1); or what :func:`taken` has made of it.
        polarity: What its values mean (:data:`imgcell.masks.POLARITIES`, or a provider's name).  ``None`` goes by what it
            is: with an alpha channel transparent means edit; in modes L and 1 and in arrays of one channel white does.

    Raises:
        InvalidJobError: If it is no picture, or does not say where to edit.
    """
    held = _held(value)
    if held is not None and polarity is None:
        return held
    given = value if isinstance(value, Given) else taken(value)
    image = given.open()
    marked = values(image, polarity_of(polarity) if polarity is not None else image.info.get(MARK))
    return upright(marked, given.orientation)


def values(image: Image.Image, polarity: Any) -> Image.Image:
    """Return decoded pixels as a mask's, in mode L, white where to edit.

    Args:
        image: Of any mode.
        polarity: One of :data:`imgcell.masks.POLARITIES`; anything else (a file may say what it wants) goes by what it is.

    Raises:
        InvalidJobError: If it does not say where to edit.
    """
    if polarity not in POLARITIES:
        if image.has_transparency_data:
            polarity = "alpha"
        elif image.mode in ("1", "L") or image.mode.startswith(("I", "F")):
            polarity = "white"
        else:
            raise InvalidJobError(
                tr("The mask (mode {mode}) has no alpha channel, so it does not say where to edit.", mode=image.mode),
                hint=tr('Give mode L or 1 with white = edit here, mask.convert("L"), or a picture that is transparent there.'),
            )
    if polarity == "alpha":
        if not image.has_transparency_data:
            raise InvalidJobError(
                tr("The mask (mode {mode}) has no alpha channel, so it does not say where to edit.", mode=image.mode),
                hint=tr('Say what its values mean: Mask(image, "white") or Mask(image, "black").'),
            )
        return ImageChops.invert(viewable(image).convert("RGBA").getchannel("A"))
    gray = _gray(image)
    return gray if polarity == "white" else ImageChops.invert(gray)


def _gray(image: Image.Image) -> Image.Image:
    """Return a copy in mode L; where it is transparent nothing was painted, which is black."""
    if image.mode.startswith(("I", "F")):
        return eight_bit(image)
    if not image.has_transparency_data:
        return image.copy() if image.mode == "L" else image.convert("L")
    painted = viewable(image).convert("RGBA")
    gray = Image.new("L", image.size, 0)
    gray.paste(painted.convert("L"), (0, 0), painted.getchannel("A"))
    return gray


def pixels(value: object) -> Image.Image:
    """Return a picture to be looked at: upright, 8 bits a channel, in mode L, RGB or RGBA.

    Raises:
        InvalidJobError: If it is no picture, or only the address of one.
    """
    if address(value) is not None:
        raise InvalidJobError(tr("The picture itself is needed here, not its address."), hint=tr("Open it first, or give its path."))
    given = take(value)
    image = viewable(given.open())
    turned = upright(image, given.orientation)
    if turned is not image:
        turned.info = {}  # whoever looks for an orientation in it would apply it again
    return turned


def check_size(mask: tuple[int, int], picture: tuple[int, int]) -> None:
    """See that a mask is as large as its picture, both as (width, height).

    Raises:
        InvalidJobError: It is not.
    """
    if mask != picture:
        raise InvalidJobError(
            tr(
                "The mask is {width}x{height} and the picture {picture_width}x{picture_height}; they must be of the same size.",
                width=mask[0],
                height=mask[1],
                picture_width=picture[0],
                picture_height=picture[1],
            ),
            hint=tr("Fit it first: imgcell.Mask(mask).fit(picture)."),
        )


def size_of(value: Any) -> tuple[int, int]:
    """Return (width, height), in pixels, of a size, a mask, or a picture as it is displayed (EXIF orientation applied).

    A file is not decoded for it.

    Raises:
        InvalidJobError: If it is none of them, or larger than a picture may be.
    """
    if isinstance(value, (tuple, list)):
        if len(value) != 2 or not all(_is_side(side) for side in value):
            raise InvalidJobError(
                tr("A size is (width, height), each from 1 to {most}, not {value}.", most=MAX_SIDE, value=repr(value)[:80]),
                hint=tr("Or give the picture that the mask is for."),
            )
        width, height = int(value[0]), int(value[1])
        if width * height > MAX_PIXELS:
            raise InvalidJobError(tr("{width}x{height} is above the limit of 64 megapixels.", width=width, height=height))
        return width, height
    held = _held(value)
    if held is not None:
        return held.size
    if address(value) is not None:
        raise InvalidJobError(tr("The picture itself is needed here, not its address."), hint=tr("Open it first, or give its path."))
    given = take(value)
    if given.facts is not None:
        return given.facts.width, given.facts.height
    width, height = given.open().size
    return (height, width) if given.orientation >= 5 else (width, height)


def _held(value: Any) -> Image.Image | None:
    """Return the pixels of a :class:`imgcell.Mask`; ``None`` for whatever else."""
    from imgcell.masks.mask import Mask  # which is made by means of this module

    return value._image if isinstance(value, Mask) else None


def _is_side(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, Integral) and 0 < int(value) <= MAX_SIDE
