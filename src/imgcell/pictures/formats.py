"""What a picture file is, from its own bytes: format, size, orientation, and whether it is whole.

Nothing here decodes pixels.  A declared type is never believed, the magic bytes are; the pixel cap is taken from
the header before anything is allocated; and the structure is followed to its end, because Pillow's ``verify()``
calls 98 of 98 cut JPEGs whole and ``ImageFile.LOAD_TRUNCATED_IMAGES``, which any library in the kernel may set,
makes half a picture load silently (RELIABILITY.md section 2).

Documents: PNG, W3C Recommendation (third edition) sections 5 and 11; JPEG, ITU-T T.81 annex B; WebP container,
RFC 9649 section 2; Exif 2.32 section 4.6.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from imgcell.errors import ImageDecodeError
from imgcell.language import tr
from imgcell.pictures.source import Source

__all__ = ["MAX_PIXELS", "MAX_SIDE", "MEDIA_TYPES", "ImageFacts", "inspect", "kind_text", "sniff"]

#: Pixels that are decoded at most.  Pillow's own limit only warns up to 2 x 89 Mpx, and a user may have set it to None.
MAX_PIXELS = 64 * 1024 * 1024
#: ... and pixels a side.
MAX_SIDE = 32_768

MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}

_PNG_MODES = {
    (0, 1): "1",
    (0, 2): "L",
    (0, 4): "L",
    (0, 8): "L",
    (0, 16): "I;16",
    (2, 8): "RGB",
    (2, 16): "RGB",
    (3, 1): "P",
    (3, 2): "P",
    (3, 4): "P",
    (3, 8): "P",
    (4, 8): "LA",
    (4, 16): "RGBA",
    (6, 8): "RGBA",
    (6, 16): "RGBA",
}


@dataclass(frozen=True)
class ImageFacts:
    """What the header and the structure of a picture file say.

    Attributes:
        format: ``"PNG"``, ``"JPEG"`` or ``"WEBP"``.
        media_type: The IANA media type that goes with it.
        width, height: Pixels as displayed, that is with the EXIF orientation applied.
        mode: The mode in which Pillow opens it.
        orientation: EXIF orientation, 1 to 8; 1 if there is none.
        alpha: Whether the format stores transparency (which may still be opaque everywhere).
        animated: Whether there is more than one frame; only the first is ever shown.
        located: Whether its EXIF says where it was taken.
    """

    format: str
    media_type: str
    width: int
    height: int
    mode: str
    orientation: int = 1
    alpha: bool = False
    animated: bool = False
    located: bool = False

    @property
    def stored_size(self) -> tuple[int, int]:
        """(width, height) of the pixels as stored, before the EXIF orientation; this is Pillow's ``size``."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def sniff(head: bytes) -> str:
    """Return what the first bytes (512 are enough) say: a format's name, ``"text"``, or ``""`` if nobody knows.

    Names are ``PNG JPEG WEBP GIF TIFF BMP ICO AVIF HEIC JXL PSD SVG PDF PostScript HTML XML JSON text``.
    """
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "AVIF" if brand in (b"avif", b"avis") else "HEIC" if brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc") else "video"
    for magic, name in _OTHERS:
        if head.startswith(magic):
            return name
    return _text_kind(head)


_OTHERS = (
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"\xff\x0a", "JXL"),
    (b"\x00\x00\x00\x0cJXL ", "JXL"),
    (b"8BPS", "PSD"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
)


def kind_text(kind: str) -> str:
    """Return what :func:`sniff` found in words: the names of formats stay, the rest is in the user's language."""
    return {"": tr("unknown data"), "text": tr("text"), "video": tr("video")}.get(kind, kind)


