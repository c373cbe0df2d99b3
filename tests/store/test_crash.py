"""The process ends at every single step: what was answered is found, and the ledger says nothing untrue."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest

from imgcell.files import disk
from imgcell.ledger import ENDS, pending, read_ledger
from imgcell.store import Library

#: One request from its line to its end, saying on its standard output how far it is: "sent" stands for the POST,
#: "answered" for the last byte being durable, "kept" for the picture being shown.
STORY = """
import sys
from pathlib import Path

from imgcell.files import disk

if "--list" in sys.argv:
    points = []
    disk.reach = lambda point: points.append(point)

from imgcell.ledger import Ledger
from imgcell.pictures.record import Record
from imgcell.store import Library

kind, home = sys.argv[1], Path(sys.argv[2])
ledger, library = Ledger(home), Library(home)
PICTURE = b"PNG" + bytes(range(256)) * 4000


def say(word):
    if "--list" not in sys.argv:
        print(word, flush=True)


attempt = ledger.open({"prompt": "x"}, room=1000)
say(f"sent {attempt.id}")
attempt.receive(200, {"content-type": "application/json"})
if kind == "url":
    attempt.write(b'{"data": [{"url": "https://host/x.png"}]}')
    attempt.sync()
    attempt.note("answered")
    attempt.note("url", url="https://host/x.png")
    say("url")
extract = attempt.extract()
for at in range(0, len(PICTURE), 10_000):
    extract.write(PICTURE[at : at + 10_000])
if kind == "b64":
    attempt.write(b'{"data": ["#0"]}')
    attempt.sync()
    attempt.note("answered")
    say("answered")
record = Record(id=f"p-{attempt.id[2:]}-0", sha256=extract.sha256, bytes=extract.size, prompt="x", provider="box", model=None)
kept = library.keep(extract, record)
assert kept.problem is None, kept.problem
say("kept")
attempt.finish("done")
say("ended")
if "--list" in sys.argv:
    print(*dict.fromkeys(points))
"""
PICTURE = b"PNG" + bytes(range(256)) * 4000


def tell(kind, home, *flags, crash_at=""):
    """Run the story; return its exit status and what it said."""
    environment = {**os.environ, "IMGCELL_CRASH_AT": crash_at}
    command = [sys.executable, "-c", STORY, kind, str(home), *flags]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode in (0, disk.CRASH_STATUS), result.stderr
    return result.returncode, result.stdout.split("\n")[:-1]


def digests(home):
    """The digests of all whole pictures in spool and blobs."""
    paths = [*(home / "spool").glob("*.bin"), *(home / "blobs").rglob("?" * 64)]
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.parametrize("kind", ["b64", "url"])
def test_every_step_may_be_the_last(tmp_path, kind):
    """Killed at each crash point in turn, torn writes included: nothing answered is lost, nothing untrue is said."""
    status, said = tell(kind, tmp_path / "whole", "--list")
    assert status == 0
    points = said[-1].split()
    points += [point.replace(".after", ".torn") for point in points if point in {
        *("part.after", "extract.after", "record-write.after"),
        *(f"ledger-{state}.after" for state in ("sending", "answered", "url", "done")),
    }]  # fmt: skip
    assert len(points) > 30
    for point in points:
        home = tmp_path / point
        status, said = tell(kind, home, crash_at=point)
        assert status == disk.CRASH_STATUS, f"{point} was not reached"
        check(home, said, point)


def check(home, said, point):
    """Look at what a killed process left."""
    words = [line.split()[0] for line in said]
    lines = list(read_ledger(home))
    states = [line["state"] for line in lines]
    begun = {line["attempt"] for line in lines}
    waiting = pending(home)

    # What was sent is in the ledger; what is in the ledger without an end is waiting to be looked at.
    if "sent" in words:
        assert begun == {said[0].split()[1]}, point
        assert states[0] == "sending", point
    assert bool(waiting) == bool(begun and not ENDS & set(states)), point

    # What was answered is there, whole.
    digest = hashlib.sha256(PICTURE).hexdigest()
    if "answered" in words or "kept" in words:
        assert digest in digests(home), point
    if "url" in words:
        assert any(line.get("url") == "https://host/x.png" for line in lines), point
    if "answered" in words and waiting:
        # ... and is known to belong to this request.
        assert waiting[0]["files"][0]["sha256"] == digest, point
        assert any(path.name == waiting[0]["files"][0]["file"] and path.read_bytes() == PICTURE for path in waiting[0]["spool"]), point

    # What was shown, or is said to be done, is in the library with its record.
    library = Library(home)
    if "kept" in words or "done" in states:
        assert library.blob(digest).read() == PICTURE, point
        (record,) = library.records()
        assert (record.sha256, record.attempt or f"a-{record.id[2:-2]}") == (digest, lines[0]["attempt"]), point

    # Nothing torn has a final name.
    for blob in (home / "blobs").rglob("?" * 64):
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name, point
    for sidecar in (home / "records").glob("*.json"):
        assert json.loads(sidecar.read_bytes())["sha256"] == digest, point


def test_without_the_variable_nothing_ends(tmp_path):
    """An unknown point, or none, is never reached."""
    for point in ("", "no-such-step.before"):
        status, said = tell("b64", tmp_path / f"x{point}", crash_at=point)
        assert (status, said[-1]) == (0, "ended")
