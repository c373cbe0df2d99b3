"""A picture's bytes made small enough for a page that shows many."""

from __future__ import annotations

from imgcell.pictures.formats import inspect
from imgcell.pictures.picture import Picture
from imgcell.pictures.preview import BUDGET, Shown, encode, small
from imgcell.pictures.record import Record
from imgcell.pictures.source import Source

__all__ = ["boxed"]

#: Bytes of a picture in a grid; a screen of forty is under 3 MB.
GRID_BUDGET = 64_000
#: Up to this side pictures stand in a grid.
GRID_SIDE = 512


def boxed(source: Source, side: int, *, decode: bool = False) -> Shown:
    """Return the picture in *source* upright, fitted into a square of *side* pixels; as it is where it fits already.

    At most 64 kB up to 512 pixels a side, as far as possible, 180 kB above.  With *decode* it is decoded in any case: what
    only looks whole is then told from what is.

    Raises:
        ImageDecodeError: If it is no whole picture within the limits.
        OSError: If it cannot be read.
    """
    facts = inspect(source)
    budget = GRID_BUDGET if side <= GRID_SIDE else BUDGET
    if not decode and max(facts.width, facts.height) <= side and source.size <= budget and facts.orientation == 1 and facts.mode != "CMYK":
        return Shown(source.read(), facts.media_type)
    picture = Picture(source, Record(id="", sha256=source.sha256, prompt="", provider="", model=None), facts)
    share = min(1.0, side / max(facts.width, facts.height)) ** 2
    return encode(small(picture, side), budget, as_png=int(source.size * share) if facts.format == "PNG" else None)
