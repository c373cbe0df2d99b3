"""Sending one HTTP request and reading its answer: the only place where httpx and httpcore are used.

httpcore sends it; httpx, the layer above, encodes forms and reads addresses that are not plain.  httpx's client is left
out on purpose: redirects, cookies, ``~/.netrc`` and event hooks are what a paid request must not have.  httpx is imported
when it is first needed, because with it come the command line's packages, if they are installed: up to 100 ms.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

import httpcore
from pybase64 import b64encode

from imgcell.errors import InvalidJobError
from imgcell.jobs import InputImage
from imgcell.language import tr
from imgcell.transport.addresses import is_local_host
from imgcell.transport.connections import Connections
from imgcell.transport.network import Resolver, Sockets
from imgcell.wire.flow import FormBody, JsonBody
from imgcell.wire.request import json_chunks, json_length

if TYPE_CHECKING:
    import ssl

__all__ = ["CONNECTION_ERRORS", "AddressError", "Answer", "Delivery", "Pool"]

#: A connection that idles longer is not used again: a stale one would turn a sent request into an unknown outcome.
KEEP_ALIVE = 4.0

#: Errors of the connection, before or after the request went out (``Delivery.started`` tells which).
CONNECTION_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, httpcore.ProxyError, OSError)

#: Addresses that need no encoding.
_PLAIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?][A-Za-z0-9._~:/?@!$&'()*+,;=%-]*)?")

USER_AGENT = "imgcell"

#: Bytes of a JSON body that is sent in one piece.
_AT_ONCE = 1 << 16
#: Bytes of a form that are sent at a time.
_PIECE = 1 << 18


class AddressError(ValueError):
    """What was given as an address is none."""


class _Address(NamedTuple):
    """An address taken apart: *netloc* is the Host field's value, *target* what stands behind it."""

    scheme: str
    host: str
    port: int | None
    netloc: str
    target: str


@dataclass
class Delivery:
    """How far a request got.

    Attributes:
        started: Whether its first byte may have been written.  Before that, nothing can have been charged.
        on_whole: Called when its last byte has been written.
    """

    started: bool = False
    on_whole: Callable[[], None] | None = None


@dataclass
class Answer:
    """The head of an answer, its body still to be read."""

    status: int
    headers: list[tuple[str, str]]
    body: AsyncIterator[bytes]
    _closing: Callable[[], Awaitable[None]]

    async def close(self) -> None:
        """Let go of the connection."""
        with contextlib.suppress(*CONNECTION_ERRORS):
            await self._closing()


class Pool:
    """Connections of one client.

    Args:
        connect_timeout: Seconds to connect.
        resolver: See :class:`imgcell.transport.network.Sockets`.
        keep_alive: Seconds for which an idle connection may be used again; 0 for a connection of its own each time.
        proxies: Whether the environment's proxies apply (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``).
    """

    def __init__(
        self, connect_timeout: float, *, resolver: Resolver | None = None, keep_alive: float = KEEP_ALIVE, proxies: bool = True
    ) -> None:
        self._connect_timeout = connect_timeout
        self._keep_alive = keep_alive
        self._sockets = Sockets(resolver)
        self._direct = Connections(self._sockets, keep_alive, _tls_context)
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}  # one for each proxy
        self._proxies = urllib.request.getproxies() if proxies else {}

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: JsonBody | FormBody | None,
        delivery: Delivery,
    ) -> Answer:
        """Send a request and return the head of its answer.

        Raises:
            AddressError: *url* is no address.
            httpcore.ConnectError: And the others of ``CONNECTION_ERRORS``.
        """
        async with AsyncExitStack() as files:
            address = _address(url)

            async def trace(event: str, info: dict[str, Any]) -> None:
                # A CONNECT to a proxy is not the request yet.
                if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
                    delivery.started = True
                elif event == "http11.send_request_body.complete" and delivery.started and delivery.on_whole is not None:
                    delivery.on_whole()

            fields, content = _build(method, address, headers, body, files)
            raw = httpcore.Request(
                method=method,
                url=httpcore.URL(scheme=address.scheme, host=address.host, port=address.port, target=address.target),
                headers=fields,
                content=content,
                extensions={"timeout": {"connect": self._connect_timeout, "pool": None}, "trace": trace},
            )
            closing: Callable[[], Awaitable[None]]
            proxy = self._proxy(address)
            if proxy is None:
                response, closing = await self._direct.send(raw)
            else:
                response = await self._pool(address.scheme, proxy).handle_async_request(raw)
                closing = response.aclose
        decoded = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers]
        return Answer(response.status, decoded, response.aiter_stream(), closing)

    async def close(self) -> None:
        """Close all connections."""
        await self._direct.close()
        pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            with contextlib.suppress(*CONNECTION_ERRORS):
                await pool.aclose()

    def proxied(self, url: str) -> bool:
        """Whether *url* would go through a proxy, which then resolves its name."""
        return self._proxy(_address(url)) is not None

    def _proxy(self, url: _Address) -> str | None:
        # What runs on this machine, the sandbox above all, a proxy elsewhere cannot reach.
        if not self._proxies or is_local_host(url.host) or urllib.request.proxy_bypass(url.host):
            return None
        return self._proxies.get(url.scheme) or self._proxies.get("all")

    def _pool(self, scheme: str, proxy: str) -> httpcore.AsyncConnectionPool:
        name = f"{proxy} {scheme}"
        if name not in self._pools:
            settings: dict[str, Any] = {
                "ssl_context": _tls_context() if scheme == "https" else None,
                "max_connections": None,
                "max_keepalive_connections": None if self._keep_alive else 0,
                "keepalive_expiry": self._keep_alive,
                "network_backend": self._sockets,
            }
            import httpx

            address = httpx.URL(proxy if "://" in proxy else f"http://{proxy}")
            auth = (address.username, address.password) if address.username else None
            if address.scheme.startswith("socks"):
                # "socks://" is what desktops write, "socks5h://" what curl does; the proxy always resolves the names.
                origin = f"socks5://{address.host}:{address.port or 1080}"
                self._pools[name] = httpcore.AsyncSOCKSProxy(proxy_url=origin, proxy_auth=auth, **settings)
            else:
                origin = str(address.copy_with(username=None, password=None))
                self._pools[name] = httpcore.AsyncHTTPProxy(proxy_url=origin, proxy_auth=auth, **settings)
        return self._pools[name]


