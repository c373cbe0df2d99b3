"""What changed is what was changed: on synthetic photographs, by known shares, known pixels and known factors."""

from __future__ import annotations

import base64
import io
import sys

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

import imgcell
from imgcell.measures import seeing

WIDTH, HEIGHT = 480, 352


def photograph(seed=0, size=(WIDTH, HEIGHT)):
    """A picture with the statistics of a photograph: soft forms, edges, texture and grain, in color."""
    rng = np.random.default_rng(seed)
    width, height = size
    total = np.zeros((height, width, 3))
    for cells, strength in ((3, 60), (7, 40), (17, 26), (41, 14), (97, 8)):
        small = rng.normal(0, 1, (cells, cells, 3)) * [1, 0.8, 0.9] + rng.normal(0, 1, (cells, cells, 1))
        layers = [
            np.asarray(Image.fromarray(small[..., band].astype(np.float32)).resize(size, Image.Resampling.BICUBIC)) for band in range(3)
        ]
        total += strength * np.stack(layers, -1)
    for _ in range(12):  # things with edges
        left, top = rng.integers(0, width - 40), rng.integers(0, height - 40)
        total[top : top + rng.integers(15, 90), left : left + rng.integers(15, 120)] += rng.normal(0, 45, 3)
    return Image.fromarray(np.clip(128 + 0.7 * total + rng.normal(0, 2, total.shape), 0, 255).astype(np.uint8))


def compressed(image, kind="JPEG", quality=85):
    """What is left of *image* after it was compressed."""
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def moved(image, right, down, scale=1.0):
    """*image* enlarged about its middle and displaced, what is missing black."""
    width, height = image.size
    data = (1 / scale, 0, width / 2 * (1 - 1 / scale) - right / scale, 0, 1 / scale, height / 2 * (1 - 1 / scale) - down / scale)
    return image.transform(image.size, Image.Transform.AFFINE, data, Image.Resampling.BICUBIC)


def hole(box=(120, 90, 260, 230), size=(WIDTH, HEIGHT)):
    """A mask, white in a box."""
    mask = Image.new("L", size, 0)
    mask.paste(255, box)
    return mask


@pytest.fixture(scope="module")
def photo():
    """One photograph for all."""
    return photograph()


def test_the_same_picture_has_not_changed(photo):
    """Nothing changed, nothing moved, nothing drifted."""
    found = imgcell.changes(photo, photo.copy(), hole())
    assert (found.changed, found.changed_inside, found.changed_outside) == (0, 0, 0)
    assert (found.shift, found.scale, found.input_ignored, found.likeness) == ((0, 0), 1.0, False, pytest.approx(1))
    assert (found.outside.mean, found.outside.largest, found.outside.lightness, found.outside.chroma) == (0, 0, 0, 0)
    assert found.line(0.05) is None


@pytest.mark.parametrize(("kind", "quality", "most"), [("JPEG", 90, 0.004), ("JPEG", 75, 0.02), ("WEBP", 80, 0.02)])
@pytest.mark.parametrize("seed", [0, 1])
def test_compression_is_no_change(kind, quality, most, seed):
    """What a JPEG or a WebP loses does not count, although nearly every pixel has another value."""
    before = photograph(seed)
    after = compressed(before, kind, quality)
    assert (np.asarray(before) != np.asarray(after)).any(-1).mean() > 0.5
    found = imgcell.changes(before, after, hole())
    assert found.changed_outside < most
    assert found.line(0.05) is None


