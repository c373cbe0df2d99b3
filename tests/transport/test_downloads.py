"""Fetching a picture from its address: tried again where that is free, and never from where it must not be."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

import imgcell
from imgcell import errors
from imgcell.portal import portal
from imgcell.transport.fetch import Downloads


class _Memory:
    def __init__(self) -> None:
        self.data = b""

    @property
    def size(self) -> int:
        return len(self.data)

    def write(self, data: Any, /) -> None:
        self.data += bytes(data)

    def read(self) -> bytes:
        return self.data


def fetch(url: str, api: str) -> bytes:
    """Fetch without waiting between the tries."""

    async def work() -> bytes:
        downloads = Downloads(api, 5.0, pauses=(0.0, 0.0))
        try:
            return (await downloads.fetch(url, _Memory)).read()
        finally:
            await downloads.close()

    return portal().run(work())


def at(server: Any, path: str) -> str:
    """Return an address on *server*."""
    return f"http://127.0.0.1:{server.port}{path}"


@pytest.mark.parametrize("failures", [["404"], ["500", "404"], ["cut"], ["reset", "empty"]])
def test_a_download_is_tried_three_times(raw: Any, answers: Any, failures: list[str]) -> None:
    """Result hosts are late or flaky: 404 too is tried again."""
    acts = {
        "404": answers.http(404, b"not yet", media_type="text/plain"),
        "500": answers.http(500, b"", media_type="text/plain"),
        "cut": answers.raw(f"HTTP/1.1 200 OK\r\nContent-Length: {len(answers.png)}\r\n\r\n".encode() + answers.png[:100]),
        "reset": answers.reset(),
        "empty": answers.http(200, b"", media_type="image/png"),
    }
    raw.play(*[acts[name] for name in failures], answers.image())
    assert fetch(at(raw, "/a.png"), raw.base_url) == answers.png
    assert len(raw.requests) == len(failures) + 1


def test_a_download_that_keeps_failing(raw: Any, answers: Any) -> None:
    """After three tries it is an error that says that fetching again is free, with the address."""
    raw.play(answers.http(404, b"", media_type="text/plain"))
    with pytest.raises(errors.DownloadError, match="404") as caught:
        fetch(at(raw, "/a.png"), raw.base_url)
    assert len(raw.requests) == 3
    assert caught.value.url == at(raw, "/a.png")
    assert "costs nothing" in str(caught.value)


def test_the_job_survives_a_dead_address(raw: Any, answers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture is paid for and its address is in the ledger before it is fetched; the POST is not repeated."""
    monkeypatch.setattr("imgcell.transport.fetch.Downloads.__init__.__kwdefaults__", {"pauses": (0.0, 0.0)})
    raw.play(answers.url(at(raw, "/gone.png")), answers.http(404, b"", media_type="text/plain"))
    with imgcell.Client("json-images", base_url=raw.base_url, api_key="sk-secret-1", library=tmp_path) as client:
        with pytest.raises(errors.DownloadError):
            client.generate("a lighthouse")
    assert [request.line.split()[0] for request in raw.requests] == ["POST", "GET", "GET", "GET"]
    lines = [json.loads(line) for file in (tmp_path / "ledger").iterdir() for line in file.read_text().splitlines()]
    assert [line["state"] for line in lines] == ["sending", "answered", "url", "paid-pending"]
    assert lines[2]["url"] == at(raw, "/gone.png")


def test_no_secrets_travel_along(raw: Any, answers: Any, tmp_path: Path) -> None:
    """The GET carries none of the API's headers, and a connection of its own."""
    raw.play(answers.url(at(raw, "/a.png")), answers.image())
    with imgcell.Client("json-images", base_url=raw.base_url, api_key="sk-secret-1", library=tmp_path) as client:
        assert client.generate("a lighthouse")[0].data == answers.png
    post, get = raw.requests
    assert post.headers["authorization"] == "Bearer sk-secret-1"
    assert not {"authorization", "cookie", "idempotency-key", "x-client-request-id", "referer"} & set(get.headers)
    assert get.headers["accept-encoding"] == "identity"
    assert raw.connections == 2


