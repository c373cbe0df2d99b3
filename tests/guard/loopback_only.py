"""Refuses every connection beyond this machine, in this process and, by way of sitecustomize, in its Python children.

An audit hook sees the connections of every library (also of C code that goes through :mod:`socket`), needs no
patching, and cannot be switched off by the code under test.
"""

from __future__ import annotations

import ipaddress
import sys

#: What was refused in this process, in words; tests/conftest.py fails the test during which something was.
refused: list[str] = []


def _is_loopback(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_address(host: object) -> bool:
    """Whether *host* is numbers in any spelling ("127.1", "0x7f000001"), for which no question is asked of anybody."""
    import socket

    try:
        socket.inet_aton(str(host))
    except OSError:
        pass
    else:
        return True
    try:
        ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return True


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect":
        address = args[1]
        if isinstance(address, tuple) and not _is_loopback(address[0]):
            import socket

            if getattr(args[0], "type", None) == socket.SOCK_DGRAM:
                # "Connecting" a datagram socket sends nothing; libraries use it to learn their own address.
                raise PermissionError(f"datagrams beyond loopback are refused in tests: {address!r}")
            refused.append(f"connect {address!r}")
            raise PermissionError(f"tests connect to loopback only, not to {address!r}")
    elif event == "socket.getaddrinfo":
        host = args[0]
        if not _is_loopback(host) and not _is_address(host):
            import socket

            # As on a machine without a network: the name is unknown, and no question leaves the machine.
            raise socket.gaierror(socket.EAI_NONAME, f"names beyond localhost do not resolve in tests: {host!r}")


def install() -> None:
    """Start refusing, for as long as the process lives; once is enough."""
    if not getattr(sys, "_imgcell_loopback_only", False):
        sys._imgcell_loopback_only = True  # type: ignore[attr-defined]
        sys.addaudithook(_watch)
