"""What a picture answers about its library: ancestors, descendants, recipe, stars."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from imgcell.pictures.archive import archive_of

if TYPE_CHECKING:
    from imgcell.pictures.archive import Archive, Lineage
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.sheet import Sheet

__all__ = ["Traced"]


class Traced:
    """The part of a :class:`~imgcell.pictures.Picture` that its library answers.

    A picture that is in no library (``Client(library=False)``, or one that came out of a pickle) knows only its own record
    and what else is in memory.
    """

    _archive: Archive | None

    def _asked(self) -> Archive:
        return archive_of(self._picture())

    def _picture(self) -> Picture:
        return cast("Picture", self)

    @property
    def parents(self) -> Sheet:
        """The pictures it was made from, in the order of the request; empty if it was made from words alone.

        Pictures of the user's own are there as they were sent, with a record whose ``kind`` is ``"given"`` and whose
        ``id`` is ``"sha256:…"``.  What the library does not have (any more) is an error at its place
        (``sheet.cells``, ``sheet.errors``), in words.
        """
        return self._asked().parents(self._picture())

    @property
    def children(self) -> Sheet:
        """The pictures that were made from it directly, oldest first; deleted ones are not among them."""
        return self._asked().children(self._picture())

    @property
    def changes(self) -> Any:
        """What this edit changed, inside of its mask and outside of it: :class:`imgcell.measures.changing.Changes`.

        Measured when it is first asked for, against the picture that it was made from (the first one where there is a mask, as
        that belongs to the first), as it was sent.  Of a picture whose rest was kept, against that same picture.

        Raises:
            InvalidJobError: It is no edit, or one of several pictures without a mask, or what it was made from is not there.
        """
        picture = self._picture()
        if picture._changes is None or picture.edited:
            picture._changes = self._asked().changes(picture)
        return picture._changes

    def lineage(self) -> Lineage:
        """Return where it comes from and what came of it, as a tree that shows itself in a cell.

        All its ancestors and all its descendants, at most 200 pictures; each with the prompt, the mask, the other
        inputs, who made it and what it cost, and "modified" where code of the user changed an input in between.
        """
        return self._asked().lineage(self._picture())

    def replay(
        self, provider: str | None = None, model: str | None = None, from_: Any = None, client: Any = None, *, once: bool = False
    ) -> Sheet:
        """Run the chain of steps that led to this picture again, as a new branch beside the old one.

        The chain is the *main line* of :meth:`lineage` (``lineage().steps``): this picture, the first of its inputs that
        imgcell made, the first of that one's, and so on back to the first.  Its steps are numbered from 0, the oldest.
        Every step from *from_* on is sent again as a job of its own, in order, one picture each: where it had the old
        result of the step before, it gets the new one; all other inputs and masks are the old ones, from the library.
        The new pictures have their own ids; nothing old is changed, and ``sheet[-1].lineage()`` shows the new branch.

        Args:
            provider: Who makes them; ``None`` is who made each the first time, at the address now configured.  Another
                provider gets its own default model, and no fields that were passed through as they are.
            model: Which model makes them; ``None`` is the one that made each the first time.
            from_: The first step to run again: its number (negative counts from the end: -1 is the last step alone),
                or the id of the picture that it made, or that Picture.  ``None`` is the whole chain.
            client: A :class:`imgcell.Client` that makes all of them; instead of *provider*.
            once: Take what the library has of the same jobs, and send only the rest: with another model or provider a branch
                that was made once is found again, with the same ones the old pictures are.

        Returns:
            One picture a step that ran, in order: ``sheet[-1]`` is the new version of this picture.  If a step fails,
            what was made before it is returned and the error is in ``sheet.errors``; the steps after it are not sent.

        Raises:
            InvalidJobError: There is no such step; an input is not in the library; or an input that would have to be
                made anew was changed by the user's own code, which cannot be run again.  Nothing was sent.
            ImgcellError: The first step failed.
        """
        return self._asked().replay(self._picture(), provider=provider, model=model, from_=from_, client=client, once=once)

    def as_cell(self, name: str | None = None) -> str:
        """Return the text of the cell that asks for it: ``%%imagine`` or ``%%imgedit`` with everything that was said.

        Inputs are named by their ids.  A job that a magic's line cannot say (a prompt that begins with an empty line,
        say) becomes a cell of Python.

        Args:
            name: The variable that the cell is to bind.

        Raises:
            InvalidJobError: If *name* is no name, or nothing is known of how it was made.
        """
        return self._asked().as_cell(self._picture(), name)

    def recipe(self) -> dict[str, Any]:
        """Return all that is needed to make it again, as plain values for ``json.dump``.

        Every step back to the first, with prompts, providers, models and options; the user's own input pictures and
        masks as base64.  No keys, no addresses, no paths.  :func:`imgcell.from_recipe` reads it.
        """
        return self._asked().recipe(self._picture())

    # -- what its owner says of it -----------------------------------------------------------------------------

    @property
    def rating(self) -> int | None:
        """Stars, 0 to 5, or ``None``; kept in the library when it is set."""
        said = self._asked().annotation(self._picture())
        return said.rating if said is not None else None

    @rating.setter
    def rating(self, stars: int | None) -> None:
        self._asked().annotate(self._picture(), rating=0 if stars is None else stars)

    @property
    def tags(self) -> tuple[str, ...]:
        """Words of the user's own; kept in the library when they are set."""
        said = self._asked().annotation(self._picture())
        return tuple(said.tags) if said is not None else ()

    @tags.setter
    def tags(self, words: Iterable[str] | None) -> None:
        self._asked().annotate(self._picture(), tags=[words] if isinstance(words, str) else list(words or ()))

    @property
    def note(self) -> str | None:
        """A text of the user's own, or ``None``; kept in the library when it is set."""
        said = self._asked().annotation(self._picture())
        return (said.note or None) if said is not None else None

    @note.setter
    def note(self, text: str | None) -> None:
        self._asked().annotate(self._picture(), note=text or "")
