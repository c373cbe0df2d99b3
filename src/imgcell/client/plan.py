"""What would be sent, and what it would cost, without sending it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell import costs
from imgcell.jobs import InputImage
from imgcell.language import listed, tr
from imgcell.pictures.words import cost_text
from imgcell.providers.prices import Cost
from imgcell.wire.flow import Call, FormBody, JsonBody

if TYPE_CHECKING:
    from imgcell.client.replaying import Ready

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True)
class Plan:
    """What a job would send.

    Attributes:
        provider: Name of the provider.
        model: As it would be asked for.
        calls: One mapping a request: ``method``, ``url``, ``encoding`` (``"json"`` or ``"multipart"``) and ``body``
            (fields in order; pictures as a description).
        pictures: How many pictures that asks for.
        cost: Estimate for all of it, or ``None`` if no price is known.
        notes: What would be moved, left out or re-encoded.
        replayed: How many pictures the library has already; they are not asked for and cost nothing.
    """

    provider: str
    model: str | None
    calls: tuple[Mapping[str, Any], ...]
    pictures: int
    cost: Cost | None
    notes: tuple[str, ...] = ()
    replayed: int = 0

    def __str__(self) -> str:
        lines = []
        for number, call in enumerate(self.calls, 1):
            lines.append(f"{number}. {call['method']} {call['url']} ({call['encoding']})")
            lines.extend(f"   {name}: {_short(value)}" for name, value in call["body"])
        free = self.cost is not None and self.cost.basis == "free"
        price = tr("free of charge") if free else cost_text(self.cost) or tr("unknown")
        counts = {"pictures": self.pictures, "calls": len(self.calls)}
        if self.replayed:
            lines.append(tr("From the library, without a request: {count}.", count=self.replayed))
        lines.append(tr("Pictures: {pictures}. Requests: {calls}. Price: {price}. Nothing was sent.", price=price, **counts))
        lines.extend(f"- {note}" for note in self.notes)
        return "\n".join(lines)


def make_plan(ready: Ready, base_url: str) -> Plan:
    """Return what *ready* would send to *base_url*; nothing is sent."""
    prepared, calls, estimates, notes = ready.prepared, [], [], list(ready.prepared.notes)
    for _, piece in ready.pieces():
        conversation = prepared.converse(piece)
        call = next(conversation)
        assert isinstance(call, Call)
        conversation.close()
        calls.append(_describe(call, base_url))
        estimates.append(costs.estimate(piece, prepared.model, ready.inputs))
        notes.extend(call.notes)
    cost = costs.total(estimates) if calls else Cost(0.0, "USD", "free")
    model = prepared.model.name or None
    return Plan(prepared.provider.name, model, tuple(calls), ready.missing, cost, tuple(dict.fromkeys(notes)), len(ready.found))


def _describe(call: Call, base_url: str) -> Mapping[str, Any]:
    body: list[tuple[str, Any]] = []
    if isinstance(call.body, JsonBody):
        body = [(name, _plain(value)) for name, value in call.body.document.items()]
    elif isinstance(call.body, FormBody):
        body = [(name, _plain(value)) for name, value in call.body.fields]
    encoding = "multipart" if isinstance(call.body, FormBody) else "json"
    return {"method": call.method, "url": f"{base_url.rstrip('/')}/{call.path}", "encoding": encoding, "body": tuple(body)}


def _plain(value: Any) -> Any:
    if isinstance(value, InputImage):
        if value.url is not None:
            return value.url
        facts = f"{value.media_type} {value.width}×{value.height}"
        return f"<{listed(facts, tr('{count} bytes', count=f'{value.size:,}'))}>"
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_plain(item) for item in value]
    return value


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:199] + "…"
