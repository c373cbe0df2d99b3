"""NumPy arrays as pictures, and the reasons why one is not."""

from __future__ import annotations

import sys
from typing import Any

from PIL import Image

from imgcell.errors import ImageDecodeError, InvalidJobError
from imgcell.language import tr
from imgcell.pictures.formats import check_pixels

__all__ = ["from_array", "is_array"]


def is_array(value: object) -> bool:
    """Return whether *value* is an array (NumPy's, or one that NumPy takes over, such as a CPU tensor's)."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return True
    module = type(value).__module__.partition(".")[0]
    return module not in ("builtins", "pandas", "polars") and hasattr(value, "__array__") and hasattr(value, "shape")


def from_array(value: Any) -> Image.Image:
    """Return a picture of mode L, LA, RGB or RGBA.

    Takes shapes (height, width) and (height, width, 1 to 4), values ``bool``, ``uint8``, or floats from 0 to 1.

    Raises:
        InvalidJobError: For any other shape, type or range; says what the array is and what to do.
    """
    import numpy as np

    try:
        array = np.asarray(value)
    except Exception as error:
        raise InvalidJobError(tr("This cannot be read as an array: {reason}", reason=str(error))) from error
    shape = tuple(int(side) for side in array.shape)
    bands = 1 if len(shape) == 2 else shape[2] if len(shape) == 3 else 0
    if bands not in (1, 2, 3, 4) or 0 in shape:
        hint = tr("A picture's array has the shape (height, width) or (height, width, 3 or 4).")
        if len(shape) == 3 and shape[0] in (1, 3, 4):
            hint = tr("It looks like (channels, height, width): give array.transpose(1, 2, 0).")
        elif len(shape) == 4:
            hint = tr("It looks like several pictures: give list(array).")
        raise InvalidJobError(tr("An array of shape {shape} is not a picture.", shape=shape), hint=hint)
    try:
        check_pixels(shape[1], shape[0], "array")
    except ImageDecodeError as error:
        raise InvalidJobError(error.message) from error
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        if not (low >= 0.0 and high <= 1.0):  # NaN ends here too
            hint = (
                tr("Give array.clip(0, 255).astype('uint8').")
                if 1 < high <= 255
                else tr("Scale it to 0…1, or convert it to uint8 (0…255).")
            )
            raise InvalidJobError(
                tr("A picture's float array runs from 0 to 1; this one runs from {low} to {high}.", low=f"{low:.4g}", high=f"{high:.4g}"),
                hint=hint,
            )
        array = (array * 255.0 + 0.5).astype(np.uint8)
    elif array.dtype != np.uint8:
        raise InvalidJobError(
            tr("An array of {dtype} is not a picture: uint8, bool, or floats from 0 to 1 are.", dtype=str(array.dtype)),
            hint=tr("If its values run from 0 to 255, give array.astype('uint8')."),
        )
    if array.ndim == 3 and bands == 1:
        array = array[:, :, 0]
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[bands]
    return Image.frombytes(mode, (shape[1], shape[0]), np.ascontiguousarray(array).tobytes())
