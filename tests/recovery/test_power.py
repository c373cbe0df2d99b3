"""The power fails after every file operation of a request: in every state that a file system may leave, recovery finds what was promised.

The model is the strictest that POSIX allows: bytes are safe after an fsync of their file, names after an fsync of their
folder; of everything else any part may be there or not, in any order (RELIABILITY.md section 5.4).
"""

from __future__ import annotations

import itertools
import os
import shutil
import threading
from pathlib import Path

import pytest

import imgcell
from imgcell.client import recovery, shelf
from imgcell.client.recovery import recover
from imgcell.files import disk
from imgcell.ledger.attempt import Attempt

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders are not synced there")


class Recorder:
    """Everything the file layer does, in order, and what a power cut may leave of it."""

    def __init__(self, monkeypatch, root):
        self.root = str(root)
        self.log = []
        self._lock = threading.Lock()
        self._names = {}  # path -> inode, as a running system sees it
        self._descriptors = {}
        for call in ("open", "write", "fsync", "link", "mkdir", "unlink"):
            monkeypatch.setattr(disk, f"_{call}", self._alone(getattr(self, f"_{call}")))
        monkeypatch.setattr(disk, "_rename", self._alone(self._rename))

    def say(self, word):
        """Note that something was promised to somebody."""
        with self._lock:
            self.log.append(("say", word))

    def _alone(self, call):
        def locked(*arguments):
            with self._lock:
                return call(*arguments)

        return locked

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
        self._names.pop(str(path), None)
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
        every = range(len(loose))
        # Each subset; of very many changes those that lack one or have only one.
        sizes = every if len(loose) <= 8 else (0, 1, len(loose) - 1)
        for survivors in itertools.chain([every], *(itertools.combinations(every, size) for size in sizes)):
            known = dict(names)
            for number in survivors:
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


@pytest.fixture
def fast(tmp_path):
    """A folder in which nothing waits for a disk, if there is one: what recovery itself makes durable is not looked at here."""
    shared = Path("/dev/shm")
    folder = shared / f"imgcell-test-{os.getpid()}-{tmp_path.name}" if os.access(shared, os.W_OK) else tmp_path / "fast"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def forget(home):
    """Let go of what this process keeps of a folder, as if it ended."""
    kept = shelf._shelves.pop((os.getpid(), home), None)
    if kept is not None:
        for held in kept[0]._held:
            if held is not None:
                held.release()


def cut(box, fast, monkeypatch, prompt, without=None):
    """Send one request, then look at every state that a power cut may leave of it; return how many there were."""
    root = fast / "before"
    root.mkdir()
    with monkeypatch.context() as patched:
        recorder = Recorder(patched, root)
        if without:
            patched.setattr(disk, without, lambda target: None)
        note, post = Attempt.note, box._post
        patched.setattr(Attempt, "note", lambda self, state, **facts: (note(self, state, **facts), recorder.say(state))[0])
        patched.setattr(box, "_post", lambda *arguments: (recorder.say("sent"), post(*arguments))[1])
        patched.setattr(recovery, "_PAUSE", 3600.0)
        count = 2 if "x2" in prompt else 1
        with imgcell.Client("openai-compatible", base_url=box.base_url, api_key="sk-x", library=root / "library") as client:
            client.generate(prompt, model="m", n=count)
        recorder.say("shown")
    forget(root / "library")
    (sent,) = box.requests
    seen = set()
    for length in range(len(recorder.log) + 1):
        said = {step[1] for step in recorder.log[:length] if step[0] == "say"}
        for state in recorder.states(length):
            key = (frozenset(said), tuple(sorted(state.items(), key=str)))
            if key in seen:
                continue
            seen.add(key)
            base = fast / f"after-{len(seen)}"
            base.mkdir()
            for path, data in sorted(state.items()):
                place = base / os.path.relpath(path, root)
                place.mkdir() if data is None else place.write_bytes(data)
                if place.suffix == ".jsonl":
                    # Nobody holds it: the machine was off.
                    place.with_name(place.name + ".lock").touch()
            yield base / "library", said, sent, f"{length}: {recorder.log[length - 1][:2]}"
            forget(base / "library")
            shutil.rmtree(base)


def check(look, home, said, sent):
    """Recover, and compare with what had been promised."""
    recover(home)
    after = look(home)
    after.sound()
    states = after.states()
    assert None not in states.values()
    if "sent" in said:
        assert list(states) == [sent.attempt]
    pictures = after.pictures().get(sent.attempt, [])
    if said & {"answered", "url", "shown", "done"}:
        assert pictures == sent.digests
    assert [digest for digest in sent.digests if digest in pictures] == pictures
    if states:
        assert (states[sent.attempt] == "done") == (pictures == sent.digests)
    lines = len(after.lines())
    recover(home)
    assert len(after.lines()) == lines
    return pictures


@pytest.mark.parametrize("prompt", ["b64", "url", "stream", "b64 x2"])
def test_the_power_may_fail_at_every_step(box, fast, look, monkeypatch, prompt):
    """What was answered, or shown, is in the library; what was sent is accounted for; the index agrees."""
    count = 0
    for home, said, sent, where in cut(box, fast, monkeypatch, prompt):
        try:
            pictures = check(look, home, said, sent)
            count += 1
            if count % 10 == 0 and home.exists():
                library = look(home).library
                assert sorted(record.sha256 for record in library.find()) == sorted(pictures)
                assert {row["attempt"]: row["state"] for row in library.requests()} == look(home).states()
        except AssertionError as error:
            raise AssertionError(f"{where}: {error}") from error
    assert count > 40


@pytest.mark.parametrize("without", ["sync", "sync_folder"])
def test_a_missing_fsync_would_be_noticed(box, fast, look, monkeypatch, without):
    """The check above fails for a file layer that leaves them out."""
    with pytest.raises(AssertionError):
        for home, said, sent, _ in cut(box, fast, monkeypatch, "b64", without):
            check(look, home, said, sent)
