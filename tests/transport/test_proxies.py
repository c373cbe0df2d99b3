"""Requests through a proxy: a refusal of the proxy is not a request of ours; result addresses stay checked."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

import imgcell
from imgcell import errors


def test_a_proxy_that_refuses(raw: Any, answers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CONNECT refused: nothing was sent, provably, and three tries were made."""
    raw.play(answers.http(403, b"no", media_type="text/plain"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{raw.port}")
    with imgcell.Client("openai", base_url="https://api.example.com/v1", api_key="sk-secret-x", library=tmp_path) as client:
        with pytest.raises(errors.NotSentError):
            client.generate("a lighthouse")
    assert [request.line.split()[0] for request in raw.requests] == ["CONNECT"] * 3
    assert all("authorization" not in request.headers for request in raw.requests)


def test_a_proxy_forwards(raw: Any, answers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain http API behind a proxy is asked for by its whole address."""
    raw.play(answers.picture())
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{raw.port}")
    imgcell.options.allow_http = True
    with imgcell.Client("openai", base_url="http://api.example.com/v1", api_key="sk-secret-x", library=tmp_path) as client:
        assert client.generate("a lighthouse")[0].data == answers.png
    assert raw.requests[0].line.split()[1] == "http://api.example.com/v1/images/generations"


def test_no_proxy(raw: Any, answers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY is honoured."""
    raw.play(answers.picture())
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{raw.port}")
    monkeypatch.setenv("NO_PROXY", "no-such-host.invalid")
    imgcell.options.allow_http = True
    with imgcell.Client("openai", base_url="http://no-such-host.invalid/v1", api_key="sk-x", library=tmp_path) as client:
        with pytest.raises(errors.NotSentError):
            client.generate("a lighthouse")
    assert raw.requests == []


def test_this_machine_is_behind_no_proxy(raw: Any, answers: Any, tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on this machine, as the sandbox is, is asked directly, and so is the file it names."""
    raw.play(answers.url(f"http://127.0.0.1:{raw.port}/a.png"), answers.image())
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    with imgcell.Client("json-images", base_url=raw.base_url, api_key="sk-x", library=tmp_path) as client:
        assert client.generate("a lighthouse")[0].data == answers.png


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks"])
def test_a_socks_proxy(raw: Any, answers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """A SOCKS proxy is gone through, and resolves the name."""
    raw.play(answers.picture())
    asked: list[bytes] = []

    def proxy(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, socket.create_connection(("127.0.0.1", raw.port)) as server:
            connection.recv(262)
            connection.sendall(b"\x05\x00")
            asked.append(connection.recv(262))
            connection.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x01")
            back = threading.Thread(target=pump, args=(server, connection), daemon=True)
            back.start()
            pump(connection, server)
            back.join(10)

    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    imgcell.options.allow_http = True
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=proxy, args=(listener,), daemon=True)
        serving.start()
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")
        with imgcell.Client("openai", base_url="http://api.example.com/v1", api_key="sk-x", library=tmp_path) as client:
            assert client.generate("a lighthouse")[0].data == answers.png
        serving.join(10)
    assert asked == [b"\x05\x01\x00\x03\x0fapi.example.com\x00\x50"]
