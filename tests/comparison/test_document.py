"""What the page is told."""

from __future__ import annotations

import json

from imgcell.comparison.document import document
from imgcell.comparison.lineup import lineup


def test_every_place_says_what_is_known_of_it(swept):
    """Facts of the pictures, reasons of the others; JSON all of it."""
    told = json.loads(json.dumps(document(lineup(swept))))
    assert told["axes"] == [["model", ["a", "b"]], ["quality", ["low", "medium", "high"]]]
    first, refused, missing = told["places"][0], told["places"][4], told["places"][5]
    assert (first["width"], first["height"], first["format"]) == (64, 48, "PNG")
    assert first["cost"] == {"amount": 0.04, "currency": "USD", "basis": "billed"}
    assert (first["seconds"], first["sha"]) == (9.0, swept[0].source.sha256)
    assert refused["sha"] is None
    assert refused["reason"].startswith("安全系统")
    assert refused["hint"] == "Change the prompt."
    assert missing["outcome"] == "waiting"


def test_what_is_not_known_is_null(painted):
    """A cost that nobody knows is no zero."""
    told = document(lineup([painted(cost=None, seconds=0.0)]))["places"][0]
    assert told["cost"] is None
    assert told["seconds"] is None


def test_what_came_otherwise_is_told_and_the_size_stands_by_itself(painted):
    """The size asked for is beside the size that came; other differences are sentences."""
    picture = painted(requested={"size": "1024x1024", "output_format": "webp"}, format="PNG")
    told = document(lineup([picture]))["places"][0]
    assert told["asked"] == "1024x1024"
    (other,) = told["broken"]
    assert "webp" in other


def test_hostile_texts_are_one_harmless_line(painted):
    """No control characters, no direction overrides, no lone surrogates."""
    nasty = "a\u202eb\x1b[31m\nc\ud800"
    told = document(lineup([painted(prompt=nasty, revised_prompt=nasty, model=nasty, notes=(nasty,))], labels=[nasty], title=nasty))
    text = json.dumps(told, ensure_ascii=False)
    assert not {"\u202e", "\x1b", "\ud800"} & set(text)
