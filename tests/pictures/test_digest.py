"""The digest of a file that is sent again and again."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from imgcell.pictures import digest


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    """No file has been seen before."""
    monkeypatch.setattr(digest, "_known", {})


@pytest.fixture
def later(monkeypatch):
    """Time has passed since any file was written."""
    real = time.time_ns
    monkeypatch.setattr(digest.time, "time_ns", lambda: real() + 10 * digest.SETTLED)


def sha256(data):
    """Return what the digest should be."""
    return hashlib.sha256(data).hexdigest()


def test_a_file_is_read_once_while_it_stays_as_it_is(tmp_path, later, monkeypatch):
    """The second time the digest is known without reading."""
    file = tmp_path / "a.bin"
    file.write_bytes(b"a" * 300_000)
    assert digest.file_digest(file) == sha256(b"a" * 300_000)

    def unread(*_):
        raise AssertionError("it was read again")

    monkeypatch.setattr(digest.hashlib, "sha256", unread)
    assert digest.file_digest(file) in digest._known.values()


def test_a_changed_file_has_another_digest(tmp_path, later):
    """Also with the size and the modification time of the one before."""
    file = tmp_path / "a.bin"
    file.write_bytes(b"before")
    facts = file.stat()
    digest.file_digest(file)
    while os.stat(file).st_ctime_ns == facts.st_ctime_ns:
        file.write_bytes(b"after!")
        os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert digest.file_digest(file) == sha256(b"after!")


def test_a_file_in_the_place_of_another_has_its_own_digest(tmp_path, later):
    """Replaced by renaming."""
    first, second = tmp_path / "a.bin", tmp_path / "b.bin"
    first.write_bytes(b"before")
    second.write_bytes(b"after!")
    digest.file_digest(first)
    second.replace(first)
    assert digest.file_digest(first) == sha256(b"after!")


def test_a_file_that_was_just_written_is_not_remembered(tmp_path):
    """It may be written again within the same tick of the file system's clock."""
    file = tmp_path / "a.bin"
    file.write_bytes(b"before")
    digest.file_digest(file)
    assert not digest._known


def test_only_so_many_files_are_remembered(tmp_path, later, monkeypatch):
    """The oldest go first."""
    monkeypatch.setattr(digest, "KEPT", 2)
    for number in range(3):
        file = tmp_path / f"{number}.bin"
        file.write_bytes(bytes([number]))
        digest.file_digest(file)
    assert list(digest._known.values()) == [sha256(b"\x01"), sha256(b"\x02")]


def test_a_missing_file_is_an_error(tmp_path):
    """As for every other reader."""
    with pytest.raises(OSError, match=r"missing\.bin"):
        digest.file_digest(tmp_path / "missing.bin")
