"""Masks from a segmenter: any function of the user's that looks at a picture and returns an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PIL import Image

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.masks.mask import Mask
from imgcell.masks.reading import pixels

__all__ = ["segment"]

#: How far the proportions of what comes back may be off those of the picture: models round to multiples of 8 to 32.
_PROPORTIONS = 0.06


def segment(function: Callable[[Image.Image], Any], picture: Any, *, label: int | None = None, threshold: float | None = 0.5) -> Mask:
    """Return what *function* finds in *picture*, in the picture's size.

    Args:
        function: Called with the picture as a PIL image in RGB, upright.  It returns a Mask, a PIL image of mode L or 1, or
            an array (anything that NumPy takes: a tensor, nested lists) of shape (height, width), (1, height, width) or
            (height, width, 1), of any size in the picture's proportions (6 % off at most): bool; floats from 0 to 1;
            uint8 from 0 to 255, or of only 0 and 1; or, with *label*, whole numbers.
        picture: Any picture.
        label: Take the pixels with this number out of a map of numbers, one for each kind of thing.
        threshold: From where on a float (or uint8 / 255) counts as white; ``None`` keeps the mask soft.

    Raises:
        InvalidJobError: What came back is nothing of this kind; says what it is and what to do.  What *function* itself
            raises passes through.
    """
    image = pixels(picture).convert("RGB")
    if threshold is not None and not 0 < threshold <= 1:
        raise InvalidJobError(tr("A threshold is a number above 0, up to 1, not {value}.", value=repr(threshold)[:60]))
    found = function(image.copy())
    if isinstance(found, Mask):
        mask = found._image
    elif isinstance(found, Image.Image) and label is None:
        mask = Mask(found)._image
    else:
        mask = _plane(found, label)
    _same_proportions(mask.size, image.size)
    if mask.size != image.size:
        mask = mask.resize(image.size, Image.Resampling.BILINEAR)
    if threshold is None:
        return Mask._of(mask)
    return Mask._of(mask.point([255 if value >= threshold * 255 else 0 for value in range(256)]))


def _plane(found: Any, label: int | None) -> Image.Image:
    import numpy as np

    if found is None:
        raise InvalidJobError(tr("The segmenter returned nothing."), hint=tr("Its function has to return the array that it made."))
    try:
        array = np.asarray(found)
    except Exception as error:
        raise InvalidJobError(
            tr("What the segmenter returned cannot be read as an array: {reason}", reason=str(error)),
            hint=tr("From a tensor: tensor.detach().cpu().numpy()."),
        ) from error
    shape = tuple(int(side) for side in array.shape)
    if len(shape) == 3 and 1 in (shape[0], shape[2]):
        array = array[0] if shape[0] == 1 else array[:, :, 0]
    if array.ndim != 2 or 0 in array.shape:
        raise InvalidJobError(
            tr("The segmenter returned an array of shape {shape}; a mask's is (height, width).", shape=shape),
            hint=tr("If it holds several masks, return one of them: masks[0], or all together: masks.any(axis=0)."),
        )
    if label is not None:
        return Image.fromarray((array == label).astype(np.uint8) * np.uint8(255))
    if array.dtype == np.bool_:
        return Image.fromarray(array.astype(np.uint8) * np.uint8(255))
    if array.dtype.kind in "iu":
        return _whole(array)
    if array.dtype.kind != "f":
        raise InvalidJobError(
            tr("The segmenter returned an array of {dtype}; bool, floats and whole numbers are read.", dtype=str(array.dtype))
        )
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):  # NaN ends here too
        raise InvalidJobError(
            tr("The segmenter returned floats from {low} to {high}; they have to run from 0 to 1.", low=f"{low:.4g}", high=f"{high:.4g}"),
            hint=tr("If these are logits: 1 / (1 + numpy.exp(-x)) makes probabilities of them, and x > 0 a hard mask."),
        )
    return Image.fromarray((array * 255.0 + 0.5).astype(np.uint8))


def _whole(array: Any) -> Image.Image:
    import numpy as np

    low, high = int(array.min()), int(array.max())
    if low >= 0 and high <= 1:
        return Image.fromarray(array.astype(np.uint8) * np.uint8(255))
    if array.dtype == np.uint8:
        return Image.fromarray(np.ascontiguousarray(array))
    raise InvalidJobError(
        tr("The segmenter returned whole numbers from {low} to {high}, as for several kinds of things.", low=low, high=high),
        hint=tr("Say which one: segment(function, picture, label={label}).", label=high),
    )


def _same_proportions(found: tuple[int, int], wanted: tuple[int, int]) -> None:
    ratio = (found[0] / found[1]) / (wanted[0] / wanted[1])
    # A rounding of one pixel is always allowed: it matters much to what is small.
    if abs(ratio - 1) <= max(_PROPORTIONS, 1 / min(*found, *wanted)):
        return
    turned = found[0] != found[1] and abs((found[1] / found[0]) / (wanted[0] / wanted[1]) - 1) <= _PROPORTIONS
    raise InvalidJobError(
        tr(
            "The segmenter returned {width}x{height} for a picture of {picture_width}x{picture_height}: other proportions.",
            width=found[0],
            height=found[1],
            picture_width=wanted[0],
            picture_height=wanted[1],
        ),
        hint=tr("It looks transposed: return array.T.")
        if turned
        else tr("If it was cropped or padded on the way, return a Mask that has been fitted: Mask(array).fit(picture, …)."),
    )
