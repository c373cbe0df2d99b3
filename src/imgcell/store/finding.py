"""Questions to the index: which pictures, newest first."""

from __future__ import annotations

import itertools
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.record import Record
from imgcell.store import words
from imgcell.store.moments import Moment, since_microseconds, until_microseconds

__all__ = ["by_job", "children", "everything", "find", "trash"]


def find(
    connection: sqlite3.Connection,
    text: str | None,
    *,
    provider: str | None,
    model: str | None,
    kind: str | None,
    notebook: str | None,
    since: Moment | None,
    until: Moment | None,
    rating: Any,
    tag: Any,
    limit: Any,
) -> list[Record]:
    """See :meth:`imgcell.store.Library.find`."""
    conditions: list[str] = []
    values: list[Any] = []
    tables, key = "pictures", "pictures.moment"
    plain = ""
    for name, value in (("provider", provider), ("model", model), ("kind", kind)):
        if value is not None:
            conditions.append(f"pictures.{name} = ?")
            values.append(_text(name, value))
    if notebook is not None:
        place = _text("notebook", notebook).replace("\\", "/")
        # Servers name notebooks by their whole path, people by the end of it.
        end = "replace(pictures.notebook, '\\', '/')"
        conditions.append(f"(pictures.notebook = ? OR substr({end}, -length(?)) = ?)")
        values.extend((_text("notebook", notebook), f"/{place}", f"/{place}"))
    if text is not None and _text("text", text).strip():
        asked = words.question(text)
        if asked is not None:
            tables, key = "words CROSS JOIN pictures ON pictures.moment = words.rowid", "words.rowid"
            conditions.append("words MATCH ?")
            values.append(asked)
        else:
            # Only punctuation: no word, so that all prompts are looked through.
            plain = words.fold(text.strip())
    for sign, moment in ((">=", since_microseconds(since)), ("<", until_microseconds(until))):
        if moment is not None:
            conditions.append(f"{key} {sign} ?")
            values.append(moment)
    if rating is not None:
        if isinstance(rating, bool) or not isinstance(rating, int) or not 0 <= rating <= 5:
            raise InvalidJobError(tr("A rating is a whole number of stars from 0 to 5, not {value}.", value=repr(rating)))
        if rating:
            conditions.append("pictures.id IN (SELECT picture FROM annotations WHERE rating >= ?)")
            values.append(rating)
    for word in _listed(tag):
        conditions.append("pictures.id IN (SELECT picture FROM tags WHERE tag = ?)")
        values.append(" ".join(_text("tag", word).casefold().split()))
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= sys.maxsize):
        raise InvalidJobError(tr("limit is a whole number from 0 on, or None for all, not {value}.", value=repr(limit)))
    where = " AND ".join([*conditions, "pictures.deleted IS NULL"])
    rows = connection.execute(f"SELECT pictures.document FROM {tables} WHERE {where} ORDER BY {key} DESC", values)  # noqa: S608  # values are bound
    found = _each(rows) if not plain else (record for record in _each(rows) if plain in words.fold(record.prompt))
    return list(itertools.islice(found, limit))


def by_job(connection: sqlite3.Connection, digest: str) -> list[Record]:
    """Return the pictures of a job, newest first."""
    asked = "SELECT document FROM pictures WHERE job = ? AND deleted IS NULL ORDER BY moment DESC"
    return list(_each(connection.execute(asked, (_text("digest", digest),))))


def children(connection: sqlite3.Connection, name: str) -> list[Record]:
    """Return the direct edits of a picture, newest first: made from it by name, or from a file with the same bytes."""
    name = _text("id", name)
    row = connection.execute("SELECT sha256 FROM pictures WHERE id = ?", (name,)).fetchone()
    asked = (
        "SELECT document FROM pictures WHERE deleted IS NULL AND moment IN "
        "(SELECT moment FROM links WHERE role = 0 AND target IN (?, ?)) ORDER BY moment DESC"
    )
    return list(_each(connection.execute(asked, (name, f"sha256:{row[0]}" if row is not None else name))))


def trash(connection: sqlite3.Connection) -> list[Record]:
    """Return what was deleted, the latest first."""
    return list(_each(connection.execute("SELECT document FROM pictures WHERE deleted IS NOT NULL ORDER BY deleted DESC, moment DESC")))


def everything(connection: sqlite3.Connection) -> Iterator[tuple[Record, bool]]:
    """Yield all records, with whether they were deleted."""
    for deleted in (False, True):
        rows = connection.execute("SELECT document FROM pictures WHERE (deleted IS NOT NULL) = ?", (deleted,))
        yield from ((record, deleted) for record in _each(rows))


def _each(rows: Iterable[tuple[str]]) -> Iterator[Record]:
    for (document,) in rows:
        try:
            record = Record.from_json(json.loads(document))
        except (ValueError, TypeError, KeyError) as error:
            # Checked when it came in, so that the index itself is what was changed.
            raise sqlite3.DatabaseError("the index holds a record that is none") from error
        yield record


def _listed(tag: Any) -> list[Any]:
    if tag is None or isinstance(tag, str):
        return [] if tag is None else [tag]
    if isinstance(tag, Iterable) and not isinstance(tag, (bytes, bytearray)):
        return list(tag)
    raise InvalidJobError(tr("{name} must be text, not {value}.", name="tag", value=repr(tag)))


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidJobError(tr("{name} must be text, not {value}.", name=name, value=repr(value)))
    return value.encode("utf-8", "replace").decode("utf-8")
