"""Where a picture changed, to look at: gray with heat over it, and side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["beside", "heat"]

#: Height of the letters below the pictures, and from line to line, in pixels: a cell shows them at about four fifths.
_TEXT, _LEADING = 17, 25
#: From the threshold to six times it: dark red, orange, yellow, white; ever lighter, so that it reads without color too.
_STOPS = ((0.0, (150, 12, 40)), (0.25, (222, 60, 32)), (0.5, (252, 140, 30)), (0.75, (254, 214, 70)), (1.0, (255, 252, 220)))


def heat(seen: Image.Image, difference: NDArray[np.float32], marked: NDArray[np.bool_] | None, threshold: float) -> Image.Image:
    """Return *seen* in gray with what differs over it in colors, the mask's outline in cyan: RGB.

    Args:
        seen: The first picture on its grid, RGB.
        difference: What each sample differs by.
        marked: The mask on the same grid, or ``None``.
        threshold: Where the colors begin; they end at six times it.
    """
    import numpy as np

    gray = np.asarray(seen.convert("L"), dtype=np.float32) * 0.5 + 32
    places, colors = [place for place, _ in _STOPS], [color for _, color in _STOPS]
    ramp = np.arange(256) / 255
    table = np.stack([np.interp(ramp, places, [color[band] for color in colors]) for band in range(3)], axis=1).astype(np.float32)
    strength = np.clip((difference / threshold - 1) / 5, 0, 1)
    over = table[(strength * 255).astype(np.uint8)]
    # From half the threshold on it shows faintly, so that nothing hides just below.
    share = np.clip((difference / threshold - 0.5) * 2, 0, 1)[..., None] * np.where(difference > threshold, 0.92, 0.45)[..., None]
    mixed = (gray[..., None] * (1 - share) + over * share).astype(np.uint8)
    if marked is not None:
        wide = max(3, 2 * (max(seen.size) // 512) + 1)
        mask = Image.fromarray(marked.astype(np.uint8) * np.uint8(255))
        rim = np.asarray(mask.filter(ImageFilter.MaxFilter(wide))) != np.asarray(mask)
        mixed[rim] = (0, 216, 240)
    return Image.fromarray(mixed)


def beside(*images: Image.Image, lines: Sequence[str] = (), side: int = 420, gap: int = 8) -> Image.Image:
    """Return pictures side by side, each at most *side* pixels a side, with *lines* of text below, on white: RGB.

    Where a cell shows a picture it shows no text beside it: what is to be read is drawn.
    """
    from imgcell.pictures.fonts import draw_line, wrap

    small = []
    for image in images:
        one = image.convert("RGB")
        one.thumbnail((side, side), Image.Resampling.LANCZOS)
        small.append(one)
    wide, tall = sum(one.width + gap for one in small) - gap, max(one.height for one in small)
    told = [row for line in lines for row in wrap(line, _TEXT, wide, 4)]
    sheet = Image.new("RGB", (wide, tall + (gap + len(told) * _LEADING if told else 0)), "white")
    left = 0
    for one in small:
        sheet.paste(one, (left, 0))
        left += one.width + gap
    for number, row in enumerate(told):
        draw_line(sheet, (0, tall + gap + number * _LEADING), row, _TEXT, "#222222")
    return sheet
