"""Bytes that arrive piece by piece: in order, hashed, off the loop's thread, and never lost to a bad disk."""

from __future__ import annotations

import errno
import hashlib
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcell.files import disk, spool
from imgcell.files.spool import SpoolFile


@given(st.lists(st.binary(max_size=400), max_size=30), st.integers(1, 600), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_read_is_what_was_written(tmp_path_factory, pieces, gathered, in_memory):
    """Whatever the pieces and wherever they are kept: same bytes, same order, right size and digest."""
    folder = tmp_path_factory.mktemp("spool")
    before, spool.PIECE = spool.PIECE, gathered
    try:
        file = SpoolFile(None if in_memory else folder / "a.bin")
        for number, piece in enumerate(pieces):
            file.write((bytes, bytearray, memoryview)[number % 3](piece))
        whole = b"".join(pieces)
        assert (file.size, file.sha256, file.read()) == (len(whole), hashlib.sha256(whole).hexdigest(), whole)
        assert (file.path is None) == (in_memory or not whole)
        if file.path is not None:
            assert file.path.read_bytes() == whole
        file.release(remove=True)
        assert not list(folder.iterdir())
    finally:
        spool.PIECE = before


def test_bytes_may_be_asked_for_between_writes(tmp_path):
    """Reading, syncing and hashing in the middle does not disturb what comes after."""
    for path in (tmp_path / "a.bin", None):
        file = SpoolFile(path)
        file.write(b"one")
        file.sync()
        assert (file.read(), file.sha256) == (b"one", hashlib.sha256(b"one").hexdigest())
        file.write(b"two")
        file.sync()
        assert (file.read(), file.sha256) == (b"onetwo", hashlib.sha256(b"onetwo").hexdigest())


def test_a_reused_buffer_does_not_change_what_was_written(tmp_path):
    """The caller may overwrite its buffer after ``write``."""
    file = SpoolFile(tmp_path / "a.bin")
    buffer = bytearray(b"first")
    file.write(buffer)
    buffer[:] = b"other"
    assert file.read() == b"first"


def test_the_receiving_thread_never_touches_the_disk(tmp_path, monkeypatch):
    """Opening, hashing and writing happen in the writer's thread."""
    threads = set()
    monkeypatch.setattr(disk, "_open", lambda *a: (threads.add(threading.current_thread()), os.open(*a))[1])
    monkeypatch.setattr(disk, "_write", lambda *a: (threads.add(threading.current_thread()), os.write(*a))[1])
    file = SpoolFile(tmp_path / "a.bin")
    for _ in range(20):
        file.write(bytes(100_000))
    file.settle()
    assert threads
    assert threading.current_thread() not in threads


def test_many_files_at_once_from_many_threads(tmp_path):
    """One writer serves all; nothing is mixed up."""
    files = [SpoolFile(tmp_path / f"{number}.bin") for number in range(16)]

    def fill(number):
        for _ in range(40):
            files[number].write(bytes([number]) * 30_000)

    threads = [threading.Thread(target=fill, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, file in enumerate(files):
        assert file.read() == bytes([number]) * 1_200_000


def test_a_full_queue_makes_the_receiver_wait_and_loses_nothing(tmp_path, monkeypatch):
    """Beyond the bound the receiver waits for the disk instead of filling the memory."""
    monkeypatch.setattr(spool, "QUEUE", 1_000_000)
    goes_on = threading.Event()
    monkeypatch.setattr(disk, "_write", lambda *a: (goes_on.wait(), os.write(*a))[1])
    file = SpoolFile(tmp_path / "a.bin")
    done = threading.Event()
    written = []

    def fill():
        for _ in range(40):
            file.write(bytes(spool.PIECE))
            written.append(spool.PIECE)
        done.set()

    threading.Thread(target=fill).start()
    assert not done.wait(0.2)
    assert sum(written) < 4 * spool.PIECE
    goes_on.set()
    assert done.wait(30)
    assert file.read() == bytes(40 * spool.PIECE)


@pytest.mark.parametrize("call", ["_open", "_write"])
def test_a_disk_that_fails_at_any_write_loses_nothing(tmp_path, monkeypatch, call):
    """Bytes that cannot be written are kept in memory, with those before and after."""
    monkeypatch.setattr(spool, "PIECE", 1000)
    pieces = [os.urandom(1000) for _ in range(6)]
    for fails_at in range(1 if call == "_open" else 6):
        uses = iter(range(1000))

        def faulty(*arguments, fails_at=fails_at, uses=uses):
            real = os.open if call == "_open" else os.write
            if next(uses) == fails_at:
                if call == "_write":
                    real(arguments[0], arguments[1][:300])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments)

        monkeypatch.setattr(disk, call, faulty)
        file = SpoolFile(tmp_path / f"{call}-{fails_at}.bin")
        for piece in pieces:
            file.write(piece)
        file.sync()
        assert file.read() == b"".join(pieces)
        assert file.sha256 == hashlib.sha256(b"".join(pieces)).hexdigest()
        assert file.path is None
        assert "No space left" in file.problem


def test_a_failed_fsync_brings_the_bytes_into_memory(tmp_path, monkeypatch):
    """After it the file is not to be trusted, whatever a second fsync says."""
    file = SpoolFile(tmp_path / "a.bin")
    file.write(b"picture")

    def fails(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(disk, "_fsync", fails)
    file.sync()
    assert file.path is None
    assert file.problem
    (tmp_path / "a.bin").write_bytes(b"garbage")
    assert file.read() == b"picture"


def test_bytes_that_the_disk_lost_are_not_made_up(tmp_path, monkeypatch):
    """If the pages are gone after a failed fsync, reading says so."""
    file = SpoolFile(tmp_path / "a.bin")
    file.write(b"picture")
    file.settle()

    def fails(descriptor):
        os.ftruncate(descriptor, 0)
        os.write(descriptor, b"zzzzzzz")
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(disk, "_fsync", fails)
    file.sync()
    with pytest.raises(OSError, match="error"):
        file.read()


def test_the_file_can_be_read_after_its_folder_is_gone(tmp_path):
    """The open file outlives its name."""
    folder = tmp_path / "spool"
    folder.mkdir()
    file = SpoolFile(folder / "a.bin")
    file.write(b"picture")
    file.sync()
    (folder / "a.bin").unlink()
    folder.rmdir()
    assert file.read() == b"picture"


def test_a_held_file_stays(tmp_path):
    """The only copy on the disk is not cleaned away."""
    for held in (True, False):
        file = SpoolFile(tmp_path / f"{held}.bin")
        file.write(b"x")
        file.held = held
        file.release(remove=True)
        assert (tmp_path / f"{held}.bin").exists() is held


def test_a_file_that_an_ended_process_left_goes_on(tmp_path):
    """Same bytes, size and digest; what is written now comes behind; it is made durable, and removed when it is not needed."""
    first = SpoolFile(tmp_path / "a.bin")
    first.write(b"x" * (spool.PIECE + 5))
    first.settle()
    calls = []
    left = SpoolFile.existing(tmp_path / "a.bin", sync_folder=lambda: calls.append("folder"))
    assert (left.size, left.sha256, left.read()) == (spool.PIECE + 5, first.sha256, first.read())
    assert left.path == tmp_path / "a.bin"
    left.sync()
    assert calls == ["folder"]
    left.write(b"more")
    assert left.read()[-5:] == b"xmore"
    left.release(remove=True)
    assert not list(tmp_path.iterdir())


def test_an_empty_file_that_was_left_is_removed_too(tmp_path):
    """A process may end between making it and writing into it."""
    (tmp_path / "a.bin").write_bytes(b"")
    SpoolFile.existing(tmp_path / "a.bin").release(remove=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="making links is a privilege there")
def test_a_link_in_the_spool_is_not_followed(tmp_path):
    """Only files of our own are taken for what was received."""
    (tmp_path / "elsewhere").write_bytes(b"secret")
    (tmp_path / "a.bin").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="links"):
        SpoolFile.existing(tmp_path / "a.bin")
