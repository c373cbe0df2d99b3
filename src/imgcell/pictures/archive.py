"""How a picture reaches the library it is in: what came before it, what came of it, what its owner says of it.

Pictures know nothing of libraries, clients or trees; whoever makes a :class:`~imgcell.pictures.Picture` hands it an
:class:`Archive` that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.sheet import Sheet

__all__ = ["Annotation", "Archive", "Lineage", "alive", "archive_of", "note_alive"]


class Annotation(Protocol):
    """What the owner of a picture says of it."""

    @property
    def rating(self) -> int | None:
        """Stars, 0 to 5."""
        ...

    @property
    def tags(self) -> Sequence[str]:
        """Words, in the order in which they were given."""
        ...

    @property
    def note(self) -> str | None:
        """Free text."""
        ...


class Lineage(Protocol):
    """Where a picture comes from and what came of it (:class:`imgcell.lineage.shown.Lineage`); shows itself in a cell."""

    @property
    def steps(self) -> Sheet:
        """The pictures of the main line, oldest first; the number of a step is its place here."""
        ...

    def drift(self) -> Any:
        """What the steps have cost (:class:`imgcell.lineage.drifting.Drift`)."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Plain values: pictures, edges, what is missing."""
        ...

    def to_html(self) -> str:
        """A self-contained tree with thumbnails; no script."""
        ...


class Archive(Protocol):
    """What a picture asks of its library; the methods are those of :class:`~imgcell.pictures.Picture`."""

    def parents(self, picture: Picture) -> Sheet:
        """Do what :attr:`Picture.parents` says."""
        ...

    def children(self, picture: Picture) -> Sheet:
        """Do what :attr:`Picture.children` says."""
        ...

    def lineage(self, picture: Picture) -> Lineage:
        """Do what :meth:`Picture.lineage` says."""
        ...

    def changes(self, picture: Picture) -> Any:
        """Do what :attr:`Picture.changes` says."""
        ...

    def replay(self, picture: Picture, *, provider: str | None, model: str | None, from_: Any, client: Any, once: bool = False) -> Sheet:
        """Do what :meth:`Picture.replay` says."""
        ...

    def as_cell(self, picture: Picture, name: str | None) -> str:
        """Do what :meth:`Picture.as_cell` says."""
        ...

    def recipe(self, picture: Picture) -> dict[str, Any]:
        """Do what :meth:`Picture.recipe` says."""
        ...

    def annotation(self, picture: Picture) -> Annotation | None:
        """Return what is said of *picture*; ``None`` without a library."""
        ...

    def annotate(self, picture: Picture, **said: Any) -> None:
        """Keep ``rating``, ``tags`` or ``note`` of *picture*."""
        ...


#: What stands in for a library where there is none.  By name: it is made of parts that themselves lean on pictures.
_LOOSE = "imgcell.client.chains"

#: Pictures in this process by id: all that is known of the parents of pictures that no library keeps.
_alive: WeakValueDictionary[str, Picture] = WeakValueDictionary()


def archive_of(picture: Picture) -> Archive:
    """Return the archive of *picture*, or one that knows no more than is in memory."""
    if picture._archive is not None:
        return picture._archive
    archive: Archive = import_module(_LOOSE).loose()
    return archive


def note_alive(picture: Picture) -> None:
    """Remember *picture* for as long as somebody has it."""
    if picture.record.id:
        _alive.setdefault(picture.record.id, picture)


def alive(picture_id: str) -> Picture | None:
    """Return the picture with this id if somebody in this process still has it."""
    return _alive.get(picture_id)
