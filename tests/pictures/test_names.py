"""Saved sheets: names that people can read and every file system takes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from imgcell.pictures import Sheet
from imgcell.pictures.names import file_name

RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{p}{n}" for p in ("COM", "LPT") for n in range(10))}


@given(st.text(max_size=200))
def test_any_prompt_makes_a_valid_name(prompt):
    """No reserved character, no control character, no reserved word, no dot or space at an end, few bytes, never empty."""
    name = file_name(prompt)
    assert name
    assert len(name.encode()) <= 81
    assert not set(name) & set('<>:"/\\|?*')
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in name)
    assert name == name.strip(" .")
    assert name.partition(".")[0].strip().upper() not in RESERVED
    assert name == file_name(prompt)


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("横版 16:9 黄昏海边的老灯塔", "横版 16 9 黄昏海边的老灯塔"),
        ("a fox/ein Fuchs\nin the snow?", "a fox ein Fuchs in the snow"),
        ("con", "_con"),
        ("AUX.txt", "_AUX.txt"),
        ("...", "picture"),
        ("", "picture"),
        ("e\u0301te\u0301", "été"),
    ],
)
def test_names_stay_readable(prompt, name):
    """What is not allowed becomes a space; the rest stays as it was written."""
    assert file_name(prompt) == name


def test_composed_characters_are_not_cut_apart():
    """A family emoji or a flag is either whole or gone."""
    family = "👨\u200d👩\u200d👧"
    for limit in range(20, 60):
        name = file_name(family * 5, limit)
        assert name.replace(family, "") in ("", "👨", "👨\u200d👩") or name == "picture"
        assert not name.endswith("\u200d")


def test_originals_are_saved_in_order(make_picture, tmp_path):
    """Paths come back in order, the bytes are the originals, the suffix is that of the real format."""
    sheet = Sheet([make_picture(kind=kind, prompt="灯塔 🏠") for kind in ("PNG", "JPEG", "WEBP")])
    paths = sheet.save(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["00 灯塔 🏠.png", "01 灯塔 🏠.jpg", "02 灯塔 🏠.webp"]
    assert [path.read_bytes() for path in paths] == [picture.data for picture in sheet]


def test_nothing_is_replaced(make_picture, tmp_path):
    """Saving twice into one folder keeps both; no temporary file stays."""
    sheet = Sheet([make_picture(prompt="same"), make_picture(prompt="same")])
    first, second = sheet.save(str(tmp_path)), sheet.save(tmp_path)
    assert [path.name for path in first] == ["00 same.png", "01 same.png"]
    assert [path.name for path in second] == ["00 same (2).png", "01 same (2).png"]
    assert len(list(tmp_path.iterdir())) == 4


def test_formats_convert(make_picture, tmp_path):
    """format= writes that format; another word is an error before anything is written."""
    sheet = Sheet([make_picture()])
    (path,) = sheet.save(tmp_path, format="jpg")
    assert path.read_bytes().startswith(b"\xff\xd8")
    with pytest.raises(ValueError, match="docx"):
        sheet.save(tmp_path / "other", format="docx")
    assert not (tmp_path / "other").exists()


def test_a_drawing_is_saved_as_drawn(make_picture, tmp_path):
    """What was drawn on a picture is in the saved file."""
    sheet = Sheet([make_picture()])
    ImageDraw.Draw(sheet[0]).rectangle((0, 0, 64, 48), fill=(255, 0, 0))
    (path,) = sheet.save(tmp_path)
    with Image.open(path) as saved:
        assert saved.getpixel((30, 30)) == (255, 0, 0)


def test_a_failed_save_leaves_no_empty_file(make_picture, tmp_path, monkeypatch):
    """The name that was claimed is given back."""
    sheet = Sheet([make_picture()])
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        sheet.save(tmp_path)
    assert not list(tmp_path.iterdir())
