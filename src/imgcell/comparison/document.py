"""A comparison as its page is told it: plain values, every text one line or harmless as text, no pixels.

The page in a notebook, the page in a file and the Studio's show the same document (``js/src/compare/document.ts``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from imgcell.errors import ImgcellError
from imgcell.language import current as language
from imgcell.pictures.honored import broken, said
from imgcell.pictures.words import clean

if TYPE_CHECKING:
    from imgcell.comparison.lineup import Entry, Lineup
    from imgcell.pictures.picture import Picture

__all__ = ["Document", "Place", "Sum", "document"]

#: Characters of a foreign text that a page shows.
_MOST = 6_000


class Sum(TypedDict):
    """An amount and how it is known: "billed", "computed", "estimated" or "free"."""

    amount: float
    currency: str
    basis: str


class Place(TypedDict):
    """One place of a comparison; ``sha`` is null where there is no picture.

    ``broken``: what came otherwise than it was asked for, in words; the size is not among them.  ``reason`` and ``hint``: why nothing came.
    """

    key: str
    id: str | None
    sha: str | None
    label: str
    values: dict[str, str]
    repeat: int
    outcome: str
    reason: str
    hint: str
    width: int
    height: int
    format: str
    bytes: int
    asked: str
    seconds: float | None
    cost: Sum | None
    provider: str
    model: str | None
    prompt: str
    revised: str
    notes: list[str]
    broken: list[str]
    numbers: dict[str, float | None]


class Document(TypedDict):
    """A comparison.  ``axes``: pairs of a name and its values, outermost first."""

    title: str
    language: str
    axes: list[tuple[str, list[str]]]
    columns: list[str]
    baseline: str | None
    places: list[Place]


def document(lineup: Lineup) -> Document:
    """Return what the page is told of *lineup*."""
    return {
        "title": lineup.title[:_MOST],
        "language": language(),
        "axes": [(name, list(values)) for name, values in lineup.axes.items()],
        "columns": list(lineup.columns),
        "baseline": lineup.baseline,
        "places": [_place(entry) for entry in lineup.entries],
    }


def _place(entry: Entry) -> Place:
    place: Place = {
        "key": entry.key,
        "id": None,
        "sha": None,
        "label": entry.label,
        "values": {name: clean(value) for name, value in entry.values.items()},
        "repeat": entry.repeat,
        "outcome": entry.outcome,
        "reason": "",
        "hint": "",
        "width": 0,
        "height": 0,
        "format": "",
        "bytes": 0,
        "asked": "",
        "seconds": None,
        "cost": None,
        "provider": "",
        "model": None,
        "prompt": "",
        "revised": "",
        "notes": [],
        "broken": [],
        "numbers": dict(entry.numbers),
    }
    if entry.picture is not None:
        _shown(place, entry.picture)
    elif entry.error is not None:
        error = entry.error
        place["reason"] = clean(error.message if isinstance(error, ImgcellError) else str(error))[:_MOST] or type(error).__name__
        place["hint"] = clean(error.hint or "")[:_MOST] if isinstance(error, ImgcellError) else ""
        place["provider"] = clean(getattr(error, "provider", None) or "")
    return place


def _shown(place: Place, picture: Picture) -> None:
    record, facts = picture.record, picture.facts
    place["id"] = record.id
    place["sha"] = picture.source.sha256
    place["width"], place["height"] = facts.width, facts.height
    place["format"] = facts.format
    place["bytes"] = picture.source.size
    place["asked"] = clean(str(record.requested.get("size") or ""))
    place["seconds"] = record.seconds or None
    if record.cost is not None:
        place["cost"] = {"amount": record.cost.amount, "currency": record.cost.currency, "basis": record.cost.basis}
    place["provider"] = clean(record.provider)
    place["model"] = clean(record.model) if record.model else None
    place["prompt"] = clean(record.prompt)[:_MOST]
    place["revised"] = clean(record.revised_prompt or "")[:_MOST]
    place["notes"] = [clean(note)[:_MOST] for note in record.notes]
    wrong = broken(record)
    size = any(point.name == "size" for point in wrong)
    # The size that was asked for stands beside the one that came.
    place["broken"] = [said(point) for point in wrong if point.name != "size" and not (size and point.name == "ratio")]
