"""The library: a picture is durable when ``keep`` returns, and is never lost, whatever the disk does."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import threading

import pytest

from imgcell.errors import StorageError
from imgcell.files import disk
from imgcell.ledger import Ledger, pending, read_ledger
from imgcell.store import Library

PICTURE = b"\x89PNG" + bytes(range(256)) * 2500  # 640 kB: more than one piece
DIGEST = hashlib.sha256(PICTURE).hexdigest()


def test_a_picture_and_its_record_come_back(library, home, answered):
    """Bytes under their digest, the record under its id, the spool empty after the end."""
    attempt, extract, record = answered(PICTURE)
    kept = library.keep(extract, record)
    attempt.finish("done")
    assert kept.problem is None
    assert kept.source.path == home / "blobs" / DIGEST[:2] / DIGEST
    assert kept.source.read() == PICTURE
    assert (kept.source.sha256, kept.source.size) == (DIGEST, len(PICTURE))
    again = Library(home)
    assert again.record(record.id) == record
    assert list(again.records()) == [record]
    assert again.blob(DIGEST).read() == PICTURE
    assert not list((home / "spool").iterdir())
    assert extract.read() == PICTURE
    document = json.loads((home / "records" / f"{record.id}.json").read_bytes())
    assert (document["v"], document["prompt"]) == (2, "一只猫")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_library_is_for_the_user_alone(library, home, answered):
    """Folders 0700, files 0600."""
    _, extract, record = answered(PICTURE)
    before = os.umask(0)
    try:
        library.keep(extract, record)
    finally:
        os.umask(before)
    for path in home.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_same_picture_twice_is_stored_once(library, home, answered):
    """Two records, one blob; both spools are cleared."""
    for _ in range(2):
        attempt, extract, record = answered(PICTURE)
        assert library.keep(extract, record).problem is None
        attempt.finish("done")
    assert len(list(library.records())) == 2
    assert len([path for path in (home / "blobs").rglob("*") if path.is_file()]) == 1
    assert not list((home / "spool").iterdir())


def test_a_torn_blob_is_replaced(library, answered):
    """A file under the right name with the wrong size is not the picture."""
    library._blob_path(DIGEST).parent.mkdir(parents=True)
    library._blob_path(DIGEST).write_bytes(PICTURE[:100])
    _, extract, record = answered(PICTURE)
    kept = library.keep(extract, record)
    assert (kept.source.read(), kept.problem) == (PICTURE, None)
    assert library.blob(DIGEST).read() == PICTURE


def test_names_from_outside_reach_no_file(library, home, answered):
    """Only digests and our own ids are looked up; a record with another id is not written."""
    _, extract, record = answered(PICTURE, name="../../evil")
    kept = library.keep(extract, record)
    assert kept.source.read() == PICTURE
    assert kept.problem
    assert library.blob("../../etc/passwd") is None
    assert library.record("../ledger/x") is None
    assert library.blob("0" * 64) is None
    assert not list(home.parent.rglob("*evil*"))


def test_a_broken_sidecar_hides_no_other(library, home, answered):
    """Half a JSON, another kind of JSON: left out."""
    _, extract, record = answered(PICTURE)
    library.keep(extract, record)
    (home / "records" / "p-0.json").write_bytes(b'{"v": 1, "id"')
    (home / "records" / "p-1.json").write_bytes(b"[]")
    (home / "records" / "p-2.json").write_bytes(b"{}")
    assert list(library.records()) == [record]


def test_the_record_says_what_the_bytes_are(library, answered):
    """Digest and length in the sidecar are those of the bytes, whatever the record claimed."""
    import dataclasses

    _, extract, record = answered(PICTURE)
    library.keep(extract, dataclasses.replace(record, sha256="0" * 64, bytes=1))
    stored = library.record(record.id)
    assert (stored.sha256, stored.bytes) == (DIGEST, len(PICTURE))


@pytest.mark.parametrize("number", [errno.EPERM, errno.EXDEV, errno.ENOTSUP])
def test_file_systems_without_links_get_a_copy(library, home, answered, faults, number):
    """exFAT, some network folders, blobs on another disk: copied, nothing said."""
    faults.inject("_link", number, at=0, forever=True)
    attempt, extract, record = answered(PICTURE)
    kept = library.keep(extract, record)
    attempt.finish("done")
    assert (kept.problem, kept.source.read()) == (None, PICTURE)
    assert not list(home.rglob(".tmp-*"))


# -- a disk that fails -------------------------------------------------------------------------------------------------


def test_what_the_library_cannot_take_stays_in_the_spool(library, home, answered, monkeypatch):
    """... is not removed at the end, and the ledger says where it is."""
    attempt, extract, record = answered(PICTURE)
    attempt.sync()
    shutil.rmtree(home / "blobs")
    (home / "blobs").write_bytes(b"")
    kept = library.keep(extract, record)
    attempt.finish("done")
    assert kept.source.path.parent == home / "spool"
    assert kept.source.read() == PICTURE
    assert str(kept.source.path) in kept.problem
    assert list(read_ledger(home))[-1]["elsewhere"] == [str(kept.source.path)]
    # ... beside what says which picture it is, for whoever puts it into the library later.
    assert sorted(path.name for path in (home / "spool").iterdir()) == [kept.source.path.name, f"{attempt.id}.part"]


def test_the_second_place_is_among_the_temporary_files(library, home, temporary, answered):
    """When neither library nor spool took it."""
    _, extract, record = answered(PICTURE)
    extract.settle()
    shutil.rmtree(home)
    home.write_bytes(b"")
    kept = library.keep(extract, record)
    assert kept.source.path == temporary / "imgcell-rescued" / f"{DIGEST}.png"
    assert kept.source.read() == PICTURE
    assert json.loads(kept.source.path.with_suffix(".json").read_bytes())["prompt"] == "一只猫"
    assert str(kept.source.path) in kept.problem


@pytest.mark.skipif(os.name == "nt", reason="folders for temporary files are not shared on Windows")
def test_a_rescue_folder_of_somebody_else_is_not_used(library, home, temporary, tmp_path, answered):
    """A link planted in a shared /tmp is not followed."""
    (tmp_path / "trap").mkdir()
    (temporary / "imgcell-rescued").symlink_to(tmp_path / "trap")
    _, extract, record = answered(PICTURE)
    extract.settle()
    shutil.rmtree(home)
    home.write_bytes(b"")
    kept = library.keep(extract, record)
    assert kept.source.read() == PICTURE
    assert not list((tmp_path / "trap").iterdir())


@pytest.mark.parametrize("forever", [False, True], ids=["once", "from-then-on"])
@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("_open", errno.ENOSPC),
        ("_open", errno.EMFILE),
        ("_write", errno.ENOSPC),
        ("_fsync", errno.EIO),
        ("_rename", errno.ENOSPC),
        ("_link", errno.ENOSPC),
        ("_mkdir", errno.ENOSPC),
    ],
)
def test_no_fault_of_the_disk_loses_a_picture(tmp_path, temporary, answered, faults, call, number, forever):
    """Every use of every call fails in turn: either nothing was sent, or the picture is there, and the ledger is truthful."""
    at = 0
    while True:
        home = tmp_path / f"{at}"
        ledger, library = Ledger(home), Library(home)
        faults.inject(call, number, at=at, forever=forever)
        sent, ended = False, False
        try:
            attempt = ledger.open({"prompt": "x"}, room=1000)
            sent = True
        except StorageError:
            faults.end()
            assert not pending(home), f"{call} #{at}: a request that was not sent reads as sent"
        if sent:
            attempt.receive(200, {})
            extract = attempt.extract()
            extract.write(PICTURE)
            attempt.sync()
            _, _, record = answered_record(attempt, extract)
            kept = library.keep(extract, record)
            try:
                attempt.finish("done")
                ended = True
            except OSError:
                pass
            used = faults.count
            faults.end()
            assert kept.source.read() == PICTURE, f"{call} #{at}"
            assert kept.source.sha256 == DIGEST
            failed = used > at
            on_disk = kept.source.path is not None
            assert kept.problem or (on_disk and library.record(record.id)), f"{call} #{at}: trouble is not told"
            # A last line whose fsync failed may be there all the same; it is true then.
            assert ended or pending(home) or list(read_ledger(home))[-1]["state"] == "done"
            if ended and kept.source.path is not None:
                assert kept.source.path.exists()
            for blob in (home / "blobs").rglob("?" * 64):
                assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
            if not failed:
                break
        at += 1
        assert at < 60
    assert at > 0, f"{call} was never used"


def answered_record(attempt, extract):
    """The record that goes with an extract, as the client makes it."""
    from imgcell.pictures.record import Record

    record = Record(
        id=f"p-{attempt.id[2:]}-0", sha256=extract.sha256, bytes=extract.size, prompt="x", provider="box", model=None, format="PNG"
    )
    return attempt, extract, record


def test_a_home_that_is_removed_in_the_middle_loses_nothing(library, home, answered):
    """Between the answer and its keeping somebody deletes the folder: it is made again."""
    attempt, extract, record = answered(PICTURE)
    attempt.sync()
    shutil.rmtree(home)
    kept = library.keep(extract, record)
    attempt.finish("done")
    assert (kept.problem, kept.source.read()) == (None, PICTURE)
    assert library.blob(DIGEST).read() == PICTURE
    assert library.record(record.id) == record


# -- at once -----------------------------------------------------------------------------------------------------------


def test_threads_keep_the_same_and_other_pictures_at_once(library, home, answered):
    """Every record has its blob, every blob its digest."""
    problems = []

    def work(number):
        for k in range(5):
            attempt, extract, record = answered(b"same" * 1000 if k % 2 else os.urandom(1000) + bytes([number]))
            problems.append(library.keep(extract, record).problem)
            attempt.finish("done")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == [None] * 40
    records = list(library.records())
    assert len(records) == 40
    for record in records:
        assert hashlib.sha256(library.blob(record.sha256).read()).hexdigest() == record.sha256
    assert not pending(home)
    assert not list(home.rglob(".tmp-*"))


_WORK = """
import os, sys
from pathlib import Path
from imgcell.ledger import Ledger
from imgcell.pictures.record import Record
from imgcell.store import Library
home = Path(sys.argv[1])
ledger, library = Ledger(home), Library(home)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    attempt = ledger.open({"prompt": "x"}, room=1000)
    extract = attempt.extract()
    extract.write(b"same" * 2000 if number % 2 else os.urandom(2000))
    attempt.sync()
    attempt.note("answered")
    record = Record(id=f"p-{attempt.id[2:]}-0", sha256=extract.sha256, bytes=extract.size, prompt="x", provider="box", model=None)
    kept = library.keep(extract, record)
    assert kept.problem is None, kept.problem
    attempt.finish("done")
    print(record.id, flush=True)
