"""What notebooks, terminals and exporters are given to show."""

from __future__ import annotations

import base64
import io
import warnings

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image, ImageChops, ImageDraw, ImageStat

from imgcell.errors import ModerationError
from imgcell.options import options
from imgcell.pictures import Sheet
from imgcell.pictures.preview import BUDGET, LONG_SIDE


@pytest.fixture
def formatter():
    """IPython's formatter with every type switched on, as in a kernel."""
    made = DisplayFormatter()
    made.active_types = list(made.formatters)
    for each in made.formatters.values():
        each.enabled = True
    return made


@pytest.fixture
def embed_originals():
    """options.embed is "original" during the test."""
    options.embed = "original"
    yield
    options.embed = "preview"


def shown(bundle):
    """The picture in a MIME bundle."""
    (kind,) = set(bundle) - {"text/plain"}
    image = Image.open(io.BytesIO(base64.b64decode(bundle[kind])))
    assert kind == image.get_format_mimetype()
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(64, 48), (1536, 1024)])
def test_one_image_type_and_one_line(make_picture, photo, formatter, kind, size):
    """IPython gets PNG or JPEG, never WebP, never two, and one line of text; it looks like the picture."""
    picture = make_picture(photo(*size), kind)
    bundle, metadata = formatter.format(picture)
    assert len(bundle) == 2
    assert set(bundle) <= {"image/png", "image/jpeg", "text/plain"}
    assert "\n" not in bundle["text/plain"]
    assert metadata == {}
    image = shown(bundle)
    assert max(image.size) == min(LONG_SIDE, max(size))
    expected = picture.convert("RGB").resize(image.size)
    assert max(ImageStat.Stat(ImageChops.difference(image.convert("RGB"), expected)).mean) < 8


def test_small_originals_are_embedded_untouched(make_picture, formatter):
    """A PNG or JPEG within the budget is shown as it came, without having been decoded."""
    picture = make_picture()
    assert base64.b64decode(formatter.format(picture)[0]["image/png"]) == picture.data
    assert not picture.loaded


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_a_preview_keeps_within_the_budget(make_picture, photo, kind, alpha):
    """Sixty grainy pictures of full size leave a notebook under 15 MB."""
    picture = make_picture(photo(1536, 1024, alpha=alpha, grain=30), kind)
    bundle = picture._repr_mimebundle_()
    image = shown(bundle)
    size = sum(map(len, bundle.values()))
    assert size * 60 < 15_000_000
    assert size < BUDGET * 4 / 3 + 1000
    assert image.format == ("PNG" if alpha else "JPEG")
    assert max(image.size) >= 256
    assert not picture.loaded  # showing leaves no decoded pixels behind


def test_an_opaque_alpha_channel_is_no_transparency(make_picture, photo):
    """RGBA that is 255 everywhere is shown as JPEG."""
    assert shown(make_picture(photo(1200, 800).convert("RGBA"))._repr_mimebundle_()).format == "JPEG"


def test_transparency_stays_transparent(make_picture, photo):
    """The corner of a cut-out has alpha 0 and its middle has the right colour."""
    image = photo(1200, 800, alpha=True)
    preview = shown(make_picture(image)._repr_mimebundle_())
    assert preview.mode == "RGBA"
    assert preview.getpixel((0, 0))[3] == 0
    middle = preview.getpixel((preview.width // 2, preview.height // 2))
    expected = image.resize(preview.size).getpixel((preview.width // 2, preview.height // 2))
    assert all(abs(a - b) < 24 for a, b in zip(middle, expected, strict=True))


def test_previews_are_upright(make_picture, photo):
    """The EXIF orientation is applied to what is shown."""
    exif = Image.Exif()
    exif[0x0112] = 6
    assert shown(make_picture(photo(1600, 800), "JPEG", {"exif": exif})._repr_mimebundle_()).size == (512, 1024)


def test_deep_and_cmyk_pictures_show(make_picture, photo):
    """16-bit and CMYK pictures are shown in 8-bit RGB or grey."""
    deep = make_picture(Image.new("I;16", (1200, 1200), 32768))
    assert abs(shown(deep._repr_mimebundle_()).convert("L").getpixel((5, 5)) - 128) < 4
    assert shown(make_picture(photo().convert("CMYK"), "JPEG")._repr_mimebundle_()).mode == "RGB"


def test_the_preview_is_made_once(make_picture, photo, monkeypatch):
    """Showing again takes what was made the first time; drawing makes a new one each time."""
    picture = make_picture(photo(1200, 800))
    first = picture._repr_mimebundle_()
    with monkeypatch.context() as patch:
        patch.setattr("imgcell.pictures.preview._make", lambda *_: pytest.fail("made again"))
        assert picture._repr_mimebundle_() == first
        assert picture._repr_png_() is None
    ImageDraw.Draw(picture).rectangle((0, 0, 1200, 800), fill="red")
    assert shown(picture._repr_mimebundle_()).getpixel((9, 9))[0] > 240


@pytest.mark.usefixtures("embed_originals")
def test_originals_on_request(make_picture, photo):
    """options.embed = "original" embeds the bytes; a WebP, which exporters drop, its pixels in full size."""
    picture = make_picture(photo(1200, 800))
    assert base64.b64decode(picture._repr_mimebundle_()["image/png"]) == picture.data
    assert shown(make_picture(photo(1200, 800), "WEBP")._repr_mimebundle_()).size == (1200, 800)


def test_exporters_show_both(make_picture, photo):
    """nbconvert's HTML has an image for a Picture and for a Sheet."""
    nbconvert = pytest.importorskip("nbconvert")
    pictures = [make_picture(photo(300, 200), "WEBP"), Sheet([make_picture(), make_picture()])]
    cells = [nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("execute_result", p._repr_mimebundle_())]) for p in pictures]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        html, _ = nbconvert.HTMLExporter(template_name="basic").from_notebook_node(notebook)
    assert html.count("<img") == 2


# -- sheets ----------------------------------------------------------------------------------------------------------


def test_a_sheet_is_one_static_image(make_picture, formatter):
    """IPython gets the contact sheet and the lines of the terminal, nothing else."""
    sheet = Sheet([make_picture() for _ in range(4)])
    bundle, _ = formatter.format(sheet)
    assert set(bundle) == {"image/jpeg", "text/plain"}
    assert shown(bundle).width > 3 * 256
    assert bundle["text/plain"] == repr(sheet)


def test_an_empty_sheet_is_text(formatter):
    """Nothing found is said in words."""
    assert set(formatter.format(Sheet(running=False))[0]) == {"text/plain"}


def test_a_running_sheet_is_drawn_anew(make_picture):
    """What is shown follows what has come; the same state is not drawn twice."""
    sheet = Sheet(expected=2)
    empty = sheet._repr_mimebundle_()
    sheet._add(make_picture())
    first = sheet._repr_mimebundle_()
    assert first != empty
    assert sheet._repr_mimebundle_() == first
    assert sheet._shown[1] is sheet._shown[1]
    sheet._fail(ModerationError("Refused."))
    sheet._finish()
    assert shown(sheet._repr_mimebundle_()).tobytes() != shown(first).tobytes()


def test_sheets_keep_notebooks_small(make_picture, photo):
    """A sheet embeds no more than its pictures would one by one, whatever its size."""
    sheet = Sheet([make_picture(photo(512, 512, seed=n, grain=60)) for n in range(12)])
    assert sum(map(len, sheet._repr_mimebundle_().values())) < 3 * BUDGET * 4 / 3 + 5000
