"""The rest of the picture kept: what the mask marks comes from the edit, all else from the picture that was edited.

An edit that was shifted or scaled as a whole is brought back first (:mod:`imgcell.measures.aligning`).  Inside the mask
stands the edit; from the mask's edge on its weight falls to nothing within *feather* pixels, as a half wave of a cosine over
the exact Euclidean distance; beyond, every pixel is the first picture's own, bit for bit.

With ``blend="poisson"`` the edit's colors are first brought to those of the picture around it by a smooth membrane (Perez,
Gangnet and Blake 2003, in the form of Farbman et al. 2009: Laplace's equation for the difference along the border), solved by
scipy; no seam shows then, and all of the edited part takes part in the correction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from PIL import Image

from imgcell.errors import InvalidJobError
from imgcell.jobs import FEATHER, MOST_FEATHER
from imgcell.language import tr
from imgcell.masks.distance import within
from imgcell.measures import seeing
from imgcell.measures.aligning import Alignment, align
from imgcell.measures.seeing import Mapping
from imgcell.pictures.picture import LINEAGE, Picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Blend", "Mended", "check_feather", "keep_outside", "mended"]

Blend: TypeAlias = Literal["feather", "poisson"]

#: Samples along the long side on which the membrane is solved: it is smooth, and more would show nothing.
_MEMBRANE = 144


@dataclass(frozen=True)
class Mended:
    """A picture whose rest was kept.

    Attributes:
        image: RGB, or RGBA where one of the two has transparency; of the first picture's size.
        alignment: What was undone before pasting.
    """

    image: Image.Image
    alignment: Alignment


def keep_outside(
    before: object, after: object, mask: object, feather: int = FEATHER, *, align: bool = True, blend: Blend = "feather"
) -> Image.Image:
    """Return the edit with everything outside of the mask as it was before.

    Farther than *feather* pixels from the mask not one pixel differs from *before* (in 8 bits a channel, upright).

    Args:
        before: The picture that was edited: anything that :meth:`imgcell.Client.edit` takes, but no web address.
        after: What came of it, of any size; brought to the size of *before*.
        mask: Where it was edited: an :class:`imgcell.Mask` or whatever makes one (white in modes L and 1 and in arrays,
            transparent in pictures with alpha), of the size of *before*.
        feather: Over how many pixels from the mask's edge outwards the two are mixed, 0 to 256.
        align: Whether an edit that was shifted or scaled as a whole is brought back first.
        blend: ``"feather"``, or ``"poisson"``, which also brings the colors of the edit to those around it (needs
            ``imgcell[measures]``).

    Returns:
        A PIL image, RGB or RGBA, of the size of *before*.  Its ``info["imgcell"]`` is that of *after*.

    Raises:
        InvalidJobError: A picture cannot be read, the mask is of another size, or a word means nothing.
        ImportError: For ``"poisson"`` without scipy; says how to install it.
    """
    check_feather(feather)
    if blend not in get_args(Blend):
        raise InvalidJobError(tr("blend is {choices}, not {value}.", choices=" / ".join(map(repr, get_args(Blend))), value=repr(blend)))
    first = seeing.opened(before)
    made = mended(first, seeing.opened(after), seeing.hole(mask, first.size), feather, find=align, blend=blend).image
    name = after.record.id if isinstance(after, Picture) else after.info.get(LINEAGE) if isinstance(after, Image.Image) else None
    if isinstance(name, str):
        made.info[LINEAGE] = name
    return made


def check_feather(feather: object) -> None:
    """Raise InvalidJobError if *feather* is no whole number from 0 to 256."""
    if isinstance(feather, bool) or not isinstance(feather, int) or not 0 <= feather <= MOST_FEATHER:
        raise InvalidJobError(
            tr(
                "{name} must be a whole number from {low} to {high}, not {value}.",
                name="feather",
                low=0,
                high=MOST_FEATHER,
                value=repr(feather),
            )
        )


def mended(
    before: Image.Image, after: Image.Image, hole: Image.Image, feather: int, *, find: bool = True, blend: Blend = "feather"
) -> Mended:
    """Do what :func:`keep_outside` says with pictures that are open: upright, in mode L, RGB or RGBA, the hole in mode L."""
    import numpy as np

    step = seeing.pace(before.size)
    small = hole.reduce(step) if step > 1 else hole
    placed = align(before, after, np.asarray(small) >= 128) if find else align_none(before, after)
    mode = "RGBA" if before.has_transparency_data or after.has_transparency_data else "RGB"
    result = before.convert(mode) if before.mode != mode else before.copy()
    # Its values mean what they meant: by the same color profile.
    profile = before.info.get("icc_profile")
    result.info = {"icc_profile": profile} if profile else {}
    box = hole.getbbox()
    if box is None:
        return Mended(result, placed)
    margin = feather + (2 * max(1, -(-max(before.size) // _MEMBRANE)) if blend == "poisson" else 0)
    left, top, right, bottom = (
        max(0, box[0] - margin), max(0, box[1] - margin), min(before.width, box[2] + margin), min(before.height, box[3] + margin)
    )  # fmt: skip
    box = (left, top, right, bottom)
    patch = placed.mapping.warp(after if after.mode == mode else after.convert(mode), box)
    ground = result.crop(box)
    weight = _weight(hole.crop(box), feather, _there(placed.mapping, after.size, box))
    if blend == "poisson":
        patch = _matched(ground, patch, weight)
    result.paste(_mixed(ground, patch, Image.fromarray(weight)), (left, top))
    return Mended(result, placed)


def align_none(before: Image.Image, after: Image.Image) -> Alignment:
    """Return the alignment of pictures that are taken to lie corner on corner."""
    mapping = Mapping.between(before.size, after.size)
    return Alignment((0.0, 0.0), 1.0, None, False, "same" if before.size == after.size else "resized", mapping)


def _there(mapping: Mapping, after: tuple[int, int], box: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """Return on which pixels of *box* the edit has something."""
    moved = Mapping(mapping.ax, mapping.ax * box[0] + mapping.bx, mapping.ay, mapping.ay * box[1] + mapping.by)
    return moved.covered((box[2] - box[0], box[3] - box[1]), after, 1)


def _weight(hole: Image.Image, feather: int, there: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the weight of the edit, 0 to 255: all of it in the hole, less and less up to *feather* pixels from it, then nothing."""
    import numpy as np

    def shade(squared: NDArray[np.uint32]) -> NDArray[np.uint8]:
        wave = 127.5 * (1 + np.cos(np.pi * np.minimum(np.sqrt(squared) / (feather + 1), 1)))
        return np.where(squared > feather * feather, 0, np.round(wave)).astype(np.uint8)

    found = within(np.asarray(hole) >= 128, feather, shade)
    found[~there] = 0
    return found