"""


def test_processes_share_a_library_and_one_may_be_killed(home, temporary):
    """Three at once, one killed in the middle: what was reported as kept is there, nothing is torn."""
    command = [sys.executable, "-c", _WORK, str(home)]
    workers = [
        subprocess.Popen([*command, count], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for count in ("25", "25", "100000")
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    reported = [workers[2].stdout.readline().strip() for _ in range(10)]
    workers[2].kill()
    # A last line may be torn by the kill.
    reported += [line.strip() for line in workers[2].stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    for worker in workers[:2]:
        output, _ = worker.communicate(timeout=120)
        assert worker.returncode == 0
        reported += output.split()
    workers[2].communicate()
    library = Library(home)
    assert len(reported) >= 60
    for name in reported:
        record = library.record(name)
        assert hashlib.sha256(library.blob(record.sha256).read()).hexdigest() == record.sha256
    for blob in (home / "blobs").rglob("?" * 64):
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    left = pending(home)
    assert len(left) <= 1
    done = {line["attempt"] for line in read_ledger(home) if line["state"] == "done"}
    assert {f"a-{name[2:-2]}" for name in reported} - done <= {attempt["attempt"] for attempt in left}


def test_the_order_of_keeping_is_the_order_of_safety(library, home, answered, monkeypatch):
    """The blob's bytes are durable before it has its name, its name before the record has its own, all before the return."""
    _, extract, record = answered(PICTURE)
    extract.settle()
    order = []

    def what(descriptor):
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        return os.path.relpath(path, home).split(os.sep)[0]

    if not os.path.exists("/proc/self/fd"):
        pytest.skip("the names of open files are not known here")
    monkeypatch.setattr(disk, "_fsync", lambda descriptor: order.append(("fsync", what(descriptor))))
    monkeypatch.setattr(disk, "_link", lambda *a: (order.append(("link", "blobs")), os.link(*a)))
    monkeypatch.setattr(disk, "_rename", lambda *a: (order.append(("rename", "records")), os.replace(*a)))
    library.keep(extract, record)
    assert [step for step in order if step != ("fsync", "blobs")][:2] == [("fsync", "spool"), ("fsync", "spool")]
    assert order[-5:] == [("link", "blobs"), ("fsync", "blobs"), ("fsync", "records"), ("rename", "records"), ("fsync", "records")]
