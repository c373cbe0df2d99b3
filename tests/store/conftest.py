"""A library, answered requests to fill it, and a disk that fails when told to."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile

import pytest

from imgcell.files import disk
from imgcell.ledger import Ledger
from imgcell.pictures.record import Record
from imgcell.store import Library


@pytest.fixture
def home(tmp_path):
    """A library's folder that is not there yet."""
    return tmp_path / "library"


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, for this test alone."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def library(home, temporary):
    """A library in the folder."""
    return Library(home)


@pytest.fixture
def answered(home):
    """Make an attempt whose answer has come: (attempt, extract, record)."""
    ledger = Ledger(home)

    def make(data, *, name=None):
        attempt = ledger.open({"prompt": "一只猫"}, room=1_000_000)
        attempt.receive(200, {"content-type": "application/json"})
        extract = attempt.extract()
        for at in range(0, len(data), 50_000):
            extract.write(data[at : at + 50_000])
        attempt.write(b'{"data": []}')
        record = Record(
            id=name or f"p-{attempt.id[2:]}-0",
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            prompt="一只猫",
            provider="box",
            model="m",
            format="PNG",
            attempt=attempt.id,
        )
        return attempt, extract, record

    return make


class Faults:
    """Counts the system calls of one kind and makes one of them, or all from one on, fail."""

    def __init__(self, monkeypatch):
        self._monkeypatch = monkeypatch
        self.count = 0

    def inject(self, call, number, *, at, forever):
        """Let *call* of the file layer fail with error *number* at its *at*-th use (from 0), or from there on."""
        self.count = 0
        real = getattr(os, {"_rename": "replace"}.get(call, call[1:]))

        def faulty(*arguments):
            use, self.count = self.count, self.count + 1
            if use == at or (forever and use > at):
                if call == "_write":
                    # A full disk takes a part first.
                    real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                raise OSError(number, os.strerror(number))
            return real(*arguments)

        self._monkeypatch.setattr(disk, call, faulty)

    def end(self):
        """Let everything work again."""
        for name in ("open", "write", "fsync", "link", "mkdir"):
            self._monkeypatch.setattr(disk, f"_{name}", getattr(os, name))
        self._monkeypatch.setattr(disk, "_rename", os.replace)


@pytest.fixture
def faults(monkeypatch):
    """The disk's faults."""
    return Faults(monkeypatch)


@pytest.fixture
def full():
    """The number of "no space left on device"."""
    return errno.ENOSPC
