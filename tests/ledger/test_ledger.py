"""The ledger: durable before anything is sent, truthful whatever happens afterwards."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import threading
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcell.errors import StorageError
from imgcell.files import disk
from imgcell.ledger import ENDS, Ledger, MemoryLedger, pending, read_ledger

ROOM = 1_000_000


def states(home):
    """The states of all lines, in order."""
    return [line["state"] for line in read_ledger(home)]


def test_the_line_is_durable_when_open_returns(ledger, home, monkeypatch):
    """One write, then an fsync of the same file, then the attempt."""
    ledger.open({}, room=ROOM).finish("not-sent")
    calls = []
    monkeypatch.setattr(disk, "_write", lambda *a: (calls.append(("write", a[0])), os.write(*a))[1])
    monkeypatch.setattr(disk, "_fsync", lambda *a: (calls.append(("fsync", a[0])), os.fsync(*a))[1])
    attempt = ledger.open({"prompt": "一只猫", "n": 2}, room=ROOM)
    assert [name for name, _ in calls] == ["write", "fsync"]
    assert calls[0][1] == calls[1][1]
    line = list(read_ledger(home))[-1]
    assert (line["attempt"], line["state"], line["prompt"], line["n"], line["pid"]) == (attempt.id, "sending", "一只猫", 2, os.getpid())


def test_a_line_is_ascii_json(ledger, home):
    """One object a line, no byte above 127, with version and time, whatever the facts are."""
    facts = {"prompt": "猫\ud800\n\x00", "extra": MappingProxyType({"a": {1, 2}}), "path": home, "state": "done", "attempt": "forged"}
    attempt = ledger.open(facts, room=ROOM)
    (path,) = (home / "ledger").glob("*.jsonl")
    raw = path.read_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == 1
    line = json.loads(raw)
    assert (line["v"], line["attempt"], line["state"]) == (1, attempt.id, "sending")
    assert line["time"].endswith("+00:00")
    assert re.fullmatch(rf"\d{{8}}-{os.getpid()}-[0-9a-f]{{8}}\.jsonl", path.name)


def test_ids_are_readable_unique_and_in_order():
    """Also for attempts of the same millisecond, from many threads."""
    ledger = MemoryLedger()
    one_thread = [ledger.open({}, room=ROOM).id for _ in range(500)]
    assert one_thread == sorted(set(one_thread))
    many = []
    threads = [threading.Thread(target=lambda: many.extend(ledger.open({}, room=ROOM).id for _ in range(100))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(many)) == 800
    assert all(re.fullmatch(r"a-\d{8}-\d{6}-[0-9a-z]{7}", name) for name in many)


def test_requests_at_once_share_their_fsyncs(ledger, home, monkeypatch):
    """Of 32 lines that are written while one fsync runs, none has an fsync of its own."""
    ledger.open({}, room=ROOM)
    written, flushes, all_written = [], [], threading.Event()

    def write(descriptor, data):
        written.append(data)
        if len(written) == 32:
            all_written.set()
        return os.write(descriptor, data)

    def fsync(descriptor):
        flushes.append(descriptor)
        assert all_written.wait(30)
        os.fsync(descriptor)

    monkeypatch.setattr(disk, "_write", write)
    monkeypatch.setattr(disk, "_fsync", fsync)
    threads = [threading.Thread(target=lambda: ledger.open({}, room=ROOM)) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states(home) == ["sending"] * 33
    assert len(flushes) < 10


def test_an_answer_is_spooled_as_it_comes(ledger, home):
    """Status and headers first, then the body; each picture in a file of its own."""
    attempt = ledger.open({}, room=ROOM)
    attempt.receive(200, {"content-type": "application/json", "x-request-id": "r1"})
    first, second = attempt.extract(), attempt.extract()
    first.write(b"PNG1")
    second.write(b"PNG2")
    attempt.write(b'{"data": ["#0", "#1"]}')
    attempt.sync()
    spool = home / "spool"
    assert (spool / f"{attempt.id}.0.bin").read_bytes() == b"PNG1"
    assert second.path == spool / f"{attempt.id}.1.bin"
    head, _, body = (spool / f"{attempt.id}.part").read_bytes().partition(b"\n")
    assert json.loads(head) == {"status": 200, "headers": {"content-type": "application/json", "x-request-id": "r1"}}
    assert body == b'{"data": ["#0", "#1"]}'
    attempt.note("answered", request_id="r1")
    (known,) = pending(home)
    assert [file["sha256"] for file in known["files"]] == [first.sha256, second.sha256]
    assert known["states"] == ["sending", "answered"]
    assert [path.name for path in known["spool"]] == [f"{attempt.id}.0.bin", f"{attempt.id}.1.bin", f"{attempt.id}.part"]


@pytest.mark.parametrize("state", sorted(ENDS))
def test_the_spool_stays_where_something_may_be_owed(ledger, home, state):
    """Harmless ends clear it; unknown, paid-unread and paid-pending keep all that came."""
    attempt = ledger.open({}, room=ROOM)
    attempt.receive(200, {})
    attempt.extract().write(b"picture")
    attempt.sync()
    attempt.finish(state, reason="so")
    kept = state in ("unknown", "paid-unread", "paid-pending")
    assert len(list((home / "spool").iterdir())) == (2 if kept else 0)
    assert list(read_ledger(home))[-1]["reason"] == "so"
    assert not pending(home)


def test_a_last_line_that_cannot_be_written_keeps_the_spool(ledger, home, monkeypatch):
    """Without "done" in the ledger nothing is removed."""
    attempt = ledger.open({}, room=ROOM)
    attempt.extract().write(b"picture")
    attempt.sync()

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(disk, "_write", full)
    with pytest.raises(OSError, match="space"):
        attempt.finish("done")
    assert len(list((home / "spool").iterdir())) == 1


def test_states_are_a_closed_list(ledger):
    """A misspelt state is an error, not a line."""
    attempt = ledger.open({}, room=ROOM)
    with pytest.raises(ValueError, match="finished"):
        attempt.note("finished")
    with pytest.raises(ValueError, match="answered"):
        attempt.finish("answered")


# -- before anything is sent ---------------------------------------------------------------------------------------


def refused(ledger):
    """The error of an attempt that must not be opened; it says that nothing was sent and what to do."""
    with pytest.raises(StorageError) as caught:
        ledger.open({}, room=ROOM)
    assert "othing was sent" in caught.value.message
    assert caught.value.hint
    return caught.value


def test_no_room_no_request(ledger, monkeypatch):
    """Fewer free bytes than the answer may need: refused, with the figures."""
    monkeypatch.setattr(disk, "free", lambda path: (400_000, None))
    assert "0 MB are free" in refused(ledger).message
    assert "1 MB are needed" in refused(ledger).message


def test_no_files_no_request(ledger, monkeypatch):
    """No inodes left: refused."""
    monkeypatch.setattr(disk, "free", lambda path: (10**12, 3))
    assert "more files" in refused(ledger).message


def test_requests_under_way_count_for_the_room(ledger, monkeypatch):
    """What others are expected to bring is not promised twice; when they end it is free again."""
    monkeypatch.setattr(disk, "free", lambda path: (1_700_000, None))
    attempts = [ledger.open({}, room=ROOM) for _ in range(3)]
    refused(ledger)
    attempts[0].finish("done")
    ledger.open({}, room=ROOM)


@pytest.mark.parametrize("call", ["_open", "_write", "_fsync", "_mkdir"])
@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.EIO])
def test_a_disk_that_cannot_take_the_line_stops_the_request(ledger, home, monkeypatch, call, number):
    """Read-only, forbidden, full, over quota: refused, and the ledger does not say that something was sent."""

    def fails(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(disk, call, fails)
    assert os.strerror(number) in refused(ledger).message
    assert not pending(home)
    monkeypatch.undo()
    ledger.open({}, room=ROOM).finish("done")
    assert states(home)[-2:] == ["sending", "done"]


def test_a_home_that_is_a_file_stops_the_request(ledger, home):
    """So does anything else in the way of the folder."""
    home.write_bytes(b"")
    refused(ledger)


def test_folders_without_the_right_to_write_stop_the_request(ledger, monkeypatch):
    """Also the spool and the blobs are looked at, before money is spent."""
    monkeypatch.setattr(disk, "is_writable", lambda path: path.name != "blobs")
    refused(ledger)


@pytest.mark.parametrize("kept", [0, 20, -1])
def test_half_a_line_is_no_line(ledger, home, monkeypatch, kept):
    """A write that stopped in the middle, or before the line's end, leaves nothing that reads as a request."""
    ledger.open({}, room=ROOM).finish("done")

    def part(descriptor, data):
        os.write(descriptor, bytes(data)[:kept])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(disk, "_write", part)
    refused(ledger)
    assert states(home) == ["sending", "done"]
    monkeypatch.undo()
    ledger.open({}, room=ROOM)
    assert states(home) == ["sending", "done", "sending"]