def test_redirects_are_followed_within_reason(raw: Any, answers: Any) -> None:
    """Three redirects, not four."""
    hop = answers.http(302, b"", {"Location": "/next.png"})
    raw.play(hop, hop, hop, answers.image())
    assert fetch(at(raw, "/a.png"), raw.base_url) == answers.png
    raw.requests.clear()
    raw.play(hop)
    with pytest.raises(errors.DownloadError, match="more than 3"):
        fetch(at(raw, "/a.png"), raw.base_url)
    assert len(raw.requests) == 4


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest",
        "http://10.0.0.7/a.png",
        "http://192.168.1.1:1/a.png",
        "file:///etc/passwd",
        "http://100.100.100.200/",
    ],
)
def test_a_redirect_is_checked_like_an_address(raw: Any, answers: Any, target: str) -> None:
    """A server on this machine may not send imgcell to other private places."""
    raw.play(answers.http(302, b"", {"Location": target}))
    with pytest.raises(errors.DownloadError):
        fetch(at(raw, "/a.png"), raw.base_url)
    assert [request.line.split()[1] for request in raw.requests] == ["/a.png"]


def test_this_machine_is_foreign_ground_for_other_apis(raw: Any, answers: Any) -> None:
    """An API elsewhere may not have imgcell fetch from this machine."""
    raw.play(answers.image())
    imgcell.options.allow_http = True
    with pytest.raises(errors.DownloadError, match="not a public address"):
        fetch(at(raw, "/a.png"), "https://api.example.com/v1")
    assert raw.requests == []


def test_an_address_without_a_host(raw: Any, answers: Any, tmp_path: Path) -> None:
    """A path in the place of an address is one on the API's own host."""
    raw.play(answers.url("/files/a.png"), answers.image())
    with imgcell.Client("json-images", base_url=raw.base_url, api_key="sk-secret-1", library=tmp_path) as client:
        assert client.generate("a lighthouse")[0].record.url == at(raw, "/files/a.png")


def test_an_address_that_is_none(raw: Any, answers: Any, tmp_path: Path) -> None:
    """It is a picture that could not be fetched, not a fault of ours."""
    raw.play(answers.url("http://[nonsense/a.png"))
    with imgcell.Client("json-images", base_url=raw.base_url, api_key="sk-secret-1", library=tmp_path) as client:
        with pytest.raises(errors.DownloadError, match="not a valid address"):
            client.generate("a lighthouse")


def test_a_key_in_an_address(raw: Any, answers: Any, tmp_path: Path) -> None:
    """A key that a relay writes into the picture's address does not get into the record."""
    raw.play(answers.url(at(raw, "/a.png?key=sk-secret-1")), answers.image())
    with imgcell.Client("json-images", base_url=raw.base_url, api_key="sk-secret-1", library=tmp_path) as client:
        assert client.generate("a lighthouse")[0].record.url == at(raw, "/a.png?key=****")
    assert not any("sk-secret-1" in sidecar.read_text() for sidecar in (tmp_path / "records").rglob("*.json"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "http://user:secret@example.com/a.png",
        "https://example.com/a b.png",
        "https://example.com/\n",
        "https:///a.png",
        "https://[::1/a.png",
        "https://example.com:99999/a.png",
        "https://ex\u00adample..com/a.png",
        "https://xn--a/a.png",
        "https://example.com/" + "a" * 9000,
    ],
)
def test_what_is_not_an_address(url: str) -> None:
    """Odd addresses are refused before anything is resolved."""
    with pytest.raises(errors.DownloadError):
        fetch(url, "https://api.example.com/v1")


def test_plain_http_needs_a_word(raw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An https API that hands out http addresses: refused, naming the setting."""
    with pytest.raises(errors.DownloadError, match="allow_http"):
        fetch("http://pictures.example.com/a.png", "https://api.example.com/v1")


def test_a_name_that_leads_home(raw: Any, answers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name resolves to is what counts, and one bad address of several is one too many."""
    from imgcell.transport import addresses

    async def lie(self: Any, host: str, port: int, **rest: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("93.184.215.14", "127.0.0.1")]

    monkeypatch.setattr(type(portal().loop), "getaddrinfo", lie)
    imgcell.options.allow_http = True
    with pytest.raises(errors.DownloadError, match="not a public address"):
        fetch(f"http://pictures.example.com:{raw.port}/a.png", "https://api.example.com/v1")
    assert raw.requests == []
    assert addresses.is_local_host("localhost")


def test_html_instead_of_a_picture(raw: Any, answers: Any) -> None:
    """An error page with status 200 is not a picture."""
    raw.play(answers.http(200, b"<!doctype html><title>expired</title>", media_type="text/html"))
    with pytest.raises(errors.DownloadError, match="HTML"):
        fetch(at(raw, "/a.png"), raw.base_url)


def test_a_picture_without_end(raw: Any, answers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the cap is not read."""
    from imgcell.transport import fetch as module

    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    raw.play(answers.image())
    with pytest.raises(errors.DownloadError, match="larger"):
        fetch(at(raw, "/a.png"), raw.base_url)
