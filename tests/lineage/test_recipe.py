"""Recipes: written, put into copies of pictures, read from anywhere, followed."""

from __future__ import annotations

import copy
import json
import os

import pytest
from PIL import Image

import imgcell
from imgcell.errors import InvalidJobError
from imgcell.pictures import inspect


@pytest.fixture
def picture(client, photo, server):
    """Made in two steps, with a mask, a photograph and a passed-through field."""
    base = client.generate(
        "横版 16:9 a lighthouse", size="512x512", extra={"seed": 7, "webhook_url": "https://me.example/?key=1"}, user="u-17"
    )[0]
    mask = Image.new("L", base.size, 0)
    mask.paste(255, (0, 0, 90, 90))
    edit = client.edit("make it night", images=[base, photo], mask=mask, size="512x512")[0]
    server.clear()
    return edit


def test_a_recipe_holds_all_that_is_needed(picture, photo):
    """Steps in order with everything that was said, inputs by step or file; it is plain JSON."""
    recipe = json.loads(json.dumps(picture.recipe()))
    assert recipe["imgcell-recipe"] == 1
    assert recipe["picture"] == picture.record.id
    first, second = recipe["steps"]
    assert (first["kind"], first["prompt"], first["inputs"]) == ("generate", "横版 16:9 a lighthouse", [])
    assert first["options"] == {"size": "512x512", "extra": {"seed": 7}}
    assert second["inputs"] == [{"step": 0}, {"file": picture.record.inputs[1]}]
    assert second["mask"] == picture.record.mask
    assert set(recipe["files"]) == {picture.record.inputs[1], picture.record.mask}
    assert recipe["files"][picture.record.inputs[1]]["bytes"] == os.path.getsize(photo)


def test_a_recipe_tells_nobodys_secrets(picture, photo, server, imgcell_home):
    """No keys, addresses, paths, user ids, and no passed-through field under a name that looks like a secret."""
    text = json.dumps(picture.recipe(), ensure_ascii=False)
    for word in ("webhook", "me.example", "u-17", str(imgcell_home), str(photo.parent), photo.name, str(server.port), "http"):
        assert word not in text


def test_it_is_followed_in_another_library(picture, server, tmp_path):
    """Whoever has the JSON makes the picture again, with the same inputs, in a library that has never seen it."""
    text = json.dumps(picture.recipe())
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), library=tmp_path / "theirs") as client:
        recipe = imgcell.from_recipe(text)
        sheet = recipe.run(client=client)
        assert len(recipe) == len(sheet) == 2
        assert server.posts[0].json["seed"] == 7
        assert sheet[1].record.inputs[1:] == picture.record.inputs[1:]
        assert sheet[1].record.mask == picture.record.mask
        assert sheet[1].record.parents == (sheet[0].record.id, picture.record.inputs[1])
        assert [parent.record.kind for parent in sheet[1].parents] == ["generate", "given"]
        again = sheet[1].recipe()
        assert [step["prompt"] for step in again["steps"]] == [step["prompt"] for step in picture.recipe()["steps"]]
        assert again["files"] == picture.recipe()["files"]


def test_both_branches_are_made_again(client, server):
    """A picture that was made twice over is made once; every step comes after what it is made from."""
    base = client.generate("a lighthouse", size="512x512")[0]
    left = client.edit("left", images=[base], size="512x512")[0]
    right = client.edit("right", images=[base], size="512x512")[0]
    last = client.edit("both", images=[left, right, base.rotate(90)], size="512x512")[0]
    recipe = last.recipe()
    assert [step["prompt"] for step in recipe["steps"]] == ["a lighthouse", "left", "right", "both"]
    assert recipe["steps"][3]["inputs"][:2] == [{"step": 1}, {"step": 2}]
    changed = recipe["steps"][3]["inputs"][2]
    assert changed == {"file": last.record.inputs[2], "of": base.record.id, "modified": True}
    sheet = imgcell.from_recipe(recipe).run(client=client)
    assert len(sheet) == 4
    assert sheet[3].record.parents == (sheet[1].record.id, sheet[2].record.id, base.record.id)
    assert sheet[3].record.modified == (2,)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_copy_that_knows_how_it_was_made(picture, tmp_path, kind):
    """A saved copy holds the recipe; its pixels are those of one saved without, and the original is as it was."""
    before = picture.data
    suffix = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}[kind]
    with_, without = tmp_path / f"with{suffix}", tmp_path / f"without{suffix}"
    picture.save(with_, recipe=True)
    picture.save(without)
    assert picture.data == before
    assert inspect(with_).format == kind
    with Image.open(with_) as one, Image.open(without) as other:
        assert one.tobytes() == other.tobytes()
    recipe = imgcell.from_recipe(with_)
    assert [step.prompt for step in recipe.steps] == ["横版 16:9 a lighthouse", "make it night"]
    assert imgcell.from_recipe(with_.read_bytes()).to_json() == recipe.to_json()
    assert b"sk-" not in with_.read_bytes()
    with pytest.raises(InvalidJobError, match="no recipe in this picture"):
        imgcell.from_recipe(str(without))


