"""Pictures in one line of text: for terminals, captions and file names."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from imgcell.language import tr
from imgcell.pictures.honored import mark

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.record import Record
    from imgcell.providers.prices import Cost

__all__ = ["clean", "clip", "cost_text", "describe", "facts_text"]


def clean(text: str) -> str:
    """Return foreign text as one line: no control characters, no direction overrides, no lone surrogates."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(" " if c.isspace() else c for c in text if c.isspace() or _visible(c)).split())


def _visible(character: str) -> bool:
    return character not in _BIDI and unicodedata.category(character) not in ("Cc", "Cs", "Co", "Cn")


#: Direction overrides and isolates can make a line read other than it is (RELIABILITY.md section 4.2).
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def clip(text: str, width: int) -> str:
    """Return *text* in at most *width* terminal columns (a Chinese character takes two)."""
    used = 0
    for index, character in enumerate(text):
        used += columns(character)
        if used > width:
            kept = text[:index]
            while kept and columns(kept) > width - 1:
                kept = kept[:-1]
            return kept.rstrip() + "…"
    return text


def columns(text: str) -> int:
    """Return how many terminal columns *text* takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


#: The smallest sum that is shown as a figure.
_SMALLEST = 0.0001


def cost_text(cost: Cost | None) -> str:
    """Return a cost as people write it, ``"$0.04"`` or ``"≈ $0.04"`` when estimated; ``""`` when nothing is known.

    A cost that is not zero is never shown as zero: ``"< $0.0001"``.
    """
    if cost is None:
        return ""
    if cost.basis == "free":
        return tr("free")
    small = 0 < cost.amount < _SMALLEST
    amount = f"{_SMALLEST if small else cost.amount:.4f}".rstrip("0")
    whole, _, cents = amount.partition(".")
    sum_ = f"{whole}.{cents.ljust(2, '0')}"
    sign = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥"}.get(cost.currency)
    return ("< " if small else "≈ " if cost.basis == "estimated" else "") + (f"{sign}{sum_}" if sign else f"{sum_} {cost.currency}")


def facts_text(record: Record, size: tuple[int, int], kind: str) -> str:
    """Return size, format, model, time and cost, joined by middle dots; a cost that is not known is called so.

    What came otherwise than it was asked for is marked: ``"1254×1254 · PNG · ≠ 1024×1024 · …"``.
    """
    parts = [f"{size[0]}×{size[1]}", kind, clean(mark(record)), clean(record.model or record.provider)]
    if record.seconds:
        parts.append(f"{record.seconds:.1f} s")
    # A partial picture has no cost of its own; a whole one whose cost nobody knows says so.
    parts.append(cost_text(record.cost) or (tr("cost unknown") if record.attempt else ""))
    return " · ".join(part for part in parts if part)


def describe(picture: Picture) -> str:
    """Return one line for a terminal: what it shows, its size, who made it, and its id."""
    record = picture.record
    said = f"“{clip(clean(record.prompt), 60)}”" if record.kind != "given" else tr("given")
    drawn = " · " + tr("drawn on") if picture.edited else ""
    return f"<Picture {facts_text(record, picture.size, picture.format or '')}{drawn} · {said} · {record.id}>"
