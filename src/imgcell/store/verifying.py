"""Is all there, and is it what it was?  Everything is read and hashed; nothing is changed."""

from __future__ import annotations

import hashlib
import html
import json
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.ledger.reading import read_file
from imgcell.masks.painted import painted, size
from imgcell.pictures.record import Record
from imgcell.store import finding, remarks, sidecars
from imgcell.store.transfer import is_imported
from imgcell.store.trash import blob_in_trash

if TYPE_CHECKING:
    from imgcell.store.index import Index

__all__ = ["Problem", "Report", "verify"]

#: What each record says, and whether it is in the trash, by its id.
_Marks: TypeAlias = "dict[str, tuple[bytes, bool]]"
#: Lines of a report that are shown; all are in ``problems``.
_SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be.

    Attributes:
        kind: ``"damaged"`` (bytes that are not what their name says), ``"missing"`` (a picture without its bytes),
            ``"record"`` (a record that cannot be read), ``"unrecorded"`` (a request that brought a picture of which
            there is no record), ``"unreadable"`` (the disk refused), ``"strange"`` (a file that is none of ours), or
            ``"index"`` (the index says something else than the files).
        name: The file, from the library's folder on, or the id.
        message: What it is, as a sentence.
    """

    kind: str
    name: str
    message: str


@dataclass
class Report:
    """What :meth:`imgcell.store.Library.verify` found; shows itself in a cell.

    Attributes:
        home: The library's folder.
        pictures: Records that are there.
        deleted: Records in the trash.
        blobs: Files of bytes: pictures, and what was sent.
        bytes: Their size.
        requests: Paid requests in the ledgers.
        leftovers: Unfinished temporary files of processes that ended; harmless.
        seconds: What it took.
        problems: What is not as it should be.
    """

    home: Path
    pictures: int = 0
    deleted: int = 0
    blobs: int = 0
    bytes: int = 0
    requests: int = 0
    leftovers: int = 0
    seconds: float = 0.0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def add(self, kind: str, name: str, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(kind, name, message))

    def __str__(self) -> str:
        lines = [self._verdict(), self._counted(), *(f"  ✗ {problem.message}" for problem in self.problems[:_SHOWN])]
        if len(self.problems) > _SHOWN:
            lines.append("  " + tr("… and {count} more", count=len(self.problems) - _SHOWN))
        if any(problem.kind == "index" for problem in self.problems):
            lines.append(tr("imgcell.library().rebuild() makes the index anew from the files."))
        return "\n".join(lines)

    def _verdict(self) -> str:
        if self.ok:
            return tr("The library in {folder} is whole.", folder=str(self.home))
        if len(self.problems) == 1:
            return tr("One thing is wrong in the library in {folder}.", folder=str(self.home))
        return tr("{count} things are wrong in the library in {folder}.", count=len(self.problems), folder=str(self.home))

    def _counted(self) -> str:
        return tr(
            "Pictures: {pictures}, in the trash: {deleted}; files read again: {blobs}, {megabytes} MB; requests: {requests}; {seconds} s.",
            pictures=self.pictures,
            deleted=self.deleted,
            blobs=self.blobs,
            megabytes=f"{self.bytes / 1e6:.1f}",
            requests=self.requests,
            seconds=f"{self.seconds:.1f}",
        )

    def _repr_pretty_(self, printer: object, cycle: bool) -> None:
        printer.text(str(self))  # type: ignore[attr-defined]  # IPython's

    def _repr_html_(self) -> str:
        first, *rest = (html.escape(line.strip()) for line in str(self).split("\n"))
        return f"<b>{first}</b>" + "".join(f"<div>{line}</div>" for line in rest)


def verify(home: Path, index: Index, progress: Callable[[int, int], None] | None = None) -> Report:
    """Do what :meth:`imgcell.store.Library.verify` says."""
    clock = time.monotonic()
    report = Report(home)
    sound = _check_blobs(report, progress)
    records = _check_records(report, sound)
    _check_masks(report)
    _check_ledger(report)
    _check_index(report, index, records)
    report.seconds = round(time.monotonic() - clock, 3)
    return report


def _check_blobs(report: Report, progress: Callable[[int, int], None] | None) -> set[str]:
    """Hash all bytes; return the digests that are there and right."""
    home = report.home
    files = [*_files(home / "blobs", 2), *_files(home / "trash" / "blobs", 1)]
    sound: set[str] = set()
    for number, path in enumerate(files):
        if progress is not None:
            progress(number, len(files))
        name = path.relative_to(home).as_posix()
        if path.name.startswith(".tmp-"):
            report.leftovers += 1
            continue
        try:
            facts = path.lstat()
            if not stat.S_ISREG(facts.st_mode) or not sidecars.DIGEST.fullmatch(path.name):
                report.add("strange", name, tr("{file} is no file of imgcell's.", file=name))
                continue
            digest = _digest(path)
        except FileNotFoundError:
            continue  # deleted, or brought back, since
        except OSError as error:
            report.add("unreadable", name, tr("{file} cannot be read ({reason}).", file=name, reason=error.strerror or str(error)))
            continue
        report.blobs += 1
        report.bytes += facts.st_size
        if digest != path.name or (path.parent.name not in (digest[:2], "blobs")):
            report.add("damaged", name, tr("{file} does not hold what its name says: it was changed or cut.", file=name))
        else:
            sound.add(digest)
    if progress is not None:
        progress(len(files), len(files))
    return sound


def _check_masks(report: Report) -> None:
    """Decode the masks that have a name: nothing else says what their bytes should be."""
    for path in _files(report.home / "masks", 1):
        name = path.relative_to(report.home).as_posix()
        if path.name.startswith(".tmp-"):
            report.leftovers += 1
            continue
        try:
            if path.suffix != ".png" or not stat.S_ISREG(path.lstat().st_mode):
                report.add("strange", name, tr("{file} is no file of imgcell's.", file=name))
                continue
            data = path.read_bytes()
            painted(data, size(data))
        except FileNotFoundError:
            continue
        except OSError as error:
            report.add("unreadable", name, tr("{file} cannot be read ({reason}).", file=name, reason=error.strerror or str(error)))
        except InvalidJobError as error:
            report.add("damaged", name, tr("{file} holds no mask ({reason}).", file=name, reason=error.message.rstrip(".。")))


def _digest(path: Path) -> str:
    digest, buffer = hashlib.sha256(), bytearray(1 << 18)
    view = memoryview(buffer)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            digest.update(view[:count])
    return digest.hexdigest()


def _files(folder: Path, depth: int) -> Iterator[Path]:
    """Yield what is *depth* folders down, and whatever else is on the way that is no folder; links are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if depth > 1 and entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), depth - 1)
        else:
            yield Path(entry.path)


