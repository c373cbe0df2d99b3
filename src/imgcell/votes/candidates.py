"""What takes part in a vote: pictures, grouped into entries, each in a context that is the same for whatever it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.picture import Picture
from imgcell.pictures.sheet import Sheet
from imgcell.votes.ballot import check_text

if TYPE_CHECKING:
    from imgcell.pictures.sheet import Cell

__all__ = ["By", "Candidate", "Unit", "candidates", "units"]

By: TypeAlias = "str | Sequence[str] | Callable[[Picture], str] | None"
#: What is no entry unless nothing else differs: what all entries are tried on.
_GROUND = ("prompt", "images", "mask")
_JOINT = " · "
#: Entries at most: more pairs than anybody will ever look at.
_MOST = 100


@dataclass(frozen=True)
class Candidate:
    """One picture that takes part.

    Attributes:
        id: The picture's id.
        entry: For what it stands: a model, a quality, …
        context: What it shares with what it is compared with, such as the prompt.
        picture: The picture.
    """

    id: str
    entry: str
    context: str
    picture: Picture = field(compare=False, repr=False)  # PIL compares pixels, and decodes them for it


@dataclass(frozen=True)
class Unit:
    """Two entries in one context: what a vote can be about.

    Attributes:
        context: What both have in common.
        one: Pictures of the first entry.
        other: Pictures of the second.
    """

    context: str
    one: tuple[Candidate, ...]
    other: tuple[Candidate, ...]


def candidates(pictures: Sheet | Iterable[Picture], by: By = None) -> list[Candidate]:
    """Return what takes part, in the sheet's order; places without a picture do not.

    Args:
        pictures: A sheet (that is done), or pictures.
        by: What the entries are: names of axes or of facts (``"model"``, ``"quality"``, …), ``"picture"`` for each picture by
            itself, or a function of a picture.  ``None``: the axes that differ, without prompt and input images unless nothing
            else differs; without axes the model, if there are several, else each picture by itself.

    Raises:
        InvalidJobError: There is nothing of that name, or fewer than two entries.
    """
    sheet = pictures if isinstance(pictures, Sheet) else Sheet(pictures, running=False)
    cells = [cell for cell in sheet.cells if cell.picture is not None]
    names = _default(sheet, cells) if by is None else by
    made = _made(cells, names)
    if callable(by) and not units(made):
        # Whoever says it picture by picture means it, whatever the prompts were.
        made = [replace(one, context="") for one in made]
    entries = dict.fromkeys(one.entry for one in made)
    if len(entries) < 2:
        raise InvalidJobError(
            tr("A vote needs two entries at least; these pictures have {count}.", count=len(entries)),
            hint=tr('Say by what they differ, such as by="model", or by="picture" for each by itself.'),
        )
    if len(entries) > _MOST:
        raise InvalidJobError(
            tr("A vote has {most} entries at most; these pictures have {count}.", most=_MOST, count=len(entries)),
            hint=tr("Choose fewer of them: sheet.sel(…), or another by=."),
        )
    if not units(made):
        raise InvalidJobError(
            tr("No two entries have a picture in the same context (prompt and other axes)."),
            hint=tr('Compare entries that were made from the same prompts, or use by="picture".'),
        )
    return made


def units(all_: Iterable[Candidate]) -> list[Unit]:
    """Return every two entries that have pictures in the same context."""
    places: dict[str, dict[str, list[Candidate]]] = {}
    for one in all_:
        places.setdefault(one.context, {}).setdefault(one.entry, []).append(one)
    return [
        Unit(context, tuple(entries[one]), tuple(entries[other]))
        for context, entries in places.items()
        for one, other in combinations(entries, 2)
    ]


def _default(sheet: Sheet, cells: Sequence[Cell]) -> Sequence[str]:
    varied = [name for name in sheet.axes if len({cell.values.get(name) for cell in cells}) > 1]
    if varied:
        return [name for name in varied if name not in _GROUND] or varied
    models = {_fact(cell, "model") for cell in cells}
    return ["model"] if len(models) > 1 and units(_made(cells, ["model"])) else ["picture"]


def _made(cells: Sequence[Cell], by: str | Sequence[str] | Callable[[Picture], str]) -> list[Candidate]:
    if callable(by):
        names: Sequence[str] = ()
        entries = [str(by(cell.picture)) for cell in cells if cell.picture is not None]
    else:
        names = [by] if isinstance(by, str) else list(by)
        _check(cells, names)
        labels = _labels(cells)
        entries = [
            _JOINT.join(label if name == "picture" else _fact(cell, name) or "–" for name in names)
            for cell, label in zip(cells, labels, strict=True)
        ]
    contexts = [_context(cell, names) for cell in cells]
    if names == ["picture"] and len(set(contexts)) == len(cells):
        contexts = [""] * len(cells)  # each has a prompt of its own: they are compared all the same
    return [
        Candidate(cell.picture.record.id, check_text(entry, tr("entry")), _cut(context), cell.picture)
        for cell, entry, context in zip(cells, entries, contexts, strict=True)
        if cell.picture is not None
    ]


def _context(cell: Cell, names: Sequence[str]) -> str:
    if not cell.values:
        return "" if "prompt" in names or cell.picture is None else cell.picture.record.prompt
    return _JOINT.join(value for name, value in cell.values.items() if name not in names)


def _cut(text: str) -> str:
    # A context is told from others by its name: long prompts that begin alike stay apart.
    if len(text) <= 300:
        return check_text(text, "context")
    import hashlib

    return check_text(f"{text[:280]}… {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:12]}", "context")


def _labels(cells: Sequence[Cell]) -> list[str]:
    labels = [cell.label for cell in cells]
    own = len(set(labels)) == len(labels) and all(labels)
    return labels if own else [f"#{number}" for number in range(1, len(cells) + 1)]


def _check(cells: Sequence[Cell], names: Sequence[str]) -> None:
    for name in names:
        if name != "picture" and not any(_fact(cell, name) for cell in cells):
            axes = list(cells[0].values) if cells else []
            raise InvalidJobError(
                tr("These pictures have nothing called {name} to vote by.", name=repr(name)),
                hint=tr(
                    "There are {names}.",
                    names=", ".join(dict.fromkeys([*axes, "model", "provider", "quality", "size", "prompt", "picture"])),
                ),
            )
    if not names:
        raise InvalidJobError(tr("by= names nothing to vote by."), hint=tr('Leave it out, or say by="model".'))


def _fact(cell: Cell, name: str) -> str:
    if name in cell.values:
        return cell.values[name]
    if cell.picture is None:
        return ""
    record = cell.picture.record
    if name == "label":
        return cell.label
    if name == "model":
        return record.model or record.provider
    if name in ("provider", "prompt"):
        return str(getattr(record, name))
    found: Any = record.requested.get(name, record.effective.get(name))
    return "" if found is None else str(found)
