"""A server that does exactly what a test tells it to, byte by byte, on a real socket."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from PIL import Image

Act = Callable[[socket.socket, "Request"], None]


@dataclass
class Request:
    """What arrived: the head's lines, and the body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class RawServer:
    """Plays one act a request; the last one for all that follow."""

    acts: list[Act] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self.arrived = threading.Condition()
        self.release = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def play(self, *acts: Act) -> None:
        """Set what happens to the requests to come."""
        self.acts = list(acts)

    def wait_for(self, count: int) -> None:
        """Wait until *count* requests have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, 20)

    def close(self) -> None:
        """Stop, and let go of whoever is held."""
        self.release.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        with contextlib.suppress(OSError, ValueError), connection:
            while line := reader.readline().decode().strip():
                headers = {}
                while header := reader.readline().decode().strip():
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = reader.read(int(headers.get("content-length", "0")))
                with self.arrived:
                    self.requests.append(Request(line, headers, body))
                    number = len(self.requests)
                    self.arrived.notify_all()
                self.acts[min(number, len(self.acts)) - 1](connection, self.requests[-1])


@pytest.fixture
def raw() -> Iterator[RawServer]:
    """A server under full control."""
    server = RawServer()
    yield server
    server.close()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, and that nobody else gets meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


class Answers:
    """The acts."""

    def __init__(self, png: bytes) -> None:
        self.png = png

    def raw(self, data: bytes) -> Act:
        """Send *data* as it is, then close."""

        def act(connection: socket.socket, request: Request) -> None:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_RDWR)

        return act

    def http(self, status: int, body: bytes, headers: dict[str, str] | None = None, *, media_type: str = "application/json") -> Act:
        """Send a whole answer."""
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {media_type}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        data = ("\r\n".join(lines) + "\r\n\r\n").encode() + body

        def act(connection: socket.socket, request: Request) -> None:
            connection.sendall(data)

        return act

    def json(self, status: int, document: object, headers: dict[str, str] | None = None) -> Act:
        """Send a JSON answer."""
        return self.http(status, json.dumps(document).encode(), headers)

    def picture(self, **more: object) -> Act:
        """Send a picture as base64."""
        item = {"b64_json": base64.b64encode(self.png).decode(), **more}
        return self.json(200, {"created": 1, "data": [item]}, {"x-request-id": "req-1"})

    def image(self, headers: dict[str, str] | None = None) -> Act:
        """Send a picture as it is."""
        return self.http(200, self.png, headers, media_type="image/png")

    def url(self, url: str) -> Act:
        """Send the address of a picture."""
        return self.json(200, {"created": 1, "data": [{"url": url}]})

    def error(self, status: int, message: str, code: str | None = None, headers: dict[str, str] | None = None) -> Act:
        """Send an error."""
        return self.json(status, {"error": {"message": message, "code": code, "type": "x", "param": None}}, headers)

    def reset(self) -> Act:
        """Break the connection without a word (RST)."""

        def act(connection: socket.socket, request: Request) -> None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(connection.detach())

        return act

    def cut(self, share: float = 0.5) -> Act:
        """Promise a whole picture, send a part of it and close."""
        body = json.dumps({"created": 1, "data": [{"b64_json": base64.b64encode(self.png).decode()}]}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        return self.raw(head + body[: int(len(body) * share)])

    def stall(self, server: RawServer, data: bytes = b"") -> Act:
        """Send *data*, then nothing until the server is released."""

        def act(connection: socket.socket, request: Request) -> None:
            connection.sendall(data)
            server.release.wait(60)

        return act


@pytest.fixture
def answers() -> Answers:
    """The acts, with a small picture."""
    picture = Image.effect_mandelbrot((64, 48), (-2, -1.5, 1, 1.5), 40).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return Answers(buffer.getvalue())
