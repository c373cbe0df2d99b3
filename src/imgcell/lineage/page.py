"""A family as a page: a tree of thumbnails that needs no script and looks right on light and dark ground.

Colours are the notebook's own (``inherit``, half-transparent greys); everything foreign is escaped.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import TYPE_CHECKING

from imgcell.language import tr
from imgcell.lineage.lines import heading, place, price, short, who
from imgcell.masks.showing import mask_thumbnail
from imgcell.pictures.thumbnails import thumbnail
from imgcell.pictures.words import clean, clip

if TYPE_CHECKING:
    from imgcell.lineage.family import Family, Input, Member
    from imgcell.lineage.holdings import Holdings

__all__ = ["html"]

#: Pixels of a thumbnail as shown, of one on an edge, and how many there are of each in the file (screens of two pixels a dot).
_SIDE, _EDGE, _DOTS = 96, 40, 2
#: From so many pictures on, one pixel a dot has to do.
_MANY = 40
#: Leaves beside each other rather than below each other, from so many on.
_WRAP = 3
#: Branches within branches that are indented.
_DEEPEST = 8

_LINE = "rgba(128,128,128,.45)"
_BOX = f"border:1px solid {_LINE};border-radius:6px"
_SOFT = "opacity:.75"
_BADGE = "display:inline-block;border-radius:4px;padding:0 5px;font-size:90%;white-space:nowrap"


def html(family: Family, holdings: Holdings) -> str:
    """Return the page; see :meth:`imgcell.lineage.shown.Lineage.to_html`."""
    return _Page(family, holdings).made()


class _Page:
    def __init__(self, family: Family, holdings: Holdings) -> None:
        self._family = family
        self._holdings = holdings
        self._dots = _DOTS if len(family.members) <= _MANY else 1
        self._roots, self._children = family.below()
        self._out: list[str] = []
        pictures = {name: picture for name in family.members if (picture := holdings.picture(name)) is not None}
        # Decoding is nearly all of the work, and Pillow lets other threads decode meanwhile.
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
            shown = pool.map(lambda picture: thumbnail(picture, _SIDE * self._dots), pictures.values())
            self._thumbnails = dict(zip(pictures, shown, strict=True))

    def made(self) -> str:
        out = self._out
        out.append('<div class="imgcell-lineage" style="font-size:13px;line-height:1.4;max-width:860px">')
        out.append(f'<div style="{_SOFT};margin-bottom:6px">{_said(heading(self._family))}</div>')
        for number, root in enumerate(self._roots):
            if number == 1:
                out.append(f'<div style="{_SOFT};margin:12px 0 6px">{_said(tr("Where other inputs come from:"))}</div>')
            self._tree(root)
        if not self._family.complete:
            count = len(self._family.members)
            out.append(
                f'<div style="margin-top:8px"><i>{_said(tr("… There are more pictures than the {count} shown.", count=count))}</i></div>'
            )
        out.append("</div>")
        return "".join(out)

    def _tree(self, root: str) -> None:
        # What is still to be written, last first; a chain may be deeper than Python's stack.  Text stands for itself.
        waiting: list[tuple[str, int] | str] = [(root, 0)]
        while waiting:
            next_ = waiting.pop()
            if isinstance(next_, str):
                self._out.append(next_)
                continue
            name, depth = next_
            self._out.append(self._card(self._family.members[name], narrow=False))
            below = self._children[name]
            leaves = [one for one in below if not self._children[one]]
            branches = [one for one in below if self._children[one]]
            if len(leaves) >= _WRAP:
                self._out.append(f'<div style="margin-left:14px;padding-left:12px;border-left:2px solid {_LINE}">')
                self._out.extend(self._card(self._family.members[one], narrow=True) for one in leaves)
                self._out.append("</div>")
                below = branches
            if len(below) == 1 and len(leaves) < _WRAP:
                waiting.append((below[0], depth))
                continue
            for one in reversed(below):
                if depth < _DEEPEST:
                    waiting.append("</div>")
                waiting.append((one, depth + 1))
                if depth < _DEEPEST:
                    waiting.append(f'<div style="margin-left:14px;padding-left:12px;border-left:2px solid {_LINE}">')

    def _card(self, member: Member, *, narrow: bool) -> str:
        """Return the edge that leads to a picture, and the picture."""
        edge = self._edge(member, narrow=narrow)
        here = member.id == self._family.id
        box = _BOX if not here else "border:2px solid #d08700;border-radius:6px"
        outer = "display:inline-block;vertical-align:top;width:190px;margin:0 12px 12px 0" if narrow else "margin:0 0 2px"
        caption = "".join(f"<div>{line}</div>" for line in self._caption(member, here=here, narrow=narrow))
        # Beside the thumbnail, or below it; a narrow page breaks the words, not the row.
        words = f"width:{'100%' if narrow else 'calc(100% - 124px)'};overflow-wrap:anywhere;white-space:normal"
        frame = f"{box};padding:3px;margin-right:8px;line-height:0;min-width:{_SIDE}px;text-align:center"
        beside = "display:inline-block;vertical-align:top"
        return (
            f'<div style="{outer}">{edge}<div style="white-space:{"normal" if narrow else "nowrap"}">'
            f'<div style="{beside};{frame}">{self._image(member)}</div><div style="{beside};{words}">{caption}</div></div></div>'
        )

    def _edge(self, member: Member, *, narrow: bool) -> str:
        record = member.record
        if record is None or member.state == "given":
            return ""
        facts = [_said(part) for part in (who(member), price(record)) if part]
        parts = [
            f'<span title="{_said(clip(clean(record.prompt), 2000))}">“{_said(clip(clean(record.prompt), 60 if narrow else 140))}”</span>'
        ]
        if facts:
            parts.append(f'<span style="{_SOFT}">{" · ".join(facts)}</span>')
        if member.main is not None and member.main.modified:
            parts.append(_badge(tr("modified"), tr("The user's own code changed the picture before this edit.")))
        under = self._holdings.picture(member.inputs[0].id) if member.inputs else None
        if record.mask is not None:
            mask = self._holdings.picture(record.mask)
            shown = mask_thumbnail(mask, _EDGE * self._dots, under) if mask is not None else None
            parts.append(self._small(tr("mask"), shown, tr("The mask: what is red was to be edited.")))
        for number, one in enumerate(member.inputs, 1):
            if one is not member.main:
                parts.append(self._input(number, one))
        arrow = "↓ " if member.inputs else ""
        return f'<div style="margin:5px 0 4px 2px;overflow-wrap:anywhere">{arrow}{" ".join(parts)}</div>'

    def _input(self, number: int, one: Input) -> str:
        picture = self._holdings.picture(one.id)
        if one.modified and one.sent is not None:
            picture = self._holdings.given(one.sent) or picture
        shown = thumbnail(picture, _EDGE * self._dots) if picture is not None else None
        label = "+ " + tr("image {number}", number=number)
        return self._small(label, shown, short(one.id)) + (" " + _badge(tr("modified"), "") if one.modified else "")

    def _small(self, label: str, address: str | None, title: str) -> str:
        image = (
            f'<img alt="" src="{address}" style="max-width:{_EDGE}px;max-height:{_EDGE}px;vertical-align:middle;margin:0 0 0 4px;{_BOX}">'
            if address is not None
            else ""
        )
        return f'<span style="white-space:nowrap" title="{_said(title)}">{_said(label)}{image}</span>'

    def _image(self, member: Member) -> str:
        address = self._thumbnails.get(member.id)
        if address is None:
            return (
                f'<div style="width:{_SIDE}px;height:{_SIDE}px;line-height:{_SIDE}px;text-align:center;font-size:28px;opacity:.5">∅</div>'
            )
        spoken = _said(clip(clean(member.record.prompt), 200)) if member.record is not None else _said(tr("given"))
        return f'<img alt="{spoken}" src="{address}" style="max-width:{_SIDE}px;max-height:{_SIDE}px;display:inline-block">'

    def _caption(self, member: Member, *, here: bool, narrow: bool) -> list[str]:
        family, record = self._family, member.record
        number = f"<b>[{family.line.index(member.id)}]</b> " if member.id in family.line else ""
        lines = [number + f'<code style="font-size:80%">{_said(short(member.id))}</code>']
        if here:
            lines[0] += " " + _badge(tr("this one"), "")
        if member.state == "given":
            lines.append(_said(tr("given")))
            if (address := self._holdings.address(member.id)) is not None:
                lines.append(f'<span style="{_SOFT}">{_said(clip(address.partition("?")[0], 80))}</span>')
        elif member.state == "deleted":
            lines.append(_badge(tr("deleted"), tr("It is in the library's trash.")))
        elif member.state == "missing":
            lines.append(_badge(tr("missing"), tr("It is not in this library (any more).")))
        picture = self._holdings.picture(member.id)
        size = picture.facts if picture is not None else None
        facts = [f"{size.width}×{size.height} {size.format}"] if size is not None else []
        if record is not None and member.state != "given" and not narrow:
            if record.seconds:
                facts.append(f"{record.seconds:.1f} s")
            facts.append(f"{record.created.astimezone():%Y-%m-%d %H:%M}")
        lines.append(f'<span style="{_SOFT}">{_said(" · ".join(facts))}</span>')
        used = [other.id for other in family.members.values() if any(one.id == member.id and one is not other.main for one in other.inputs)]
        if used and member.state != "given":
            lines.append(
                f'<span style="{_SOFT}">{_said(tr("also in {places}", places=", ".join(place(family, name) for name in used[:4])))}</span>'
            )
        return [line for line in lines if line]


def _badge(label: str, title: str) -> str:
    return f'<span style="{_BADGE};border:1px solid #d08700;color:#d08700" title="{_said(title)}">{_said(label)}</span>'


def _said(text: str) -> str:
    return escape(clean(text), quote=True)
