"""Masks from shapes.  A pixel is white when its center lies inside: shapes that meet at an edge neither overlap nor leave a gap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from PIL import Image

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.masks.mask import Mask
from imgcell.masks.reading import size_of

__all__ = ["boxes", "ellipse", "full", "polygon"]

full = Mask.full


def boxes(like: Any, *given: Any) -> Mask:
    """Return a mask that is white in each of some boxes.

    Args:
        like: (width, height), or the picture (as displayed) or mask whose size it is to have.
        *given: Boxes (left, top, right, bottom) in pixels, right and bottom not included, as PIL's ``crop`` takes them; or
            one list of such.  What sticks out is cut.

    Raises:
        InvalidJobError: Something is no box.
    """
    size = size_of(like)
    mask = Image.new("L", size, 0)
    for box in _listed(given, 4):
        left, top, right, bottom = _numbers(box, 4, tr("A box is (left, top, right, bottom) in pixels, not {value}.", value=repr(box)[:80]))
        if right < left or bottom < top:
            raise InvalidJobError(tr("A box is (left, top, right, bottom) in pixels, not {value}.", value=repr(box)[:80]))
        edges = [max(0, _first(left)), max(0, _first(top)), min(size[0], _first(right)), min(size[1], _first(bottom))]
        if edges[0] < edges[2] and edges[1] < edges[3]:
            mask.paste(255, (edges[0], edges[1], edges[2], edges[3]))
    return Mask._of(mask)


def ellipse(like: Any, box: Sequence[float]) -> Mask:
    """Return a mask that is white in the ellipse that fills *box* (left, top, right, bottom), in pixels.

    Args:
        like: (width, height), or the picture (as displayed) or mask whose size it is to have.
        box: What the ellipse touches from inside; it may stick out.

    Raises:
        InvalidJobError: It is no box.
    """
    import numpy as np

    width, height = size_of(like)
    refusal = tr("A box is (left, top, right, bottom) in pixels, not {value}.", value=repr(box)[:80])
    left, top, right, bottom = _numbers(box, 4, refusal)
    if right <= left or bottom <= top:
        raise InvalidJobError(refusal)
    across = ((np.arange(width) + 0.5 - (left + right) / 2) / ((right - left) / 2)) ** 2
    down = ((np.arange(height) + 0.5 - (top + bottom) / 2) / ((bottom - top) / 2)) ** 2
    # Of a row, what |x| may be; comparing sums pixel by pixel would take a float for each.
    inside = np.zeros((height, width), np.uint8)
    for row in np.flatnonzero(down <= 1):
        inside[row, across <= 1 - down[row]] = 255
    return Mask._of(Image.fromarray(inside))


def polygon(like: Any, *rings: Any) -> Mask:
    """Return a mask that is white inside a polygon.

    Args:
        like: (width, height), or the picture (as displayed) or mask whose size it is to have.
        *rings: Each a list of three or more points (x, y) in pixels from the upper left corner (pixel centers lie at halves),
            or an array of shape (points, 2); closed by itself.  A point lies inside when a ray from it crosses an odd number of sides
            (the even-odd rule), so that a second ring within the first is a hole.  What sticks out is cut.

    Raises:
        InvalidJobError: Something is no such list.
    """
    import numpy as np

    width, height = size_of(like)
    turns = np.zeros((height, width + 1), bool)
    for ring in _rings(rings):
        ends = [*ring[1:], ring[0]]
        for (x0, y0), (x1, y1) in zip(ring, ends, strict=True):
            if y0 == y1:
                continue
            # Always from the upper end, so that two polygons with this side in common compute the same crossings.
            (xa, ya), (xb, yb) = ((x0, y0), (x1, y1)) if y0 < y1 else ((x1, y1), (x0, y0))
            first, last = max(0, _first(ya)), min(height, _first(yb))
            if first >= last:
                continue
            rows = np.arange(first, last)
            # Multiplied first: with whole numbers for corners, a center that lies on a side is then found exactly there.
            crossing = xa + (rows + 0.5 - ya) * (xb - xa) / (yb - ya)
            columns = np.clip(np.ceil(crossing - 0.5), 0, width).astype(np.intp)
            turns[rows, columns] ^= True
    inside = np.logical_xor.accumulate(turns[:, :width], axis=1)
    return Mask._of(Image.fromarray(inside.view(np.uint8) * np.uint8(255)))


def _first(edge: float) -> int:
    """Return the first pixel whose center lies at or behind *edge*."""
    return math.ceil(edge - 0.5)


def _listed(given: tuple[Any, ...], length: int) -> Iterable[Any]:
    """Return what was given one by one, or as one list of them."""
    if len(given) == 1 and hasattr(given[0], "__len__") and len(given[0]) and hasattr(given[0][0], "__len__"):
        return list(given[0])
    if len(given) == length and not any(hasattr(one, "__len__") for one in given):
        return [given]
    return given


def _rings(given: tuple[Any, ...]) -> list[list[tuple[float, float]]]:
    if not given:
        raise InvalidJobError(tr("A polygon needs three points or more."))
    rings = []
    for ring in given:
        try:
            points = list(ring)
        except TypeError:
            points = []
        if len(points) < 3:
            raise InvalidJobError(
                tr("A polygon needs three points or more."),
                hint=tr("Give a list of them: polygon(picture, [(10, 10), (90, 20), (50, 80)])."),
            )
        made = []
        for point in points:
            x, y = _numbers(point, 2, tr("A point is (x, y) in pixels, not {value}.", value=repr(point)[:80]))
            made.append((x, y))
        rings.append(made)
    return rings


def _numbers(value: Any, count: int, refusal: str) -> list[float]:
    try:
        numbers = [float(number) for number in value]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != count or not all(math.isfinite(number) and abs(number) < 1e9 for number in numbers):
        raise InvalidJobError(refusal)
    return numbers
