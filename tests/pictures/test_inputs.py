"""Whatever a user hands in as a picture goes out as the endpoint can take it, or is one clear error."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imgcell.errors import InvalidJobError
from imgcell.pictures import FileSource, Picture, Sheet, expand, load_image, needs_fetch
from imgcell.providers.profile import Model


def sent(image):
    """The picture that goes out, as Pillow opens it."""
    data = image.data if image.data is not None else image.path.read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (image.size, image.sha256)
    opened = Image.open(io.BytesIO(data))
    opened.load()
    assert (opened.get_format_mimetype(), *opened.size) == (image.media_type, image.width, image.height)
    return opened


# -- what goes out as it is --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_files_and_bytes_go_out_untouched(encode, photo, tmp_path, model, kind):
    """Bytes stay these bytes; a file is named by its path and not read into memory; nothing is noted."""
    data = encode(photo(), kind)
    path = tmp_path / "参考图 🏠.bin"
    path.write_bytes(data)
    for value in (data, bytearray(data), memoryview(data), io.BytesIO(data)):
        image = load_image(value, model)
        assert (image.data, image.path, image.notes, image.parent) == (data, None, (), None)
        sent(image)
    for value in (path, str(path), path.as_uri()):
        image = load_image(value, model)
        assert (image.data, image.path, image.notes) == (None, path, ())
        sent(image)


def test_relative_paths_and_the_home_folder(encode, photo, tmp_path, model, monkeypatch):
    """Paths are taken from the current folder, and ~ is the user's."""
    (tmp_path / "a.png").write_bytes(encode(photo()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert load_image("a.png", model).size == load_image("~/a.png", model).size == (tmp_path / "a.png").stat().st_size


def test_a_picture_goes_out_as_its_original_bytes(make_picture, model):
    """No decoding, no re-encoding; the record's id is the parent."""
    picture = make_picture(kind="WEBP")
    image = load_image(picture, model)
    assert (image.data, image.parent, image.media_type) == (picture.data, picture.record.id, "image/webp")
    assert not picture.loaded


def test_a_stored_picture_goes_out_by_path(encode, photo, make_record, tmp_path, model):
    """The blob is streamed from where it is, under the digest that is known."""
    path = tmp_path / "blob"
    path.write_bytes(encode(photo()))
    source = FileSource(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
    image = load_image(Picture(source, make_record()), model)
    assert (image.path, image.data) == (path, None)
    sent(image)


def test_what_was_made_from_a_picture_names_it(make_picture, model):
    """A drawing on it, a resized copy and a crop are sent as pixels with the same parent."""
    picture = make_picture()
    for made in (picture.resize((20, 20)), picture.crop((0, 0, 10, 10)), picture.convert("L")):
        assert load_image(made, model).parent == picture.record.id
    ImageDraw.Draw(picture).rectangle((0, 0, 64, 48), fill=(255, 0, 0))
    image = load_image(picture, model)
    assert image.parent == picture.record.id
    assert sent(image).getpixel((30, 30)) == (255, 0, 0)


@pytest.mark.parametrize("url", ["https://example.org/a.png", "HTTP://example.org/灯塔.png?x=1"])
def test_addresses(model, url):
    """They are passed on where the model takes them, and named for fetching where it does not."""
    takes = Model("m-2", image_urls=True)
    image = load_image(url, takes)
    assert (image.url, image.data, image.path, image.media_type) == (url, None, None, "")
    assert needs_fetch(url, takes) is None
    assert needs_fetch(url, takes, mask=True) == url
    assert needs_fetch(url, model) == url
    for value in ("a.png", Path("a.png"), b"x", None, "data:image/png;base64,AAAA"):
        assert needs_fetch(value, model) is None
    with pytest.raises(InvalidJobError, match="no addresses"):
        load_image(url, model)


@pytest.mark.parametrize("url", ["https://", "http://[::1", "https://exa mple.org/a.png"])
def test_broken_addresses(model, url):
    """What only starts like an address is an error."""
    with pytest.raises(InvalidJobError, match="not an address"):
        needs_fetch(url, model)


def test_data_addresses(encode, photo, model):
    """Base64 with line ends, url-safe letters or no padding is taken."""
    data = encode(photo())
    text = base64.b64encode(data).decode()
    for body in (text, text.rstrip("="), "\n".join([text[:100], text[100:]]), base64.urlsafe_b64encode(data).decode()):
        assert load_image(f"data:image/png;base64,{body}", model).data == data
    for broken in ("data:image/png;base64,%%%", "data:image/png", "data:image/png;base64,"):
        with pytest.raises(InvalidJobError):
            load_image(broken, model)


def test_lists_and_sheets_are_flattened(make_picture):
    """Order is kept; a Sheet stands for its pictures."""
    a, b, c = make_picture(), make_picture(), make_picture()
    assert expand([a, Sheet([b, c]), ["x.png", (b"y",)]]) == [a, b, c, "x.png", b"y"]
    with pytest.raises(InvalidJobError, match="still running"):
        expand([Sheet()])
    with pytest.raises(InvalidJobError, match="no pictures"):
        expand([Sheet(running=False)])


def test_a_sheet_of_one_is_a_picture(make_picture, model):
    """A Sheet of two is not."""
    picture = make_picture()
    assert load_image(Sheet([picture]), model).parent == picture.record.id
    with pytest.raises(InvalidJobError, match=r"sheet\[0\]"):
        load_image(Sheet([picture, picture]), model)


# -- what is encoded -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"]
)
def test_pil_images_of_every_mode(model, mode):
    """Each becomes a lossless PNG in L, RGB or RGBA that looks like it."""
    grey = Image.linear_gradient("L").resize((20, 10))
    made = {
        "I;16": lambda: grey.convert("I").point(lambda v: v * 256).convert("I;16"),
        "PA": lambda: grey.convert("RGB").convert("P").convert("PA"),
        "La": lambda: grey.convert("LA").convert("La"),
        "RGBa": lambda: grey.convert("RGBA").convert("RGBa"),
    }.get(mode, lambda: (grey.convert("RGB") if mode in ("P", "LAB", "HSV") else grey).convert(mode))()
    if mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        made = ImageCms.applyTransform(grey.convert("RGB"), ImageCms.buildTransform(*profiles, "RGB", "LAB"))
    out = sent(load_image(made, model))
    assert out.format == "PNG"
    assert out.mode in ("L", "RGB", "RGBA")
    like = made.convert("RGBA").convert("L") if mode in ("1", "P", "PA") else grey  # these lose on the way in, not out
    assert np.abs(np.asarray(out.convert("L"), int) - np.asarray(like, int)).max() < 12


@pytest.mark.parametrize(
    ("array", "mode"),
    [
        (np.zeros((4, 6), np.uint8), "L"),
        (np.zeros((4, 6, 1), np.uint8), "L"),
        (np.zeros((4, 6, 2), np.uint8), "RGBA"),
        (np.zeros((4, 6, 3), np.uint8), "RGB"),
        (np.zeros((4, 6, 4), np.uint8), "RGBA"),
        (np.ones((4, 6), bool), "L"),
        (np.ones((4, 6, 3), np.float32), "RGB"),
        (np.full((4, 6, 3), 0.5), "RGB"),
        (np.zeros((8, 12, 3), np.uint8)[::2, ::2, ::-1], "RGB"),
    ],
)
def test_arrays(model, array, mode):
    """uint8, bool and floats from 0 to 1, of one to four channels, strided or not, keep their values."""
    out = sent(load_image(array, model))
    assert (out.size, out.mode) == ((6, 4), mode)
    scale = 255 if array.dtype != np.uint8 else 1
    assert np.abs(np.asarray(out, float).reshape(4, 6, -1)[..., 0] - array.reshape(4, 6, -1)[..., 0] * scale).max() <= 1


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP"])
def test_other_formats_are_converted_with_a_note(encode, photo, tmp_path, model, kind):
    """The note names the file, the format and what it became."""
    path = tmp_path / "scan.dat"
    path.write_bytes(encode(photo(), kind))
    image = load_image(path, model)
    assert sent(image).format == "PNG"
    assert len(image.notes) == 1
    assert "scan.dat" in image.notes[0]
    assert kind in image.notes[0]
    assert "PNG" in image.notes[0]


def test_a_format_the_model_does_not_take(encode, photo):
    """A WebP becomes a PNG for a model without WebP; where only JPEG is taken, transparency is laid on white."""
    data = encode(photo(alpha=True), "WEBP")
    png = load_image(data, Model("no-webp", image_types=("image/png", "image/jpeg")))
    assert sent(png).mode == "RGBA"
    assert "no-webp takes no WebP" in png.notes[0]
    jpeg = load_image(data, Model("only-jpeg", image_types=("image/jpeg",)))
    assert min(sent(jpeg).convert("RGB").getpixel((0, 0))) > 245
    assert "on white" in jpeg.notes[0]
    with pytest.raises(InvalidJobError, match="takes none of"):
        load_image(data, Model("nothing", image_types=("image/bmp",)))


def test_a_picture_above_the_limit_is_made_smaller_without_losing_pixels(encode, photo):
    """Width and height stay; the note gives both sizes; what cannot fit is an error with both numbers."""
    data = encode(photo(400, 300), "PNG")
    image = load_image(data, Model("tiny", max_image_bytes=120_000))
    assert sent(image).size == (400, 300)
    assert image.size <= 120_000 < len(data)
    assert "above the limit" in image.notes[0]
    assert "quality" in image.notes[0]
    with pytest.raises(InvalidJobError, match=r"400x300.*at most") as caught:
        load_image(data, Model("tiny", max_image_bytes=2_000))
    assert "resize" in caught.value.hint


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_exif_orientation_is_applied(encode, photo, model, kind, orientation):
    """What goes out is upright and says nothing of orientation any more; the note says so."""
    upright = photo(40, 30, grain=0)
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(upright.transpose(turn), kind, exif=exif, quality=95)
    for value, noted in ((data, True), (Image.open(io.BytesIO(data)), False)):
        image = load_image(value, model)
        out = sent(image)
        assert out.size == (40, 30)
        assert np.abs(np.asarray(out.convert("RGB"), int) - np.asarray(upright, int)).mean() < 6
        assert out.getexif().get(0x0112, 1) == 1
        assert bool(image.notes) == noted


def test_other_metadata_of_pixels_stays_here(photo, model):
    """A PIL image's EXIF (a place, a name) is not encoded into what is sent."""
    image = photo()
    exif = Image.Exif()
    exif[0x010F] = "somebody's camera"
    image.info["exif"] = exif.tobytes()
    assert b"somebody" not in load_image(image, model).data


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_place_of_a_photograph_stays_here(encode, photo, tmp_path, model, kind):
    """EXIF with GPS is cut out of the file, from memory and from disk; the pixels are the same to the last bit."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (31.0, 14.0, 5.0)
    exif[0x010F] = "somebody's camera"
    data = encode(photo(), kind, exif=exif)
    (tmp_path / "home").write_bytes(data)
    for value in (data, tmp_path / "home"):
        image = load_image(value, model)
        out = sent(image)
        assert b"somebody" not in image.data
        assert not out.getexif()
        assert out.tobytes() == Image.open(io.BytesIO(data)).tobytes()
        assert "place" in image.notes[0]
    assert (tmp_path / "home").read_bytes() == data


# -- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"0 bytes"),
        (b"not a picture\n", r"looks like text"),
        (b"<!doctype html><html></html>", r"looks like HTML"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", r"SVG cannot be sent"),
        (b"%PDF-1.7\n", r"PDF cannot be sent"),
        (b"\0\1\2\3", r"unknown data"),
        (b"GIF89a" + bytes(20), r"cannot be decoded"),
    ],
)
def test_files_that_are_no_pictures(tmp_path, model, content, reason):
    """An empty file, a text file and the rest are named with what they look like."""
    path = tmp_path / "input.png"
    path.write_bytes(content)
    with pytest.raises(InvalidJobError, match=rf"input\.png.*{reason}"):
        load_image(path, model)
    with pytest.raises(InvalidJobError, match=reason):
        load_image(content, model)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_picture(encode, photo, tmp_path, model, kind):
    """A cut file is an error before anything is sent, and so is a PIL image opened from one."""
    data = encode(photo(), kind)[:-30]
    path = tmp_path / "cut"
    path.write_bytes(data)
    for value in (data, path):
        with pytest.raises(InvalidJobError, match="truncated"):
            load_image(value, model)
    if kind != "WEBP":  # which Pillow does not even open
        with Image.open(path) as opened, pytest.raises(InvalidJobError, match="cannot be decoded"):
            load_image(opened, model)


def test_eighty_megapixels(model):
    """A picture beyond the pixel cap is refused from its header, with its size."""
    buffer = io.BytesIO()
    Image.new("1", (10_000, 8_000)).save(buffer, "PNG")
    with pytest.raises(InvalidJobError, match=r"10000x8000 is 80 megapixels"):
        load_image(buffer.getvalue(), model)
    with pytest.raises(InvalidJobError, match=r"80 megapixels"):
        load_image(Image.new("1", (10_000, 8_000)), model)
    with pytest.raises(InvalidJobError, match=r"80 megapixels"):
        load_image(np.zeros((8_000, 10_000), bool), model)


def test_a_missing_file_names_near_ones(tmp_path, model):
    """Another suffix, another case, a slip of the finger, and a folder that is not there either."""
    (tmp_path / "lighthouse.png").write_bytes(b"x")
    for name in ("lighthose.png", "Lighthouse.jpg"):
        with pytest.raises(InvalidJobError, match=r"There is no file .*lighthouse\.png"):
            load_image(tmp_path / name, model)
    with pytest.raises(InvalidJobError, match=r"folder .*nowhere does not exist"):
        load_image(tmp_path / "nowhere" / "a.png", model)
    with pytest.raises(InvalidJobError, match=r"There is no file zzz\.png"):
        load_image("zzz.png", model)


def test_a_folder(tmp_path, model):
    """A directory is named as one, with how to take the pictures in it."""
    with pytest.raises(InvalidJobError, match=r"is a folder.*glob"):
        load_image(tmp_path, model)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in the file system there")
def test_a_pipe(tmp_path, model):
    """What is no plain file is refused without being opened (which would wait for ever)."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidJobError, match="not a plain file"):
        load_image(tmp_path / "pipe", model)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read(tmp_path, model):
    """The system's reason is given."""
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(InvalidJobError, match="Permission denied"):
        load_image(path, model)


@pytest.mark.parametrize(
    "value", [None, 42, 3.5, {"a": 1}, object(), int, print, Model("x"), "", "  ", "two\nlines", "x" * 5000, "nul\0", {b"a"}]
)
def test_variables_that_are_no_pictures(model, value):
    """Each is one InvalidJobError that says what a picture may be."""
    with pytest.raises(InvalidJobError, match="A picture is a Picture, a PIL image"):
        load_image(value, model)


def test_a_data_frame_is_no_picture(model):
    """pandas objects convert to arrays, but nobody means them as pictures."""
    pandas = pytest.importorskip("pandas")
    with pytest.raises(InvalidJobError, match="pandas"):
        load_image(pandas.DataFrame({"a": [1]}), model)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((3, 40, 50), np.uint8), r"transpose\(1, 2, 0\)"),
        (np.zeros((2, 40, 50, 3), np.uint8), r"list\(array\)"),
        (np.zeros(7, np.uint8), r"shape \(7,\)"),
        (np.zeros((0, 5), np.uint8), r"shape \(0, 5\)"),
        (np.zeros((4, 4, 5), np.uint8), r"shape \(4, 4, 5\)"),
        (np.zeros((4, 4), np.int64), r"int64.*astype\('uint8'\)"),
        (np.zeros((4, 4), np.uint16), r"uint16"),
        (np.full((4, 4), 200.0), r"runs from 200 to 200.*astype\('uint8'\)"),
        (np.full((4, 4), -1.0), r"runs from -1"),
        (np.full((4, 4), np.nan), r"nan"),
        (np.array([["a"]]), r"<U1"),
    ],
)
def test_arrays_that_are_no_pictures(model, array, reason):
    """Wrong shape, type or range: what it is and what to do."""
    with pytest.raises(InvalidJobError, match=reason):
        load_image(array, model)
