"""The address guard: every spelling of a private place, and the trap of fake-IP proxies."""

from __future__ import annotations

import pytest

import imgcell
from imgcell.portal import portal
from imgcell.transport.addresses import AddressRefusedError, is_local_host, permitted, resolve

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
    "192.0.0.1", "198.51.100.7", "::1", "::",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
]  # fmt: skip
METADATA = ["169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "::ffff:169.254.169.254"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str) -> None:
    """Private, loopback, link-local, multicast and embedded ones are refused, unless the user's own ground is meant."""
    with pytest.raises(AddressRefusedError):
        permitted(address, named=True, private=False)
    permitted(address, named=True, private=True)


@pytest.mark.parametrize("address", METADATA)
@pytest.mark.parametrize("private", [True, False])
def test_metadata_services_never(address: str, private: bool) -> None:
    """The secrets of a cloud machine are nobody's picture."""
    with pytest.raises(AddressRefusedError):
        permitted(address, named=True, private=private)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    """The rest of the world is fine."""
    permitted(address, named=True, private=False)


def test_fake_ip_proxies() -> None:
    """Names that a fake-IP proxy answers need a setting, which the error names; literals are refused all the same."""
    with pytest.raises(AddressRefusedError, match="fake_ip_proxy"):
        permitted("198.18.0.7", named=True, private=False)
    imgcell.options.fake_ip_proxy = True
    permitted("198.18.0.7", named=True, private=False)
    with pytest.raises(AddressRefusedError):
        permitted("198.18.0.7", named=False, private=False)


@pytest.mark.parametrize("spelling", ["0x7f000001", "2130706433", "0177.0.0.1", "127.1", "localhost"])
def test_spellings_of_loopback(spelling: str) -> None:
    """What counts is what a text resolves to."""
    with pytest.raises((AddressRefusedError, OSError)) as caught:
        portal().run(resolve(spelling, 80, private=False))
    assert isinstance(caught.value, AddressRefusedError) or "not known" in str(caught.value)


def test_local_hosts() -> None:
    """Which hosts are this machine, by their text."""
    assert all(is_local_host(host) for host in ("localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1", "[::1]"))
    assert not any(is_local_host(host) for host in ("localhost.example.com", "10.0.0.1", "0.0.0.0", "example.com", ""))
