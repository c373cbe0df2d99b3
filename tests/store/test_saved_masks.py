"""Masks with a name: a mapping that other processes, Studios and later sessions see too."""

from __future__ import annotations

import os
import unicodedata

import numpy as np
import pytest

from imgcell import Mask, masks
from imgcell.errors import InvalidJobError, StorageError
from imgcell.store import Library
from imgcell.store.saved_masks import SavedMasks

LEFT = masks.boxes((64, 48), (0, 0, 32, 48))


@pytest.fixture(params=["folder", "memory"])
def saved(request, library):
    """The masks of a library, and those of a Studio without one."""
    return library.masks if request.param == "folder" else SavedMasks(None)


def test_a_mapping_of_names_to_masks(saved):
    """Set, got, replaced, listed in order, deleted; soft values stay; whatever a mask can be made from is taken."""
    assert (len(saved), list(saved), saved.get("sky")) == (0, [], None)
    saved["天空 left"] = LEFT.feather(3)
    saved["sky"] = LEFT
    saved["حديقة"] = np.asarray(LEFT) == 255
    assert list(saved) == ["sky", "حديقة", "天空 left"]
    assert dict(saved) == {"sky": LEFT, "حديقة": LEFT, "天空 left": LEFT.feather(3)}
    saved["sky"] = ~LEFT
    assert saved["sky"] == ~LEFT
    del saved["sky"]
    assert "sky" not in saved
    for missing in ("sky", "a/b", "", 7, None):
        assert missing not in saved
        with pytest.raises(KeyError):
            saved[missing]
        with pytest.raises(KeyError):
            del saved[missing]
    assert saved.pop("حديقة") == LEFT
    assert len(saved) == 1


@pytest.mark.parametrize("name", ["a/b", "../up", "a\\b", "", " ", "con", "x" * 81, "a:b", ".hidden", "line\nbreak", None])
def test_names_that_no_file_can_have(saved, name):
    """Are refused with one that can be; nothing is kept."""
    with pytest.raises(InvalidJobError, match="cannot be the name"):
        saved[name] = LEFT
    assert len(saved) == 0


def test_what_is_no_mask_is_not_kept(saved):
    """And what had the name stays."""
    saved["sky"] = LEFT
    with pytest.raises(InvalidJobError, match="not a picture"):
        saved["sky"] = 7
    assert saved["sky"] == LEFT


def test_one_name_in_every_normal_form(saved):
    """macOS and keyboards differ in how they write an accent."""
    saved[unicodedata.normalize("NFD", "Café")] = LEFT
    assert list(saved) == [unicodedata.normalize("NFC", "Café")]
    assert saved[unicodedata.normalize("NFD", "Café")] == LEFT


def test_they_are_files_of_the_library(library, home):
    """One PNG each; another process's library sees them; what is no mask is left out or said."""
    library.masks["天空"] = LEFT
    assert [path.name for path in (home / "masks").iterdir()] == ["天空.png"]
    assert Library(home).masks["天空"] == LEFT
    assert Mask(home / "masks" / "天空.png") == LEFT
    (home / "masks" / "broken.png").write_bytes(LEFT.png[:-20])
    (home / "masks" / "notes.txt").write_text("x")
    (home / "masks" / ".tmp-1.png").write_text("x")
    assert list(library.masks) == ["broken", "天空"]
    assert [name for name, _ in library.masks.readable()] == ["天空"]
    with pytest.raises(InvalidJobError, match="no whole picture"):
        library.masks["broken"]
    assert "天空" in library.masks._repr_mimebundle_()["text/html"]
    del library.masks["broken"]
    assert repr(library.masks) == "<1 masks: '天空'>"


def test_damaged_masks_are_found_when_the_library_is_verified(library, home):
    """One that was cut, one whose pixels were changed; what is no mask's file is strange, what a killed process left is harmless."""
    library.masks["天空"] = masks.ellipse((64, 48), (3, 3, 60, 40))
    assert library.verify().ok
    data = (home / "masks" / "天空.png").read_bytes()
    (home / "masks" / "cut.png").write_bytes(data[:-30])
    at = data.index(b"IDAT") + 9
    (home / "masks" / "changed.png").write_bytes(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])
    (home / "masks" / "notes.txt").write_text("x")
    (home / "masks" / ".tmp-00").write_bytes(data[:9])
    report = library.verify()
    assert [(problem.kind, problem.name) for problem in report.problems] == [
        ("damaged", "masks/changed.png"),
        ("damaged", "masks/cut.png"),
        ("strange", "masks/notes.txt"),
    ]
    assert report.leftovers == 1


def test_a_folder_that_cannot_be_written(library, home, monkeypatch):
    """Is said in words; the mask that had the name is still there."""
    from imgcell.files import disk

    library.masks["sky"] = LEFT

    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(disk, "_write", full)
    with pytest.raises(StorageError, match="could not be written"):
        library.masks["sky"] = ~LEFT
    assert library.masks["sky"] == LEFT
    assert [path.name for path in (home / "masks").iterdir()] == ["sky.png"]


def test_masks_move_with_the_library(library, tmp_path):
    """Out and in again: none of the other library's is replaced, none that is no mask comes in."""
    other = Library(tmp_path / "other")
    library.masks["天空"], library.masks["sea"] = LEFT, ~LEFT
    other.masks["sea"] = LEFT
    folder = library.export(tmp_path / "out")
    assert sorted(path.name for path in (folder / "masks").iterdir()) == ["sea.png", "天空.png"]
    (folder / "masks" / "evil.png").write_bytes(b"no picture")
    (folder / "masks" / "con.png").write_bytes(LEFT.png)
    with pytest.warns(UserWarning, match="2 things were left out"):
        other.import_(folder)
    assert dict(other.masks) == {"sea": LEFT, "天空": LEFT}
    library.masks["sea"] = LEFT
    library.export(folder)
    assert Mask(folder / "masks" / "sea.png") == LEFT
