"""The library: every picture a file named after its content, beside it how it was made.

::

    <home>/blobs/<ab>/<sha256>     the provider's bytes, untouched; also those of pictures and masks that were sent
    <home>/records/<id>.json       ``v`` (2) and the fields of :class:`imgcell.pictures.record.Record`
    <home>/annotations/            stars, tags and notes (:mod:`imgcell.store.remarks`)
    <home>/masks/<name>.png        masks that have a name (:mod:`imgcell.store.saved_masks`)
    <home>/trash/                  what was deleted (:mod:`imgcell.store.trash`)
    <home>/index.sqlite3           made from all of these and the ledgers (:mod:`imgcell.store.index`)

The files are the truth.  A picture is durable when :meth:`Library.keep` returns; it is never lost for a full or broken
disk: it stays in the spool, goes to a second place, or stays in memory, and the caller is told which.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.files import disk
from imgcell.files.group import GroupCommit
from imgcell.language import tr
from imgcell.pictures.record import Record
from imgcell.store import sidecars
from imgcell.store.keeping import Kept, is_there, keep_input, link, reason_of, rescue, writing
from imgcell.store.sidecars import DIGEST, ID

if TYPE_CHECKING:
    from imgcell.files.spool import SpoolFile
    from imgcell.jobs import InputImage
    from imgcell.pictures.archive import Archive
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.sheet import Sheet
    from imgcell.pictures.source import FileSource
    from imgcell.store.index import Index
    from imgcell.store.moments import Moment
    from imgcell.store.remarks import Annotation, Annotations
    from imgcell.store.saved_masks import SavedMasks
    from imgcell.store.totals import Key, Total
    from imgcell.store.verifying import Report

__all__ = ["Kept", "Library"]


class Library:
    """The pictures in a folder; for all threads, and for several processes at once.

    Args:
        home: The folder; made when needed.

    Attributes:
        archive: What its pictures are given, so that they can look up their parents and children; ``None`` for nothing.
    """

    archive: Archive | None = None

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self._blobs = self.home / "blobs"
        self._records = self.home / "records"
        self._said: Annotations | None = None
        self._made: Index | None = None
        self._reset()

    def keep(self, spool: SpoolFile, record: Record) -> Kept:
        """Store a picture and its record, durably.  Never raises for reasons of the disk.

        Args:
            spool: The picture's bytes.
            record: How it was made; its ``id`` names the sidecar.
        """
        if record.sha256 != spool.sha256 or record.bytes != spool.size:
            record = dataclasses.replace(record, sha256=spool.sha256, bytes=spool.size)
        try:
            blob = self._store_blob(spool)
        except OSError as error:
            return rescue(spool, record, error)
        from imgcell.pictures.source import FileSource

        source = FileSource(blob, spool.sha256, spool.size)
        try:
            self._store_record(record)
        except Exception as error:  # noqa: BLE001 - the picture is safe; whatever is wrong with its record must not hide it
            # With what the spool has the record can be made another time.
            spool.held, spool.elsewhere = True, str(blob)
            return Kept(
                source,
                tr("The picture is kept in {file}, but not how it was made ({reason}).", file=str(blob), reason=reason_of(error)),
            )
        return Kept(source)

    def blob(self, sha256: str) -> FileSource | None:
        """Return the bytes with this digest, if the library has them."""
        if not DIGEST.fullmatch(sha256):
            return None
        from imgcell.pictures.source import FileSource

        # In the trash as well: another process may have kept the same picture in the moment in which it was deleted here.
        for path in (self._blob_path(sha256), self.home / "trash" / "blobs" / sha256):
            try:
                return FileSource(path, sha256, path.stat().st_size)
            except OSError:
                continue
        return None

    def record(self, name: str) -> Record | None:
        """Return the record with this id, if the library has it and it can be read."""
        if not ID.fullmatch(name):
            return None
        try:
            return sidecars.read(self._records / f"{name}.json")
        except (OSError, ValueError):
            return None

    def records(self) -> Iterator[Record]:
        """Yield all records that can be read, in the order of their ids, which is that of their making."""
        for path in sorted(self._records.glob("*.json")):
            record = self.record(path.stem)
            if record is not None:
                yield record

    # -- pictures ----------------------------------------------------------------------------------------------

    def picture(self, name: str) -> Picture | None:
        """Return the picture with this id, or ``None`` if the library has none (it may be in the trash).

        Raises:
            ImageDecodeError: The library has it, but its file is damaged or gone.
        """
        from imgcell.store.opening import open_picture

        record = self.record(name) if _is_id(name) else None
        return open_picture(self, record) if record is not None else None

    def sheet(self, records: Iterable[Record]) -> Sheet:
        """Return the pictures of *records*, in order; what cannot be read is an error in its place."""
        from imgcell.store.opening import open_sheet

        return open_sheet(self, records)

    def keep_input(self, image: InputImage) -> None:
        """Keep the bytes of a picture or mask that was sent, once, so that the edit can be told and run again.

        Never raises for reasons of the disk: nothing was paid for these bytes.
        """
        if DIGEST.fullmatch(image.sha256):
            keep_input(image, self._blob_path(image.sha256))

    @property
    def masks(self) -> SavedMasks:
        """The masks that have a name, as a mapping: ``library.masks["天空"] = mask``; Studios and ``--mask`` know them too."""
        from imgcell.store.saved_masks import SavedMasks

        return SavedMasks(self.home / "masks")

    # -- questions ---------------------------------------------------------------------------------------------

    def find(
        self,
        text: str | None = None,
        *,
        provider: str | None = None,
        model: str | None = None,
        kind: str | None = None,
        notebook: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        rating: int | None = None,
        tag: str | Sequence[str] | None = None,
        limit: int | None = 50,
    ) -> list[Record]:
        """Return records, newest first.

        Args:
            text: Words of the prompt, of the prompt as revised, of tags and notes: all must be there.  In any script; a
                word is found by its beginning, and in scripts without spaces any piece of text is.
            provider: Exactly this one.
            model: Exactly this one.
            kind: ``"generate"`` or ``"edit"``.
            notebook: This one, by its path, its name, or the end of its path.
            since: From when on: a time, a day, a timedelta (the last …), or text ("2026-05-01", "7d", "today").
            until: Up to when; a day is included.
            rating: At least so many stars, 0 to 5.
            tag: A tag, or several, all of which it must have.
            limit: At most so many; ``None`` for all.

        Raises:
            InvalidJobError: A value is none that this can have.
        """
        from imgcell.store import finding

        return self._index.ask(lambda connection: finding.find(
            connection, text, provider=provider, model=model, kind=kind, notebook=notebook, since=since, until=until,
            rating=rating, tag=tag, limit=limit,
        ))  # fmt: skip

    def by_job(self, digest: str) -> list[Record]:
        """Return the records with this ``job``, newest first."""
        from imgcell.store import finding

        return self._index.ask(lambda connection: finding.by_job(connection, digest))

    def children(self, name: str) -> list[Record]:
        """Return the direct edits of the picture with this id, newest first."""
        from imgcell.store import finding

        return self._index.ask(lambda connection: finding.children(connection, name))

    def totals(self, by: Sequence[Key] | Key = (), *, since: Moment | None = None, until: Moment | None = None) -> list[Total]:
        """Return what was paid or may have been, a row for each combination of *by*, currency and how it is known.

        Args:
            by: ``"day"`` (the user's own), ``"provider"``, ``"model"``, ``"notebook"``, ``"session"``, ``"kind"``.
            since: As for :meth:`find`; a request counts when it was sent.
            until: As for :meth:`find`.

        Raises:
            InvalidJobError: A value is none that this can have.
        """
        from imgcell.store.totals import totals

        return self._index.ask(lambda connection: totals(connection, by, since, until))

    def requests(self, states: Iterable[str] | None = None, *, since: Moment | None = None) -> list[dict[str, Any]]:
        """Return paid requests, newest first: all that the ledger says of each in one.

        Beside the ledger's facts: ``attempt``, ``state``, ``began`` and ``changed`` (microseconds since 1970), ``came``
        (how many pictures), ``counts`` and ``open`` (0 or 1), ``amount``, ``currency``, ``basis`` (as :meth:`totals` counts it).

        Args:
            states: Only these; ``None`` for all.
            since: As for :meth:`find`.
        """
        from imgcell.store.totals import requests

        return self._index.ask(lambda connection: requests(connection, states, since))

    # -- what the user thinks ----------------------------------------------------------------------------------

    def annotate(self, name: str, *, rating: int | None = None, tags: Iterable[str] | None = None, note: str | None = None) -> None:
        """Give a picture stars, tags, a note; ``None`` leaves what is there.

        Args:
            name: Its id.
            rating: Stars, 0 (none) to 5.
            tags: All of its tags; an empty list takes them away.
            note: Text; ``""`` takes it away.

        Raises:
            InvalidJobError: The library has no such picture, or a value is none that this can have.
            StorageError: It could not be written.
        """
        from imgcell.store.remarks import check

        said = check(rating, tags, note)
        if self.record(name) is None:
            raise _unknown(name)
        with writing(self.home):
            if said:
                self._annotations.append(name, said)

    def annotation(self, name: str) -> Annotation:
        """Return the stars, tags and note of a picture."""
        from imgcell.store.remarks import get

        return self._index.ask(lambda connection: get(connection, name))

    def annotations(self, names: Iterable[str]) -> dict[str, Annotation]:
        """Return the stars, tags and notes of several pictures by their ids, in one question."""
        from imgcell.store.remarks import get

        asked = list(names)
        return self._index.ask(lambda connection: {name: get(connection, name) for name in asked})

    # -- deleting ----------------------------------------------------------------------------------------------

    def delete(self, name: str) -> None:
        """Move a picture to the trash; :meth:`restore` brings it back.  The bill stays as it was.

        Raises:
            InvalidJobError: The library has no such picture.
            StorageError: It could not be moved; then it is where it was.
        """
        from imgcell.store import trash

        with writing(self.home):
            if not _is_id(name) or not trash.remove(self._index, self.home, name):
                raise _unknown(name)

    def restore(self, name: str) -> None:
        """Bring a picture back from the trash.

        Raises:
            InvalidJobError: It is not in the trash.
            StorageError: It could not be moved; then it is still there.
        """
        from imgcell.store import trash

        with writing(self.home):
            if _is_id(name) and trash.restore(self._index, self.home, name):
                return
        raise InvalidJobError(tr("The trash has no picture {name}.", name=repr(name)))

    def trash(self) -> list[Record]:
        """Return the records of what was deleted, the latest first."""
        from imgcell.store import finding

        return self._index.ask(finding.trash)

    def empty_trash(self, older_than: dt.timedelta = dt.timedelta(days=30)) -> int:
        """Remove for good what was deleted longer ago than *older_than*; return how many pictures that were.

        Raises:
            StorageError: That it is removed could not be written down; then it is not.
        """
        from imgcell.store import trash

        def note(name: str) -> None:
            self._annotations.append(name, {"removed": True})

        with writing(self.home):
            return trash.empty(self._index, self.home, older_than.total_seconds(), note)

    # -- care --------------------------------------------------------------------------------------------------

    def verify(self, progress: Callable[[int, int], None] | None = None) -> Report:
        """Read and hash everything again, and compare files, ledgers and index with each other; nothing is changed.

        Args:
            progress: Called with how many files have been read, and how many there are.
        """
        from imgcell.store.verifying import verify

        return verify(self.home, self._index, progress)

    def export(self, folder: str | Path) -> Path:
        """Copy the library (pictures, records, ledgers, annotations) into a folder, and return that.

        Doing it again copies what is new.  What cannot be copied (a file that is damaged) is left out with a warning.

        Raises:
            InvalidJobError: The folder is in the library itself.
            StorageError: It cannot be written.
        """
        from imgcell.store import transfer, trash

        try:
            trash.tell(self._index, self.home)
        except OSError:
            pass  # a library for reading only is copied as it is
        with writing(Path(folder)):
            problems = transfer.carry_out(self.home, Path(folder))
        transfer.report(self.home, problems)
        return Path(folder)

    def import_(self, folder: str | Path) -> int:
        """Copy what an exported folder, or another library, holds into this one; return how many pictures are new.

        Nothing that is here is changed, and doing it again is harmless.  What is not as it should be (links, bytes that
        are not what their name says, records that are none) is left out with a warning.  What the other library paid
        is in this one's bill then.

        Raises:
            InvalidJobError: There is no library in the folder.
            StorageError: This library cannot be written; what came before that is in it.
        """
        from imgcell.store import transfer

        with writing(self.home):
            new, problems = transfer.bring_in(self.home, Path(folder))
        self._index.fresh.extend(new)
        transfer.report(Path(folder), problems)
        return len(new)

    def rebuild(self) -> None:
        """Make the index anew from the files."""
        self._index.rebuild()

    @property
    def _annotations(self) -> Annotations:
        # On first use: with it come the words of all scripts, which the first picture need not wait for.
        if self._said is None:
            from imgcell.store.remarks import Annotations

            self._said = Annotations(self.home / "annotations")
        return self._said

    @property
    def _index(self) -> Index:
        if self._made is None or self._made.pid != os.getpid():
            from imgcell.store.index import Index

            self._made = Index(self.home)
        return self._made

    # -- storing ------------------------------------------------------------------------------------------------

    def _store_blob(self, spool: SpoolFile) -> Path:
        blob = self._blob_path(spool.sha256)
        disk.make_folder(blob.parent)
        if not is_there(blob, spool.size):
            spool.sync()
            file = spool.path
            if file is None or not link(file, blob, spool.size):
                disk.store(blob, spool.read(), "blob")
                spool.adopted(blob)
                return blob
        disk.sync_folder(blob.parent)
        spool.adopted(blob)
        return blob

    def _store_record(self, record: Record) -> None:
        if not ID.fullmatch(record.id):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), record.id)
        disk.make_folder(self._records)
        disk.store(self._records / f"{record.id}.json", sidecars.dump(record), "record", flush_folder=self._sync_records)
        if self._made is not None:
            # Its request may go on for long, and the index hears of it from the ledger when it ends.
            self._made.fresh.append(record.id)

    def _blob_path(self, sha256: str) -> Path:
        return self._blobs / sha256[:2] / sha256

    def _reset(self) -> None:
        self._sync_records = GroupCommit(lambda: disk.sync_folder(self._records))


def _is_id(name: object) -> bool:
    return isinstance(name, str) and ID.fullmatch(name) is not None


def _unknown(name: object) -> InvalidJobError:
    return InvalidJobError(tr("The library has no picture {name}.", name=repr(name)), hint=tr("imgcell.history() shows what it has."))
