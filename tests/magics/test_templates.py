"""Names in prompts: looked up, put in place, never evaluated."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import pytest

from imgcell.errors import InvalidJobError
from imgcell.magics.templates import fill


@dataclass
class Scene:
    """A plain object with fields."""

    place: str = "harbour"


class Trap:
    """Everything that could be run leaves a trace."""

    ran: ClassVar[list[str]] = []

    @property
    def computed(self) -> str:
        """A property."""
        self.ran.append("property")
        return "x"

    def __getattr__(self, name: str) -> str:
        self.ran.append("__getattr__")
        return "x"

    def __getitem__(self, key: object) -> str:
        self.ran.append("__getitem__")
        return "x"

    def __str__(self) -> str:
        self.ran.append("__str__")
        return "x"

    def __format__(self, spec: str) -> str:
        self.ran.append("__format__")
        return "x"


class Point(NamedTuple):
    """Fields that are read in C."""

    x: int
    y: int


NAMES: dict[str, Any] = {
    "animal": "a red fox",
    "动物": "白狐",
    "n": 3,
    "ratio": 1.5,
    "yes": True,
    "words": ["one", "two"],
    "book": {"key": "value", 3: "three", "inner": {"deep": [1, 2]}},
    "scene": Scene(),
    "point": Point(1, 2),
    "folder": pathlib.PurePosixPath("a/b"),
    "trap": Trap(),
    "nothing": None,
}


@pytest.mark.parametrize(
    ("prompt", "filled"),
    [
        ("a portrait of {animal}", "a portrait of a red fox"),
        ("{动物} 在雪里", "白狐 在雪里"),
        ("{ animal }", "a red fox"),
        ("{n} {ratio} {yes}", "3 1.5 True"),
        ("{words[0]} and {words[-1]}", "one and two"),
        ("{book['key']} {book[\"key\"]} {book[3]} {book['inner']['deep'][1]}", "value value three 2"),
        ("{scene.place}", "harbour"),
        ("{point.x}", "1"),
        ("{folder}", "a/b"),
        ("{{animal}}", "{animal}"),
        ("}} {{", "} {"),
        ("{a: 1} {} { } {1} {a b} {f(x)} {x + 1} {!r}", "{a: 1} {} { } {1} {a b} {f(x)} {x + 1} {!r}"),
        ('{"scene": {"subject": "fox"}}', '{"scene": {"subject": "fox"}}'),
        ('{"a": {"b": {"c": [{"d": 1}]}}}', '{"a": {"b": {"c": [{"d": 1}]}}}'),
        ('{"a": {"b": "{animal}"}}', '{"a": {"b": "a red fox"}}'),
        ('{"a": "{{n}}"}', '{"a": "{n}"}'),
        ("an open { brace", "an open { brace"),
        ("a closing } brace", "a closing } brace"),
        ("{animal", "{animal"),
        ("no $animal, no $$", "no $animal, no $$"),
    ],
)
def test_filling(prompt: str, filled: str) -> None:
    """Paths are filled in, double braces become single, and what is no path stays letter for letter."""
    assert fill(prompt, NAMES) == filled


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("{animol}", "animal"),
        ("{Animal}", "animal"),
        ("{zzz}", "{{zzz}}"),
        ("{book['kee']}", "key"),
        ("{words[7]}", "out of range"),
        ("{scene.plaec}", "place"),
        ("{scene.__class__}", "private"),
        ("{words.append}", "computed"),
        ("{nothing}", "NoneType"),
        ("{words}", "list"),
        ("{list}", "list"),
    ],
)
def test_refusals(prompt: str, said: str) -> None:
    """An unknown name, part or kind of value is an error that says what may have been meant."""
    with pytest.raises(InvalidJobError) as caught:
        fill(prompt, NAMES)
    assert said in str(caught.value)


@pytest.mark.parametrize("prompt", ["{trap.computed}", "{trap.other}", "{trap[0]}", "{trap['x']}", "{trap}", "{trap.ran.append}"])
def test_nothing_runs(prompt: str) -> None:
    """No property, hook, item access or formatting of a user's object is run by looking it up."""
    Trap.ran.clear()
    with pytest.raises(InvalidJobError):
        fill(prompt, NAMES)
    assert Trap.ran == []


def test_calls_and_expressions_are_text() -> None:
    """Anything that would have to be evaluated is left as it was typed."""
    prompt = "{__import__('os').system('true')} {open('x','w')} {[c for c in animal]} {(lambda: 1)()}"
    assert fill(prompt, NAMES) == prompt