def _check_records(report: Report, sound: set[str]) -> _Marks:
    """Read all records; return what tells them apart."""
    home = report.home
    records: _Marks = {}
    for folder, deleted in ((home / "trash" / "records", True), (home / "records", False)):
        for path in _files(folder, 1):
            name = path.relative_to(home).as_posix()
            if path.name.startswith(".tmp-"):
                report.leftovers += 1
                continue
            try:
                if path.suffix != ".json" or path.is_symlink():
                    raise ValueError(tr("it is no record's file"))  # caught below
                record = sidecars.read(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                report.add("unreadable", name, tr("{file} cannot be read ({reason}).", file=name, reason=error.strerror or str(error)))
                continue
            except ValueError as error:
                report.add("record", name, tr("{file} holds no record ({reason}).", file=name, reason=str(error)))
                continue
            records[record.id] = (_mark(record), deleted)
            # It may have come after the files were read.
            if record.sha256 not in sound and not _is_there(home, record.sha256):
                report.add("missing", record.id, tr("The bytes of picture {id} are gone ({sha256}).", id=record.id, sha256=record.sha256))
    report.deleted = sum(deleted for _, deleted in records.values())
    report.pictures = len(records) - report.deleted
    return records


def _mark(record: Record) -> bytes:
    """Return what is the same for records that say the same; whole records of a large library would not fit into memory."""
    return hashlib.sha256(json.dumps(record.to_json(), sort_keys=True, default=str).encode()).digest()


def _is_there(home: Path, sha256: str) -> bool:
    return (home / "blobs" / sha256[:2] / sha256).exists() or blob_in_trash(home, sha256).exists()


def _check_ledger(report: Report) -> None:
    """Look for requests that ended well and whose pictures have no record."""
    home = report.home
    removed = remarks.removed(home)
    seen: set[str] = set()
    named: dict[str, list[str]] = {}
    for path in sorted((home / "ledger").glob("*.jsonl")):
        # What another library has deleted did not come here.
        imported = is_imported(path)
        for line in read_file(path):
            seen.add(line["attempt"])
            if line["state"] == "done" and not line.get("elsewhere") and not imported:
                records = line.get("records")
                # Lines of earlier versions name no pictures; the first of them is always there.
                listed = records if isinstance(records, list) else [f"p-{line['attempt'].removeprefix('a-')}-0"]
                named[line["attempt"]] = [name for name in listed if isinstance(name, str)]
    report.requests = len(seen)
    for attempt, names in named.items():
        for name in names:
            if name in removed or not sidecars.ID.fullmatch(name):
                continue
            if not any((home / folder / f"{name}.json").exists() for folder in ("records", "trash/records")):
                message = tr("Request {attempt} brought picture {id}, of which there is no record.", attempt=attempt, id=name)
                report.add("unrecorded", name, message)


def _check_index(report: Report, index: Index, records: _Marks) -> None:
    """Compare the index with the files."""
    broken: list[str] = []

    def look(connection: sqlite3.Connection) -> _Marks:
        if not broken:
            broken.extend(row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok")
            if broken:
                # It is set aside, a new one is made, and that one is asked.
                raise sqlite3.DatabaseError(broken[0])
        return {record.id: (_mark(record), deleted) for record, deleted in finding.everything(connection)}

    indexed = index.ask(look)
    for reason in broken:
        report.add("index", "index.sqlite3", tr("The index was damaged ({reason}); it was made anew from the files.", reason=reason))
    for name in sorted(records.keys() | indexed.keys()):
        if records.get(name) == indexed.get(name):
            continue
        # Somebody may have made, deleted or brought back a picture while this was going on.
        now = [(report.home / folder / f"{name}.json").exists() for folder in ("records", "trash/records")]
        then = records.get(name)
        if now == [then is not None and not then[1], then is not None and then[1]]:
            report.add("index", name, tr("The index says something else of picture {id} than its record.", id=name))
