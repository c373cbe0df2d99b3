"""From the files into the index: what is new, and nothing twice."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from imgcell.pictures.record import Record
from imgcell.store import attempts, remarks, sidecars
from imgcell.store.lines import Place, bindable, microseconds, pieces
from imgcell.store.words import cut

__all__ = ["add_records", "compare", "forget", "pull", "put", "transaction"]

#: Rows in one transaction: few enough that others wait for a moment only.
_BATCH = 1000


def pull(connection: sqlite3.Connection, home: Path, there: Mapping[str, Place], fresh: Iterable[str]) -> dict[str, Place]:
    """Read what was appended to the files of lines since, and the records that it names.

    Args:
        connection: To the index.
        home: The library's folder.
        there: The files of lines, as they were just now.
        fresh: Ids of records that were written in this process, whatever the ledger says of them so far.

    Returns:
        The files as far as they have been read.
    """
    known = {
        name: (Place(inode, size), read) for name, inode, size, read in connection.execute("SELECT name, inode, size, read FROM files")
    }
    batches = _Batches(connection)
    with batches:
        for name in sorted(there):
            place = there[name]
            before, read = known.get(name, (None, 0))
            if before == place:
                continue
            if before is None or before.inode != place.inode or place.size < read:
                read = 0
            try:
                for end, lines in pieces(home / name, read):
                    batches.next(len(lines))
                    if name.startswith("ledger/"):
                        _store(connection, home, attempts.save(connection, lines))
                    else:
                        remarks.save(connection, lines)
                    # A piece is in the index together with the note that it is.
                    connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, -1, ?)", (name, place.inode, end))
                    read = end
            except OSError:
                continue  # gone since, or not readable: another time
            batches.next(1)
            connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", (name, place.inode, place.size, read))
        _store(connection, home, fresh)
    return dict(there)


def add_records(connection: sqlite3.Connection, home: Path, names: Iterable[str], progress: Callable[[int], None] | None = None) -> None:
    """Put the records with these ids into the index, as far as they are there and can be read."""
    todo = list(names)
    for start in range(0, len(todo), _BATCH):
        with transaction(connection):
            _store(connection, home, todo[start : start + _BATCH])
        if progress is not None:
            progress(min(start + _BATCH, len(todo)))


def compare(connection: sqlite3.Connection, home: Path) -> None:
    """Look for records that the index lacks, and for rows whose record is gone, unless nothing was changed since the last look."""
    folders = (home / "records", home / "trash" / "records")
    marks = _marks(folders)
    if connection.execute("SELECT value FROM meta WHERE name = 'compared'").fetchone() == (marks,):
        return
    kept, trashed = (set(_names(folder)) for folder in folders)
    counts = dict(connection.execute("SELECT deleted IS NOT NULL, count(*) FROM pictures GROUP BY 1"))
    if (len(kept), len(trashed - kept)) != (counts.get(0, 0), counts.get(1, 0)):
        known = dict(connection.execute("SELECT id, deleted IS NOT NULL FROM pictures"))
        add_records(connection, home, sorted(name for name in kept if known.get(name) != 0))
        add_records(connection, home, sorted(name for name in trashed - kept if known.get(name) != 1))
        gone = [name for name in known if name not in kept and name not in trashed]
        with transaction(connection):
            for name in gone:
                if not any((folder / f"{name}.json").exists() for folder in folders):
                    forget(connection, name)
    with transaction(connection):
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('compared', ?)", (marks,))


def _marks(folders: Iterable[Path]) -> str:
    """Return what is another text after a file was put into one of the folders or taken out of it."""
    marks: list[object] = []
    for folder in folders:
        try:
            facts = os.stat(folder)
        except OSError:
            marks.append(None)
            continue
        # File systems keep time in steps, of up to two seconds: what comes within the same one would not be seen.
        lately = facts.st_mtime_ns > time.time_ns() - 3_000_000_000
        marks.append(os.urandom(8).hex() if lately else [facts.st_ino, facts.st_mtime_ns])
    return json.dumps(marks)


def _names(folder: Path) -> list[str]:
    try:
        return [name[:-5] for name in os.listdir(folder) if name.endswith(".json") and sidecars.ID.fullmatch(name[:-5])]
    except OSError:
        return []


def _store(connection: sqlite3.Connection, home: Path, names: Iterable[str]) -> None:
    """Read records and put them into the index; a deleted one as deleted."""
    touched: set[str] = set()
    for name in dict.fromkeys(names):
        if not sidecars.ID.fullmatch(name):
            continue
        deleted = None
        try:
            try:
                record = sidecars.read(home / "records" / f"{name}.json")
            except FileNotFoundError:
                path = home / "trash" / "records" / f"{name}.json"
                record, deleted = sidecars.read(path), path.stat().st_mtime_ns // 1000
        except (OSError, ValueError):
            continue
        put(connection, record, deleted)
        if record.attempt is not None:
            touched.add(record.attempt)
    attempts.reckon(connection, touched)


def put(connection: sqlite3.Connection, record: Record, deleted: int | None) -> None:
    """Put one record into the index, in the place of what it has of it already."""
    # As Record.to_json, which copies all that is in it.
    cost = record.cost
    document = json.dumps({**vars(record), "created": record.created.isoformat(), "cost": vars(cost) if cost else None}, default=str)
    row = connection.execute("SELECT moment, document, deleted FROM pictures WHERE id = ?", (record.id,)).fetchone()
    if row is not None and row[1] == document and (row[2] is None) == (deleted is None):
        return
    moment = row[0] if row is not None else _free_moment(connection, record)
    if row is not None:
        forget(connection, record.id)
    named = [
        bindable(text) for text in (record.attempt, record.job, record.provider, record.model, record.kind, record.notebook, record.session)
    ]
    connection.execute(
        "INSERT INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(moment, record.id, record.sha256, *named, deleted),
            *((cost.amount, cost.currency, cost.basis) if cost is not None else (None, None, None)),
            document,
        ),
    )
    links = {(parent, 0) for parent in record.parents} | {(sent, 1) for sent in (*record.inputs, *([record.mask] if record.mask else ()))}
    connection.executemany("INSERT OR IGNORE INTO links VALUES (?, ?, ?)", [(bindable(target), role, moment) for target, role in links])
    if deleted is None:
        noted = remarks.text(connection, record.id)
        connection.execute("INSERT INTO words (rowid, prompt, noted) VALUES (?, ?, ?)", (moment, cut(_said(record)), cut(noted)))


def forget(connection: sqlite3.Connection, name: str) -> None:
    """Take a record out of the index, in the transaction that is under way."""
    row = connection.execute("SELECT moment FROM pictures WHERE id = ?", (name,)).fetchone()
    if row is not None:
        for statement in (
            "DELETE FROM words WHERE rowid = ?",
            "DELETE FROM links WHERE moment = ?",
            "DELETE FROM pictures WHERE moment = ?",
        ):
            connection.execute(statement, row)


def _said(record: Record) -> str:
    return record.prompt if not record.revised_prompt else f"{record.prompt}\n{record.revised_prompt}"


def _free_moment(connection: sqlite3.Connection, record: Record) -> int:
    moment = microseconds(record.created.isoformat()) or 0
    while connection.execute("SELECT 1 FROM pictures WHERE moment = ?", (moment,)).fetchone() is not None:
        moment += 1
    return moment


class transaction:  # noqa: N801  # used like a function
    """Everything in it, or nothing; begun for writing at once, so that no other writer comes between (RELIABILITY.md section 5.2)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._connection.execute("COMMIT")
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


class _Batches(transaction):
    """A transaction that is ended, and another one begun, whenever it has become long enough."""

    _rows = 0

    def next(self, rows: int) -> None:
        """Say that so many rows come next."""
        if self._rows >= _BATCH:
            self._rows = 0
            self._connection.execute("COMMIT")
            self._connection.execute("BEGIN IMMEDIATE")
        self._rows += rows
