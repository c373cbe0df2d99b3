"""A comparison as one picture, and as pages to print."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image, ImageChops

from imgcell.comparison import printed
from imgcell.comparison.lineup import lineup
from imgcell.errors import InvalidJobError
from imgcell.pictures.sheet import Sheet


def pages(data):
    """The pictures in a PDF: its pages."""
    starts = [match.start() for match in re.finditer(rb"\xff\xd8\xff", data)]
    return [Image.open(io.BytesIO(data[start:])) for start in starts]


def colors(image):
    """The colors that cover most of a picture."""
    return {color for count, color in image.getcolors(1 << 24) if count > 1500}


def test_the_picture_is_the_matrix_with_its_labels(swept):
    """Three columns, two rows; every picture in its place, the refused one in red; the labels take room of their own."""
    made = printed.picture(lineup(swept), side=160)
    plain = printed.picture(lineup(list(swept)), side=160)
    assert {(255, 0, 0), (0, 128, 0), (0, 0, 255), (0, 128, 128), (255, 241, 240)} <= colors(made)
    assert made.width > 3 * 160
    assert plain.width > 4 * 160
    across = printed.picture(lineup(swept, columns="model"), side=160)
    assert across.height > made.height
    assert across.width < made.width


def test_chinese_captions_are_drawn(swept):
    """Another prompt is other ink; nothing is a box where a font is there (a warning would be an error)."""
    one = printed.picture(lineup(swept, title="海边的灯塔"), side=160)
    other = printed.picture(lineup(swept, title="山上的灯塔"), side=160)
    assert one.size == other.size
    assert ImageChops.difference(one, other).getbbox() is not None


def test_a_revised_prompt_and_a_broken_wish_are_printed(painted):
    """Under the picture, in lines of their own."""
    plain = printed.picture(lineup([painted()]), side=320)
    told = printed.picture(lineup([painted(revised_prompt="a very old lighthouse", requested={"size": "1024x1024"})]), side=320)
    assert told.height > plain.height


def test_a_pdf_has_as_many_pages_as_it_takes(painted):
    """A4 across, every page as large; four rows do not fit on one."""
    axes = {"model": ["a", "b", "c", "d"], "quality": ["low", "high"]}
    sheet = Sheet(running=True, axes=axes)
    for place in range(8):
        sheet._add(painted(("red", "blue")[place % 2], size=(700, 700)), place)
    sheet._finish()
    data = printed.pdf(lineup(sheet))
    assert data.startswith(b"%PDF-")
    found = pages(data)
    assert len(found) > 1
    assert {page.size for page in found} == {(2339, 1654)}
    boxes = [tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[ ([\d. ]+) \]", data)]
    assert len(boxes) == len(found)
    for _, _, width, height in boxes:
        assert (round(width), round(height)) == (842, 595)


def test_a_wide_matrix_is_printed_on_a_larger_page_scaled_to_a4(painted):
    """Sixteen columns keep a readable size; no picture is cut off."""
    sheet = Sheet(running=True, axes={"model": [f"m{number}" for number in range(16)]})
    for place in range(16):
        sheet._add(painted("red"), place)
    sheet._finish()
    data = printed.pdf(lineup(sheet))
    (page,) = pages(data)
    assert page.width > 16 * 190
    ((_, _, width, _),) = [tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[ ([\d. ]+) \]", data)]
    assert round(width) == 842


def test_nothing_and_too_small_squares(swept):
    """An empty comparison is an empty page; squares have a least size."""
    assert printed.picture(lineup(Sheet())).mode == "RGB"
    assert printed.pdf(lineup(Sheet())).startswith(b"%PDF-")
    with pytest.raises(InvalidJobError, match="64 pixels"):
        printed.picture(lineup(swept), side=63)
