"""How far each pixel is from the white ones: the exact Euclidean distance, up to a limit, without SciPy.

First the distance along the row, then the smallest of (row distance)² + dy² over all rows within reach: the two passes
of Felzenszwalb and Huttenlocher ("Distance Transforms of Sampled Functions", Theory of Computing 8, 2012, section 2),
of which the second looks at 2 r + 1 rows, as nothing farther than r is asked for.  It is done in tiles: where a tile and
its surroundings are all white or all black, which is most of any real mask, nothing is computed at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["within"]

#: Pixels a side of what is done at once: its tables stay in the processor's cache.
_TILE = 256


def within(white: Any, limit: float, shade: Callable[[Any], Any]) -> np.ndarray[Any, Any]:
    """Return ``shade(d²)`` for every pixel, d being the distance in pixels from its center to the nearest white one's.

    Args:
        white: Array of bool, (height, width).
        limit: Distances above it are not told apart: all of them are ``floor(limit²) + 1``, squared.
        shade: From an array of squared distances (whole numbers) to one of uint8 of the same shape.

    Returns:
        Array of uint8, (height, width).
    """
    import numpy as np

    height, width = white.shape
    reach = math.floor(limit)
    tile = max(_TILE, reach)
    here, far = (shade(np.array([squared], np.uint32))[0] for squared in (0, math.floor(limit * limit) + 1))
    out = np.empty((height, width), np.uint8)
    for top in range(0, height, tile):
        low, high = max(0, top - reach), min(height, top + tile + reach)
        bottom = min(height, top + tile)
        for left in range(0, width, tile):
            right, before = min(width, left + tile), max(0, left - reach)
            near = white[low:high, before : min(width, right + reach)]
            place = (slice(top, bottom), slice(left, right))
            if white[place].all():
                out[place] = here
            elif not near.any():
                out[place] = far
            else:
                out[place] = shade(_squared(near, (top - low, left - before), (bottom - top, right - left), limit))
    return out


def _squared(near: Any, corner: tuple[int, int], shape: tuple[int, int], limit: float) -> Any:
    """Return the squared distances in the part of *near* that begins at *corner* and has *shape*."""
    import numpy as np

    (above, before), (height, width) = corner, shape
    reach, most = math.floor(limit), math.floor(limit * limit) + 1
    # What is added up must fit: twice the square of the row distance's own limit.
    kind = np.uint16 if 2 * (reach + 1) ** 2 < 65536 else np.uint32
    along = _along(near, reach + 1)[:, before : before + width].astype(kind)
    along *= along
    found = np.full((height, width), most, kind)
    room = np.empty((height, width), kind)
    for step in range(reach + 1):
        # From near to far: where all is decided, rows that are farther away change nothing.
        if step % 8 == 1 and int(found.max()) <= step * step:
            break
        for dy in {step, -step}:
            first, last = max(0, -(above + dy)), min(height, near.shape[0] - above - dy)
            if first < last:
                np.add(along[above + dy + first : above + dy + last], kind(dy * dy), out=room[first:last])
                np.minimum(found[first:last], room[first:last], out=found[first:last])
    return found


def _along(near: Any, most: int) -> Any:
    """Return each pixel's distance to the nearest white one of its row, at most *most*."""
    import numpy as np

    columns = np.arange(near.shape[1], dtype=np.int32)
    far = np.int32(-most - near.shape[1])
    left = np.maximum.accumulate(np.where(near, columns, far), axis=1)
    # The same from the right, by the mirrored row.
    right = np.maximum.accumulate(np.where(near[:, ::-1], columns, far), axis=1)[:, ::-1]
    return np.minimum(np.minimum(columns - left, columns[::-1] - right), most)
