"""What a cell says of masked edits once their pictures are there, bound and shown: how much changed outside of the mask.

Measuring takes a tenth of a second a picture, and nothing depends on it: it ends after two seconds, whatever is left, and
what cannot be measured is passed over.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from imgcell.language import tr
from imgcell.measures.warning import leaking
from imgcell.options import options

if TYPE_CHECKING:
    from imgcell.pictures import Sheet

__all__ = ["leaks"]

#: Seconds after which nothing more is begun.
_PATIENCE = 2.0
#: Lines at most.
_MOST = 12


def leaks(sheet: Sheet) -> list[str]:
    """Return a line for each edit that changed more outside of its mask than ``imgcell.options.warn_outside`` allows, and one of advice."""
    lines: list[str] = []
    end = time.monotonic() + _PATIENCE
    more = 0
    for place, picture in enumerate(sheet):
        if time.monotonic() > end:
            break
        found = leaking(picture)
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
    return lines
