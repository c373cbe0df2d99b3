"""Reading one JSON document while it arrives: pictures leave it as they come, and what is left is small.

A 4096x4096 picture is 27 to 36 MB of base64 in one string.  Each piece of it is decoded into an
:class:`imgcell.wire.flow.Extract` at once; the text is never held.  Everything else, the *skeleton*, is parsed by
``json`` at the end.
"""

from __future__ import annotations

import binascii
import json
import os
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from imgcell.wire.base64text import Base64Sink, split_prefix, strict
from imgcell.wire.flow import Extract

__all__ = ["BodyError", "Chunk", "CutBodyError", "JsonReader", "UnreadableBodyError"]

Chunk: TypeAlias = "bytes | bytearray | memoryview"

#: A string that is longer than this many bytes is looked at: base64 goes to an extract.
LONG = 1024

#: Of a body that is neither JSON nor a picture, this much is kept to be shown.
TEXT_KEPT = 64 * 1024

_OUTSIDE, _HEAD, _TEXT, _BASE64 = range(4)


class BodyError(ValueError):
    """The body of an answer is not what it was read as; the message says how."""


class CutBodyError(BodyError):
    """The body ends in the middle."""


class UnreadableBodyError(BodyError):
    """The body is not JSON."""


class JsonReader:
    """Reads one JSON document.

    Args:
        new_extract: Makes an empty extract for a picture's bytes.
        decode: Decodes base64 (bytes-like, length a multiple of four); ``pybase64.b64decode`` with ``validate=True`` is
            about fifteen times as fast as the standard library's, which is the default.

    Attributes:
        kind: ``"json"``.
        skeleton: The body so far, each extract standing as ``"imgcell:<token>:<number>"``, with ``:<name>`` behind it if
            it has one; it only grows at its end.
        extracts: The extracts so far, in the order of their numbers.
    """

    kind: Literal["json"] = "json"

    def __init__(self, new_extract: Callable[[], Extract], decode: Callable[[bytes], bytes] = strict) -> None:
        self.skeleton = bytearray()
        self.extracts: list[Extract] = []
        self._new_extract = new_extract
        self._decode = decode
        # No server can know it, so none can name an extract.
        self._token = "imgcell:" + os.urandom(8).hex()
        self._state = _OUTSIDE
        self._head = bytearray()
        self._backslashes = 0
        self._prefix = b""
        self._sink: Base64Sink | None = None

    def feed(self, chunk: Chunk) -> None:
        """Take the next bytes of the body."""
        data = bytes(chunk) if isinstance(chunk, memoryview) else chunk
        position, end = 0, len(data)
        skeleton = self.skeleton
        while position < end:
            if self._state == _BASE64:
                position = self._feed_base64(data, position, end)
            elif self._state == _OUTSIDE:
                quote = data.find(b'"', position)
                if quote < 0:
                    # White space that keeps a slow answer alive is not kept: there may be much of it.
                    skeleton += data[position:] if position or skeleton else data.lstrip()
                    return
                skeleton += data[position : quote + 1]
                position = quote + 1
                self._state = _HEAD
                self._head.clear()
                self._backslashes = 0
            elif self._state == _HEAD:
                stop = min(end, position + LONG - len(self._head))
                quote = self._closing(data, position, stop)
                if quote >= 0:
                    skeleton += self._head
                    skeleton += data[position : quote + 1]
                    position = quote + 1
                    self._state = _OUTSIDE
                else:
                    self._head += data[position:stop]
                    position = stop
                    if len(self._head) >= LONG:
                        self._decide()
            else:
                quote = self._closing(data, position, end)
                stop = end if quote < 0 else quote + 1
                skeleton += data[position:stop]
                position = stop
                if quote >= 0:
                    self._state = _OUTSIDE

    def finish(self) -> Any:
        """Return the document, extracts in the place of their strings.

        Raises:
            CutBodyError: If the body ends in the middle.
            UnreadableBodyError: If it is not JSON, or too deeply nested.
        """
        if self._state != _OUTSIDE:
            self._abandon()
            raise CutBodyError("the answer ends in the middle of a string")
        text = self.skeleton.decode("utf-8-sig", "replace").lstrip()
        if not text:
            raise CutBodyError("the answer is empty")
        try:
            document, _ = _DECODER.raw_decode(text)
        except RecursionError:
            raise UnreadableBodyError("the answer is nested too deeply") from None
        except json.JSONDecodeError as error:
            rest = text[error.pos :].strip()
            if not rest and text[0] in '{["':
                raise CutBodyError("the answer ends in the middle") from None
            raise UnreadableBodyError(f"the answer is not JSON: {error.msg} at character {error.pos}") from None
        return self._filled(document) if self.extracts else document

    def text(self) -> str:
        """Return what came, as text, at most 64 KiB of it: for bodies that turned out not to be JSON."""
        return bytes(self.skeleton[:TEXT_KEPT]).decode("utf-8-sig", "replace")

    def _abandon(self) -> None:
        # What a cut left unfinished still belongs to what came: it is shown, spooled and looked at later.
        if self._state == _HEAD:
            self.skeleton += self._head
            self._head.clear()
        elif self._state == _BASE64 and self._sink is not None:
            self._sink.feed(b"", last=True)
        self._state = _TEXT

    def _closing(self, data: bytes | bytearray, start: int, stop: int) -> int:
        """Return where the string that goes on at *start* ends before *stop*, or -1."""
        position = start
        while True:
            quote = data.find(b'"', position, stop)
            edge = stop if quote < 0 else quote
            before = edge
            while before > start and data[before - 1] == 0x5C:
                before -= 1
            run = edge - before
            if before == start:
                run += self._backslashes
            if quote < 0:
                self._backslashes = run
                return -1
            if run % 2 == 0:
                return quote
            position = start = quote + 1
            self._backslashes = 0

    def _decide(self) -> None:
        head = bytes(self._head)
        self._head.clear()
        split = split_prefix(head)
        if split is None:
            self.skeleton += head
            self._state = _TEXT
            return
        self._prefix, body = split
        self._sink = Base64Sink(self._new_extract(), self._decode)
        self._state = _BASE64
        if not self._sink.feed(body):
            self._give_back()

    def _feed_base64(self, data: bytes | bytearray, position: int, end: int) -> int:
        sink = self._sink
        assert sink is not None
        quote = data.find(b'"', position)
        stop = end if quote < 0 else quote
        view = memoryview(data)
        piece = view if position == 0 and stop == len(data) else view[position:stop]
        if not sink.feed(piece, last=quote >= 0):
            # Also here the quote may be an escaped one: the state "text" looks at it again.
            self._give_back()
            return stop
        if quote < 0:
            return stop
        # The name is for whoever reads the skeleton when this reader is gone.
        name = getattr(sink.extract, "name", "")
        self.skeleton += f'{self._token}:{len(self.extracts)}{":" if name else ""}{name}"'.encode()
        self.extracts.append(sink.extract)
        self._sink = None
        self._state = _OUTSIDE
        return stop + 1

    def _give_back(self) -> None:
        """Put a string that is not base64 after all back into the skeleton, from what was decoded of it."""
        sink = self._sink
        assert sink is not None
        decoded = binascii.b2a_base64(sink.extract.read(), newline=False)
        text = self._prefix + decoded + sink.carry
        self.skeleton += text
        self._backslashes = len(text) - len(text.rstrip(b"\\"))
        self._sink = None
        self._state = _TEXT

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            if value.startswith(self._token):
                return self.extracts[int(value[len(self._token) + 1 :].partition(":")[0])]
            return value
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        return value


def _whole(digits: str) -> int | float:
    # Python refuses to read more than 4300 digits; no number in an answer is worth a lost picture.
    return int(digits) if len(digits) < 100 else float(digits)


_DECODER = json.JSONDecoder(strict=False, parse_int=_whole)
