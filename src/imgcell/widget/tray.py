"""Pictures that an edit can be about: uploaded, taken from results, from variables, or given in Python."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.boxed import boxed
from imgcell.pictures.inputs import load_image
from imgcell.pictures.picture import Picture
from imgcell.pictures.preview import Shown
from imgcell.pictures.source import FileSource, MemorySource, Source
from imgcell.pictures.spotted import snapshot
from imgcell.pictures.words import clean
from imgcell.providers.profile import Model

if TYPE_CHECKING:
    from imgcell.widget.facts import Reference

__all__ = ["Item", "Tray"]

#: Takes every format that imgcell can send; what a certain endpoint cannot take is converted again when it is asked.
_ANY = Model("", max_image_bytes=60_000_000)
#: More than any edit takes; what nobody uses any more makes room.
_MOST = 64
#: Conversions for a certain endpoint that are remembered.
_FITTED = 16


@dataclass(frozen=True)
class Item:
    """One reference.

    Attributes:
        facts: What the page is told.
        value: What an edit is given.
        source: The bytes that the page may fetch.
        small: The same, fitted into 256 pixels.
    """

    facts: Reference
    value: Any
    source: Source
    small: Shown


class Tray:
    """The references of one Studio."""

    def __init__(self) -> None:
        self._lock, self._fitting = threading.Lock(), threading.Lock()
        self._fitted: dict[tuple[str, tuple[str, ...], int], tuple[Any, tuple[str, ...]]] = {}
        self._items: dict[str, Item] = {}
        self._count = 0

    def add(self, value: Any, name: str) -> Item:
        """Read *value* and keep it; the same picture twice is one reference.

        Args:
            value: Whatever :meth:`imgcell.Client.edit` takes, but no address.
            name: What to call it.

        Raises:
            InvalidJobError: It is no whole picture within the limits.
            ImageDecodeError: It looked like one, but cannot be decoded.
        """
        value = snapshot(value)
        image = load_image(value, _ANY)
        source: Source
        if image.path is not None:
            source = FileSource(image.path, image.sha256, image.size)
        elif isinstance(value, Picture) and value.source.sha256 == image.sha256:
            source = value.source
        else:
            source = MemorySource(image.data or b"")
        # Decoded here and now: a file that only looks whole is refused before anybody counts on it.
        small = boxed(source, 256, decode=True)
        if isinstance(value, Path) and image.data is not None:
            value = image.data  # another format, or its place removed: what was shown is what is sent
        with self._lock:
            for item in self._items.values():
                if item.facts["sha"] == image.sha256 and item.facts["id"] == image.parent:
                    return item
            self._count += 1
            facts: Reference = {
                "key": f"r{self._count}",
                "name": clean(name)[:120] or tr("picture"),
                "width": image.width,
                "height": image.height,
                "media_type": image.media_type,
                "bytes": image.size,
                "sha": image.sha256,
                "id": image.parent,
                "notes": [clean(note) for note in image.notes],
            }
            made = self._items[facts["key"]] = Item(facts, value, source, small)
            return made

    def get(self, key: str) -> Item:
        """Return a reference.

        Raises:
            InvalidJobError: There is none of this key.
        """
        with self._lock:
            item = self._items.get(key)
        if item is None:
            raise InvalidJobError(tr("This picture is no longer in the tray."), hint=tr("Add it again."))
        return item

    def fitted(self, key: str, model: Model) -> tuple[Any, tuple[str, ...]]:
        """Return a reference as *model* can take it, converted at most once, and what was converted; for estimates.

        What is sent is made from the reference itself: what it came from would be lost on this way.

        Raises:
            InvalidJobError: There is none of this key, or the model cannot take it.
        """
        item = self.get(key)
        facts = item.facts
        if facts["media_type"] in model.image_types and facts["bytes"] <= model.max_image_bytes:
            # Pixels are encoded already, as the page has them.
            return (item.value if isinstance(item.value, (Picture, Path)) else item.source.read()), ()
        way = (key, model.image_types, model.max_image_bytes)
        with self._fitting:
            if way not in self._fitted:
                image = load_image(item.value, model)
                self._fitted[way] = (image.data, image.notes)
                while len(self._fitted) > _FITTED:
                    del self._fitted[next(iter(self._fitted))]
            return self._fitted[way]

    def remove(self, key: str) -> None:
        """Take a reference out, if it is there."""
        with self._lock:
            self._items.pop(key, None)

    def known(self, sha256: str) -> Item | None:
        """Return the reference with these bytes."""
        with self._lock:
            return next((item for item in self._items.values() if item.facts["sha"] == sha256), None)

    def listed(self, first: list[str]) -> list[Reference]:
        """Return all references: those in *first* in that order, then the others."""
        with self._lock:
            keys = [key for key in first if key in self._items]
            return [self._items[key].facts for key in dict.fromkeys([*keys, *self._items])]

    def make_room(self, used: list[str]) -> None:
        """Let go of the oldest that are not in *used*, where there are too many."""
        with self._lock:
            for key in [key for key in self._items if key not in used]:
                if len(self._items) <= _MOST:
                    break
                del self._items[key]
