"""Bad input: one clear error that says what to do, before anything is sent."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgcell
import imgcell.transport.fetch
from imgcell import errors


def png(width: int = 64, height: int = 48, mode: str = "RGB") -> bytes:
    """Return a small PNG."""
    buffer = io.BytesIO()
    Image.new(mode, (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


def huge() -> bytes:
    """Return the PNG of an 80-megapixel picture: a header that says so, and little else."""
    header = struct.pack(">IIBBBBB", 10_000, 8_000, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes((10_000 + 1) * 8_000))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


GENERATE: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "empty prompt": ("openai", "  ", {}, "empty"),
    "prompt over dall-e-2's limit, in characters": ("ezmodel", "海" * 1001, {"model": "dall-e-2"}, "1000"),
    "prompt over dall-e-3's limit": ("ezmodel", "a" * 4001, {"model": "dall-e-3"}, "4000"),
    "n out of range": ("openai", "a", {"n": 11}, "1 to 10"),
    "n of zero": ("openai", "a", {"n": 0}, "1 to 10"),
    "n that is no number": ("openai", "a", {"n": "2"}, "1 to 10"),
    "size where the document closes the list": ("ezmodel", "a", {"model": "dall-e-3", "size": "800x600"}, "1024x1024"),
    "size outside json-images' three": ("json-images", "a", {"size": "999x999"}, "1024x1024"),
    "quality that the model does not know": ("ezmodel", "a", {"model": "dall-e-3", "quality": "ultra"}, "hd"),
    "field that the model refuses": ("apiyi", "a", {"background": "transparent"}, "background"),
    "compression out of range": ("openai", "a", {"output_compression": 101}, "100"),
    "partial pictures out of range": ("openai", "a", {"partial_images": 4}, "3"),
    "streaming where there is none": ("apiyi", "a", {"partial_images": 1}, "stream"),
}


@pytest.mark.parametrize("name", GENERATE)
def test_generating(server: Any, name: str) -> None:
    """One error, and no request."""
    provider, prompt, fields, words = GENERATE[name]
    with imgcell.Client(provider, base_url=server.url(provider), api_key="sk-test") as client:
        with pytest.raises(errors.InvalidJobError, match=words) as caught:
            client.generate(prompt, **fields)
    assert isinstance(caught.value, ValueError)
    assert server.requests == []


def _files(folder: Path) -> None:
    (folder / "notes.txt").write_text("这不是图片 / not a picture")
    (folder / "cut.png").write_bytes(png(640, 480)[:-30])
    (folder / "empty.png").write_bytes(b"")
    (folder / "huge.png").write_bytes(huge())
    (folder / "lighthouse.png").write_bytes(png())


EDIT: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a text file as picture": (lambda folder: folder / "notes.txt", "notes.txt"),
    "a truncated picture": (lambda folder: folder / "cut.png", "cut.png|truncated|ends"),
    "a 0-byte upload": (lambda folder: folder / "empty.png", "empty"),
    "0 bytes": (lambda folder: b"", "empty"),
    "an 80-megapixel picture": (lambda folder: folder / "huge.png", "80|megapixel"),
    "a missing file, with a near name": (lambda folder: folder / "lighthose.png", "lighthouse.png"),
    "a folder": (lambda folder: folder, "folder|directory"),
    "a variable that is not a picture": (lambda folder: {"a": 1}, "dict"),
    "a number": (lambda folder: 7, "int"),
    "an array of a strange shape": (lambda folder: np.zeros((3, 4, 5, 6)), "shape"),
    "an array of text": (lambda folder: np.array([["a"]]), "array|dtype|numbers"),
    "an unreachable URL": (lambda folder: "http://127.0.0.1:9/a.png", "127.0.0.1"),
}


@pytest.mark.parametrize("name", EDIT)
def test_pictures(server: Any, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One error that names what is wrong, and no request."""
    monkeypatch.setitem(imgcell.transport.fetch.Downloads.__init__.__kwdefaults__, "pauses", (0.0, 0.0))
    _files(tmp_path)
    make, words = EDIT[name]
    with imgcell.Client("apiyi", base_url=server.url("apiyi"), api_key="sk-test") as client:
        with pytest.raises(errors.InvalidJobError, match=words):
            client.edit("make it night", images=[make(tmp_path)])
    assert server.requests == []


MASKS: dict[str, tuple[Any, str]] = {
    "of another size": (Image.new("L", (10, 10)), "10.*64|64.*10"),
    "without alpha": (Image.new("RGB", (64, 48)), "alpha|transparen"),
    "an array of another size": (np.zeros((64, 48), bool), "48.*64|64.*48"),
    "that is no picture": (3.5, "float"),
}


@pytest.mark.parametrize("name", MASKS)
def test_masks(server: Any, name: str) -> None:
    """One error that names both sizes, or says what a mask may be; and no request."""
    mask, words = MASKS[name]
    with imgcell.Client("openai", base_url=server.url("openai"), api_key="sk-test") as client:
        with pytest.raises(errors.InvalidJobError, match=words):
            client.edit("a balloon", images=[png()], mask=mask)
    assert server.requests == []


def test_a_mask_that_cannot_be_sent(server: Any) -> None:
    """A masked edit never silently becomes an unmasked one."""
    with imgcell.Client("json-images", base_url=server.url("json-images"), api_key="sk-test") as client:
        with pytest.raises(errors.InvalidJobError, match="mask"):
            client.edit("a balloon", images=[png()], mask=Image.new("L", (64, 48), 255))
    assert server.requests == []


def test_five_plus_one_pictures(server: Any) -> None:
    """json-images takes five."""
    with imgcell.Client("json-images", base_url=server.url("json-images"), api_key="sk-test") as client:
        with pytest.raises(errors.InvalidJobError, match="5"):
            client.edit("a balloon", images=[png()] * 6)
    assert server.requests == []


def test_no_picture_and_no_way_to_edit(server: Any) -> None:
    """An edit needs a picture, and a provider that can."""
    with imgcell.Client("ezmodel", base_url=server.url("ezmodel"), api_key="sk-test") as client:
        with pytest.raises(errors.InvalidJobError, match="picture"):
            client.edit("a balloon", images=[])
        with pytest.raises(errors.InvalidJobError, match="edit"):
            client.edit("a balloon", images=[png()])
    assert server.requests == []


def test_a_provider_that_does_not_exist() -> None:
    """Near names are told."""
    with pytest.raises(errors.InvalidJobError, match="apiyi"):
        imgcell.Client("apiyy")


def test_a_malformed_providers_toml(imgcell_home: Path) -> None:
    """File, line and reason."""
    from imgcell import providers

    (imgcell_home / "providers.toml").write_text('[mine]\nlike = "openai-compatible"\nbase_url = https://example.com\n')
    providers.reload()
    try:
        with pytest.raises(errors.ConfigurationError, match=r"providers\.toml.*3"):
            imgcell.Client("mine")
    finally:
        (imgcell_home / "providers.toml").unlink()
        providers.reload()


def test_a_large_upload(server: Any) -> None:
    """12 MB where 10 MB are allowed: made smaller, with a note, rather than refused by the provider."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (2100, 2000, 3), np.uint8))
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    assert len(buffer.getvalue()) > 12_000_000
    with imgcell.Client("apiyi", base_url=server.url("apiyi"), api_key="sk-test") as client:
        record = client.edit("make it night", images=[buffer.getvalue()])[0].record
    assert any("MB" in note for note in record.notes)
    sent = next(file for file in server.requests[0].files)
    assert len(sent.data) <= 10_000_000
