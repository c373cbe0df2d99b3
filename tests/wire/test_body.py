"""The readers of answers: whatever the network's cuts and the provider's spelling, the same bytes come out."""

from __future__ import annotations

import base64
import json
import random
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcell.wire.base64text import MemoryExtract, decode_text
from imgcell.wire.body import BodyError, CutBodyError, JsonReader, TextReader, UnreadableBodyError, reader_for
from imgcell.wire.flow import Event
from imgcell.wire.sse import EventReader

BIG = random.Random(1).randbytes(150_001)
TEXT = base64.b64encode(BIG).decode()

SPELLINGS = {
    "standard": json.dumps,
    "data url": lambda text: json.dumps("data:image/png;base64," + text),
    "data url with escaped slashes": lambda text: json.dumps("data:image/png;base64," + text).replace("/", "\\/"),
    "no padding": lambda text: json.dumps(text.rstrip("=")),
    "url-safe": lambda text: json.dumps(text.replace("+", "-").replace("/", "_")),
    "url-safe without padding": lambda text: json.dumps(text.replace("+", "-").replace("/", "_").rstrip("=")),
    "escaped line breaks": lambda text: json.dumps("\n".join(textwrap.wrap(text, 76))),
    "escaped CRLF": lambda text: json.dumps("\r\n".join(textwrap.wrap(text, 76)) + "\r\n"),
    "raw line breaks": lambda text: '"' + "\n".join(textwrap.wrap(text, 76)) + '"',
    "escaped slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "unicode escapes": lambda text: json.dumps(text).replace("=", "\\u003d").replace("+", "\\u002B"),
    "leading line break": lambda text: json.dumps("\n" + text),
}


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut bytes at some places."""
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def read(data: bytes, cuts: list[int] | None = None):
    """Read a document, cut at some places."""
    reader = JsonReader(MemoryExtract)
    for piece in pieces(data, cuts or []):
        reader.feed(piece)
    return reader, reader.finish()


def plain(value):
    """Extracts as bytes, so that documents can be compared."""
    if isinstance(value, MemoryExtract):
        return value.read()
    if isinstance(value, Event):
        return (value.name, plain(value.document))
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(max_examples=25, deadline=None)
@given(length=st.integers(1000, 120_000), cuts=st.lists(st.integers(0, 200_000), max_size=12))
def test_every_spelling_of_base64_gives_the_same_bytes(spelling, length, cuts):
    """Base64 in any spelling, cut anywhere, becomes the bytes that it stands for."""
    data = BIG[:length]
    body = b'{"created": 1, "data": [{"b64_json": ' + SPELLINGS[spelling](base64.b64encode(data).decode()).encode() + b', "x": "\\"y"}]}'
    _, document = read(body, cuts)
    assert plain(document) == {"created": 1, "data": [{"b64_json": data, "x": '"y'}]}


@settings(max_examples=60, deadline=None)
@given(
    document=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text()
        | st.text(alphabet='a"\\é猫 ', min_size=900, max_size=1300),
        lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
        max_leaves=8,
    ),
    escaped=st.booleans(),
    cuts=st.lists(st.integers(0, 5000), max_size=6),
)
def test_any_json_is_read_as_json_reads_it(document, escaped, cuts):
    """Without long base64 in it, a document is what json.loads says, however it was cut."""
    body = json.dumps({"document": document}, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    if len(body) == len(body.decode("utf-8", "replace").encode()):
        _, read_document = read(body, cuts)
        assert plain(read_document) == json.loads(body)


def test_the_text_of_a_picture_is_never_held():
    """What is left of an answer of some hundred kilobytes is a skeleton of some bytes."""
    reader, document = read(json.dumps({"data": [{"b64_json": TEXT}]}).encode(), list(range(0, 200_000, 4096)))
    assert len(reader.skeleton) < 100
    assert document["data"][0]["b64_json"].read() == BIG


@pytest.mark.parametrize("decode", ["binascii", "pybase64", "pybase64 strict"])
def test_lenient_and_strict_decoders_give_the_same(decode):
    """A decoder that silently drops foreign characters is found out by its length."""
    pybase64 = pytest.importorskip("pybase64")
    decoders = {
        "binascii": base64.binascii.a2b_base64,
        "pybase64": pybase64.b64decode,
        "pybase64 strict": lambda data: pybase64.b64decode(data, validate=True),
    }
    for spelling in SPELLINGS.values():
        reader = JsonReader(MemoryExtract, decoders[decode])
        body = b"[" + spelling(TEXT).encode() + b"]"
        for start in range(0, len(body), 50_000):
            reader.feed(memoryview(body)[start : start + 50_000])
        assert reader.finish()[0].read() == BIG


@pytest.mark.parametrize(
    "text",
    [
        "a" * 5000 + " and then words, not base64",
        "A" * 40_000 + '"quoted"' + "\\" * 3 + "B" * 2000,
        "一只猫" * 2000,
        "word " * 1000,
        "QUJD=" * 1000,
        "A" * 4097,
        "https://host/path?" + "a=b&" * 600,
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1024, 33_333, 1_000_000])
def test_long_strings_that_are_not_base64_stay_strings(text, step):
    """A long prompt, also one that begins like base64, is given back as it came."""
    body = json.dumps({"revised_prompt": text, "n": 1}, ensure_ascii=False).encode()
    reader = JsonReader(MemoryExtract)
    for start in range(0, len(body), step):
        reader.feed(body[start : start + step])
    assert reader.finish() == {"revised_prompt": text, "n": 1}


@pytest.mark.parametrize("cut", [0, 1, 10, 30, 2000, 100_000, len(TEXT) + 20])
def test_a_cut_body_is_called_cut(cut):
    """A body that ends early is a CutBodyError wherever it ends."""
    body = json.dumps({"data": [{"b64_json": TEXT}]}).encode()
    with pytest.raises(CutBodyError):
        read(body[:cut])


@pytest.mark.parametrize("body", [b"<html>oops</html>", b"nonsense", b"[" * 200_000, b'{"a": b}'])
def test_garbage_is_a_named_error(body):
    """What is no JSON is an UnreadableBodyError, never a RecursionError."""
    with pytest.raises(UnreadableBodyError if not body.startswith(b"[") else BodyError):
        read(body)


def test_oddities_of_json_are_read():
    """A byte order mark, leading white space, huge numbers, NaN, raw control characters and what follows do not lose a picture."""
    body = b'\xef\xbb\xbf \n\n {"n": ' + b"9" * 5000 + b', "x": NaN, "t": "a\nb", "b64_json": "' + TEXT.encode() + b'"}\n\ntrailing'
    _, document = read(body, [1, 2, 5000, 6000])
    assert document["n"] == float("inf")
    assert document["t"] == "a\nb"
    assert document["b64_json"].read() == BIG


def test_white_space_that_keeps_an_answer_alive_is_not_held():
    """However much of it comes before the document, the skeleton is the document's."""
    reader = reader_for("application/json", b" " * 64, new_extract=MemoryExtract)
    for _ in range(1000):
        reader.feed(b" \n" * 1000)
    assert len(reader.skeleton) == 0
    reader.feed(b'  {"data": []}')
    assert reader.finish() == {"data": []}


