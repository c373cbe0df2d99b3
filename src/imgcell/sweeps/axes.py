"""From the keywords of a sweep to its axes, its combinations and the order in which they are sent."""

from __future__ import annotations

import itertools
import json
import math
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.picture import Picture
from imgcell.pictures.words import clean

__all__ = ["FIELDS", "Axis", "Choice", "Design", "Order", "Together", "design"]

Order: TypeAlias = Literal["interleaved", "random", "listed"]

#: Places that a sweep may have: beyond, a keyword was mistaken for another rather than meant.
MOST = 10_000

#: What may be an axis, outermost first: prompts and pictures part the blocks in which everything else is compared.
FIELDS = (
    "prompt", "images", "mask", "provider", "model", "size", "quality", "background", "output_format", "output_compression",
    "moderation", "style", "input_fidelity", "encoding", "keep", "response_format", "user", "partial_images", "extra",
)  # fmt: skip
#: What a block of an interleaved sweep has in common.
_BLOCKS = ("prompt", "images", "mask")
VARIANT = "variant"


class Together(dict[str, Any]):
    """Fields that one choice sets at once, by their names."""


@dataclass(frozen=True)
class Choice:
    """One value of an axis.

    Attributes:
        label: What it is called, in tables and for ``sheet.sel``.
        value: What it is; of a variant, :class:`Together`.
    """

    label: str
    value: Any


