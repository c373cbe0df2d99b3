"""Recipes: all that is needed to make a picture again, as JSON that can be given to somebody else.

::

    {"imgcell-recipe": 1,
     "picture": "p-…", "created": "…",
     "steps": [{"id": "p-…", "kind": "generate", "prompt": "…", "provider": "…", "model": "…", "options": {…},
                "inputs": [], "result": {…}},
               {"id": "p-…", "kind": "edit", …, "inputs": [{"step": 0}, {"file": "sha256:…"}], "mask": "sha256:…"}],
     "files": {"sha256:…": {"media_type": "image/png", "bytes": 12345, "base64": "…"}}}

A step comes after the steps whose results it takes; the last one makes the picture.  There are no keys in it, no
addresses, no paths, no end-user ids, and none of the fields that were passed through under a name that looks like a secret.
An input that the user's own code had changed is a file ("modified"): that code cannot be run again.
"""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgcell.lineage.chain import FIELDS, check_made
from imgcell.lineage.family import MOST, Input, asked_for, inputs_of
from imgcell.lineage.holdings import GIVEN, is_given
from imgcell.pictures.formats import MEDIA_TYPES

if TYPE_CHECKING:
    from imgcell.lineage.holdings import Holdings
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.record import Record

__all__ = ["VERSION", "written"]

VERSION = 1

#: Bytes of input pictures that go into one recipe at most; what is beyond is left out, with a note.
_ROOM = 100_000_000
#: Names of passed-through fields that may hold a secret or an address of the user's own.
_PRIVATE = re.compile(r"key|token|secret|auth|passw|credential|cookie|session|url|uri|webhook|callback|user", re.IGNORECASE)
#: ... and values that do.
_SECRET = re.compile(r"(?<![\w-])(?:sk|rk|pk)-[A-Za-z0-9_-]{8,}|\bBearer\s+\S|https?://|data:", re.IGNORECASE)


def written(picture: Picture, holdings: Holdings) -> dict[str, Any]:
    """Return the recipe of *picture*; see :meth:`Picture.recipe`.

    Raises:
        InvalidJobError: If it was not made by imgcell.
    """
    check_made(picture)
    order = _order(picture.record.id, holdings)
    places = {name: place for place, name in enumerate(order)}
    files = _Files(holdings)
    steps = []
    for name in order:
        record = holdings.record(name)
        assert record is not None  # or it would not be in the order
        steps.append(_step(record, places, files))
    document: dict[str, Any] = {
        "imgcell-recipe": VERSION,
        "picture": picture.record.id,
        "created": picture.record.created.isoformat(),
        "steps": steps,
        "files": files.made,
    }
    if picture.edited:
        document["drawn_on"] = True  # what is shown is no longer what was made
    return document


def _again(one: Input, holdings: Holdings) -> bool:
    """Whether an input is made again rather than kept as a file."""
    record = holdings.record(one.id) if not is_given(one.id) else None
    return record is not None and record.kind != GIVEN and (not one.modified or holdings.same(one.id, one.sent))


def _order(name: str, holdings: Holdings) -> list[str]:
    """Return the ids of all that has to be made, each after what it is made from, *name* last."""
    order: list[str] = []
    begun: set[str] = set()
    waiting = [(name, False)]
    while waiting:
        at, below = waiting.pop()
        if below:
            order.append(at)
            continue
        if at in begun:
            continue
        begun.add(at)
        waiting.append((at, True))
        record = holdings.record(at)
        inputs = inputs_of(asked_for(record, holdings)) if record is not None else ()
        if len(begun) < MOST:
            waiting.extend((one.id, False) for one in reversed(inputs) if _again(one, holdings) and one.id not in begun)
    return order


def _step(record: Record, places: Mapping[str, int], files: _Files) -> dict[str, Any]:
    inputs: list[dict[str, Any]] = []
    for one in inputs_of(asked_for(record, files.holdings)):
        place = places.get(one.id)
        # What stands later in the order is part of a circle, which only files written by hand have.
        if place is not None and place < places[record.id] and _again(one, files.holdings):
            inputs.append({"step": place})
            continue
        inputs.append(
            {"file": files.add(one), **({"of": one.id} if not is_given(one.id) else {}), **({"modified": True} if one.modified else {})}
        )
    step: dict[str, Any] = {
        "id": record.id,
        "kind": record.kind,
        "prompt": record.prompt,
        "provider": record.provider,
        "model": record.model,
        "options": _options(record),
        "inputs": inputs,
    }
    if record.mask is not None:
        step["mask"] = files.add(Input(record.mask, record.mask))
    step["result"] = {
        "sha256": record.sha256,
        "size": list(record.size),
        "format": record.format,
        "created": record.created.isoformat(),
        "revised_prompt": record.revised_prompt,
        "cost": dataclasses.asdict(record.cost) if record.cost is not None else None,
    }
    return step


def _options(record: Record) -> dict[str, Any]:
    requested = record.requested
    options = {name: requested[name] for name in (*FIELDS, "response_format", "encoding") if requested.get(name) is not None}
    if record.kept is None:
        options.pop("keep", None)
    extra = _public(requested.get("extra") or {})
    return {**options, "extra": extra} if extra else options


def _public(value: Any) -> Any:
    """Return *value* without what may be nobody else's business."""
    if isinstance(value, Mapping):
        kept = {str(name): _public(one) for name, one in value.items() if not _PRIVATE.search(str(name))}
        return {name: one for name, one in kept.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [_public(one) for one in value]
    return None if isinstance(value, str) and _SECRET.search(value) else value


class _Files:
    """The pictures that a recipe takes along."""

    def __init__(self, holdings: Holdings) -> None:
        self.made: dict[str, dict[str, Any]] = {}
        self.holdings = holdings
        self._room = _ROOM

    def add(self, one: Input) -> str:
        """Take an input along, once; return what it goes by."""
        picture = self.holdings.given(one.sent) if one.sent is not None else None
        if picture is None and not one.modified:
            picture = self.holdings.picture(one.id)
        name = f"sha256:{picture.record.sha256}" if picture is not None else one.sent or one.id
        if name in self.made:
            return name
        facts: dict[str, Any] = {"left_out": True}
        if picture is not None:
            facts = {"media_type": MEDIA_TYPES[picture.facts.format], "bytes": picture.source.size, "left_out": True}
            try:
                data = picture.data if picture.source.size <= self._room else b""
            except OSError:
                data = b""
            if data:
                self._room -= len(data)
                del facts["left_out"]
                facts["base64"] = base64.b64encode(data).decode("ascii")
        self.made[name] = facts
        return name
