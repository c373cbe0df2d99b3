"""Two pictures brought to one frame and to colors as an eye has them: what every comparison here begins with.

Colors are CIE 1976 L*a*b* (CIE 15:2018, section 8.2.1) of sRGB (IEC 61966-2-1) under its own white, D65.  Pictures are
compared on a grid of at most 1024 samples a side, each the average of a square of pixels: about what a screen shows of a
picture in full, and what bounds time and memory for any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageFilter

from imgcell.masks.reading import check_size, pixels, read
from imgcell.pictures.writing import flatten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["GRID", "Mapping", "averaged", "hole", "lab", "opened", "pace"]

#: Samples along the long side of a grid.
GRID = 1024
#: Rows that are worked on at once: what is needed meanwhile stays in the processor's cache.
_STRIP = 64
#: What transparent pictures are laid on: a gray of L* = 50, so that neither black nor white letters vanish.
_GROUND = (119, 119, 119)


def opened(value: object) -> Image.Image:
    """Return a picture decoded, upright, with 8 bits a channel: mode L, RGB or RGBA.

    Args:
        value: Whatever :meth:`imgcell.Client.edit` takes as a picture, but no web address.

    Raises:
        InvalidJobError: It is no picture, or cannot be decoded.
    """
    return pixels(value)


def hole(mask: object, size: tuple[int, int]) -> Image.Image:
    """Return *mask* in mode L, 255 where to edit and 0 elsewhere; values of 128 and more count, as they do when it is sent.

    Args:
        mask: A :class:`imgcell.Mask`, or whatever makes one.
        size: (width, height) that it must have.

    Raises:
        InvalidJobError: It is no mask, or of another size.
    """
    found = read(mask).point([0] * 128 + [255] * 128)
    check_size(found.size, size)
    return found


def pace(size: tuple[int, int]) -> int:
    """Return how many pixels a side one sample of the grid covers."""
    return max(1, -(-max(size) // GRID))


@dataclass(frozen=True)
class Mapping:
    """Where a point (x, y) of the first picture is in the second: ``(ax * x + bx, ay * y + by)``, in pixels from the corner."""

    ax: float = 1.0
    bx: float = 0.0
    ay: float = 1.0
    by: float = 0.0

    @classmethod
    def between(cls, before: tuple[int, int], after: tuple[int, int], how: str = "stretch") -> Mapping:
        """Return the mapping between two sizes.

        Args:
            before: (width, height) of the first picture.
            after: ... of the second.
            how: ``"stretch"``: corner on corner.  ``"crop"``: the second shows the middle of the first.  ``"border"``: the
                second shows all of the first, with something added at two sides.
        """
        across, down = after[0] / before[0], after[1] / before[1]
        if how == "stretch":
            return cls(across, 0.0, down, 0.0)
        scale = max(across, down) if how == "crop" else min(across, down)
        return cls(scale, (after[0] - scale * before[0]) / 2, scale, (after[1] - scale * before[1]) / 2)

    def moved(self, scale: float, dx: float, dy: float, size: tuple[int, int]) -> Mapping:
        """Return this mapping with the first picture's content enlarged about its middle and then shifted, in its own pixels."""
        across, down = size[0] / 2 * (1 - scale) + dx, size[1] / 2 * (1 - scale) + dy
        return Mapping(self.ax * scale, self.ax * across + self.bx, self.ay * scale, self.ay * down + self.by)

    @property
    def exact(self) -> bool:
        """Whether pixels fall on pixels, so that nothing is interpolated."""
        return self.ax == self.ay == 1.0 and float(self.bx).is_integer() and float(self.by).is_integer()

    def warp(self, after: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
        """Return the part of *after* that lies on the pixels of *box* (left, top, right, bottom) of the first picture.

        What is outside of *after* is black (and transparent).
        """
        size = (box[2] - box[0], box[3] - box[1])
        how = Image.Resampling.NEAREST if self.exact else Image.Resampling.BICUBIC
        shrink = max(self.ax, self.ay)
        if shrink > 1.5:  # bicubic looks at four pixels only, and would skip the others
            factor = round(shrink)
            smaller = Mapping(self.ax / factor, self.bx / factor, self.ay / factor, self.by / factor)
            return smaller.warp(after.reduce(factor), box)
        data = (self.ax, 0.0, self.ax * box[0] + self.bx, 0.0, self.ay, self.ay * box[1] + self.by)
        return after.transform(size, Image.Transform.AFFINE, data, how)

    def sampled(self, after: Image.Image, size: tuple[int, int], step: int) -> Image.Image:
        """Return *after* in RGB on the grid of a first picture of *size*, *step* pixels a sample."""
        plain = colors(after)
        if self == Mapping() and after.size == size:
            return plain.reduce(step) if step > 1 else plain
        grid = (-(-size[0] // step), -(-size[1] // step))
        # Averaged down first, as the first picture is, then moved.
        across, down = max(1, round(after.width / (self.ax * step))), max(1, round(after.height / (self.ay * step)))
        if (across * step, down * step) == plain.size:
            plain = plain.reduce(step)
        elif (across, down) != plain.size:
            plain = plain.resize((across, down), Image.Resampling.BICUBIC, reducing_gap=3.0)
        rest_x, rest_y = across * self.ax * step / after.width, down * self.ay * step / after.height
        moved = Mapping(rest_x, self.bx * across / after.width, rest_y, self.by * down / after.height)
        if plain.size == grid and abs(moved.bx) + abs(moved.by) < 1e-6 and abs(rest_x - 1) + abs(rest_y - 1) < 2e-3:
            return plain
        return moved.warp(plain, (0, 0, *grid))

    def covered(self, size: tuple[int, int], after: tuple[int, int], step: int, margin: float = 0.0) -> NDArray[np.bool_]:
        """Return, for every sample of the grid, whether the second picture has something there, *margin* pixels beside it too."""
        import numpy as np

        across = (np.arange(-(-size[0] // step)) + 0.5) * step * self.ax + self.bx
        down = (np.arange(-(-size[1] // step)) + 0.5) * step * self.ay + self.by
        wide = (across > margin) & (across < after[0] - margin)
        high = (down > margin) & (down < after[1] - margin)
        found: NDArray[np.bool_] = high[:, None] & wide[None, :]
        return found


def colors(image: Image.Image) -> Image.Image:
    """Return *image* in RGB, laid on a middle gray where it is transparent; itself if it is that already."""
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    return flatten(image, _GROUND).convert("RGB")


def averaged(image: Image.Image, radius: int) -> Image.Image:
    """Return *image* with every pixel the average of the square of 2 *radius* + 1 pixels around it."""
    return image.filter(ImageFilter.BoxBlur(radius))


def lab(image: Image.Image) -> NDArray[np.float32]:
    """Return the L*, a* and b* of an RGB picture: float32 of shape (height, width, 3)."""
    import numpy as np

    level = np.arange(256, dtype=np.float64) / 255
    table = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4).astype(np.float32)
    # IEC 61966-2-1, each row divided by D65's white, so that white is exactly (1, 1, 1).
    rows = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    matrix = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    samples = np.asarray(image)
    found = np.empty(samples.shape, dtype=np.float32)
    for top in range(0, len(samples), _STRIP):
        strip = slice(top, top + _STRIP)
        relative = table[samples[strip]] @ matrix.T
        bent = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative * np.float32((29 / 6) ** 2 / 3) + np.float32(4 / 29))
        x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
        found[strip, :, 0], found[strip, :, 1], found[strip, :, 2] = 116 * y - 16, 500 * (x - y), 200 * (y - z)
    return found
