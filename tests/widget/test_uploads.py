"""Files that come in pieces, whatever they are."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib

import pytest
from PIL import Image


@pytest.fixture(scope="module")
def large():
    """A PNG of 12 MB: noise, which does not compress."""
    pixels = Image.frombytes("RGB", (2048, 1960), os.urandom(2048 * 1960 * 3))
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", compress_level=0)
    assert len(buffer.getvalue()) > 12_000_000
    return buffer.getvalue()


def test_twelve_megabytes_come_in_pieces(page, upload, large):
    """A large file arrives whole, is measured, and can be fetched small and as it was."""
    reference = upload(large, "海边 sea.png")
    assert (reference["name"], reference["width"], reference["height"]) == ("海边 sea.png", 2048, 1960)
    assert (reference["media_type"], reference["bytes"], reference["id"]) == ("image/png", len(large), None)
    assert reference["sha"] == hashlib.sha256(large).hexdigest()
    _, whole = page.ask_bytes("fetch-image", sha=reference["sha"], box="original", base64=False)
    assert whole == large
    fields, small = page.ask_bytes("fetch-image", sha=reference["sha"], box=256, base64=False)
    assert fields["media_type"] == "image/jpeg"
    assert len(small) <= 64_000
    assert max(Image.open(io.BytesIO(small)).size) == 256
    assert page.ask("references")["references"] == [reference]


def test_a_piece_from_elsewhere_changes_nothing(page, large):
    """Wrong offsets, repeated and too long pieces: the page is told how far it is, and goes on from there."""
    begun = page.ask("upload-start", name="x.png", size=len(large), sha256=hashlib.sha256(large).hexdigest())
    key, piece = begun["upload"], begun["piece"]
    assert piece == 1 << 20
    assert page.ask("upload-piece", large[:piece], upload=key, offset=0, data=None) == {"received": piece}
    assert page.ask("upload-piece", large[:piece], upload=key, offset=0, data=None) == {"received": piece}
    assert page.ask("upload-piece", large[:piece], upload=key, offset=piece + 1, data=None) == {"received": piece}
    assert page.refused("upload-piece", b"", upload=key, offset=piece, data=None)
    assert page.refused("upload-piece", upload=key, offset=piece, data=None)
    assert "is not complete" in page.refused("upload-end", upload=key)["message"]
    for offset in range(piece, len(large), piece):
        page.ask("upload-piece", large[offset : offset + piece], upload=key, offset=offset, data=None)
    assert page.refused("upload-piece", b"more", upload=key, offset=len(large), data=None)
    assert page.ask("upload-end", upload=key)["reference"]["bytes"] == len(large)
    assert page.refused("upload-end", upload=key)


def test_a_file_that_was_changed_on_its_way_is_refused(page, painted):
    """Another digest than the page announced: the upload is gone, and nothing is in the tray."""
    data = painted()
    key = page.ask("upload-start", name="x.png", size=len(data), sha256="0" * 64)["upload"]
    page.ask("upload-piece", data, upload=key, offset=0, data=None)
    assert "changed on its way" in page.refused("upload-end", upload=key)["message"]
    assert page.refused("upload-piece", data, upload=key, offset=0, data=None)
    assert page.ask("references")["references"] == []


def test_what_is_known_already_is_not_sent_again(page, upload, painted):
    """The same file a second time needs no pieces."""
    reference = upload(painted())
    again = page.ask("upload-start", name="other.png", size=len(painted()), sha256=reference["sha"].upper())
    assert again["reference"] == reference


def _png(*chunks):
    made = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        made += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return made


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
        (b"<html><script>alert(1)</script>", "HTML"),
        (b"%!PS-Adobe-3.0\n(/etc/passwd) run", "PostScript"),
        (b"GIF89a", "innocent.png: it cannot be decoded (cannot identify image file 'innocent.png')"),
        (bytes(1000), "unknown"),
        (_png((b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)), (b"IDAT", b"x"), (b"IEND", b"")), "megapixels"),
        (_png((b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)), (b"IDAT", b"no zlib"), (b"IEND", b"")), "decoded"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), ""),
    ],
    ids=["svg", "html", "postscript", "gif", "zeros", "bomb", "damaged", "broken"],
)
def test_hostile_files_are_refused_with_a_reason(page, data, says):
    """What only claims to be a picture never gets into the tray."""
    key = page.ask("upload-start", name="innocent.png", size=len(data), sha256=None)["upload"]
    page.ask("upload-piece", data, upload=key, offset=0, data=None)
    error = page.refused("upload-end", upload=key)
    assert says in error["message"], error
    assert page.ask("references")["references"] == []


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "C:\\Windows\\con.png",
        "a\u202egnp.exe",
        "x" * 300,
        "\x00\x1b[31m",
        "<img src=x onerror=1>.png",
        "灯塔.png",
        ".",
        "/",
    ],
)
def test_names_of_files_are_texts(page, upload, painted, name, tmp_path):
    """No name is a path, none moves anything, and none carries controls."""
    shown = upload(painted(), name)["name"]
    assert shown
    assert shown.isprintable()
    assert "/" not in shown
    assert "\\" not in shown
    assert "\u202e" not in shown


def test_formats_that_nobody_can_send_are_converted_where_that_is_possible(page, upload, painted):
    """A TIFF becomes a PNG, with a note; a photograph's place stays here."""
    reference = upload(painted(kind="TIFF"), "scan.tiff")
    assert reference["media_type"] == "image/png"
    assert any("TIFF" in note for note in reference["notes"])


def test_uploads_that_nobody_ends_make_room(page, painted):
    """Begun ones beyond sixteen push out the oldest; a cancelled one is gone."""
    keys = [page.ask("upload-start", name="x", size=10, sha256=None)["upload"] for _ in range(17)]
    assert page.refused("upload-piece", b"x", upload=keys[0], offset=0, data=None)
    assert page.ask("upload-piece", b"x", upload=keys[-1], offset=0, data=None) == {"received": 1}
    assert page.ask("upload-cancel", upload=keys[-1]) == {}
    assert page.refused("upload-piece", b"x", upload=keys[-1], offset=1, data=None)
    assert page.refused("upload-start", name="x", size=50_000_001, sha256=None)


def test_removing_a_reference_and_asking_for_what_is_gone(page, upload, painted, draft):
    """What was removed is no longer in the tray, and a form that names it says which field is wrong."""
    reference = upload(painted())
    assert page.ask("remove-reference", reference=reference["key"]) == {}
    assert page.ask("references")["references"] == []
    problem = page.ask("estimate", draft=draft(references=[reference["key"]]))["problems"]
    assert [one["field"] for one in problem] == ["references"]