def test_a_failed_fsync_is_not_trusted_to_succeed_later(ledger, home, monkeypatch):
    """The request is not sent, its line is taken back, and later lines go to a new file."""
    ledger.open({}, room=ROOM).finish("done")

    def fails(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(disk, "_fsync", fails)
    refused(ledger)
    assert states(home) == ["sending", "done", "sending", "not-sent"]
    monkeypatch.undo()
    ledger.open({}, room=ROOM)
    assert len(list((home / "ledger").glob("*.jsonl"))) == 2


def test_a_home_that_was_removed_is_made_again(ledger, home):
    """Lines never go to a file that has no name any more."""
    import shutil

    attempt = ledger.open({}, room=ROOM)
    attempt.extract().write(b"x")
    attempt.sync()
    shutil.rmtree(home)
    attempt.note("answered")
    ledger.open({}, room=ROOM)
    assert states(home) == ["answered", "sending"]
    late = attempt.extract()
    late.write(b"y")
    late.sync()
    assert late.path.read_bytes() == b"y"


# -- reading it ------------------------------------------------------------------------------------------------------


@given(cut=st.floats(0, 1), junk=st.binary(max_size=40))
@settings(max_examples=80, deadline=None)
def test_a_torn_ledger_is_read_up_to_the_tear(tmp_path_factory, cut, junk):
    """Cut anywhere, with junk at the end: all whole lines, none that was not written, no error."""
    home = tmp_path_factory.mktemp("library")
    ledger = Ledger(home)
    for number in range(3):
        attempt = ledger.open({"number": number}, room=ROOM)
        attempt.note("answered", note="猫")
        attempt.finish("done")
    whole = list(read_ledger(home))
    (path,) = (home / "ledger").glob("*.jsonl")
    raw = path.read_bytes()
    kept = raw[: int(len(raw) * cut)]
    path.write_bytes(kept + junk.replace(b"\n", b""))
    assert list(read_ledger(home)) == whole[: kept.count(b"\n")]
    pending(home)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_file_can_be_read_as_a_ledger(tmp_path_factory, junk):
    """What is no line is no line; nothing is raised."""
    home = tmp_path_factory.mktemp("library")
    (home / "ledger").mkdir()
    (home / "ledger" / "x.jsonl").write_bytes(junk + b"\n[" + b"[" * 5000 + b'\n{"attempt": "a-1", "state": "sending"}\n')
    assert [line["attempt"] for line in read_ledger(home)] == ["a-1"]


def test_no_ledger_is_an_empty_one(home):
    """Reading makes nothing."""
    assert not list(read_ledger(home))
    assert not pending(home)
    assert not home.exists()


# -- memory, threads, processes --------------------------------------------------------------------------------------


def test_without_a_library_nothing_is_written(tmp_path, monkeypatch):
    """The same face, all in memory."""

    def never(*arguments):
        raise AssertionError("the disk was used")

    monkeypatch.setattr(disk, "_open", never)
    ledger = MemoryLedger()
    attempt = ledger.open({"prompt": "x"}, room=ROOM)
    attempt.receive(200, {})
    extract = attempt.extract()
    extract.write(b"picture")
    attempt.write(b"{}")
    attempt.sync()
    attempt.note("answered")
    assert (extract.read(), extract.path, extract.problem, attempt.problem) == (b"picture", None, None, None)
    attempt.finish("done")
    assert [line["state"] for line in ledger.lines] == ["sending", "answered", "done"]
    assert extract.read() == b"picture"


def test_threads_do_not_mix_their_lines(ledger, home):
    """Every line is whole, every attempt has all of its own."""

    def work():
        for _ in range(10):
            attempt = ledger.open({"prompt": "x" * 5000}, room=1000)
            attempt.note("answered")
            attempt.finish("done")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = list(read_ledger(home))
    assert len(lines) == 240
    assert len({line["attempt"] for line in lines}) == 80
    assert len(list((home / "ledger").glob("*.jsonl"))) == 1
    assert not pending(home)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_writes_a_file_of_its_own(home):
    """Even if another thread of the parent held every lock at the moment of the fork."""
    script = """
import os, sys
from pathlib import Path
from imgcell.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
first = ledger.open({"who": "parent"}, room=1000)
extract = first.extract(); extract.write(b"x" * 600_000); extract.settle()
ledger._lock.acquire()
child = os.fork()
if child == 0:
    attempt = ledger.open({"who": "child"}, room=1000)
    extract = attempt.extract(); extract.write(b"y" * 600_000); attempt.sync()
    attempt.finish("done")
    os._exit(0)
ledger._lock.release()
assert os.waitpid(child, 0)[1] == 0
first.finish("done")
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script, str(home)], check=True, timeout=60)
    files = sorted((home / "ledger").glob("*.jsonl"))
    assert len(files) == 2
    assert {file.name.split("-")[1] for file in files} == {str(line["pid"]) for line in read_ledger(home) if line["state"] == "sending"}
    assert not pending(home)
