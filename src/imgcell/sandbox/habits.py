"""Models with habits: what a model of the sandbox does to pictures beside what it is asked, so exactly that a measure can be checked.

    with imgcell.sandbox.serve(habits={"leaky": Habit(leak=0.1, leak_by=24)}) as server:
        ...
        server.truth(picture.data).share      # 0.1 of the pixels outside of the mask differ, by 24 levels in each band

Real models redraw what they were told to leave alone, move a picture by a few pixels, answer another size than the one asked for, and
lose a little with each edit.  A measure that is to find this is worth something only where the truth is known; here it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from imgcell.sandbox.chances import kinds
from imgcell.sandbox.orders import Order

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Habit", "Truth", "habitual", "ordered"]

#: Pixels a side of the patches that a leak is made of.
_PATCH = 16


@dataclass(frozen=True)
class Habit:
    """What a model does beside what it is asked.  Everything is settled by the request: asked the same, it does the same.

    Pictures are treated in the order of this list, from ``leak`` on.

    Attributes:
        latency: Seconds that each picture takes, or the least and the most of them; ``None`` is the server's own.
        faults: Share of its requests that fail, or a share by the name of each fault; see :func:`imgcell.sandbox.serve`.
        ignores_input: Paints from the prompt alone, and reports no image tokens, whatever pictures it was given.
        ignores_mask: Repaints all of the picture.
        repaints: ``False``: an edit without a mask hands the first input back, but for what follows here.
        signs: ``False``: writes neither its name nor size and quality on its pictures, so that a vote on them is blind.
        size: The size of its pictures whatever is asked for, as in ``"1024x1024"``.
        leak: Share of the pixels outside of the mask that are changed, in patches of 16 pixels a side; without a mask all pixels of a
            model that does not repaint.  So many are changed exactly, to a pixel.
        leak_by: By how many levels of 255 each band of each of those pixels is changed, upwards where there is room.
        color: Levels added to red, green and blue in each step; a picture painted from words alone is the first of them.
        saturation: Factor of the saturation in each step; 1 leaves it.
        blur: Radius of a Gaussian blur in each step, in pixels.
        noise: Standard deviation of the noise added in each step, in levels.
        shift: Pixels that the picture is moved to the right and down; what was at the edge is repeated there.
        scale: The picture is enlarged about its middle by this factor; its size stays.
        opaque: A transparent background is asked for in vain: there is white.
        picture_format: ``"png"``, ``"jpeg"`` or ``"webp"``, whatever is asked for.

    Raises:
        ValueError: for numbers and words that are none of these.
    """

    latency: float | tuple[float, float] | None = None
    faults: float | Mapping[str, float] = 0.0
    ignores_input: bool = False
    ignores_mask: bool = False
    repaints: bool = True
    signs: bool = True
    size: str | None = None
    leak: float = 0.0
    leak_by: int = 24
    color: tuple[int, int, int] = (0, 0, 0)
    saturation: float = 1.0
    blur: float = 0.0
    noise: float = 0.0
    shift: tuple[int, int] = (0, 0)
    scale: float = 1.0
    opaque: bool = False
    picture_format: Literal["png", "jpeg", "webp"] | None = None

    def __post_init__(self) -> None:
        _require(0 <= self.leak <= 1, "leak is a share, from 0 to 1")
        _require(1 <= self.leak_by <= 127, "leak_by is from 1 to 127 levels")
        _require(self.size is None or re.fullmatch(r"[1-9]\d{1,3}x[1-9]\d{1,3}", self.size) is not None, "size is as in '1024x1024'")
        _require(self.scale > 0 and self.saturation >= 0 and self.blur >= 0 and self.noise >= 0, "factors and radii are no less than 0")
        _require(self.picture_format in (None, "png", "jpeg", "webp"), "picture_format is png, jpeg or webp")
        kinds(self.faults)
        least, most = self.span(0.0)
        _require(0 <= least <= most, "latency is seconds, or the least and the most of them")

    def span(self, usual: float) -> tuple[float, float]:
        """Return the least and the most seconds that a picture takes, where the server takes *usual*."""
        if self.latency is None:
            return usual, usual
        return self.latency if isinstance(self.latency, tuple) else (self.latency, self.latency)


@dataclass(frozen=True)
class Truth:
    """What a habit did to one picture.

    Attributes:
        habit: The habit.
        size: Pixels of the picture.
        leaked: Mode ``"1"``: white where the leak changed a pixel; seen before ``shift`` and ``scale``.
        outside: How many pixels lay outside of the mask; 0 where a leak has no meaning.
    """

    habit: Habit
    size: tuple[int, int]
    leaked: Image.Image | None = field(default=None, repr=False, compare=False)
    outside: int = 0

    @property
    def pixels(self) -> int:
        """How many pixels the leak changed."""
        return self.leaked.convert("L").histogram()[255] if self.leaked is not None else 0

    @property
    def share(self) -> float:
        """The share of the pixels outside of the mask that the leak changed."""
        return self.pixels / self.outside if self.outside else 0.0


def ordered(order: Order, habit: Habit) -> Order:
    """Return what a model of such habits understands of *order*."""
    changes: dict[str, Any] = {"signed": habit.signs}
    if habit.ignores_mask or habit.ignores_input:
        changes["mask"] = None
    if habit.size is not None:
        width, height = (int(side) for side in habit.size.split("x"))
        changes.update(width=width, height=height)
    if habit.picture_format is not None:
        changes.update(picture_format=habit.picture_format, compression=min(order.compression, 90))
    return order.with_(**changes)


def habitual(image: Image.Image, hole: Image.Image | None, order: Order, habit: Habit, key: str) -> tuple[Image.Image, Truth]:
    """Return *image* as a model of such habits hands it over, and what was done to it.

    Args:
        image: RGB or RGBA.
        hole: Mode ``"L"``, 255 where the mask asked for a change; ``None`` without a mask.
        order: What it was made for.
        habit: The habits.
        key: What chance is made of.
    """
    leaked, outside = None, 0
    if habit.leak and order.images and (hole is not None or not habit.repaints):
        image, leaked, outside = _leaking(image, hole, habit, key)
    image = _drifting(image, habit, key)
    if habit.shift != (0, 0):
        image = _shifted(image, *habit.shift)
    if habit.scale != 1:
        image = _scaled(image, habit.scale)
    if habit.opaque and image.mode == "RGBA":
        from PIL import Image as Images

        image = Images.alpha_composite(Images.new("RGBA", image.size, (255, 255, 255, 255)), image).convert("RGB")
    return image, Truth(habit, image.size, leaked, outside)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"a habit's {what}")


def _random(key: str, what: str) -> Any:
    import numpy as np

    return np.random.default_rng(int(sha256(f"{key}/{what}".encode()).hexdigest()[:16], 16))


def _leaking(image: Image.Image, hole: Image.Image | None, habit: Habit, key: str) -> tuple[Image.Image, Image.Image, int]:
    """Change a share of the pixels outside of *hole*, exactly; whole patches in a random order, and of the last one its first pixels."""
    import numpy as np
    from PIL import Image as Images

    width, height = image.size
    outside = np.ones((height, width), bool) if hole is None else np.asarray(hole) == 0
    total = int(outside.sum())
    wanted = round(total * habit.leak)
    across = -(-width // _PATCH)
    patch = (np.arange(height)[:, None] // _PATCH) * across + np.arange(width)[None, :] // _PATCH
    counts = np.bincount(patch[outside], minlength=int(patch.max()) + 1)
    order = _random(key, "leak").permutation(counts.size)
    reached = np.cumsum(counts[order])
    whole = int(np.searchsorted(reached, wanted, side="right"))
    chosen = np.zeros(counts.size, bool)
    chosen[order[:whole]] = True
    leaked = chosen[patch] & outside
    rest = wanted - int(leaked.sum())
    if rest:
        last = np.flatnonzero((patch == order[whole]) & outside)[:rest]
        leaked.reshape(-1)[last] = True
    pixels = np.array(image)
    bands = pixels[..., :3][leaked].astype(np.int16)
    bands += np.where(bands + habit.leak_by > 255, -habit.leak_by, habit.leak_by)
    pixels[..., :3][leaked] = bands.astype(np.uint8)
    return Images.fromarray(pixels), Images.fromarray(leaked), total


def _drifting(image: Image.Image, habit: Habit, key: str) -> Image.Image:
    """What each step costs: color, saturation, sharpness, noise.  Transparency stays."""
    from PIL import Image as Images
    from PIL import ImageEnhance, ImageFilter

    if habit.color == (0, 0, 0) and habit.saturation == 1 and not habit.blur and not habit.noise:
        return image
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    image = image.convert("RGB")
    if habit.color != (0, 0, 0):
        image = image.point([max(0, min(255, level + add)) for add in habit.color for level in range(256)])
    if habit.saturation != 1:
        image = ImageEnhance.Color(image).enhance(habit.saturation)
    if habit.blur:
        image = image.filter(ImageFilter.GaussianBlur(habit.blur))
    if habit.noise:
        import numpy as np

        pixels = np.asarray(image).astype(np.float32)
        pixels += _random(key, "noise").standard_normal(pixels.shape, np.float32) * habit.noise
        image = Images.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
    if alpha is not None:
        image.putalpha(alpha)
    return image


def _shifted(image: Image.Image, right: int, down: int) -> Image.Image:
    import numpy as np
    from PIL import Image as Images

    pixels = np.asarray(image)
    rows = np.clip(np.arange(image.height) - down, 0, image.height - 1)
    columns = np.clip(np.arange(image.width) - right, 0, image.width - 1)
    return Images.fromarray(pixels[rows][:, columns])


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    """Enlarge about the middle; a smaller picture has its own edge repeated around it."""
    import numpy as np
    from PIL import Image as Images

    width, height = image.size
    side = (max(1, round(width * factor)), max(1, round(height * factor)))
    if factor >= 1:
        box = ((1 - 1 / factor) * width / 2, (1 - 1 / factor) * height / 2, (1 + 1 / factor) * width / 2, (1 + 1 / factor) * height / 2)
        return image.resize((width, height), Images.Resampling.BICUBIC, box=box)
    small = np.asarray(image.resize(side, Images.Resampling.BICUBIC))
    rows = np.clip(np.arange(height) - (height - side[1]) // 2, 0, side[1] - 1)
    columns = np.clip(np.arange(width) - (width - side[0]) // 2, 0, side[0] - 1)
    return Images.fromarray(small[rows][:, columns])
