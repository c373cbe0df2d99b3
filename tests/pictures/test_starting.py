"""What is imported when."""

from __future__ import annotations

import subprocess
import sys

import pytest

import imgcell.pictures


def loaded_by(statement):
    """The modules that a fresh interpreter has after *statement*."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("names", ["Progress, Partial, Final", "Record", "MemorySource, FileSource", "ImageFacts, inspect"])
def test_what_needs_no_pixels_needs_no_pillow(names):
    """Steps, records, sources and the inspection of files work without Pillow having been imported."""
    assert "PIL" not in loaded_by(f"from imgcell.pictures import {names}")


def test_pillow_comes_without_numpy():
    """Picture, Sheet and the inputs import Pillow, but neither NumPy nor pandas."""
    modules = loaded_by("from imgcell.pictures import Picture, Sheet, load_image")
    assert "PIL.Image" in modules
    assert not {"numpy", "pandas", "IPython"} & modules


def test_every_public_name_is_there():
    """What __all__ promises can be imported, and nothing else pretends to exist."""
    for name in imgcell.pictures.__all__:
        assert getattr(imgcell.pictures, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        imgcell.pictures.Nothing  # noqa: B018  # looking it up is the test
