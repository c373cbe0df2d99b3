"""Makes an order's pictures and puts the answer on the wire, as JSON or as a stream, whole or as a fault leaves it."""

from __future__ import annotations

import asyncio
import gzip
import json
import struct
import sys
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from tornado.iostream import IOStream, StreamClosedError

from imgcell.sandbox.answers import answer, event, spoiled, spoiled_picture
from imgcell.sandbox.chances import chance
from imgcell.sandbox.documents import Document
from imgcell.sandbox.faults import Fault
from imgcell.sandbox.orders import Order
from imgcell.sandbox.painter import Painted, inspected, paint, paint_partial
from imgcell.sandbox.refusals import request_id_header

if TYPE_CHECKING:
    from imgcell.sandbox.handlers import Images

__all__ = ["Delivery"]

_BEHIND_URL = (
    "dead-url",
    "expired-url",
    "slow-url",
    "cut-url",
    "flaky-url",
    "html-url",
    "redirect-url",
    "redirect-loop",
    "redirect-private",
)
_ANSWER = "application/json"


class Delivery:
    """One answer on its way to one handler, under at most one fault."""

    def __init__(self, handler: Images, document: Document, request_id: str, fault: Fault | None) -> None:
        self._handler = handler
        self._server = handler.server
        self._document = document
        self._request_id = request_id
        self._fault = fault
        self._name = fault.name if fault else ""
        self._stream: IOStream | None = None
        self._latency = 0.0

    def _get(self, name: str, default: Any) -> Any:
        return self._fault.get(name, default) if self._fault else default

    async def deliver(self, order: Order) -> None:
        """Make what *order* asks for and send it.

        Raises:
            Refusal: if an input turns out to be no picture; nothing has been sent then.
        """
        streamed = (order.stream and self._name != "json-for-stream") or self._name == "stream-for-json"
        try:
            if streamed:
                await self._send_stream(order)
            else:
                await self._send_json(order)
        except StreamClosedError:
            pass  # the client went away; nothing is left to say

    # -- JSON ------------------------------------------------------------------------------------

    async def _send_json(self, order: Order) -> None:
        body = self._server.ready_bodies.get(self._body_key(order)) if self._server.picture is not None and self._fault is None else None
        if body is None:
            pictures = [spoiled_picture(self._fault, picture) for picture in await self._pictures(order)]
            loop = asyncio.get_running_loop()
            body = await loop.run_in_executor(self._server.pool, self._body, order, pictures)
            if self._server.picture is not None and self._fault is None:
                self._server.ready_bodies[self._body_key(order)] = body
        if self._name == "blanks":
            await self._send_after_blanks(body)
            return
        self._latency = self._seconds(order)
        if self._latency and await self.pause(self._latency):
            return
        await self._send(body)

    def _body_key(self, order: Order) -> object:
        return (
            self._document.name,
            order.act,
            order.model,
            order.n,
            order.answer,
            order.quality,
            len(order.images),
            order.mask is not None,
        )

    def _body(self, order: Order, pictures: Sequence[Painted]) -> bytes:
        places = [self._place(picture) for picture in pictures] if order.answer == "url" else []
        return json.dumps(spoiled(self._fault, answer(self._document, order, pictures, places)), ensure_ascii=False).encode()

    def _place(self, picture: Painted) -> str:
        """Put *picture* behind an address and return it."""
        if self._name == "url-private":
            return str(self._get("to", "http://10.255.255.1/picture.png"))
        if self._name == "url-data":
            return f"data:{picture.media_type};base64,{picture.base64}"
        if self._name == "url-empty":
            return ""
        behaviour = self._name if self._name in _BEHIND_URL else ""
        name = self._server.files.put(picture.data, picture.media_type, behaviour, dict(self._fault.settings) if self._fault else {})
        return f"/files/{name}" if self._name == "url-relative" else f"{self._server.origin}/files/{name}"

    async def _pictures(self, order: Order) -> list[Painted]:
        if self._server.picture is not None:
            return [inspected(self._server.picture)] * order.n
        loop, habit = asyncio.get_running_loop(), self._server.habits.get(order.model)
        painting = (loop.run_in_executor(self._server.pool, paint, order, index, habit) for index in range(order.n))
        pictures = list(await asyncio.gather(*painting))
        self._server.remember(pictures)
        return pictures

    def _seconds(self, order: Order) -> float:
        """How long the pictures take: settled by what is asked, so that the same order takes the same time."""
        habit = self._server.habits.get(order.model)
        least, most = habit.span(self._server.latency) if habit is not None else (self._server.latency,) * 2
        return least + (most - least) * chance("latency", order.model, order.prompt, order.size, order.quality, order.seed)

    async def _send(self, body: bytes) -> None:
        handler, name = self._handler, self._name
        if name == "gzip":
            handler.set_header("Content-Encoding", "gzip")
            body = gzip.compress(body, 1)
        if name in ("cut-body", "stall-body", "huge-length", "drip"):
            length = 50_000_000_000 if name == "huge-length" else len(body)
            head = self._head({"Content-Type": _ANSWER, "Content-Length": str(length)})
            share = body[: int(len(body) * float(self._get("at", 0.5)))]
            if name == "drip":
                await self._drip(head, body)
            else:
                await self.raw(head + share, hang_up=name != "stall-body")
                if name == "stall-body":
                    await self.pause(float(self._get("seconds", 3600)))
            self.hang_up()
            return
        handler.set_header("Content-Type", "text/plain" if name == "wrong-type" else _ANSWER)
        handler.set_header(request_id_header(self._document), self._request_id)
        if self._document.envelope == "openai":
            handler.set_header("openai-processing-ms", str(round(self._latency * 1000) or 5))
        await handler.finish(body)

    async def _drip(self, head: bytes, body: bytes) -> None:
        size, delay = int(self._get("chunk", 1024)), float(self._get("delay", 0.01))
        await self.raw(head, hang_up=False)
        for start in range(0, len(body), size):
            await self.raw(body[start : start + size], hang_up=False)
            if delay and await self.pause(delay):
                return

    async def _send_after_blanks(self, body: bytes) -> None:
        """Status 200 and blanks first, as gateways do that keep a connection alive; the answer follows."""
        self._handler.set_header("Content-Type", _ANSWER)
        self._handler.set_header(request_id_header(self._document), self._request_id)
        for _ in range(4):
            self._handler.write(b" \n")
            await self._handler.flush()
            if await self.pause(float(self._get("seconds", 0.2)) / 4):
                return
        await self._handler.finish(body)

    # -- streams ---------------------------------------------------------------------------------

    async def _send_stream(self, order: Order) -> None:
        events = self._events(order)
        first = await events.__anext__()  # a refusal comes before the head
        handler, name = self._handler, self._name
        handler.set_header("Content-Type", "text/event-stream; charset=utf-8")
        handler.set_header("Cache-Control", "no-cache")
        handler.set_header(request_id_header(self._document), self._request_id)
        relay = self._document.envelope == "relay"
        if relay:
            handler.write(b": PING\n\n")
        spoils = name in ("cut-stream", "stall-stream", "error-in-stream")
        after, sent = int(self._get("after", 1)), 0
        pieces: list[bytes] = [first]
        while pieces:
            if spoils and sent >= after:
                await self._spoil_stream(pieces[0])
                return
            handler.write(pieces.pop())
            await handler.flush()
            sent += 1
            async for piece in events:
                pieces.append(piece)
                break
        if spoils:
            await self._spoil_stream(b"")
            return
        if relay:
            handler.write(b"data: [DONE]\n\n")
        await handler.finish()

    async def _spoil_stream(self, following: bytes) -> None:
        await self._handler.flush()
        if self._name == "error-in-stream":
            error: dict[str, Any] = {
                "message": "The server had an error while processing your request.",
                "type": "server_error",
                "param": None,
                "code": None,
            }
            if self._get("moderation", 0):
                message = "Your request was rejected by the safety system. safety_violations=[violence]."
                error = {"message": message, "type": "image_generation_user_error", "param": None, "code": "moderation_blocked"}
            self._handler.write(f"event: error\ndata: {json.dumps({'type': 'error', 'error': error})}\n\n".encode())
            await self._handler.finish()
            return
        if self._name == "cut-stream":
            self._handler.write(following[: len(following) // 2])
            await self._handler.flush()
        else:
            await self.pause(float(self._get("seconds", 3600)))
        self.hang_up()

    async def _events(self, order: Order) -> AsyncIterator[bytes]:
        """Yield the events; each waits for its share of the latency."""
        loop = asyncio.get_running_loop()
        family = "image_generation" if self._name in {"wrong-events", "stream-for-json"} else None
        partials = order.partial_images
        share = self._seconds(order) / (partials + 1)
        fixed = self._server.picture is not None
        for step in range(partials):
            if fixed:
                picture = inspected(self._server.picture or b"")
            else:
                picture = await loop.run_in_executor(self._server.pool, paint_partial, order, step, partials)
            if share and await self.pause(share):
                return
            yield event(order, picture, partial=step, family=family)
        pictures = await self._pictures(order)
        if share and await self.pause(share):
            return
        if self._name == "no-completed":
            if not partials:
                yield b": nothing\n\n"
            return
        for picture in pictures:
            yield event(order, spoiled_picture(self._fault, picture), family=family)

    # -- the bare connection ---------------------------------------------------------------------

    async def pause(self, seconds: float) -> bool:
        """Wait, but no longer than the client stays; return whether it left."""
        try:
            await asyncio.wait_for(self._handler.gone.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True

    async def raw(self, data: bytes, *, hang_up: bool = True) -> None:
        """Write *data* on the connection as it is."""
        if self._stream is None:
            self._stream = self._handler.detach()
            self._stream.set_close_callback(self._handler.gone.set)
        await self._stream.write(data)
        if hang_up:
            self.hang_up()

    def hang_up(self) -> None:
        """Close the connection."""
        if self._stream is None:
            self._stream = self._handler.detach()
        self._stream.close()

    def reset(self) -> None:
        """Close the connection with a TCP reset."""
        import socket

        if self._stream is None:
            self._stream = self._handler.detach()
        if self._stream.socket is not None:
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            self._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._stream.close()

    def _head(self, headers: dict[str, str]) -> bytes:
        lines = [
            "HTTP/1.1 200 OK",
            f"{request_id_header(self._document)}: {self._request_id}",
            *(f"{name}: {text}" for name, text in headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
