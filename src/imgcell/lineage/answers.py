"""What a picture is told about itself: :class:`imgcell.pictures.archive.Archive`, answered from a library."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imgcell.errors import StorageError
from imgcell.language import tr
from imgcell.pictures.sheet import Sheet

if TYPE_CHECKING:
    from imgcell.lineage.chain import Runner
    from imgcell.lineage.holdings import Holdings
    from imgcell.lineage.shown import Lineage
    from imgcell.measures.changing import Changes
    from imgcell.pictures.archive import Annotation
    from imgcell.pictures.picture import Picture
    from imgcell.store import Library

__all__ = ["Answers"]


class Answers:
    """Answers for the pictures of one library.

    Every client has one, few are asked: what answers takes is imported then.

    Args:
        library: The library; ``None`` for pictures that are in none: then only what is in memory is known.
        runner: Returns what runs jobs.
    """

    def __init__(self, library: Library | None, runner: Callable[[], Runner]) -> None:
        self._library = library
        self._runner = runner

    def parents(self, picture: Picture) -> Sheet:
        """See :attr:`Picture.parents`."""
        from imgcell.lineage.family import inputs_of

        holdings = self._holdings(picture)
        sheet = Sheet(running=True)
        for place, one in enumerate(inputs_of(picture.record)):
            found = holdings.picture(one.id)
            if found is not None:
                sheet._add(found, place)
            else:
                sheet._fail(holdings.problem(one.id), place)
        sheet._finish()
        return sheet

    def children(self, picture: Picture) -> Sheet:
        """See :attr:`Picture.children`."""
        holdings = self._holdings(picture)
        sheet = Sheet(running=True)
        if self._library is None:
            sheet._fail(StorageError(tr("What was made from it is not known: this picture is in no library.")))
        for record in holdings.children(picture.record.id):
            found = holdings.picture(record.id)
            if found is not None:
                sheet._add(found)
            else:
                sheet._fail(holdings.problem(record.id))
        sheet._finish()
        return sheet

    def lineage(self, picture: Picture) -> Lineage:
        """See :meth:`Picture.lineage`."""
        from imgcell.lineage.shown import Lineage

        return Lineage(picture.record.id, self._holdings(picture))

    def changes(self, picture: Picture) -> Changes:
        """See :attr:`Picture.changes`."""
        from imgcell.lineage.differing import measured

        return measured(picture, self._holdings(picture))

    def replay(self, picture: Picture, *, provider: str | None, model: str | None, from_: Any, client: Any, once: bool = False) -> Sheet:
        """See :meth:`Picture.replay`."""
        from imgcell.lineage.chain import chain

        links = chain(picture, self._holdings(picture), from_)
        return self._runner().run(links, provider=provider, model=model, client=client, once=once)

    def as_cell(self, picture: Picture, name: str | None) -> str:
        """See :meth:`Picture.as_cell`."""
        from imgcell.lineage.celltext import cell

        return cell(picture, name, self._holdings(picture))

    def recipe(self, picture: Picture) -> dict[str, Any]:
        """See :meth:`Picture.recipe`."""
        from imgcell.lineage.recipe import written

        return written(picture, self._holdings(picture))

    def annotation(self, picture: Picture) -> Annotation | None:
        """Return what is said of *picture*."""
        return self._library.annotation(picture.record.id) if self._library is not None else None

    def annotate(self, picture: Picture, **said: Any) -> None:
        """Keep what is said of *picture*.

        Raises:
            StorageError: There is no library to keep it in.
        """
        if self._library is None:
            raise StorageError(
                tr("This picture is in no library, which would keep stars, tags and notes."),
                hint=tr("Take it from the library: imgcell.library().picture(picture.record.id)."),
            )
        self._library.annotate(picture.record.id, **said)

    def _holdings(self, picture: Picture) -> Holdings:
        from imgcell.lineage.holdings import Holdings

        return Holdings(self._library, picture, self._runner().settle)
