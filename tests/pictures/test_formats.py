"""What a picture file is, and whether it is whole."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from imgcell.errors import ImageDecodeError
from imgcell.pictures import FileSource, MemorySource, inspect
from imgcell.pictures.formats import MAX_PIXELS, sniff

MODES = {
    "PNG": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
    "JPEG": ["L", "RGB", "CMYK"],
    "WEBP": ["RGB", "RGBA"],
}


def plain(mode, size=(21, 13)):
    """A picture in *mode*, with real transparency where the mode has it."""
    image = Image.radial_gradient("L").resize(size)
    if mode in ("LA", "RGBA"):
        image = image.convert(mode)
        image.putalpha(Image.linear_gradient("L").resize(size))
        return image
    return (
        image.convert("RGB").convert(mode) if mode == "P" else image.convert("I").convert(mode) if mode == "I;16" else image.convert(mode)
    )


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_the_header_says_what_pillow_finds(encode, kind, mode):
    """Format, size and mode are those with which Pillow opens the file, in memory and on disk alike."""
    data = encode(plain(mode), kind)
    opened = Image.open(io.BytesIO(data))
    facts = inspect(data)
    assert (facts.format, facts.width, facts.height, facts.mode) == (opened.format, *opened.size, opened.mode)
    assert facts.media_type == opened.get_format_mimetype()
    assert facts.alpha == (mode in ("LA", "RGBA"))
    assert (facts.orientation, facts.animated) == (1, False)


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("alpha", [False, True])
def test_webp_of_every_kind(encode, lossless, alpha):
    """VP8, VP8L and VP8X tell size and transparency."""
    data = encode(plain("RGBA" if alpha else "RGB"), "WEBP", lossless=lossless)
    assert (inspect(data).width, inspect(data).height, inspect(data).alpha) == (21, 13, alpha)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_and_applied_to_the_size(encode, kind, orientation):
    """EXIF orientation 5 to 8 swaps width and height as displayed; the stored size stays Pillow's."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    facts = inspect(encode(plain("RGB"), kind, exif=exif))
    assert facts.orientation == orientation
    assert (facts.width, facts.height) == ((13, 21) if orientation >= 5 else (21, 13))
    assert facts.stored_size == (21, 13)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animation_is_flagged(encode, kind):
    """More than one frame is seen in the header."""
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    assert inspect(encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)).animated


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_cut_at_any_byte_is_an_error(encode, tmp_path, kind):
    """Every proper prefix of a file is refused, from memory and from disk, whatever LOAD_TRUNCATED_IMAGES says."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    data = encode(plain("RGB", (40, 30)), kind)
    path = tmp_path / "cut"
    for end in range(len(data)):
        with pytest.raises(ImageDecodeError):
            inspect(data[:end])
    for end in range(0, len(data), 37):
        path.write_bytes(data[:end])
        with pytest.raises(ImageDecodeError):
            inspect(FileSource(path, "", end))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_bytes_behind_the_end_are_tolerated(encode, kind):
    """What stands behind IEND and EOI is not part of the picture."""
    assert inspect(encode(plain("RGB"), kind) + b"\0" * 100_000).width == 21


def test_a_progressive_jpeg_is_whole(encode):
    """Several scans end in one EOI."""
    assert inspect(encode(plain("RGB", (200, 200)), "JPEG", progressive=True)).width == 200


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x40\0\0\0WEBP"]))
def test_garbage_is_one_kind_of_error(garbage, head):
    """Whatever the bytes are, ImageDecodeError is all that can come out."""
    with pytest.raises(ImageDecodeError):
        inspect(MemorySource(head + garbage))


@given(st.data())
def test_flipped_bytes_raise_nothing_else(data):
    """A damaged header or structure raises ImageDecodeError or nothing."""
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP"]))
    buffer = io.BytesIO()
    plain("RGB").save(buffer, kind)
    raw = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        inspect(bytes(raw))
    except ImageDecodeError as error:
        assert error.message


def png_header(width, height):
    """A PNG that claims to be large, in a hundred bytes."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(40_000, 2), (2, 40_000), (9_000, 9_000), (0, 5)])
def test_the_pixel_cap_is_taken_from_the_header(width, height):
    """A bomb is refused before anything is allocated, with Pillow's own limit switched off."""
    Image.MAX_IMAGE_PIXELS = None
    with pytest.raises(ImageDecodeError, match=rf"{width}x{height}"):
        inspect(png_header(width, height))


def test_the_largest_picture_passes():
    """8192 x 8192 is within the cap."""
    assert MAX_PIXELS == 8192 * 8192
    assert inspect(png_header(8192, 8192)).width == 8192


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"GIF89a....", "GIF"),
        (b"II*\0....", "TIFF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", "SVG"),
        (b"<?xml version='1.0'?>\n<svg>", "SVG"),
        (b"\n <!DOCTYPE html><html>", "HTML"),
        (b'{"error": {"message": "no"}}', "JSON"),
        (b"%PDF-1.7", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        ("灯塔".encode() * 3, "text"),
        (b"\0\1\2\3\xff", "unknown data"),
    ],
)
def test_what_is_no_picture_is_named(data, kind):
    """SVG, HTML, PDF, PostScript and the rest are refused by name."""
    with pytest.raises(ImageDecodeError, match=kind):
        inspect(data)


def test_heic_and_avif_are_told_apart():
    """Both are ISO base media files; the brand says which."""
    assert sniff(b"\0\0\0\x18ftypheic") == "HEIC"
    assert sniff(b"\0\0\0\x18ftypavif") == "AVIF"


def test_nothing_at_all_is_said_so():
    """Zero bytes have a message of their own."""
    with pytest.raises(ImageDecodeError, match="0 bytes"):
        inspect(b"")


def test_a_file_is_not_read_whole(encode, tmp_path, monkeypatch):
    """A source with a path is read by seeking: its read() is never called."""
    path = tmp_path / "a.png"
    path.write_bytes(encode(plain("RGB", (300, 300))))
    source = FileSource(path, "", path.stat().st_size)
    monkeypatch.setattr(FileSource, "read", lambda self: pytest.fail("read whole"))
    assert inspect(source).width == 300
