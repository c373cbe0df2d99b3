"""Masks as values: made from pictures, shapes, colors or a segmenter, combined, fitted, and sent as each provider wants them.

``imgcell.Mask`` is the value: one number a pixel, white (255) where to edit.  The functions here make one::

    from imgcell import masks

    sky = masks.color_range(picture, "#87b5e6", tolerance=40) - masks.boxes(picture, (0, 600, 1024, 1024))
    sky = sky.grow(6).feather(4)
    sky.preview(picture)
    imgcell.library().masks["天空"] = sky          # then: %%imgedit -i picture --mask 天空

Nothing of Pillow or NumPy is imported until a name that needs it is used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgcell.masks.mask import Mask as Mask
    from imgcell.masks.polarity import POLARITIES as POLARITIES
    from imgcell.masks.polarity import polarity_of as polarity_of
    from imgcell.masks.ranges import alpha as alpha
    from imgcell.masks.ranges import color_range as color_range
    from imgcell.masks.ranges import difference as difference
    from imgcell.masks.ranges import luminance_range as luminance_range
    from imgcell.masks.segmenting import segment as segment
    from imgcell.masks.sending import load_mask as load_mask
    from imgcell.masks.shapes import boxes as boxes
    from imgcell.masks.shapes import ellipse as ellipse
    from imgcell.masks.shapes import full as full
    from imgcell.masks.shapes import polygon as polygon

__all__ = [
    "POLARITIES",
    "Mask",
    "alpha",
    "boxes",
    "color_range",
    "difference",
    "ellipse",
    "from_image",
    "full",
    "load_mask",
    "luminance_range",
    "polarity_of",
    "polygon",
    "segment",
]

_HOMES = {
    "POLARITIES": "polarity",
    "Mask": "mask",
    "alpha": "ranges",
    "boxes": "shapes",
    "color_range": "ranges",
    "difference": "ranges",
    "ellipse": "shapes",
    "full": "shapes",
    "load_mask": "sending",
    "luminance_range": "ranges",
    "polarity_of": "polarity",
    "polygon": "shapes",
    "segment": "segmenting",
}


def from_image(value: Any, polarity: str | None = None) -> Mask:
    """Return :class:`Mask` of *value*: the same as ``Mask(value, polarity)``, beside the other functions that make one."""
    from imgcell.masks.mask import Mask

    return Mask(value, polarity)


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
