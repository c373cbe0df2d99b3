"""A comparison as one HTML file."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re

import pytest
from PIL import Image

from imgcell.comparison import page
from imgcell.comparison.lineup import lineup
from imgcell.static import asset

NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!--<script>"


def held(made):
    """The pictures of a page: (digest, kind) -> bytes."""
    found = re.findall(r'<script type="text/plain" data-sha="(\w+)" data-kind="(\w+)" data-type="[\w/]+">([^<]*)</script>', made)
    return {(sha, kind): base64.b64decode(text) for sha, kind, text in found}


def test_the_page_holds_its_pictures_and_asks_nobody(painted):
    """Originals byte for byte; a policy that forbids every address; no address in it."""
    one, two = painted("red"), painted("blue")
    made = page.html(lineup([one, two, one]))
    assert held(made) == {(p.source.sha256, "full"): p.data for p in (one, two)}
    assert set(re.findall(r"https?://[^/\"'`]*", made)) <= {"http://www.w3.org"}  # names of XML, which nobody fetches
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', made)[1])
    assert "default-src 'none'" in policy
    for kind, element in (("script", r'<script type="module">(.*?)</script>'), ("style", r"<style>(.*?)</style>")):
        text = re.search(element, made, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_hostile_texts_stay_texts(painted):
    """Whatever a prompt holds: as many elements as without it, and the text itself comes out again."""
    plain = page.html(lineup([painted(prompt="x", revised_prompt="x", model="x")], labels=["x"], title="x"))
    made = page.html(lineup([painted(prompt=NASTY, revised_prompt=NASTY, model=NASTY)], labels=[NASTY], title=NASTY))
    for tag in ("<script", "</script", "<img", "<!--"):
        assert made.count(tag) == plain.count(tag)
    told = json.loads(re.search(r'id="imgcell-comparison">(.*?)</script>', made, re.S)[1])
    assert told["title"] == NASTY
    assert told["places"][0]["revised"] == NASTY


def test_the_bundle_can_stand_in_a_page():
    """No character of it ends the element that it stands in."""
    for text in (asset("compare.js", ""), asset("compare.css", "")):
        assert len(text) > 1000
        assert not re.search(r"</(script|style)|<!--", text, re.IGNORECASE)


def test_large_pictures_are_reduced_and_the_page_is_told(painted):
    """With a small version to begin with; originals where they are asked for."""
    large = painted("teal", size=(3000, 1500))
    made = page.html(lineup([large]), side=1500)
    found = held(made)
    sha = large.source.sha256
    assert Image.open(io.BytesIO(found[sha, "full"])).size == (1500, 750)
    assert max(Image.open(io.BytesIO(found[sha, "small"])).size) == 512
    told = json.loads(re.search(r'id="imgcell-comparison">(.*?)</script>', made, re.S)[1])
    assert told["reduced"] == {sha: [1500, 750]}
    assert (told["places"][0]["width"], told["places"][0]["height"]) == (3000, 1500)
    whole = page.html(lineup([large]), side=None)
    assert held(whole)[sha, "full"] == large.data


def test_where_a_photograph_was_taken_does_not_leave_with_the_page():
    """The pixels do, whole; the EXIF that says where does not."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 12.0, 30.0)
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(buffer, "JPEG", exif=exif)
    ((_, data),) = held(page.html(lineup([buffer.getvalue()]), side=None)).items()
    assert Image.open(io.BytesIO(data)).size == (40, 30)
    assert not Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_page_says_its_language(painted, language):
    """So that fonts and screen readers read it right."""
    from imgcell.language import speaking

    with speaking(language):
        assert f'<html lang="{language}">' in page.html(lineup([painted()]))