def test_a_server_cannot_name_an_extract():
    """A string that looks like our stand-in stays a string."""
    body = json.dumps({"a": "imgcell:0123456789abcdef:0", "b": TEXT}).encode()
    _, document = read(body)
    assert document["a"] == "imgcell:0123456789abcdef:0"


STREAM = (
    b": stream-open\r\n\r\n"
    b"event: image_generation.partial_image\r\n"
    b'data: {"type":"image_generation.partial_image","partial_image_index":0,"b64_json":"' + TEXT.encode() + b'"}\r\n\r\n'
    b": PING\n\n"
    b'data:{"a":\ndata: 1}\nid: 7\n\n'
    b"event: note\ndata: plain words: here\n\n"
    b'{"error":{"message":"bare"}}\n\n'
    b'event: image_generation.completed\ndata: {"b64_json":"' + TEXT.encode() + b'","usage":{"total_tokens":3}}\n\n'
    b"data: [DONE]\n\n"
)
EVENTS = [
    ("image_generation.partial_image", {"type": "image_generation.partial_image", "partial_image_index": 0, "b64_json": BIG}),
    ("", {"a": 1}),
    ("note", "plain words: here"),
    ("", {"error": {"message": "bare"}}),
    ("image_generation.completed", {"b64_json": BIG, "usage": {"total_tokens": 3}}),
]