def _text_kind(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    start = text[:256].lower()
    if start.startswith(b"<svg") or (start.startswith((b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in text.lower()):
        return "SVG"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "HTML"
    if start.startswith(b"<"):
        return "XML"
    if start.startswith((b"{", b"[")):
        return "JSON"
    # A cut inside a UTF-8 sequence at the end of the head is no reason to call a text binary.
    if head and b"\x00" not in head:
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as error:
            return "text" if error.start >= len(head) - 3 else ""
        return "text"
    return ""


class _Window:
    """Random access to the bytes of a picture, without reading a file whole."""

    def __init__(self, data: bytes | None, file: BinaryIO | None, size: int) -> None:
        self._data, self._file, self.size = data, file, size

    def at(self, offset: int, length: int) -> bytes:
        """Return exactly *length* bytes from *offset*; raises ImageDecodeError where the bytes end before that."""
        if offset + length > self.size:
            raise _truncated(self.size)
        if self._data is not None:
            return self._data[offset : offset + length]
        assert self._file is not None
        self._file.seek(offset)
        piece = self._file.read(length)
        if len(piece) < length:
            raise _truncated(offset + len(piece))
        return piece


@contextmanager
def _window(source: Source | bytes | Path) -> Iterator[_Window]:
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        yield _Window(data, None, len(data))
        return
    path = source if isinstance(source, Path) else source.path
    if path is None:
        assert not isinstance(source, Path)
        data = source.read()
        yield _Window(data, None, len(data))
        return
    with path.open("rb") as file:
        size = file.seek(0, 2)
        yield _Window(None, file, size)


def inspect(source: Source | bytes | Path) -> ImageFacts:
    """Return what *source* is, having followed its structure to the end without decoding it.

    A source with a path is read by seeking, a few bytes a chunk.

    Raises:
        ImageDecodeError: If it is not a whole PNG, JPEG or WebP within 64 Mpx and 32,768 pixels a side.
        OSError: If the file cannot be read.
    """
    with _window(source) as window:
        if window.size == 0:
            raise ImageDecodeError(tr("The picture is empty (0 bytes)."))
        kind = sniff(window.at(0, min(512, window.size)))
        reader = {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp}.get(kind)
        if reader is None:
            raise ImageDecodeError(
                tr(
                    "This is not a PNG, JPEG or WebP picture: it looks like {kind} ({size} bytes).",
                    kind=kind_text(kind),
                    size=window.size,
                )
            )
        return reader(window)


def _truncated(size: int) -> ImageDecodeError:
    return ImageDecodeError(tr("The picture is truncated: it ends after {size} bytes, in the middle.", size=size))


def _broken(kind: str, reason: str) -> ImageDecodeError:
    return ImageDecodeError(tr("The {format} is damaged: {reason}.", format=kind, reason=reason))


def check_pixels(width: int, height: int, kind: str) -> None:
    """Raise ImageDecodeError for a picture without pixels or with more than are decoded."""
    if width < 1 or height < 1:
        raise _broken(kind, f"{width}x{height}")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise ImageDecodeError(
            tr(
                "The picture is too large: {width}x{height} is {megapixels:.0f} megapixels; "
                "at most {limit:.0f} megapixels and {side} pixels a side are decoded.",
                width=width,
                height=height,
                megapixels=width * height / 1e6,
                limit=MAX_PIXELS / 1e6,
                side=MAX_SIDE,
            )
        )


def _facts(kind: str, width: int, height: int, mode: str, exif: tuple[int, bool], alpha: bool, animated: bool) -> ImageFacts:
    orientation, located = exif
    if orientation >= 5:
        width, height = height, width
    return ImageFacts(kind, MEDIA_TYPES[kind], width, height, mode, orientation, alpha, animated, located)


def _png(window: _Window) -> ImageFacts:
    length, name, width, height, depth, colour = struct.unpack(">I4sIIBB", window.at(8, 18))
    if name != b"IHDR" or length != 13:
        raise _broken("PNG", "IHDR")
    check_pixels(width, height, "PNG")
    mode = _PNG_MODES.get((colour, depth))
    if mode is None:
        raise _broken("PNG", f"colour type {colour}, bit depth {depth}")
    offset, exif, alpha, animated, pixels = 8, _NO_EXIF, colour in (4, 6), False, False
    while True:
        length, name = struct.unpack(">I4s", window.at(offset, 8))
        if offset + 12 + length > window.size:
            raise _truncated(window.size)
        if name == b"IEND":
            break
        if name == b"IDAT":
            pixels = pixels or length > 0
        elif name == b"tRNS":
            alpha = True
        elif name == b"acTL" and length >= 4:
            animated = struct.unpack(">I", window.at(offset + 8, 4))[0] > 1
        elif name == b"eXIf":
            exif = _exif(window.at(offset + 8, length))
        offset += 12 + length
    if not pixels:
        raise _broken("PNG", "no IDAT")
    return _facts("PNG", width, height, mode, exif, alpha, animated)


def _jpeg(window: _Window) -> ImageFacts:
    offset, exif = 2, _NO_EXIF
    frame: tuple[int, int, int] | None = None
    while True:
        lead, marker = window.at(offset, 2)
        if lead != 0xFF:
            raise _broken("JPEG", f"no marker at byte {offset}")
        if marker == 0xFF:  # fill byte
            offset += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # TEM, RSTn: no length
            offset += 2
            continue
        if marker == 0xD9:
            raise _broken("JPEG", "EOI before any scan")
        (length,) = struct.unpack(">H", window.at(offset + 2, 2))
        if length < 2:
            raise _broken("JPEG", f"segment of length {length}")
        if offset + 2 + length > window.size:
            raise _truncated(window.size)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            _, height, width, components = struct.unpack(">BHHB", window.at(offset + 4, 6))
            check_pixels(width, height, "JPEG")
            frame = (width, height, components)
        elif marker == 0xE1 and exif == _NO_EXIF and length > 8 and window.at(offset + 4, 6) == b"Exif\0\0":
            exif = _exif(window.at(offset + 10, length - 8))
        offset += 2 + length
        if marker == 0xDA:
            break
    if frame is None:
        raise _broken("JPEG", "no frame header")
    mode = {1: "L", 3: "RGB", 4: "CMYK"}.get(frame[2])
    if mode is None:
        raise _broken("JPEG", f"{frame[2]} components")
    # In entropy-coded data FF is always stuffed, so an FFD9 behind the first scan's header is the end; the last
    # bytes nearly always are, but cameras append things.
    end, block = window.size, 65_536
    while end > offset:
        start = max(offset, end - block)
        if b"\xff\xd9" in window.at(start, end - start):
            return _facts("JPEG", frame[0], frame[1], mode, exif, False, False)
        end = start + 1 if start > offset else start
    raise _truncated(window.size)


def _webp(window: _Window) -> ImageFacts:
    (declared,) = struct.unpack("<I", window.at(4, 4))
    end = 8 + declared
    if end > window.size:
        raise _truncated(window.size)
    offset, exif, alpha, animated, pixels = 12, _NO_EXIF, False, False, False
    canvas: tuple[int, int] | None = None
    while offset + 8 <= end:
        name, length = struct.unpack("<4sI", window.at(offset, 8))
        body = offset + 8
        if body + length > end:
            raise _truncated(window.size)
        if name == b"VP8X":
            flags, wide, high = struct.unpack("<B3x3s3s", window.at(body, 10))
            alpha, animated = bool(flags & 0x10), bool(flags & 0x02)
            canvas = (int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1)
            check_pixels(*canvas, "WebP")
        elif name == b"VP8 ":
            head = window.at(body, 10)
            if head[3:6] != b"\x9d\x01\x2a":
                raise _broken("WebP", "VP8 start code")
            size = struct.unpack("<HH", head[6:10])
            canvas = canvas or (size[0] & 0x3FFF, size[1] & 0x3FFF)
            pixels = True
        elif name == b"VP8L":
            magic, bits = struct.unpack("<BI", window.at(body, 5))
            if magic != 0x2F:
                raise _broken("WebP", "VP8L signature")
            if canvas is None:
                canvas, alpha = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1), bool(bits >> 28 & 1)
            pixels = True
        elif name == b"ANMF":
            pixels = True
        elif name == b"EXIF":
            exif = _exif(window.at(body, length))
        offset = body + length + (length & 1)
    if canvas is None or not pixels:
        raise _broken("WebP", "no image data")
    check_pixels(*canvas, "WebP")
    return _facts("WEBP", canvas[0], canvas[1], "RGBA" if alpha else "RGB", exif, alpha, animated)


#: Orientation and whether a place is named, where there is no Exif.
_NO_EXIF = (1, False)


def _exif(exif: bytes) -> tuple[int, bool]:
    """Read tags 0x0112 (orientation) and 0x8825 (GPS) of the first directory of an Exif block; anything odd in it ends it."""
    exif = exif.removeprefix(b"Exif\0\0")
    orientation, located = _NO_EXIF
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return _NO_EXIF
    (start,) = struct.unpack(order + "I", exif[4:8])
    if start + 2 > len(exif):
        return _NO_EXIF
    (count,) = struct.unpack(order + "H", exif[start : start + 2])
    for index in range(count):
        entry = exif[start + 2 + 12 * index : start + 14 + 12 * index]
        if len(entry) < 12:
            break
        tag, kind = struct.unpack(order + "HH", entry[:4])
        if tag == 0x8825:
            located = True
        elif tag == 0x0112:
            value = struct.unpack(order + ("H" if kind == 3 else "I"), entry[8 : 10 if kind == 3 else 12])[0]
            orientation = int(value) if 1 <= value <= 8 else 1
    return orientation, located
