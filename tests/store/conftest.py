"""A library, answered requests to fill it, and a disk that fails when told to."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import io
import itertools
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from imgcell.files import disk
from imgcell.ledger import Ledger
from imgcell.pictures.record import Record
from imgcell.providers.prices import Cost
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


def tiny(number):
    """The bytes of a PNG of one pixel, another one for every number."""
    file = io.BytesIO()
    Image.new("RGB", (1, 1), (number >> 16 & 255, number >> 8 & 255, number & 255)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def made(home, library):
    """Make a picture as a client does, with its lines in the ledger; returns the record."""
    ledger = Ledger(home)
    numbers = itertools.count()

    def make(prompt="一只猫", *, state="done", cost=0.04, estimate=0.05, data=None, ledger=ledger, facts=None, **fields):
        facts = {"prompt": prompt, "provider": "box", "model": "m", "kind": "generate", "pictures": 1, **(facts or {})}
        facts["estimate"] = {"amount": estimate, "currency": "USD", "basis": "estimated"} if estimate is not None else None
        attempt = ledger.open(
            {**facts, **{name: fields[name] for name in fields if name in ("provider", "model", "kind", "notebook")}}, room=10_000
        )
        if state is None:
            return attempt.id
        if state != "done":
            attempt.finish(state)
            return attempt.id
        attempt.receive(200, {})
        extract = attempt.extract()
        extract.write(data if data is not None else tiny(next(numbers)))
        attempt.sync()
        attempt.note("answered")
        price = Cost(cost, "USD", "computed") if cost is not None else None
        known = {"provider": "box", "model": "m", "format": "PNG", "size": (1, 1), "attempt": attempt.id, "cost": price, **fields}
        record = Record(id=f"p-{attempt.id[2:]}-0", sha256=extract.sha256, bytes=extract.size, prompt=prompt, **known)
        assert library.keep(extract, record).problem is None
        attempt.finish("done", records=[record.id], cost=dataclasses.asdict(price) if price is not None else None)
        return record

    return make


@pytest.fixture
def oldest(tmp_path):
    """A copy of a library that the first version with a library wrote."""
    return Path(shutil.copytree(Path(__file__).parent / "oldest", tmp_path / "oldest"))


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
