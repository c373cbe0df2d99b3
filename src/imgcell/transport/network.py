"""Sockets for httpcore, straight on asyncio.

httpcore's own backend goes through anyio and reads 64 KiB at a time.  This one hands on what the kernel has in
pieces of up to 256 KiB, which a picture of many megabytes is felt by, and it is the place where a connection may be
held to addresses that were checked after resolving (RELIABILITY.md section 3).
"""

from __future__ import annotations

import asyncio
import collections
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpcore

__all__ = ["Resolver", "Sockets"]

#: Given host and port, the addresses that may be connected to, best first; raises if none may.
Resolver = Callable[[str, int], Awaitable[list[str]]]

#: Bytes that may wait for the reader before the sender is slowed down.
_HIGH_WATER = 1 << 20


class Sockets(httpcore.AsyncNetworkBackend):
    """A network backend; with *resolver*, connects only to the addresses that it returns."""

    def __init__(self, resolver: Resolver | None = None) -> None:
        self._resolver = resolver

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open a connection.

        Raises:
            httpcore.ConnectTimeout: After *timeout* seconds.
            httpcore.ConnectError: No name, no route, refused.
        """
        try:
            return await asyncio.wait_for(self._connect(host, port, local_address, socket_options), timeout)
        except (asyncio.TimeoutError, TimeoutError) as error:
            raise httpcore.ConnectTimeout(f"no connection to {host}:{port} within {timeout:g} s") from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Not offered."""
        raise httpcore.ConnectError("Unix sockets are not used")

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await asyncio.sleep(seconds)

    async def _connect(self, host: str, port: int, local_address: str | None, socket_options: Iterable[Any] | None) -> _Stream:
        loop = asyncio.get_running_loop()
        local = (local_address, 0) if local_address else None
        if self._resolver is None:
            transport, stream = await loop.create_connection(_Stream, host, port, local_addr=local, happy_eyeballs_delay=0.25)
        else:
            failure: OSError | None = None
            for address in await self._resolver(host, port):
                try:
                    transport, stream = await loop.create_connection(_Stream, address, port, local_addr=local)
                    break
                except OSError as error:
                    failure = error
            else:
                raise failure or OSError(f"{host} has no address")
        opened: socket.socket = transport.get_extra_info("socket")
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option in socket_options or ():
            opened.setsockopt(*option)
        return stream


class _Stream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection: an asyncio protocol below, a stream for httpcore above."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._arrived: collections.deque[bytes] = collections.deque()
        self._waiting = 0
        self._paused = False
        self._ended = False
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._full = False

    # -- asyncio's side ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._arrived.append(data)
        self._waiting += len(data)
        if self._waiting > _HIGH_WATER and not self._paused and self._transport is not None:
            self._transport.pause_reading()
            self._paused = True
        _wake(self._reader)

    def eof_received(self) -> bool:
        self._ended = True
        _wake(self._reader)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._failure = exc
        _wake(self._reader)
        _wake(self._writer)

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        _wake(self._writer)

    # -- httpcore's side --------------------------------------------------------------------------------------

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has arrived (possibly more than *max_bytes*: h11 takes any length), ``b""`` at the end.

        Raises:
            httpcore.ReadTimeout: Nothing came for *timeout* seconds.
            httpcore.ReadError: The connection broke.
        """
        while not self._arrived:
            if self._ended:
                if self._failure is not None:
                    raise httpcore.ReadError(str(self._failure)) from self._failure
                return b""
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await _within(self._reader, timeout, httpcore.ReadTimeout)
            finally:
                self._reader = None
        data = self._arrived.popleft()
        self._waiting -= len(data)
        if self._paused and self._waiting < _HIGH_WATER // 2 and self._transport is not None:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send *buffer*, waiting while the other side is slower.

        Raises:
            httpcore.WriteTimeout: The other side took nothing for *timeout* seconds.
            httpcore.WriteError: The connection broke.
        """
        if not buffer:
            return
        if self._transport is None or self._transport.is_closing() or self._failure is not None:
            raise httpcore.WriteError("the connection is closed") from self._failure
        self._transport.write(buffer)
        while self._full:
            self._writer = asyncio.get_running_loop().create_future()
            try:
                await _within(self._writer, timeout, httpcore.WriteTimeout)
            finally:
                self._writer = None
            if self._transport.is_closing():
                raise httpcore.WriteError("the connection was closed") from self._failure

    async def aclose(self) -> None:
        """Close."""
        if self._transport is not None:
            self._transport.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Begin TLS on this connection.

        Raises:
            httpcore.ConnectTimeout: After *timeout* seconds.
            httpcore.ConnectError: The certificate or the handshake is not in order.
        """
        assert self._transport is not None
        secured = _Stream()
        try:
            transport = await asyncio.wait_for(
                asyncio.get_running_loop().start_tls(self._transport, secured, ssl_context, server_hostname=server_hostname), timeout
            )
        except (asyncio.TimeoutError, TimeoutError) as error:
            self._transport.abort()
            raise httpcore.ConnectTimeout(f"no TLS with {server_hostname} within {timeout:g} s") from error
        except (OSError, ssl.SSLError) as error:
            self._transport.abort()
            raise httpcore.ConnectError(str(error)) from error
        assert transport is not None
        secured.connection_made(transport)
        return secured

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks about the connection."""
        if info == "is_readable":
            # Asked of an idle connection before it is used again: anything that came, or its end, makes it unfit.
            return bool(self._arrived) or self._ended or self._transport is None or self._transport.is_closing()
        names = {"server_addr": "peername", "client_addr": "sockname", "ssl_object": "ssl_object", "socket": "socket"}
        return self._transport.get_extra_info(names[info]) if self._transport is not None and info in names else None


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


async def _within(waiter: asyncio.Future[None], timeout: float | None, failure: type[Exception]) -> None:
    if timeout is None:
        await waiter
        return
    # A bare timer is an order of magnitude cheaper than wait_for, and this runs for every piece that arrives.
    timer = asyncio.get_running_loop().call_later(timeout, _expire, waiter, failure, timeout)
    try:
        await waiter
    finally:
        timer.cancel()


def _expire(waiter: asyncio.Future[None], failure: type[Exception], timeout: float) -> None:
    if not waiter.done():
        waiter.set_exception(failure(f"nothing for {timeout:g} s"))
