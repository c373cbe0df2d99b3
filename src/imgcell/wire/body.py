"""Which reader takes the body of an answer, and the two simple ones: a picture itself, and text.

A reader is chosen by :func:`reader_for` and fed every byte of the body, the first ones included.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from imgcell.wire.base64text import strict
from imgcell.wire.flow import Extract
from imgcell.wire.jsonbody import TEXT_KEPT, BodyError, Chunk, CutBodyError, JsonReader, UnreadableBodyError

if TYPE_CHECKING:
    from imgcell.wire.sse import EventReader

__all__ = [
    "BodyError",
    "CutBodyError",
    "ImageReader",
    "JsonReader",
    "Reader",
    "TextReader",
    "UnreadableBodyError",
    "reader_for",
]

_LITERAL = rb'["\-0-9]|true|false|null'
_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")


class ImageReader:
    """Reads a body that is a picture itself, into one extract."""

    kind: Literal["image"] = "image"

    def __init__(self, new_extract: Callable[[], Extract]) -> None:
        self._extract = new_extract()
        self.skeleton = bytearray()

    def feed(self, chunk: Chunk) -> None:
        """Take the next bytes of the body."""
        self._extract.write(chunk)

    def finish(self) -> Extract:
        """Return the picture's bytes."""
        return self._extract


class TextReader:
    """Reads a body that is neither JSON nor a picture, and keeps its first 64 KiB."""

    kind: Literal["text"] = "text"

    def __init__(self) -> None:
        self.skeleton = bytearray()

    def feed(self, chunk: Chunk) -> None:
        """Take the next bytes of the body."""
        room = TEXT_KEPT - len(self.skeleton)
        if room > 0:
            self.skeleton += bytes(chunk[:room])

    def finish(self) -> str:
        """Return the text."""
        return self.skeleton.decode("utf-8-sig", "replace")


Reader: TypeAlias = "JsonReader | EventReader | ImageReader | TextReader"


def reader_for(
    media_type: str,
    first_bytes: Chunk,
    *,
    new_extract: Callable[[], Extract],
    decode: Callable[[bytes], bytes] = strict,
) -> Reader:
    """Return the reader for a body, by what it begins with; the declared type decides only where that says nothing.

    Relays send JSON as text/plain, HTML as application/json, events where none were asked for (FACTS.md section 3.2).

    Args:
        media_type: Of the answer, lower case, without parameters.
        first_bytes: The first piece of the body; it is still to be fed.
        new_extract: Makes an empty extract for a picture's bytes.
        decode: Decodes base64, see :class:`JsonReader`.
    """
    head = bytes(first_bytes[:512])
    if head.startswith(_IMAGES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return ImageReader(new_extract)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"{", b"[")):
        return JsonReader(new_extract, decode)
    if text.startswith(_FIELDS) or (media_type == "text/event-stream" and not text.startswith(b"<")):
        from imgcell.wire.sse import EventReader

        return EventReader(new_extract, decode)
    if media_type.startswith("image/") and not text.startswith(b"<"):
        return ImageReader(new_extract)
    # White space alone is a relay that keeps a slow answer alive.
    if (media_type.endswith("json") and (not text or re.match(_LITERAL, text))) or (not text and media_type in ("", "text/plain")):
        return JsonReader(new_extract, decode)
    return TextReader()
