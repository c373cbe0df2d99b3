"""Where a picture's original bytes are: in memory or in a file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol, runtime_checkable

__all__ = ["FileSource", "MemorySource", "Source"]


@runtime_checkable
class Source(Protocol):
    """The original bytes of a picture, wherever they are kept."""

    @property
    def size(self) -> int:
        """Number of bytes."""
        ...

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        ...

    @property
    def path(self) -> Path | None:
        """The file that holds exactly these bytes, if there is one."""
        ...

    def read(self) -> bytes:
        """Return all bytes.  Raises ``OSError`` when the file is gone."""
        ...


class MemorySource:
    """Bytes in memory; the digest is computed when it is first asked for."""

    __slots__ = ("_data", "_sha256")

    def __init__(self, data: bytes, sha256: str | None = None) -> None:
        self._data = bytes(data)
        self._sha256 = sha256

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self._data)

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        if self._sha256 is None:
            self._sha256 = hashlib.sha256(self._data).hexdigest()
        return self._sha256

    @property
    def path(self) -> Path | None:
        """There is no file."""
        return None

    def read(self) -> bytes:
        """Return all bytes."""
        return self._data

    def __repr__(self) -> str:
        return f"MemorySource({self.size} bytes)"


class FileSource:
    """Bytes in a file that nobody changes (the library's blobs are named by their digest)."""

    __slots__ = ("_path", "_sha256", "_size")

    def __init__(self, path: Path, sha256: str, size: int) -> None:
        self._path = Path(path)
        self._sha256 = sha256
        self._size = size

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self._size

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes."""
        return self._sha256

    @property
    def path(self) -> Path | None:
        """The file."""
        return self._path

    def read(self) -> bytes:
        """Return all bytes."""
        return self._path.read_bytes()

    def __repr__(self) -> str:
        return f"FileSource({str(self._path)!r}, {self._size} bytes)"