@pytest.mark.parametrize("share", [0.05, 0.2, 0.38, 0.7])
@pytest.mark.parametrize(("quality", "within"), [(None, 0.003), (92, 0.05)])
def test_a_leak_is_measured_as_large_as_it_is(photo, share, quality, within):
    """Patches of known area with another picture's content: found exactly, and to five points where a JPEG smears their borders."""
    other, pixels = np.asarray(photograph(7)), np.asarray(photo).copy()
    patch = 24
    chosen = np.random.default_rng(3).random((-(-HEIGHT // patch), -(-WIDTH // patch))) < share
    leaked = np.kron(chosen, np.ones((patch, patch), bool))[:HEIGHT, :WIDTH]
    outside = np.asarray(hole()) == 0
    pixels[leaked] = other[leaked]
    after = Image.fromarray(pixels)
    found = imgcell.changes(photo, compressed(after, quality=quality) if quality else after, hole(), edge=0)
    assert found.changed_outside == pytest.approx(leaked[outside].mean(), abs=within)


def test_what_is_asked_for_is_not_what_leaked(photo):
    """A new content in the mask counts inside only; beside the mask's edge nothing counts."""
    after = photo.copy()
    after.paste((30, 90, 220), (112, 82, 268, 238))  # eight pixels more than the mask, all around
    found = imgcell.changes(photo, after, hole())
    assert found.changed_inside > 0.97
    assert found.changed_outside < 0.001  # the corners of the box are 11 pixels away
    assert imgcell.changes(photo, after, hole(), edge=0).changed_outside > 0.02
    assert found.line() == "outside the mask: < 0.1 % changed"
    assert found.line(0.05) is None


def test_the_threshold_decides(photo):
    """A gray that is L* = 3 lighter counts above a threshold of 2, and not above one of 5."""
    before, after = Image.new("RGB", (64, 64), (119, 119, 119)), Image.new("RGB", (64, 64), (127, 127, 127))
    assert np.asarray(seeing.lab(after))[0, 0, 0] - np.asarray(seeing.lab(before))[0, 0, 0] == pytest.approx(3.1, abs=0.15)
    assert imgcell.changes(before, after, threshold=2).changed == 1
    assert imgcell.changes(before, after).changed == 0
    for wrong in (0, -1, 101, "5", True, float("nan")):
        with pytest.raises(imgcell.errors.InvalidJobError, match="threshold"):
            imgcell.changes(before, after, threshold=wrong)
    with pytest.raises(imgcell.errors.InvalidJobError, match="edge"):
        imgcell.changes(before, after, edge=-1)


def test_lab_is_that_of_the_standard():
    """White is exactly L* = 100, and the values of well-known colors are those of CIE 15 with sRGB's primaries."""
    row = Image.new("RGB", (4, 1))
    for place, color in enumerate([(255, 255, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0)]):
        row.putpixel((place, 0), color)
    wanted = [(100, 0, 0), (53.24, 80.09, 67.20), (32.30, 79.19, -107.86), (0, 0, 0)]
    assert np.allclose(seeing.lab(row)[0], wanted, atol=0.05)


@pytest.mark.parametrize(("right", "down"), [(3, -2), (-17, 9), (40, 25), (1, 0)])
def test_a_shift_is_found_to_the_pixel_and_undone(photo, right, down):
    """The content displaced by whole pixels, compressed: found exactly, and after that nothing has changed."""
    after = compressed(moved(photo, right, down))
    found = imgcell.changes(photo, after, hole())
    assert found.shift == (right, down)
    assert (found.scale, found.compensated) == (1.0, True)
    assert found.changed_outside < 0.02
    assert f"shifted by {right}, {down} px" in found.line(0.05)
    seen = imgcell.changes(photo, after, hole(), align=False)
    assert seen.shift == (right, down)
    assert not seen.compensated
    assert seen.changed_outside > 4 * found.changed_outside


@pytest.mark.parametrize(("right", "down", "scale"), [(0, 0, 1.02), (2.5, -3, 0.98), (8, 3, 1.1), (0, 0, 0.85), (-20, 10, 1.2)])
def test_a_scale_is_found_and_undone(photo, right, down, scale):
    """Enlarged or made smaller about the middle, and displaced by fractions of pixels."""
    found = imgcell.changes(photo, compressed(moved(photo, right, down, scale)), hole())
    assert found.scale == pytest.approx(scale, abs=0.001)
    assert found.shift == pytest.approx((right, down), abs=0.2)
    assert found.changed_outside < 0.03


def test_a_shift_is_found_although_half_of_the_picture_is_new(photo):
    """Tiles that show something else are outvoted by those that agree."""
    after = moved(photo, 5, -4)
    after.paste(photograph(9).crop((0, 0, 240, HEIGHT)), (0, 0))
    assert imgcell.changes(photo, after).shift == (5, -4)


def test_a_shift_of_a_large_picture_is_found_to_the_pixel():
    """Measured on a grid of half the pixels, then on the pixels themselves."""
    large = photograph(2, (1600, 1184))
    found = imgcell.changes(large, moved(large, 7, -5))
    assert found.shift == (7, -5)
    assert found.difference.shape == (592, 800)
    assert found.where.size == large.size


def test_where_nothing_is_to_be_seen_no_shift_is_claimed():
    """A plain color can be displaced by anything; and a picture of something else by nothing."""
    plain = Image.new("RGB", (256, 256), (200, 180, 40))
    found = imgcell.changes(plain, plain.copy())
    assert (found.shift, found.alignment.agreement, found.input_ignored) == ((0, 0), None, None)
    other = imgcell.changes(photograph(0), photograph(1))
    assert (other.shift, other.scale, other.alignment.found) == ((0, 0), 1.0, False)


def test_a_drift_of_the_colors_is_measured(photo):
    """Darker, paler, warmer: each shows in its own figure, with its sign."""
    assert imgcell.changes(photo, ImageEnhance.Brightness(photo).enhance(0.8)).whole.lightness == pytest.approx(-10.5, abs=2.5)
    assert imgcell.changes(photo, ImageEnhance.Color(photo).enhance(0.5)).whole.chroma < -3
    warm = Image.merge("RGB", [photo.getchannel(0), photo.getchannel(1), photo.getchannel(2).point(lambda value: value * 0.8)])
    assert imgcell.changes(photo, warm).whole.yellow_blue > 4


@pytest.mark.parametrize(
    "how",
    [
        lambda image: ImageEnhance.Brightness(image).enhance(0.4),
        lambda image: image.convert("L"),
        lambda image: Image.eval(image, lambda value: 255 - value),
        lambda image: image.filter(ImageFilter.GaussianBlur(4)),
        lambda image: image.filter(ImageFilter.CONTOUR),
        lambda image: image.quantize(6).convert("RGB"),
    ],
    ids=["dark", "gray", "negative", "soft", "drawn", "six colors"],
)
def test_a_drastic_edit_has_not_ignored_its_input(photo, how):
    """Whatever was done to the colors, the forms are those of the input."""
    assert imgcell.changes(photo, how(photo)).input_ignored is False


@pytest.mark.parametrize("seeds", [(0, 1), (2, 3), (4, 5), (1, 6)])
def test_another_picture_has_ignored_its_input(seeds):
    """A picture of something else is told from an edit, and said to be one."""
    found = imgcell.changes(photograph(seeds[0]), photograph(seeds[1]), hole())
    assert found.input_ignored is True
    assert "ignored" in found.line(0.05)


def test_another_size_of_the_same_ratio_is_compared_all_the_same(photo):
    """The second picture twice as large: nothing changed but the size, which is said."""
    found = imgcell.changes(photo, photo.resize((WIDTH * 2, HEIGHT * 2), Image.Resampling.LANCZOS), hole())
    assert (found.size_kept, found.ratio_kept, found.alignment.fit) == (False, True, "resized")
    assert found.changed_outside < 0.02
    assert "480×352 became 960×704" in str(found)


@pytest.mark.parametrize("how", ["crop", "border", "stretched"])
def test_another_ratio_is_taken_as_what_it_is(photo, how):
    """A square made of a landscape: its middle, all of it with something added, or squeezed; each is recognized."""
    if how == "crop":
        after = photo.crop((64, 0, 416, 352))
    elif how == "border":
        after = Image.new("RGB", (480, 480), (90, 90, 90))
        after.paste(photo, (0, 64))
    else:
        after = photo.resize((352, 352), Image.Resampling.LANCZOS)
    found = imgcell.changes(photo, after)
    assert (found.alignment.fit, found.ratio_kept) == (how, False)
    assert found.changed < 0.04
    assert "ratio" in str(found)


def test_transparency_that_comes_counts_as_change(photo):
    """A part that became transparent is seen on a middle gray."""
    after = photo.convert("RGBA")
    after.paste((0, 0, 0, 0), (0, 0, WIDTH, HEIGHT // 2))
    assert 0.4 < imgcell.changes(photo, after).changed < 0.52


def test_it_takes_whatever_an_edit_takes(photo, tmp_path):
    """Files, bytes, arrays, masks with alpha; a mask of another size is refused."""
    path = tmp_path / "照片.png"
    photo.save(path)
    alpha = Image.new("RGBA", photo.size, (0, 0, 0, 255))
    alpha.paste((0, 0, 0, 0), (120, 90, 260, 230))
    for mask in (alpha, np.asarray(hole()), np.asarray(hole()) > 0, imgcell.Mask(hole())):
        found = imgcell.changes(path, np.asarray(photo), mask)
        assert (found.changed, found.inside.samples) == (0, 140 * 140)
    with pytest.raises(imgcell.errors.InvalidJobError, match="same size"):
        imgcell.changes(photo, photo, hole(size=(WIDTH, 100)))


def test_an_upright_view_is_what_is_compared(photo):
    """A photograph that says it lies on its side is compared as it is shown."""
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    photo.transpose(Image.Transpose.ROTATE_90).save(buffer, "PNG", exif=exif)
    assert imgcell.changes(photo, buffer.getvalue()).changed == 0


def test_the_figures_are_columns(photo):
    """Plain values by name, for a table; without a mask what is of the mask is None."""
    row = imgcell.changes(photo, photo.copy()).to_dict()
    assert row["changed"] == 0
    assert row["changed_inside"] is row["changed_outside"] is None
    assert {"shift_x", "shift_y", "scale", "ssim_outside", "size_kept", "ratio_kept", "input_ignored"} <= set(row)
    assert all(value is None or isinstance(value, (bool, int, float, str)) for value in row.values())


def test_without_scikit_image_the_simpler_formula_is_used_and_named(photo, monkeypatch):
    """The shares are the same on every machine; mean and largest say by which formula they are, SSIM is not there."""
    after = photo.copy()
    after.paste((30, 90, 220), (20, 20, 90, 90))
    with_it = imgcell.changes(photo, after, hole())
    for name in ("skimage", "skimage.color", "skimage.metrics"):
        monkeypatch.setitem(sys.modules, name, None)
    without = imgcell.changes(photo, after, hole())
    assert without.changed_outside == with_it.changed_outside > 0.03
    assert (without.formula, without.outside.ssim) == ("CIE76", None)
    assert without.outside.largest > with_it.outside.largest * 0.5


def test_the_finer_formula_is_ciede2000(photo):
    """With scikit-image the mean is that of its CIEDE2000, of the averages around each sample."""
    color = pytest.importorskip("skimage.color")
    after = ImageEnhance.Color(photo).enhance(0.6)
    found = imgcell.changes(photo, after)
    averages = [color.rgb2lab(np.asarray(image.filter(ImageFilter.BoxBlur(2))) / 255) for image in (photo, after)]
    assert found.formula == "CIEDE2000"
    assert found.whole.mean == pytest.approx(color.deltaE_ciede2000(*averages).mean(), rel=0.01)
    assert 0 < found.whole.ssim < 1


def test_the_map_shows_what_changed_and_where_the_mask_is(photo):
    """Heat where it changed, gray elsewhere, the mask's outline in cyan; shown in a cell with the figures below, and as text."""
    after = photo.copy()
    after.paste((250, 20, 20), (300, 40, 380, 120))
    found = imgcell.changes(photo, after, hole())
    heat = np.asarray(found.heat_map).astype(int)
    gray = np.ptp(heat, axis=-1) <= 1
    assert not gray[44:116, 304:376].any()
    assert gray[200:300, 300:460].mean() > 0.99
    assert (heat[88:90, 140:240] == (0, 216, 240)).all(-1).any()
    assert np.asarray(found.where)[80, 340] == 255
    assert found.where.size == photo.size
    bundle = found._repr_mimebundle_()
    assert set(bundle) == {"image/jpeg", "text/plain"}
    assert bundle["text/plain"] == str(found)
    assert "outside the mask: " in str(found)
    shown = Image.open(io.BytesIO(base64.b64decode(bundle["image/jpeg"]))).convert("L")
    below = np.asarray(shown)[round((shown.width - 16) / 3 * photo.height / photo.width) + 8 :]
    assert len(below) >= 25 * len(str(found).splitlines())
    assert below.min() < 60
    assert below.mean() > 200
