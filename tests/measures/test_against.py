"""Numbers about two pictures, against scikit-image and against truths worked out by hand."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from PIL import Image

from imgcell.errors import InvalidJobError
from imgcell.measures import against


def test_psnr_by_hand():
    """One level apart everywhere is 10 log10(255²) = 48.1308 dB; the same picture is infinitely far from noise."""
    one = Image.new("RGB", (20, 10), (100, 100, 100))
    assert against.psnr(one, Image.new("RGB", (20, 10), (101, 101, 101))) == 48.1308
    assert math.isinf(against.psnr(one, one.copy()))


def test_psnr_is_scikit_image_s(photo):
    """In strips it is what scikit-image says of the whole."""
    metrics = pytest.importorskip("skimage.metrics")
    one, other = photo(70, 1100, seed=0), photo(70, 1100, seed=0, grain=12)
    assert against.psnr(Image.fromarray(one), Image.fromarray(other)) == pytest.approx(
        metrics.peak_signal_noise_ratio(other, one, data_range=255), abs=1e-3
    )


def test_ssim_is_scikit_image_s_with_wang_s_parameters(photo):
    """In strips it is what scikit-image says of the whole luma, to the fifth digit."""
    metrics = pytest.importorskip("skimage.metrics")
    one, other = (Image.fromarray(photo(80, 1300, seed=0, grain=grain)) for grain in (4, 15))
    expected = metrics.structural_similarity(
        *(np.asarray(image.convert("L")) for image in (one, other)),
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    assert against.ssim(one, other) == pytest.approx(expected, abs=1e-5)
    assert against.ssim(one, one.copy()) == pytest.approx(1.0, abs=1e-6)


def test_ssim_by_hand():
    """Two flat pictures differ in luminance alone: (2ab + c1) / (a² + b² + c1) with c1 = (0.01 x 255)²."""
    pytest.importorskip("skimage")
    expected = (2 * 100 * 150 + 6.5025) / (100**2 + 150**2 + 6.5025)
    found = against.ssim(Image.new("L", (40, 40), 100), Image.new("L", (40, 40), 150))
    assert found == pytest.approx(expected, abs=1e-5)


def test_another_size_of_the_same_shape_is_brought_to_the_baseline(photo):
    """A picture that is only larger is close to the baseline; another shape cannot be compared, and says so."""
    pytest.importorskip("skimage")
    base = Image.fromarray(photo(120, 80, grain=0))
    doubled = base.resize((240, 160), Image.Resampling.BICUBIC)
    assert against.ssim(doubled, base) > 0.98
    assert against.psnr(doubled, base) > 35
    with pytest.raises(InvalidJobError, match="60x80 cannot be laid on a baseline of 120x80"):
        against.psnr(base.resize((60, 80)), base)


def test_ssim_of_a_tiny_picture_says_what_it_needs():
    """A window of eleven pixels has no place in ten."""
    pytest.importorskip("skimage")
    with pytest.raises(InvalidJobError, match="at least 11 pixels a side, not 30x10"):
        against.ssim(Image.new("L", (30, 10)), Image.new("L", (30, 10)))


def test_ssim_without_scikit_image_says_what_to_install(monkeypatch):
    """It is an extra, and there is no simpler way."""
    monkeypatch.setitem(sys.modules, "skimage", None)
    monkeypatch.setitem(sys.modules, "skimage.metrics", None)
    with pytest.raises(ImportError, match=r"pip install imgcell\[measures\]"):
        against.ssim(Image.new("L", (30, 30)), Image.new("L", (30, 30)))


def test_fingerprints_are_compared_by_bits(photo):
    """The same picture differs in none; distance() counts the bits of two hashes."""
    assert against.hash_distance(Image.fromarray(photo()), Image.fromarray(photo())) == 0
    assert against.distance("0000000000000000", "800000000000000f") == 5
