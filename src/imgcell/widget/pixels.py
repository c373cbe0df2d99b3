"""Bytes of pictures for the page: found by hash, fitted into a box, kept for the next time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.boxed import boxed
from imgcell.pictures.formats import inspect
from imgcell.pictures.preview import Shown

if TYPE_CHECKING:
    from imgcell.pictures.source import Source

__all__ = ["Pixels"]

#: Bytes of small pictures that are kept; a thousand of a grid's.
_KEPT = 48_000_000


class Pixels:
    """What the page may fetch.

    Args:
        find: Return the bytes with a digest, if there are any; asked one after the other.
    """

    def __init__(self, *find: Callable[[str], Source | None]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], Shown] = OrderedDict()
        self._size = 0

    def fetch(self, sha256: str, box: int | str) -> Shown:
        """Return the picture with this digest.

        Args:
            sha256: Hex digest of the original bytes.
            box: Side in pixels of the square it has to fit into, or ``"original"``.

        Raises:
            InvalidJobError: There is no such picture here.
            ImageDecodeError: It cannot be read.
            OSError: It cannot be read.
        """
        if isinstance(box, int):
            with self._lock:
                kept = self._kept.get((sha256, box))
                if kept is not None:
                    self._kept.move_to_end((sha256, box))
                    return kept
        source = next((found for find in self._find if (found := find(sha256)) is not None), None)
        if source is None:
            raise InvalidJobError(tr("This picture is no longer there."))
        if not isinstance(box, int):
            return Shown(source.read(), inspect(source).media_type)
        shown = boxed(source, box)
        self.keep(sha256, box, shown)
        return shown

    def keep(self, sha256: str, box: int, shown: Shown) -> None:
        """Remember a small picture."""
        with self._lock:
            if (sha256, box) not in self._kept:
                self._size += len(shown.data)
            self._kept[sha256, box] = shown
            while self._size > _KEPT:
                _, old = self._kept.popitem(last=False)
                self._size -= len(old.data)
