"""Masks that have a name: one PNG each, white where to edit, in a folder of the library."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.files import disk
from imgcell.language import tr
from imgcell.masks.mask import Mask
from imgcell.masks.painted import painted, size
from imgcell.pictures.names import file_name
from imgcell.store.keeping import writing

__all__ = ["SavedMasks"]


class SavedMasks(MutableMapping[str, Mask]):
    """Masks by name, in any script; sorted by it.

    A name is valid as the name of a file on every system: no ``/``, ``:`` and the like, at most 80 bytes in UTF-8.  Where
    the file system takes "Sky" and "sky" for the same, they are.  Setting one replaces what had the name, durably;
    deleting one deletes its file.

    Args:
        folder: Where they are; made when needed.  ``None`` keeps them in memory.

    Raises:
        KeyError: There is no mask of this name.
        InvalidJobError: A name that none can have; a file that is no whole mask (damaged); something that is no mask.
        StorageError: It could not be written, or deleted; then all is as it was.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._held: dict[str, Mask] = {}

    def __getitem__(self, name: str) -> Mask:
        known = _plain(name)
        if known not in self:
            raise KeyError(name)
        if self._folder is None:
            with self._lock:
                return self._held[known]
        try:
            data = self._path(known).read_bytes()
        except OSError:
            raise KeyError(name) from None
        return painted(data, size(data))

    def __setitem__(self, name: str, mask: Any) -> None:
        known = _plain(name)
        allowed = file_name(known)
        if allowed != known:
            raise InvalidJobError(
                tr("{name} cannot be the name of a mask.", name=repr(name)[:120]), hint=tr("Take {other}.", other=repr(allowed))
            )
        made = Mask(mask)
        if self._folder is None:
            with self._lock:
                self._held[known] = made
            return
        with writing(self._folder):
            disk.make_folder(self._folder)
            disk.store(self._path(known), made.png, "mask")

    def __delitem__(self, name: str) -> None:
        known = _plain(name)
        if self._folder is None:
            with self._lock:
                del self._held[known]
            return
        if known not in self:
            raise KeyError(name)
        with writing(self._folder):
            self._path(known).unlink()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __contains__(self, name: object) -> bool:
        # Not by reading it: a damaged one is there, too.
        known = _plain(name)
        if self._folder is None:
            return known in self._held
        return file_name(known) == known and self._path(known).is_file()

    def readable(self) -> Iterator[tuple[str, Mask]]:
        """Yield names and masks, without those that cannot be read."""
        for name in self:
            try:
                yield name, self[name]
            except (KeyError, InvalidJobError):
                continue

    def __repr__(self) -> str:
        return f"<{len(self)} masks: {', '.join(map(repr, self))}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from imgcell.masks.showing import listing

        return listing(list(self.readable()), repr(self))

    def _names(self) -> list[str]:
        if self._folder is None:
            with self._lock:
                return sorted(self._held)
        try:
            paths = list(self._folder.iterdir())
        except OSError:
            return []
        # macOS hands names out in another normal form than they were given in.
        names = {_plain(path.stem) for path in paths if path.suffix == ".png" and not path.name.startswith(".")}
        return sorted(name for name in names if file_name(name) == name)

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        # The name without anything that could lead out of the folder.
        return self._folder / f"{file_name(name)}.png"


def _plain(name: object) -> str:
    return unicodedata.normalize("NFC", name) if isinstance(name, str) else ""
