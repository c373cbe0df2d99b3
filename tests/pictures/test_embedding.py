"""A text in a copy of a picture: where it goes, what stays as it is, what does not fit."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from imgcell.errors import InvalidJobError
from imgcell.pictures import inspect
from imgcell.pictures.embedding import embed, extract

TEXT = '{"imgcell-recipe":1,"prompt":"横版 <b>&amp;</b> \\u0000 ]]> \U0001f3a8"}'


def chunks(data, kind):
    """The parts of a file: (name, bytes), without ours."""
    if kind == "PNG":
        at, found = 8, []
        while at < len(data):
            length, name = struct.unpack(">I4s", data[at : at + 8])
            found.append((name, data[at : at + 12 + length]))
            at += 12 + length
        return [one for one in found if not one[1][8:].startswith(b"imgcell-recipe")]
    if kind == "JPEG":
        at, found = 2, []
        while data[at + 1] != 0xDA:
            (length,) = struct.unpack(">H", data[at + 2 : at + 4])
            found.append((data[at + 1], data[at : at + 2 + length]))
            at += 2 + length
        return [one for one in [*found, ("scan", data[at:])] if b"imgcell" not in one[1]]
    at, found = 12, []
    while at < len(data):
        name, length = struct.unpack("<4sI", data[at : at + 8])
        found.append((name, data[at : at + 8 + length]))
        at += 8 + length + (length & 1)
    return [one for one in found if one[0] not in (b"VP8X", b"XMP ")]


def encoded(kind, image=None, **params):
    """A picture file."""
    buffer = io.BytesIO()
    (image or Image.effect_noise((41, 31), 60).convert("RGB")).save(buffer, kind, **params)
    return buffer.getvalue()


def files():
    """Files of every container's variants, by name."""
    rgba = Image.effect_noise((41, 31), 60).convert("RGBA")
    rgba.putalpha(90)
    exif = Image.Exif()
    exif[0x0112] = 6
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Title", "灯塔")
    palette = Image.effect_noise((40, 30), 60).convert("P")
    return {
        "png": ("PNG", encoded("PNG")),
        "png with alpha and texts": ("PNG", encoded("PNG", rgba, pnginfo=info, exif=exif, dpi=(300, 300))),
        "png palette": ("PNG", encoded("PNG", palette)),
        "jpeg": ("JPEG", encoded("JPEG")),
        "jpeg progressive with exif": ("JPEG", encoded("JPEG", progressive=True, exif=exif, comment=b"hello")),
        "webp lossy": ("WEBP", encoded("WEBP")),
        "webp lossless": ("WEBP", encoded("WEBP", lossless=True)),
        "webp lossless with alpha": ("WEBP", encoded("WEBP", rgba, lossless=True)),
        "webp lossy with alpha": ("WEBP", encoded("WEBP", rgba)),
        "webp with exif": ("WEBP", encoded("WEBP", exif=exif)),
        "webp animated": ("WEBP", encoded("WEBP", save_all=True, append_images=[Image.new("RGB", (41, 31), "red")])),
    }


FILES = files()


@pytest.mark.parametrize(("kind", "data"), FILES.values(), ids=FILES)
def test_only_one_chunk_is_new(kind, data):
    """Every other chunk is byte for byte as it was, pixels and facts are the same, and the text comes back."""
    made = embed(data, kind, [TEXT])
    assert chunks(made, kind) == chunks(data, kind)
    assert inspect(made) == inspect(data)
    with Image.open(io.BytesIO(made)) as one, Image.open(io.BytesIO(data)) as other:
        one.load()
        assert one.tobytes() == other.tobytes()
        assert one.mode == other.mode
        assert one.getexif().get(0x0112) == other.getexif().get(0x0112)
    assert extract(made, kind) == TEXT
    assert extract(data, kind) is None


@pytest.mark.parametrize(("kind", "data"), FILES.values(), ids=FILES)
def test_a_second_text_takes_the_place_of_the_first(kind, data):
    """There is only ever one of ours in a file."""
    once = embed(data, kind, ["first"])
    twice = embed(once, kind, [TEXT])
    assert extract(twice, kind) == TEXT
    assert b"first" not in twice
    assert embed(twice, kind, ["first"]) == once


XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:creator>someone</dc:creator></r:Description></r:RDF></x:xmpmeta><!-- padding -->   <?xpacket end='w'?>"
).encode()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_xmp_that_is_there_already(kind):
    """A packet of somebody else's keeps all it says; the file still has one packet, which both can be read from."""
    data = encoded(kind, xmp=XMP)
    made = embed(data, kind, [TEXT])
    with Image.open(io.BytesIO(made)) as image:
        packet = image.info["xmp"]
        assert "someone" in str(image.getxmp())
    assert packet.count(b"W5M0MpCehiHzreSzNTczkc9d") == 1
    assert packet.replace(packet[packet.index(b"<rdf:Description") : packet.index(b"</rdf:Description>") + 18], b"") == XMP
    assert extract(made, kind) == TEXT


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("xmp", [b"no xmp at all", b"<a/>", XMP.decode().encode("utf-16"), b"\xff\xfe" * 40])
def test_xmp_that_cannot_be_added_to(kind, xmp):
    """What is no packet that can be read stays in the file; ours stands beside it."""
    made = embed(encoded(kind, xmp=xmp), kind, [TEXT])
    assert xmp in made
    assert extract(made, kind) == TEXT
    inspect(made)


def test_packets_that_would_grow():
    """A packet that declares entities is not read."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x xmlns:imgcell="urn:imgcell:xmp#"><imgcell:recipe>&a;</imgcell:recipe></x>'
    assert extract(encoded("JPEG", xmp=bomb), "JPEG") is None


def test_as_other_programs_write_it():
    """A property that another program wrote as an attribute, or under another prefix, is found."""
    for xmp in (
        b'<x xmlns:q="urn:imgcell:xmp#"><d q:recipe="{&quot;imgcell&quot;: 1}"/></x>',
        b'<x xmlns:q="urn:imgcell:xmp#"><q:recipe>{"imgcell": 1}</q:recipe></x>',
    ):
        assert extract(encoded("WEBP", xmp=xmp), "WEBP") == '{"imgcell": 1}'


@pytest.mark.parametrize(("kind", "room"), [("PNG", 7_900_000), ("JPEG", 64_000), ("WEBP", 7_000_000)])
def test_what_does_not_fit(kind, room):
    """The first version for which there is room is taken; where none fits, the file is refused."""
    data = encoded(kind)
    assert extract(embed(data, kind, ["x" * 9_000_000, "short"]), kind) == "short"
    assert extract(embed(data, kind, ["x" * room, "short"]), kind) == "x" * room
    with pytest.raises(InvalidJobError, match="too long"):
        embed(data, kind, ["x" * 9_000_000])


def test_pillow_reads_the_file_without_complaint():
    """A text of some megabytes, not compressed, is no obstacle for Pillow, which refuses compressed ones above 1 MB."""
    with Image.open(io.BytesIO(embed(encoded("PNG"), "PNG", ["x" * 7_000_000]))) as image:
        image.load()
        assert len(image.text["imgcell-recipe"]) == 7_000_000


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1).filter(str.strip))
def test_any_text_comes_back(text):
    """Whatever JSON can hold survives all three containers."""
    import json

    whole = json.dumps({"t": text}, ensure_ascii=False)
    for kind in ("PNG", "JPEG", "WEBP"):
        back = extract(embed(SMALL[kind], kind, [whole]), kind)
        assert json.loads(back)["t"] == text.encode("utf-8", "replace").decode()


SMALL = {kind: encoded(kind, Image.new("RGB", (3, 2))) for kind in ("PNG", "JPEG", "WEBP")}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "WEBP"]), st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_damaged_files_are_no_crash(kind, at, junk):
    """A file with a few bytes changed has a text, or none; nothing else is raised once it passes as a picture."""
    from imgcell.errors import ImageDecodeError

    data = bytearray(embed(SMALL[kind], kind, [TEXT]))
    data[at : at + len(junk)] = junk
    try:
        inspect(bytes(data))
    except ImageDecodeError:
        return
    found = extract(bytes(data), kind)
    assert found is None or isinstance(found, str)
