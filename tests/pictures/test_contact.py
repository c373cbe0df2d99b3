"""Contact sheets: everything is on them, and captions are drawn in any script."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from imgcell.errors import ModerationError
from imgcell.pictures import MemorySource, Picture, Sheet, fonts
from imgcell.pictures.contact import shown
from imgcell.pictures.fonts import draw_line, missing, width, wrap


@pytest.fixture
def chinese():
    """Skips where the system has no Chinese font."""
    if missing("灯塔"):
        pytest.skip("no font on this system draws Chinese")


@pytest.fixture
def no_system_fonts(monkeypatch):
    """Only the face that comes with Pillow is there."""
    for cached in (fonts._home, fonts._base, fonts._faces):
        cached.cache_clear()
    monkeypatch.setattr(fonts, "_folders", list)
    yield
    monkeypatch.undo()
    for cached in (fonts._home, fonts._base, fonts._faces):
        cached.cache_clear()


def ink(text, size=20):
    """The ink of one line."""
    image = Image.new("L", (400, 40), 255)
    draw_line(image, (4, 4), text, size, "black")
    return image


@pytest.mark.usefixtures("chinese")
def test_chinese_is_drawn():
    """Different characters look different, so they are no boxes."""
    assert len({ink(character).tobytes() for character in "灯塔海边黄昏"}) == 6


def test_missing_letters_are_named(no_system_fonts):
    """What no font has is known by letter; symbols and spaces are not worth a warning."""
    assert missing("a 灯塔灯 🏠 b") == "灯塔"


def test_without_a_font_a_warning_says_so(no_system_fonts, make_picture):
    """The sheet is drawn all the same, and the warning says what to install."""
    with pytest.warns(UserWarning, match="Noto Sans CJK"):
        image = Sheet([make_picture(prompt="灯塔")]).contact_sheet()
    assert image.width > 300


def test_every_picture_is_on_it(make_picture):
    """Each colour of twelve plain pictures is found in its place, left to right, top to bottom."""
    colours = [(20 * n, 255 - 20 * n, (70 * n) % 256) for n in range(12)]
    sheet = Sheet([make_picture(Image.new("RGB", (50, 50), colour), prompt="same") for colour in colours])
    image = sheet.contact_sheet(columns=4, cell=50, captions=False)
    found = [c for _, c in sorted((image.tobytes().find(bytes(colour) * 40), n) for n, colour in enumerate(colours))]
    assert found == list(range(12))
    assert image.mode == "RGB"


def test_landscapes_and_portraits_share_a_sheet(make_picture, photo):
    """Rows are as high as their highest picture, and nothing is cut."""
    sheet = Sheet([make_picture(photo(200, 100)), make_picture(photo(100, 200))])
    assert sheet.contact_sheet(cell=200, captions=False).size == (2 * 16 + 2 * 200 + 14, 2 * 16 + 200)


def test_transparent_pictures_lie_on_a_checkerboard(make_picture):
    """Nothing but the grey and white squares is seen of an empty picture."""
    image = Sheet([make_picture(Image.new("RGBA", (64, 64)))]).contact_sheet(cell=64, captions=False)
    assert {colour for _, colour in image.getcolors()} == {(255, 255, 255), (224, 224, 224)}


def test_errors_and_empty_places_are_cells(make_picture):
    """What went wrong stands where the picture would be; it is red, what has not come is grey."""
    sheet = Sheet(expected=3)
    sheet._add(make_picture(Image.new("RGB", (64, 64), "white")))
    sheet._fail(ModerationError("Your request was rejected. 请求被拒绝。"))
    colours = {colour for _, colour in sheet.contact_sheet(columns=3).getcolors(1 << 20)}
    assert (0xFF, 0xF1, 0xF0) in colours
    assert (0xF6, 0xF8, 0xFA) in colours


def test_one_damaged_picture_does_not_take_the_others(make_picture, encode, photo, make_record):
    """It becomes a cell with the reason."""
    data = bytearray(encode(photo()))
    data[data.index(b"IDAT") + 60] ^= 0xFF
    sheet = Sheet([make_picture(), Picture(MemorySource(bytes(data)), make_record())])
    assert (0xFF, 0xF1, 0xF0) in {colour for _, colour in sheet.contact_sheet().getcolors(1 << 20)}


def test_a_sweep_is_a_table(make_picture):
    """Rows and columns are the axes; with one picture a combination there are as many columns as last values."""
    axes = {"model": ["a", "b"], "quality": ["low", "medium", "high"]}
    sheet = Sheet(axes=axes)
    for position in range(6):
        sheet._add(make_picture(Image.new("RGB", (40, 40), "white")), position)
    sheet._finish()
    assert sheet.contact_sheet(cell=100).width == 2 * 16 + 140 + 3 * 100 + 2 * 14
    twice = Sheet(axes=axes, expected=12)
    for position in range(12):
        twice._add(make_picture(Image.new("RGB", (40, 40), "white")), position)
    twice._finish()
    assert twice.contact_sheet(cell=100).width == 2 * 16 + 140 + 6 * 100 + 5 * 14


def test_sizes_out_of_range_are_refused(make_picture):
    """Columns and cells have a lower limit."""
    sheet = Sheet([make_picture()])
    for arguments in ({"columns": 0}, {"cell": 10}):
        with pytest.raises(ValueError, match="32 pixels"):
            sheet.contact_sheet(**arguments)


def test_a_sheet_of_hundreds_stays_a_picture_one_can_hold(make_picture):
    """The squares shrink before the sheet passes 50 megapixels."""
    picture = make_picture()
    image = Sheet([picture] * 600).contact_sheet(cell=512, captions=False)
    assert image.width * image.height < 60_000_000


@pytest.mark.parametrize(
    "text",
    ["a lighthouse at dusk, painted in oil", "一幅非常详细的水墨画，描绘了黄昏时分海边的一座老灯塔", "x" * 200, "灯塔 and 海鸥 " * 9],
)
def test_lines_are_wrapped_within_their_room(text):
    """No line is wider than its room, at most so many lines, and a cut one ends in an ellipsis."""
    lines = wrap(text, 14, 120, 2)
    assert 1 <= len(lines) <= 2
    assert all(width(line, 14) <= 120 for line in lines)
    assert "".join(wrap(text, 14, 120, 99)).replace(" ", "") == text.replace(" ", "")
    assert lines[-1].endswith("…")


def test_short_lines_are_left_alone():
    """What fits is one line; nothing is no line."""
    assert wrap("灯塔 ok", 14, 300, 2) == ["灯塔 ok"]
    assert wrap("", 14, 300, 2) == []


@pytest.mark.parametrize("axes", [{"prompt": 1200, "quality": 1}, {"prompt": 1, "quality": 1200}, {"prompt": 1200}])
def test_a_sweep_of_a_thousand_still_shows_itself(make_picture, axes):
    """However long or wide its matrix is, the cell's output is a picture, and says how many it leaves out."""
    picture = make_picture()
    sheet = Sheet([], running=True, axes={name: [f"{name} {number}" for number in range(count)] for name, count in axes.items()})
    for place in range(1200):
        sheet._add(picture, place)
    sheet._finish()
    with Image.open(io.BytesIO(shown(sheet).data)) as made:
        assert max(made.size) < 40_000
