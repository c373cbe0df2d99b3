"""Numbers about one picture: its file, its transparency, its color, its sharpness, its fingerprint.

All of them look at the picture as it is shown: upright, 8 bits a channel.  Where a transparent picture needs a ground, it
is laid on the middle gray of :mod:`imgcell.measures.seeing`.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from PIL import Image

from imgcell.measures.registry import Metric
from imgcell.measures.seeing import colors, opened
from imgcell.pictures.picture import Picture
from imgcell.pictures.preview import shrink

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["METRICS", "color", "file", "hash_text", "look", "shared", "sharpness", "transparency"]

#: Long side at which pictures of different sizes are compared.
COMPARED_SIDE = 1024
#: Rows that are worked on at a time: what is in memory beside the picture stays small, and fits a processor's cache.
_ROWS, _STRIP = 256, 16

_now = threading.local()


@contextlib.contextmanager
def shared(*pictures: object) -> Iterator[None]:
    """Decode each of *pictures* once for all that is measured in the block, on this thread; nobody may draw on them in there."""
    # The pictures are kept as well: only while they are there does an id mean them.
    _now.known, _now.images = {id(picture): picture for picture in pictures}, {}
    try:
        yield
    finally:
        _now.known, _now.images = {}, {}


def look(picture: object) -> Image.Image:
    """Return a picture upright, in mode L, RGB or RGBA.

    Raises:
        InvalidJobError: It is no picture, or cannot be decoded.
    """
    if id(picture) not in getattr(_now, "known", {}):
        return opened(picture)
    images: dict[int, Image.Image] = _now.images
    if id(picture) not in images:
        images[id(picture)] = opened(picture)
    return images[id(picture)]


def file(picture: object) -> dict[str, Any]:
    """Return what the file is: ``width`` and ``height`` in pixels as shown, ``format``, ``bytes``, ``bits_per_pixel``.

    A picture that has been drawn on, or that never was a file, has no format and no bytes.
    """
    if isinstance(picture, Picture) and not picture.edited:
        facts, size = picture.facts, picture.source.size
        bits = round(8 * size / (facts.width * facts.height), 4)
        return {"width": facts.width, "height": facts.height, "format": facts.format, "bytes": size, "bits_per_pixel": bits}
    image = look(picture)
    return {"width": image.width, "height": image.height, "format": None, "bytes": None, "bits_per_pixel": None}


def transparency(picture: object) -> dict[str, Any]:
    """Return whether there is transparency, and how much.

    Returns:
        ``alpha``: whether the picture has an alpha channel (or a transparent color).  ``transparent``: the share of its
        pixels, 0 to 1, that show more of the ground than of the picture (alpha below 128 of 255): the transparency that is
        really there, whatever the channel promises.
    """
    if isinstance(picture, Picture) and not picture.edited and not picture.facts.alpha:
        return {"alpha": False, "transparent": 0.0}
    image = look(picture)
    if image.mode != "RGBA":
        return {"alpha": False, "transparent": 0.0}
    clear = sum(image.getchannel("A").histogram()[:128])
    return {"alpha": True, "transparent": round(clear / (image.width * image.height), 6)}


def color(picture: object) -> dict[str, Any]:
    """Return the average color and how colorful the picture is.

    Returns:
        ``mean_red``, ``mean_green``, ``mean_blue``: the average of the sRGB values, 0 to 255, each pixel weighted with its
        alpha; ``mean_color``: the same as ``"#rrggbb"``.  ``colorfulness``: the measure M3 of Hasler and Süsstrunk,
        "Measuring colourfulness in natural images" (SPIE 5007, 2003), equation (10), with rg = R - G and yb = (R + G)/2 - B:
        root(var rg + var yb) + 0.3 root(mean rg squared + mean yb squared); 0 is gray, 33 moderately and 109 extremely
        colorful in their words.  All are ``None`` for a picture that is transparent everywhere.
    """
    import numpy as np

    image = look(picture)
    alpha = np.asarray(image.getchannel("A")) if image.mode == "RGBA" else None
    pixels = np.asarray(image.convert("RGB"))
    # Sums of R, G, B and 1, and of all their products, weighted: everything else follows from these sixteen.
    sums = np.zeros((4, 4))
    for top in range(0, len(pixels), _STRIP):
        part = pixels[top : top + _STRIP].reshape(-1, 3)
        values = np.ones((len(part), 4))
        values[:, :3] = part
        weighted = values if alpha is None else values * (alpha[top : top + _STRIP].reshape(-1, 1) / 255)
        sums += weighted.T @ values
    if not sums[3, 3]:
        return dict.fromkeys(("mean_color", "mean_red", "mean_green", "mean_blue", "colorfulness"))
    mean = sums[3, :3] / sums[3, 3]
    spread = sums[:3, :3] / sums[3, 3] - np.outer(mean, mean)
    against = np.array([[1.0, -1.0, 0.0], [0.5, 0.5, -1.0]])
    variances = np.maximum(np.diag(against @ spread @ against.T), 0)
    colorfulness = float(np.sqrt(variances.sum()) + 0.3 * np.sqrt(((against @ mean) ** 2).sum()))
    red_, green_, blue_ = (round(float(value), 3) for value in mean)
    name = "#" + "".join(f"{round(value):02x}" for value in (red_, green_, blue_))
    return {"mean_color": name, "mean_red": red_, "mean_green": green_, "mean_blue": blue_, "colorfulness": round(colorfulness, 3)}


def sharpness(picture: object) -> dict[str, Any]:
    """Return how much fine detail there is: the variance of the Laplacian of the luma.

    Pech-Pacheco and others, "Diatom autofocusing in brightfield microscopy" (ICPR 2000), with the kernel 0 1 0, 1 -4 1, 0 1 0
    on the luma of ITU-R BT.601 (0 to 255), over all pixels but the border.  Grain counts as detail.

    Returns:
        ``sharpness``: at the picture's own size, for pictures of one size.  ``sharpness_1024``: with the long side brought
        down to 1024 pixels, for pictures of different sizes (smaller ones are not enlarged).  ``None`` for fewer than three
        pixels a side.
    """
    luma = colors(look(picture)).convert("L")
    own = _laplacian(luma)
    return {"sharpness": own, "sharpness_1024": own if max(luma.size) <= COMPARED_SIDE else _laplacian(shrink(luma, COMPARED_SIDE))}


def _laplacian(luma: Image.Image) -> float | None:
    import numpy as np

    values: NDArray[np.uint8] = np.asarray(luma)
    if min(values.shape) < 3:
        return None
    total = squares = 0
    for top in range(1, len(values) - 1, _ROWS):
        part = values[top - 1 : min(top + _ROWS, len(values) - 1) + 1].astype(np.int32)
        edges = part[:-2, 1:-1] + part[2:, 1:-1] + part[1:-1, :-2] + part[1:-1, 2:] - 4 * part[1:-1, 1:-1]
        total += int(edges.sum(dtype=np.int64))
        squares += int((edges * edges).sum(dtype=np.int64))
    count = (values.shape[0] - 2) * (values.shape[1] - 2)
    variance: float = squares / count - (total / count) ** 2
    return round(variance, 3)


def hash_text(picture: object) -> str:
    """Return a fingerprint that is nearly the same for nearly the same pictures: 64 bits as 16 hex digits.

    The perceptual hash by discrete cosine transform (Zauner, "Implementation and benchmarking of perceptual image hash
    functions", 2010, section 3.2.1, in the form of Krawetz, "Looks like it", 2011): luma at 32x32, its DCT-II, of the 8x8
    lowest frequencies the ones above their median.  How many bits of two differ says how far they are apart: up to about 6
    is the same picture in another size, format or compression; unrelated pictures differ in about 32.
    """
    import numpy as np

    luma = colors(look(picture)).convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    waves = _waves()
    # Rounded: what is exactly 0 in theory must not become a bit by way of the last digit.
    low = np.round(waves @ np.asarray(luma, np.float64) @ waves.T, 4)
    bits = (low > np.median(low)).ravel()
    return f"{int(''.join('01'[int(bit)] for bit in bits), 2):016x}"


@cache
def _waves() -> NDArray[np.float64]:
    """Return the 8 lowest rows of the DCT-II of 32 samples, as :func:`scipy.fft.dct` scales it."""
    import numpy as np

    rows: NDArray[np.float64] = 2 * np.cos(np.pi * np.arange(8)[:, None] * (2 * np.arange(32)[None, :] + 1) / 64)
    return rows


METRICS = (
    Metric("file", file, columns=("width", "height", "format", "bytes", "bits_per_pixel")),
    Metric("transparency", transparency, columns=("alpha", "transparent")),
    Metric("color", color, columns=("mean_color", "mean_red", "mean_green", "mean_blue", "colorfulness")),
    Metric("sharpness", sharpness, columns=("sharpness", "sharpness_1024")),
    Metric("hash", hash_text),
)
