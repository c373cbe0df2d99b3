"""The magics' line: options, names, sweeps, the line form, and what is refused."""

from __future__ import annotations

import pytest

from imgcell.errors import InvalidJobError
from imgcell.magics.parse import Arguments, parse, parse_use
from imgcell.magics.table import docstring, options_for


def test_everything_at_once() -> None:
    """Every option fills its field; NAME may stand anywhere; quotes are taken off."""
    line = (
        """-i photo -i "my file.png" --mask m[0] cats -p apiyi,openai -m 'a,b' -s 1024x1024 -q low,high -n 2 """
        "-o seed=7 -o background=transparent --stream 2 --yes --later --raw"
    )
    assert parse("imgedit", line, "make it night\n") == Arguments(
        name="cats",
        prompt="make it night",
        providers=("apiyi", "openai"),
        models=("a", "b"),
        sizes=("1024x1024",),
        qualities=("low", "high"),
        images=("photo", "my file.png"),
        mask="m[0]",
        n=2,
        fields=(("seed", "7"), ("background", "transparent")),
        stream=2,
        yes=True,
        later=True,
        raw=True,
    )


def test_prompt_keeps_its_lines() -> None:
    """The body is the prompt as it is, only the empty lines around it are taken off."""
    assert parse("imagine", "", "\n  first\n\n  second {x} $y 'z\n").prompt == "  first\n\n  second {x} $y 'z"


@pytest.mark.parametrize(
    ("line", "name", "n", "prompt"),
    [
        ("a cat", None, 1, "a cat"),
        ("-n 2 a cat's eye", None, 2, "a cat's eye"),
        ("-n 2 -- a cat -n 3", None, 2, "a cat -n 3"),
        ("cats -n 2 -- a cat", "cats", 2, "a cat"),
        ("--number=2 一只猫", None, 2, "一只猫"),
        ("-s 1024x1024 'quoted' words", None, 1, "'quoted' words"),
    ],
)
def test_line_form(line: str, name: str | None, n: int, prompt: str) -> None:
    """Without a body the prompt is what follows the options or `--`, word for word."""
    found = parse("imagine", line, None)
    assert (found.name, found.n, found.prompt) == (name, n, prompt)


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        ("a cat -n 2", None, "Options come first"),
        ("", None, "empty"),
        ("", "  \n ", "empty"),
        ("--sise 1024x1024", "x", "--size"),
        ("-n two", "x", "whole number"),
        ("-n", "x", "-n"),
        ("a cat", "x", "One NAME"),
        ("2cats", "x", "not a name"),
        ("class", "x", "Python"),
        ("list", "x", "hide"),
        ("_images", "x", "_images"),
        ("-s ,1024x1024", "x", "empty place"),
        ("-o background", "x", "KEY=VALUE"),
        ("it's", "x", "never closed"),
        ("-- a cat", "x", "below"),
    ],
)
def test_refusals(line: str, cell: str | None, said: str) -> None:
    """What cannot be understood is one clear error, before anything is sent."""
    with pytest.raises(InvalidJobError) as caught:
        parse("imagine", line, cell)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line", ["-o api_key=abc", "--key sk-abcdefgh1234", "-m sk-proj-0123456789abcdef", "-o Authorization=x", "-o token=1"]
)
def test_keys_are_refused(line: str) -> None:
    """A key on the line is refused with advice, and never repeated."""
    with pytest.raises(InvalidJobError) as caught:
        parse("imagine", line, "x")
    assert "replace it" in str(caught.value)
    assert "sk-" not in str(caught.value)


def test_keys_in_prompts_are_refused() -> None:
    """A key that slipped into the prompt would go to the provider and into the library."""
    with pytest.raises(InvalidJobError):
        parse("imagine", "a cat sk-0123456789abcdefghijklmn", None)


@pytest.mark.parametrize("line", ["token", "secret -n 2", "-m sk-x", "keyboard"])
def test_words_that_are_no_keys(line: str) -> None:
    """A variable may be called token."""
    assert parse("imagine", line, "a sk-learn-like-diagram-of-things").prompt


@pytest.mark.parametrize(
    ("line", "single"),
    [("", True), ("-p a -m b -s c -q d", True), ("-n 2", False), ("-p a,b", False), ("-s a,b", False), ("--later", False)],
)
def test_what_name_will_be(line: str, single: bool) -> None:
    """Whether NAME is a Picture follows from the line alone."""
    assert parse("imagine", line, "x").single is single


def test_help_wants_no_prompt() -> None:
    """`--help` works with nothing else on the line."""
    assert parse("imagine", "--help", None).help
    assert parse("imgedit", "-h", "x").help


@pytest.mark.parametrize("magic", ["imagine", "imgedit"])
def test_docstring_lists_every_option(magic: str) -> None:
    """The docstring is made from the table."""
    text = docstring(magic)
    for option in options_for(magic):
        assert all(flag in text for flag in option.flags)
        assert option.help in text


def test_use() -> None:
    """`%imgcell use` takes a provider and one value of each choice."""
    assert parse_use("apiyi --model gpt-image-2-all -s 1024x1024") == (
        "apiyi",
        {"model": "gpt-image-2-all", "size": "1024x1024", "quality": None},
    )
    with pytest.raises(InvalidJobError):
        parse_use("")
    with pytest.raises(InvalidJobError):
        parse_use("a b")
