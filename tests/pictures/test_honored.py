"""What was asked for against what came."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from imgcell.pictures import MemorySource, Sheet, inspect
from imgcell.pictures.honored import broken, effective, mark, points, ratio_text, said, seen, transparency


def one(record, name):
    """The point of this name, or ``None``."""
    return next((point for point in points(record) if point.name == name), None)


@pytest.fixture
def holed(encode):
    """A function that encodes a picture of which this share is transparent."""

    def make(share, kind="PNG"):
        pixels = np.full((100, 100, 4), 255, np.uint8)
        pixels.reshape(-1, 4)[: round(share * 10_000), 3] = 0
        return MemorySource(encode(Image.fromarray(pixels), kind, **({"lossless": True} if kind == "WEBP" else {})))

    return make


@pytest.mark.parametrize(
    ("asked", "size", "expected"),
    [
        ("1024x1024", (1024, 1024), {"size": True}),
        ("1024×1024", (1024, 1024), {"size": True}),
        ("1024x1024", (1254, 1254), {"size": False, "ratio": True}),
        ("1536x1024", (1024, 1024), {"size": False, "ratio": False}),
        ("16:9", (1344, 768), {"ratio": True}),
        ("16:9", (1024, 1024), {"ratio": False}),
        ("4:3", (1184, 864), {"ratio": True}),
        ("4:3", (1152, 896), {"ratio": False}),
        ("16：9", (1920, 1080), {"ratio": True}),
        ("landscape", (1200, 1000), {"ratio": True}),
        ("portrait", (1200, 1000), {"ratio": False}),
        ("square", (1000, 1010), {"ratio": True}),
        ("2K", (2048, 1152), {"size": None}),
        ("auto", (512, 512), {}),
        (None, (512, 512), {}),
    ],
)
def test_size_and_ratio(make_record, asked, size, expected):
    """Pixels are exact; ratios are as near as providers round; what names neither is shown and not judged."""
    record = make_record(prompt="a kite", requested={"size": asked} if asked else {}, size=size)
    assert {point.name: point.met for point in points(record)} == expected


@pytest.mark.parametrize(
    ("prompt", "asked"),
    [
        ("横版 16:9 黄昏海边的老灯塔", "16:9"),
        ("16:9, a lighthouse", "16:9"),
        ("竖版9：16 人像", "9:16"),
        ("a lighthouse, aspect ratio 3:2", "3:2"),
        ("a lighthouse --ar 21:9", "21:9"),
        ("老灯塔，画幅：4:3", "4:3"),
        ("a station clock at 10:30", None),
        ("the score is 3:2 on the board", None),
        ("15:45 stands on the clock", None),
        ("a kite", None),
    ],
)
def test_a_ratio_in_the_prompt_is_asked_for(make_record, prompt, asked):
    """At the front or beside a word for it, and only one that is in use: neither the time nor a score."""
    found = one(make_record(prompt=prompt, size=(1024, 1024)), "ratio")
    assert (found.asked if found else None) == asked
    if found:
        assert found.met is False
        assert found.got == "1:1"


def test_a_size_goes_before_the_prompt(make_record):
    """What was asked for in a field is what was asked for."""
    record = make_record(prompt="16:9 a kite", requested={"size": "1024x1024"}, size=(1024, 1024))
    assert [point.name for point in points(record)] == ["size"]


def test_format_quality_and_count(make_record):
    """The format is the bytes', the quality what the provider states, the count what its answer held; "auto" asks for nothing."""
    asked = {"output_format": "jpg", "quality": "high", "n": 3}
    record = make_record(prompt="a kite", requested=asked, format="JPEG", effective={"quality": "medium", "n": 2})
    assert {point.name: (point.met, point.basis) for point in points(record)} == {
        "n": (False, "measured"),
        "output_format": (True, "measured"),
        "quality": (False, "stated"),
    }
    silent = make_record(prompt="a kite", requested={"quality": "high"})
    assert (one(silent, "quality").met, one(silent, "quality").got, one(silent, "quality").basis) == (None, None, "unknown")
    assert points(make_record(prompt="a kite", requested={"quality": "auto", "background": "auto"}, effective={"quality": "low"})) == ()
    more = make_record(prompt="a kite", effective={"n": 2})
    assert (one(more, "n").asked, one(more, "n").met) == ("1", False)


def test_transparency_is_believed_when_it_is_there(make_record):
    """The provider's word counts only where nothing was measured; a JPEG has no transparency whatever it says."""
    asked = {"background": "transparent"}
    told = make_record(prompt="a kite", requested=asked, format="PNG", effective={"background": "transparent"})
    assert (one(told, "background").met, one(told, "background").basis) == (True, "stated")
    seen_ = make_record(prompt="a kite", requested=asked, format="PNG", effective={"background": "opaque", "transparency": 0.0})
    assert (one(seen_, "background").met, one(seen_, "background").basis) == (False, "measured")
    jpeg = make_record(prompt="a kite", requested=asked, format="JPEG", effective={"background": "transparent"})
    assert one(jpeg, "background").met is False
    opaque = make_record(prompt="a kite", requested={"background": "opaque"}, format="PNG", effective={"transparency": 0.3})
    assert one(opaque, "background").met is False


