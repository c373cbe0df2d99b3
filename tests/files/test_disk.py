"""The verbs of the disk: exclusive, whole, and for the user alone."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading

import pytest

from imgcell.files import disk
from imgcell.files.group import GroupCommit


def test_a_new_file_is_never_an_old_one(tmp_path):
    """``create`` refuses a name that is taken, a link to elsewhere included."""
    taken = tmp_path / "taken"
    taken.write_bytes(b"mine")
    if os.name != "nt":  # making links is a privilege there
        (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in tmp_path.iterdir():
        with pytest.raises(FileExistsError):
            disk.create(path, "test")
    assert taken.read_bytes() == b"mine"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_files_and_folders_are_for_the_user_alone(tmp_path):
    """0700 and 0600, whatever the umask allows."""
    before = os.umask(0)
    try:
        disk.make_folder(tmp_path / "a" / "b")
        disk.store(tmp_path / "a" / "b" / "file", b"x", "test")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/file")]
    assert modes == [0o700, 0o700, 0o600]


def test_short_writes_are_continued(tmp_path, monkeypatch):
    """A system that writes three bytes at a time writes all of them in the end."""
    monkeypatch.setattr(disk, "_write", lambda descriptor, data: os.write(descriptor, data[:3]))
    disk.store(tmp_path / "file", b"0123456789", "test")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


@pytest.mark.parametrize("call", ["_write", "_fsync", "_rename"])
def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch, call):
    """Whatever fails, the old file is there, and no litter beside it."""
    (tmp_path / "file").write_bytes(b"old")

    def fails(*arguments):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(disk, call, fails)
    with pytest.raises(OSError, match="error"):
        disk.store(tmp_path / "file", b"new", "test")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_is_durable_before_it_has_its_name(tmp_path, monkeypatch):
    """write, fsync, rename, fsync of the folder: in this order."""
    order = []
    for call, real in (("_write", os.write), ("_fsync", os.fsync), ("_rename", os.replace)):
        monkeypatch.setattr(disk, call, lambda *a, call=call, real=real: (order.append(call), real(*a))[1])
    disk.store(tmp_path / "file", b"x", "test")
    assert order == ["_write", "_fsync", "_rename", "_fsync"]


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path):
    """Not an endless loop, not a deletion."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="directory"):
        disk.make_folder(tmp_path / "file" / "sub")


def test_callers_who_wait_share_one_flush():
    """While one flush runs, all who come are served by the next."""
    first, goes_on, arrived = threading.Event(), threading.Event(), threading.Semaphore(0)
    flushes = []

    def flush():
        flushes.append(1)
        if len(flushes) == 1:
            first.set()
            goes_on.wait()

    commit = GroupCommit(flush)

    def caller():
        arrived.release()
        commit()

    threads = [threading.Thread(target=caller)]
    threads[0].start()
    first.wait()
    threads += [threading.Thread(target=caller) for _ in range(30)]
    for thread in threads[1:]:
        thread.start()
    for _ in threads:
        arrived.acquire()
    goes_on.set()
    for thread in threads:
        thread.join()
    # A caller that had announced itself but not yet asked when the second flush began has a third.
    assert 2 <= len(flushes) < 10


def test_a_failed_flush_fails_for_all_who_waited_for_it():
    """And for nobody else."""
    first, goes_on = threading.Event(), threading.Event()
    flushes, failed, served = [], [], []

    def flush():
        flushes.append(1)
        if len(flushes) == 1:
            first.set()
            goes_on.wait()
            raise OSError(errno.EIO, "gone")

    commit = GroupCommit(flush)

    def caller():
        try:
            commit()
            served.append(1)
        except OSError:
            failed.append(1)

    leader = threading.Thread(target=caller)
    leader.start()
    first.wait()
    follower = threading.Thread(target=caller)
    follower.start()
    goes_on.set()
    leader.join()
    follower.join()
    assert (len(failed), len(served)) == (1, 1)


@pytest.mark.parametrize(("point", "status"), [("", 0), ("no-such-step.before", 0), ("it.torn", disk.CRASH_STATUS)])
def test_only_the_named_point_ends_the_process(tmp_path, point, status):
    """Without the variable, or with another name in it, nothing ends; a torn write leaves its first half."""
    script = (
        "import sys; from pathlib import Path; from imgcell.files import disk\n"
        "disk.write(disk.create(Path(sys.argv[1]), 'it'), b'whole!', 'it')"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "file")]
    assert subprocess.run(command, env={**os.environ, "IMGCELL_CRASH_AT": point}, check=False, timeout=60).returncode == status
    assert (tmp_path / "file").read_bytes() == (b"who" if status else b"whole!")
