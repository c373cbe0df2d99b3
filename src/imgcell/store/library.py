"""The library: every picture a file named after its content, beside it how it was made.

::

    <home>/blobs/<ab>/<sha256>     the provider's bytes, untouched
    <home>/records/<id>.json       ``v`` (1) and the fields of :class:`imgcell.pictures.record.Record`

The files are the truth.  A picture is durable when :meth:`Library.keep` returns; it is never lost for a full or broken
disk: it stays in the spool, goes to a second place, or stays in memory, and the caller is told which.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.files import disk
from imgcell.files.group import GroupCommit
from imgcell.language import tr
from imgcell.pictures.record import Record

if TYPE_CHECKING:
    from imgcell.files.spool import SpoolFile
    from imgcell.pictures.source import FileSource, Source

__all__ = ["Kept", "Library"]

_DIGEST = re.compile(r"[0-9a-f]{64}")
#: Only our own characters stand in names of files (RELIABILITY.md section 5.3).
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True)
class Kept:
    """Where a picture is.

    Attributes:
        source: Its bytes.
        problem: What did not work, and where it is instead, in words; ``None`` if all is as it should be.
    """

    source: Source
    problem: str | None = None


class Library:
    """The pictures in a folder; for all threads, and for several processes at once.

    Args:
        home: The folder; made when needed.
    """

    def __init__(self, home: Path) -> None:
        self.home = Path(home)
        self._blobs = self.home / "blobs"
        self._records = self.home / "records"
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
            return self._rescue(spool, record, error)
        from imgcell.pictures.source import FileSource

        source = FileSource(blob, spool.sha256, spool.size)
        try:
            self._store_record(record)
        except Exception as error:  # noqa: BLE001 - the picture is safe; whatever is wrong with its record must not hide it
            return Kept(
                source,
                tr("The picture is kept in {file}, but not how it was made ({reason}).", file=str(blob), reason=_reason(error)),
            )
        return Kept(source)

    def blob(self, sha256: str) -> FileSource | None:
        """Return the bytes with this digest, if the library has them."""
        if not _DIGEST.fullmatch(sha256):
            return None
        path = self._blob_path(sha256)
        try:
            size = path.stat().st_size
        except OSError:
            return None
        from imgcell.pictures.source import FileSource

        return FileSource(path, sha256, size)

    def record(self, name: str) -> Record | None:
        """Return the record with this id, if the library has it and it can be read."""
        if not _ID.fullmatch(name):
            return None
        try:
            return _read_record(self._records / f"{name}.json")
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def records(self) -> Iterator[Record]:
        """Yield all records that can be read, in the order of their ids, which is that of their making."""
        for path in sorted(self._records.glob("*.json")):
            record = self.record(path.stem)
            if record is not None:
                yield record

    # -- storing ------------------------------------------------------------------------------------------------

    def _store_blob(self, spool: SpoolFile) -> Path:
        blob = self._blob_path(spool.sha256)
        disk.make_folder(blob.parent)
        if not _has(blob, spool.size):
            spool.sync()
            file = spool.path
            if file is None or not _link(file, blob, spool.size):
                disk.store(blob, spool.read(), "blob")
                spool.adopted(blob)
                return blob
        disk.sync_folder(blob.parent)
        spool.adopted(blob)
        return blob

    def _store_record(self, record: Record) -> None:
        if not _ID.fullmatch(record.id):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), record.id)
        disk.make_folder(self._records)
        disk.store(self._records / f"{record.id}.json", _sidecar(record), "record", flush_folder=self._sync_records)

    def _blob_path(self, sha256: str) -> Path:
        return self._blobs / sha256[:2] / sha256

    def _reset(self) -> None:
        self._sync_records = GroupCommit(lambda: disk.sync_folder(self._records))

    # -- when the library's disk fails ------------------------------------------------------------------------------

    def _rescue(self, spool: SpoolFile, record: Record, error: OSError) -> Kept:
        from imgcell.pictures.source import FileSource, MemorySource

        spool.sync()
        reason = _reason(error)
        file = spool.path
        if file is not None and _has(file, spool.size):
            # It came as far as the spool: there it is as safe as anywhere.
            spool.held = True
            spool.elsewhere = str(file)
            problem = tr("The picture could not be put into the library ({reason}). It is kept in {file}.", reason=reason, file=str(file))
            return Kept(FileSource(file, spool.sha256, spool.size), problem)
        data = spool.read()
        try:
            file = _second_place() / f"{spool.sha256}{_SUFFIXES.get(record.format, '')}"
            if not _has(file, len(data)):
                disk.store(file, data, "rescue")
        except OSError:
            spool.elsewhere = "memory"
            problem = tr("The picture could not be stored ({reason}). It is only in memory: save it elsewhere with .save().", reason=reason)
            return Kept(MemorySource(data), problem)
        try:
            disk.store(file.with_suffix(".json"), _sidecar(record), "rescue")
        except Exception:  # noqa: BLE001 - the picture is what counts here
            pass
        spool.adopted(file)
        spool.elsewhere = str(file)
        problem = tr("The picture could not be put into the library ({reason}). It is kept in {file}.", reason=reason, file=str(file))
        return Kept(FileSource(file, spool.sha256, spool.size), problem)


_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}


def _second_place() -> Path:
    """Return a folder of the user's own among the temporary files."""
    import tempfile

    folder = Path(tempfile.gettempdir()) / "imgcell-rescued"
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        facts = os.lstat(folder)
        # Anybody may make that folder in a shared /tmp.
        mine = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
        if not mine or not stat.S_ISDIR(facts.st_mode):
            folder = Path(tempfile.mkdtemp(prefix="imgcell-rescued-"))
    return folder


def _has(path: Path, size: int) -> bool:
    """Whether a whole file stands there: its name is its digest, so that its size tells enough."""
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _link(file: Path, blob: Path, size: int) -> bool:
    """Give the spool's file its name in the library; ``False`` where it has to be copied.

    A second name rather than a rename: until the ledger says "done", the spool still says which request the
    picture belongs to.
    """
    try:
        disk.link(file, blob, "blob-link")
    except FileExistsError:
        # Another thread or process stored the same picture just now; or what is there is not whole.
        return _has(blob, size)
    except OSError:
        return False
    return True


def _sidecar(record: Record) -> bytes:
    return json.dumps({"v": 1, **record.to_json()}, ensure_ascii=True, indent=1, default=str).encode("ascii") + b"\n"


def _read_record(path: Path) -> Record:
    document: Any = json.loads(path.read_bytes())
    if not isinstance(document, dict):
        raise TypeError(f"{path} holds no record")
    return Record.from_json(document)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