def test_an_old_record_is_completed_by_looking(make_picture, photo, make_record):
    """A picture whose record does not say how transparent it is is looked at; nothing is decoded where nobody asked."""
    asked = {"background": "transparent"}
    real = make_picture(photo(alpha=True), requested=asked, format="PNG", effective={"background": "transparent"})
    hollow = make_picture(
        Image.fromarray(np.full((9, 9, 4), 255, np.uint8)), requested=asked, format="PNG", effective={"background": "transparent"}
    )
    assert [point.met for point in seen(real)] == [True]
    assert [point.met for point in seen(hollow)] == [False]
    assert seen(hollow)[0].basis == "measured"
    assert not real.loaded


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_the_share_of_clear_pixels(holed, kind):
    """A quarter is a quarter; it is looked for only where a background was asked for and the format can have one."""
    source = holed(0.25, kind)
    facts = inspect(source)
    assert transparency(source, facts) == 0.25
    assert transparency(source, facts, {"background": "transparent"}) == 0.25
    assert transparency(source, facts, {"background": "auto"}) is None
    assert transparency(source, facts, {}) is None
    opaque = holed(0.0, kind)
    assert transparency(opaque, inspect(opaque)) == 0.0


def test_a_picture_without_alpha_is_opaque_without_a_look(encode, photo):
    """The header says enough."""
    facts = inspect(MemorySource(encode(photo(), "JPEG")))
    assert transparency(MemorySource(b"not even a picture"), facts, {}) == 0.0


def test_what_cannot_be_decoded_is_not_judged(holed):
    """Damaged pixels are somebody else's news."""
    source = holed(0.5)
    assert transparency(MemorySource(source.read()[:60]), inspect(source)) is None


def test_what_was_measured_stands_where_the_statement_stood(holed):
    """A false statement is kept beside the measurement; a true one is not repeated; a free choice is no statement."""
    facts = inspect(holed(0.4))
    stated = {"size": "1024x1024", "background": "opaque", "quality": "high", "output_format": "png", "created": 5}
    found = effective(stated, facts, {"n": 3}, pictures=3, came=2, clear=0.4)
    assert found == {
        "size": "100x100",
        "background": "transparent",
        "quality": "high",
        "output_format": "png",
        "created": 5,
        "transparency": 0.4,
        "n": 2,
        "ratio": "1:1",
        "stated": {"size": "1024x1024", "background": "opaque"},
    }
    assert "stated" not in effective({"size": "auto", "output_format": "PNG"}, facts, {}, pictures=1, came=1, clear=None)


def test_the_count_is_the_job_s(holed):
    """A job of three that takes three requests of one picture is whole when each brings its own."""
    facts = inspect(holed(0))
    assert effective({}, facts, {"n": 3}, pictures=1, came=1, clear=None)["n"] == 3
    assert effective({}, facts, {"n": 3}, pictures=1, came=2, clear=None)["n"] == 4
    assert "n" not in effective({}, facts, {"n": 3}, pictures=3, came=None, clear=None)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ((1024, 1024), "1:1"),
        ((1536, 1024), "3:2"),
        ((1920, 1080), "16:9"),
        ((1344, 768), "≈16:9"),
        ((1254, 877), "1.43:1"),
        ((877, 1254), "1:1.43"),
        ((0, 5), ""),
    ],
)
def test_ratios_are_named_as_people_name_them(size, text):
    """Exactly, about, or by a number."""
    assert ratio_text(*size) == text


def test_a_mismatch_is_marked_wherever_a_picture_is_told_of(make_picture):
    """In its one line, in the sheet's, in the table; what is right is not mentioned."""
    wrong = make_picture(requested={"size": "1024x1024", "output_format": "webp"}, size=(64, 48), format="PNG", prompt="a kite")
    right = make_picture(requested={"size": "64x48"}, size=(64, 48), prompt="a kite")
    assert mark(wrong.record) == "≠ 1024×1024 webp"
    assert mark(right.record) == ""
    assert "64×48 · PNG · ≠ 1024×1024 webp" in repr(wrong)
    assert "≠" not in repr(right)
    sheet = Sheet([wrong, right])
    assert repr(sheet).count("≠") == 1
    assert sheet.to_html().count("≠ 1024×1024 webp") == 1
    assert [said(point) for point in broken(wrong.record)] == [
        "size: 1024x1024 asked for, 64x48 came",
        "ratio: 1:1 asked for, 4:3 came",
        "format: webp asked for, png came",
    ]
    unknown = make_picture(requested={"quality": "high"}, prompt="a kite")
    assert said(points(unknown.record)[0]) == "quality: high asked for, what came is not known"
