"""The disk fails at the n-th call, for every n, through the whole client: the picture reaches the variable, and nothing untrue is said."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import warnings

import pytest

import imgcell
from imgcell.client import recovery, shelf
from imgcell.client.recovery import recover
from imgcell.errors import StorageError
from imgcell.files import disk

CALLS = ("_open", "_write", "_fsync", "_link", "_rename", "_mkdir", "_unlink")
#: What may be wrong, and whether it stays wrong from then on.
FAULTS = {
    "full": (errno.ENOSPC, True),
    "full for a moment": (errno.ENOSPC, False),
    "broken": (errno.EIO, True),
    "read-only": (errno.EROFS, True),
    "interrupted": (errno.EINTR, False),
    "short": (0, False),
}


class Disk:
    """Makes one kind of call fail, at its n-th use and perhaps from there on."""

    def __init__(self, monkeypatch, call, at, fault):
        number, forever = FAULTS[fault]
        self.count = 0
        real = os.replace if call == "_rename" else getattr(os, call[1:])
        lock = threading.Lock()

        def faulty(*arguments):
            with lock:
                use, self.count = self.count, self.count + 1
            if use == at or (forever and use > at):
                if call == "_write":
                    # A part of it is taken all the same.
                    taken = real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                    if not number:
                        return taken
                if number:
                    raise OSError(number, os.strerror(number))
            return real(*arguments)

        monkeypatch.setattr(disk, call, faulty)

    @property
    def reached(self):
        """Whether the call that fails was made."""
        return self.count


def forget(home):
    """Let go of what this process keeps of a folder, as if it ended."""
    kept = shelf._shelves.pop((os.getpid(), home), None)
    if kept is not None:
        for held in kept[0]._held:
            if held is not None:
                held.release()


@pytest.fixture
def client(box, monkeypatch, tmp_path):
    """A client whose library may be moved to another folder; rescued pictures go to a folder of the test's own."""
    monkeypatch.setattr(recovery, "_PAUSE", 3600.0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with imgcell.Client("openai-compatible", base_url=box.base_url, api_key="sk-x", library=tmp_path / "warm") as client:
        client.generate("b64", model="m")
        yield client


@pytest.mark.parametrize("prompt", ["b64", "url"])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_disk_fails_at_every_call(box, client, look, monkeypatch, tmp_path, fault, prompt):
    """Nothing was sent and the error says so, or the picture is in the variable, and in the library or where the user was told."""
    tried = 0
    for call in CALLS if FAULTS[fault][0] else ("_write",):
        for at in range(40):
            home = tmp_path / f"{call}-{at}"
            before = len(box.requests)
            with monkeypatch.context() as patched, warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                broken = Disk(patched, call, at, fault)
                client._home = home
                client._endpoint[1].ledger = shelf.shelf(home)[0]
                where = f"{fault} {prompt} {call} {at}"
                try:
                    sheet = client.generate(prompt, model="m")
                except StorageError as error:
                    assert "othing was sent" in error.message, where
                    sheet = None
                reached = broken.count > at
            sent = box.requests[before:]
            forget(home)
            if sheet is None:
                assert not sent, where
                recover(home)
                assert set(look(home).states().values()) <= {"not-sent", "unknown"}, where
            else:
                (picture,) = sheet
                assert len(sent) == 1, where
                assert hashlib.sha256(picture.source.read()).hexdigest() == sent[0].digests[0], where
                recover(home)
                after = look(home)
                after.sound()
                assert None not in after.states().values(), where
                assert after.states()[sent[0].attempt] == "done" or told, where
                if after.pictures().get(sent[0].attempt) != sent[0].digests:
                    assert any("kept in" in str(one.message) or ".save()" in str(one.message) for one in told), where
            forget(home)
            if not reached:
                break
            tried += 1
        else:
            raise AssertionError(f"{call} is used more than forty times")
    assert tried > 5


FULL = """
import sys, tempfile, warnings, hashlib
import imgcell
tempfile.tempdir = sys.argv[4]
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    client = imgcell.Client("openai-compatible", base_url=sys.argv[1], api_key="sk-x", library=sys.argv[2])
    (picture,) = client.generate(sys.argv[3], model="m")
    print(hashlib.sha256(picture.source.read()).hexdigest(), picture.size)
    print(*[warning.message for warning in told])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
@pytest.mark.parametrize(("prompt", "second"), [("b64 large", True), ("b64 large", False), ("url large", False)])
def test_a_disk_that_fills_up_while_the_picture_comes(box, look, tmp_path, monkeypatch, prompt, second):
    """A small disk that others fill: the picture reaches the variable with a clear warning of where it is, or that it is nowhere else."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", small], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no mounting here: {mounted.stderr.decode().strip()}")
    post = box._post

    def fill(*arguments):
        with (small / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(1 << 20)):
                pass
        post(*arguments)

    monkeypatch.setattr(box, "_post", fill)
    try:
        home = small / "library"
        result = subprocess.run(
            [sys.executable, "-c", FULL, box.base_url, home, prompt, tmp_path if second else small],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert result.returncode == 0, result.stderr
        shown, warned = result.stdout.splitlines()[:2]
        (sent,) = box.requests
        assert shown.split()[0] == sent.digests[0]
        assert "No space left" in warned
        if second:
            (kept,) = (tmp_path / "imgcell-rescued").glob("*.png")
            assert str(kept) in warned
            assert kept.read_bytes() == sent.pictures[0]
        else:
            assert ".save()" in warned
        # Room is made: the ledger, which could take no end either, gets one.
        (small / "filler").unlink()
        recover(home)
        after = look(home)
        after.sound()
        assert None not in after.states().values()
        assert len(after.states()) == 1
        forget(home)
    finally:
        subprocess.run(["umount", "-l", small], check=True)