def read_events(data: bytes, cuts: list[int]) -> tuple[EventReader, list[Event]]:
    """Read a stream, cut at some places."""
    reader = EventReader(MemoryExtract)
    events = [event for piece in pieces(data, cuts) for event in reader.feed(piece)]
    return reader, events + reader.finish()


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_a_stream_cut_anywhere_gives_the_same_events(cuts):
    """Comments, CRLF, data over several lines, bare errors and [DONE], however the network cuts them."""
    reader, events = read_events(STREAM, cuts)
    assert [plain(event) for event in events] == EVENTS
    assert reader.complete
    assert len(reader.skeleton) < 1000


def test_a_stream_byte_by_byte():
    """Also single bytes are enough."""
    short = STREAM.replace(TEXT.encode(), TEXT[:1200].encode())
    _, events = read_events(short, list(range(len(short))))
    assert len(events) == 5


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_all_line_ends_of_the_standard(line_end):
    """LF, CRLF and CR end a line."""
    body = b'event: x\ndata: {"a": 1}\n\ndata: {"b": 2}\n\n'.replace(b"\n", line_end)
    for cuts in ([], list(range(60))):
        assert [plain(event) for event in read_events(body, cuts)[1]] == [("x", {"a": 1}), ("", {"b": 2})]


def test_a_missing_last_blank_line_completes_an_event_and_a_cut_one_is_dropped():
    """The end of the body completes what is whole, and only that."""
    whole = b'event: image_edit.completed\ndata: {"type": "image_edit.completed"}'
    reader, events = read_events(whole, [])
    assert len(events) == 1
    assert reader.complete
    reader, events = read_events(whole[:-1], [])
    assert events == []
    assert not reader.complete


@pytest.mark.parametrize(
    ("media_type", "first", "kind"),
    [
        ("application/json", b'{"created": 1}', "json"),
        ("text/plain", b' \n [{"url": "x"}]', "json"),
        ("application/json", b"<!DOCTYPE html><html>", "text"),
        ("application/json", b"   ", "json"),
        ("application/json", b"null", "json"),
        ("application/json", b"upstream error", "text"),
        ("text/event-stream", b": PING\n\n", "events"),
        ("text/event-stream", b'{"error": {}}', "json"),
        ("application/json", b"data: {}\n\n", "events"),
        ("text/event-stream", b"<html>", "text"),
        ("application/octet-stream", b"\x89PNG\r\n\x1a\n....", "image"),
        ("image/webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image"),
        ("image/png", b"<html>", "text"),
        ("text/html", b"<html>", "text"),
        ("", b"", "json"),
    ],
)
def test_the_first_bytes_choose_the_reader(media_type, first, kind):
    """Declared types lie; the body's beginning does not."""
    assert reader_for(media_type, first, new_extract=MemoryExtract).kind == kind


def test_a_picture_as_body_goes_to_one_extract_and_text_is_capped():
    """An image body is one extract; of a text 64 KiB are kept."""
    picture = b"\x89PNG\r\n\x1a\n" + BIG
    reader = reader_for("image/png", picture[:100], new_extract=MemoryExtract)
    reader.feed(picture[:1000])
    reader.feed(memoryview(picture)[1000:])
    assert reader.finish().read() == picture
    text = TextReader()
    for _ in range(100):
        text.feed(b"x" * 10_000)
    assert text.finish() == "x" * 65_536


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"abc?>>~").decode(),
        "data:image/png;base64," + base64.b64encode(b"abc?>>~").decode(),
        base64.urlsafe_b64encode(b"abc?>>~").decode().rstrip("="),
        '"' + base64.b64encode(b"abc?>>~").decode() + '"',
        base64.b64encode(b"abc?>>~").decode().replace("+", " "),
        "\n".join(base64.b64encode(b"abc?>>~").decode()),
    ],
)
def test_short_base64_is_decoded_by_the_same_rules(text):
    """Strings below the threshold are decoded whole, also with spaces in the place of a lost plus."""
    assert decode_text(text).read() == b"abc?>>~"


@pytest.mark.parametrize("text", ["", "iVBORw0KGgoAAAANSUhEUgAA...", "https://x/y.png", "A", "data:image/png,AAAA", "猫"])
def test_what_is_no_base64_is_not_decoded(text):
    """Nothing is guessed: no bytes rather than other bytes."""
    assert decode_text(text) is None
