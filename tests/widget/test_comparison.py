"""imgcell.compare: the widget, what its page asks and writes, and its files."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import imgcell
from imgcell.errors import InvalidJobError
from imgcell.pictures.sheet import Sheet


@pytest.fixture
def pictures(painted):
    """Three pictures of different colors, as bytes."""
    return [painted(colour=colour, size=(640, 480)) for colour in ("red", "green", "blue")]


@pytest.fixture
def looked(comms, another_page):
    """Opens a comparison and a page that looks at it."""
    made = []

    def look(given, **how):
        comparison = imgcell.compare(given, **how)
        made.append(comparison)
        return comparison, another_page()

    yield look
    for one in made:
        one.close()


def test_the_page_fetches_the_pictures_by_hash(looked, pictures):
    """Small, whole, and as base64 where buffers do not come; nothing but these pictures."""
    comparison, page = looked(pictures)
    assert page.ready()["buffers"]
    first = page.state("document")["places"][0]
    fields, data = page.ask_bytes("fetch-image", sha=first["sha"], box="original", base64=False)
    assert data == pictures[0]
    assert fields["media_type"] == "image/png"
    _, small = page.ask_bytes("fetch-image", sha=first["sha"], box=256, base64=False)
    assert Image.open(io.BytesIO(small)).size == (256, 192)
    assert page.ask("fetch-image", sha=first["sha"], box=256, base64=True)["data"]
    assert page.refused("fetch-image", sha="a" * 64, box=256, base64=False)
    assert len(comparison.sheet) == 3


def test_no_pixels_are_in_what_is_synchronized(looked, pictures):
    """A notebook that is saved with its widgets stays small."""
    _, page = looked([*pictures] * 5)
    assert len(repr(page.state("document"))) < 20_000


@pytest.mark.parametrize("kind", ["run", "estimate", "part", "code", "nonsense"])
def test_the_page_of_a_comparison_can_do_nothing_else(looked, pictures, kind):
    """It sends nothing, and asks for no code."""
    _, page = looked(pictures)
    page.post({"kind": kind, "call": "c1"})
    ((content, _),) = page.until(lambda: page.replies("c1"))
    assert "does not know" in content["error"]["message"]


def test_how_it_is_looked_at_is_kept_and_checked(looked, pictures):
    """What the page writes is there after a reload, and in Python; what is no look is put right."""
    comparison, page = looked(pictures, baseline=1)
    assert comparison.baseline.source.read() == pictures[1]
    look = {"mode": "difference", "baseline": "3", "columns": None, "sort": "seconds", "down": True, "bare": False}
    page.write(look=look)
    assert comparison.widget.look == look
    assert comparison.baseline.source.read() == pictures[2]
    for wrong in ({**look, "mode": "explode"}, {**look, "more": 1}, "text", {**look, "baseline": "9" * 21}):
        page.write(look=wrong)
        assert comparison.widget.look == look
    page.write(document={"places": []})
    assert len(page.state("document")["places"]) == 3
    page.write(look={**look, "baseline": "no such"})
    assert comparison.baseline.source.read() == pictures[0]


def test_what_came_since_is_shown(looked, pictures, painted):
    """A sheet that was still filling is looked at again."""
    from imgcell.comparison.lineup import lineup

    one, two = lineup(pictures[:2]).pictures
    sheet = Sheet(running=True, expected=2)
    sheet._add(one)
    comparison, page = looked(sheet)
    assert [place["outcome"] for place in page.state("document")["places"]] == ["picture", "waiting"]
    sheet._add(two)
    sheet._finish()
    comparison.refresh()
    assert [place["outcome"] for place in page.state("document")["places"]] == ["picture", "picture"]
    assert page.ask_bytes("fetch-image", sha=two.source.sha256, box=256, base64=False)[1]


def test_it_is_written_as_what_the_ending_says(comms, pictures, tmp_path):
    """A page, a PDF, a picture; another ending says which there are, and writes nothing."""
    comparison = imgcell.compare(pictures, title="对比")
    beginnings = {"a.html": b"<!doctype html>", "b.PDF": b"%PDF-", "c.png": b"\x89PNG", "d.jpg": b"\xff\xd8"}
    for name, beginning in beginnings.items():
        path = comparison.export(tmp_path / name)
        assert path == tmp_path / name
        assert path.read_bytes().startswith(beginning)
    for name in ("e.docx", "f"):
        with pytest.raises(InvalidJobError) as caught:
            comparison.export(tmp_path / name)
        assert ".html, .pdf, .png" in caught.value.hint
    with pytest.raises(InvalidJobError):
        comparison.export(tmp_path / "g.png", side=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(beginnings)
    assert comparison.contact_sheet(side=80).width < comparison.contact_sheet(side=160).width


def test_measures_come_as_they_are_measured(comms, pictures):
    """Rows that say whose they are, or a mapping; anything else is refused with how to get them."""
    from imgcell.comparison.lineup import lineup

    one, two = lineup(pictures[:2]).pictures
    rows = [{"id": one.record.id, "sharpness": 0.5}, {"id": two.record.id, "sharpness": 0.7}]
    for given in (rows, {row["id"]: row for row in rows}):
        places = imgcell.compare([one, two], measures=given).widget.document["places"]
        assert [place["numbers"]["sharpness"] for place in places] == [0.5, 0.7]
    with pytest.raises(InvalidJobError, match="measures"):
        imgcell.compare([one], measures=[1, 2])


def test_the_measures_of_a_sheet_are_taken_as_they_are(comms, client):
    """What imgcell.measure returns is what compare takes."""
    sheet = client.generate("a kite", n=2, size="1024x1024", quality="low")
    found = imgcell.measure(sheet, ["sharpness"])
    places = imgcell.compare(sheet, measures=found).widget.document["places"]
    assert all(place["numbers"]["sharpness"] >= 0 for place in places)


def test_a_notebook_without_widgets_shows_a_contact_sheet(comms, pictures, monkeypatch):
    """The output beside the widget is an image with text, hidden for as long as the page is there."""
    import IPython.display

    shown = []

    def display(data, **how):
        shown.append(data)

    monkeypatch.setattr(IPython.display, "display", display)
    imgcell.compare(pictures)._ipython_display_()
    widget, static = shown
    assert "application/vnd.jupyter.widget-view+json" in widget
    assert static["text/html"].startswith('<div class="imgcell-studio-static">')
    assert any(kind.startswith("image/") for kind in static)


def test_the_studio_asks_for_what_is_selected(page, client):
    """The document of the selected pictures, and the window's own bundle."""
    sheet = client.generate("a kite", n=3, size="1024x1024", quality="low")
    ids = [record.id for record in sheet.records]
    told = page.ask("compare", cards=[ids[2], ids[0], "no such"])["document"]
    assert [place["id"] for place in told["places"]] == [ids[2], ids[0]]
    assert "mount" in page.ask("part", part="compare")["script"]
