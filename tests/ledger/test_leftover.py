"""What the lines of all processes say together of one request, and what the spool has of its answer."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcell.ledger import Ledger, pending
from imgcell.ledger.leftover import Leftover, leftovers
from imgcell.ledger.spooled import Spooled

NAME = "a-20260101-000000-0000000"


def write(home, file, *lines):
    """Put lines into a ledger's file."""
    (home / "ledger").mkdir(parents=True, exist_ok=True)
    with (home / "ledger" / file).open("a") as out:
        for second, state, facts in lines:
            time = f"2026-01-01T00:00:{second:02}+00:00"
            out.write(json.dumps({"v": 1, "attempt": NAME, "state": state, "time": time, **facts}) + "\n")


def test_lines_of_several_processes_are_one_story(home):
    """In the order of their time, whatever their files are called; a picture that is there ends all doubt."""
    write(home, "b.jsonl", (1, "sending", {"prompt": "x"}), (2, "answered", {"seconds": 1}), (3, "url", {"url": "u", "extract": 2}))
    write(home, "a.jsonl", (9, "done", {"records": ["p-1"]}))
    write(home, "c.jsonl", (10, "unknown", {}), (5, "paid-pending", {"records": ["p-0"]}))
    (left,) = leftovers(home).values()
    assert (left.sending["prompt"], left.answered["seconds"], left.urls) == ("x", 1, [("u", 2)])
    assert left.end["state"] == "done"
    assert left.records == ["p-0", "p-1"]
    assert not left.owed
    assert left.when().isoformat() == "2026-01-01T00:00:01+00:00"
    assert not leftovers(home, set())


@pytest.mark.parametrize("state", ["unknown", "paid-unread", "paid-pending"])
def test_what_is_owed_is_owed_until_it_is_settled(home, state):
    """An end that left it open counts until the user said something."""
    write(home, "a.jsonl", (1, "sending", {}))
    assert not leftovers(home)[NAME].owed
    write(home, "a.jsonl", (2, state, {}))
    assert leftovers(home)[NAME].owed
    write(home, "b.jsonl", (3, "settled", {"charged": False}))
    assert not leftovers(home)[NAME].owed
    assert not pending(home)


def test_names_that_are_no_attempts_are_left_out(home):
    """They would stand in names of files."""
    (home / "ledger").mkdir(parents=True)
    lines = [{"attempt": name, "state": "sending"} for name in ("../../etc", "a-*", "A-1", "p-1", "a-" + "x" * 99, "")]
    (home / "ledger" / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert not leftovers(home)
    assert all(left["spool"] == [] for left in pending(home))


def test_the_spool_of_an_attempt_is_read_back(home):
    """Status, headers, the body without its pictures, and the pictures by number."""
    attempt = Ledger(home).open({}, room=1000)
    attempt.receive(200, {"content-type": "application/json"})
    attempt.extract().write(b"one")
    attempt.extract().write(b"two")
    attempt.write(b'{"a": 1}\n{"b"')
    attempt.sync()
    attempt.note("answered")
    spooled = Spooled(home, leftovers(home)[attempt.id])
    assert (spooled.status, spooled.headers, spooled.body) == (200, {"content-type": "application/json"}, b'{"a": 1}\n{"b"')
    assert {number: file.read() for number, file in spooled.pictures.items()} == {0: b"one", 1: b"two"}
    new = spooled.file()
    new.write(b"three")
    new.settle()
    assert new.path.name == f"{attempt.id}.2.bin"
    assert spooled.next_number == 3
    spooled.release(remove=True)
    assert not list((home / "spool").iterdir())


def test_a_damaged_picture_is_none(home):
    """A file that has not the digest which the ledger names is not taken for the picture; nor is it removed."""
    attempt = Ledger(home).open({}, room=1000)
    attempt.receive(200, {})
    attempt.extract().write(b"picture")
    attempt.sync()
    attempt.note("answered")
    path = home / "spool" / f"{attempt.id}.0.bin"
    path.write_bytes(b"another")
    spooled = Spooled(home, leftovers(home)[attempt.id])
    assert not spooled.pictures
    spooled.release(remove=True)
    assert path.exists()


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_file_may_lie_in_the_spool(tmp_path_factory, junk):
    """Nothing is raised; what has no first line of ours says nothing."""
    home = tmp_path_factory.mktemp("library")
    (home / "spool").mkdir()
    (home / "spool" / f"{NAME}.part").write_bytes(junk)
    (home / "spool" / f"{NAME}.0.bin").write_bytes(junk)
    (home / "spool" / f"{NAME}.x.bin").write_bytes(junk)
    left = Leftover(NAME)
    left.add({"state": "answered", "files": [{"file": f"{NAME}.0.bin", "sha256": hashlib.sha256(junk).hexdigest()}, None, 5]})
    spooled = Spooled(home, left)
    assert spooled.status is None or type(spooled.status) is int
    assert spooled.pictures[0].read() == junk
    spooled.release(remove=False)
    assert len(os.listdir(home / "spool")) == 3
