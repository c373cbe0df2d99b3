"""Writing picture files: a user's file is either the old one or the whole new one, never half."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image

__all__ = ["FORMAT_OF_SUFFIX", "SUFFIX_OF_FORMAT", "convert_to", "flatten", "upright", "write_bytes"]

FORMAT_OF_SUFFIX = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".webp": "WEBP"}
SUFFIX_OF_FORMAT = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}

#: Formats that store transparency; for every other one a picture is laid on white.
_WITH_ALPHA = {"PNG", "WEBP", "GIF", "TIFF", "AVIF", "ICO", "ICNS", "JPEG2000", "TGA", "DDS", "SGI"}

#: Formats that store more than 8 bits a channel; for every other one a deep picture is brought to 8 bits.
_DEEP = {"PNG", "TIFF", "JPEG2000", "PPM", "MSP", "IM", "SPIDER"}

#: Exif 2.32 section 4.6.4: what turns the stored pixels upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Return *image* with EXIF *orientation* (1 to 8) applied to its pixels."""
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def flatten(image: Image.Image, colour: tuple[int, int, int] = (255, 255, 255)) -> Image.Image:
    """Return *image* in RGB, laid on *colour* where it is transparent."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, colour)
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image.convert("RGB") if image.mode not in ("L", "RGB") else image


def convert_to(image: Image.Image, kind: str, orientation: int, params: dict[str, Any]) -> bytes:
    """Return *image*, turned upright, encoded as *kind* (Pillow's name) with Pillow's own *params*.

    Raises:
        OSError, ValueError: What Pillow raises when it cannot write the format.
    """
    turned = upright(image, orientation)
    if turned is image:
        # A plain image, so that Pillow's writers see nothing of the subclass (whose save() got us here).
        turned = image.copy()
    turned.info.pop("exif", None)
    if kind not in _WITH_ALPHA and turned.has_transparency_data:
        turned = _keep_profile(flatten(turned), turned)
    elif kind not in _DEEP and turned.mode.startswith(("I", "F")):
        turned = eight_bit(turned)
    if kind == "JPEG":
        params = {"quality": 95, **params}
    buffer = io.BytesIO()
    try:
        turned.save(buffer, kind, **params)
    except OSError:
        # Pillow's own message for "cannot write mode X as Y"; RGB always can.
        if turned.mode in ("RGB", "L"):
            raise
        buffer = io.BytesIO()
        _keep_profile(flatten(turned), turned).save(buffer, kind, **params)
    return buffer.getvalue()


def _keep_profile(image: Image.Image, source: Image.Image) -> Image.Image:
    if "icc_profile" in source.info and source.mode != "CMYK":
        image.info["icc_profile"] = source.info["icc_profile"]
    return image


def eight_bit(image: Image.Image) -> Image.Image:
    """Return a 16-bit, 32-bit or float picture in mode L.

    16-bit values are divided by 256; 32-bit and float ones are spread over their own range, except floats within
    0 to 1 (taken as black to white) and values within 0 to 255 (taken as they are).
    """
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    floats = image.convert("F")
    low, high = floats.getextrema()
    assert isinstance(low, (int, float))
    assert isinstance(high, (int, float))
    if image.mode == "I" and low >= 0 and high > 255 and high <= 65535:  # how Pillow < 11.3 opens 16-bit PNGs
        low, high = 0.0, 65535.0
    elif image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    scale = 255.0 / ((high - low) or 1.0)
    return floats.point(lambda value: value * scale + (-low * scale)).convert("L")


def write_bytes(path: Path, data: bytes) -> None:
    """Write *data* to *path* by way of a temporary file beside it.

    A link is followed, an existing file keeps its permissions, and what is not a plain file (``/dev/stdout``, a pipe)
    is written to directly, as is a file in a folder where nothing can be created.
    """
    target = Path(os.path.realpath(path))
    try:
        old = target.stat()
    except OSError:
        old = None
    if old is not None and not stat.S_ISREG(old.st_mode):
        target.write_bytes(data)
        return
    beside = target.with_name(f".{uuid4().hex[:12]}.part")
    try:
        file = beside.open("xb")
    except PermissionError:
        target.write_bytes(data)
        return
    try:
        with file:
            file.write(data)
        if old is not None:
            with contextlib.suppress(OSError):
                shutil.copymode(target, beside)
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
