"""What is there of a picture: in the library, in memory, or only its id."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from imgcell.errors import ImageDecodeError, ImgcellError, StorageError
from imgcell.language import tr
from imgcell.pictures.archive import alive
from imgcell.pictures.formats import inspect
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record

if TYPE_CHECKING:
    from imgcell.pictures.formats import ImageFacts
    from imgcell.pictures.source import Source
    from imgcell.store import Library

__all__ = ["GIVEN", "Holdings", "State", "given_record", "is_given"]

#: ``record.kind`` of pictures that were not made but handed in.
GIVEN = "given"

#: kept: with its bytes; given: a picture of the user's own, with its bytes; deleted: in the trash; missing: nothing but an id.
State: TypeAlias = Literal["kept", "given", "deleted", "missing"]

_LONGEST_ADDRESS = 8192  # characters; RELIABILITY.md section 3
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def is_given(name: str) -> bool:
    """Whether *name* stands for a picture that was handed in (``"sha256:…"``) rather than one that imgcell made."""
    return name.startswith("sha256:")


def given_record(name: str, source: Source, facts: ImageFacts, changed_from: str | None = None) -> Record:
    """Return the record of a picture that was handed in.

    Args:
        name: Its id.
        source: Its bytes.
        facts: What they say of themselves.
        changed_from: The id of the picture that it is a changed version of.
    """
    return Record(
        id=name,
        sha256=source.sha256,
        prompt="",
        provider="",
        model=None,
        kind=GIVEN,
        parents=(changed_from,) if changed_from else (),
        modified=(0,) if changed_from else (),
        size=(facts.width, facts.height),
        format=facts.format,
        bytes=source.size,
    )


class Holdings:
    """Finds pictures and records by their ids.  Nothing in here raises for what is not there.

    Args:
        library: Where to look; ``None`` looks only in memory.
        first: A picture that is at hand already.
        settle: Waits until the inputs of requests that have just ended are in the library.
    """

    def __init__(self, library: Library | None, first: Picture | None = None, settle: Callable[[], None] = lambda: None) -> None:
        self.library = library
        self._pictures: dict[str, Picture | None] = {}
        self._records: dict[str, Record | None] = {}
        if first is not None:
            self._pictures[first.record.id] = first
            self._records[first.record.id] = first.record
        self._trash: frozenset[str] | None = None
        settle()

    def record(self, name: str) -> Record | None:
        """Return how the picture with this id was made, if that is known."""
        if name not in self._records:
            found = self.library.record(name) if self.library is not None else None
            if found is None and (picture := alive(name)) is not None:
                found = picture.record
            self._records[name] = found
        return self._records[name]

    def picture(self, name: str) -> Picture | None:
        """Return the picture with this id, made by imgcell or (``"sha256:…"``) given; ``None`` if its bytes are not there."""
        if name not in self._pictures:
            self._pictures[name] = self.given(name) if is_given(name) else self._made(name)
        return self._pictures[name]

    def given(self, digest: str, parent: str | None = None) -> Picture | None:
        """Return the picture with these bytes as it was sent, its record saying "given".

        Args:
            digest: ``"sha256:…"``.
            parent: The id of the picture that it is a changed version of.
        """
        match = _DIGEST.fullmatch(digest)
        source = self.library.blob(match.group(1)) if match is not None and self.library is not None else None
        if match is None or source is None or source.path is None:
            return None
        try:
            facts = inspect(source)
            created = dt.datetime.fromtimestamp(source.path.stat().st_mtime, dt.timezone.utc)
        except (OSError, ImageDecodeError, ValueError):
            return None
        record = replace(given_record(digest, source, facts, parent), created=created)
        return Picture(source, record, facts, self.library.archive if self.library is not None else None)

    def same(self, name: str, sent: str | None) -> bool:
        """Whether the bytes *sent* show exactly the picture *name*: ``.copy()`` and ``.convert()`` are code too, and change nothing."""
        before, after = self.picture(name), self.given(sent) if sent is not None else None
        if before is None or after is None or before.size != after.size:
            return False
        try:
            return before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()
        except (ImgcellError, OSError, ValueError):
            return False

    def address(self, name: str) -> str | None:
        """Return the address that a picture was given as, to a provider that fetches pictures itself; ``None`` if it was not."""
        match = _DIGEST.fullmatch(name)
        source = self.library.blob(match.group(1)) if match is not None and self.library is not None else None
        if source is None or source.size > _LONGEST_ADDRESS:
            return None
        try:
            text = source.read().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return None
        return text if text.startswith(("http://", "https://")) and text.isprintable() else None

    def children(self, name: str) -> list[Record]:
        """Return the records of what was made from the picture directly, oldest first."""
        try:
            found = self.library.children(name) if self.library is not None else []
        except (ImgcellError, OSError):
            found = []  # an index that cannot be asked is no reason not to show the rest
        for record in found:
            self._records.setdefault(record.id, record)
        return sorted(found, key=lambda record: (record.created, record.id))

    def state(self, name: str) -> State:
        """Return what is there of the picture."""
        if is_given(name):
            return "given" if self.picture(name) is not None or self.address(name) is not None else "missing"
        if self.picture(name) is not None:
            return "kept"
        return "deleted" if name in self._deleted() else "missing"

    def problem(self, name: str) -> ImgcellError:
        """Return the error that says why the picture is not there."""
        if is_given(name):
            if (address := self.address(name)) is not None:
                return StorageError(tr("This one was given as an address: {url}", url=address.partition("?")[0]))
            if self.library is None:
                return StorageError(tr("A picture that was given ({id}) is not known any more: there is no library.", id=name[:19] + "…"))
            return StorageError(tr("A picture that was given ({id}) is not in the library.", id=name[:19] + "…"))
        if self.library is None:
            return StorageError(tr("{id} is not known here: this picture is in no library.", id=name))
        if name in self._deleted():
            return StorageError(
                tr("{id} was deleted.", id=name), hint=tr("Until it leaves the trash, library().restore(id) brings it back.")
            )
        return StorageError(tr("{id} is not in this library (any more).", id=name))

    def _made(self, name: str) -> Picture | None:
        record = self.library.record(name) if self.library is not None else None
        source = self.library.blob(record.sha256) if record is not None and self.library is not None else None
        if record is not None and source is not None and self.library is not None:
            try:
                return Picture(source, record, archive=self.library.archive)
            except (OSError, ImageDecodeError):
                return None
        near = alive(name)
        return Picture(near.source, near.record, near.facts) if near is not None else None

    def _deleted(self) -> frozenset[str]:
        if self._trash is None:
            try:
                self._trash = frozenset(record.id for record in self.library.trash()) if self.library is not None else frozenset()
            except (ImgcellError, OSError):
                self._trash = frozenset()
        return self._trash
