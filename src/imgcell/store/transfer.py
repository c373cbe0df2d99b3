"""Moving a library: out into a folder, in from one.

An exported folder is laid out as a library is, and holds blobs, records, ledgers, annotations, votes and masks: no keys, no
settings, no trash, no spool (what is still to be recovered is so in the library that it was paid in).  What comes in is looked at as
anything from outside: names are ours or they are left, links are not followed, bytes must have the digest that names them,
and nothing that is here is overwritten.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import stat
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.files import disk
from imgcell.language import tr
from imgcell.ledger import ENDS
from imgcell.masks.painted import size
from imgcell.pictures.names import file_name
from imgcell.pictures.record import Record
from imgcell.store import sidecars
from imgcell.store.attempts import is_sound
from imgcell.store.lines import microseconds, pieces

__all__ = ["bring_in", "carry_out", "is_imported", "report"]

#: Bytes of a picture: no provider sends more, and nobody shall fill the disk with one file.
MOST = 256_000_000
#: What a line from elsewhere does not bring: where it was sent, by whom, and files that were put in other places there.
_LEFT = frozenset({"base_url", "idempotency_key", "pid", "host", "elsewhere", "files"})
_STUDY = re.compile(r"[0-9a-f]{16}")
_IMPORTED = re.compile(r"imported-[0-9a-f]{16}\.jsonl")
_QUIET = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def carry_out(home: Path, folder: Path) -> list[str]:
    """Copy the library into *folder*, made if needed; return what could not be copied, as sentences.

    Raises:
        InvalidJobError: The folder is the library's own, or in it.
        OSError: It cannot be written.
    """
    folder = folder.expanduser().resolve()
    if folder == home.resolve() or home.resolve() in folder.parents:
        raise InvalidJobError(tr("A library is not copied into itself."), hint=tr("Name a folder outside of {folder}.", folder=str(home)))
    disk.make_folder(folder / "records")  # by which a library is known
    problems: list[str] = []
    # Bytes first: a copy that is interrupted has no record without its picture.
    for record, sidecar in _records(home, problems):
        _copy_all(home, folder, record, sidecar, problems)
    _copy_masks(home, folder, problems, replace=True)
    for name in ("ledger", "annotations"):
        _carry_lines(home / name, folder / name)
    for study in _studies(home):
        _carry_lines(home / "votes" / study, folder / "votes" / study)
    return problems


def bring_in(home: Path, folder: Path) -> tuple[list[str], list[str]]:
    """Copy what *folder* holds into the library; return the ids of the new records, and what was left out, as sentences.

    Raises:
        InvalidJobError: There is no library in the folder.
        OSError: The library cannot be written; what came before is in it, and bringing in again goes on from there.
    """
    folder = folder.expanduser().resolve()
    if folder == home.resolve():
        raise InvalidJobError(tr("A library is not copied into itself."))
    if not _is_folder(folder / "records"):
        raise InvalidJobError(
            tr("There is no library in {folder}.", folder=str(folder)), hint=tr("Name a folder that .export() made, or a library's own.")
        )
    problems: list[str] = []
    new = []
    for record, sidecar in _records(folder, problems):
        name = f"{record.id}.json"
        if (home / "records" / name).exists() or (home / "trash" / "records" / name).exists():
            continue
        if _copy_all(folder, home, record, sidecar, problems):
            new.append(record.id)
    _copy_masks(folder, home, problems, replace=False)
    _bring_lines(home / "ledger", _new_lines_of_the_ledger(home, folder))
    _bring_lines(home / "annotations", _new_annotations(home, folder))
    for study in _studies(folder):
        _bring_lines(home / "votes" / study, _new_votes(home / "votes" / study, folder / "votes" / study))
    return new, problems


def is_imported(path: Path) -> bool:
    """Whether a file of the ledger was brought in from another library."""
    return _IMPORTED.fullmatch(path.name) is not None


def report(folder: Path, problems: list[str]) -> None:
    """Warn of what was left out."""
    if problems:
        shown = "\n".join(f"  {problem}" for problem in problems[:10])
        more = "\n  …" if len(problems) > 10 else ""
        warnings.warn(
            (
                tr("One thing was left out of {folder}:", folder=str(folder))
                if len(problems) == 1
                else tr("{count} things were left out of {folder}:", count=len(problems), folder=str(folder))
            )
            + f"\n{shown}{more}",
            stacklevel=3,
        )


# -- pictures --------------------------------------------------------------------------------------------------------


def _records(home: Path, problems: list[str]) -> Iterator[tuple[Record, bytes]]:
    for name in _names(home / "records"):
        if name.startswith(".tmp-"):
            continue
        path = home / "records" / name
        data = _read(path, sidecars.MOST) if name.endswith(".json") and sidecars.ID.fullmatch(name[:-5]) else None
        if data is None:
            problems.append(tr("{file} is no file of imgcell's.", file=str(path)))
            continue
        try:
            yield sidecars.parse(data, path.stem), data
        except ValueError as error:
            problems.append(tr("{file} holds no record ({reason}).", file=str(path), reason=str(error)))


def _copy_all(source: Path, target: Path, record: Record, sidecar: bytes, problems: list[str]) -> bool:
    """Copy a record, as it is, with its bytes and those that it was made from; ``False`` if its own are not there."""
    if not _copy_blob(source, target, record.sha256):
        problems.append(tr("The bytes of picture {id} are gone or not what they were ({sha256}).", id=record.id, sha256=record.sha256))
        return False
    for sent in (*record.inputs, *([record.mask] if record.mask else ())):
        digest = sent.removeprefix("sha256:")
        if sidecars.DIGEST.fullmatch(digest):
            _copy_blob(source, target, digest)  # kept where it could be: nothing is lost that was paid for
    path = target / "records" / f"{record.id}.json"
    if not path.exists():
        disk.make_folder(path.parent)
        disk.store(path, sidecar, "transfer-record")
    return True


def _copy_blob(source: Path, target: Path, sha256: str) -> bool:
    place = target / "blobs" / sha256[:2] / sha256
    data = _read(_below(source, "blobs", sha256[:2], sha256), MOST)
    if data is None or hashlib.sha256(data).hexdigest() != sha256:
        return False
    if not (place.is_file() and place.stat().st_size == len(data)):
        disk.make_folder(place.parent)
        disk.store(place, data, "transfer-blob")
    return True


def _copy_masks(source: Path, target: Path, problems: list[str], *, replace: bool) -> None:
    """Copy the masks that have a name; one that is there is only replaced if asked."""
    for name in _names(source / "masks"):
        if name.startswith(".tmp-"):
            continue
        # macOS hands names out in another normal form than they were given in.
        plain = unicodedata.normalize("NFC", name)
        path, place = source / "masks" / name, target / "masks" / plain
        if place.exists() and not replace:
            continue
        data = _read(path, MOST) if plain.endswith(".png") and file_name(plain[:-4]) == plain[:-4] else None
        try:
            size(data or b"")
        except InvalidJobError:
            problems.append(tr("{file} is no mask.", file=str(path)))
            continue
        if data is not None and not (place.exists() and _read(place, MOST) == data):
            disk.make_folder(place.parent)
            disk.store(place, data, "transfer-mask")


# -- lines -----------------------------------------------------------------------------------------------------------


def _new_lines_of_the_ledger(home: Path, folder: Path) -> list[dict[str, Any]]:
    """Return lines on requests that this library's own ledgers know nothing of, each with an end.

    A request without an end is one that may have been charged; it gets that for its end, as its answer is not
    here and nothing shall be fetched because a file from outside says so.
    """
    own: set[str] = set()
    imported: dict[str, set[str]] = {}
    for path in sorted((home / "ledger").glob("*.jsonl")):
        for _, lines in pieces(path, 0):
            for line in lines:
                if not is_imported(path):
                    own.add(str(line.get("attempt")))
                elif is_sound(line):
                    imported.setdefault(line["attempt"], set()).add(_canonical(line))
    found: dict[str, list[dict[str, Any]]] = {}
    for line in _lines(folder / "ledger"):
        if is_sound(line) and line["attempt"] not in own and microseconds(line.get("time")) is not None:
            told = {name: value for name, value in line.items() if name not in _LEFT}
            found.setdefault(line["attempt"], []).append(told)
    new: list[dict[str, Any]] = []
    for name, lines in sorted(found.items()):
        known = imported.get(name, set())
        added = [line for line in lines if _canonical(line) not in known]
        if not any(line["state"] in ENDS or line["state"] == "settled" for line in lines):
            last = max(line["time"] for line in lines)
            end = {
                "v": 1,
                "attempt": name,
                "state": "unknown",
                "time": last,
                "message": "brought in from another library before it had ended",
            }
            added += [end] if _canonical(end) not in known else []
        new += added
    return new


def _new_annotations(home: Path, folder: Path) -> list[dict[str, Any]]:
    known = {_canonical(line) for line in _lines(home / "annotations")}
    # The latest word counts: one from the future would count for ever.
    limit = int((dt.datetime.now(dt.timezone.utc).timestamp() + 86_400) * 1e6)
    new = []
    for line in _lines(folder / "annotations"):
        name, time = line.get("picture"), microseconds(line.get("time"))
        if not isinstance(name, str) or not sidecars.ID.fullmatch(name) or time is None or time > limit or "removed" in line:
            continue
        if _canonical(line) not in known and (home / "records" / f"{name}.json").exists():
            new.append(line)
    return new


def _studies(home: Path) -> list[str]:
    """Return the studies that a library has votes of (:mod:`imgcell.votes.keeping`)."""
    return [name for name in _names(home / "votes") if _STUDY.fullmatch(name) and _is_folder(home / "votes" / name)]


def _new_votes(own: Path, folder: Path) -> list[dict[str, Any]]:
    here = list(_lines(own))
    known = {_canonical(line) for line in here}
    votes = {line["vote"] for line in here if isinstance(line.get("vote"), str)}
    # A vote is one of a kind: one that is here is not counted again, whatever else is said of it there.  What is looked at is looked
    # at where votes are read.
    return [
        line
        for line in _lines(folder)
        if {"vote", "undo", "study"} & line.keys() and _canonical(line) not in known and str(line.get("vote")) not in votes
    ]


def _carry_lines(source: Path, target: Path) -> None:
    for path in sorted(source.glob("*.jsonl")):
        data = _read(path, None) or b""
        whole = data[: data.rfind(b"\n") + 1]
        place = target / path.name
        if whole and not (place.is_file() and place.stat().st_size == len(whole)):
            disk.make_folder(place.parent)
            disk.store(place, whole, "export")


def _bring_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    if not lines:
        return
    data = b"".join(json.dumps(line).encode("ascii") + b"\n" for line in lines)
    path = folder / f"imported-{hashlib.sha256(data).hexdigest()[:16]}.jsonl"
    disk.make_folder(path.parent)
    disk.store(path, data, "transfer-lines")


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    for name in _names(folder):
        path = folder / name
        if name.endswith(".jsonl") and _is_plain(path):
            for _, lines in pieces(path, 0):
                yield from lines


def _canonical(line: Mapping[str, Any]) -> str:
    return json.dumps(line, sort_keys=True)


# -- files that others may have laid out -----------------------------------------------------------------------------


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder)) if _is_folder(folder) else []
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _below(folder: Path, *names: str) -> Path | None:
    """Return a file below *folder*, if no folder on the way is a link."""
    for name in names[:-1]:
        folder /= name
        if not _is_folder(folder):
            return None
    return folder / names[-1]


def _read(path: Path | None, most: int | None) -> bytes | None:
    """Return the bytes of a plain file that is not longer than *most*, else ``None``; links and devices are not read."""
    if path is None:
        return None
    try:
        if not _is_plain(path):  # where there is no O_NOFOLLOW
            return None
        descriptor = os.open(path, os.O_RDONLY | _QUIET)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or (most is not None and facts.st_size > most):
            return None
        try:
            return file.read(most if most is not None else -1)
        except OSError:
            return None
