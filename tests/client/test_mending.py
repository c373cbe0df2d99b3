"""``keep=``: the parent's own pixels outside of the mask, the provider's result as the parent of the mended picture."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image

import imgcell
from imgcell.sandbox import Habit


@pytest.fixture
def redrawing():
    """A sandbox with a model that redraws the whole picture and moves it."""
    with imgcell.sandbox.serve(habits={"redraws": Habit(leak=0.5, shift=(5, -3)), "deaf": Habit(ignores_input=True)}) as server:
        yield server


@pytest.fixture
def client(redrawing):
    """A client of it."""
    with imgcell.Client("sandbox", base_url=redrawing.url("sandbox")) as made:
        yield made


@pytest.fixture
def scene(client):
    """A picture to edit."""
    return client.generate("a lighthouse at dusk", size="512x384")[0]


@pytest.fixture
def mask():
    """A box to edit."""
    made = Image.new("L", (512, 384), 0)
    made.paste(255, (150, 100, 300, 260))
    return made


def outside(mask, feather):
    """Which pixels are farther than *feather* from a mask that is a box."""
    left, top, right, bottom = mask.getbbox()
    rows, columns = np.indices(mask.size[::-1])
    across = np.maximum(np.maximum(left - columns, columns - (right - 1)), 0)
    down = np.maximum(np.maximum(top - rows, rows - (bottom - 1)), 0)
    return across**2 + down**2 > feather**2


def test_outside_of_the_mask_stands_the_parent(client, scene, mask):
    """Bit for bit, although the model redrew half of it and moved all of it; inside stands the edit, moved back."""
    kept = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True)[0]
    far = outside(mask, 8)
    assert kept.size == scene.size
    assert (np.asarray(kept) == np.asarray(scene)).all(-1)[far].all()
    assert (np.asarray(kept) != np.asarray(scene)).any(-1)[~far].mean() > 0.5
    assert kept.record.kept == {"of": kept.parents[0].record.id, "feather": 8, "shift": [5.0, -3.0], "scale": 1.0}
    assert kept.changes.changed_outside == 0


def test_the_provider_s_result_is_the_parent(client, redrawing, scene, mask):
    """It stays in the library as it came, with its request; the mended one is on no bill, and says what it is in words."""
    kept = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=12)[0]
    raw = imgcell.library().picture(kept.record.kept["of"])
    assert [one.record.id for one in kept.parents] == [raw.record.id]
    assert [one.record.id for one in raw.parents] == [scene.record.id]
    assert redrawing.truth(raw.data).habit.shift == (5, -3)  # these bytes are the sandbox's own
    assert raw.record.attempt is not None
    assert (kept.record.attempt, kept.record.job, kept.record.cost) == (None, None, raw.record.cost)
    assert (kept.record.prompt, kept.record.model, kept.record.mask) == (raw.record.prompt, "redraws", raw.record.mask)
    assert any(raw.record.id in note for note in kept.record.notes)
    assert imgcell.library().record(kept.record.id) == kept.record
    assert sum(total.requests for total in imgcell.library().totals()) == 2
    assert sum(total.pictures for total in imgcell.library().totals()) == 2
    assert imgcell.library().verify().ok
    assert raw.changes.changed_outside == pytest.approx(0.5, abs=0.1)
    assert raw.changes.shift == (5, -3)


def test_nothing_of_it_is_sent(client, redrawing, scene, mask):
    """The request is the same with it and without it."""
    client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True)
    client.edit("a red boat", [scene], mask=mask, model="redraws")
    first, second = redrawing.posts[-2:]
    assert (first.path, first.form, first.files, first.json) == (second.path, second.form, second.files, second.json)


def test_what_was_paid_for_is_not_paid_for_again_to_be_kept(client, redrawing, scene, mask):
    """Edited without, asked again with: the library's own is mended, once; asked without: it is as it came."""
    raw = client.edit("a red boat", [scene], mask=mask, model="redraws")[0]
    count = len(redrawing.posts)
    kept = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True, once=True)[0]
    again = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True, once=True)[0]
    wider = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=20, once=True)[0]
    plain = client.edit("a red boat", [scene], mask=mask, model="redraws", once=True)[0]
    assert len(redrawing.posts) == count
    assert kept.record.kept["of"] == raw.record.id
    assert again.record.id == kept.record.id
    assert wider.record.id not in (kept.record.id, raw.record.id)
    assert plain.record.id == raw.record.id


def test_several_pictures_are_all_mended_in_their_places(client, scene, mask):
    """Each of a job's pictures, whatever way it is asked for."""
    steps = list(client.stream(imgcell.Edit("boats", images=[scene], mask=mask, model="redraws", n=3, keep=0)))
    pictures = [step.picture for step in steps if isinstance(step, imgcell.Final)]
    assert len(pictures) == 3
    far = outside(mask, 0)
    for picture in pictures:
        assert (np.asarray(picture) == np.asarray(scene)).all(-1)[far].all()
    assert len({picture.record.kept["of"] for picture in pictures}) == 3


def test_what_cannot_be_mended_is_handed_out_as_it_came(client, scene, mask, monkeypatch):
    """A failure here costs no picture: it comes as the provider sent it, with a warning."""

    def broken(*arguments):
        raise OSError("no room")

    monkeypatch.setattr("imgcell.client.mending.mend", broken)
    with pytest.warns(UserWarning, match="no room"):
        picture = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True)[0]
    assert picture.record.kept is None
    assert picture.record.attempt is not None


