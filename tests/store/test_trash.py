"""Deleting moves, restoring moves back, and nothing is removed that was not deleted long ago."""

from __future__ import annotations

import datetime as dt
import hashlib
import os

import pytest

from imgcell.errors import InvalidJobError, StorageError
from imgcell.jobs import InputImage
from imgcell.store import Library


def files(home):
    """What is in the library beside the index, with its bytes."""
    names = ("records", "blobs", "trash")
    return {path.relative_to(home).as_posix(): path.read_bytes() for name in names for path in (home / name).rglob("*") if path.is_file()}


def old(library, record, days):
    """Let a record in the trash be deleted *days* ago."""
    path = library.home / "trash" / "records" / f"{record.id}.json"
    moment = path.stat().st_mtime - days * 86_400
    os.utime(path, (moment, moment))


def test_deleting_and_restoring_leave_everything_as_it_was(library, home, made):
    """Record and bytes, what is found, children, notes."""
    record, other = made("灯塔"), made("海边")
    library.annotate(record.id, rating=5, note="漂亮")
    before = files(home)
    library.delete(record.id)
    assert library.find() == [other]
    assert library.find("灯塔") == library.find("漂亮") == library.find(rating=5) == []
    assert library.picture(record.id) is None
    assert library.trash() == [record]
    assert Library(home).find() == [other]
    assert sorted(files(home).values()) == sorted(before.values())
    library.restore(record.id)
    assert files(home) == before
    assert library.find() == [other, record]
    assert library.find("灯塔") == library.find("漂亮") == library.find(rating=5) == [record]
    assert library.trash() == []
    assert library.picture(record.id).record == record


def test_bytes_that_another_picture_needs_stay(library, home, made):
    """The same picture twice: each can be deleted and brought back, the other one is whole all the time."""
    first, second = made("一", data=b"the same"), made("二", data=b"the same")
    library.delete(first.id)
    assert library.blob(second.sha256).path.parent.parent == home / "blobs"
    library.delete(second.id)
    assert not list((home / "blobs").rglob("?" * 64))
    library.restore(first.id)
    assert library.blob(first.sha256).read() == b"the same"
    library.restore(second.id)
    assert library.find() == [second, first]
    assert library.verify().ok


def test_bytes_that_an_edit_was_made_from_stay(library, home, made):
    """As input or as mask of a picture that is not deleted."""
    source, mask = made("source"), made("mask")
    edit = made("edit", parents=(source.id,), inputs=(f"sha256:{source.sha256}",), mask=f"sha256:{mask.sha256}")
    for record in (source, mask):
        library.delete(record.id)
        assert library.blob(record.sha256).path.parent.parent == home / "blobs"
    library.delete(edit.id)
    library.restore(source.id)
    assert library.blob(source.sha256).read()
    assert library.verify().ok


def test_the_trash_is_emptied_of_what_is_old_enough_only(library, home, made):
    """Thirty days by default; nothing else is removed, whatever lies about."""
    young, aged, kept = made("young"), made("aged"), made("kept")
    orphan = home / "blobs" / "00" / ("0" * 64)
    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"whose is this?")
    for record in (young, aged):
        library.delete(record.id)
    lost = home / "trash" / "blobs" / ("1" * 64)
    lost.write_bytes(b"and this?")
    assert library.empty_trash() == 0
    old(library, aged, 31)
    assert library.empty_trash() == 1
    assert library.trash() == [young]
    assert library.blob(aged.sha256) is None
    assert (orphan.read_bytes(), lost.read_bytes()) == (b"whose is this?", b"and this?")
    assert library.find() == [kept]
    with pytest.raises(InvalidJobError, match="trash"):
        library.restore(aged.id)
    assert library.empty_trash(dt.timedelta(0)) == 1
    assert library.find() == [kept]
    assert [problem.kind for problem in library.verify().problems] == ["damaged", "damaged"]  # the two that lie about


def test_emptying_spares_bytes_that_are_needed_again(library, home, made):
    """The same picture was made again after the first one was deleted; or the first one is in the trash twice."""
    first = made("first", data=b"the same")
    library.delete(first.id)
    old(library, first, 31)
    again = made("again", data=b"the same")
    assert library.empty_trash() == 1
    assert library.blob(again.sha256).path.parent.parent == home / "blobs"
    second = made("second", data=b"the same")
    library.delete(again.id)
    library.delete(second.id)
    old(library, again, 31)
    assert library.empty_trash() == 1
    library.restore(second.id)
    assert library.blob(second.sha256).read() == b"the same"
    assert library.verify().ok


def test_a_picture_that_is_kept_while_its_twin_is_deleted_stays_readable(library, home, made):
    """The bytes went to the trash just then: they are found there."""
    record = made(data=b"the same")
    library.delete(record.id)
    (home / "records" / f"{record.id}.json").write_bytes((home / "trash" / "records" / f"{record.id}.json").read_bytes())
    assert library.blob(record.sha256).read() == b"the same"


def test_inputs_are_never_orphans(library, home, made):
    """Bytes that were sent have no record of their own, and stay."""
    data = b"a photograph"
    digest = hashlib.sha256(data).hexdigest()
    library.keep_input(InputImage(data=data, sha256=digest, size=len(data)))
    record = made(inputs=(f"sha256:{digest}",))
    library.delete(record.id)
    old(library, record, 31)
    library.empty_trash()
    assert library.blob(digest).read() == data


@pytest.mark.parametrize("name", ["p-nobody", "../../etc/passwd", "", None, 3])
def test_only_what_is_there_is_deleted_or_restored(library, made, name):
    """Everything else is an error in words."""
    made()
    with pytest.raises(InvalidJobError):
        library.delete(name)
    with pytest.raises(InvalidJobError):
        library.restore(name)


def test_deleting_twice_is_an_error_and_harmless(library, made):
    """So is restoring twice."""
    record = made()
    library.delete(record.id)
    with pytest.raises(InvalidJobError):
        library.delete(record.id)
    library.restore(record.id)
    with pytest.raises(InvalidJobError):
        library.restore(record.id)
    assert library.find() == [record]


@pytest.mark.parametrize("verb", ["delete", "restore"])
@pytest.mark.parametrize("call", ["_rename", "_mkdir", "_fsync"])
def test_no_fault_of_the_disk_loses_a_picture_on_its_way(library, home, made, faults, full, call, verb):
    """Every use of every call fails in turn: record and bytes are in the library or in the trash, and a second try succeeds."""
    at = 0
    while True:
        record = made(f"{at}")
        if verb == "restore":
            library.delete(record.id)
        faults.inject(call, full, at=at, forever=False)
        failed = False
        try:
            getattr(library, verb)(record.id)
        except StorageError:
            failed = True
        faults.end()
        assert library.blob(record.sha256).read()
        places = [(home / folder / f"{record.id}.json").exists() for folder in ("records", "trash/records")]
        assert sum(places) == 1
        assert record.id in {found.id for found in [*library.find(), *Library(home).trash()]}
        if failed:
            fresh = Library(home)
            present = record.id in {found.id for found in fresh.find()}
            assert present == places[0]
            if present == (verb == "delete"):
                getattr(fresh, verb)(record.id)
        assert (record.id in {found.id for found in Library(home).find()}) == (verb == "restore")
        at += 1
        if not failed and at > 6:
            break
        assert at < 40
    assert library.verify().ok
