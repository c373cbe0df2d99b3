"""The plots of a report beside the ranking: how long it took, and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgcell import charts
from imgcell.language import tr
from imgcell.pictures.words import cost_text
from imgcell.reports.figures import median, quantile

if TYPE_CHECKING:
    from imgcell.charts import Chart
    from imgcell.reports.reporting import Report

__all__ = ["plots"]

#: Pixels: two stand side by side on a wide page.
_WIDTH = 500


def plots(report: Report) -> list[Chart]:
    """Return the plots that there are figures for."""
    made = []
    timed = [(g.shown, median(g.seconds), quantile(g.seconds, 0.05), quantile(g.seconds, 0.95)) for g in report.groups if g.seconds]
    if timed:
        label = tr("seconds: median, and from the 5th to the 95th percentile")
        made.append(charts.intervals(timed, title=tr("How long a picture takes"), label=label, reference=0, width=_WIDTH))
    prices = [(group.shown, group.price) for group in report.groups]
    currencies = {price.currency for _, price in prices if price is not None and price.basis != "free"}
    if len(currencies) == 1:
        made.append(
            charts.bars(
                [(name, price.amount if price is not None else None) for name, price in prices],
                title=tr("What an accepted picture costs"),
                label=currencies.pop(),
                width=_WIDTH,
                texts=[cost_text(g.price) if g.price is not None else "" if g.accepted else tr("none accepted") for g in report.groups],
            )
        )
    return made
