"""The small version of a picture that a cell's output embeds, so that sixty results leave a notebook under 15 MB."""

from __future__ import annotations

import binascii
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from imgcell.options import options
from imgcell.pictures.writing import eight_bit, flatten, upright

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture

__all__ = ["BUDGET", "LONG_SIDE", "Shown", "bundle", "encode", "preview", "small"]

#: Long side in pixels of what is embedded.
LONG_SIDE = 1024
#: Bytes of one embedded preview; base64 makes four of three, and 60 x 4/3 x 180,000 is 14.4 MB.
BUDGET = 180_000


@dataclass(frozen=True)
class Shown:
    """An encoded picture as an output embeds it."""

    data: bytes
    media_type: str


def bundle(shown: Shown, text: str) -> dict[str, str]:
    """Return the MIME bundle of *shown*: one image type, and *text* for places without pictures."""
    return {shown.media_type: binascii.b2a_base64(shown.data, newline=False).decode("ascii"), "text/plain": text}


def preview(picture: Picture) -> Shown:
    """Return what a cell's output embeds of *picture*, made once and kept with it.

    The original itself if it is a PNG or JPEG within the long side and the budget; else at most 1024 pixels a side, upright, as JPEG
    of quality 90 (less where the budget asks for it), or as PNG where there is real transparency: an alpha channel
    that is 255 everywhere is none.  With ``options.embed == "original"``: the original bytes, or for a WebP
    its pixels in full size.

    Raises:
        ImageDecodeError: If the picture is damaged.
    """
    whole = options.embed == "original"
    kept: tuple[bool, Shown] | None = picture._preview
    if kept is not None and kept[0] == whole and not picture.edited:
        return kept[1]
    shown = _make(picture, whole)
    if not picture.edited:
        picture._preview = (whole, shown)
    return shown


def _make(picture: Picture, whole: bool) -> Shown:
    facts = picture.facts
    if facts.format != "WEBP" and not picture.edited:
        fits = max(facts.width, facts.height) <= LONG_SIDE and picture.source.size <= BUDGET and facts.mode != "CMYK"
        if whole or fits:
            return Shown(picture.data, facts.media_type)
    if whole:
        return encode(upright(plain(picture), facts.orientation), budget=None)
    share = min(1.0, LONG_SIDE / max(facts.width, facts.height)) ** 2
    return encode(small(picture, LONG_SIDE), budget=BUDGET, as_png=int(picture.source.size * share) if facts.format == "PNG" else None)


def plain(picture: Picture, side: int | None = None) -> Image.Image:
    """Return the decoded pixels of *picture* without keeping them in it, unless they are there already.

    Showing five hundred results must not leave five hundred decoded pictures in memory.  Where only *side* pixels are
    needed, a JPEG is decoded at a fraction of its size (libjpeg's scaling), to twice that or more.
    """
    if picture.loaded:
        return picture
    opened: Image.Image
    with picture._open() as opened:  # an animated file would stay open
        if side is not None:
            opened.draft(None, (min(side * 2, opened.width), min(side * 2, opened.height)))
        try:
            opened.load()
        except Exception as error:
            raise picture._undecodable(error) from error
        return opened


def small(picture: Picture, side: int) -> Image.Image:
    """Return *picture* upright, 8 bits a channel (L, RGB or RGBA), its long side at most *side* pixels.

    Decoded once and first reduced by a whole factor, which takes a tenth of a fine filter's time on the full picture
    (PERFORMANCE.md section 6).
    """
    return shrink(upright(viewable(plain(picture, side)), picture.facts.orientation), side)


def viewable(image: Image.Image) -> Image.Image:
    """Return *image* in L, RGB or RGBA with 8 bits a channel."""
    if image.mode in ("L", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        return eight_bit(image)
    if image.mode == "La":  # premultiplied: Pillow converts it to nothing but LA
        image = image.convert("LA")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def shrink(image: Image.Image, side: int) -> Image.Image:
    """Return *image* with a long side of at most *side* pixels."""
    long = max(image.size)
    if long <= side:
        return image
    size = (max(1, round(image.width * side / long)), max(1, round(image.height * side / long)))
    factor = long // side
    if factor > 1:
        image = image.reduce(factor)
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


def encode(image: Image.Image, budget: int | None, quality: int = 90, as_png: int | None = None) -> Shown:
    """Return *image* as JPEG, or as PNG if it has real transparency, in at most *budget* bytes as far as possible.

    *as_png* is about what it would take as a PNG, if that is known: it says where to start.
    """
    image = viewable(image)
    if image.mode == "RGBA":
        if image.getchannel("A").getextrema() != (255, 255):
            return _png(image, budget, as_png)
        image = image.convert("RGB")
    return _jpeg(flatten(image), budget, quality)


def _jpeg(image: Image.Image, budget: int | None, quality: int) -> Shown:
    data = _save(image, "JPEG", quality=quality)
    side = max(image.size)
    while budget is not None and len(data) > budget and quality > 40:
        # Size falls with quality by about this curve for photographs; one guess is usually enough.
        ratio = budget / len(data)
        quality = min(quality - 6, 80 if ratio > 0.62 else 70 if ratio > 0.48 else 60 if ratio > 0.4 else 50)
        if quality < 60 and side > 640:
            side, quality = side * 3 // 4, 80
            image = shrink(image, side)
        data = _save(image, "JPEG", quality=quality)
    return Shown(data, "image/jpeg")


def _png(image: Image.Image, budget: int | None, as_png: int | None) -> Shown:
    if budget is None:
        return Shown(_save(image, "PNG"), "image/png")
    # A cut-out with a photograph's grain is ten times its JPEG's size.  Fewer pixels with 64 levels a channel look
    # right in a small picture; a palette of 256 colours with alpha does not (visible steps, wrong hues).
    side = max(image.size)
    dense = as_png is None or as_png > 3 * budget
    if dense and side > 384:
        # Measured on photographs: a third of the original's bytes a pixel are left with 64 levels and less grain.
        fits = 768 if as_png is None else int(side * (budget / (0.34 * as_png)) ** 0.5)
        side = max(384, min(side, 768, fits))
        image = shrink(image, side)
    while True:
        data = _save(image.point(_SIX_BITS) if dense else image, "PNG", compress_level=4)
        if len(data) <= budget or side <= 256:
            return Shown(data, "image/png")
        dense = True
        side = max(256, int(side * max(0.5, min(0.9, 0.97 * (budget / len(data)) ** 0.5))))
        image = shrink(image, side)


#: Keeps the upper six bits of red, green and blue, and alpha as it is.
_SIX_BITS = [round((value >> 2) * 255 / 63) for value in range(256)] * 3 + list(range(256))


def _save(image: Image.Image, kind: str, **params: int) -> bytes:
    buffer = io.BytesIO()
    profile = image.info.get("icc_profile")
    keep = {"icc_profile": profile} if profile and len(profile) < 4096 and image.mode in ("RGB", "RGBA", "P") else {"icc_profile": None}
    image.save(buffer, kind, **keep, **params)
    return buffer.getvalue()
