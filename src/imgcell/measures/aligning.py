"""How the content of a picture was shifted and scaled against another one, although parts of it were changed.

Phase correlation (Kuglin and Hines 1975) of many small tiles, each under a Hann window and with high frequencies, where
compression does its work, weighed down; then a straight-line fit of the tiles' displacements over their places (slope by
Theil 1950 and Sen 1968, then least squares over the tiles that agree).  Tiles that show something else now do not agree
and do not count, so that an edit may have replaced much of the picture.  Rotation is not looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from imgcell.measures.seeing import Mapping, colors, pace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Alignment", "align", "fit", "likeness"]

#: A displacement that leaves every corner within this many pixels of where it was is none.
_NOTHING = 0.3
#: Share of the tiles with something to hold on to that must agree; two unrelated photographs reach 0.1.
_AGREE = 0.35
#: ... and how many they must be.
_FEWEST = 4
#: Standard deviation of a tile's gray levels (0 to 255) below which there is nothing to hold on to.
_FLAT = 1.5
#: Enlargements that are tried where the tiles do not agree as they are.
_SCALES = (0.8, 0.84, 0.88, 0.92, 0.95, 0.975, 1.025, 1.05, 1.085, 1.13, 1.19, 1.25)


@dataclass(frozen=True)
class Alignment:
    """How the second picture lies on the first.

    Attributes:
        shift: (right, down): by how many pixels of the first picture the content is displaced at the middle.
        scale: By how much it is enlarged about the middle; 1.0 if it is not.
        agreement: Which part of the tiles with something to hold on to says so, 0 to 1; ``None`` if there are none.
        found: Whether that is enough to go by; otherwise *shift* and *scale* say that nothing was found.
        fit: How a second picture of another shape shows the first: ``"same"`` size, ``"resized"``, ``"stretched"``,
            ``"crop"`` (its middle), ``"border"`` (all of it, and more at two sides).
        mapping: All of this together.
    """

    shift: tuple[float, float]
    scale: float
    agreement: float | None
    found: bool
    fit: str
    mapping: Mapping

    @property
    def moved(self) -> bool:
        """Whether anything was displaced."""
        return self.shift != (0.0, 0.0) or self.scale != 1.0


def fit(before: Image.Image, after: Image.Image) -> tuple[str, Mapping]:
    """Return how *after*, of whatever size, shows *before*: of three ways the one in which the coarse forms agree best."""
    if before.size == after.size:
        return "same", Mapping()
    across, down = after.width / before.width, after.height / before.height
    stretched = Mapping.between(before.size, after.size)
    if abs(across / down - 1) <= 0.02:
        return "resized", stretched
    ways = {"stretched": stretched, **{how: Mapping.between(before.size, after.size, how) for how in ("crop", "border")}}
    alike = {how: likeness(before, after, mapping) or 0.0 for how, mapping in ways.items()}
    best = max(ways, key=lambda how: alike[how])
    return best, ways[best]


def likeness(before: Image.Image, after: Image.Image, mapping: Mapping, without: NDArray[np.bool_] | None = None) -> float | None:
    """Return how alike the coarse forms are: 1 the same, 0 nothing in common; ``None`` where there are no forms.

    The absolute value of Pearson's correlation of lightness (gray values of ITU-R BT.601) at 96 samples along the long
    side, less its average over 17 x 17 of them: neither brightness nor color nor a gradient over the whole picture counts.

    Args:
        before: The first picture.
        after: The second one.
        mapping: Where points of the first are in the second.
        without: Samples of the first picture's grid that do not count.
    """
    import numpy as np

    step = max(1, -(-max(before.size) // 96))
    first, second = (
        Mapping().sampled(before, before.size, step).convert("L"),
        mapping.sampled(after, before.size, step).convert("L"),
    )
    forms = []
    for image in (first, second):
        values = np.asarray(image, dtype=np.float32)
        forms.append(values - _smooth(values, 8))
    counts = mapping.covered(before.size, after.size, step)
    if without is not None:
        out = Image.fromarray(without.astype(np.uint8) * np.uint8(255)).resize(first.size, Image.Resampling.BOX)
        counts &= np.asarray(out) < 64
    if counts.sum() < 64:
        return None
    one, two = (form[counts] - form[counts].mean() for form in forms)
    spread = float(np.sqrt((one * one).mean()))
    if spread < _FLAT:
        return None
    both = float(np.sqrt((one * one).sum() * (two * two).sum()))
    return abs(float((one * two).sum())) / both if both > 0 else 0.0


def _smooth(values: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Return the average of the square around every value, the edge repeated."""
    import numpy as np

    wide = 2 * radius + 1
    for axis in (0, 1):
        pads = [(0, 0), (0, 0)]
        pads[axis] = (radius + 1, radius)
        total = np.cumsum(np.pad(values, pads, mode="edge"), axis=axis, dtype=np.float64)
        size = values.shape[axis]
        upper, lower = (np.take(total, np.arange(size) + at, axis=axis) for at in (wide, 0))
        values = ((upper - lower) / wide).astype(np.float32)
    return values


