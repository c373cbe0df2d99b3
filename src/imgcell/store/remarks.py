"""Stars, tags and notes: lines that are appended, the latest word on each counts.

::

    <home>/annotations/<UTC date>-<pid>-<random>.jsonl    one file for each process; lines with ``v`` (1), ``picture``,
                                                          ``time`` (UTC) and what was said: ``rating``, ``tags``, ``note``;
                                                          or ``removed``: it was taken out of the trash for good

No file is ever rewritten, so that several kernels cannot overwrite each other's words, and libraries can be put together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.files.appended import Appended
from imgcell.language import tr
from imgcell.store import sidecars
from imgcell.store.lines import microseconds, pieces
from imgcell.store.words import cut

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Annotation", "Annotations", "check", "get", "removed", "save", "text"]

_MOST_TAGS = 100
_LONGEST_TAG = 100
_LONGEST_NOTE = 10_000


@dataclass(frozen=True)
class Annotation:
    """What the user thinks of a picture.

    Attributes:
        rating: Stars, 0 (none) to 5.
        tags: Words of the user's own, in their order.
        note: Text of the user's own; ``""`` if there is none.
    """

    rating: int = 0
    tags: tuple[str, ...] = ()
    note: str = ""


def check(rating: object, tags: object, note: object) -> dict[str, Any]:
    """Return what of these was said, in the form in which it is written.

    Raises:
        InvalidJobError: A value is none that this can have.
    """
    said: dict[str, Any] = {}
    if rating is not None:
        if isinstance(rating, bool) or not isinstance(rating, int) or not 0 <= rating <= 5:
            raise InvalidJobError(tr("A rating is a whole number of stars from 0 to 5, not {value}.", value=repr(rating)))
        said["rating"] = rating
    if tags is not None:
        listed = [tags] if isinstance(tags, str) else tags
        if not isinstance(listed, Iterable) or isinstance(listed, (bytes, Mapping)):
            raise InvalidJobError(tr("Tags are words, in a list, not {value}.", value=repr(tags)))
        said["tags"] = list(dict.fromkeys(_tag(tag) for tag in listed))
        if len(said["tags"]) > _MOST_TAGS:
            raise InvalidJobError(tr("A picture has at most {count} tags.", count=_MOST_TAGS))
    if note is not None:
        if not isinstance(note, str) or len(note) > _LONGEST_NOTE:
            raise InvalidJobError(tr("A note is text of at most {count} characters.", count=_LONGEST_NOTE))
        said["note"] = _whole(note).strip()
    return said


def _tag(value: object) -> str:
    tag = " ".join(_whole(value).split()) if isinstance(value, str) else ""
    if not tag or len(tag) > _LONGEST_TAG:
        raise InvalidJobError(tr("A tag is text of 1 to {count} characters, not {value}.", count=_LONGEST_TAG, value=repr(value)))
    return tag


def _whole(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8")


class Annotations:
    """The file that this process appends to; for all its threads.

    Args:
        folder: Where such files are.
    """

    def __init__(self, folder: Path) -> None:
        self._lines = Appended(folder, "annotation")

    def append(self, name: str, said: Mapping[str, Any]) -> None:
        """Write down what was said of a picture, durably.

        Raises:
            OSError: It could not be written.
        """
        self._lines.append({"picture": name, **said})


def save(connection: sqlite3.Connection, lines: Iterable[Mapping[str, Any]]) -> None:
    """Put lines into the index; of each word the latest stands."""
    for line in lines:
        name, time = line.get("picture"), microseconds(line.get("time"))
        if not isinstance(name, str) or not sidecars.ID.fullmatch(name) or time is None:
            continue
        try:
            said = check(line.get("rating"), line.get("tags"), line.get("note"))
        except InvalidJobError:
            continue
        connection.execute("INSERT OR IGNORE INTO annotations VALUES (?, NULL, 0, NULL, 0, NULL, 0)", (name,))
        if "rating" in said:
            connection.execute(
                "UPDATE annotations SET rating = ?, rated = ? WHERE picture = ? AND rated <= ?", (said["rating"], time, name, time)
            )
        if "note" in said:
            connection.execute(
                "UPDATE annotations SET note = ?, noted = ? WHERE picture = ? AND noted <= ?", (said["note"], time, name, time)
            )
        if "tags" in said:
            tags = json.dumps(said["tags"])
            changed = connection.execute(
                "UPDATE annotations SET tags = ?, tagged = ? WHERE picture = ? AND tagged <= ?", (tags, time, name, time)
            )
            if changed.rowcount:
                connection.execute("DELETE FROM tags WHERE picture = ?", (name,))
                connection.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", [(tag.casefold(), name) for tag in said["tags"]])
        moment = connection.execute("SELECT moment FROM pictures WHERE id = ? AND deleted IS NULL", (name,)).fetchone()
        if moment is not None and len(said) > ("rating" in said):
            connection.execute("UPDATE words SET noted = ? WHERE rowid = ?", (cut(text(connection, name)), moment[0]))


def removed(home: Path) -> set[str]:
    """Return the ids of the pictures that were removed for good, which nobody needs to look for."""
    names: set[str] = set()
    for path in sorted((home / "annotations").glob("*.jsonl")):
        try:
            for _, lines in pieces(path, 0):
                names.update(line["picture"] for line in lines if line.get("removed") is True and isinstance(line.get("picture"), str))
        except OSError:
            continue
    return names


def get(connection: sqlite3.Connection, name: str) -> Annotation:
    """Return what is said of a picture."""
    row = connection.execute("SELECT rating, tags, note FROM annotations WHERE picture = ?", (name,)).fetchone()
    if row is None:
        return Annotation()
    return Annotation(row[0] or 0, tuple(json.loads(row[1])) if row[1] else (), row[2] or "")


def text(connection: sqlite3.Connection, name: str) -> str:
    """Return the text by which a picture can be found beside its prompt: tags and note."""
    said = get(connection, name)
    return "\n".join([*said.tags, said.note])
