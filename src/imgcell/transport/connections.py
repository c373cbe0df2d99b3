"""Connections without a proxy, kept for the next request.

Each is an ``httpcore.AsyncHTTPConnection``.  httpcore's own pool looks at all of its connections several times for
every request, which costs half the processor time at 32 in flight, and its limits are the gate's job here: what is left
of a pool is a list of idle ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

import httpcore

if TYPE_CHECKING:
    import ssl

__all__ = ["Connections"]


class Connections:
    """Idle connections by origin.

    Args:
        backend: Opens sockets.
        keep_alive: Seconds for which an idle connection may be used again; 0 for a connection of its own each time.
        tls: Makes the TLS context, when one is needed.
    """

    def __init__(self, backend: httpcore.AsyncNetworkBackend, keep_alive: float, tls: Callable[[], ssl.SSLContext]) -> None:
        self._backend = backend
        self._keep_alive = keep_alive
        self._tls = tls
        self._idle: dict[str, list[httpcore.AsyncHTTPConnection]] = {}

    async def send(self, request: httpcore.Request) -> tuple[httpcore.Response, Callable[[], Awaitable[None]]]:
        """Send *request*; return the head of the answer, and what lets go of the connection.

        Raises:
            httpcore.ConnectError: And the others that httpcore raises for a connection.
        """
        idle = self._idle.setdefault(str(request.url.origin), [])
        while True:
            connection = await self._usable(idle) or self._fresh(request.url.origin)
            try:
                response = await connection.handle_async_request(request)
            except httpcore.ConnectionNotAvailable:
                # It ended between the look and the request; nothing of this request was written.
                await connection.aclose()
            except BaseException:
                await connection.aclose()
                raise
            else:
                return response, partial(self._release, idle, connection, response)

    async def close(self) -> None:
        """Close those that are idle; the others close when their answers are over."""
        self._keep_alive = 0.0
        idle, self._idle = self._idle, {}
        for connection in [connection for some in idle.values() for connection in some]:
            with contextlib.suppress(httpcore.NetworkError, httpcore.ProtocolError, OSError):
                await connection.aclose()

    async def _usable(self, idle: list[httpcore.AsyncHTTPConnection]) -> httpcore.AsyncHTTPConnection | None:
        while idle:
            connection = idle.pop()
            if not connection.is_closed() and not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    def _fresh(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        return httpcore.AsyncHTTPConnection(
            origin,
            ssl_context=self._tls() if origin.scheme == b"https" else None,
            keepalive_expiry=self._keep_alive,
            network_backend=self._backend,
        )

    async def _release(
        self, idle: list[httpcore.AsyncHTTPConnection], connection: httpcore.AsyncHTTPConnection, response: httpcore.Response
    ) -> None:
        await response.aclose()
        if self._keep_alive and connection.is_idle() and _nothing_left(connection):
            idle.append(connection)
        else:
            await connection.aclose()


def _nothing_left(connection: httpcore.AsyncHTTPConnection) -> bool:
    # What came beyond the answer would be taken for the next one, which is paid for.  httpcore keeps such bytes without
    # a word, in a place that is its own: should that move, connections are just not used again.
    parser = getattr(getattr(connection, "_connection", None), "_h11_state", None)
    return parser is not None and not parser.trailing_data[0]
