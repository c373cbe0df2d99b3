"""Cards: what the page is told of one picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgcell.pictures.honored import points
from imgcell.pictures.wording import diff, rewritten
from imgcell.pictures.words import clean

if TYPE_CHECKING:
    from imgcell.jobs import Job
    from imgcell.pictures.archive import Annotation
    from imgcell.pictures.record import Record
    from imgcell.providers.prices import Cost
    from imgcell.widget.facts import Card, Money, Span

__all__ = ["empty", "finished", "money", "remarks", "text"]

#: Of what a record says of what came, what a card says in other fields, or leaves to the record.
_ELSEWHERE = ("stated", "mismatch", "prompt_diff")
#: Characters of a text from outside that a card shows; the prompt itself is shown whole.
_MOST = 2_000


def empty(key: str, *, call: str = "", label: str = "") -> Card:
    """Return a card that waits."""
    return {
        "key": key,
        "state": "queued",
        "call": call,
        "id": None,
        "sha": None,
        "prompt": "",
        "provider": "",
        "model": None,
        "kind": "generate",
        "asked": {},
        "effective": {},
        "honored": [],
        "rewritten": [],
        "got": None,
        "seconds": None,
        "cost": None,
        "notes": [],
        "outside": None,
        "message": "",
        "error": None,
        "stars": 0,
        "tags": [],
        "note": "",
        "mask": False,
        "parents": [],
        "label": label,
        "created": "",
        "began": None,
        "replayed": False,
        "deleted": False,
    }


def asked(card: Card, job: Job, provider: str, model: str | None) -> None:
    """Write into *card* what is going to be asked for."""
    edit = getattr(job, "images", None) is not None
    words = ("size", "quality", "background", "output_format", "output_compression", "moderation", "style", "input_fidelity")
    said = {word: getattr(job, word, None) for word in words}
    _put(
        card,
        prompt=job.prompt,
        provider=provider,
        model=model,
        kind="edit" if edit else "generate",
        asked=plain({word: value for word, value in said.items() if value is not None} | dict(job.extra)),
        mask=getattr(job, "mask", None) is not None,
    )


def finished(card: Card, record: Record) -> None:
    """Write into *card* what came, and how it was made."""
    requested = dict(record.requested)
    requested |= requested.pop("extra", None) or {}
    requested.pop("model", None)
    _put(
        card,
        state="done",
        id=record.id,
        sha=record.sha256,
        prompt=record.prompt,
        provider=record.provider,
        model=record.model,
        kind="edit" if record.kind == "edit" else "generate",
        asked=plain(requested),
        effective=plain({word: value for word, value in record.effective.items() if word not in _ELSEWHERE}),
        honored=[
            {"name": point.name, "asked": text(point.asked), "got": point.got and text(point.got), "met": point.met}
            for point in points(record)
        ],
        rewritten=_rewritten(record),
        got={"width": record.size[0], "height": record.size[1], "format": record.format, "bytes": record.bytes},
        seconds=round(record.seconds, 3),
        cost=money(record.cost),
        notes=[text(note) for note in record.notes],
        message="",
        error=None,
        mask=record.mask is not None,
        parents=list(record.parents),
        created=record.created.isoformat(),
    )


def _rewritten(record: Record) -> list[Span]:
    """Return how the provider rewrote the prompt, as far as a card shows texts; empty if it did not."""
    if not rewritten(record.prompt, record.revised_prompt):
        return []
    return [{"kind": span.kind, "text": span.text} for span in diff(text(record.prompt), text(record.revised_prompt or ""))]


def remarks(card: Card, said: Annotation) -> None:
    """Write into *card* what the user says of the picture."""
    _put(card, stars=said.rating or 0, tags=list(said.tags), note=said.note or "")


def _put(card: Card, **fields: Any) -> None:
    card.update(fields)  # type: ignore[typeddict-item]  # by name, all of them its own


def money(cost: Cost | None) -> Money | None:
    """Return a cost as the page is told it; unknown is ``None``, never zero."""
    return None if cost is None else {"amount": cost.amount, "currency": cost.currency, "basis": cost.basis}


def plain(fields: Mapping[str, Any]) -> dict[str, str | int | bool]:
    """Return fields as values that a page can show as they are."""
    shown: dict[str, str | int | bool] = {}
    for name, value in fields.items():
        if value is None:
            continue
        if isinstance(value, (bool, int)):
            shown[text(name)] = value
        elif isinstance(value, str):
            shown[text(name)] = text(value)
        else:
            shown[text(name)] = text(json.dumps(value, ensure_ascii=False, default=str))
    return shown


def text(value: str) -> str:
    """Return a text from outside as one line of a bearable length."""
    return clean(value[: 4 * _MOST])[:_MOST]
