"""A text put into a copy of a PNG, JPEG or WebP, byte by byte: pixels and everything else in the file stay as they are.

- PNG: an ``iTXt`` chunk with the keyword ``imgcell-recipe``, before ``IEND`` (W3C PNG, third edition, section 11.3.3.4).
- JPEG: the property ``recipe`` in an XMP packet in an ``APP1`` segment (XMP part 3, section 1.1.3).
- WebP: the same packet in an ``XMP`` chunk, for which the file gets a ``VP8X`` header (RFC 9649 section 2.7).

An XMP packet that is there already keeps all it says; ours is added to it.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr

__all__ = ["embed", "extract", "versions"]

KEYWORD = "imgcell-recipe"
NAMESPACE = "urn:imgcell:xmp#"

#: Bytes of text that go into a file at most, by its kind.  PNG: libpng drops chunks above 8 MB (and Pillow refuses
#: *compressed* text above 1 MB).  JPEG: a segment holds 65,533 bytes, of which 29 are the identifier.  WebP: no limit
#: near; the same as for PNG.
_ROOM = {"PNG": 7_900_000, "JPEG": 65_533 - 29, "WEBP": 7_900_000}

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OURS = re.compile(rb'<rdf:Description xmlns:rdf="[^"]*" rdf:about="" xmlns:imgcell="urn:imgcell:xmp#">.*?</rdf:Description>', re.DOTALL)
_END = re.compile(rb"</[A-Za-z][\w.-]*:RDF\s*>")


def embed(data: bytes, kind: str, texts: Iterable[str]) -> bytes:
    """Return a copy of *data* that holds the first of *texts* for which the format has room.

    Args:
        data: A whole file, as :func:`imgcell.pictures.inspect` has found it.
        kind: ``"PNG"``, ``"JPEG"`` or ``"WEBP"``.
        texts: JSON, the fullest first.

    Raises:
        InvalidJobError: If none of them fits.
    """
    for text in texts:
        made = {"PNG": _into_png, "JPEG": _into_jpeg, "WEBP": _into_webp}[kind](data, text)
        if made is not None:
            return made
    raise InvalidJobError(
        tr("The recipe is too long for a {format} file.", format=kind),
        hint=tr("Save the picture without it, and the recipe beside it: json.dump(picture.recipe(), file)."),
    )


def extract(data: bytes, kind: str) -> str | None:
    """Return the text that :func:`embed` put into *data*, or ``None`` if there is none.

    Args:
        data: A whole file, as :func:`imgcell.pictures.inspect` has found it.
        kind: ``"PNG"``, ``"JPEG"`` or ``"WEBP"``.
    """
    if kind == "PNG":
        return next(filter(None, (_itxt(data[at + 8 : end - 4]) for at, end, name in _chunks(data) if name == b"iTXt")), None)
    if kind == "JPEG":
        packets = [data[at + 4 + len(_XMP) : end] for at, end, marker in _segments(data) if _is_xmp(data, at, marker)]
    else:
        packets = [data[at + 8 : end] for at, end, name in _riff(data) if name == b"XMP "]
    return next(filter(None, map(_said, packets)), None)


def versions(recipe: Mapping[str, Any]) -> Iterator[str]:
    """Yield *recipe* as JSON: whole, then without the bytes of its files."""
    yield json.dumps(recipe, ensure_ascii=False, separators=(",", ":"))
    files = recipe.get("files")
    if files:
        lighter = {
            name: {**{key: value for key, value in file.items() if key != "base64"}, "left_out": True} for name, file in files.items()
        }
        yield json.dumps({**recipe, "files": lighter}, ensure_ascii=False, separators=(",", ":"))


# -- PNG ------------------------------------------------------------------------------------------------------------


def _chunks(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        yield at, at + 12 + length, name
        if name == b"IEND":
            return
        at += 12 + length


def _into_png(data: bytes, text: str) -> bytes | None:
    said = text.encode("utf-8", "replace")
    if len(said) > _ROOM["PNG"]:
        return None
    body = b"iTXt" + KEYWORD.encode() + b"\0\0\0\0\0" + said  # not compressed, no language, no translated keyword
    ours = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    kept = [data[:8]]
    for at, end, name in _chunks(data):
        if name == b"IEND":
            return b"".join([*kept, ours, data[at:]])
        if not (name == b"iTXt" and data[at + 8 :].startswith(KEYWORD.encode() + b"\0")):
            kept.append(data[at:end])
    return None  # no end: inspect() would have refused it


def _itxt(body: bytes) -> str | None:
    if not body.startswith(KEYWORD.encode() + b"\0") or len(body) < len(KEYWORD) + 5 or body[len(KEYWORD) + 1] != 0:
        return None
    parts = body[len(KEYWORD) + 3 :].split(b"\0", 2)
    return parts[2].decode("utf-8", "replace") if len(parts) == 3 else None


# -- JPEG -----------------------------------------------------------------------------------------------------------


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, marker) of what stands before the first scan."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:
            return
        end = at + 2 if marker == 0x01 or 0xD0 <= marker <= 0xD9 else at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        yield at, end, marker
        at = end


def _is_xmp(data: bytes, at: int, marker: int) -> bool:
    return marker == 0xE1 and data.startswith(_XMP, at + 4)


def _into_jpeg(data: bytes, text: str) -> bytes | None:
    place, old = 2, None
    for at, end, marker in _segments(data):
        if marker == 0xE0 or (marker == 0xE1 and data.startswith(b"Exif\0\0", at + 4)):
            place = end  # JFIF and Exif ask to be first
        elif old is None and _is_xmp(data, at, marker) and _END.search(data, at, end):
            old = (at, end)
    packet = _packet(text, data[old[0] + 4 + len(_XMP) : old[1]] if old is not None else None)
    if len(packet) > _ROOM["JPEG"]:
        return None
    segment = b"\xff\xe1" + struct.pack(">H", len(packet) + len(_XMP) + 2) + _XMP + packet
    if old is not None:
        return data[: old[0]] + segment + data[old[1] :]
    return data[:place] + segment + data[place:]


# -- WebP -----------------------------------------------------------------------------------------------------------


def _riff(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (start, end without padding, name) of the chunks."""
    at, last = 12, min(len(data), 8 + struct.unpack("<I", data[4:8])[0])
    while at + 8 <= last:
        name, length = struct.unpack("<4sI", data[at : at + 8])
        yield at, at + 8 + length, name
        at += 8 + length + (length & 1)


