"""What is measured and what it is compared with: pictures of a sheet, of a list, or a lone one, with the content of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.language import tr
from imgcell.pictures.given import take
from imgcell.pictures.picture import LINEAGE, Picture
from imgcell.pictures.sheet import Cell, Sheet

__all__ = ["Missing", "Subject", "baselines", "content", "parent", "subjects"]


@dataclass(frozen=True)
class Subject:
    """One picture to measure.

    Attributes:
        picture: A Picture, or a PIL image where something else was given.
        id: The picture's own; the number in the list for what has none.
        position: Place in its sheet, or number in the list.
        values, repeat: Where it is on the axes of its sheet.
    """

    picture: Image.Image
    id: str
    position: int
    values: Mapping[str, str]
    repeat: int = 0


@dataclass(frozen=True)
class Missing:
    """There is nothing to compare with, and why; no reason where there never was anything (a picture made from words has no parent)."""

    reason: str | None = None


def subjects(given: Any) -> list[Subject]:
    """Return the pictures of *given*.

    Args:
        given: A Sheet, a Picture, or several of them, in which PIL images, arrays and paths may be, too.

    Raises:
        InvalidJobError: Something of it is no picture.
    """
    if isinstance(given, Sheet):
        return [_of_cell(cell) for cell in given.cells if cell.picture is not None]
    lone = isinstance(given, (Image.Image, str, bytes)) or hasattr(given, "__array__") or not isinstance(given, Iterable)
    found: list[Subject] = []
    for one in [given] if lone else given:
        for inner in one if isinstance(one, Sheet) else [one]:
            image = _image(inner)
            name = image.record.id if isinstance(image, Picture) else str(image.info.get(LINEAGE) or len(found))
            found.append(Subject(image, name or str(len(found)), len(found), {}))
    return found


def baselines(baseline: Any, given: Any, measured: list[Subject]) -> list[Image.Image | Missing]:
    """Return what each of *measured* is compared with.

    Args:
        baseline: One picture for all; ``"parent"``: for each the first picture that it was made from; a mapping from axes to
            values, ``{"model": "a"}``: for each the one that differs from it in these alone; or as many pictures as there are
            in *given*, in order.
        given: What :func:`subjects` was given.
        measured: What it returned.

    Raises:
        InvalidJobError: It is none of these, or does not fit.
    """
    if isinstance(baseline, str) and baseline == "parent":
        return [parent(subject.picture) for subject in measured]
    if isinstance(baseline, Mapping):
        return _along_axes(baseline, given, measured)
    others = subjects(baseline)
    if len(others) == 1:
        return [others[0].picture] * len(measured)
    if len(others) != len(measured):
        raise InvalidJobError(
            tr("A baseline is one picture, or one for each: there are {count} for {pictures}.", count=len(others), pictures=len(measured)),
            hint=tr("In a sweep, baseline={example} compares each picture with the one beside it.", example='{"model": "NAME"}'),
        )
    return [other.picture for other in others]


def parent(picture: Image.Image) -> Image.Image | Missing:
    """Return the first picture that *picture* was made from."""
    if not isinstance(picture, Picture) or not picture.record.parents:
        return Missing()
    try:
        cells = picture.parents.cells
    except (ImgcellError, OSError) as error:
        return Missing(str(error))
    first = cells[0] if cells else None
    if first is None or first.picture is None:
        return Missing(
            str(first.error) if first is not None and first.error is not None else tr("The picture that it was made from is not known.")
        )
    return first.picture


def content(picture: Image.Image) -> str:
    """Return a digest of what is measured: of the file, or of the pixels where there is none or where somebody has drawn on it."""
    if isinstance(picture, Picture) and not picture.edited:
        return f"sha256:{picture.source.sha256}"
    shape = (picture.mode, picture.size, picture.info.get("transparency"), picture.getexif().get(0x0112, 1))
    digest = hashlib.sha256(repr(shape).encode())
    if picture.mode == "P":
        digest.update(bytes(picture.getpalette("RGBA") or ()))
    digest.update(picture.tobytes())
    return f"pixels:{digest.hexdigest()}"


def _along_axes(chosen: Mapping[str, Any], given: Any, measured: list[Subject]) -> list[Image.Image | Missing]:
    axes = given.axes if isinstance(given, Sheet) else {}
    for axis, value in chosen.items():
        if axis not in axes:
            raise InvalidJobError(
                tr("The sheet has no axis {name}.", name=repr(axis)),
                hint=tr("It has {names}.", names=", ".join(axes)) if axes else tr("A baseline by axes is for the sheet of a sweep."),
            )
        if str(value) not in axes[axis]:
            raise InvalidJobError(
                tr("The axis {name} has no value {value}.", name=axis, value=repr(value)),
                hint=tr("It has {names}.", names=", ".join(axes[axis])),
            )
    wanted = {axis: str(value) for axis, value in chosen.items()}
    there = {(_key(subject.values), subject.repeat): subject.picture for subject in measured}
    found: list[Image.Image | Missing] = []
    for subject in measured:
        key = _key({**subject.values, **wanted})
        # Where the baseline has fewer pictures of a combination, its first one stands for it.
        other = there.get((key, subject.repeat)) or there.get((key, 0))
        found.append(other if other is not None else Missing(tr("The picture to compare with did not come.")))
    return found


def _key(values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(values.items()))


def _of_cell(cell: Cell) -> Subject:
    assert cell.picture is not None
    return Subject(cell.picture, cell.picture.record.id, cell.position, cell.values, cell.repeat)


def _image(value: Any) -> Image.Image:
    if isinstance(value, Image.Image):
        return value
    return take(value).open()
