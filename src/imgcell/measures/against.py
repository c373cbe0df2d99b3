"""Numbers about a picture and another one that it is compared with.

A picture of another size is brought to the baseline's (Lanczos) if both have the same shape, within 3 %; pictures of
different shapes cannot be laid on each other, and say so.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.measures.alone import hash_text, look
from imgcell.measures.registry import Metric, find
from imgcell.measures.seeing import colors
from imgcell.pictures.honored import RATIO_TOLERANCE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["METRICS", "distance", "hash_distance", "psnr", "ssim"]

#: Radius of the Gaussian window of SSIM: 3.5 standard deviations of 1.5 pixels, as scikit-image takes it.
_RADIUS = 5
#: Rows of a strip.
_ROWS = 512


def psnr(picture: object, baseline: object) -> float:
    """Return the peak signal-to-noise ratio in dB: 10 log10(255² / MSE), over all pixels and the three channels.

    Huynh-Thu and Ghanbari, "Scope of validity of PSNR in image/video quality assessment" (Electronics Letters 44, 2008).
    Infinite for equal pictures; 30 to 50 dB are common between a picture and its JPEG.

    Raises:
        InvalidJobError: The shapes differ.
    """
    one, other = _pair(picture, baseline)
    counted = ImageChops.difference(one, other).histogram()
    total = sum(count * (level % 256) ** 2 for level, count in enumerate(counted))
    if not total:
        return float("inf")
    return round(10 * math.log10(255**2 * 3 * one.width * one.height / total), 4)


def ssim(picture: object, baseline: object) -> float:
    """Return the mean structural similarity, -1 to 1; 1 is the same picture.

    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural similarity" (IEEE
    Transactions on Image Processing 13, 2004): on the luma, Gaussian window of 1.5 pixels, K1 = 0.01, K2 = 0.03, by
    :func:`skimage.metrics.structural_similarity`, in strips, so that large pictures take little memory.

    Raises:
        ImportError: scikit-image is not installed.
        InvalidJobError: The shapes differ, or a side is below 11 pixels.
    """
    import numpy as np

    from imgcell.measures.finer import similarity

    structural_similarity = similarity()
    if structural_similarity is None:
        raise ImportError(find("ssim").missing())

    one, other = (np.asarray(image.convert("L"), np.float32) for image in _pair(picture, baseline))
    high, wide = one.shape
    if min(high, wide) < 2 * _RADIUS + 1:
        raise InvalidJobError(
            tr("SSIM needs pictures of at least {side} pixels a side, not {width}x{height}.", side=11, width=wide, height=high)
        )
    total, count = 0.0, 0
    for top in range(_RADIUS, high - _RADIUS, _ROWS):
        bottom = min(top + _ROWS, high - _RADIUS)
        # A window's width more on both sides, of which nothing is counted; nor is the border, where no window is whole.
        part = slice(top - _RADIUS, bottom + _RADIUS)
        _, similar = structural_similarity(
            one[part], other[part], data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
        )
        inner: NDArray[np.float64] = similar[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]
        total += float(inner.sum(dtype=np.float64))
        count += inner.size
    return round(total / count, 6)


def hash_distance(picture: object, baseline: object) -> int:
    """Return in how many of 64 bits the fingerprints (:func:`imgcell.measures.alone.hash_text`) differ."""
    return distance(hash_text(picture), hash_text(baseline))


def distance(one: str, other: str) -> int:
    """Return in how many bits two fingerprints differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _pair(picture: object, baseline: object) -> tuple[Image.Image, Image.Image]:
    """Return both in RGB and in the baseline's size."""
    one, other = colors(look(picture)).convert("RGB"), colors(look(baseline)).convert("RGB")
    if one.size == other.size:
        return one, other
    shape, wanted = one.width / one.height, other.width / other.height
    if max(shape / wanted, wanted / shape) - 1 > RATIO_TOLERANCE:
        raise InvalidJobError(
            tr(
                "{width}x{height} cannot be laid on a baseline of {baseline_width}x{baseline_height}: the shapes differ.",
                width=one.width,
                height=one.height,
                baseline_width=other.width,
                baseline_height=other.height,
            )
        )
    return one.resize(other.size, Image.Resampling.LANCZOS, reducing_gap=3.0), other


METRICS = (
    Metric("psnr", psnr, "baseline"),
    Metric("ssim", ssim, "baseline", extra="measures", probe="skimage"),
    Metric("hash_distance", hash_distance, "baseline"),
)
