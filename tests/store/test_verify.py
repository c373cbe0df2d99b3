"""Verifying reads and hashes everything again, and finds each kind of damage."""

from __future__ import annotations

import json
import os
import sqlite3

import pytest

from imgcell.store import Library, Report
from imgcell.store.index import NAME


def test_a_whole_library_is_said_to_be_whole(library, made):
    """With what was counted, as text and as HTML; progress is told to the end."""
    records = [made(f"{number}") for number in range(3)]
    made(state="unknown")
    library.delete(records[0].id)
    told = []
    report = library.verify(lambda done, total: told.append((done, total)))
    assert isinstance(report, Report)
    assert report.ok
    assert (report.pictures, report.deleted, report.blobs, report.requests) == (2, 1, 3, 4)
    assert report.bytes == sum(record.bytes for record in records)
    assert "is whole" in str(report)
    assert "Pictures: 2, in the trash: 1" in str(report)
    assert "is whole" in report._repr_html_()
    assert (told[0], told[-1]) == ((0, 3), (3, 3))


def test_an_empty_library_is_whole(home):
    """Nothing there, nothing wrong."""
    assert Library(home).verify().ok


def break_blob(library, record):
    library._blob_path(record.sha256).write_bytes(b"x" * record.bytes)


def cut_blob(library, record):
    library._blob_path(record.sha256).write_bytes(b"")


def lose_blob(library, record):
    library._blob_path(record.sha256).unlink()


def move_blob(library, record):
    path = library._blob_path(record.sha256)
    (library.home / "blobs" / "zz").mkdir()
    path.rename(library.home / "blobs" / "zz" / path.name)


def break_record(library, record):
    (library.home / "records" / f"{record.id}.json").write_bytes(b'{"v": 2, "id":')


def rename_record(library, record):
    (library.home / "records" / f"{record.id}.json").rename(library.home / "records" / "p-somebody-else.json")


def lose_record(library, record):
    (library.home / "records" / f"{record.id}.json").unlink()


def link_record(library, record):
    path = library.home / "records" / f"{record.id}.json"
    path.rename(library.home / "elsewhere.json")
    path.symlink_to(library.home / "elsewhere.json")


def strange_file(library, record):
    (library.home / "blobs" / record.sha256[:2] / "holiday.jpg").write_bytes(b"x")


def linked_blob(library, record):
    path = library._blob_path(record.sha256)
    path.rename(library.home / "elsewhere")
    path.symlink_to(library.home / "elsewhere")


@pytest.mark.parametrize(
    ("damage", "kinds"),
    [
        (break_blob, {"damaged"}),
        (cut_blob, {"damaged"}),
        (lose_blob, {"missing"}),
        (move_blob, {"damaged", "missing"}),
        (break_record, {"record", "index"}),
        (rename_record, {"record", "unrecorded", "index"}),
        (lose_record, {"unrecorded"}),
        (link_record, {"record", "index"}),
        (strange_file, {"strange"}),
        (linked_blob, {"strange"}),
    ],
)
def test_each_kind_of_damage_is_found(library, home, made, damage, kinds):
    """... named, told in a sentence, and nothing is changed by looking."""
    records = [made(f"{number}") for number in range(3)]
    library.find()
    damage(library, records[1])
    before = {path: path.lstat() for name in ("blobs", "records", "ledger") for path in (home / name).rglob("*")}
    report = Library(home).verify()
    assert {problem.kind for problem in report.problems} <= kinds
    assert kinds - {"index"} <= {problem.kind for problem in report.problems}
    assert not report.ok
    assert "wrong" in str(report)
    assert all(problem.message in str(report) and problem.name for problem in report.problems)
    after = {path: path.lstat() for name in ("blobs", "records", "ledger") for path in (home / name).rglob("*")}
    assert {p: (s.st_mtime_ns, s.st_size, s.st_ino) for p, s in before.items()} == {
        p: (s.st_mtime_ns, s.st_size, s.st_ino) for p, s in after.items()
    }


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever runs this may read anything")
def test_what_cannot_be_read_is_said(library, made):
    """A file without its rights."""
    record = made()
    path = library._blob_path(record.sha256)
    path.chmod(0)
    assert [problem.kind for problem in library.verify().problems] == ["unreadable"]
    path.chmod(0o600)


def test_an_index_that_says_something_else_is_found(library, home, made):
    """A row that was changed, a row that was taken away: told, with what to do."""
    records = [made(f"{number}") for number in range(3)]
    library.find()
    connection = sqlite3.connect(home / NAME)
    document = json.loads(connection.execute("SELECT document FROM pictures WHERE id = ?", (records[0].id,)).fetchone()[0])
    connection.execute("UPDATE pictures SET document = ? WHERE id = ?", (json.dumps({**document, "prompt": "forged"}), records[0].id))
    connection.commit()
    connection.close()
    report = library.verify()
    assert [(problem.kind, problem.name) for problem in report.problems] == [("index", records[0].id)]
    assert "rebuild()" in str(report)
    library.rebuild()
    assert library.verify().ok


def test_leftovers_of_a_killed_process_are_counted_only(library, home, made):
    """Temporary files are in nobody's way."""
    record = made()
    (home / "records" / ".tmp-0011").write_bytes(b"{")
    (home / "blobs" / record.sha256[:2] / ".tmp-0022").write_bytes(b"x")
    report = library.verify()
    assert (report.ok, report.leftovers) == (True, 2)


def test_what_was_removed_for_good_is_not_missed(library, home, made):
    """The ledger still names it."""
    import datetime as dt

    record = made()
    library.delete(record.id)
    assert library.empty_trash(dt.timedelta(0)) == 1
    assert library.verify().ok


def test_a_long_list_is_cut_when_shown(library, made):
    """All problems are in the report, twenty are shown; text from files is escaped in HTML."""
    for number in range(25):
        lose_blob(library, made(f"{number}"))
    (library.home / "records" / "<b>.json").write_bytes(b"{}")
    report = library.verify()
    assert len(report.problems) == 26
    assert "… and 6 more" in str(report)
    assert "<b>.json" not in report._repr_html_()
    assert "&lt;b&gt;.json" in report._repr_html_()