def _mixed(ground: Image.Image, patch: Image.Image, weight: Image.Image) -> Image.Image:
    """Return *patch* over *ground*; where the weight is 0 or 255, exactly one of them."""
    if ground.mode == "RGB":
        return Image.composite(patch, ground, weight)
    # Colors that cannot be seen must not show in a mixture.
    mixed = Image.composite(patch.convert("RGBa"), ground.convert("RGBa"), weight).convert("RGBA")
    mixed.paste(ground, (0, 0), weight.point([255] + [0] * 255))
    mixed.paste(patch, (0, 0), weight.point([0] * 255 + [255]))
    return mixed


def _matched(ground: Image.Image, patch: Image.Image, weight: NDArray[np.uint8]) -> Image.Image:
    """Return *patch* with its colors brought to those of *ground* where the weight ends, smoothly."""
    try:
        from scipy.sparse import csr_matrix
        from scipy.sparse.linalg import splu
    except ImportError as error:
        raise ImportError(tr('blend="poisson" needs scipy: pip install "imgcell[measures]"')) from error
    import numpy as np

    factor = max(1, -(-max(ground.size) // _MEMBRANE))
    known = Image.fromarray((weight == 0).astype(np.uint8) * np.uint8(255))
    share = np.asarray(known.reduce(factor), dtype=np.float64) / 255
    if not (share > 0).any():
        return patch  # the mask marks all there is
    black = Image.new("RGB", ground.size)
    sums = [np.asarray(Image.composite(one.convert("RGB"), black, known).reduce(factor), dtype=np.float64) for one in (ground, patch)]
    apart = (sums[0] - sums[1]) / np.maximum(share, 1e-3)[..., None]
    fixed = share > 0.25
    if not fixed.any():
        return patch
    unknown = np.flatnonzero(~fixed.ravel())
    field = np.where(fixed[..., None], apart, 0.0)
    if unknown.size:
        height, width = fixed.shape
        number = np.full(fixed.size, -1)
        number[unknown] = np.arange(unknown.size)
        rows, columns, values = [], [], []
        count = np.zeros(unknown.size)
        right_side = np.zeros((unknown.size, 3))
        y, x = np.divmod(unknown, width)
        for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            there = (y + down >= 0) & (y + down < height) & (x + across >= 0) & (x + across < width)
            beside = (y + down)[there] * width + (x + across)[there]
            mine = np.flatnonzero(there)
            count[mine] += 1
            inner = number[beside] >= 0
            rows.append(mine[inner])
            columns.append(number[beside[inner]])
            values.append(np.full(int(inner.sum()), -1.0))
            np.add.at(right_side, mine[~inner], field.reshape(-1, 3)[beside[~inner]])
        rows.append(np.arange(unknown.size))
        columns.append(np.arange(unknown.size))
        values.append(count)
        system = csr_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=(unknown.size, unknown.size))
        field.reshape(-1, 3)[unknown] = splu(system.tocsc()).solve(right_side)
    bands = list(patch.split())
    for band in range(3):
        smooth = Image.fromarray(field[..., band].astype(np.float32)).resize(
            (field.shape[1] * factor, field.shape[0] * factor), Image.Resampling.BILINEAR
        )
        shift = np.asarray(smooth.crop((0, 0, *patch.size)))
        bands[band] = Image.fromarray(np.clip(np.asarray(bands[band], dtype=np.float32) + shift + 0.5, 0, 255).astype(np.uint8))
    return Image.merge(patch.mode, bands)
