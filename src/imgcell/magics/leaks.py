"""What a cell says of masked edits once their pictures are there, bound and shown: how much changed outside of the mask.

Measuring takes a tenth of a second a picture, and nothing depends on it: two seconds after the first is measured no other is
begun, and those that are left are named: silence would say that they kept to their mask.  What cannot be measured is passed over.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from imgcell.language import tr
from imgcell.measures.warning import asked, leaking
from imgcell.options import options

if TYPE_CHECKING:
    from imgcell.pictures import Sheet

__all__ = ["leaks"]

#: Seconds after the first, which may have to import what measures, until nothing more is begun.
_PATIENCE = 2.0
#: Lines at most.
_MOST = 12


def leaks(sheet: Sheet) -> list[str]:
    """Return a line for each edit that changed more outside of its mask than ``imgcell.options.warn_outside`` allows, and one of advice."""
    lines: list[str] = []
    end: float | None = None
    more = 0
    left: list[int] = []
    for place, picture in enumerate(sheet):
        if not asked(picture):
            continue
        if end is not None and time.monotonic() > end:
            left.append(place)
            continue
        found = leaking(picture)
        end = time.monotonic() + _PATIENCE if end is None else end
        if found is None:
            continue
        said = found.line(options.warn_outside)
        if len(lines) < _MOST:
            lines.append(f"≠ [{place}] {said}" if len(sheet) > 1 else f"≠ {said}")
        else:
            more += 1
    if more:
        lines.append(tr("… and {count} more.", count=more))
    if lines:
        lines.append(tr("  `--keep` puts the rest of the picture back; .changes shows where and how much."))
    if left:
        places = ", ".join(f"[{place}]" for place in left[:_MOST]) + (", …" if len(left) > _MOST else "")
        lines.append(tr("Not measured outside the mask, to keep you from waiting: {places}. .changes measures a picture.", places=places))
    return lines
