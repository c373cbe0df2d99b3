"""The pictures of a report: made small side by side, and put into blocks by what they have in common."""

from __future__ import annotations

import binascii
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell.errors import ImgcellError
from imgcell.language import tr
from imgcell.pictures.preview import Shown, encode, small
from imgcell.pictures.rows import rows as rows_of
from imgcell.pictures.words import clean, cost_text
from imgcell.reports.figures import named, said
from imgcell.reports.tables import axis_name, seconds_text

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.sheet import Sheet

__all__ = ["Block", "Shot", "address", "blocks", "made"]

#: Up to so many pictures: the long side of each in the page, and the bytes that it may take.
_SIZES = ((24, 768, 110_000), (80, 560, 64_000), (10_000, 480, 44_000))


@dataclass(frozen=True)
class Shot:
    """One place of the matrix.

    Attributes:
        name: What it is called.
        picture: What came, or ``None``.
        facts: Size, format, time and cost.
        broken: What did not come as it was asked for; ``""`` if all did.
        reason: Why nothing came.
    """

    name: str
    picture: Picture | None
    facts: str
    broken: str
    reason: str


@dataclass(frozen=True)
class Block:
    """Places with the same values on all axes but the one that is compared: pairs of axis and value, and the places in lines.

    Attributes:
        values: Names of axes and values.
        across: How many stand side by side.
        shots: The places.
    """

    values: tuple[tuple[str, str], ...]
    across: int
    shots: tuple[Shot, ...]


def blocks(sheet: Sheet, by: str) -> list[Block]:
    """Return all places of *sheet*, what is compared side by side."""
    lines = {line["position"]: line for line in rows_of(sheet, failed=True)}
    if by not in sheet.axes:
        cells = [cell for cell in sheet.cells if cell.position in lines]
        shots = [_shot(cell.label or named(by, lines[cell.position].get(by)), cell, lines[cell.position]) for cell in cells]
        return [Block((), min(len(shots), 4), tuple(shots))]
    others = [name for name in sheet.axes if name != by]
    compared = [named(by, value) for value in sheet.axes[by]]
    # Labels are short; what was asked for is in the records.
    whole = {
        cell.values["prompt"]: cell.picture.record.prompt for cell in sheet.cells if cell.picture is not None and "prompt" in cell.values
    }
    found: dict[tuple[tuple[str, str], ...], dict[tuple[int, int], Shot]] = {}
    repeats = max((cell.repeat for cell in sheet.cells), default=0) + 1
    for cell in sheet.cells:
        if by not in cell.values:
            continue
        key = tuple((axis_name(name), named(name, _whole(name, cell.values[name], whole))) for name in others)
        name = named(by, cell.values[by])
        label = tr("{name}, {number} of {total}", name=name, number=cell.repeat + 1, total=repeats) if repeats > 1 else name
        place = (cell.repeat, sheet.axes[by].index(cell.values[by]))
        found.setdefault(key, {})[place] = _shot(label, cell, lines[cell.position])
    return [Block(key, len(compared), tuple(shots[place] for place in sorted(shots))) for key, shots in found.items()]


def _whole(axis: str, label: str, prompts: Mapping[str, str]) -> str:
    """Return a prompt in full where its label is only the beginning of it; a label of the user's own stays."""
    prompt = clean(prompts.get(label, "")) if axis == "prompt" else ""
    return prompt if label.endswith("…") and prompt.startswith(clean(label[:-1]).rstrip()) else label


def _shot(name: str, cell: Any, line: Mapping[str, Any]) -> Shot:
    picture = cell.picture
    if picture is None:
        kinds = {
            "refused": tr("refused"),
            "failed": tr("failed"),
            "unknown": tr("no picture, perhaps charged"),
            "not sent": tr("not sent"),
            "waiting": tr("waiting"),
        }
        kind = kinds.get(line["outcome"], line["outcome"])
        return Shot(clean(name), None, "", "", f"{kind} – {said(line['error'])}" if line["error"] else kind)
    facts = [f"{picture.facts.width}×{picture.facts.height}", picture.format or ""]
    facts += [f"{seconds_text(picture.record.seconds)} s"] if picture.record.seconds else []
    facts.append(cost_text(picture.record.cost) or (tr("cost unknown") if picture.record.attempt else ""))
    return Shot(clean(name), picture, " · ".join(filter(None, facts)), said(line["mismatch"] or ""), "")


def made(pictures: Sequence[Picture], size: tuple[int, int] | None = None) -> Iterator[tuple[Picture, Shown | None]]:
    """Yield each picture with its small version, ``None`` where it cannot be read.

    Args:
        pictures: Which.
        size: Long side in pixels and bytes; ``None`` chooses by how many there are.
    """
    side, budget = size or next((side, budget) for most, side, budget in _SIZES if len(pictures) <= most)

    def one(picture: Picture) -> Shown | None:
        try:
            return encode(small(picture, side), budget, quality=84)
        except (ImgcellError, OSError):
            return None

    # Decoding is nearly all of the work, and Pillow lets other threads decode meanwhile.
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        yield from zip(pictures, pool.map(one, pictures), strict=True)


def address(shown: Shown) -> str:
    """Return *shown* as a ``data:`` address."""
    return f"data:{shown.media_type};base64,{binascii.b2a_base64(shown.data, newline=False).decode('ascii')}"