def align(before: Image.Image, after: Image.Image, hole: NDArray[np.bool_] | None = None) -> Alignment:
    """Find out how the content of *after* lies on that of *before*.

    Args:
        before: The first picture.
        after: The second one, of any size.
        hole: What of the first picture is not to be looked at, on its grid (:func:`imgcell.measures.seeing.pace`).
    """
    how, mapping = fit(before, after)
    step = pace(before.size)
    search = _Search(before, after, mapping, step, hole)
    scale, dx, dy, agreement = search.refine(1.0, 0.0, 0.0)
    if agreement is not None and agreement < _AGREE:
        tried = max((search.coarse(one) for one in (1.0, *_SCALES)), key=lambda found: found[3])
        other = search.refine(*tried[:3])
        if other[3] is not None and other[3] > agreement:
            scale, dx, dy, agreement = other
    found = agreement is not None and agreement >= _AGREE
    if found and step > 1:
        scale, dx, dy = search.at_full_size(scale, dx, dy)
    corner = (before.width**2 + before.height**2) ** 0.5 / 2
    if not found or abs(scale - 1) * corner < _NOTHING:
        scale = 1.0
    if scale == 1.0:
        dx, dy = (float(round(one)) if abs(one - round(one)) < 0.2 else one for one in (dx, dy))
    if not found or (scale == 1.0 and (dx * dx + dy * dy) ** 0.5 < _NOTHING):
        dx = dy = 0.0
    # Adding 0.0 makes no zero negative.
    return Alignment(
        (round(dx, 2) + 0.0, round(dy, 2) + 0.0), round(scale, 5), agreement, found, how, mapping.moved(scale, dx, dy, before.size)
    )