@dataclass(frozen=True)
class Axis:
    """A keyword of which several values were given."""

    name: str
    choices: tuple[Choice, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """What its values are called, in order."""
        return tuple(choice.label for choice in self.choices)


@dataclass(frozen=True)
class Design:
    """What a sweep consists of, before anything is read or checked.

    Attributes:
        axes: Outermost first.
        fixed: Fields with one value.
        n: Pictures of each combination.
        order: In which the places are sent.
        seed: Of a random order.
    """

    axes: tuple[Axis, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    n: int = 1
    order: Order = "interleaved"
    seed: int = 0

    @property
    def combinations(self) -> int:
        """How many there are, 1 without axes."""
        return math.prod(len(axis.choices) for axis in self.axes)

    @property
    def places(self) -> int:
        """How many pictures it asks for."""
        return self.combinations * self.n

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """The axes as a sheet has them."""
        return {axis.name: axis.labels for axis in self.axes}

    def chosen(self, combination: int) -> tuple[Choice, ...]:
        """Return the value of *combination* on each axis."""
        numbers = []
        for axis in reversed(self.axes):
            combination, number = divmod(combination, len(axis.choices))
            numbers.append(number)
        return tuple(axis.choices[number] for axis, number in zip(self.axes, reversed(numbers), strict=True))

    def fields(self, combination: int) -> dict[str, Any]:
        """Return the fields of *combination*; what is ``None`` is left out."""
        said = dict(self.fixed)
        for axis, choice in zip(self.axes, self.chosen(combination), strict=True):
            said.update(choice.value if isinstance(choice.value, Together) else {axis.name: choice.value})
        return {name: value for name, value in said.items() if value is not None}

    def labels(self) -> list[str]:
        """Return a caption for every place; empty without axes."""
        if not self.axes:
            return []
        captions = (" · ".join(choice.label for choice in self.chosen(one)) for one in range(self.combinations))
        return [caption for caption in captions for _ in range(self.n)]

    def sequence(self) -> list[int]:
        """Return the places in the order in which they are sent.

        Interleaved: block after block, a block being one prompt, one set of pictures and one repeat; in each block every
        other combination comes once, and each block begins with another one, so that what changes with the hour falls on
        all alike and none is always the first (a Latin square's rows; Montgomery, *Design and Analysis of Experiments*, 4.2).
        """
        if self.order == "listed":
            return list(range(self.places))
        if self.order == "random":
            mixed = list(range(self.places))
            random.Random(self.seed).shuffle(mixed)  # no secret: anybody may run the same order again
            return mixed
        inner = [list(range(len(axis.choices))) for axis in self.axes if axis.name not in _BLOCKS]
        outer = [list(range(len(axis.choices))) for axis in self.axes if axis.name in _BLOCKS]
        treatments = list(itertools.product(*inner))
        found = []
        for number, (repeat, block) in enumerate(itertools.product(range(self.n), itertools.product(*outer))):
            start = number % len(treatments)
            for treatment in (*treatments[start:], *treatments[:start]):
                found.append(self._number(list(block), list(treatment)) * self.n + repeat)
        return found

    def _number(self, block: list[int], treatment: list[int]) -> int:
        number = 0
        for axis in self.axes:
            number = number * len(axis.choices) + (block if axis.name in _BLOCKS else treatment).pop(0)
        return number


def design(said: Mapping[str, Any], *, n: int, order: Order, seed: int | None, variants: Any = None) -> Design:
    """Part keywords into axes and what is the same everywhere.

    Args:
        said: By field; a list is an axis, and so is a mapping from labels to values.
        n: Pictures of each combination.
        order: See :data:`Order`.
        seed: Of a random order; ``None`` takes one, which is kept.
        variants: Label -> fields that belong together.

    Raises:
        InvalidJobError: For what cannot be an axis, an empty one, a value that stands twice, or too many combinations.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:  # type: ignore[redundant-expr]  # a notebook is not type-checked
        raise InvalidJobError(tr("n must be a whole number from 1 on, not {value}.", value=repr(n)))
    if order not in get_args(Order):
        raise InvalidJobError(tr('order is "interleaved", "random" or "listed", not {value}.', value=repr(order)))
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise InvalidJobError(tr("seed must be a whole number, not {value}.", value=repr(seed)))
    axes: list[Axis] = []
    fixed: dict[str, Any] = {}
    if variants is not None:
        axes.append(_variants(variants, said))
    for name in FIELDS:
        value = said.get(name)
        if value is None:
            continue
        values = _several(name, value)
        if values is None:
            fixed[name] = value
        else:
            axes.append(_axis(name, values))
    axes.sort(key=lambda axis: -1 if axis.name in _BLOCKS else 1 if axis.name != VARIANT else 0)
    if seed is None:
        seed = int.from_bytes(os.urandom(4), "big") if order == "random" else 0
    made = Design(tuple(axes), fixed, n, order, seed)
    if made.places > MOST:
        raise InvalidJobError(
            tr("This sweep has {count} cells; {most} is the most.", count=made.places, most=MOST),
            hint=tr("A list is an axis: check which keywords hold one."),
        )
    return made


def _several(name: str, value: Any) -> list[tuple[str | None, Any]] | None:
    """Return labels (``None`` where there is none) and values if *value* is an axis, else ``None``."""
    if name == "extra":
        return [(None, one) for one in value] if isinstance(value, list) else None
    if isinstance(value, Mapping):
        return [(str(label), one) for label, one in value.items()]
    if not isinstance(value, list):
        return None
    if name == "images":
        nested = [isinstance(one, (list, tuple)) for one in value]
        if not any(nested):
            return None  # the inputs of one job
        if not all(nested):
            raise InvalidJobError(
                tr("images mixes pictures and lists of pictures."),
                hint=tr("images=[a, b] are the inputs of one job; images=[[a], [b]] or a dict of labels is an axis."),
            )
    return [(None, one) for one in value]


def _axis(name: str, values: Sequence[tuple[str | None, Any]]) -> Axis:
    if not values:
        raise InvalidJobError(
            tr("{name} is an empty list, so there is nothing to make.", name=name), hint=tr("Leave it out, or put a value into it.")
        )
    choices: list[Choice] = []
    for number, (label, value) in enumerate(values, 1):
        text = label if label is not None else _label(name, value, number)
        taken = {choice.label for choice in choices}
        if text in taken:
            twin = next(choice for choice in choices if choice.label == text)
            if label is None and _plain(value) and _plain(twin.value):
                raise InvalidJobError(
                    tr("{name} lists {value} twice.", name=name, value=repr(text)),
                    hint=tr("For several pictures of everything give n=; a dict of labels tells equal values apart."),
                )
            text = next(f"{text} ({count})" for count in itertools.count(2) if f"{text} ({count})" not in taken)
        choices.append(Choice(text, value))
    return Axis(name, tuple(choices))


def _variants(variants: Any, said: Mapping[str, Any]) -> Axis:
    if not isinstance(variants, Mapping) or not variants or not all(isinstance(one, Mapping) for one in variants.values()):
        raise InvalidJobError(
            tr("variants is a mapping from labels to fields."),
            hint='variants={"a": {"provider": "x", "model": "m"}, "b": {"provider": "y"}}',
        )
    for label, fields in variants.items():
        for name in fields:
            if name not in FIELDS:
                raise InvalidJobError(
                    tr("Variant {label}: {name} is no field of a job.", label=repr(label), name=repr(name)),
                    hint=tr("Its fields are {names}.", names=", ".join(FIELDS)),
                )
            if said.get(name) is not None:
                raise InvalidJobError(
                    tr("{name} is said in variants and beside them.", name=name), hint=tr("Say it in one of the two places.")
                )
    return Axis(VARIANT, tuple(Choice(str(label), Together(fields)) for label, fields in variants.items()))


def _label(name: str, value: Any, number: int) -> str:
    if value is None:
        return "default"
    if name == "prompt":
        return (
            " → ".join(clean(step) for step in value)
            if isinstance(value, tuple) and all(isinstance(s, str) for s in value)
            else clean(str(value))
        )
    if name == "provider":
        return str(getattr(getattr(value, "provider", None), "name", value))
    if name in ("images", "mask"):
        return _picture_label(value, number)
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False, default=str)
    return clean(str(value))


def _picture_label(value: Any, number: int) -> str:
    if isinstance(value, (list, tuple)):
        return " + ".join(_picture_label(one, number) for one in value) or f"image {number}"
    if isinstance(value, Picture):
        return value.record.id or f"image {number}"
    if isinstance(value, (str, os.PathLike)):
        text = os.fsdecode(os.fspath(value))
        if not text.startswith("data:"):
            return clean(text.rstrip("/").replace("\\", "/").rpartition("/")[2]) or f"image {number}"
    return f"image {number}"


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool, Mapping)) or (isinstance(value, tuple) and all(map(_plain, value)))
