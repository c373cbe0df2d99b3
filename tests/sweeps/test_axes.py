"""Keywords become axes, combinations and an order."""

from __future__ import annotations

import collections

import pytest
from PIL import Image

import imgcell
from imgcell.errors import InvalidJobError
from imgcell.sweeps.axes import design


def made(n=1, order="interleaved", seed=None, variants=None, **said):
    """A design, as sweep() makes it."""
    return design(said, n=n, order=order, seed=seed, variants=variants)


def test_a_list_is_an_axis_and_one_value_is_none():
    """Every keyword with a list is an axis, in a fixed order, prompts outermost; the others are the same everywhere."""
    plan = made(quality=["low", "high"], prompt=["a", "b"], size="256x256", model=["m", None])
    assert plan.names == {"prompt": ("a", "b"), "model": ("m", "default"), "quality": ("low", "high")}
    assert plan.fixed == {"size": "256x256"}
    assert plan.fields(0) == {"size": "256x256", "prompt": "a", "model": "m", "quality": "low"}
    assert plan.fields(3) == {"size": "256x256", "prompt": "a", "quality": "high"}  # "default" says nothing
    assert plan.places == 8


def test_a_dict_names_the_values():
    """A dict from labels to values is an axis called by its labels."""
    assert made(prompt={"灯塔": "一座灯塔", "sea": "the sea"}).names == {"prompt": ("灯塔", "sea")}


def test_images_in_a_list_are_one_jobs_inputs():
    """``[a, b]`` goes in together; a list of lists, or a dict, is an axis."""
    a, b = (Image.new("RGB", (8, 8), color) for color in ("red", "blue"))
    assert made(prompt="x", images=[a, b]).names == {}
    assert made(prompt="x", images=[[a], [a, b]]).names == {"images": ("image 1", "image 2 + image 2")}
    assert made(prompt="x", images={"red": a, "none": None}).names == {"images": ("red", "none")}
    with pytest.raises(InvalidJobError, match="mixes"):
        made(prompt="x", images=[a, [b]])


def test_a_tuple_of_prompts_is_one_value():
    """An edit chain is one value of the prompt's axis."""
    assert made(prompt=["a", ("b", "bluer")]).names == {"prompt": ("a", "b → bluer")}
    assert made(prompt=("b", "bluer")).names == {}


def test_files_of_one_name_are_told_apart(tmp_path):
    """Two pictures of the same file name are two values."""
    assert made(prompt="x", images=[["one/cat.png"], ["two/cat.png"]]).names == {"images": ("cat.png", "cat.png (2)")}


def test_extra_is_an_axis_only_as_a_list():
    """``extra`` is a mapping by itself."""
    assert made(prompt="x", extra={"seed": 1}).names == {}
    assert made(prompt="x", extra=[{"seed": 1}, {"seed": 2}]).names == {"extra": ('{"seed": 1}', '{"seed": 2}')}


def test_variants_set_several_fields_at_once():
    """Settings that cannot be combined freely are one axis; what they say is said nowhere else."""
    plan = made(prompt="x", quality=["low", "high"], variants={"a": {"provider": "p", "model": "m"}, "b": {"provider": "q"}})
    assert plan.names == {"variant": ("a", "b"), "quality": ("low", "high")}
    assert plan.fields(0) == {"prompt": "x", "provider": "p", "model": "m", "quality": "low"}
    assert plan.fields(3) == {"prompt": "x", "provider": "q", "quality": "high"}
    with pytest.raises(InvalidJobError, match="beside them"):
        made(prompt="x", model=["m"], variants={"a": {"model": "m"}})
    with pytest.raises(InvalidJobError, match="no field"):
        made(prompt="x", variants={"a": {"modle": "m"}})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"prompt": []}, "empty list"),
        ({"prompt": "x", "quality": ["low", "low"]}, "twice"),
        ({"prompt": "x", "n": 0}, "whole number"),
        ({"prompt": "x", "n": True}, "whole number"),
        ({"prompt": "x", "order": "sorted"}, "order is"),
        ({"prompt": "x", "seed": "1"}, "seed"),
        ({"prompt": [str(number) for number in range(200)], "size": [f"{n}x9" for n in range(1, 101)]}, "20000 cells"),
    ],
)
def test_what_cannot_be_a_sweep_is_refused(said, reason):
    """A mistake in the keywords is told at once, by its name."""
    with pytest.raises(InvalidJobError, match=reason):
        made(**said)


@pytest.mark.parametrize("order", ["interleaved", "random", "listed"])
def test_every_order_sends_each_place_once(order):
    """Whatever the order, it is an order of all the places."""
    plan = made(n=3, order=order, prompt=["a", "b"], model=["m", "k"], quality=["low", "high", "auto"])
    assert sorted(plan.sequence()) == list(range(36))


def test_interleaved_blocks_hold_every_treatment_and_begin_with_another():
    """Each repeat of each prompt is a block with every other combination once; no treatment is always the first."""
    plan = made(n=2, prompt=["a", "b"], model=["m", "k", "l"])
    order = plan.sequence()
    blocks = [order[start : start + 3] for start in range(0, 12, 3)]
    read = [[(place // 2 // 3, place // 2 % 3, place % 2) for place in block] for block in blocks]
    assert [{(prompt, repeat) for prompt, _, repeat in block} for block in read] == [{(0, 0)}, {(1, 0)}, {(0, 1)}, {(1, 1)}]
    assert all({model for _, model, _ in block} == {0, 1, 2} for block in read)
    assert [block[0][1] for block in read] == [0, 1, 2, 0]


def test_a_random_order_is_kept_with_its_seed():
    """The same seed is the same order; without one, one is taken and kept."""
    facts = {"prompt": [str(number) for number in range(50)], "order": "random"}
    assert made(seed=5, **facts).sequence() == made(seed=5, **facts).sequence() != list(range(50))
    taken = made(**facts)
    assert taken.sequence() == made(seed=taken.seed, **facts).sequence()


def test_a_provider_that_does_not_exist_is_refused_before_anything_else():
    """A typing error in a provider's name is no impossible combination but a mistake, and near names are told."""
    with pytest.raises(InvalidJobError, match="sandbox"):
        imgcell.sweep("x", provider=["sandbox", "sandbx"])


def test_clients_of_two_libraries_are_refused(tmp_path):
    """A sweep lives in one library; clients that keep their pictures in others would not be found again."""
    one, two = (imgcell.Client("sandbox", library=tmp_path / name) for name in "ab")
    with pytest.raises(InvalidJobError, match="one library"):
        imgcell.sweep("x", provider={"one": one, "two": two})
    assert collections.Counter([imgcell.sweep("x", provider=one).home]) == {tmp_path / "a": 1}
