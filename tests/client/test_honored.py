"""What a record says of what came, through the whole client, from models that do otherwise than they are told."""

from __future__ import annotations

import pytest

import imgcell
from imgcell.pictures.honored import broken
from imgcell.sandbox import Habit

TRANSPARENT = {"prompt": "a sticker of a kite", "size": "1024x1024", "background": "transparent", "output_format": "png"}


@pytest.fixture
def made():
    """A function that makes pictures with a model of these habits."""
    with imgcell.sandbox.serve(
        habits={"own": Habit(), "white": Habit(opaque=True), "own-way": Habit(size="768x512", picture_format="jpeg")}
    ) as server:
        with imgcell.Client("sandbox", base_url=server.url("sandbox")) as client:
            yield lambda model, **job: client.generate(model=model, **job)


def test_transparency_that_is_there_is_measured(made):
    """A model that keeps its word: nothing is broken, and the record says how much of the picture is clear."""
    record = made("own", **TRANSPARENT)[0].record
    assert broken(record) == ()
    assert record.effective["background"] == "transparent"
    assert 0.01 < record.effective["transparency"] < 1
    assert record.effective["ratio"] == "1:1"
    assert record.effective["n"] == 1
    assert not {"stated", "mismatch", "prompt_diff"} & set(record.effective)


def test_transparency_that_is_not_there_is_marked(made):
    """A model that paints white instead: the picture's own word counts."""
    picture = made("white", **TRANSPARENT)[0]
    assert picture.record.effective["background"] == "opaque"
    assert picture.record.effective["transparency"] == 0
    assert [point.name for point in broken(picture.record)] == ["background"]
    assert "≠ transparent" in repr(picture)


def test_size_ratio_and_format_are_marked(made):
    """A model with a size and a format of its own."""
    record = made("own-way", **TRANSPARENT)[0].record
    assert (record.effective["size"], record.effective["ratio"], record.effective["output_format"]) == ("768x512", "3:2", "jpeg")
    assert [point.name for point in broken(record)] == ["size", "ratio", "output_format", "background"]
    assert record.effective["mismatch"] == ["size", "ratio", "output_format", "background"]


def test_a_rewritten_prompt_is_kept_as_a_difference(server):
    """The record says what the provider took away and added, and a record read back from the library says it too."""
    with imgcell.Client(base_url=server.base_url, api_key="sk-test") as client:
        picture = client.generate("a red kite.", model="dall-e-3")[0]
    assert picture.record.effective["prompt_diff"].startswith("a red kite")
    assert "{+" in picture.record.effective["prompt_diff"]
    kept = imgcell.library().picture(picture.record.id)
    assert kept.record.effective == picture.record.effective


def test_nothing_is_decoded_where_no_background_was_asked_for(made, monkeypatch):
    """A paid picture gets to its owner without a look at its pixels."""
    from PIL import Image

    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("decoded"))
    record = made("own", prompt="a kite", size="1024x1024")[0].record
    assert record.effective["transparency"] == 0  # its header has no alpha channel


def test_a_picture_too_few_is_marked(server):
    """Three asked for, two came: both pictures say so."""
    server.play("fewer")
    with imgcell.Client(base_url=server.base_url, api_key="sk-test") as client:
        sheet = client.generate("a kite", n=3, model="gpt-image-1")
    assert [record.effective["n"] for record in sheet.records] == [2, 2]
    assert [point.name for point in broken(sheet[0].record)] == ["n"]


def test_a_job_of_several_requests_is_whole(server):
    """A provider of one picture a request brings all three: nothing is too few."""
    with imgcell.Client("apiyi", base_url=server.url("apiyi"), api_key="sk-test") as client:
        sheet = client.generate("横版 16:9 黄昏海边的老灯塔", n=3)
    assert [record.effective["n"] for record in sheet.records] == [3, 3, 3]
    assert not any(point.name == "n" for record in sheet.records for point in broken(record))
