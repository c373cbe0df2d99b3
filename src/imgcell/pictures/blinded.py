"""Pictures made alike in all but what they show, for people who must not know where they come from.

Pixels only: no metadata, no color profile, one format, one bit depth, and the same long side; what remains is the shape.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgcell.pictures.preview import Shown, shrink, small

if TYPE_CHECKING:
    from PIL import Image

    from imgcell.pictures.picture import Picture

__all__ = ["SIDE", "blinded", "sizes"]

#: Long side in pixels, at most: two such pictures are a few megabytes.
SIDE = 2048


def blinded(pictures: Sequence[Picture], side: int = SIDE) -> list[Shown]:
    """Return the pictures as PNG: upright, 8 bits a channel, sRGB, their long sides that of the smallest of them.

    Args:
        pictures: Those that are seen together.
        side: Long side in pixels, at most.

    Raises:
        ImageDecodeError: One of them is damaged.
        OSError: One of them cannot be read.
    """
    least = _least(pictures, side)
    made = [_plain(shrink(small(picture, least), least)) for picture in pictures]
    through = any(image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255) for image in made)
    shown = []
    for image in made:
        buffer = io.BytesIO()
        # The least compression: a tenth of the time, and nobody keeps these.
        image.convert("RGBA" if through else "RGB").save(buffer, "PNG", compress_level=1, icc_profile=None, exif=b"")
        shown.append(Shown(buffer.getvalue(), "image/png"))
    return shown


def sizes(pictures: Sequence[Picture], side: int = SIDE) -> list[tuple[int, int]]:
    """Return the width and height of each as :func:`blinded` makes them, in pixels; nothing is decoded."""
    least = _least(pictures, side)
    shapes = [(picture.facts.width, picture.facts.height) for picture in pictures]
    return [
        (max(1, round(width * least / max(width, height))), max(1, round(height * least / max(width, height)))) for width, height in shapes
    ]


def _least(pictures: Sequence[Picture], side: int) -> int:
    return min([side, *(max(picture.facts.width, picture.facts.height) for picture in pictures)])


def _plain(image: Image.Image) -> Image.Image:
    """Return the picture in sRGB with nothing beside its pixels."""
    from PIL import Image, ImageCms

    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "RGBA"):
        try:
            alpha = image.getchannel("A") if image.mode == "RGBA" else None
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(image.convert("RGB"), source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if turned is not None:
                if alpha is not None:
                    turned.putalpha(alpha)
                image = turned
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile that says nothing: the pixels are taken as they are, as browsers do
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    return bare