class _Search:
    """Two pictures, looked at tile by tile."""

    def __init__(self, before: Image.Image, after: Image.Image, mapping: Mapping, step: int, hole: NDArray[np.bool_] | None) -> None:
        import numpy as np

        self._before, self._after, self._mapping, self._step, self._hole = before, after, mapping, step, hole
        self._gray = after if after.mode == "L" else colors(after).convert("L")
        self._first = np.asarray(Mapping().sampled(before, before.size, step).convert("L"), dtype=np.float32)
        short = min(self._first.shape)
        self._tile = 128 if short >= 384 else 64 if short >= 144 else 32
        # The second picture on the first one's grid, as it came.
        self._second = mapping.sampled(after, before.size, step).convert("L")

    def refine(self, scale: float, dx: float, dy: float) -> tuple[float, float, float, float | None]:
        """Return scale, shift (in pixels of the first picture) and agreement, beginning with what is thought of them."""
        agreement: float | None = None
        height, width = self._first.shape
        for _ in range(3):
            moved = Mapping().moved(scale, dx / self._step, dy / self._step, (width, height))
            second = moved.warp(self._second, (0, 0, width, height))
            places, vectors, textured = self._tiles(second, moved)
            if textured < _FEWEST:
                return scale, dx, dy, None
            more, right, down, agreement = _line(places, vectors, textured, self._tile)
            if agreement < _AGREE / 2:
                break
            # The rest is measured in the first picture's frame, after the second one has been brought there.
            dx, dy, scale = dx + scale * right * self._step, dy + scale * down * self._step, scale * more
            if abs(right) + abs(down) < 0.03 and abs(more - 1) * max(width, height) < 0.03:
                break
        return scale, dx, dy, agreement

    def _tiles(self, second: Image.Image, moved: Mapping) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
        """Return places (from the middle), displacements of the tiles that know theirs, and how many have something to hold on to."""
        import numpy as np

        size, (height, width) = self._tile, self._first.shape
        if height < size or width < size:
            return np.zeros((0, 2)), np.zeros((0, 2)), 0
        there = moved.covered((width, height), self._second.size, 1)
        ok = there if self._hole is None else there & ~self._hole
        lefts, tops = (np.unique(np.linspace(0, side - size, min(9, max(2, 2 * side // size))).astype(int)) for side in (width, height))
        rows = np.asarray(second, dtype=np.float32)
        places, one, two = [], [], []
        for top in tops:
            for left in lefts:
                part = (slice(top, top + size), slice(left, left + size))
                if ok[part].mean() < 0.8 or self._first[part].std() < _FLAT:
                    continue
                places.append((left + size / 2 - width / 2, top + size / 2 - height / 2))
                one.append(self._first[part])
                two.append(rows[part])
        if not places:
            return np.zeros((0, 2)), np.zeros((0, 2)), 0
        vectors, peaks = _displacements(np.stack(one), np.stack(two))
        sure = peaks > 0.08
        return np.array(places)[sure], vectors[sure], len(places)

    def coarse(self, scale: float) -> tuple[float, float, float, float]:
        """Return *scale*, the shift that fits it best (in pixels of the first picture), and how well it does, 0 to 1."""
        import numpy as np

        height, width = self._first.shape
        moved = Mapping().moved(scale, 0.0, 0.0, (width, height))
        second = moved.warp(self._second, (0, 0, width, height))
        factor = max(1, max(width, height) // 256)
        small = [np.asarray(image.reduce(factor), dtype=np.float32) for image in (Image.fromarray(self._first.astype(np.uint8)), second)]
        vectors, peaks = _displacements(small[0][None], small[1][None])
        right, down = vectors[0] * factor * scale * self._step
        return scale, float(right), float(down), float(peaks[0])

    def at_full_size(self, scale: float, dx: float, dy: float) -> tuple[float, float, float]:
        """Return scale and shift, measured again on tiles of the picture's own pixels."""
        import numpy as np

        size, before = 256, self._before
        mapping = self._mapping.moved(scale, dx, dy, before.size)
        there = mapping.covered(before.size, self._after.size, self._step)
        ok = there if self._hole is None else there & ~self._hole
        if min(before.size) < size:
            return scale, dx, dy
        places, one, two = [], [], []
        for top in np.linspace(0, before.height - size, 5).astype(int).tolist():
            for left in np.linspace(0, before.width - size, 5).astype(int).tolist():
                box = (left, top, left + size, top + size)
                if not ok[top // self._step : (top + size) // self._step, left // self._step : (left + size) // self._step].all():
                    continue
                tile = np.asarray(before.crop(box).convert("L"), dtype=np.float32)
                if tile.std() >= _FLAT:
                    places.append((left + size / 2 - before.width / 2, top + size / 2 - before.height / 2))
                    one.append(tile)
                    two.append(np.asarray(mapping.warp(self._gray, box), dtype=np.float32))
        if len(places) < _FEWEST:
            return scale, dx, dy
        vectors, peaks = _displacements(np.stack(one), np.stack(two))
        sure = peaks > 0.08
        if sure.sum() < _FEWEST:
            return scale, dx, dy
        more, right, down, agreement = _line(np.array(places)[sure], vectors[sure], len(places), size)
        return (scale * more, dx + scale * right, dy + scale * down) if agreement >= _AGREE else (scale, dx, dy)


def _displacements(first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each pair of tiles, by how many pixels (right, down) the second shows the first displaced, and how sure that is."""
    import numpy as np

    count, height, width = first.shape
    window = (np.hanning(height)[:, None] * np.hanning(width)[None, :]).astype(np.float32)
    spectra = []
    for tiles in (first, second):
        level = (tiles * window).sum(axis=(1, 2), keepdims=True) / window.sum()
        spectra.append(np.fft.rfft2((tiles - level) * window))
    cross = spectra[1] * np.conj(spectra[0])
    size = np.abs(cross)
    # What both tiles have least of is noise: it must not count as much as the rest.
    cross /= size + 0.002 * size.mean(axis=(1, 2), keepdims=True) + 1e-6
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    weight = np.exp(-(down**2 + across**2) / (2 * 0.15**2))
    twice = np.full(across.shape, 2.0)
    twice[0, 0] = 1.0
    surface = np.fft.irfft2(cross * weight, s=(height, width)) * (height * width / float((weight * twice).sum()))
    flat = surface.reshape(count, -1).argmax(axis=1)
    rows, columns = flat // width, flat % width
    each = np.arange(count)
    peaks = surface[each, rows, columns]

    def parabola(axis_rows: int, axis_columns: int) -> NDArray[np.float64]:
        # The logarithm of a Gaussian is a parabola: its top is found exactly.
        low = surface[each, (rows - axis_rows) % height, (columns - axis_columns) % width]
        high = surface[each, (rows + axis_rows) % height, (columns + axis_columns) % width]
        low, middle, high = (np.log(np.maximum(one, 1e-6)) for one in (low, peaks, high))
        bend = low - 2 * middle + high
        return np.where(bend < -1e-9, np.clip((low - high) / (2 * np.minimum(bend, -1e-9)), -0.5, 0.5), 0.0)

    right = (columns + width // 2) % width - width // 2 + parabola(0, 1)
    below = (rows + height // 2) % height - height // 2 + parabola(1, 0)
    return np.stack((right, below), axis=1).astype(np.float64), peaks.astype(np.float64)


def _line(places: NDArray[np.float64], vectors: NDArray[np.float64], textured: int, tile: int) -> tuple[float, float, float, float]:
    """Return scale, shift (right, down) and which part of the tiles agrees with them."""
    import numpy as np

    if len(places) < _FEWEST:
        return 1.0, 0.0, 0.0, 0.0
    first, second = np.triu_indices(len(places), 1)
    apart, differ = places[first] - places[second], vectors[first] - vectors[second]
    square = (apart * apart).sum(axis=1)
    far = square >= (2 * tile) ** 2
    slope = float(np.median((apart * differ).sum(axis=1)[far] / square[far])) if far.any() else 0.0
    best = (0.0, np.zeros(2), np.zeros(len(places), dtype=bool))
    for one in {0.0, slope}:  # half of the tiles may be wrong for the median of pairs
        rest = vectors - one * places
        middle = np.median(rest, axis=0)
        near = np.linalg.norm(rest - middle, axis=1) < max(1.5, tile / 48)
        if near.sum() > best[2].sum():
            best = (one, middle, near)
    slope, middle, near = best
    for _ in range(4):
        if near.sum() < _FEWEST:
            return 1.0, 0.0, 0.0, 0.0
        center, shift = places[near].mean(axis=0), vectors[near].mean(axis=0)
        apart, differ = places[near] - center, vectors[near] - shift
        spread = float((apart * apart).sum())
        slope = float((apart * differ).sum()) / spread if spread > 0 else 0.0
        middle = shift - slope * center
        rest = np.linalg.norm(vectors - slope * places - middle, axis=1)
        near = rest < max(0.5, tile / 128)
    return 1.0 + slope, float(middle[0]), float(middle[1]), float(near.sum()) / textured
