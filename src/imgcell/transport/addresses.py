"""Which network addresses a picture may be fetched from (RELIABILITY.md section 3).

The text of an address is never trusted (``0x7f000001``, ``127.1`` and full-width digits are all loopback): what
counts is what it resolves to, and that is what is connected to.  The list is fixed here, because ``is_global``
differs between patch versions of Python.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TypeAlias

from imgcell.language import tr
from imgcell.options import options

__all__ = ["AddressRefusedError", "is_local_host", "permitted", "resolve"]

_Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

#: Cloud metadata services: never, whoever asks.
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")
)
_FAKE_IP = ipaddress.ip_network("198.18.0.0/15")
_BLOCKED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


class AddressRefusedError(OSError):
    """The address must not be connected to; the text says why."""


def _unwrapped(address: _Address) -> _Address:
    # IPv4 may hide in IPv6: mapped, NAT64 and 6to4.
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def permitted(text: str, *, named: bool, private: bool) -> None:
    """Raise unless the resolved address *text* may be connected to.

    Args:
        text: An IPv4 or IPv6 address.
        named: Whether it came from resolving a name (a fake-IP proxy answers names, never literals).
        private: Whether private and loopback addresses are fine (the API's own host, or a URL the user typed).

    Raises:
        AddressRefusedError: With the reason.
    """
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    if address in _METADATA:
        raise AddressRefusedError(tr("{address} belongs to a cloud's metadata service.", address=text))
    if private:
        return
    if address in _FAKE_IP:
        if named and options.fake_ip_proxy:
            return
        raise AddressRefusedError(
            tr(
                "{address} is an address that proxies in fake-IP mode give out. If you use one (Clash, mihomo, Surge), "
                "set imgcell.options.fake_ip_proxy = True.",
                address=text,
            )
        )
    if any(address.version == network.version and address in network for network in _BLOCKED) or not address.is_global:
        raise AddressRefusedError(tr("{address} is not a public address.", address=text))


def is_local_host(host: str) -> bool:
    """Whether *host*, as text, is this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


async def resolve(host: str, port: int, *, private: bool) -> list[str]:
    """Return the addresses of *host*, all of them checked.

    Raises:
        AddressRefusedError: If one of them must not be connected to (one bad address of several is one too many).
        OSError: If the name does not resolve.
    """
    bare = host.strip("[]")
    try:
        ipaddress.ip_address(bare)
        named = False
    except ValueError:
        named = True
    found = await asyncio.get_running_loop().getaddrinfo(bare, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        permitted(address, named=named, private=private)
    return addresses
