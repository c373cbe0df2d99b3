"""A family as lines of text, for terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgcell.language import tr
from imgcell.pictures.words import clean, clip, cost_text

if TYPE_CHECKING:
    from imgcell.lineage.family import Family, Member
    from imgcell.pictures.record import Record

__all__ = ["heading", "place", "price", "short", "text", "who"]

#: Beyond this depth lines are no longer indented.
_DEEPEST = 24


def text(family: Family) -> str:
    """Return the tree: one line a picture, below it what came of it."""
    roots, children = family.below()
    lines = [heading(family)]
    # Not recursive: a chain of two hundred edits is deeper than Python's stack likes.
    waiting = [(root, "", "") for root in reversed(roots)]
    while waiting:
        name, before, bend = waiting.pop()
        lines.append(f"{before}{bend}{_line(family, family.members[name])}")
        below = children[name]
        lead = before + ("│  " if bend.startswith("├") else "   " if bend else "")
        if len(lead) > 3 * _DEEPEST:
            lead = lead[: 3 * _DEEPEST]
        for at in range(len(below) - 1, -1, -1):
            waiting.append((below[at], lead, "└─ " if at == len(below) - 1 else "├─ "))
    if not family.complete:
        lines.append(tr("… There are more pictures than the {count} shown.", count=len(family.members)))
    return "\n".join(lines)


def heading(family: Family) -> str:
    """Return the line above the tree."""
    facts = {"id": family.id, "steps": len(family.line)}
    if len(family.members) == 1:
        return tr("Lineage of {id}: one picture; steps that led to it: {steps}.", **facts)
    return tr("Lineage of {id}: {count} pictures; steps that led to it: {steps}.", count=len(family.members), **facts)


def short(name: str) -> str:
    """Return an id as it is shown: a digest is cut to its beginning."""
    return clip(clean(name), 40) if not name.startswith("sha256:") else f"sha256:{clean(name[7:])[:12]}…"


def place(family: Family, name: str) -> str:
    """Return the number of a step of the main line, else the id."""
    return f"[{family.line.index(name)}]" if name in family.line else short(name)


def price(record: Record) -> str:
    """Return what a picture cost, in words if that is not known; nothing of one whose rest was kept: the result before it has it."""
    if record.kept is not None:
        return ""
    return cost_text(record.cost) or tr("cost unknown")


def who(member: Member) -> str:
    """Return provider and model."""
    record = member.record
    if record is None:
        return ""
    return " / ".join(dict.fromkeys(clean(part) for part in (record.provider, record.model or "") if part))


def _line(family: Family, member: Member) -> str:
    number = f"[{family.line.index(member.id)}] " if member.id in family.line else ""
    parts = [f"{number}{short(member.id)}"]
    record = member.record
    if member.state in ("deleted", "missing"):
        parts.append({"deleted": tr("deleted"), "missing": tr("missing")}[member.state])
    if member.state == "given":
        parts.append(tr("given"))
    elif record is not None:
        parts.append(f"“{clip(clean(record.prompt), 60)}”")
        parts.append(who(member))
        parts.append(price(record))
        if record.mask is not None:
            parts.append(tr("mask"))
        if record.kept is not None:
            parts.append(tr("the rest kept"))
        if member.main is not None and member.main.modified:
            parts.append(tr("modified"))
        others = [one for one in member.inputs if one is not member.main]
        parts += [f"+ {place(family, one.id)}" + (f" ({tr('modified')})" if one.modified else "") for one in others]
    here = "  ← " + tr("this one") if member.id == family.id else ""
    return " · ".join(part for part in parts if part) + here
