"""Deleting, and taking it back.

::

    <home>/trash/records/<id>.json     the record, as it was; its time of change is when it was deleted
    <home>/trash/blobs/<sha256>        the picture's bytes, unless another record needs them

Nothing is removed by itself.  :func:`empty` removes what was deleted long enough ago, and of the blobs only those that the
removed records name: never a file for being an "orphan".  (Removing "orphans" under a wrong path emptied a whole library
elsewhere: RELIABILITY.md section 5.2.)
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgcell.files import disk
from imgcell.pictures.record import Record
from imgcell.store import attempts, ingest, sidecars

if TYPE_CHECKING:
    from imgcell.store.index import Index

__all__ = ["blob_in_trash", "empty", "remove", "restore", "tell"]


def blob_in_trash(home: Path, sha256: str) -> Path:
    """Return where the bytes of a deleted picture are."""
    return home / "trash" / "blobs" / sha256


def _blob(home: Path, sha256: str) -> Path:
    return home / "blobs" / sha256[:2] / sha256


def remove(index: Index, home: Path, name: str) -> bool:
    """Move a record and its bytes to the trash; ``False`` if there is none.

    Raises:
        OSError: It could not be moved; then it is where it was.
    """
    source, target = home / "records" / f"{name}.json", home / "trash" / "records" / f"{name}.json"
    try:
        record = sidecars.read(source)
        # Before the move: a time that is too late keeps it longer, one that is too early would not.
        os.utime(source)
    except (FileNotFoundError, ValueError):
        return False
    # The record first: bytes without a record are in nobody's way, a record without bytes would be.
    _move(source, target, "trash-record")
    index.ask(lambda connection: ingest.add_records(connection, home, [name]))
    if not index.ask(lambda connection: _is_needed(connection, record.sha256)):
        try:
            _move(_blob(home, record.sha256), blob_in_trash(home, record.sha256), "trash-blob")
        except OSError:
            pass  # not there, or not to be moved: it takes room where it is, and that is all
    return True


def restore(index: Index, home: Path, name: str) -> bool:
    """Move a record and its bytes back; ``False`` if it is not in the trash.

    Raises:
        OSError: It could not be moved; then it is still in the trash.
    """
    source, target = home / "trash" / "records" / f"{name}.json", home / "records" / f"{name}.json"
    try:
        record = sidecars.read(source)
    except (FileNotFoundError, ValueError):
        return False
    _bring_back(home, record.sha256)
    _move(source, target, "restore-record")
    index.ask(lambda connection: ingest.add_records(connection, home, [name]))
    return True


def _move(source: Path, target: Path, step: str) -> None:
    disk.make_folder(target.parent)
    disk.replace(source, target, step)
    for folder in (target.parent, source.parent):
        try:
            disk.sync_folder(folder)
        except OSError:
            pass  # it is moved; after a loss of power it may not be, and nothing is lost either way


def _bring_back(home: Path, sha256: str) -> None:
    binned, blob = blob_in_trash(home, sha256), _blob(home, sha256)
    if binned.exists() and not blob.exists():
        _move(binned, blob, "restore-blob")


def empty(index: Index, home: Path, seconds: float, note: Callable[[str], None]) -> int:
    """Remove for good what was deleted more than *seconds* ago; return how many records that were.

    Args:
        index: The library's.
        home: The library's folder.
        seconds: How old.
        note: Writes down, durably, that the record with an id is going to be removed.

    Raises:
        OSError: That could not be written down; then it is not removed.
    """
    before = time.time() - seconds
    count = 0
    tell(index, home)
    for path, record in _binned(home):
        try:
            if path.stat().st_mtime > before:
                continue
        except OSError:
            continue
        note(record.id)
        disk.remove(path, "trash-empty")
        if path.exists():
            continue
        count += 1
        if index.ask(partial(_forget, record=record)):
            # Kept again since, by a picture with the same bytes.
            _bring_back(home, record.sha256)
        elif not index.ask(partial(_is_known, sha256=record.sha256)):
            disk.remove(blob_in_trash(home, record.sha256), "trash-empty")
    return count


def tell(index: Index, home: Path) -> None:
    """Write into the ledger what only records say of the bill, before records are removed or left behind.

    Raises:
        OSError: It could not be written.
    """
    lines = index.ask(attempts.untold)
    if lines:
        data = b"".join(json.dumps(line).encode("ascii") + b"\n" for line in lines)
        path = home / "ledger" / f"told-{hashlib.sha256(data).hexdigest()[:16]}.jsonl"
        disk.make_folder(path.parent)
        disk.store(path, data, "tell")


def _forget(connection: sqlite3.Connection, record: Record) -> bool:
    """Take a record out of the index; return whether its bytes are needed all the same."""
    with ingest.transaction(connection):
        ingest.forget(connection, record.id)
    return _is_needed(connection, record.sha256)


def _is_known(connection: sqlite3.Connection, sha256: str) -> bool:
    """Whether any picture has these bytes, deleted or not."""
    return connection.execute("SELECT 1 FROM pictures WHERE sha256 = ? LIMIT 1", (sha256,)).fetchone() is not None


def _binned(home: Path) -> Iterator[tuple[Path, Record]]:
    for path in sorted((home / "trash" / "records").glob("*.json")):
        try:
            yield path, sidecars.read(path)
        except (OSError, ValueError):
            continue


def _is_needed(connection: sqlite3.Connection, sha256: str) -> bool:
    """Whether a picture that is not deleted has these bytes, or was made from them."""
    if connection.execute("SELECT 1 FROM pictures WHERE sha256 = ? AND deleted IS NULL LIMIT 1", (sha256,)).fetchone():
        return True
    made = "SELECT 1 FROM links JOIN pictures USING (moment) WHERE target = ? AND deleted IS NULL LIMIT 1"
    return connection.execute(made, (f"sha256:{sha256}",)).fetchone() is not None
