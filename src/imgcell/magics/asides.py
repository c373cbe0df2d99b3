"""What a cell says below its pictures: what came otherwise than it was asked for, and how a prompt was rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgcell.language import tr
from imgcell.pictures.honored import said, seen
from imgcell.pictures.wording import diff_text, rewritten
from imgcell.pictures.words import clean, clip

if TYPE_CHECKING:
    from imgcell.pictures import Sheet

__all__ = ["asides"]

#: Pictures whose rewritten prompt is told; the others' are in the data frame.
_PROMPTS = 3
#: Terminal columns of a text.
_WIDE = 900


def asides(sheet: Sheet) -> list[str]:
    """Return lines about *sheet*, the most important first; none where everything is as it was asked for."""
    return [*_broken(sheet), *_rewritten(sheet)]


def _broken(sheet: Sheet) -> list[str]:
    places: dict[str, list[int]] = {}
    for place, picture in enumerate(sheet):
        for point in seen(picture):
            if point.met is False:
                places.setdefault(clean(said(point)), []).append(place)
    return [f"≠ {_of(sheet, text, where)}" for text, where in places.items()]


def _rewritten(sheet: Sheet) -> list[str]:
    texts: dict[str, list[int]] = {}
    for place, picture in enumerate(sheet):
        record = picture.record
        if rewritten(record.prompt, record.revised_prompt):
            texts.setdefault(diff_text(record.prompt, record.revised_prompt or ""), []).append(place)
    shown = list(texts.items())[:_PROMPTS]
    lines = [_of(sheet, tr("The provider rewrote the prompt: {text}", text=clip(text, _WIDE)), where) for text, where in shown]
    left = sum(len(where) for where in texts.values()) - sum(len(where) for _, where in shown)
    if left:
        lines.append(tr("It rewrote the prompt for {count} more of them: {column} in to_pandas().", count=left, column="prompt_diff"))
    return lines


def _of(sheet: Sheet, text: str, where: Sequence[int]) -> str:
    """Say of which pictures *text* holds, where it does not hold of all."""
    if len(where) == len(sheet):
        return text
    return " ".join([*(f"[{place}]" for place in where[:12]), *(["…"] if len(where) > 12 else []), text])