def test_inputs_that_do_not_fit_into_a_jpeg(client, server, tmp_path, monkeypatch):
    """What is too large for the format is left out, which the recipe says; it comes from the library, or is asked for."""
    noise = Image.effect_noise((300, 300), 90)
    edit = client.edit("paint it", images=[noise], size="512x512")[0]
    edit.save(tmp_path / "x.jpg", recipe=True)
    recipe = imgcell.from_recipe(tmp_path / "x.jpg")
    (file,) = recipe.to_json()["files"].values()
    assert file["left_out"]
    assert "base64" not in file
    assert recipe.left_out == ()  # this library has it
    assert len(recipe.run(client=client)) == 1
    monkeypatch.setenv("IMGCELL_HOME", str(tmp_path / "theirs"))
    recipe = imgcell.from_recipe(tmp_path / "x.jpg")
    assert len(recipe.left_out) == 1
    assert "Left out" in str(recipe)
    server.clear()
    with pytest.raises(InvalidJobError, match="Step 0 needs a picture that was left out"):
        recipe.run(client=client)
    assert server.posts == []


def test_formats_that_hold_no_recipe(picture, tmp_path):
    """Other formats, and prompts that no JPEG can hold, are refused; nothing is written."""
    with pytest.raises(InvalidJobError, match="GIF"):
        picture.save(tmp_path / "x.gif", recipe=True)
    assert not (tmp_path / "x.gif").exists()


def test_a_prompt_too_long_for_a_jpeg(shelf, tmp_path):
    """A recipe that does not fit even without its files is refused with what to do; a PNG has room."""
    long = shelf.add("p-a", prompt="海" * 30_000)
    with pytest.raises(InvalidJobError, match="too long for a JPEG"):
        long.save(tmp_path / "x.jpg", recipe=True)
    assert not (tmp_path / "x.jpg").exists()
    long.save(tmp_path / "x.png", recipe=True)
    assert imgcell.from_recipe(tmp_path / "x.png").steps[0].prompt == "海" * 30_000


def test_a_picture_that_was_drawn_on(client, tmp_path):
    """The recipe is that of the picture as it was made, and says that it was drawn on since."""
    picture = client.generate("a lighthouse", size="512x512")[0]
    picture.putpixel((1, 1), (255, 0, 0))
    picture.save(tmp_path / "x.png", recipe=True)
    assert imgcell.from_recipe(tmp_path / "x.png").to_json()["drawn_on"] is True


def test_every_way_to_hand_one_in(picture, tmp_path):
    """A mapping, JSON text, its bytes, a path as text, a Path, a Picture."""
    document = picture.recipe()
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps(document), encoding="utf-8-sig")
    for source in (document, json.dumps(document), json.dumps(document).encode(), str(file), file, picture):
        assert [step.prompt for step in imgcell.from_recipe(source).steps] == ["横版 16:9 a lighthouse", "make it night"]


def test_it_shows_itself(picture):
    """In a cell a table with thumbnails, in a terminal lines; every text is escaped, and what is passed through is named."""
    document = picture.recipe()
    document["steps"][0]["prompt"] = "<script>alert(1)</script>"
    recipe = imgcell.from_recipe(document)
    page = recipe.to_html()
    assert "<script" not in page
    assert page.count('src="data:image/') == 2
    assert "seed = 7" in page
    assert "seed = 7" in str(recipe)
    assert "Nothing is sent before .run()" in str(recipe)
    assert recipe._repr_mimebundle_()["text/html"] == page


@pytest.fixture
def document(shelf):
    """A small valid recipe."""
    shelf.add("p-a")
    given = shelf.put((shelf.folder / shelf.made["p-a"].sha256).read_bytes())
    shelf.add("p-b", "p-a", "sha256:" + given, inputs=("sha256:" + given, "sha256:" + given))
    return shelf.archive.recipe(shelf.add("p-c", "p-b", mask="sha256:" + given))


def steps(index, **changes):
    """A function that changes a step."""

    def change(document):
        document["steps"][index].update(changes)

    return change


