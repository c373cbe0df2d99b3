"""What an edit was made from is kept beside it, in nobody's way."""

from __future__ import annotations

import hashlib
import threading

import pytest
from PIL import Image

import imgcell
from imgcell.client import inputs
from imgcell.errors import OutcomeUnknownError
from imgcell.store import Library


def blobs(home):
    """The digests in a library."""
    return {path.name for path in (home / "blobs").rglob("*") if path.is_file()}


def test_inputs_and_mask_are_kept(client, photo, imgcell_home):
    """The bytes of a foreign input and of the mask, as they were sent, are files of the library under their digests."""
    base = client.generate("a lighthouse", size="512x512")[0]
    edit = client.edit("make it night", images=[base, photo], mask=Image.new("L", base.size, 255))[0]
    inputs.settle()
    expected = {base.record.sha256, edit.record.sha256, hashlib.sha256(photo.read_bytes()).hexdigest(), edit.record.mask[7:]}
    assert blobs(imgcell_home) == expected
    assert imgcell.library().blob(edit.record.mask[7:]).read().startswith(b"\x89PNG")


def test_an_outcome_that_nobody_knows(client, photo, server, imgcell_home):
    """A request that may have been charged keeps its inputs too: its answer may still turn up."""
    server.play("reset")
    with pytest.raises(OutcomeUnknownError):
        client.edit("make it night", images=[photo])
    inputs.settle()
    assert blobs(imgcell_home) == {hashlib.sha256(photo.read_bytes()).hexdigest()}


def test_nobody_waits_for_them(client, photo, monkeypatch):
    """The picture is there before its inputs are kept; whoever asks for its parents waits until they are."""
    gate = threading.Event()
    keep = Library.keep_input

    def slow(library, image):
        assert gate.wait(20)
        keep(library, image)

    monkeypatch.setattr(Library, "keep_input", slow)
    edit = client.edit("make it night", images=[photo])[0]
    assert edit.size[0] > 0
    assert not gate.is_set()
    threading.Timer(0.05, gate.set).start()
    assert [parent.record.kind for parent in edit.parents] == ["given"]


def test_a_file_that_was_changed_meanwhile(client, photo, monkeypatch):
    """What stands in the file by then is not what was sent: it is not kept under that name, and the parent is missing."""
    gate = threading.Event()
    keep = Library.keep_input

    def late(library, image):
        assert gate.wait(20)
        keep(library, image)

    monkeypatch.setattr(Library, "keep_input", late)
    edit = client.edit("make it night", images=[photo])[0]
    Image.new("RGB", (90, 60), "red").save(photo)
    gate.set()
    assert len(edit.parents) == 0
    assert "not in the library" in str(edit.parents.errors[0])


def test_a_library_that_takes_nothing(client, photo, monkeypatch):
    """A failure to keep an input is nobody's failure: the picture came."""
    from imgcell.files import disk

    store = disk.store

    def full(path, data, step, *words, **named):
        if step == "input":
            raise OSError(28, "No space left on device")
        return store(path, data, step, *words, **named)

    monkeypatch.setattr(disk, "store", full)
    edit = client.edit("make it night", images=[photo])[0]
    assert len(edit.parents.errors) == 1
    assert edit.lineage().to_html()
