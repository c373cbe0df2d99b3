"""The masks of one Studio: painted in the page, taken from variables, saved under a name."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.masks.mask import Mask
from imgcell.masks.painted import painted
from imgcell.masks.reading import check_size
from imgcell.pictures.names import file_name
from imgcell.pictures.source import MemorySource
from imgcell.pictures.words import clean

if TYPE_CHECKING:
    from imgcell.store.saved_masks import SavedMasks
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
        saved: Where those with a name are.
    """

    def __init__(self, saved: SavedMasks) -> None:
        self._saved = saved
        self._lock = threading.Lock()
        self._made: dict[str, Stencil] = {}
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
        check_size(mask.size, size)
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
            StorageError: It could not be written.
        """
        name = file_name(name)
        self._saved[name] = self.get(key).mask
        return name

    def load(self, name: str, size: tuple[int, int]) -> Stencil:
        """Return a saved mask for a picture of *size*.

        Raises:
            InvalidJobError: There is none of this name, or it is of another size.
        """
        try:
            mask = self._saved[file_name(name)]
        except KeyError:
            raise InvalidJobError(tr("There is no saved mask {name}.", name=repr(name))) from None
        check_size(mask.size, size)
        return self._keep(mask, name)

    def listed(self) -> list[MaskFacts]:
        """Return the saved masks, by name; what cannot be read is left out."""
        return [self._keep(mask, name).facts for name, mask in itertools.islice(self._saved.readable(), _LISTED)]

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