def _into_webp(data: bytes, text: str) -> bytes | None:
    kept: list[bytes] = []
    header: bytes = b""
    old: bytes | None = None
    for at, end, name in _riff(data):
        if name == b"VP8X":
            header = data[at:end]
        elif name == b"XMP " and old is None and _END.search(data, at, end):
            old = data[at + 8 : end]
        else:
            kept.append(data[at:end] + b"\0" * (end - at & 1))
    packet = _packet(text, old)
    if len(packet) > _ROOM["WEBP"]:
        return None
    if not header:
        header = _extended(kept[0])
    header = header[:8] + bytes([header[8] | 0x04]) + header[9:]  # flag X: there is XMP
    kept = [header, *kept, b"XMP " + struct.pack("<I", len(packet)) + packet + b"\0" * (len(packet) & 1)]
    body = b"WEBP" + b"".join(kept)
    behind: bytes = data[8 + struct.unpack("<I", data[4:8])[0] :]
    return b"RIFF" + struct.pack("<I", len(body)) + body + behind


def _extended(image: bytes) -> bytes:
    """Return a VP8X chunk for a file that has only its *image* chunk."""
    wide: int
    high: int
    if image.startswith(b"VP8L"):
        bits = struct.unpack("<I", image[9:13])[0]
        wide, high, flags = bits & 0x3FFF, bits >> 14 & 0x3FFF, 0x10 if bits >> 28 & 1 else 0
    else:
        wide, high = ((value & 0x3FFF) - 1 for value in struct.unpack("<HH", image[14:18]))
        flags = 0
    return b"VP8X" + struct.pack("<IB3x", 10, flags) + wide.to_bytes(3, "little") + high.to_bytes(3, "little")


# -- XMP ------------------------------------------------------------------------------------------------------------


def _packet(text: str, old: bytes | None) -> bytes:
    """Return an XMP packet that says *text*, and everything that *old* (which ends as XMP does) says."""
    # JSON has no control characters of its own; these two are no characters of XML either.
    said = escape(text.encode("utf-8", "replace").decode("utf-8").replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff"), quote=False)
    ours = (
        f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about="" xmlns:imgcell="{NAMESPACE}">'
        f"<imgcell:recipe>{said}</imgcell:recipe></rdf:Description>"
    ).encode()
    if old is None:
        head = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
        around = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'.encode()
        return head + around + ours + b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    old = _OURS.sub(b"", old)
    end = list(_END.finditer(old))[-1].start()
    return old[:end] + ours + old[end:]


def _said(packet: bytes) -> str | None:
    # A packet may come from anywhere; what declares entities could grow without end when it is read.
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet or b"imgcell" not in packet:
        return None
    from xml.etree import ElementTree as ET

    try:
        root = ET.fromstring(packet.decode("utf-8", "replace").strip("\ufeff\0 \t\r\n"))  # noqa: S314 - see above
    except (ET.ParseError, ValueError, RecursionError):
        return None
    name = f"{{{NAMESPACE}}}recipe"
    for element in root.iter():
        if element.tag == name and element.text:
            return element.text
        if element.get(name):  # other programs write simple properties as attributes
            return element.get(name)
    return None
