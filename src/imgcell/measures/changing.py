"""What really changed between two pictures, inside a mask and outside of it.

Whether a sample counts as changed
    Two differences are taken: of the samples themselves, and of the averages over the 5 x 5 samples around them (an eye
    averages before it compares: Zhang and Wandell 1997, S-CIELAB).  The smaller of the two is what counts, so that neither
    the grain that compression leaves nor the surroundings of a change do.  Above the threshold the sample has changed.
The difference
    Delta E*ab of CIE 1976: the distance in L*a*b*.  It takes no library, so that the same two pictures give the same shares
    on every machine.  2.3 is what people just notice (Mahy, Van Eycken and Oosterlinck 1994); the threshold of 5 is about
    twice that.  Measured on eight photographs of 0.1 to 2 megapixels: JPEG of quality 90 changes 0.0 to 0.3 % of the
    samples by it, WebP of quality 80 up to 0.9 %, JPEG of quality 75 up to 1.9 %; the smaller the picture, the more.
Mean and largest difference
    Of the 5 x 5 averages, by CIEDE2000 (CIE 142-2001) where scikit-image is installed, otherwise as above;
    :attr:`Changes.formula` says which.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Mapping as Named
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PIL import Image

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.masks.distance import within
from imgcell.measures import seeing
from imgcell.measures.aligning import Alignment, align, fit, likeness
from imgcell.measures.finer import ciede2000, similarity
from imgcell.measures.seeing import Mapping

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "Area", "Changes", "changes", "measured"]

#: Delta E*ab above which a sample counts as changed.
THRESHOLD = 5.0
#: Pixels beside the mask that count neither as inside nor as outside: every model blends there.
EDGE = 8
#: Below this likeness of the coarse forms, and this agreement of tiles, a picture seems to have been made without its input.
#: Measured: edits, however drastic in color, stay above 0.8 and 0.35; unrelated pictures of the same kind of scene below 0.46 and 0.1.
_UNLIKE, _AGREEING = 0.5, 0.25


#: What :meth:`Changes.to_dict` has; without a mask ``…_outside`` is of the whole picture, but for the shares.
COLUMNS = (
    *("changed", "changed_inside", "changed_outside", "difference_outside", "largest_outside", "difference_formula", "ssim_outside"),
    *("shift_x", "shift_y", "scale", "lightness_drift", "chroma_drift", "size_kept", "ratio_kept", "input_ignored"),
)


@dataclass(frozen=True)
class Area:
    """What was measured of one part of the picture.

    Attributes:
        samples: How many samples of the grid it has.
        changed: Which part of them changed, 0 to 1.
        mean, largest: Difference of the 5 x 5 averages (:attr:`Changes.formula`).
        ssim: Mean structural similarity of lightness, 1 for the same (Wang et al. 2004); ``None`` without scikit-image.
        lightness, chroma: Median change of L* and of the chroma C*ab: the drift of the colors as a whole.
        red_green, yellow_blue: Median change of a* (greener if negative) and b* (bluer if negative).
    """

    samples: int
    changed: float
    mean: float
    largest: float
    ssim: float | None
    lightness: float
    chroma: float
    red_green: float
    yellow_blue: float


@dataclass(frozen=True, eq=False)
class Changes:
    """What changed between two pictures; in a cell, a map of it beside them.

    Attributes:
        whole: Everything.
        inside, outside: Of the mask; ``None`` without one, or where nothing is left to measure.
        threshold: Above which difference a sample counts as changed.
        edge: How many pixels beside the mask count as neither.
        alignment: How the second picture lies on the first.
        compensated: Whether that was undone before measuring.
        formula: ``"CIEDE2000"`` or ``"CIE76"``: what mean and largest differences are in.
        sizes: (width, height) of the two pictures, upright.
        input_ignored: Whether the second seems to have been made without the first; ``None`` if that cannot be told.
        likeness: How alike their coarse forms are, 0 to 1; ``None`` where there are none.
        image_tokens: How many tokens of input pictures the provider's bill counts, where that is known: 0 says that it used none.
    """

    whole: Area
    inside: Area | None
    outside: Area | None
    threshold: float
    edge: int
    alignment: Alignment
    compensated: bool
    formula: str
    sizes: tuple[tuple[int, int], tuple[int, int]]
    input_ignored: bool | None
    likeness: float | None
    image_tokens: int | None
    _seen: Image.Image = field(repr=False)
    _difference: Any = field(repr=False)
    _found: Image.Image = field(repr=False)
    _marked: Any = field(repr=False)
    _after: Image.Image = field(repr=False)

    # -- in figures --------------------------------------------------------------------------------------------

    @property
    def changed(self) -> float:
        """Which part of the whole picture changed, 0 to 1."""
        return self.whole.changed

    @property
    def changed_inside(self) -> float | None:
        """Which part of what the mask marks changed; ``None`` without a mask."""
        return self.inside.changed if self.inside is not None else None

    @property
    def changed_outside(self) -> float | None:
        """Which part of the rest changed; ``None`` without a mask."""
        return self.outside.changed if self.outside is not None else None

    @property
    def shift(self) -> tuple[float, float]:
        """By how many pixels of the first picture the content was displaced: (right, down)."""
        return self.alignment.shift

    @property
    def scale(self) -> float:
        """By how much the content was enlarged about the middle."""
        return self.alignment.scale

    @property
    def size_kept(self) -> bool:
        """Whether both have the same size."""
        return self.sizes[0] == self.sizes[1]

    @property
    def ratio_kept(self) -> bool:
        """Whether both have the same ratio of width to height, to 2 %."""
        (width, height), (other_width, other_height) = self.sizes
        return abs(width * other_height / (height * other_width) - 1) <= 0.02

    def to_dict(self) -> dict[str, Any]:
        """Return the figures by name, plain values: the columns of a table."""
        kept = self.outside if self.outside is not None else self.whole
        figures = {
            "changed": round(self.whole.changed, 5),
            "changed_inside": _rounded(self.changed_inside),
            "changed_outside": _rounded(self.changed_outside),
            "difference_outside": round(kept.mean, 3),
            "largest_outside": round(kept.largest, 3),
            "difference_formula": self.formula,
            "ssim_outside": _rounded(kept.ssim),
            "shift_x": self.shift[0],
            "shift_y": self.shift[1],
            "scale": self.scale,
            "lightness_drift": round(kept.lightness, 3),
            "chroma_drift": round(kept.chroma, 3),
            "size_kept": self.size_kept,
            "ratio_kept": self.ratio_kept,
            "input_ignored": self.input_ignored,
        }
        return {name: figures[name] for name in COLUMNS}

    # -- as pictures -------------------------------------------------------------------------------------------

    @property
    def difference(self) -> NDArray[np.float32]:
        """What each sample differs by (what the threshold is held against): float32 of shape (height, width) of the grid."""
        found: NDArray[np.float32] = self._difference
        return found

    @property
    def where(self) -> Image.Image:
        """What changed as a mask of the first picture's size: mode L, 255 where it changed."""
        width, height = self.sizes[0]
        step = seeing.pace((width, height))
        if step == 1:
            return self._found.copy()
        return self._found.resize((self._found.width * step, self._found.height * step), Image.Resampling.NEAREST).crop(
            (0, 0, width, height)
        )

    @property
    def heat_map(self) -> Image.Image:
        """The first picture in gray with what changed in color, the mask outlined: RGB, at most 1024 pixels a side."""
        from imgcell.measures.heat import heat

        return heat(self._seen, self._difference, self._marked, self.threshold)

    # -- in words ----------------------------------------------------------------------------------------------

    def line(self, above: float = 0.0) -> str | None:
        """Return in one line what happened outside of the mask; ``None`` if there is nothing to say.

        Args:
            above: Which part may have changed without a word.
        """
        from imgcell.measures.sentences import line

        return line(self, above)

    def __str__(self) -> str:
        from imgcell.measures.sentences import lines

        return "\n".join(lines(self))

    __repr__ = __str__

    def _repr_pretty_(self, p: Any, cycle: bool) -> None:
        p.text(str(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Named[str, str]:
        from imgcell.measures.heat import beside
        from imgcell.pictures.preview import BUDGET, bundle, encode

        text = str(self)
        return bundle(encode(beside(self._seen, self._after, self.heat_map, lines=text.splitlines()), BUDGET), text)


def changes(
    before: object,
    after: object,
    mask: object = None,
    *,
    threshold: float = THRESHOLD,
    edge: int = EDGE,
    align: bool = True,
) -> Changes:
    """Measure what changed between two pictures, inside of *mask* and outside of it.

    Args:
        before: The first picture: anything that :meth:`imgcell.Client.edit` takes, but no web address.
        after: The second one, of any size.
        mask: Where a change was asked for: an :class:`imgcell.Mask` or whatever makes one (white in modes L and 1 and in arrays,
            transparent in pictures with alpha), of the first picture's size.  ``None``: no part is told from the rest.
        threshold: Above which difference (Delta E*ab, CIE 1976) a sample counts as changed.
        edge: How many pixels beside the mask count neither as inside nor as outside.
        align: Undo a shift and a scaling of the whole content before measuring; what was undone is reported.  With ``False`` it is
            found and reported as well, and counts as change.

    Raises:
        InvalidJobError: A picture cannot be read, the mask is of another size, or a number means nothing.
    """
    # A notebook is not type-checked before it runs.
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or not 0 < threshold <= 100:  # type: ignore[redundant-expr]
        raise InvalidJobError(tr("threshold is a difference of colors above 0 and at most 100, not {value}.", value=repr(threshold)))
    if isinstance(edge, bool) or not isinstance(edge, int) or not 0 <= edge <= 256:  # type: ignore[redundant-expr]
        raise InvalidJobError(
            tr("{name} must be a whole number from {low} to {high}, not {value}.", name="edge", low=0, high=256, value=repr(edge))
        )
    # Decoding takes longer than all that follows.
    with concurrent.futures.ThreadPoolExecutor(2, "imgcell-changes") as pool:
        second = pool.submit(seeing.opened, after)
        first = seeing.opened(before)
        hole = seeing.hole(mask, first.size) if mask is not None else None
        return measured(first, second.result(), hole, threshold=float(threshold), edge=edge, compensate=bool(align))


def measured(
    before: Image.Image,
    after: Image.Image,
    hole: Image.Image | None,
    *,
    threshold: float = THRESHOLD,
    edge: int = EDGE,
    compensate: bool = True,
) -> Changes:
    """Do what :func:`changes` says with pictures that are open: upright, in mode L, RGB or RGBA, the hole in mode L."""
    import numpy as np

    step = seeing.pace(before.size)
    inside = beside = None
    if hole is not None:
        inside = np.asarray(hole.reduce(step) if step > 1 else hole) >= 128
        touched = np.asarray(hole.reduce(step) if step > 1 else hole) > 0
        reach = -(-edge // step)
        beside = within(touched, reach, lambda squared: (squared <= reach * reach).astype(np.uint8)) > 0 if edge else touched
    placed = align(before, after, inside)
    mapping = placed.mapping if compensate else fit(before, after)[1]
    seen = Mapping().sampled(before, before.size, step)
    with concurrent.futures.ThreadPoolExecutor(2, "imgcell-changes") as pool:
        second = mapping.sampled(after, before.size, step)
        own = list(pool.map(seeing.lab, (seen, second)))
        averages = list(pool.map(lambda image: seeing.lab(seeing.averaged(image, 2)), (seen, second)))
        similar = pool.submit(_similarity, seen, second)
        there = mapping.covered(before.size, after.size, step, 2.0 if mapping != Mapping() else 0.0)
        difference = np.minimum(_distance(*own), _distance(*averages))
        difference[~there] = 0
        found = Image.fromarray((difference > threshold) * np.uint8(255))
        fine, formula = _fine(*averages)
        parts = _Parts(np.asarray(found) > 0, fine, averages, similar.result())
    whole = parts.area(there)
    alike = likeness(before, after, mapping, inside)
    return Changes(
        whole=whole if whole is not None else Area(0, 1.0, 0.0, 0.0, None, 0.0, 0.0, 0.0, 0.0),
        inside=parts.area(there & inside) if inside is not None else None,
        outside=parts.area(there & ~beside) if beside is not None else None,
        threshold=threshold,
        edge=edge,
        alignment=placed,
        compensated=compensate and placed.moved,
        formula=formula,
        sizes=(before.size, after.size),
        input_ignored=_ignored(alike, placed),
        likeness=alike,
        image_tokens=None,
        _seen=seen,
        _difference=difference,
        _found=found,
        _marked=inside,
        _after=second,
    )


def _distance(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return Delta E*ab of CIE 1976."""
    import numpy as np

    apart = first - second
    found: NDArray[np.float32] = np.sqrt(np.einsum("...i,...i->...", apart, apart))
    return found


def _fine(first: NDArray[np.float32], second: NDArray[np.float32]) -> tuple[NDArray[np.float32], str]:
    """Return the difference in the finest formula there is, and its name; large grids at every second sample both ways."""
    import numpy as np

    thin = 2 if first.shape[0] * first.shape[1] > 300_000 else 1
    one, two = first[::thin, ::thin], second[::thin, ::thin]
    formula = ciede2000()
    if formula is None:
        return np.repeat(np.repeat(_distance(one, two), thin, 0), thin, 1)[: first.shape[0], : first.shape[1]], "CIE76"
    fine = np.asarray(formula(one, two), dtype=np.float32)
    return np.repeat(np.repeat(fine, thin, 0), thin, 1)[: first.shape[0], : first.shape[1]], "CIEDE2000"


def _similarity(first: Image.Image, second: Image.Image) -> NDArray[np.float32] | None:
    """Return the map of structural similarity of lightness; ``None`` without scikit-image, or for pictures of under 11 pixels."""
    import numpy as np

    structural_similarity = similarity()
    if structural_similarity is None:
        return None
    one, two = (np.asarray(image.convert("L"), dtype=np.float32) for image in (first, second))
    if min(one.shape) < 11:
        return None
    # The weights and constants of Wang et al. 2004.
    how = {"data_range": 255, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
    _, full = structural_similarity(one, two, **how)
    return np.asarray(full, dtype=np.float32)


class _Parts:
    """Maps of one comparison, to be summed up over parts of the picture."""

    def __init__(
        self, found: NDArray[np.bool_], fine: NDArray[np.float32], averages: list[NDArray[np.float32]], similar: NDArray[np.float32] | None
    ) -> None:
        self._found, self._fine, self._averages, self._similar = found, fine, averages, similar

    def area(self, where: NDArray[np.bool_]) -> Area | None:
        """Return what the maps say of the samples in *where*; ``None`` if there are none."""
        import numpy as np

        count = int(where.sum())
        if not count:
            return None
        first, second = (lab[where] for lab in self._averages)
        fine = self._fine[where]
        chroma = np.hypot(second[:, 1], second[:, 2]) - np.hypot(first[:, 1], first[:, 2])
        apart = second - first
        return Area(
            samples=count,
            changed=float(self._found[where].mean()),
            mean=float(fine.mean(dtype=np.float64)),
            largest=float(fine.max()),
            ssim=float(self._similar[where].mean(dtype=np.float64)) if self._similar is not None else None,
            lightness=float(np.median(apart[:, 0])) + 0.0,
            chroma=float(np.median(chroma)) + 0.0,
            red_green=float(np.median(apart[:, 1])) + 0.0,
            yellow_blue=float(np.median(apart[:, 2])) + 0.0,
        )


def _ignored(alike: float | None, placed: Alignment) -> bool | None:
    if alike is None or placed.agreement is None:
        return None
    return alike < _UNLIKE and placed.agreement < _AGREEING


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
