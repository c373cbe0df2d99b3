"""Masks to be looked at: over their picture, and in a cell."""

from __future__ import annotations

import binascii
import html
import io
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops, ImageFilter

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.masks.reading import pixels
from imgcell.pictures.preview import shrink
from imgcell.pictures.writing import flatten

if TYPE_CHECKING:
    from imgcell.masks.mask import Mask

__all__ = ["INK", "bundle", "describe", "overlay", "veiled"]

#: What is to be edited is laid over the picture in this color; how strongly; and how much its edge is stronger.
INK, _STRENGTH = (215, 38, 61), 0.5
#: Long side of what stands in a cell.
_SIDE = 320


def overlay(mask: Image.Image, picture: Any, side: int | None) -> Image.Image:
    """Do what :meth:`imgcell.Mask.preview` says."""
    ground = pixels(picture)
    if ground.size != mask.size:
        raise InvalidJobError(
            tr(
                "The mask is {width}x{height} and the picture {picture_width}x{picture_height}; they must be of the same size.",
                width=mask.width,
                height=mask.height,
                picture_width=ground.width,
                picture_height=ground.height,
            ),
            hint=tr("Fit it first: mask.fit(picture)."),
        )
    if side is not None:
        ground, mask = shrink(ground, side), shrink(mask, side)
    return veiled(flatten(ground).convert("RGB"), mask)


def veiled(ground: Image.Image, mask: Image.Image) -> Image.Image:
    """Return *ground* (RGB) under a red veil where *mask* (L, of the same size) is white, with a line around."""
    strength = mask.point([round(value * _STRENGTH) for value in range(256)])
    # A veil alone is hard to see on a red roof: the edge is drawn in full, on a light line.
    thick = 3 if max(mask.size) > 240 else 1
    hard = mask.point([0] * 128 + [255] * 128)
    edge = ImageChops.difference(hard, hard.filter(ImageFilter.MinFilter(2 * thick - 1 if thick > 1 else 3)))
    light = ImageChops.difference(hard.filter(ImageFilter.MaxFilter(3)), hard)
    made = ground.copy()
    made.paste(INK, (0, 0), strength)
    made.paste((255, 255, 255), (0, 0), light)
    made.paste(INK, (0, 0), edge)
    return made


def describe(mask: Mask) -> str:
    """Return a mask's size and share in words."""
    width, height = mask.size
    share = mask.share * 100
    # "0.0 %" of a mask that marks something, and "100.0 %" of one that leaves something, would be wrong.
    text = f"{min(max(share, 0.1), 99.9):.1f}" if 0 < share < 100 else f"{share:.0f}"
    said = tr("{width}x{height}, {share} % white", width=width, height=height, share=text)
    return said if mask.is_hard else tr("{mask}, soft", mask=said)


def bundle(mask: Mask) -> dict[str, str]:
    """Return the MIME bundle of a mask: a small picture of it with its size and share; and the words alone."""
    small = shrink(mask._image, _SIDE)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    data = binascii.b2a_base64(buffer.getvalue(), newline=False).decode("ascii")
    words = html.escape(describe(mask))
    markup = (
        f'<figure style="margin:4px 0;display:inline-block"><img alt="{html.escape(tr("mask"))}: {words}" width="{small.width}" '
        f'height="{small.height}" style="border:1px solid #8888;max-width:100%;height:auto" src="data:image/png;base64,{data}">'
        f'<figcaption style="font-size:0.85em;opacity:0.8">{words}</figcaption></figure>'
    )
    return {"text/html": markup, "image/png": data, "text/plain": repr(mask)}
