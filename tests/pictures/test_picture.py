"""A Picture is a PIL image that decodes late and keeps its original."""

from __future__ import annotations

import copy
import io
import pickle
import stat
import sys
import threading

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFile, ImageOps

from imgcell.errors import ImageDecodeError
from imgcell.pictures import FileSource, MemorySource, Picture


@pytest.fixture(params=["PNG", "JPEG", "WEBP"])
def picture(request, make_picture):
    """A Picture of each format, not decoded yet."""
    return make_picture(kind=request.param)


def opened(picture):
    """The same bytes as Pillow opens them."""
    return Image.open(io.BytesIO(picture.data))


def read(path):
    """A saved file as Pillow opens it, closed."""
    return Image.open(io.BytesIO(path.read_bytes()))


def test_it_is_a_pil_image_and_not_decoded(picture):
    """Size, mode, format, info, repr and record are known without a pixel having been decoded."""
    assert isinstance(picture, Image.Image)
    assert (picture.size, picture.width, picture.height, picture.mode) == ((64, 48), 64, 48, "RGB")
    assert picture.format == opened(picture).format
    assert picture.info["imgcell"] == picture.record.id
    assert picture.record.id in repr(picture)
    assert picture.record.prompt in repr(picture)
    assert not picture.loaded


def test_pixels_are_pillows(picture):
    """NumPy, getpixel, tobytes and crop see exactly what Pillow sees."""
    plain = opened(picture)
    assert (np.asarray(picture) == np.asarray(plain)).all()
    assert picture.loaded
    assert picture.getpixel((5, 7)) == plain.getpixel((5, 7))
    assert picture.tobytes() == plain.tobytes()
    assert picture.load()[3, 4] == plain.load()[3, 4]


@pytest.mark.parametrize(
    "operation",
    [
        lambda image: image.resize((10, 10)),
        lambda image: image.crop((1, 2, 30, 31)),
        lambda image: image.rotate(90, expand=True),
        lambda image: image.convert("L"),
        lambda image: image.copy(),
        lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        lambda image: image.filter(__import__("PIL.ImageFilter").ImageFilter.BLUR),
        ImageOps.grayscale,
        lambda image: image.reduce(2),
        lambda image: image.split()[0],
    ],
)
def test_the_id_travels(make_picture, operation):
    """What is made from a picture by Pillow is a plain image that still names it."""
    picture = make_picture()
    made = operation(picture)
    assert type(made) is Image.Image
    assert made.info["imgcell"] == picture.record.id


def test_channel_operations(make_picture, photo):
    """ImageChops, blend, composite and paste take Pictures on either side."""
    one, two = make_picture(photo(seed=1)), make_picture(photo(seed=2))
    assert ImageChops.difference(one, one).getbbox() is None
    assert ImageChops.difference(one, two).getbbox() is not None
    assert Image.blend(one, two, 0.5).size == (64, 48)
    ground = Image.new("RGB", (64, 48))
    ground.paste(make_picture(photo(seed=1)))
    assert ImageChops.difference(ground, one).getbbox() is None


def test_matplotlib_shows_it(make_picture):
    """imshow takes it as an array."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    assert axes.imshow(make_picture()).get_array().shape == (48, 64, 3)


def test_threads_decode_it_once(make_picture, photo, monkeypatch):
    """Eight threads that touch one fresh picture at once see the same pixels, decoded once."""
    picture = make_picture(photo(300, 300))
    expected = opened(picture).tobytes()
    decoded = []
    original = Picture._open
    monkeypatch.setattr(Picture, "_open", lambda self: decoded.append(1) or original(self))
    start, results = threading.Barrier(8), []

    def touch():
        start.wait()
        results.append(picture.tobytes() == expected)

    threads = [threading.Thread(target=touch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8
    assert decoded == [1]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_png_mode_survives(make_picture, mode):
    """Palettes, 16-bit and alpha pictures decode, copy and pickle as with Pillow."""
    gradient = Image.linear_gradient("L")
    image = gradient.convert("I").convert("I;16") if mode == "I;16" else gradient.convert("RGB").convert(mode)
    picture = make_picture(image)
    assert picture.mode == opened(picture).mode
    assert picture.getpalette() == opened(picture).getpalette()
    assert picture.convert("RGBA").tobytes() == opened(picture).convert("RGBA").tobytes()
    assert pickle.loads(pickle.dumps(picture)).tobytes() == picture.tobytes()


def test_close_lets_go_of_the_pixels(make_picture):
    """After close() the next touch decodes again."""
    picture = make_picture()
    before = picture.tobytes()
    picture.close()
    assert not picture.loaded
    assert picture.tobytes() == before


def test_header_facts_do_not_need_pixels(make_picture, photo):
    """dpi, EXIF and the rest of info are there before anything is decoded, and getexif() agrees."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Maker"
    picture = make_picture(photo(60, 40), "JPEG", {"exif": exif, "dpi": (300, 300)})
    assert picture.info["dpi"] == (300, 300)
    assert picture.getexif()[0x010F] == "Maker"
    assert not picture.loaded
    assert picture.size == (60, 40)
    assert ImageOps.exif_transpose(picture).size == (40, 60)


