"""The masks of one Studio: painted in the page, taken from variables, saved under a name."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.files import disk
from imgcell.language import tr
from imgcell.masks.mask import Mask
from imgcell.masks.painted import painted
from imgcell.masks.painted import size as size_of
from imgcell.pictures.names import file_name
from imgcell.pictures.source import MemorySource
from imgcell.pictures.words import clean

if TYPE_CHECKING:
    from imgcell.widget.facts import MaskFacts

__all__ = ["Stencil", "Stencils"]

#: Masks that are remembered beside the one in use: each stroke that is sent is one.
_MOST = 24
#: Saved masks that are listed.
_LISTED = 100


@dataclass(frozen=True, eq=False)
class Stencil:
    """A mask.

    Attributes:
        facts: What the page is told.
        mask: The value.
        source: The same as a PNG.
    """

    facts: MaskFacts
    mask: Mask
    source: MemorySource


class Stencils:
    """The masks of one Studio.

    Args:
        folder: Where named ones are saved; ``None`` keeps them in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._made: dict[str, Stencil] = {}
        self._named: dict[str, bytes] = {}
        self._count = 0

    def read(self, data: bytes, size: tuple[int, int]) -> Stencil:
        """Keep what a page painted on a picture of *size*.

        Raises:
            InvalidJobError: It is no PNG of that size.
        """
        return self._keep(painted(data, size))

    def take(self, value: Any, size: tuple[int, int], name: str = "") -> Stencil:
        """Keep whatever an edit takes as a mask.

        Raises:
            InvalidJobError: It is none, of another size, or marks nothing.
        """
        mask = Mask(value)
        if mask.size != size:
            raise InvalidJobError(
                tr(
                    "The mask is {width}x{height} and the picture {picture_width}x{picture_height}; they must be of the same size.",
                    width=mask.size[0],
                    height=mask.size[1],
                    picture_width=size[0],
                    picture_height=size[1],
                ),
                hint=tr("Fit it first: mask.fit(picture)."),
            )
        if not mask.share:
            raise InvalidJobError(
                tr("The mask marks nothing to edit."),
                hint=tr("White (in L, 1 and arrays) or transparent (with alpha) marks what to edit."),
            )
        return self._keep(mask, name)

    def get(self, key: str) -> Stencil:
        """Return a mask.

        Raises:
            InvalidJobError: There is none of this key.
        """
        with self._lock:
            found = self._made.get(key)
        if found is None:
            raise InvalidJobError(tr("This mask is no longer there."), hint=tr("Paint it again, or load it."))
        return found

    def known(self, sha256: str) -> Stencil | None:
        """Return the mask with these bytes."""
        with self._lock:
            return next((one for one in self._made.values() if one.facts["sha"] == sha256), None)

    def save(self, key: str, name: str) -> str:
        """Keep a mask under a name, in place of what had it; return the name as it is.

        Raises:
            InvalidJobError: There is no such mask.
            OSError: It could not be written.
        """
        data, name = self.get(key).source.read(), file_name(name)
        if self._folder is None:
            self._named[name] = data
        else:
            disk.make_folder(self._folder)
            disk.store(self._folder / f"{name}.png", data, "mask")
        return name

    def load(self, name: str, size: tuple[int, int]) -> Stencil:
        """Return a saved mask for a picture of *size*.

        Raises:
            InvalidJobError: There is none of this name, or it is of another size.
        """
        name = file_name(name)
        data = self._named.get(name)
        if data is None and self._folder is not None:
            try:
                data = (self._folder / f"{name}.png").read_bytes()
            except OSError:
                data = None
        if data is None:
            raise InvalidJobError(tr("There is no saved mask {name}.", name=repr(name)))
        return self._keep(painted(data, size), name)

    def listed(self) -> list[MaskFacts]:
        """Return the saved masks, by name; what cannot be read is left out."""
        saved = dict(self._named)
        if self._folder is not None:
            for path in sorted(self._folder.glob("*.png"))[:_LISTED]:
                try:
                    saved[path.stem] = path.read_bytes()
                except OSError:
                    continue
        found = []
        for name, data in sorted(saved.items()):
            try:
                found.append(self._keep(painted(data, size_of(data)), name).facts)
            except InvalidJobError:
                continue
        return found

    def _keep(self, mask: Mask, name: str = "") -> Stencil:
        source = MemorySource(mask.png)
        with self._lock:
            for one in self._made.values():
                if one.facts["sha"] == source.sha256 and one.facts["name"] == name:
                    return one
            self._count += 1
            facts: MaskFacts = {
                "mask": f"m{self._count}",
                "name": clean(name),
                "width": mask.size[0],
                "height": mask.size[1],
                "share": round(mask.share, 6),
                "sha": source.sha256,
            }
            made = self._made[facts["mask"]] = Stencil(facts, mask, source)
            while len(self._made) > _MOST + _LISTED:
                del self._made[next(iter(self._made))]
            return made
