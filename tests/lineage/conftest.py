"""A client with a sandbox, and a library of pictures that were never made, for families of any shape."""

from __future__ import annotations

import datetime as dt
import hashlib
import io

import pytest
from PIL import Image

import imgcell
from imgcell.lineage.answers import Answers
from imgcell.pictures import Picture, Record
from imgcell.pictures.source import FileSource
from imgcell.providers.prices import Cost


@pytest.fixture
def client(server):
    """A client that speaks every shape, with the test's own library."""
    with imgcell.Client("sandbox", base_url=server.url("sandbox")) as made:
        yield made


@pytest.fixture
def photo(tmp_path):
    """A picture file of the user's own."""
    image = Image.new("RGB", (90, 60), "teal")
    image.putpixel((3, 3), (255, 200, 0))
    path = tmp_path / "photo.png"
    image.save(path)
    return path


class Shelf:
    """As much of a library as lineage asks for; pictures are one small blob."""

    def __init__(self, folder):
        self.folder = folder
        self.made = {}
        self.deleted = {}
        self.blobs = {}
        self.archive = Answers(self, lambda: self)
        self._colour = 0

    def put(self, data):
        """Keep bytes; return their digest."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.folder / digest
        path.write_bytes(data)
        self.blobs[digest] = FileSource(path, digest, len(data))
        return digest

    def add(self, name, *parents, **facts):
        """Make a picture out of others, named by their ids."""
        self._colour += 1
        buffer = io.BytesIO()
        Image.new("RGB", (24, 16), (self._colour % 256, self._colour // 256, 120)).save(buffer, "PNG")
        sha256 = self.put(buffer.getvalue())
        at = dt.datetime(2026, 11, 1, 12, tzinfo=dt.timezone.utc) + dt.timedelta(seconds=len(self.made))
        values = {"prompt": f"prompt of {name}", "provider": "box", "model": "m-1", "created": at, "cost": Cost(0.04, "USD", "estimated")}
        record = Record(
            name, sha256, **{**values, "kind": "edit" if parents else "generate", "parents": parents, "size": (24, 16), **facts}
        )
        self.made[name] = record
        return Picture(self.blobs[sha256], record, archive=self.archive)

    def record(self, name):
        """As the real one."""
        return self.made.get(name)

    def blob(self, digest):
        """As the real one."""
        return self.blobs.get(digest)

    def children(self, name):
        """As the real one: newest first."""
        return [record for record in reversed(self.made.values()) if name in record.parents]

    def trash(self):
        """As the real one."""
        return list(self.deleted.values())

    def delete(self, name):
        """As the real one."""
        self.deleted[name] = self.made.pop(name)

    def settle(self):
        """Nothing is under way."""


@pytest.fixture
def shelf(tmp_path):
    """A library of pictures that were never made."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    return Shelf(folder)