# -- damaged -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_truncated_picture_is_an_error(encode, make_record, photo, kind):
    """Half a file is refused when the Picture is made, whatever LOAD_TRUNCATED_IMAGES says."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    data = encode(photo(), kind)
    with pytest.raises(ImageDecodeError):
        Picture(MemorySource(data[: len(data) // 2]), make_record())


def test_a_file_cut_after_it_was_stored_is_an_error(encode, make_record, photo, tmp_path):
    """The structure is looked at again before a file is decoded."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    path = tmp_path / "blob"
    path.write_bytes(encode(photo()))
    picture = Picture(FileSource(path, "", path.stat().st_size), make_record())
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ImageDecodeError, match="truncated"):
        picture.load()
    path.unlink()
    with pytest.raises(ImageDecodeError, match="gone"):
        picture.load()


def test_damaged_pixels_are_an_error_when_touched(encode, make_record, photo):
    """A wrong checksum inside shows when the pixels are needed; the message points to the bytes."""
    data = bytearray(encode(photo()))
    at = data.index(b"IDAT") + 60
    data[at] ^= 0xFF
    picture = Picture(MemorySource(bytes(data)), make_record())
    with pytest.raises(ImageDecodeError, match=r"\.data"):
        picture.load()
    assert picture.data == bytes(data)


# -- drawing on it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "draw",
    [
        lambda image: ImageDraw.Draw(image).rectangle((0, 0, 9, 9), fill="red"),
        lambda image: image.putpixel((0, 0), (1, 2, 3)),
        lambda image: image.load().__setitem__((0, 0), (1, 2, 3)),
        lambda image: image.paste("red", (0, 0, 5, 5)),
        lambda image: image.thumbnail((20, 20)),
        lambda image: image.putalpha(7),
        lambda image: image.frombytes(bytes(64 * 48 * 3)),
        lambda image: ImageDraw.floodfill(image, (0, 0), (1, 2, 3)),
    ],
)
@pytest.mark.parametrize("touched", [False, True])
def test_what_is_drawn_is_kept_and_saved(make_picture, tmp_path, draw, touched):
    """A picture that was drawn on saves and pickles the drawing; the original bytes stay."""
    picture = make_picture()
    if touched:
        picture.load()
    data, before = picture.data, opened(picture).tobytes()
    draw(picture)
    assert picture.edited
    assert "drawn on" in repr(picture)
    picture.save(tmp_path / "x.png")
    saved = read(tmp_path / "x.png")
    assert saved.tobytes() == picture.tobytes() != before
    assert (picture.data, picture.record.id) == (data, picture.info["imgcell"] and picture.record.id)
    for twin in (copy.copy(picture), copy.deepcopy(picture), pickle.loads(pickle.dumps(picture))):
        assert isinstance(twin, Picture)
        assert twin.edited
        assert twin.tobytes() == picture.tobytes()


def test_copies_are_pictures_of_their_own(make_picture):
    """copy, deepcopy and pickle keep record and bytes, decode nothing, and can be drawn on apart."""
    picture = make_picture()
    for twin in (copy.copy(picture), copy.deepcopy(picture), pickle.loads(pickle.dumps(picture))):
        assert isinstance(twin, Picture)
        assert not twin.loaded
        assert (twin.data, twin.record) == (picture.data, picture.record)
        assert twin == picture
        ImageDraw.Draw(twin).point((0, 0), fill="red")
        assert twin != picture
    assert not picture.edited


def test_a_file_backed_picture_pickles_with_its_bytes(encode, make_record, photo, tmp_path):
    """Another machine has no such file: the bytes travel."""
    path = tmp_path / "blob"
    path.write_bytes(encode(photo()))
    picture = Picture(FileSource(path, "", path.stat().st_size), make_record())
    twin = pickle.loads(pickle.dumps(picture))
    path.unlink()
    assert np.asarray(twin).shape == (48, 64, 3)


