"""Masks: painted, loaded, saved, read back, and sent as the provider wants them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import imgcell


@pytest.fixture
def reference(upload, painted):
    """A picture of 64x48 in the tray."""
    return upload(painted())


def _fetched(page, facts):
    fields, data = page.ask_bytes("fetch-image", sha=facts["sha"], box="original", base64=False)
    assert fields["media_type"] == "image/png"
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("mode", ["L", "1", "RGB", "RGBA", "LA", "P"])
def test_white_is_where_to_edit_whatever_the_canvas_made(page, reference, mode):
    """A grey PNG, an opaque one in colour, or white on nothing: the same mask."""
    image = Image.new("L", (64, 48), 0)
    image.paste(255, (0, 0, 32, 48))
    if mode in ("RGBA", "LA"):
        canvas = Image.new(mode, (64, 48), 0)
        canvas.paste(Image.new(mode, (32, 48), "white"), (0, 0))
        image = canvas
    else:
        image = image.convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    facts = page.ask("mask", buffer.getvalue(), reference=reference["key"], data=None)["mask"]
    assert (facts["width"], facts["height"], facts["share"], facts["name"]) == (64, 48, 0.5, "")
    kept = _fetched(page, facts)
    assert kept.mode == "L"
    assert (kept.getpixel((0, 0)), kept.getpixel((63, 0))) == (255, 0)


def test_a_mask_is_as_large_as_its_picture_and_a_whole_png(page, reference, painted):
    """Another size, another format, a broken file, a picture that is gone: refused, and nothing is kept."""
    for data in (painted((63, 48), "L", 0), painted((64, 48), "L", 0, kind="JPEG"), painted((64, 48), "L", 0)[:-30], b"x", b""):
        assert page.refused("mask", data, reference=reference["key"], data=None)["message"]
    assert page.refused("mask", painted((64, 48), "L", 0), reference="r99", data=None)
    assert page.refused("mask", reference=reference["key"], data=None)


def test_a_mask_is_sent_as_the_provider_wants_it(page, run, upload, painted, server, studio):
    """White in the page becomes transparent in the request, exactly as large as the picture; in Python it reads back as painted."""
    given = upload(painted((256, 256)), "g.png")
    facts = page.ask("mask", painted((256, 256), "L", 0, (10, 20, 110, 120)), reference=given["key"], data=None)["mask"]
    (key,) = run("a boat", references=[given["key"]], mask=facts["mask"])
    card = page.until_state(key, "done")
    assert (card["mask"], card["kind"]) == (True, "edit")
    (post,) = server.posts
    (sent,) = [part for part in post.files if part.name == "mask"]
    mask = Image.open(io.BytesIO(sent.data))
    assert mask.size == (256, 256)
    assert (mask.getpixel((50, 50))[3], mask.getpixel((0, 0))[3]) == (0, 255)
    assert studio.mask is None  # the form itself has none: the page sent it along


def test_the_form_mask_is_a_value_and_can_be_set(page, studio, reference, draft, painted):
    """What the page paints is ``studio.mask``; what Python sets is suggested to the page, with its facts."""
    facts = page.ask("mask", painted((64, 48), "L", 0, (0, 0, 16, 48)), reference=reference["key"], data=None)["mask"]
    page.write(draft=draft(references=[reference["key"]], mask=facts["mask"]))
    assert imgcell.Mask(studio.mask) == imgcell.masks.boxes((64, 48), (0, 0, 16, 48))
    other = Image.new("1", (64, 48), 0)
    other.paste(1, (0, 0, 64, 24))
    studio.mask = other
    (suggestion, _) = page.until(lambda: page.said("suggest"))[-1]
    assert suggestion["mask"]["share"] == 0.5
    assert suggestion["draft"]["mask"] == suggestion["mask"]["mask"]
    assert suggestion["draft"]["references"] == [reference["key"]]
    assert imgcell.Mask(studio.mask) == imgcell.masks.boxes((64, 48), (0, 0, 64, 24))
    studio.mask = None
    assert studio.mask is None
    with pytest.raises(ValueError, match="same size"):
        studio.mask = Image.new("L", (65, 48), 255)


def test_masks_can_be_saved_and_loaded(page, reference, painted, imgcell_home, studio):
    """Under a name, for this and later Studios; the name is no path."""
    facts = page.ask("mask", painted((64, 48), "L", 0, (0, 0, 16, 48)), reference=reference["key"], data=None)["mask"]
    assert page.ask("save-mask", mask=facts["mask"], name="天空 ../sky") == {"name": "天空 .. sky"}
    assert [path.name for path in (imgcell_home / "masks").iterdir()] == ["天空 .. sky.png"]
    (saved,) = page.ask("masks")["masks"]
    assert (saved["name"], saved["share"]) == ("天空 .. sky", 0.25)
    loaded = page.ask("load-mask", name="天空 .. sky", reference=reference["key"])["mask"]
    assert loaded["sha"] == facts["sha"]
    assert page.refused("load-mask", name="sea", reference=reference["key"])
    assert page.refused("save-mask", mask="m99", name="x")
    # It is the library's: Python and cells know it by the same name, and one that they name is offered here.
    assert imgcell.library().masks["天空 .. sky"] == imgcell.masks.boxes((64, 48), (0, 0, 16, 48))
    imgcell.library().masks["sea"] = imgcell.masks.full((64, 48))
    assert page.ask("load-mask", name="sea", reference=reference["key"])["mask"]["share"] == 1
    del imgcell.library().masks["sea"]
    (imgcell_home / "masks" / "broken.png").write_bytes(b"no picture")
    assert len(page.ask("masks")["masks"]) == 1


def test_a_variable_can_be_a_mask(page, reference, studio):
    """An array of booleans, a grey image, a picture that is transparent where to edit; what marks nothing is refused."""
    numpy = pytest.importorskip("numpy")
    names = studio._inside.names.all()
    names["where"] = numpy.zeros((48, 64), bool)
    names["where"][:24] = True
    names["hole"] = Image.new("RGBA", (64, 48), (0, 0, 0, 255))
    names["hole"].paste((0, 0, 0, 0), (0, 0, 32, 48))
    names["nothing"] = Image.new("L", (64, 48), 0)
    names["value"] = imgcell.masks.boxes((64, 48), (0, 0, 64, 12))
    assert page.ask("mask-from-variable", name="where", reference=reference["key"])["mask"]["share"] == 0.5
    hole = page.ask("mask-from-variable", name="hole", reference=reference["key"])["mask"]
    assert (hole["share"], hole["name"]) == (0.5, "hole")
    assert _fetched(page, hole).getpixel((0, 0)) == 255
    assert page.ask("mask-from-variable", name="value", reference=reference["key"])["mask"]["share"] == 0.25
    assert "value" in {variable["name"] for variable in page.ask("variables")["variables"]}
    assert "marks nothing" in page.refused("mask-from-variable", name="nothing", reference=reference["key"])["message"]
    assert page.refused("mask-from-variable", name="where.shape", reference=reference["key"])
