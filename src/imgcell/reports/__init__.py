"""A report of a study: what was asked, what came, what it cost, which was preferred, and how to do it again.

``imgcell.report(sheet, votes=…)`` makes a :class:`Report`; its ``export()`` writes one page that holds everything, or a folder
with Markdown, pictures, plots and tables.
"""

from __future__ import annotations

from imgcell.reports.reporting import Report, report

__all__ = ["Report", "report"]
