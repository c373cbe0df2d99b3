"""What goes into a sweep, made durable: after a restart the same pictures go out again, whatever became of the variables."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError, StorageError
from imgcell.jobs import InputImage
from imgcell.language import tr
from imgcell.lineage.holdings import Holdings, given_record
from imgcell.pictures.formats import inspect
from imgcell.pictures.given import Given, address, take
from imgcell.pictures.inputs import expand
from imgcell.pictures.picture import Picture
from imgcell.pictures.preview import viewable
from imgcell.pictures.source import MemorySource
from imgcell.pictures.writing import upright
from imgcell.sweeps.task import Held

if TYPE_CHECKING:
    from imgcell.store import Library

__all__ = ["Holder"]


class Holder:
    """Puts pictures into a library, each once however many cells of a sweep take it.

    Args:
        library: Where to; ``None`` makes of each, once, a picture that is ready to be read many times, in memory.
    """

    def __init__(self, library: Library | None) -> None:
        self._library = library
        #: By identity; the object is held on to, so that no other one takes its place in memory.
        self._held: dict[int, tuple[Any, Held | Picture | str]] = {}

    def images(self, value: Any) -> list[Held | Picture | str]:
        """Return what stands for the pictures of one job, in order; an address stays what it is.

        Raises:
            InvalidJobError: One of them is no picture.
            StorageError: The library could not keep it.
        """
        return [self.image(one) for one in expand(value if isinstance(value, (list, tuple)) else [value])]

    def image(self, value: Any) -> Held | Picture | str:
        """Return what stands for one picture or mask."""
        if isinstance(value, Held):
            return value
        if (url := address(value)) is not None:
            return url
        known = self._held.get(id(value))
        if known is None:
            known = self._held[id(value)] = (value, self._keep(take(value)))
        return known[1]

    def _keep(self, given: Given) -> Held | Picture:
        whole = given.pixels is None
        known = given.parent is not None and self._library is not None and self._library.record(given.parent) is not None
        if whole and known and not given.modified and given.parent is not None:
            return Held(given.parent)
        if whole and given.facts is not None:
            data = given.data if given.data is not None else _read(given)
        else:
            # Pixels, or a format that no provider takes: the same pixels in one that all take.
            image, buffer = upright(viewable(given.open()), given.orientation), io.BytesIO()
            image.save(buffer, "PNG", compress_level=1, icc_profile=image.info.get("icc_profile"))
            data = buffer.getvalue()
        changed = given.parent if given.modified or not whole else None
        if self._library is None:
            return _in_memory(data, given.parent if whole and not given.modified else None, changed)
        digest = hashlib.sha256(data).hexdigest()
        self._library.keep_input(InputImage(data=data, sha256=digest, size=len(data)))
        held = Held(f"sha256:{digest}", changed)
        if Holdings(self._library).given(held.name) is None:
            raise StorageError(
                tr("{name} could not be kept in {folder}, so nothing was sent.", name=given.name, folder=str(self._library.home)),
                hint=tr("Free some space, or name another folder with library=; library=False keeps nothing."),
            )
        return held


def _in_memory(data: bytes, parent: str | None, changed: str | None) -> Picture:
    source = MemorySource(data)
    facts = inspect(source)
    return Picture(source, given_record(parent or f"sha256:{source.sha256}", source, facts, changed), facts)


def _read(given: Given) -> bytes:
    assert given.path is not None
    try:
        return given.path.read_bytes()
    except OSError as error:
        raise InvalidJobError(tr("The file {path} cannot be read: {reason}", path=str(given.path), reason=str(error))) from error
