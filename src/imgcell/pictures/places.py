"""Taking the place where a photograph was made out of its file, without touching a pixel.

A phone writes its position into every picture.  Whoever asks for "the same in watercolour" does not mean to tell a relay
where they live (RELIABILITY.md section 2).
"""

from __future__ import annotations

import struct

__all__ = ["without_exif"]


def without_exif(data: bytes, kind: str) -> bytes:
    """Return the file *data* without its Exif block (and, in a JPEG, without its XMP block, which repeats the place).

    Args:
        data: A whole file, as :func:`imgcell.pictures.inspect` has found it.
        kind: ``"PNG"``, ``"JPEG"`` or ``"WEBP"``.
    """
    return {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp}[kind](data)


def _jpeg(data: bytes) -> bytes:
    kept, offset = [data[:2]], 2
    while True:
        marker = data[offset + 1]
        if marker == 0xFF:
            offset += 1
            continue
        if marker == 0xDA:
            return b"".join([*kept, data[offset:]])
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            end = offset + 2
        else:
            end = offset + 2 + struct.unpack(">H", data[offset + 2 : offset + 4])[0]
        if not (marker == 0xE1 and data[offset + 4 : end].startswith((b"Exif\0\0", b"http://ns.adobe.com/x"))):
            kept.append(data[offset:end])
        offset = end


def _png(data: bytes) -> bytes:
    kept, offset = [data[:8]], 8
    while offset + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[offset : offset + 8])
        if name != b"eXIf":
            kept.append(data[offset : offset + 12 + length])
        offset += 12 + length
    return b"".join(kept)


def _webp(data: bytes) -> bytes:
    kept, offset = [], 12
    while offset + 8 <= len(data):
        name, length = struct.unpack("<4sI", data[offset : offset + 8])
        piece = data[offset : offset + 8 + length + (length & 1)]
        if name == b"VP8X":
            piece = piece[:8] + bytes([piece[8] & ~0x08]) + piece[9:]  # flag E: there is Exif (RFC 9649 section 2.7)
        if name != b"EXIF":
            kept.append(piece)
        offset += 8 + length + (length & 1)
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body
