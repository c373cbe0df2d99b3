"""Masks to be looked at: over their picture, and in a cell."""

from __future__ import annotations

import binascii
import html
import io
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops, ImageFilter

from imgcell.errors import ImageDecodeError, InvalidJobError
from imgcell.language import tr
from imgcell.masks.colors import rgb_of
from imgcell.masks.polarity import MARK
from imgcell.masks.reading import check_size, pixels, values
from imgcell.pictures.preview import shrink
from imgcell.pictures.preview import small as shrunk
from imgcell.pictures.thumbnails import as_address
from imgcell.pictures.words import clean
from imgcell.pictures.writing import flatten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgcell.masks.mask import Mask
    from imgcell.pictures.picture import Picture

__all__ = ["INK", "bundle", "describe", "listing", "mask_thumbnail", "overlay", "veiled"]

#: What is to be edited is laid over the picture in this color; how strongly; and how much its edge is stronger.
INK, _STRENGTH = (215, 38, 61), 0.5
#: Long side of what stands in a cell.
_SIDE = 320


def overlay(mask: Image.Image, picture: Any, side: int | None, color: Any) -> Image.Image:
    """Do what :meth:`imgcell.Mask.preview` says."""
    ink = rgb_of(color)
    ground = pixels(picture)
    check_size(mask.size, ground.size)
    if side is not None:
        ground, mask = shrink(ground, side), shrink(mask, side)
    return veiled(flatten(ground).convert("RGB"), mask, ink)


def veiled(ground: Image.Image, mask: Image.Image, ink: tuple[int, int, int] = INK) -> Image.Image:
    """Return *ground* (RGB) under a veil of *ink* where *mask* (L, of the same size) is white, with a line around."""
    strength = mask.point([round(value * _STRENGTH) for value in range(256)])
    # A veil alone is hard to see on a red roof: the edge is drawn in full, on a light line.
    thick = 3 if max(mask.size) > 240 else 1
    hard = mask.point([0] * 128 + [255] * 128)
    edge = ImageChops.difference(hard, hard.filter(ImageFilter.MinFilter(2 * thick - 1 if thick > 1 else 3)))
    light = ImageChops.difference(hard.filter(ImageFilter.MaxFilter(3)), hard)
    made = ground.copy()
    made.paste(ink, (0, 0), strength)
    made.paste((255, 255, 255), (0, 0), light)
    made.paste(ink, (0, 0), edge)
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
    small, data = _small(mask, _SIDE)
    return {"text/html": _figure(small, data, describe(mask)), "image/png": data, "text/plain": repr(mask)}


def listing(named: Sequence[tuple[str, Mask]], text: str) -> dict[str, str]:
    """Return the MIME bundle of several masks with their names; *text* is for places without HTML."""
    if not named:
        return {"text/plain": text}
    figures = "".join(_figure(*_small(mask, _SIDE // 2), describe(mask), name) for name, mask in named)
    lines = "\n".join(f"{name}  {describe(mask)}" for name, mask in named)
    return {"text/html": f'<div style="display:flex;flex-wrap:wrap;gap:12px">{figures}</div>', "text/plain": lines}


def mask_thumbnail(mask: Picture, side: int, below: Picture | None = None) -> str | None:
    """Return a mask as it was sent, as a ``data:`` address: what was to be edited in red, over the picture *below*.

    ``None`` if it cannot be read, or does not say where to edit.
    """
    try:
        marked = values(shrunk(mask, side), mask.info.get(MARK))
        ground = flatten(shrunk(below, side)).convert("L") if below is not None else Image.new("L", marked.size, 205)
    except (ImageDecodeError, InvalidJobError, OSError):
        return None
    if ground.size != marked.size:
        ground = ground.resize(marked.size)
    return as_address(veiled(ground.convert("RGB"), marked))


def _small(mask: Mask, side: int) -> tuple[tuple[int, int], str]:
    """Return a mask as a small PNG: its size, and its bytes in base64."""
    small = shrink(mask._image, side)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return small.size, binascii.b2a_base64(buffer.getvalue(), newline=False).decode("ascii")


def _figure(size: tuple[int, int], data: str, words: str, name: str = "") -> str:
    title = f'<b style="overflow-wrap:anywhere">{html.escape(clean(name))}</b><br>' if name else ""
    alt = html.escape(f"{tr('mask')}: {clean(name) or words}")
    return (
        f'<figure style="margin:4px 0;max-width:{max(size[0], 120)}px"><img alt="{alt}" width="{size[0]}" height="{size[1]}" '
        f'style="border:1px solid #8888;max-width:100%;height:auto" src="data:image/png;base64,{data}">'
        f'<figcaption style="font-size:0.85em">{title}{html.escape(words)}</figcaption></figure>'
    )
