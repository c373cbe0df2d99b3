"""Requests through a proxy: a refusal of the proxy is not a request of ours; result addresses stay checked."""

from __future__ import annotations

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


def test_no_proxy(raw: Any, answers: Any, tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_PROXY is honoured."""
    raw.play(answers.picture())
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=tmp_path) as client:
        assert client.generate("a lighthouse")[0].data == answers.png
