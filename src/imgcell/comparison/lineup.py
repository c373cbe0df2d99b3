"""What is compared: pictures and places that have none, their axes, and in which order they stand."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.inputs import load_image
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.sheet import Sheet, sheet_of
from imgcell.pictures.source import MemorySource
from imgcell.pictures.words import clean
from imgcell.providers.profile import Model

__all__ = ["Entry", "Lineup", "lineup"]

#: Takes every format that imgcell can read.
_ANY = Model("", max_image_bytes=200_000_000)
#: A page with more is no comparison any more; a library has better ways to be looked through.
MOST = 400


@dataclass(frozen=True)
class Entry:
    """One place.

    Attributes:
        key: Its name in the comparison: ``"1"``, ``"2"``, … in order.
        picture: What came, or ``None``.
        error: Why nothing came, or ``None``.
        outcome: As :attr:`imgcell.pictures.sheet.Cell.outcome`.
        label: What it is called; ``""`` if its axes say enough, or it has no name.
        values: Its value on each axis.
        repeat: Which of the pictures of one combination it is, from 0.
        numbers: Measures of it, by name; ``None`` where one could not be taken.
    """

    key: str
    picture: Picture | None = None
    error: Exception | None = None
    outcome: str = "picture"
    label: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    repeat: int = 0
    numbers: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Lineup:
    """A comparison as it begins: every page, picture and print of it is made from this.

    Attributes:
        entries: The places, in order.
        axes: Names and values, outermost first; empty where there are none.
        columns: The axes whose values stand above the pictures; those of the others stand beside them.
        baseline: Key of the entry that differences are shown against, or ``None`` where there is no picture.
        title: What stands above; the prompt, where all have the same.
    """

    entries: tuple[Entry, ...]
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    baseline: str | None = None
    title: str = ""

    @property
    def rows(self) -> tuple[str, ...]:
        """The axes whose values stand beside the pictures."""
        return tuple(name for name in self.axes if name not in self.columns)

    @property
    def pictures(self) -> list[Picture]:
        """The pictures, in order."""
        return [entry.picture for entry in self.entries if entry.picture is not None]

    def entry(self, key: str) -> Entry:
        """Return the entry with a key.

        Raises:
            InvalidJobError: There is none.
        """
        for entry in self.entries:
            if entry.key == key:
                return entry
        raise InvalidJobError(tr("This comparison has no picture {key}.", key=key))


def lineup(
    given: Any,
    *,
    rows: str | Sequence[str] | None = None,
    columns: str | Sequence[str] | None = None,
    baseline: Any = None,
    labels: Sequence[str] | None = None,
    title: str | None = None,
    measures: Mapping[str, Mapping[str, Any]] | None = None,
) -> Lineup:
    """Return what *given* is, compared.

    Args:
        given: A Sheet, whatever has one (``.sheet``: a Sweep, a Studio), a mapping of names to pictures, or pictures: whatever
            an edit takes, except addresses.
        rows: Axes that go down; ``None`` is all that do not go across.
        columns: Axes that go across; ``None`` is the last, or all that do not go down.
        baseline: The picture that differences are shown against: one of *given*, its number from 0, or its id; ``None`` is
            the first picture.
        labels: What the pictures are called.
        title: What stands above; ``None`` is the prompt, if all have the same.
        measures: Further numbers by the picture's id; shown under each picture, and a way to sort.

    Raises:
        InvalidJobError: Nothing to compare, something that is no picture, or an axis or baseline that is not there.
    """
    sheet = sheet_of(given)
    if sheet is not None:
        found = _from_sheet(sheet, labels)
        axes = {name: tuple(values) for name, values in sheet.axes.items()}
    else:
        found, axes = _from_pictures(given, labels), {}
    if len(found) > MOST:
        raise InvalidJobError(
            tr("A comparison takes at most {most} pictures; these are {count}.", most=MOST, count=len(found)),
            hint=tr("Choose some: sheet[:100], or sheet.sel(model=…)."),
        )
    numbers = measures or {}
    entries = tuple(
        Entry(**{**vars(entry), "numbers": _numbers(numbers.get(entry.picture.record.id, {}))}) if entry.picture is not None else entry
        for entry in found
    )
    prompts = {entry.picture.record.prompt for entry in entries if entry.picture is not None}
    heading = title if title is not None else next(iter(prompts)) if len(prompts) == 1 else ""
    return Lineup(entries, axes, _across(axes, rows, columns), _baseline(entries, baseline), clean(heading))


def _from_sheet(sheet: Sheet, labels: Sequence[str] | None) -> list[Entry]:
    cells = sheet.cells
    _count(labels, len(cells))
    return [
        Entry(
            str(number),
            cell.picture,
            cell.error,
            cell.outcome,
            clean(labels[number - 1] if labels is not None else "" if cell.values else cell.label),
            dict(cell.values),
            cell.repeat,
        )
        for number, cell in enumerate(cells, 1)
    ]


def _from_pictures(given: Any, labels: Sequence[str] | None) -> list[Entry]:
    if isinstance(given, Mapping):
        if labels is not None:
            raise InvalidJobError(tr("The names in the mapping are the labels; give no others."))
        named = [(str(name), value) for name, value in given.items()]
    else:
        # A picture is iterable in no useful way, a path is text.
        if isinstance(given, (str, bytes, os.PathLike)) or hasattr(given, "getbands") or not isinstance(given, Iterable):
            given = [given]
        values = list(given)
        _count(labels, len(values))
        named = [(labels[number] if labels is not None else _name(value), value) for number, value in enumerate(values)]
    return [Entry(str(number), _picture(value), label=clean(label)) for number, (label, value) in enumerate(named, 1)]


def _count(labels: Sequence[str] | None, count: int) -> None:
    if labels is not None and len(labels) != count:
        raise InvalidJobError(tr("Labels are one for each picture: there are {labels} for {count}.", count=count, labels=len(labels)))


def _name(value: Any) -> str:
    return os.path.basename(os.fspath(value)) if isinstance(value, (str, os.PathLike)) and len(str(value)) < 1024 else ""


def _picture(value: Any) -> Picture:
    """Return *value* as a picture; what was drawn on, or comes from elsewhere, is a new one without a history."""
    if isinstance(value, Picture) and not value.edited:
        return value
    made = load_image(value, _ANY)
    if made.url is not None:
        raise InvalidJobError(tr("A comparison takes pictures, not addresses."), hint=tr("Download it first."))
    # Read now: a file of the user's may change, and the comparison is of what it was.
    source = MemorySource(made.data if made.data is not None else made.path.read_bytes() if made.path is not None else b"")
    told = value.record if isinstance(value, Picture) else None
    record = Record(
        id=f"sha256:{source.sha256}",
        sha256=source.sha256,
        prompt=told.prompt if told is not None else "",
        provider=told.provider if told is not None else "",
        model=told.model if told is not None else None,
        size=(made.width, made.height),
        bytes=source.size,
    )
    return Picture(source, record)


def _numbers(given: Mapping[str, Any]) -> dict[str, float | None]:
    numbers: dict[str, float | None] = {}
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, Real | None):
            continue
        number = None if value is None else float(value)
        if number is None or math.isfinite(number):
            numbers[clean(str(name))] = number
    return numbers


def _across(axes: Mapping[str, Any], rows: str | Sequence[str] | None, columns: str | Sequence[str] | None) -> tuple[str, ...]:
    down = [rows] if isinstance(rows, str) else list(rows) if rows is not None else None
    across = [columns] if isinstance(columns, str) else list(columns) if columns is not None else None
    for name in [*(down or ()), *(across or ())]:
        if name not in axes:
            raise InvalidJobError(
                tr("There is no axis {name} here.", name=repr(name)),
                hint=tr("The axes are: {names}.", names=", ".join(axes)) if axes else tr("Only a sweep has axes."),
            )
    if down is not None and across is not None and set(down) & set(across):
        raise InvalidJobError(tr("An axis goes down or across, not both."))
    if across is not None:
        return tuple(across)
    if down is not None:
        return tuple(name for name in axes if name not in down)
    return tuple(axes)[-1:]


def _baseline(entries: Sequence[Entry], given: Any) -> str | None:
    shown = [entry for entry in entries if entry.picture is not None]
    if given is None:
        return shown[0].key if shown else None
    if isinstance(given, int) and not isinstance(given, bool):
        if -len(shown) <= given < len(shown):
            return shown[given].key
    else:
        name = given.record.id if isinstance(given, Picture) else given
        for entry in shown:
            assert entry.picture is not None
            if given is entry.picture or name in (entry.picture.record.id, entry.label or None):
                return entry.key
    raise InvalidJobError(
        tr("The baseline is none of these pictures."), hint=tr("Give one of them, its number from 0, its id or its label.")
    )
