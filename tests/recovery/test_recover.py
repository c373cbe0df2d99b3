"""What a dead process left becomes what it would have become there."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import imgcell
from imgcell.client import recovery
from imgcell.client.recovery import recover
from imgcell.files import disk


@pytest.fixture
def left(nurseries, tmp_path):
    """Leaves a folder in which a process was ended at a crash point."""

    def leave(prompt, crash_at, name="library"):
        home = tmp_path / name
        nurseries[0].run("once", home, prompt, crash_at)
        return home

    return leave


#: Fields of a record that a picture recovered cannot have as the live one has them.
TIMED = {"seconds", "created", "id", "attempt", "sha256", "bytes", "session", "url"}


@pytest.mark.parametrize("kind", ["b64", "b64 x2", "stream", "raw", "url", "url x2", "b64 large"])
def test_a_recovered_picture_has_the_record_of_a_live_one(left, look, box, kind):
    """Everything that is said of it, whatever way it came; and nothing is left in the spool."""
    count = 2 if "x2" in kind else 1
    whole = left(kind, "", "whole")
    torn = left(kind, "blob-link.before", "torn")
    found = recover(torn)
    assert len(found.pictures) == count
    assert (found.unknown, found.pending, found.problems) == (0, 0, ())
    live, recovered = (sorted(look(home).library.records(), key=lambda record: record.index) for home in (whole, torn))
    assert len(live) == len(recovered) == count
    for one, other in zip(live, recovered, strict=True):
        plain, again = (json.loads(json.dumps(record.to_json(), default=str)) for record in (one, other))
        assert {name: plain[name] for name in plain if name not in TIMED} == {name: again[name] for name in again if name not in TIMED}
        assert other.sha256 in box.by_attempt()[other.attempt].digests
        assert other.id == f"p-{other.attempt[2:]}-{other.index}"
        assert bool(other.url) == bool(one.url)
        assert abs((other.created - one.created).total_seconds()) < 3600
    assert look(torn).pictures() == {sent.attempt: sent.digests for sent in box.requests[1:]}
    assert list(look(torn).states().values()) == ["done"]
    assert look(torn).spool() == []
    ends = [next(line for line in look(home).lines() if line["state"] == "done") for home in (whole, torn)]
    assert ends[1]["cost"] == ends[0]["cost"]
    assert ends[1]["records"] == [record.id for record in recovered]
    assert not recover(torn)


def test_a_request_without_an_answer_is_unknown(box, look, tmp_path, nurseries):
    """A process killed while the provider works; as long as it lives nobody touches what is its own."""
    process = nurseries[0].start("once", tmp_path, "never")
    with box.arrived:
        assert box.arrived.wait_for(lambda: box.requests, 30)
    assert not recover(tmp_path), "its process is alive"
    os.kill(process, signal.SIGKILL)
    nurseries[0].end()
    assert recover(tmp_path).unknown == 1
    assert list(look(tmp_path).states().values()) == ["unknown"]
    assert not recover(tmp_path)


def test_an_answer_that_refused_is_a_refusal(left, look):
    """It came whole, so nothing is owed."""
    home = left("refuse", "ledger-refused.before")
    assert not recover(home)
    assert list(look(home).states().values()) == ["refused"]


def test_only_the_address_is_known(left, look, box):
    """Not fetched where nobody wants it; fetched once when somebody does; kept where it cannot be."""
    home = left("url", "ledger-url.after")
    assert recover(home, fetch=False).pending == 1
    assert list(look(home).states().values()) == [None]
    assert box.gets == 0
    found = recover(home)
    assert (len(found.pictures), found.fetched, box.gets) == (1, 1, 1)
    assert look(home).pictures() == {sent.attempt: sent.digests for sent in box.requests}

    other = left("url", "ledger-answered.after", name="other")
    box.broken = True
    assert recover(other).pending == 1
    assert list(look(other).states().values()) == ["paid-pending"]
    assert look(other).spool()


def test_what_was_fetched_already_is_not_fetched_again(left, look, box):
    """A picture that lies whole in the spool needs no network, also if it is one of two."""
    home = left("url x2", "blob-link.before")
    gets = box.gets
    assert gets == 1
    assert len(recover(home).pictures) == 2
    assert box.gets == 2
    assert look(home).pictures() == {sent.attempt: sent.digests for sent in box.requests}


def test_a_preview_is_no_picture(left, look):
    """A stream that had brought only its preview has brought nothing that is finished."""
    home = left("stream large", "extract.torn")
    assert recover(home).unknown == 1
    assert not look(home).pictures()


def test_an_earlier_version_locked_nothing(left, look):
    """There the process id tells: that of a dead process may be recovered."""
    home = left("b64", "blob-link.before")
    for lock in (home / "ledger").glob("*.lock"):
        lock.unlink()
    assert len(recover(home).pictures) == 1
    assert list(look(home).states().values()) == ["done"]


def test_several_kernels_at_once(left, look, box):
    """Eight processes recover the same folder: one record each picture, one end each request, none owed."""
    home = left("b64 x2", "blob-link.before")
    for prompt in ("url", "stream", "raw"):
        left(prompt, "record.before")
    script = "import sys; from pathlib import Path; from imgcell.client.recovery import recover; recover(Path(sys.argv[1]))"
    processes = [subprocess.Popen([sys.executable, "-c", script, str(home)]) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert look(home).pictures() == {sent.attempt: sent.digests for sent in box.requests}
    ends = [line["attempt"] for line in look(home).lines() if line["state"] == "done"]
    assert sorted(ends) == sorted(box.by_attempt())
    assert look(home).spool() == []


def test_the_recovering_process_may_die_at_every_step(left, look, nurseries, box, tmp_path):
    """What it had done is not done twice, what it had not done is done by the next one."""
    base = left("b64 x2", "blob-link.before")

    def copy(name):
        return Path(shutil.copytree(base, tmp_path / name))

    points = nurseries[0].run("recover", copy("list"), listing=True)
    assert len(points) > 15
    for point in points:
        home = copy(point)
        nurseries[0].run("recover", home, "", point)
        recover(home)
        assert look(home).pictures() == {sent.attempt: sent.digests for sent in box.requests}, point
        assert [line["state"] for line in look(home).lines() if line["state"] == "done"] == ["done"], point
        assert look(home).spool() == [], point
        look(home).sound()


def test_it_happens_by_itself(left, look, monkeypatch, box):
    """The first client of a new process looks after what an earlier one left, in the background."""
    home = left("b64", "blob-link.before")
    monkeypatch.setattr(recovery, "_PAUSE", 0.0)
    finished = threading.Event()
    real = recovery.recover
    monkeypatch.setattr(recovery, "recover", lambda *a, **k: (real(*a, **k), finished.set())[0])
    imgcell.Client("openai-compatible", base_url=box.base_url, api_key="x", library=home).generate("b64", model="m")
    assert finished.wait(30)
    assert set(look(home).states().values()) == {"done"}
    assert look(home).pictures() == {sent.attempt: sent.digests for sent in box.requests}


def test_a_disk_that_takes_nothing_loses_nothing(left, look, monkeypatch):
    """It says so, and the next time everything is there."""
    home = left("b64", "blob-link.before")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(disk, "_write", full)
        found = recover(home)
        assert found.problems
        assert "No space" in str(found)
    assert len(recover(home).pictures) == 1
    assert list(look(home).states().values()) == ["done"]


def test_a_home_that_is_not_there(tmp_path):
    """Nothing is made of nothing."""
    assert not recover(tmp_path / "nowhere")
    assert not list(Path(tmp_path).iterdir())
