"""A lineage as its owner sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgcell.language import tr
from imgcell.lineage.family import trace
from imgcell.pictures.sheet import Sheet

if TYPE_CHECKING:
    from imgcell.lineage.drifting import Drift
    from imgcell.lineage.family import Family, Member
    from imgcell.lineage.holdings import Holdings

__all__ = ["Lineage"]


class Lineage:
    """Where a picture comes from and what came of it.

    In a cell it is a tree with thumbnails; in a terminal, and with ``str()``, lines.

    Args:
        name: The picture's id.
        holdings: What is there.
    """

    def __init__(self, name: str, holdings: Holdings) -> None:
        self._holdings = holdings
        self.family: Family = trace(name, holdings)
        self._html: str | None = None

    @property
    def steps(self) -> Sheet:
        """The main line, oldest first; what :meth:`Picture.replay` numbers its steps by.

        A step whose picture is gone is an error at its place in ``steps.cells``; then numbers are those of the cells.
        """
        return self._sheet(self.family.line)

    def __len__(self) -> int:
        """Return how many pictures there are, the missing ones among them."""
        return len(self.family.members)

    def _sheet(self, names: tuple[str, ...]) -> Sheet:
        sheet = Sheet(running=True, labels=[tr("step {number}", number=number) for number in range(len(names))])
        for place, name in enumerate(names):
            picture = self._holdings.picture(name)
            if picture is not None:
                sheet._add(picture, place)
            else:
                sheet._fail(self._holdings.problem(name), place)
        sheet._finish()
        return sheet

    def drift(self) -> Drift:
        """Return what the steps of the main line have cost: similarity, sharpness, noise and colors, and the way back if that is better.

        Each step is measured against the first and against the previous one (:mod:`imgcell.measures.losing`): half a second a step.
        """
        from imgcell.lineage.drifting import drift

        return drift(self.family.line, self._holdings)

    def to_json(self) -> dict[str, Any]:
        """Return plain values: ``picture`` and ``steps`` (ids), ``pictures`` (facts and inputs of each), ``complete``."""
        family = self.family
        return {
            "imgcell-lineage": 1,
            "picture": family.id,
            "steps": list(family.line),
            "pictures": [_facts(member) for member in family.members.values()],
            "complete": family.complete,
        }

    def to_html(self) -> str:
        """Return a self-contained tree with thumbnails: no script, no addresses but ``data:``, every text escaped."""
        if self._html is None:
            from imgcell.lineage.page import html

            self._html = html(self.family, self._holdings)
        return self._html

    def __str__(self) -> str:
        from imgcell.lineage.lines import text

        return text(self.family)

    def __repr__(self) -> str:
        return str(self)

    def _repr_pretty_(self, p: Any, cycle: bool) -> None:
        p.text(str(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        return {"text/html": self.to_html(), "text/plain": str(self)}


def _facts(member: Member) -> dict[str, Any]:
    facts: dict[str, Any] = {"id": member.id, "state": member.state, "inputs": [dataclasses.asdict(one) for one in member.inputs]}
    record = member.record
    if record is not None:
        facts.update(
            kind=record.kind,
            prompt=record.prompt,
            provider=record.provider,
            model=record.model,
            mask=record.mask,
            cost=dataclasses.asdict(record.cost) if record.cost is not None else None,
            created=record.created.isoformat(),
            seconds=record.seconds,
            size=list(record.size),
            format=record.format,
            sha256=record.sha256,
        )
    return facts
