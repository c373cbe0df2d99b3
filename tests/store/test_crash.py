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


def check(home, said, point, picture=PICTURE):
    """Look at what a process left that was ended."""
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
    digest = hashlib.sha256(picture).hexdigest()
    if "answered" in words or "kept" in words:
        assert digest in digests(home), point
    if "url" in words:
        assert any(line.get("url") == "https://host/x.png" for line in lines), point
    if "answered" in words and waiting:
        # ... and is known to belong to this request.
        assert waiting[0]["files"][0]["sha256"] == digest, point
        assert any(path.name == waiting[0]["files"][0]["file"] and path.read_bytes() == picture for path in waiting[0]["spool"]), point

    # What was shown, or is said to be done, is in the library with its record.
    library = Library(home)
    if "kept" in words or "done" in states:
        assert library.blob(digest).read() == picture, point
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


class Recorder:
    """Everything the file layer does, in order, and what a power cut may leave of it.

    The model is the strictest that POSIX allows: bytes are safe after an fsync of their file, names after an fsync of
    their folder; of everything else any part may be there or not, in any order.
    """

    def __init__(self, monkeypatch, root):
        self.root = str(root)
        self.log = []
        self._names = {}  # path -> inode, as a running system sees it
        self._descriptors = {}
        for call in ("open", "write", "fsync", "link", "mkdir", "unlink"):
            monkeypatch.setattr(disk, f"_{call}", getattr(self, f"_{call}"))
        monkeypatch.setattr(disk, "_rename", self._rename)

    def _open(self, path, flags, mode=0o777):
        descriptor = os.open(path, flags, mode)
        path = str(path)
        if flags & os.O_CREAT:
            inode = self._names[path] = len(self.log)
            self.log.append(("name", path, inode))
        self._descriptors[descriptor] = self._names.get(path, path)
        return descriptor

    def _write(self, descriptor, data):
        self.log.append(("write", self._descriptors[descriptor], bytes(data)))
        return os.write(descriptor, data)

    def _fsync(self, descriptor):
        self.log.append(("fsync", self._descriptors[descriptor]))

    def _link(self, source, target):
        os.link(source, target)
        self._names[str(target)] = self._names[str(source)]
        self.log.append(("name", str(target), self._names[str(target)]))

    def _rename(self, source, target):
        os.replace(source, target)
        self._names[str(target)] = self._names.pop(str(source))
        self.log.append(("rename", str(source), str(target), self._names[str(target)]))

    def _mkdir(self, path, mode):
        os.mkdir(path, mode)
        self.log.append(("name", str(path), "folder"))

    def _unlink(self, path):
        os.unlink(path)
        del self._names[str(path)]
        self.log.append(("unname", str(path)))

    def states(self, length):
        """Yield what may be on the disk after the first *length* steps: {path: bytes, or None for a folder}."""
        safe_bytes, loose_bytes, names, loose = {}, {}, {}, []
        for step in self.log[:length]:
            if step[0] == "write":
                loose_bytes[step[1]] = loose_bytes.get(step[1], b"") + step[2]
            elif step[0] == "fsync" and isinstance(step[1], int):
                safe_bytes[step[1]] = safe_bytes.get(step[1], b"") + loose_bytes.pop(step[1], b"")
            elif step[0] == "fsync":
                for change in loose:
                    if os.path.dirname(change[1]) == step[1]:
                        self._apply(names, change)
                loose = [change for change in loose if os.path.dirname(change[1]) != step[1]]
            elif step[0] != "say":
                loose.append(step)
        every = set(range(len(loose)))
        for survivors in [set(), every, *({number} for number in every), *(every - {number} for number in every)]:
            known = dict(names)
            for number in sorted(survivors):
                self._apply(known, loose[number])
            for part in (0.0, 0.5, 1.0):
                content = {
                    inode: safe_bytes.get(inode, b"") + loose_bytes.get(inode, b"")[: int(len(loose_bytes.get(inode, b"")) * part)]
                    for inode in known.values()
                    if inode != "folder"
                }
                yield {path: content.get(inode) for path, inode in known.items() if self._reachable(path, known)}

    def _apply(self, names, change):
        if change[0] == "unname":
            names.pop(change[1], None)
        elif change[0] == "rename":
            names.pop(change[1], None)
            names[change[2]] = change[3]
        else:
            names[change[1]] = change[2]

    def _reachable(self, path, names):
        above = os.path.dirname(path)
        return above == self.root or (above in names and self._reachable(above, names))


def cut_the_power(tmp_path, monkeypatch, kind, without=None):
    """Tell the story once, then check every state that a power cut may leave; return how many there were."""
    root = tmp_path / "before"
    root.mkdir()
    recorder = Recorder(monkeypatch, root)
    if without:
        monkeypatch.setattr(disk, without, lambda target: None)
    monkeypatch.setattr(sys, "argv", ["story", kind, str(root / "library")])
    small = STORY.replace("* 4000", "* 4")
    exec(compile(small, "story", "exec"), {"print": lambda word, **_: recorder.log.append(("say", word))})
    monkeypatch.undo()
    seen = set()
    for length in range(len(recorder.log) + 1):
        said = [step[1] for step in recorder.log[:length] if step[0] == "say"]
        for state in recorder.states(length):
            key = (len(said), tuple(sorted(state.items(), key=str)))
            if key in seen:
                continue
            seen.add(key)
            home = tmp_path / f"after-{len(seen)}"
            home.mkdir()
            for path, data in sorted(state.items()):
                place = home / os.path.relpath(path, root)
                place.mkdir() if data is None else place.write_bytes(data)
            check(home / "library", said, f"{length}: {recorder.log[length - 1][:2]}", picture=b"PNG" + bytes(range(256)) * 4)
    return len(seen)


@pytest.mark.skipif(os.name == "nt", reason="folders are not synced there")
@pytest.mark.parametrize("kind", ["b64", "url"])
def test_the_power_may_fail_at_every_step(tmp_path, monkeypatch, kind):
    """Of what was not synced any part may be missing: what was sent, answered, shown is there all the same."""
    assert cut_the_power(tmp_path, monkeypatch, kind) > 30


@pytest.mark.skipif(os.name == "nt", reason="folders are not synced there")
@pytest.mark.parametrize("without", ["sync", "sync_folder"])
def test_a_missing_fsync_would_be_noticed(tmp_path, monkeypatch, without):
    """The check above fails for a file layer that leaves them out."""
    with pytest.raises(AssertionError):
        cut_the_power(tmp_path, monkeypatch, "b64", without=without)