HOSTILE = {
    "no mark": lambda d: d.pop("imgcell-recipe"),
    "later version": lambda d: d.update({"imgcell-recipe": 2}),
    "version is true": lambda d: d.update({"imgcell-recipe": True}),
    "no steps": lambda d: d.update(steps=[]),
    "steps are text": lambda d: d.update(steps="abc"),
    "too many steps": lambda d: d.update(steps=d["steps"] * 200),
    "a step is none": lambda d: d["steps"].append(7),
    "an unknown kind": steps(0, kind="upload"),
    "an empty prompt": steps(0, prompt=" "),
    "a prompt of numbers": steps(0, prompt=[1]),
    "an endless prompt": steps(0, prompt="x" * 300_000),
    "a provider that is a path": steps(0, provider="../../etc/passwd"),
    "a provider that is an address": steps(0, provider="http://e.vil"),
    "a model of lines": steps(0, model="a\nb"),
    "a model that is a list": steps(0, model=["a"]),
    "an unknown option": steps(0, options={"base_url": "http://e.vil"}),
    "an api key": steps(0, options={"api_key": "x"}),
    "a number of pictures": steps(0, options={"n": 10}),
    "an option of another type": steps(0, options={"size": {"a": 1}}),
    "a compression beyond": steps(0, options={"output_compression": 1000}),
    "an edit's option": steps(0, options={"input_fidelity": "high"}),
    "extra that is text": steps(0, options={"extra": "x"}),
    "extra that is deep": steps(0, options={"extra": {"a": [[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]}}),
    "extra that is large": steps(0, options={"extra": {"a": "x" * 300_000}}),
    "inputs of words": steps(0, inputs=[{"step": 0}]),
    "a circle": steps(1, inputs=[{"step": 1}]),
    "a step to come": steps(1, inputs=[{"step": 2}]),
    "a step below": steps(1, inputs=[{"step": -1}]),
    "a step that is true": steps(2, inputs=[{"step": True}]),
    "a file that is not there": steps(1, inputs=[{"file": "sha256:" + "0" * 64}]),
    "a file that is a path": steps(1, inputs=[{"file": "/etc/passwd"}]),
    "step and file": steps(1, inputs=[{"step": 0, "file": "sha256:" + "0" * 64}]),
    "an edit of nothing": steps(1, inputs=[]),
    "inputs without end": steps(1, inputs=[{"step": 0}] * 17),
    "a mask that is not there": steps(1, mask="sha256:" + "0" * 64),
    "a mask for words": lambda d: d["steps"][0].update(mask=next(iter(d["files"]))),
    "files that are a list": lambda d: d.update(files=[]),
    "a file's name": lambda d: d["files"].update({"../x": {}}),
    "a file that is none": lambda d: d["files"].update({"sha256:" + "0" * 64: 7}),
    "base64 that is none": lambda d: d["files"].update({"sha256:" + "0" * 64: {"base64": "!!"}}),
    "another file": lambda d: d["files"].update({"sha256:" + "0" * 64: {"base64": "AAAA"}}),
    "no picture": lambda d: d["files"].update(
        {"sha256:9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0": {"base64": "YWFh"}}
    ),
}


def test_the_recipe_that_is_made_hostile_is_a_good_one(document):
    """Without the changes below it is read."""
    assert len(imgcell.from_recipe(document)) == 3


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_hostile_recipes(document, change):
    """Whatever is wrong with a recipe is one clear refusal, before anything is made of it."""
    document = copy.deepcopy(document)
    change(document)
    with pytest.raises(InvalidJobError) as caught:
        imgcell.from_recipe(document)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "source",
    [
        "{",
        '{"imgcell-recipe": 1, "steps": NaN}',
        "[" * 100_000,
        '{"a":' * 50_000,
        "no/such/file.json",
        b"",
        b"\x00\x01",
        b'{"\xff": 1}',
        b"\x89PNG\r\n\x1a\n",
        7,
        None,
        [],
        os.curdir,
        "x" * 10_000,
    ],
    ids=lambda source: repr(source)[:24],
)
def test_what_is_no_recipe_at_all(source):
    """Anything else is refused with the same class of error."""
    with pytest.raises(InvalidJobError):
        imgcell.from_recipe(source)


def test_records_in_a_circle_make_a_recipe_without_one(shelf):
    """A library that somebody wrote by hand cannot make a recipe that goes round."""
    shelf.add("p-a", "p-c")
    shelf.add("p-b", "p-a")
    last = shelf.add("p-c", "p-b")
    recipe = last.recipe()
    assert [step["id"] for step in recipe["steps"]] == ["p-a", "p-b", "p-c"]
    assert "file" in recipe["steps"][0]["inputs"][0]
