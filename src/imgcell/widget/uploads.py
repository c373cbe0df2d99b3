"""Files that come from the page in pieces: counted, hashed, and kept in a folder of their own until the Studio is gone."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.names import file_name
from imgcell.pictures.words import clean
from imgcell.widget.limits import PIECE

__all__ = ["Uploads"]

#: Files that may be on their way at the same time; the oldest makes room.
_MOST = 16
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".ico", ".avif")


@dataclass
class _Upload:
    name: str
    size: int
    sha256: str | None
    path: Path
    received: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


class Uploads:
    """The uploads of one Studio."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._open: dict[str, _Upload] = {}
        self._count = 0

    def start(self, name: str, size: int, sha256: str | None) -> str:
        """Expect a file; return the upload's key.

        Args:
            name: What the page calls it: a text, never a path.
            size: Its bytes.
            sha256: Its digest, if the page knows it.
        """
        with self._lock:
            while len(self._open) >= _MOST:
                self._drop(next(iter(self._open)))
            self._count += 1
            key = f"u{self._count}"
            shown = clean(name.replace("\\", "/").rpartition("/")[2])[:120] or tr("picture")
            # The suffix tells people, and messages, what it was called; what it is, its bytes say.
            suffix = Path(shown).suffix.lower()
            folder = self._place() / key
            folder.mkdir()
            path = folder / (file_name(Path(shown).stem) + (suffix if suffix in _SUFFIXES else ""))
            path.touch()
            self._open[key] = _Upload(shown, size, sha256.lower() if sha256 else None, path)
            return key

    def piece(self, key: str, offset: int, data: bytes) -> int:
        """Take the next piece; return how many bytes there are.  A piece from elsewhere changes nothing.

        Raises:
            InvalidJobError: There is no such upload, the piece is empty, or it goes beyond the end.
            OSError: It could not be written; it may be sent again.
        """
        with self._lock:
            upload = self._get(key)
            if offset != upload.received:
                return upload.received
            if not data or len(data) > PIECE or offset + len(data) > upload.size:
                raise InvalidJobError(tr("A piece of {name} has {count} bytes; that does not fit.", name=upload.name, count=len(data)))
            with upload.path.open("r+b") as file:
                file.seek(offset)
                file.write(data)
                file.truncate()
            upload.digest.update(data)
            upload.received += len(data)
            return upload.received

    def end(self, key: str) -> tuple[str, Path]:
        """Return name and path of a file that is there as a whole; from now on it is the caller's.

        Raises:
            InvalidJobError: It is not whole, or other bytes came than were announced.
        """
        with self._lock:
            upload = self._get(key)
            if upload.received != upload.size:
                raise InvalidJobError(
                    tr("{name} is not complete: {received} of {size} bytes.", name=upload.name, received=upload.received, size=upload.size)
                )
            if upload.sha256 is not None and upload.digest.hexdigest() != upload.sha256:
                self._drop(key)
                raise InvalidJobError(tr("{name} was changed on its way.", name=upload.name), hint=tr("Add it again."))
            del self._open[key]
            return upload.name, upload.path

    def cancel(self, key: str) -> None:
        """Forget an upload, if there is one."""
        with self._lock:
            self._drop(key)

    def _get(self, key: str) -> _Upload:
        if key not in self._open:
            raise InvalidJobError(tr("This upload is not known, or was given up."), hint=tr("Add the file again."))
        return self._open[key]

    def _drop(self, key: str) -> None:
        upload = self._open.pop(key, None)
        if upload is not None:
            shutil.rmtree(upload.path.parent, ignore_errors=True)

    def _place(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="imgcell-studio-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder
