"""The tables of the index.  They hold nothing that is not in the files, and may be thrown away at any time."""

from __future__ import annotations

import os
import sqlite3

__all__ = ["VERSION", "create"]

#: ``PRAGMA user_version``.  An index of an earlier version is made anew from the files.
VERSION = 1

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

-- How far each file of lines has been read: "ledger/….jsonl", "annotations/….jsonl".
CREATE TABLE files (name TEXT PRIMARY KEY, inode TEXT NOT NULL, size INTEGER NOT NULL, read INTEGER NOT NULL) WITHOUT ROWID;

-- moment: when the picture was made, in microseconds since 1970 (UTC), the next free one: newest first is the order of the key.
CREATE TABLE pictures (
    moment INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    attempt TEXT,
    job TEXT,
    provider TEXT,
    model TEXT,
    kind TEXT,
    notebook TEXT,
    session TEXT,
    deleted INTEGER,
    amount REAL,
    currency TEXT,
    basis TEXT,
    document TEXT NOT NULL
);
CREATE INDEX pictures_by_sha256 ON pictures (sha256);
CREATE INDEX pictures_by_attempt ON pictures (attempt);
CREATE INDEX pictures_by_job ON pictures (job) WHERE job IS NOT NULL;
CREATE INDEX pictures_by_provider ON pictures (provider);
CREATE INDEX pictures_by_model ON pictures (model);
CREATE INDEX pictures_by_kind ON pictures (kind);
CREATE INDEX pictures_by_notebook ON pictures (notebook) WHERE notebook IS NOT NULL;
CREATE INDEX pictures_by_deletion ON pictures (deleted);

-- What a picture was made from.  target: an id or "sha256:…"; role: 0 parent, 1 bytes that were sent (inputs, mask).
CREATE TABLE links (target TEXT, role INTEGER, moment INTEGER, PRIMARY KEY (target, role, moment)) WITHOUT ROWID;
CREATE INDEX links_by_moment ON links (moment);

-- prefix: beginnings of these lengths have lists of their own, which are read from the newest on and no further than needed.
CREATE VIRTUAL TABLE words USING fts5 (prompt, noted, tokenize = 'ascii', prefix = '1 2 3 4 5 6 7 8 9 10', columnsize = 0);

-- Paid requests.  state: the last word on it; counts: whether money went or may have gone; open: whether that is uncertain.
CREATE TABLE attempts (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    began INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    provider TEXT,
    model TEXT,
    kind TEXT,
    notebook TEXT,
    session TEXT,
    pictures INTEGER NOT NULL,
    counts INTEGER NOT NULL,
    open INTEGER NOT NULL,
    amount REAL,
    currency TEXT,
    basis TEXT,
    facts TEXT NOT NULL
);
CREATE INDEX attempts_by_beginning ON attempts (began);
CREATE INDEX attempts_by_state ON attempts (state);

CREATE TABLE annotations (
    picture TEXT PRIMARY KEY,
    rating INTEGER, rated INTEGER NOT NULL,
    tags TEXT, tagged INTEGER NOT NULL,
    note TEXT, noted INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX annotations_by_rating ON annotations (rating) WHERE rating IS NOT NULL;
CREATE TABLE tags (tag TEXT, picture TEXT, PRIMARY KEY (tag, picture)) WITHOUT ROWID;
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, in the transaction that is under way; whatever was there is dropped."""
    old = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'").fetchall()
    for (name,) in old:
        connection.execute(f'DROP TABLE IF EXISTS "{name}"')
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall():
        connection.execute(f'DROP TABLE IF EXISTS "{name}"')
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    # Whoever remembers how far it had read an earlier index sees that this is another one.
    connection.execute("INSERT INTO meta VALUES ('generation', ?)", (os.urandom(8).hex(),))
    connection.execute(f"PRAGMA user_version = {VERSION}")
