"""Which of a user's variables are pictures, told without copying or decoding any."""

from __future__ import annotations

from typing import Any

from PIL import Image

from imgcell.pictures.arrays import is_array
from imgcell.pictures.picture import Picture
from imgcell.pictures.sheet import Sheet

__all__ = ["snapshot", "spotted"]

#: Smaller arrays are numbers, larger ones are not sent to anybody.
_SMALLEST, _LARGEST = 16, 32_768


def spotted(value: Any) -> tuple[str, int, int, int] | None:
    """Return kind ("Picture", "image", "Sheet", "array"), width, height and count of a picture; ``None`` if it is none."""
    if isinstance(value, Picture):
        return "Picture", value.facts.width, value.facts.height, 1
    if isinstance(value, Image.Image):
        return ("image", value.width, value.height, 1) if value.width and value.height else None
    if isinstance(value, Sheet):
        return ("Sheet", value[0].facts.width, value[0].facts.height, len(value)) if len(value) else None
    if not isinstance(value, type):
        try:
            if not is_array(value):
                return None
            shape = tuple(int(side) for side in value.shape)
            kind = str(value.dtype)
        except Exception:  # noqa: BLE001 - whatever somebody's array does when it is asked for its shape
            return None
        planes = shape[2] if len(shape) == 3 else 1
        fits = len(shape) in (2, 3) and planes in (1, 3, 4) and all(_SMALLEST <= side <= _LARGEST for side in shape[:2])
        if fits and ("int8" in kind or "bool" in kind or "float" in kind):
            return "array", shape[1], shape[0], 1
    return None


def snapshot(value: Any) -> Any:
    """Return *value* so that what the user does to the variable later does not change it."""
    if isinstance(value, Picture):
        return value.__copy__() if value.edited else value
    return value.copy() if isinstance(value, Image.Image) or hasattr(value, "copy") else value
