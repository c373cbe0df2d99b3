"""Whether the process that wrote a ledger's file may still be at work: doubt counts as alive."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time

import pytest

from imgcell.files.lock import hold
from imgcell.ledger import Ledger
from imgcell.ledger.lines import host
from imgcell.ledger.liveness import claim

SCRIPT = """
import sys
from pathlib import Path
from imgcell.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
attempt = ledger.open({}, room=1000)
print(attempt.id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(home):
    """A process with a request under way."""
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("a-")
    yield process
    process.kill()
    process.communicate()


def only(home):
    """The one ledger file."""
    (path,) = (home / "ledger").glob("*.jsonl")
    return path


def old(home, process, machine, age=0.0):
    """A ledger file as the earlier version wrote it: nothing is locked."""
    folder = home / "ledger"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"20260101-{process}-00000000.jsonl"
    line = {"v": 1, "attempt": "a-20260101-000000-0000000", "state": "sending", "time": "2026-01-01T00:00:00+00:00", "host": machine}
    path.write_text(json.dumps(line) + "\n")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_living_process_is_let_alone(home, other):
    """Its file is locked from before its first line on; killed, it is anybody's, but only one at a time."""
    assert claim(only(home)) is None
    other.kill()
    other.wait(30)
    with claim(only(home)) as claimed:
        assert claimed is not None
        assert claim(only(home)) is None
    claim(only(home)).release()


def test_the_own_process_is_alive(ledger, home):
    """Also for itself; and files that it gave up are still its own."""
    attempt = ledger.open({}, room=1000)
    first = only(home)
    assert claim(first) is None
    ledger._file.failed = True
    ledger.open({}, room=1000)
    assert len(list((home / "ledger").glob("*.jsonl"))) == 2
    assert claim(first) is None
    assert attempt.id


def test_a_ledger_that_is_dropped_is_free(home):
    """Its lock is not held longer than the requests that it began."""
    ledger = Ledger(home)
    ledger.open({}, room=1000)
    path = only(home)
    del ledger
    gc.collect()
    claim(path).release()


@pytest.mark.skipif(os.name == "nt", reason="no way to ask for a process there")
def test_without_a_lock_process_and_age_decide(home, other):
    """Alive, of another machine, or with a name that says nothing: let alone for a day.  Dead, or long ago: anybody's."""
    day = 24 * 3600 + 60
    assert claim(old(home, other.pid, host())) is None
    assert claim(old(home, os.getpid(), host())) is None
    assert claim(old(home, 99_999_999, "another")) is None
    assert claim(old(home, "x", host())) is None
    for path in (
        old(home, 99_999_999, host()),
        old(home, 99_999_998, "another", day),
        old(home, other.pid, host(), day),
    ):
        claim(path).release()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")
def test_a_process_id_that_is_used_again_is_another_process(home, other):
    """In a container every kernel may have the same one: what was written before it began is not its own."""
    path = old(home, other.pid, host(), age=3600)
    claim(path).release()


def test_a_file_system_without_locks_still_keeps_a_ledger(ledger, home, monkeypatch):
    """The request is written down and sent; others go by process and age."""
    import imgcell.ledger.writing

    def never(path):
        raise OSError("no locks here")

    monkeypatch.setattr(imgcell.ledger.writing, "hold", never)
    ledger.open({}, room=1000)
    assert not list((home / "ledger").glob("*.lock"))
    assert claim(only(home)) is None


def test_a_lock_that_cannot_be_asked_for_counts_as_held(home, other, monkeypatch):
    """No right to write there, for example."""
    import imgcell.ledger.liveness

    def never(path):
        raise PermissionError(13, "no")

    other.kill()
    other.wait(30)
    monkeypatch.setattr(imgcell.ledger.liveness, "hold", never)
    assert claim(only(home)) is None
    monkeypatch.setattr(imgcell.ledger.liveness, "hold", hold)
    claim(only(home)).release()
