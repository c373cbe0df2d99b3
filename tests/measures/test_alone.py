"""Numbers about one picture, against truths that were worked out by hand or by another library."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from imgcell.measures import alone
from imgcell.measures.against import distance


def test_the_file_is_told_from_its_bytes(make_picture, photo):
    """Size as shown, format and bytes are the file's; a picture that was drawn on has none any more."""
    picture = make_picture(photo(40, 30), "JPEG")
    assert alone.file(picture) == {
        "width": 40,
        "height": 30,
        "format": "JPEG",
        "bytes": picture.source.size,
        "bits_per_pixel": round(8 * picture.source.size / 1200, 4),
    }
    assert not picture.loaded
    picture.putpixel((0, 0), (1, 2, 3))
    assert alone.file(picture)["bytes"] is None


def test_the_size_is_the_one_that_is_shown(make_picture, photo):
    """A picture that is turned by its EXIF is measured as it is seen."""
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = make_picture(Image.fromarray(photo(40, 30)), "JPEG", {"exif": exif.tobytes()})
    assert (alone.file(picture)["width"], alone.file(picture)["height"]) == (30, 40)


def test_transparency_is_what_is_really_there(make_picture):
    """A hole of a quarter is a quarter; a channel that is opaque everywhere is none; neither is an opaque format."""
    alpha = np.full((64, 64), 255, np.uint8)
    alpha[:32, :32] = 0
    alpha[40:, 40:] = 200  # a veil, more picture than ground
    holed = np.dstack([np.full((64, 64, 3), 90, np.uint8), alpha])
    assert alone.transparency(make_picture(holed)) == {"alpha": True, "transparent": 0.25}
    assert alone.transparency(make_picture(np.dstack([holed[..., :3], np.full((64, 64), 255, np.uint8)]))) == {
        "alpha": True,
        "transparent": 0.0,
    }
    opaque = make_picture(holed[..., :3], "JPEG")
    assert alone.transparency(opaque) == {"alpha": False, "transparent": 0.0}
    assert not opaque.loaded


def test_the_mean_color_is_the_average_of_the_values():
    """Half red, half blue is (127.5, 0, 127.5); pixels that are not seen do not count."""
    pixels = np.zeros((10, 10, 4), np.uint8)
    pixels[:, :5] = (255, 0, 0, 255)
    pixels[:, 5:] = (0, 0, 255, 255)
    found = alone.color(Image.fromarray(pixels))
    assert (found["mean_red"], found["mean_green"], found["mean_blue"]) == (127.5, 0.0, 127.5)
    assert found["mean_color"] in ("#800080", "#7f007f")
    pixels[:, 5:, 3] = 0
    assert alone.color(Image.fromarray(pixels))["mean_color"] == "#ff0000"
    pixels[..., 3] = 0
    assert set(alone.color(Image.fromarray(pixels)).values()) == {None}


def test_the_mean_color_of_a_photograph_is_numpy_s(photo):
    """Measured in strips it is what NumPy says of the whole."""
    pixels = photo(300, 700)
    found = alone.color(Image.fromarray(pixels))
    assert [found["mean_red"], found["mean_green"], found["mean_blue"]] == pytest.approx(list(pixels.mean((0, 1))), abs=0.001)


def test_colorfulness_by_hand():
    """Half (255, 0, 0), half (0, 0, 255): rg is 255 or 0, yb 127.5 or -255; Hasler and Süsstrunk's formula by hand.

    Deviations 127.5 and 191.25, means 127.5 and -63.75: root of their squares' sums, 229.850 + 0.3 x 142.549.
    """
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4] = (255, 0, 0)
    pixels[4:] = (0, 0, 255)
    assert alone.color(Image.fromarray(pixels))["colorfulness"] == pytest.approx(229.850 + 0.3 * 142.549, abs=0.01)
    assert alone.color(Image.new("RGB", (8, 8), (90, 90, 90)))["colorfulness"] == 0.0


def test_sharpness_by_hand():
    """One white pixel on black, 5x5: the Laplacian inside is -1020 once and 255 four times among nine, with mean 0."""
    pixels = np.zeros((5, 5), np.uint8)
    pixels[2, 2] = 255
    assert alone.sharpness(Image.fromarray(pixels))["sharpness"] == pytest.approx((1020**2 + 4 * 255**2) / 9, abs=0.001)
    assert alone.sharpness(Image.new("L", (9, 9), 77))["sharpness"] == 0.0
    assert alone.sharpness(Image.new("L", (2, 9)))["sharpness"] is None


def test_sharpness_is_scipy_s_laplacian(photo):
    """In strips it is the variance of SciPy's Laplacian over the whole inside."""
    ndimage = pytest.importorskip("scipy.ndimage")
    image = Image.fromarray(photo(130, 600)).convert("L")
    expected = ndimage.laplace(np.asarray(image).astype(np.float64))[1:-1, 1:-1].var()
    assert alone.sharpness(image)["sharpness"] == pytest.approx(expected, abs=0.001)


def test_a_blurred_picture_is_less_sharp(photo):
    """More blur, less sharpness, at every step; and what is only larger is not blurred at the common size."""
    from PIL import ImageFilter

    image = Image.fromarray(photo(400, 300))
    steps = [alone.sharpness(image.filter(ImageFilter.GaussianBlur(radius)))["sharpness"] for radius in (0, 1, 2, 4)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > 2 * steps[1]
    large = Image.fromarray(photo(1500, 1000))
    doubled = large.resize((3000, 2000), Image.Resampling.BICUBIC)
    small, big = alone.sharpness(large), alone.sharpness(doubled)
    assert big["sharpness"] < small["sharpness"] / 3
    assert 0.5 < big["sharpness_1024"] / small["sharpness_1024"] < 2


def test_the_fingerprint_is_the_one_of_its_definition(photo):
    """The lowest 8x8 frequencies of SciPy's DCT above their median, as in the papers."""
    fft = pytest.importorskip("scipy.fft")
    image = Image.fromarray(photo(200, 150))
    small = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float64)
    low = fft.dct(fft.dct(small, axis=0), axis=1)[:8, :8]
    bits = "".join("01"[int(bit)] for bit in (low > np.median(low)).ravel())
    assert alone.hash_text(image) == f"{int(bits, 2):016x}"


def test_near_duplicates_have_near_fingerprints(make_picture, photo):
    """Another format, size or compression changes at most six bits; other pictures about half of them."""
    image = Image.fromarray(photo(320, 240, seed=1))
    own = alone.hash_text(image)
    assert distance(own, alone.hash_text(make_picture(image, "JPEG", {"quality": 60}))) <= 6
    assert distance(own, alone.hash_text(image.resize((640, 480), Image.Resampling.BICUBIC))) <= 6
    assert distance(own, alone.hash_text(Image.fromarray(photo(320, 240, seed=4)))) > 15
    assert alone.hash_text(Image.new("RGB", (64, 64), "white")) == alone.hash_text(Image.new("RGB", (65, 40), "white"))


def test_a_picture_is_decoded_once_for_all_of_them(make_picture, photo, monkeypatch):
    """In one block every measure sees the same pixels; behind it nothing is held."""
    picture, opened = make_picture(photo()), []
    real = alone.opened
    monkeypatch.setattr(alone, "opened", lambda value: opened.append(value) or real(value))
    with alone.shared(picture):
        alone.color(picture)
        alone.sharpness(picture)
        alone.hash_text(picture)
    assert len(opened) == 1
    alone.color(picture)
    assert len(opened) == 2
    assert not picture.loaded
