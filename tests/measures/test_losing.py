"""Losses of a chain: what was blurred, made noisy or paler is measured as that, what was meant to change is not."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from imgcell.measures.losing import losses


def noisy(image, deviation, seed=0):
    """*image* with independent noise in its bands."""
    pixels = np.asarray(image, np.float32)
    pixels = pixels + np.random.default_rng(seed).normal(0, deviation, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).round().astype(np.uint8))


@pytest.fixture(scope="module")
def photo():
    """Soft forms, hard edges, no grain, nothing near black or white."""
    rng = np.random.default_rng(5)
    small = rng.integers(70, 190, (9, 12, 3), dtype=np.uint8)
    image = np.asarray(Image.fromarray(small).resize((512, 384), Image.Resampling.BICUBIC), np.float32).copy()
    for _ in range(150):
        left, top = rng.integers(0, 480), rng.integers(0, 352)
        image[top : top + rng.integers(6, 40), left : left + rng.integers(6, 40)] += rng.normal(0, 25, 3)
    return Image.fromarray(np.clip(image, 30, 225).astype(np.uint8))


def test_a_copy_has_lost_nothing(photo):
    """All is as it was."""
    found = losses(photo, photo.copy())
    assert (found.sharpness, found.same, found.changed, found.color, found.chroma) == (1, 1, 0, 0, 0)
    assert found.noise[0] == found.noise[1]


def test_a_blur_is_a_loss_of_sharpness_alone(photo):
    """The more of it, the less is left."""
    some, more = (losses(photo, photo.filter(ImageFilter.GaussianBlur(radius))) for radius in (0.7, 2))
    assert 0.6 < some.sharpness < 0.97
    assert more.sharpness < some.sharpness - 0.1
    assert some.color < 1


@pytest.mark.parametrize("deviation", [3, 8])
def test_noise_is_measured_in_levels_and_is_no_sharpness(photo, deviation):
    """What was added is what is found, to a fifth; edges are not called steeper for it."""
    found = losses(photo, noisy(photo, deviation))
    assert found.noise[1] == pytest.approx(deviation, rel=0.2)
    assert found.noise[0] < 1
    assert found.sharpness == pytest.approx(1, abs=0.06)


def test_less_contrast_is_not_less_sharp(photo):
    """Paler, but as sharp as it was."""
    found = losses(photo, ImageEnhance.Contrast(photo).enhance(0.7))
    assert found.sharpness == pytest.approx(1, abs=0.04)


def test_a_creeping_saturation_shows_in_the_chroma(photo):
    """More color, with its sign."""
    assert losses(photo, ImageEnhance.Color(photo).enhance(1.3)).chroma > 2
    assert losses(photo, ImageEnhance.Color(photo).enhance(0.7)).chroma < -2


def test_what_was_replaced_does_not_count(photo):
    """Half of the picture is another one now; the other half tells of the blur, and of no color."""
    after = photo.filter(ImageFilter.GaussianBlur(1))
    whole = losses(photo, after)
    after.paste((220, 40, 40), (0, 0, 256, 384))
    found = losses(photo, after)
    assert found.same == pytest.approx(0.5, abs=0.06)
    assert found.sharpness == pytest.approx(whole.sharpness, abs=0.06)
    assert found.color < 1


def test_of_another_picture_nothing_is_said(photo):
    """No tile shows the same: no sharpness, no noise, no color is claimed."""
    other = Image.fromarray(np.asarray(photo)[::-1, ::-1].copy())
    found = losses(photo, ImageEnhance.Brightness(other).enhance(0.5))
    assert found.same < 0.2
    assert found.sharpness is found.noise is found.color is None
    assert found.changed > 0.9


def test_a_shift_is_no_loss(photo):
    """A picture that was moved by whole pixels is as sharp as it was."""
    moved = photo.transform(photo.size, Image.Transform.AFFINE, (1, 0, -7, 0, 1, 5))
    assert losses(photo, moved).sharpness == pytest.approx(1, abs=0.03)
