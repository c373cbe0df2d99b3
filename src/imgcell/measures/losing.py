"""What a later picture of a chain of edits has lost against an earlier one, apart from what was meant to change.

Only tiles that still show the same count: those whose forms (lightness, averaged over 5 x 5 samples) correlate by 0.85 or more,
or that are plain in both; where these are less than a fifth of all, nothing is said.  A shift and a scaling of the whole
picture are undone first.

Sharpness
    How steep the edges are: the mean gradient of lightness where the earlier picture has its strongest tenth of edges, across
    these edges (noise, which has no direction, cancels out), in proportion to the contrast of the averaged forms, so that a
    paler picture is not called a softer one.
Noise
    Standard deviation, in levels of 255, by the difference of two Laplacians (Immerkær 1996), the median taken instead of the
    mean and only the smoother half of the samples, so that texture is not taken for noise.
Color
    Median change of L*, chroma, a* and b*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgcell.measures import seeing
from imgcell.measures.changing import measured

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

__all__ = ["Losses", "losses", "noise"]

_TILE = 32
#: Correlation from which on two tiles show the same.
_SAME = 0.85
#: Standard deviation of L* below which a tile is plain.
_PLAIN = 1.5
#: Tiles that it takes to say anything, and which part of all.
_FEWEST, _LEAST = 6, 0.2


@dataclass(frozen=True)
class Losses:
    """What was lost.

    Attributes:
        similarity: Mean structural similarity of lightness, all of the picture; ``None`` without scikit-image.
        changed: Which part of the picture changed (:mod:`imgcell.measures.changing`).
        same: Which part of the tiles still shows the same; where that is little the rest is ``None``.
        sharpness: 1 as sharp, 0.86: 14 % less.
        noise: (before, after), in levels of 255.
        lightness, chroma, red_green, yellow_blue: Median change of L*, C*ab, a* and b*.
    """

    similarity: float | None
    changed: float
    same: float
    sharpness: float | None
    noise: tuple[float, float] | None
    lightness: float | None
    chroma: float | None
    red_green: float | None
    yellow_blue: float | None

    @property
    def color(self) -> float | None:
        """How far the colors moved as a whole: the length of the change of L*, a* and b*."""
        if self.lightness is None or self.red_green is None or self.yellow_blue is None:
            return None
        return float((self.lightness**2 + self.red_green**2 + self.yellow_blue**2) ** 0.5)


def losses(before: object, after: object) -> Losses:
    """Compare two pictures of a chain.

    Args:
        before: The earlier one.
        after: The later one, of any size.

    Raises:
        InvalidJobError: One of them cannot be read.
    """
    import numpy as np

    found = measured(seeing.opened(before), seeing.opened(after), None)
    pair = (found._seen, found._after)
    fine = [seeing.lab(image) for image in pair]
    coarse = [seeing.lab(seeing.averaged(image, 2)) for image in pair]
    same, textured = _same(coarse[0][..., 0], coarse[1][..., 0])
    share = float(same.mean())
    if same.sum() < _FEWEST or share < _LEAST:
        return Losses(found.whole.ssim, found.changed, share, None, None, None, None, None, None)
    there = _pixels(same, fine[0].shape[:2])
    apart = (coarse[1] - coarse[0])[there]
    chroma = [np.hypot(lab[..., 1], lab[..., 2])[there] for lab in coarse]
    smooth = np.hypot(*_slopes(coarse[0][..., 0]))
    quiet = there & (smooth <= np.median(smooth[there]))
    return Losses(
        similarity=found.whole.ssim,
        changed=found.changed,
        same=share,
        sharpness=_sharpness(fine, coarse, seeing.lab(seeing.averaged(pair[0], 1))[..., 0], _pixels(textured, there.shape), textured),
        noise=(noise(pair[0], quiet), noise(pair[1], quiet)),
        lightness=float(np.median(apart[:, 0])) + 0.0,
        chroma=float(np.median(chroma[1] - chroma[0])) + 0.0,
        red_green=float(np.median(apart[:, 1])) + 0.0,
        yellow_blue=float(np.median(apart[:, 2])) + 0.0,
    )


def _tiles(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the whole tiles of a map: shape (rows, columns, samples)."""
    rows, columns = values.shape[0] // _TILE, values.shape[1] // _TILE
    cut = values[: rows * _TILE, : columns * _TILE].reshape(rows, _TILE, columns, _TILE)
    found: NDArray[np.float32] = cut.swapaxes(1, 2).reshape(rows, columns, _TILE * _TILE)
    return found


def _same(first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which tiles show the same in both, and which of these have forms."""
    import numpy as np

    one, two = _tiles(first), _tiles(second)
    one, two = one - one.mean(-1, keepdims=True), two - two.mean(-1, keepdims=True)
    spread = [np.sqrt((tiles * tiles).mean(-1)) for tiles in (one, two)]
    alike = (one * two).mean(-1) / np.maximum(spread[0] * spread[1], 1e-6)
    textured = (spread[0] >= _PLAIN) & (alike >= _SAME)
    plain = (spread[0] < _PLAIN) & (spread[1] < _PLAIN)
    return textured | plain, textured


def _pixels(tiles: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    import numpy as np

    found = np.zeros(shape, dtype=bool)
    wide = np.repeat(np.repeat(tiles, _TILE, 0), _TILE, 1)
    found[: wide.shape[0], : wide.shape[1]] = wide
    return found


def _slopes(lightness: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how much lightness rises per sample, downwards and to the right."""
    import numpy as np

    down, across = (np.asarray(one, dtype=np.float32) for one in np.gradient(lightness))
    return down, across


def _sharpness(
    fine: list[NDArray[np.float32]],
    coarse: list[NDArray[np.float32]],
    calm: NDArray[np.float32],
    there: NDArray[np.bool_],
    textured: NDArray[np.bool_],
) -> float | None:
    """Return how steep edges are in proportion to how steep they were; *calm* is the earlier lightness with little of its grain."""
    import numpy as np

    if textured.sum() < _FEWEST:
        return None
    down, across = _slopes(calm)
    edges = np.hypot(down, across)
    strong = there & (edges >= np.quantile(edges[there], 0.9)) & (edges > 0)
    steep = []
    for lab in fine:
        own_down, own_across = _slopes(lab[..., 0])
        steep.append(float(((own_down * down + own_across * across)[strong] / edges[strong]).mean()))
    contrast = [float(_tiles(lab[..., 0]).std(-1)[textured].mean()) for lab in coarse]
    if min(*steep, *contrast) <= 0:
        return None
    return (steep[1] / steep[0]) / (contrast[1] / contrast[0])


def noise(image: Image.Image, where: NDArray[np.bool_]) -> float:
    """Return the standard deviation of what looks like noise in the samples *where*, in levels of 255: the mean of the three bands."""
    import numpy as np

    found = []
    for band in range(3):
        values = np.asarray(image.getchannel(band), dtype=np.float32)
        bent = values[:, :-2] - 2 * values[:, 1:-1] + values[:, 2:]
        bent = bent[:-2] - 2 * bent[1:-1] + bent[2:]
        # The weights are 1, -2, 4: their squares add up to 36.
        found.append(float(np.median(np.abs(bent[where[1:-1, 1:-1]]))) / 0.6745 / 6)
    return sum(found) / 3
