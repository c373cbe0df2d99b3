"""What a report says in sentences: what stands out, how it was made, how its figures come about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from imgcell.language import joined, listed, tr
from imgcell.pictures.words import cost_text
from imgcell.reports.figures import Group, median

if TYPE_CHECKING:
    from imgcell.reports.reporting import Report

__all__ = ["findings", "methods"]

_Pair = TypeVar("_Pair")


def findings(report: Report) -> list[str]:
    """Return what stands out, in a few sentences that claim no more than the figures do."""
    said = []
    if report.ranking is not None and report.ranking.gaps:
        first = report.ranking.gaps[0]
        if first.decided:
            said.append(tr("The votes prefer {one}: its lead over {other} is decided.", one=first.above, other=first.below))
        else:
            said.append(
                tr("{one} is ahead of {other} in the votes, but not by enough to be sure of it.", one=first.above, other=first.below)
            )
    groups = [group for group in report.groups if group.pictures]
    if len(groups) > 1:
        said += _extremes(groups)
    missing = sum(group.answered - group.pictures for group in report.groups)
    asked = sum(group.answered for group in report.groups)
    if missing:
        shares = [((group.answered - group.pictures) / max(1, group.answered), group.shown) for group in report.groups]
        worst = [name for share, name in shares if share == max(shares)[0]]
        if len(report.groups) > len(worst) == 1:
            said.append(
                tr("{missing} of {asked} pictures did not come, most often of {name}.", missing=missing, asked=asked, name=worst[0])
            )
        else:
            said.append(
                tr("{missing} of {asked} pictures did not come.", missing=missing, asked=asked)
                if asked > 1
                else tr("The picture did not come.")
            )
    elif asked:
        said.append(tr("All {count} pictures came.", count=asked) if asked > 1 else tr("The picture came."))
    sized = [group for group in report.groups if group.sized and not all(group.sized)]
    for group in sized[:3]:
        wrong = len(group.sized) - sum(group.sized)
        said.append(
            tr(
                "{name}: {count} of {total} pictures came in another size than asked for.",
                name=group.shown,
                count=wrong,
                total=len(group.sized),
            )
        )
    unsettled = sum(group.bill.unknown for group in report.groups)
    if unsettled:
        said.append(
            tr("Of {count} requests nobody knows what they cost.", count=unsettled)
            if unsettled > 1
            else tr("Of one request nobody knows what it cost.")
        )
    return said


def _extremes(groups: Sequence[Group]) -> list[str]:
    said = []
    timed = [(group, value) for group in groups if (value := median(group.seconds)) is not None]
    if len(timed) > 1:
        (fast, least), (slow, most) = _ends(timed, lambda pair: pair[1])
        if most > least:
            said.append(
                tr(
                    "{fast} is the fastest ({least} s in the median), {slow} the slowest ({most} s).",
                    fast=fast.shown,
                    slow=slow.shown,
                    least=f"{least:.2g}",
                    most=f"{most:.2g}",
                )
            )
    priced = [(group, price) for group in groups if (price := group.price) is not None]
    if len(priced) > 1 and len({price.currency for _, price in priced}) == 1:
        (cheap, low), (dear, high) = _ends(priced, lambda pair: pair[1].amount)
        if high.amount > low.amount:
            said.append(
                tr(
                    "An accepted picture costs least with {cheap} ({low}) and most with {dear} ({high}).",
                    cheap=cheap.shown,
                    dear=dear.shown,
                    low=cost_text(low),
                    high=cost_text(high),
                )
            )
    return said


def _ends(pairs: Sequence[_Pair], key: Callable[[_Pair], float]) -> tuple[_Pair, _Pair]:
    return min(pairs, key=key), max(pairs, key=key)


def methods(report: Report) -> list[str]:
    """Return how the figures come about: what is measured, what is told, what is assumed."""
    said = [
        tr(
            "Latency is the time from sending a request to the last byte of its answer, of those requests that brought a picture; "
            "repeated requests are timed one by one. Of fewer than 20 times the 95th percentile is little else than the longest of them."
        )
    ]
    if report.ledger:
        said.append(
            tr(
                "Requests and costs come from the ledger that is written before anything is sent: they include requests that failed "
                "and were repeated, and all steps of chains."
            )
        )
    else:
        said.append(
            tr(
                "Requests and costs are counted from the pictures and errors at hand; requests that were repeated, and those whose "
                "pictures are not in the report, are not included."
            )
        )
    said.append(_prices(report))
    said.append(report.accepting)
    said.append(tr("The price of an accepted picture is all that was paid, for failures as well, divided by the pictures accepted."))
    said.append(tr("The ranges below failures and refusals are 95 % intervals of the share (Wilson, 1927)."))
    if report.ranking is not None:
        said.append(_ranking(report))
    return said


def _prices(report: Report) -> str:
    bases = {group.bill.basis for group in report.groups if group.bill.basis is not None}
    words = {
        "billed": tr("as the answer named the sum"),
        "computed": tr("from the tokens that the answer reported, at the provider's list prices"),
        "estimated": tr("from the provider's list prices alone (marked ≈)"),
    }
    if bases == {"free"}:
        return tr("The provider charges nothing.")
    known = listed(*(words[basis] for basis in words if basis in bases))
    if not known:
        return tr("Nothing is known of the cost: neither did the answers name a sum, nor does the provider list a price.")
    said = tr("Prices are known {ways}.", ways=known)
    unknown = sum(group.bill.unknown for group in report.groups)
    return joined(said, tr("Where a sum is not known, no price is computed from it.") if unknown else None)


def _ranking(report: Report) -> str:
    ranking = report.ranking
    assert ranking is not None
    assert report.votes is not None
    count = len(report.votes.raters)
    return tr(
        "The ranking is of {votes} blind votes about pairs by {raters}, by the model of Bradley and Terry with ties as "
        "Davidson (1970) has them; strengths are log-odds against an average entry, their {percent} % intervals come from {way}. "
        "Votes are taken as independent of each other.",
        votes=ranking.votes,
        raters=tr("one rater") if count == 1 else tr("{count} raters", count=count),
        percent=f"{ranking.confidence * 100:g}",
        way=tr("the Fisher information"),
    )
