"""``--mask NAME``: saved masks in cells, their completion, and what %imgcell says of them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

import imgcell
from imgcell import masks
from imgcell.errors import InvalidJobError
from imgcell.magics.completion import Place, complete

LEFT = masks.boxes((64, 48), (0, 0, 32, 48))


@pytest.fixture
def saved(imgcell_home):
    """Two masks with names."""
    found = imgcell.library().masks
    found["天空"], found["the sea"] = LEFT, ~LEFT
    return found


@pytest.fixture
def mask_of(cell, provider, saved, tmp_path):
    """A function that runs a cell with a --mask and returns the mask of its job."""
    (tmp_path / "a.png").write_bytes(b"x")

    def run(mask):
        ran = cell(f"%imgedit -i a.png --mask {mask} -- make it night")
        assert ran.error is None, ran.err
        return provider.jobs[-1].mask

    return run


def test_a_saved_mask_by_its_name(mask_of, cell, tmp_path):
    """In any script, with blanks in quotation marks; a variable or a file of the same name comes first."""
    assert mask_of("天空") == LEFT
    assert mask_of('"the sea"') == ~LEFT
    cell("from imgcell import masks; 天空 = masks.boxes((8, 8), (1, 1, 2, 2))")
    assert mask_of("天空").size == (8, 8)
    (tmp_path / "the sea").write_bytes(b"x")
    assert mask_of('"the sea"') == "the sea"


def test_a_variable_that_is_a_mask(mask_of, cell):
    """Or an expression of names that leads to one."""
    cell("from imgcell import masks; where = masks.full((9, 9)); several = [where, ~where]")
    assert mask_of("where") == masks.full((9, 9))
    assert mask_of("several[1]") == ~masks.full((9, 9))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("天涯", "neither a variable nor a file"),
        ("the seas", "Saved masks of like name: the sea"),
        ("masks_", "neither"),
        ("both", "holds 2"),
    ],
)
def test_what_is_no_mask(cell, provider, saved, tmp_path, text, said):
    """Says what is near; nothing is sent."""
    (tmp_path / "a.png").write_bytes(b"x")
    cell("from imgcell import masks; both = [masks.full((9, 9))] * 2")
    ran = cell(f'%imgedit -i a.png --mask "{text}" -- make it night')
    assert isinstance(ran.error, InvalidJobError)
    assert said in ran.out + ran.err
    assert provider.jobs == []


def test_completion_offers_saved_masks(saved):
    """Behind --mask, beside variables and files; in quotation marks where they need some and have none yet."""
    names = {"where": LEFT, "number": 7}

    def offered(head):
        fragment, found = complete(Place("imgedit", head, ""), names)
        return fragment, [text for text, _ in found]

    assert offered("-i x --mask 天") == ("天", ["天空"])
    assert offered("-i x --mask=天")[1] == ["天空"]
    assert offered("-i x --mask the") == ("the", ['"the sea"'])
    assert offered('-i x --mask "the s') == ("the s", ["the sea"])
    assert set(offered("-i x --mask ")[1]) >= {"where", "天空", '"the sea"'}
    assert "number" not in offered("-i x --mask ")[1]
    assert "天空" not in offered("-i 天")[1]


def test_the_masks_are_listed(cell, saved):
    """With their names, sizes and shares, as pictures and as text; without any, how one gets a name is said."""
    ran = cell("%imgcell masks")
    (bundle,) = ran.bundles
    assert bundle["text/plain"] == "the sea  64x48, 50.0 % white\n天空  64x48, 50.0 % white"
    assert bundle["text/html"].count("<img") == 2
    saved.clear()
    assert "has a name yet" in cell("%imgcell masks").out
    assert isinstance(cell("%imgcell masks all").error, InvalidJobError)


def test_a_cell_with_a_saved_mask_is_sent(cell, sandbox, saved):
    """What reaches the provider is transparent where the mask is white; as_cell() names what was sent."""
    Image.new("RGB", (256, 256), "teal").save("ground.png")
    saved["天空"] = masks.boxes((256, 256), (0, 0, 256, 100))
    ran = cell("%%imgedit night -i ground.png --mask 天空 -s 256x256\na dark sky")
    assert ran.error is None, ran.err
    (post,) = sandbox.posts
    (sent,) = [part for part in post.files if part.name == "mask"]
    alpha = Image.open(io.BytesIO(sent.data)).getchannel("A")
    assert masks.alpha(Image.open(io.BytesIO(sent.data))) == saved["天空"]
    assert alpha.getpixel((0, 0)) == 0
    assert f"--mask {ran.names['night'].record.mask}" in ran.names["night"].as_cell()
