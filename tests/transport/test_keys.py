"""A key is in one header of one request, and nowhere else."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest

import imgcell
from imgcell import errors
from imgcell.transport.keys import Key, find_key

SECRET = "sk-proj-0123456789abcdefSECRET"


def everything_below(folder: Path) -> bytes:
    """Return all that was written."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_key_shows_nothing() -> None:
    """Neither whole nor in part, in no representation."""
    key = Key(f" {SECRET}\n", "here")
    assert key.reveal() == SECRET
    for text in (repr(key), str(key), f"{key}", f"{key!r:>10}", f"{[key]}"):
        assert "SECRET" not in text
        assert "sk-" not in text
    for shows in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            shows(key)


def test_where_a_key_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first variable that is set wins; empty ones do not count."""
    monkeypatch.setenv("A_KEY", "  ")
    monkeypatch.setenv("B_KEY", SECRET)
    found = find_key(["A_KEY", "B_KEY"], "nobody")
    assert found is not None
    assert (found.reveal(), found.source) == (SECRET, "$B_KEY")
    assert find_key(["C_KEY"], "nobody") is None


@pytest.mark.parametrize("status", [200, 401, 500])
def test_an_echoed_key_goes_nowhere(raw: Any, answers: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int) -> None:
    """Relays echo keys in their errors: it is in no message, traceback, log, record or file."""
    caplog.set_level(logging.DEBUG)
    raw.play(answers.error(status, f"Incorrect API key provided: {SECRET}.", "invalid_api_key"))
    client = imgcell.Client("openai", base_url=raw.base_url, api_key=SECRET, library=tmp_path)
    with pytest.raises(errors.ImgcellError) as caught:
        client.generate("a lighthouse")
    client.close()
    assert raw.requests[0].headers["authorization"] == f"Bearer {SECRET}"
    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + repr(client) + caplog.text
    assert SECRET not in shown
    assert SECRET.encode() not in everything_below(tmp_path)


def test_an_echoed_key_in_a_revised_prompt(raw: Any, answers: Any, tmp_path: Path) -> None:
    """Not even there."""
    raw.play(answers.picture(revised_prompt=f"a lighthouse {SECRET}"))
    with imgcell.Client("openai", base_url=raw.base_url, api_key=SECRET, library=tmp_path) as client:
        record = client.generate("a lighthouse")[0].record
    assert SECRET not in repr(record)
    assert SECRET.encode() not in everything_below(tmp_path)


def test_a_key_that_cannot_be_one(raw: Any, answers: Any, tmp_path: Path) -> None:
    """A key with a line break inside or with Chinese quotes is told of, and not sent."""
    raw.play(answers.picture())
    for bad in ("sk-one\nsk-two", "“sk-one”", "sk one"):
        with imgcell.Client("openai", base_url=raw.base_url, api_key=bad, library=tmp_path) as client:
            with pytest.raises(errors.MissingKeyError):
                client.generate("a lighthouse")
    assert raw.requests == []


def test_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable, the other ways and the sandbox."""
    with pytest.raises(errors.MissingKeyError) as caught:
        imgcell.Client("apiyi").generate("a lighthouse")
    text = str(caught.value)
    assert all(word in text for word in ("APIYI_API_KEY", "keyring", "api_key=", "sandbox"))


def test_plain_http_to_elsewhere() -> None:
    """A key does not go over the network in clear text unless the user says so."""
    with pytest.raises(errors.ConfigurationError, match="allow_http"):
        imgcell.Client("openai", base_url="http://api.example.com/v1", api_key=SECRET)
    imgcell.options.allow_http = True
    assert imgcell.Client("openai", base_url="http://api.example.com/v1", api_key=SECRET).base_url == "http://api.example.com/v1"
