"""From a request's values to the bytes of its body, without ever holding a whole picture as text."""

from __future__ import annotations

import binascii
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.jobs import InputImage
from imgcell.language import tr
from imgcell.wire.flow import JsonBody

__all__ = ["form_text", "json_chunks", "json_length", "json_text"]

#: Bytes of a picture that are encoded at a time: a multiple of three, 192 KiB as base64.
PIECE = 144 * 1024


def json_chunks(document: Mapping[str, Any], encode: Callable[[bytes], bytes] | None = None) -> Iterator[bytes]:
    """Yield the bytes of *document* as compact JSON (UTF-8, not escaped to ASCII).

    Args:
        document: Plain JSON values; an :class:`InputImage` anywhere in it becomes a data URL, encoded in pieces of
            192 KiB, or its own URL.
        encode: Turns bytes into base64 without line breaks; the standard library's if not given.

    Raises:
        InvalidJobError: For a value that JSON cannot hold (``NaN``, an object).
        OSError: If a picture's file cannot be read.
    """
    encode = encode or _encode
    pieces, images = _pieces(document)
    for piece, image in zip(pieces, [*images, None], strict=True):
        yield piece
        if image is None:
            continue
        yield _prefix(image)
        for part in _parts(image):
            yield encode(part)
        yield b'"'


def json_length(document: Mapping[str, Any]) -> int:
    """Return the number of bytes that :func:`json_chunks` yields for *document*, without encoding anything."""
    pieces, images = _pieces(document)
    return sum(map(len, pieces)) + sum(len(_prefix(image)) + -(-_size(image) // 3) * 4 + 1 for image in images)


def json_text(body: JsonBody) -> str:
    """Return *body* as JSON for people to read: pictures stand as ``<image/png, 1234 bytes>`` or as their address."""
    return json.dumps(dict(body.document), ensure_ascii=False, indent=2, default=_described)


def form_text(value: Any) -> str:
    """Return *value* as the text of a form field: numbers and booleans travel as text, lists and objects as JSON.

    See OpenAI's specification, ``multipart/form-data`` of images/edits.
    """
    if isinstance(value, str):
        return value
    return _dumps(value)


def _pieces(document: Mapping[str, Any]) -> tuple[list[bytes], list[InputImage]]:
    images: list[InputImage] = []
    # Unguessable, so that no prompt can contain it.
    mark = os.urandom(12).hex()

    def stand_in(value: object) -> str:
        if not isinstance(value, InputImage):
            raise TypeError(type(value).__name__)
        if value.url is not None:
            return value.url
        images.append(value)
        return mark

    text = _dumps(dict(document), stand_in)
    return [part.encode("utf-8", "replace") for part in text.split(f'"{mark}"')], images


def _dumps(value: Any, default: Callable[[object], str] | None = None) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=default)
    except (TypeError, ValueError, RecursionError) as reason:
        raise InvalidJobError(
            tr("A field cannot be sent as JSON: {reason}.", reason=str(reason)), hint=tr("Look at what extra= holds.")
        ) from None


def _described(value: object) -> str:
    if isinstance(value, InputImage):
        return value.url if value.url is not None else f"<{value.media_type}, {_size(value)} bytes>"
    return repr(value)


def _prefix(image: InputImage) -> bytes:
    return f'"data:{image.media_type or "image/png"};base64,'.encode("ascii")


def _size(image: InputImage) -> int:
    if image.data is not None:
        return len(image.data)
    assert image.path is not None
    return image.path.stat().st_size


def _parts(image: InputImage) -> Iterator[bytes]:
    if image.data is not None:
        for start in range(0, len(image.data), PIECE):
            yield image.data[start : start + PIECE]
        return
    assert image.path is not None
    with image.path.open("rb", buffering=PIECE) as file:
        while part := file.read(PIECE):
            yield part


def _encode(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False)
