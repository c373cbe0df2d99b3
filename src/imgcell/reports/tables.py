"""The tables of a report: what its figures say, as texts for people and as plain values for data frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgcell.errors import ImgcellError
from imgcell.language import tr
from imgcell.pictures.showing import Column
from imgcell.pictures.words import cost_text
from imgcell.reports.figures import Group, median, quantile, said, wilson

if TYPE_CHECKING:
    from imgcell.pictures.sheet import Sheet

__all__ = ["axis_name", "causes", "figures", "lines", "measured", "seconds_text", "share_text"]


def axis_name(name: str) -> str:
    """Return what an axis is called for people."""
    known = {
        "prompt": tr("prompt"),
        "images": tr("input pictures"),
        "mask": tr("mask"),
        "provider": tr("provider"),
        "model": tr("model"),
        "variant": tr("variant"),
        "size": tr("size"),
        "quality": tr("quality"),
        "background": tr("background"),
        "output_format": tr("format"),
        "style": tr("style"),
    }
    return known.get(name) or said(name)


def share_text(count: int, total: int) -> str:
    """Return a count with its share, and the interval of the share on a line of its own: ``"3 (8 %)"``, ``"3–20 %"``."""
    found = wilson(count, total)
    if found is None:
        return "–"
    low, high = (round(100 * end) for end in found)
    return f"{count} ({round(100 * count / total)} %)\n{low}–{high} %"


def figures(groups: Sequence[Group], by: str) -> tuple[list[Column], list[list[str]]]:
    """Return the main table: a row for each of what is compared."""
    heads = [
        Column(axis_name(by), whole=True),
        Column(tr("requests"), right=True),
        Column(tr("pictures"), right=True),
        Column(tr("failures"), right=True),
        Column(tr("refusals"), right=True),
        Column(tr("seconds, median"), right=True),
        Column(tr("95th percentile"), right=True),
        Column(tr("size as asked"), right=True),
        Column(tr("cost"), right=True),
        Column(tr("accepted"), right=True),
        Column(tr("price per accepted picture"), right=True),
    ]
    rows = []
    for group in groups:
        price = group.price
        rows.append(
            [
                group.shown,
                str(group.requests),
                tr("{count} of {total}", count=group.pictures, total=group.places),
                share_text(group.failed, group.answered),
                share_text(group.refused, group.answered),
                seconds_text(median(group.seconds)),
                seconds_text(quantile(group.seconds, 0.95)),
                tr("{count} of {total}", count=sum(group.sized), total=len(group.sized)) if group.sized else "–",
                group.bill.text(),
                str(group.accepted),
                cost_text(price) if price is not None else "–" if not group.accepted else tr("unknown"),
            ]
        )
    return heads, rows


def measured(groups: Sequence[Group], by: str) -> tuple[list[Column], list[list[str]]] | None:
    """Return the medians of further measures; ``None`` if there are none."""
    numbers = list(dict.fromkeys(name for group in groups for name in group.numbers))
    if not numbers:
        return None
    heads = [Column(axis_name(by), whole=True), *(Column(tr("{measure}, median", measure=said(name)), right=True) for name in numbers)]
    return heads, [[group.shown, *(_figure(median(group.numbers.get(name, []))) for name in numbers)] for group in groups]


def lines(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Return the same as plain values; what is not known is ``None``."""
    numbers = list(dict.fromkeys(name for group in groups for name in group.numbers))
    found = []
    for group in groups:
        total, price = group.bill.total, group.price
        found.append(
            {
                "name": group.name,
                "places": group.places,
                "requests": group.requests,
                "pictures": group.pictures,
                "failed": group.failed,
                "refused": group.refused,
                "seconds_p50": median(group.seconds),
                "seconds_p95": quantile(group.seconds, 0.95),
                "size_asked": len(group.sized),
                "size_honored": sum(group.sized),
                "cost": total.amount if total is not None else None,
                "currency": total.currency if total is not None else None,
                "basis": group.bill.basis,
                "cost_unknown": group.bill.unknown,
                "accepted": group.accepted,
                "price": price.amount if price is not None else None,
                **{f"median.{name}": median(group.numbers.get(name, [])) for name in numbers},
            }
        )
    return found


def causes(sheet: Sheet) -> list[tuple[str, int]]:
    """Return what went wrong, and how often, the most frequent first."""
    # The message alone: what to do next names the request and its time, and would make one cause many.
    found = Counter(said(error.message if isinstance(error, ImgcellError) else error) for error in sheet.errors)
    return found.most_common()


def seconds_text(value: float | None) -> str:
    """Return seconds with the digits that count; "–" where they are not known."""
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _figure(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