@cache
def _tls_context() -> ssl.SSLContext:
    # As httpx makes its own.  It costs about 20 ms, so only those who need one pay for it, once.
    import ssl

    import certifi

    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    return ssl.create_default_context(cafile=certifi.where())


@lru_cache(maxsize=64)
def _address(url: str) -> _Address:
    if _PLAIN.fullmatch(url):
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        default = {"http": 80, "https": 443}[parts.scheme]
        try:
            port = parts.port if parts.port != default else None
        except ValueError as error:
            raise AddressError(str(error)) from None
        host = (parts.hostname or "").lower()
        return _Address(parts.scheme, host, port, f"{host}:{port}" if port is not None else host, target)
    import httpx

    try:
        read = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise AddressError(str(error)) from None
    raw = (read.raw_scheme, read.raw_host, read.netloc, read.raw_path)
    scheme, host, netloc, target = (part.decode("ascii") for part in raw)
    return _Address(scheme, host, read.port, netloc, target)


def _build(
    method: str, address: _Address, headers: Mapping[str, str], body: JsonBody | FormBody | None, files: AsyncExitStack
) -> tuple[list[tuple[bytes, bytes]], Any]:
    """Return the header fields and the content."""
    sent = {"Host": address.netloc, "User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
    content: Any = b""
    if isinstance(body, JsonBody):
        length = json_length(body.document)
        sent["Content-Type"] = "application/json"
        sent["Content-Length"] = str(length)
        pieces = json_chunks(body.document, b64encode)
        content = b"".join(pieces) if length <= _AT_ONCE else _asynchronous(pieces)
    elif isinstance(body, FormBody):
        import httpx

        form = httpx.Request(method, "http://form", files=_form(body, files))
        sent["Content-Type"] = form.headers["Content-Type"]
        sent["Content-Length"] = form.headers["Content-Length"]
        content = _regrouped(form.stream)
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in sent.items()], content


def _form(body: FormBody, files: AsyncExitStack) -> list[tuple[str, Any]]:
    fields: list[tuple[str, Any]] = []
    pictures = 0
    for name, value in body.fields:
        if isinstance(value, InputImage):
            # Never the local path: it would tell the relay the user's name (RELIABILITY.md section 2).
            stem = "mask" if name == "mask" else f"image-{(pictures := pictures + 1)}"
            fields.append((name, (f"{stem}{value.suffix}", _content(value, files), value.media_type)))
        else:
            fields.append((name, (None, value)))
    return fields


def _content(image: InputImage, files: AsyncExitStack) -> bytes | BinaryIO:
    if image.path is not None:
        try:
            return files.enter_context(image.path.open("rb"))
        except OSError as error:
            # Its bytes were fine a moment ago; as an OSError this would pass for a connection that failed.
            reason = error.strerror or str(error)
            raise InvalidJobError(
                tr("{file} cannot be read any more: {reason}. Nothing was sent.", file=str(image.path), reason=reason)
            ) from error
    assert image.data is not None
    return image.data


async def _regrouped(pieces: Any) -> AsyncIterator[bytes]:
    # httpx reads files 64 KiB at a time; what each piece costs on its way is more than copying it once.
    held: list[bytes] = []
    size = 0
    async for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


async def _asynchronous(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
        # Encoding pictures to base64 must not hold the loop for the whole upload.
        await asyncio.sleep(0)
