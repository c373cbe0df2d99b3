"""Bytes on their way into the library, and where a picture goes when it cannot take it: the spool, a second place, memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imgcell.errors import StorageError
from imgcell.files import disk
from imgcell.language import tr
from imgcell.pictures.record import Record
from imgcell.store import sidecars

if TYPE_CHECKING:
    from imgcell.files.spool import SpoolFile
    from imgcell.jobs import InputImage
    from imgcell.pictures.source import Source

__all__ = ["Kept", "is_there", "keep_input", "link", "reason_of", "rescue", "writing"]


@dataclass(frozen=True)
class Kept:
    """Where a picture is.

    Attributes:
        source: Its bytes.
        problem: What did not work, and where it is instead, in words; ``None`` if all is as it should be.
    """

    source: Source
    problem: str | None = None


def rescue(spool: SpoolFile, record: Record, error: OSError) -> Kept:
    """Bring a picture to safety that the library's disk did not take, and say where it is; never raises for reasons of the disk."""
    from imgcell.pictures.source import FileSource, MemorySource

    spool.sync()
    reason = reason_of(error)
    file = spool.path
    if file is not None and is_there(file, spool.size):
        # It came as far as the spool: there it is as safe as anywhere.
        spool.held = True
        spool.elsewhere = str(file)
        problem = tr("The picture could not be put into the library ({reason}). It is kept in {file}.", reason=reason, file=str(file))
        return Kept(FileSource(file, spool.sha256, spool.size), problem)
    data = spool.read()
    try:
        file = _second_place() / f"{spool.sha256}{_SUFFIXES.get(record.format, '')}"
        if not is_there(file, len(data)):
            disk.store(file, data, "rescue")
    except OSError:
        spool.elsewhere = "memory"
        problem = tr("The picture could not be stored ({reason}). It is only in memory: save it elsewhere with .save().", reason=reason)
        return Kept(MemorySource(data), problem)
    try:
        disk.store(file.with_suffix(".json"), sidecars.dump(record), "rescue")
    except Exception:  # noqa: BLE001 - the picture is what counts here
        pass
    spool.adopted(file)
    spool.elsewhere = str(file)
    problem = tr("The picture could not be put into the library ({reason}). It is kept in {file}.", reason=reason, file=str(file))
    return Kept(FileSource(file, spool.sha256, spool.size), problem)


def keep_input(image: InputImage, blob: Path) -> None:
    """Put the bytes of a picture that was sent in place, if they are not there yet and can still be had; never raises OSError."""
    try:
        if is_there(blob, image.size):
            return
        data = image.data
        if data is None:
            if image.path is None:
                return  # an address: the provider fetched it
            data = image.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != image.sha256:
            return  # the file was changed since
        disk.make_folder(blob.parent)
        disk.store(blob, data, "input")
    except OSError:
        pass


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


def is_there(path: Path, size: int) -> bool:
    """Whether a whole file stands there: its name is its digest, so that its size tells enough."""
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def link(file: Path, blob: Path, size: int) -> bool:
    """Give the spool's file its name in the library; ``False`` where it has to be copied.

    A second name rather than a rename: until the ledger says "done", the spool still says which request the
    picture belongs to.
    """
    try:
        disk.link(file, blob, "blob-link")
    except FileExistsError:
        # Another thread or process stored the same picture just now; or what is there is not whole.
        return is_there(blob, size)
    except OSError:
        return False
    return True


def reason_of(error: Exception) -> str:
    """Return what an error says, in the operating system's words where it is one of its own."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Tell in words what keeps something that the user asked for from being written.

    Raises:
        StorageError: In the place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(
            tr("It could not be written in {folder} ({reason}).", folder=str(folder), reason=reason_of(error)),
            hint=tr("See that the folder can be written and its disk has room, then do it again: what is there is whole."),
        ) from error
