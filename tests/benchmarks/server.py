"""A server that answers from memory, so that what is measured is the client: run as a process of its own.

``/<answer>-<side>/v1/…`` chooses the answer: ``json-1024`` a picture as base64, ``late-1024`` the same after two
seconds, ``events-1024`` three partial pictures and the final one as server-sent events.  Bodies are read and dropped.
A side of 1 is the tiny answer.  It prints its port and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from collections.abc import Sequence

from artwork import base64_png

#: Seconds that ``late`` answers take.
LATE = 2.0
#: Bytes handed to the socket at a time.
_PIECE = 1 << 18

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_TARGET = re.compile(rb"[A-Z]+ /([a-z]+)-(\d+)/")

_answers: dict[tuple[str, int], bytes] = {}


def answer(kind: str, side: int) -> bytes:
    """Return the whole answer, head and body."""
    if (kind, side) not in _answers:
        _answers[kind, side] = _events(side) if kind == "events" else _json(side)
    return _answers[kind, side]


def _json(side: int) -> bytes:
    body = b'{"created":1760000000,"data":[{"b64_json":"' + base64_png(side) + b'"}]}'
    return _head("application/json", len(body)) + body


def _events(side: int) -> bytes:
    text = base64_png(side).decode()
    shared = {"b64_json": text, "background": "opaque", "created_at": 1760000000, "output_format": "png", "quality": "high", "size": "auto"}
    usage = {
        "input_tokens": 10, "output_tokens": 20, "total_tokens": 30, "input_tokens_details": {"image_tokens": 0, "text_tokens": 10},
    }  # fmt: skip
    documents = [{"type": "image_generation.partial_image", "partial_image_index": index, **shared} for index in range(3)]
    documents.append({"type": "image_generation.completed", "usage": usage, **shared})
    body = b"".join(f"event: {document['type']}\ndata: {json.dumps(document)}\n\n".encode() for document in documents)
    return _head("text/event-stream", len(body)) + body


def _head(media_type: str, length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\nx-request-id: req_1\r\n\r\n".encode()


class _Conversation(asyncio.BufferedProtocol):
    """One connection: reads a request, drops its body, writes the answer as fast as the other side takes it."""

    def __init__(self) -> None:
        self._space = bytearray(1 << 20)
        self._head = b""
        self._left = -1  # bytes of the body still to come; -1: the head is not complete, -2: chunked
        self._tail = b""
        self._target = ("json", 1)
        self._answer = memoryview(b"")
        self._sending = False
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_PIECE)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._space

    def buffer_updated(self, nbytes: int) -> None:
        if self._left == -1:
            self._head += self._space[:nbytes]
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head, rest = self._head[: end + 4], self._head[end + 4 :]
            self._head = b""
            named = _TARGET.match(head)
            if named is None:
                self._transport.abort()
                return
            self._target = (named[1].decode(), int(named[2]))
            length = _LENGTH.search(head)
            if length is not None:
                self._left = int(length[1]) - len(rest)
            elif _CHUNKED.search(head):
                self._left, self._tail = -2, rest[-5:]
            else:
                self._left = 0
        elif self._left > 0:
            self._left -= nbytes
        else:
            self._tail = (self._tail + bytes(self._space[max(0, nbytes - 5) : nbytes]))[-5:]
        if self._left == 0 or (self._left == -2 and self._tail == b"0\r\n\r\n"):
            self._left = -1
            kind, side = self._target
            if kind == "late":
                asyncio.get_running_loop().call_later(LATE, self._send, answer(kind, side))
            else:
                self._send(answer(kind, side))

    def _send(self, data: bytes) -> None:
        self._answer = memoryview(data)
        self._full = False
        self._pump()

    def _pump(self) -> None:
        if self._sending:
            return
        self._sending = True
        while self._answer and not self._full and not self._transport.is_closing():
            piece, self._answer = self._answer[:_PIECE], self._answer[_PIECE:]
            self._transport.write(piece)
        self._sending = False

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._pump()


async def _serve(sides: Sequence[int]) -> None:
    for side in sides:
        answer("json", side)
        _answers["late", side] = answer("json", side)
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(_Conversation, "127.0.0.1", 0, backlog=512)
    over = asyncio.Event()

    def watch() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=watch, daemon=True).start()
    print(listening.sockets[0].getsockname()[1], flush=True)
    await over.wait()


if __name__ == "__main__":
    asyncio.run(_serve([int(side) for side in sys.argv[1:]]))
