"""A masked edit in the Studio: its card says what changed outside of the mask, and the form keeps it if that is wanted."""

from __future__ import annotations

import io

import pytest

import imgcell
from imgcell.errors import InvalidJobError
from imgcell.options import options
from imgcell.sandbox import Habit


@pytest.fixture
def masked(page, upload, painted, server):
    """What a form says of a picture and a mask on it; the model leaks and moves the picture."""
    server.habits["gpt-image-1"] = Habit(leak=0.4, shift=(12, 0))  # of 1024 pixels: 3 of 256
    from imgcell.sandbox.scenes import scene

    buffer = io.BytesIO()
    scene("a lighthouse at dusk", "0" * 64, 256, 256, 2).save(buffer, "PNG")
    given = upload(buffer.getvalue(), "scene.png")
    facts = page.ask("mask", painted((256, 256), "L", 0, (60, 60, 160, 160)), reference=given["key"], data=None)["mask"]
    return {"references": [given["key"]], "mask": facts["mask"]}


def test_the_card_says_what_leaked(page, run, masked):
    """After the picture is there: which part changed, and by how much all of it was moved."""
    (key,) = run("a boat", **masked)
    page.until_state(key, "done")
    card = page.until(lambda: (card := page.card(key))["outside"] is not None and card)
    assert card["outside"]["changed"] == pytest.approx(0.4, abs=0.08)
    assert card["outside"]["shift"] == pytest.approx([3, 0], abs=0.3)


def test_the_form_keeps_the_rest(page, run, masked, studio):
    """The picture in the card is the mended one; nothing is to be said of it; the provider's own is its parent."""
    (key,) = run("a boat", **masked, keep=True)
    card = page.until_state(key, "done")
    record = imgcell.library().record(card["id"])
    assert record.kept["feather"] == 8
    assert card["parents"] == [record.kept["of"]]
    assert card["outside"] is None


def test_nothing_is_measured_where_that_is_not_wanted(page, run, masked, monkeypatch):
    """With the option at 1 no card says anything, and nothing is computed."""
    options.warn_outside = 1
    monkeypatch.setattr("imgcell.lineage.differing.measured", lambda *arguments: pytest.fail("measured"))
    (key,) = run("a boat", **masked)
    assert page.until_state(key, "done")["outside"] is None


def test_a_job_with_keep_fills_the_form(studio, painted):
    """True and 8 are the form's switch; another feather has no place in it."""
    picture, mask = painted((64, 48)), painted((64, 48), "L", 0, (0, 0, 16, 48))
    studio.draft = imgcell.Edit("a boat", images=[picture], mask=mask, keep=True)
    assert studio.draft.keep == 8
    studio.draft = imgcell.Edit("a boat", images=[picture], mask=mask)
    assert studio.draft.keep is None
    with pytest.raises(InvalidJobError, match="keep=20"):
        studio.draft = imgcell.Edit("a boat", images=[picture], mask=mask, keep=20)
