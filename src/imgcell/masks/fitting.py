"""A mask in another size."""

from __future__ import annotations

from PIL import Image

from imgcell.errors import InvalidJobError
from imgcell.language import tr

__all__ = ["MODES", "fit"]

#: What :meth:`imgcell.Mask.fit` can do.
MODES = ("stretch", "contain", "cover", "pad")


def fit(mask: Image.Image, size: tuple[int, int], mode: str) -> Image.Image:
    """Return *mask* (L) in *size*; what each *mode* does stands at :meth:`imgcell.Mask.fit`.

    Raises:
        InvalidJobError: The mode is none of :data:`MODES`.
    """
    if mode not in MODES:
        raise InvalidJobError(
            tr("A mask is fitted by one of {modes}, not {mode}.", modes=", ".join(MODES), mode=repr(mode)),
        )
    if mode == "stretch":
        return _scaled(mask, size)
    ratios = size[0] / mask.width, size[1] / mask.height
    scale = min(ratios) if mode == "contain" else max(ratios) if mode == "cover" else 1.0
    inner = max(1, round(mask.width * scale)), max(1, round(mask.height * scale))
    scaled = _scaled(mask, inner)
    laid = Image.new("L", size, 0)
    laid.paste(scaled, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return laid


def _scaled(mask: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale; bilinear weighs the area where it gets smaller (Pillow's does), so that no thin line is lost by chance."""
    return mask if size == mask.size else mask.resize(size, Image.Resampling.BILINEAR)