def test_the_result_is_safe_before_it_is_mended(client, scene, mask, monkeypatch):
    """While its rest is being put back, the provider's own is in the library and its request is done in the ledger."""
    from imgcell.client import mending

    begun, go = threading.Event(), threading.Event()
    whole = mending.mend

    def slow(*arguments):
        begun.set()
        assert go.wait(20)
        return whole(*arguments)

    monkeypatch.setattr("imgcell.client.mending.mend", slow)
    run = client.submit(imgcell.Edit("a red boat", images=[scene], mask=mask, model="redraws", keep=True))
    assert begun.wait(20)
    newest = imgcell.library().find(limit=1)[0]
    assert (newest.model, newest.kept) == ("redraws", None)
    assert [row["state"] for row in imgcell.library().requests()] == ["done", "done"]
    go.set()
    assert run.result()[0].record.kept["of"] == newest.id


def test_without_a_library_the_parent_is_in_memory(redrawing, scene, mask):
    """Nothing is on a disk, and still the mended picture has its parent."""
    with imgcell.Client("sandbox", base_url=redrawing.url("sandbox"), library=False) as client:
        kept = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True)[0]
    assert [one.record.id for one in kept.parents] == [kept.record.kept["of"]]


def test_a_step_that_was_mended_is_one_step(client, redrawing, scene, mask):
    """In the lineage the result as it came stands between, but a step is a job: it is replayed, told and followed as one."""
    kept = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True)[0]
    last = client.edit("a moon", [kept], model="redraws")[0]
    assert [one.id for one in last.lineage().steps.records] == [scene.record.id, kept.record.id, last.record.id]
    assert kept.record.kept["of"] in last.lineage().family.members
    count = len(redrawing.posts)
    again = last.replay(client=client, from_=1)
    assert len(redrawing.posts) == count + 2
    assert again[0].record.kept["of"] != kept.record.kept["of"]
    assert (np.asarray(again[0]) == np.asarray(scene)).all(-1)[outside(mask, 8)].all()
    assert "--keep" in kept.as_cell()
    raw = imgcell.library().picture(kept.record.kept["of"])
    assert "--keep" not in raw.as_cell()
    followed = imgcell.from_recipe(last.recipe()).run(client=client)
    assert [record.kept is not None for record in followed.records] == [False, True, False]


@pytest.mark.parametrize("keep", [-1, 257, 1.5, "8"])
def test_a_feather_that_is_none_is_refused(keep, mask):
    """Before anything is sent."""
    with pytest.raises(imgcell.errors.InvalidJobError, match="keep"):
        imgcell.Edit("x", images=[mask], mask=mask, keep=keep)


def test_without_a_mask_there_is_nothing_to_keep(mask):
    """It is said so before anything is sent; False is no wish to keep anything."""
    with pytest.raises(imgcell.errors.InvalidJobError, match="nothing to keep"):
        imgcell.Edit("x", images=[mask], keep=True)
    assert imgcell.Edit("x", images=[mask], keep=False).keep is None


def test_a_bill_without_image_tokens_says_that_the_input_was_ignored(client, scene, mask):
    """The provider's own count is believed before any likeness."""
    picture = client.edit("a lighthouse at dusk", [scene], mask=mask, model="deaf")[0]
    assert picture.record.usage["input_tokens_details"]["image_tokens"] == 0
    assert picture.changes.input_ignored
    assert "no image tokens" in picture.changes.line(0.05)


def test_changes_of_what_is_no_edit_of_one_picture_are_refused(client, scene, mask):
    """Each with a reason and with what to do instead."""
    with pytest.raises(imgcell.errors.InvalidJobError, match="words alone"):
        _ = scene.changes
    both = client.edit("both", [scene, mask])[0]
    with pytest.raises(imgcell.errors.InvalidJobError, match="made from 2 pictures"):
        _ = both.changes
    assert client.edit("both", [scene, mask], mask=mask)[0].changes.changed_outside == 0


def test_it_is_paid_for_once_wherever_money_is_told(client, scene, mask):
    """Lineage says the price at the provider's result, and none at the picture that was made from it."""
    kept = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True)[0]
    *_, result, mended = str(kept.lineage()).splitlines()
    assert "free" in result
    assert "free" not in mended
    assert "cost unknown" not in mended


def test_asked_and_got_are_told_of_the_mended_picture(client, scene, mask):
    """Its own size, ratio and format; what came otherwise than asked for is marked, although imgcell itself made it so."""
    asked = {"size": "1024x1024", "output_format": "webp"}
    kept = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True, **asked)[0].record
    raw = imgcell.library().record(kept.kept["of"])
    assert (raw.effective["ratio"], raw.effective["output_format"]) == ("1:1", "webp")
    assert "mismatch" not in raw.effective
    assert (kept.effective["size"], kept.effective["ratio"], kept.effective["output_format"]) == ("512x384", "4:3", "png")
    assert kept.effective["mismatch"] == ["size", "ratio", "output_format"]


def test_a_transparent_ground_is_looked_for_in_the_mended_picture(client, scene, mask):
    """It stands on the opaque picture that was edited, whatever the result had."""
    kept = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True, background="transparent")[0]
    clear = np.asarray(kept.convert("RGBA"))[..., 3] < 128
    assert kept.record.effective["transparency"] == round(float(clear.mean()), 4)
    assert kept.record.effective["background"] == ("transparent" if clear.mean() >= 0.001 else "opaque")


def test_without_the_result_nothing_is_said_of_what_changed(client, scene, mask):
    """A result in the trash takes with it what the picture was made from: the pixels that were put back are no leak."""
    kept = client.edit("a red boat", [scene], mask=mask, model="redraws", keep=True)[0]
    imgcell.library().delete(kept.record.kept["of"])
    again = imgcell.library().picture(kept.record.id)
    with pytest.raises(imgcell.errors.InvalidJobError, match="was deleted"):
        _ = again.changes
    imgcell.library().restore(kept.record.kept["of"])
    assert imgcell.library().picture(kept.record.id).changes.changed_outside == 0