# -- saving ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "names"), [("PNG", ["x.png", "x.PNG"]), ("JPEG", ["x.jpg", "x.jpeg"]), ("WEBP", ["x.webp"])])
def test_a_matching_suffix_writes_the_original_bytes(make_picture, tmp_path, kind, names):
    """Byte for byte, by suffix, by format=, into a file object, as str and as Path, and without decoding."""
    picture = make_picture(kind=kind)
    for name in names:
        picture.save(tmp_path / name)
        picture.save(str(tmp_path / f"2{name}"))
        assert (tmp_path / name).read_bytes() == (tmp_path / f"2{name}").read_bytes() == picture.data
    picture.save(tmp_path / "no-suffix", format=kind.lower())
    assert (tmp_path / "no-suffix").read_bytes() == picture.data
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    assert buffer.getvalue() == picture.data
    assert not picture.loaded


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".gif", ".tiff", ".bmp", ".pdf"])
def test_another_suffix_converts(make_picture, tmp_path, suffix):
    """The file really is what its name says, of the same size."""
    kind = "WEBP" if suffix != ".webp" else "PNG"
    picture = make_picture(kind=kind)
    picture.save(tmp_path / f"x{suffix}")
    data = (tmp_path / f"x{suffix}").read_bytes()
    assert data != picture.data
    if suffix == ".pdf":
        assert data.startswith(b"%PDF")
    else:
        saved = read(tmp_path / f"x{suffix}")
        assert saved.size == picture.size
        assert saved.format == {".jpg": "JPEG", ".tiff": "TIFF"}.get(suffix, suffix[1:].upper())


def test_pictures_make_animations_and_documents(make_picture, photo, tmp_path):
    """Pillow's save_all takes Pictures as frames and pages."""
    pictures = [make_picture(photo(seed=seed)) for seed in range(3)]
    pictures[0].save(tmp_path / "x.gif", save_all=True, append_images=pictures[1:], duration=100, loop=0)
    assert read(tmp_path / "x.gif").n_frames == 3
    pictures[0].save(tmp_path / "x.pdf", save_all=True, append_images=pictures[1:])
    assert b"/Count 3" in (tmp_path / "x.pdf").read_bytes()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animated_file_is_its_first_frame(encode, make_record, tmp_path, kind):
    """Only the first frame is decoded and shown, and the file does not stay open."""
    frames = [Image.new("RGB", (1200, 9), colour) for colour in ("#ff0000", "#0000ff")]
    path = tmp_path / "blob"
    path.write_bytes(encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, lossless=True))
    picture = Picture(FileSource(path, "", path.stat().st_size), make_record())
    assert picture._repr_mimebundle_()
    assert picture.convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_parameters_ask_for_a_new_encoding(make_picture, tmp_path):
    """With optimize= and the like Pillow writes the file."""
    picture = make_picture()
    picture.save(tmp_path / "x.png", compress_level=0)
    assert (tmp_path / "x.png").stat().st_size > len(picture.data)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white_in_jpeg(make_picture, tmp_path, mode):
    """JPEG has no alpha: what was transparent is white, not black."""
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 0)) if mode == "RGBA" else Image.new(mode, (16, 16), 0)
    params = {"transparency": 0} if mode == "P" else {}
    make_picture(image, "PNG", params).save(tmp_path / "x.jpg")
    assert read(tmp_path / "x.jpg").convert("RGB").getpixel((8, 8)) == (255, 255, 255)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".gif"])
def test_sixteen_bits_become_eight(make_picture, tmp_path, suffix):
    """A 16-bit PNG converts to 8-bit formats with its greys, not clipped to white."""
    image = Image.new("I;16", (8, 8), 32768)
    make_picture(image).save(tmp_path / f"x{suffix}")
    assert 120 <= read(tmp_path / f"x{suffix}").convert("L").getpixel((4, 4)) <= 136


def test_converting_turns_upright(make_picture, tmp_path, photo):
    """The EXIF orientation is in the pixels of the converted file, once."""
    exif = Image.Exif()
    exif[0x0112] = 6
    make_picture(photo(60, 40), "JPEG", {"exif": exif}).save(tmp_path / "x.png")
    saved = read(tmp_path / "x.png")
    assert saved.size == (40, 60)
    assert saved.getexif().get(0x0112, 1) == 1


def test_a_failed_save_leaves_the_old_file(make_picture, tmp_path, monkeypatch):
    """A file is replaced only by a whole one, and nothing is left beside it."""
    target = tmp_path / "x.png"
    target.write_bytes(b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        make_picture().save(target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="links and permissions are other things there")
def test_links_and_permissions_survive_a_save(make_picture, tmp_path):
    """Saving through a link replaces what it points to; the mode of the old file stays."""
    real = tmp_path / "real.png"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link = tmp_path / "link.png"
    link.symlink_to(real)
    picture = make_picture()
    picture.save(link)
    assert link.is_symlink()
    assert real.read_bytes() == picture.data
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_an_unknown_suffix_is_an_error(make_picture, tmp_path):
    """As in Pillow: ValueError, and no file."""
    with pytest.raises(ValueError, match="xyz"):
        make_picture().save(tmp_path / "x.xyz")
    assert not list(tmp_path.iterdir())
