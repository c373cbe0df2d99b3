"""The way back: an ancestor edited once with the instructions of several steps, instead of a copy of a copy."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgcell.language import tr
from imgcell.lineage.family import asked_for, inputs_of

if TYPE_CHECKING:
    from imgcell.lineage.holdings import Holdings
    from imgcell.pictures.record import Record

__all__ = ["Shortcut", "shortcut"]


@dataclass(frozen=True)
class Shortcut:
    """A way to come to the same picture by fewer steps.

    Attributes:
        hint: What is proposed, or why no cell can be, in words.
        cell: The cell's text, or ``None``.
    """

    hint: str
    cell: str | None = None


def shortcut(line: Sequence[str], start: int, holdings: Holdings) -> Shortcut:
    """Return the cell that edits step *start* of *line* with the prompts of all that follow, in order, on lines of their own.

    Provider and model are those of the last step.  Where all of the steps had one and the same mask, it is that; where they had
    several, their union, in a cell of Python.
    """
    shown = [record for name in line[start + 1 :] if (record := holdings.record(name)) is not None]
    asked = [asked_for(record, holdings) for record in shown]
    inputs = [inputs_of(record) for record in asked]
    if len(shown) != len(line) - start - 1 or any(one.modified and not holdings.same(one.id, one.sent) for each in inputs for one in each):
        return Shortcut(tr("The steps since cannot be joined: an input was changed by code of your own in between."))
    more = [[one for one in each if one.id != line[start + number]] for number, each in enumerate(inputs)]
    if sum(bool(each) for each in more) > 1:
        return Shortcut(tr("The steps since cannot be joined: their prompts number other pictures, each in its own way."))
    prompt = "\n".join(record.prompt.strip() for record in asked)
    masks = list(dict.fromkeys(record.mask for record in asked))
    others = [one.id for each in more for one in each]
    if others and sum(len(record.parents) > 1 for record in asked) and any(holdings.address(name) for name in others):
        return Shortcut(tr("The steps since cannot be joined: an input was given as an address."))
    names = [line[start], *others]
    hint = tr("Edit from step {number} with the instructions joined?", number=start)
    if len(masks) > 1 and None in masks:
        masks = [None]  # one of them was about the whole picture
    return Shortcut(hint, _magic(names, masks[0], shown[-1], prompt) if len(masks) == 1 else _python(names, masks, shown[-1], prompt))


def _magic(names: Sequence[str], mask: str | None, last: Record, prompt: str) -> str:
    words = ["%%imgedit"]
    for name in names:
        words += ["-i", name]
    if mask is not None:
        words += ["--mask", mask]
        if last.kept is not None:
            words += ["--feather", str(last.kept.get("feather", 8))]
    words += ["-p", last.provider, *(["-m", last.model] if last.model else [])]
    if "{" in prompt or "}" in prompt:
        words.append("--raw")
    return " ".join(map(shlex.quote, words)) + "\n" + prompt


def _python(names: Sequence[str], masks: Sequence[str | None], last: Record, prompt: str) -> str:
    union = " | ".join(f"imgcell.Mask(library.blob({mask[7:]!r}).path)" for mask in masks if mask is not None)
    images = ", ".join(f"library.blob({name[7:]!r}).path" if name.startswith("sha256:") else f"library.picture({name!r})" for name in names)
    lines = [
        "import imgcell",
        "",
        "library = imgcell.library()",
        f"imgcell.Client({last.provider!r}).edit(",
        f"    {prompt!r},",
        f"    images=[{images}],",
        f"    mask={union},",
        *([f"    model={last.model!r},"] if last.model else []),
        *([f"    keep={last.kept.get('feather', 8)!r},"] if last.kept is not None else []),
        ")",
    ]
    return "\n".join(lines)
