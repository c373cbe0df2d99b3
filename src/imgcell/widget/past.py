"""What the page asks of the library: earlier pictures, chains of edits, stars, notes, deleting, the code that makes a picture."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.language import tr
from imgcell.lineage.celltext import cell
from imgcell.lineage.family import inputs_of
from imgcell.lineage.holdings import Holdings
from imgcell.widget import cards

if TYPE_CHECKING:
    from imgcell.pictures.archive import Annotation
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.record import Record
    from imgcell.store import Library
    from imgcell.widget.board import Board
    from imgcell.widget.facts import Card, Step
    from imgcell.widget.messages import HistoryOk

__all__ = ["Past"]

#: Records asked for beyond a page, for those of the same moment as its end.
_SPARE = 32


class Past:
    """The library as one Studio sees it.

    Args:
        library: Returns the library; ``None`` where there is none.
        board: The Studio's own cards, which may show the same pictures.
    """

    def __init__(self, library: Callable[[], Library | None], board: Board) -> None:
        self._library = library
        self._board = board

    # -- earlier pictures --------------------------------------------------------------------------------------

    def page(self, text: str, before: str | None, limit: int) -> HistoryOk:
        """Return pictures, the newest first.

        Args:
            text: Words that they must have; ``""`` for all.
            before: Where the page before ended; ``None`` for the first.
            limit: How many.

        Raises:
            InvalidJobError: *before* is nothing that this returned.
        """
        library = self._library()
        if library is None:
            return {"cards": [], "more": False, "before": None}
        until, last = _moment(before)
        # A moment later than the end, as several pictures may be of the same one.
        found = library.find(text or None, until=until + dt.timedelta(milliseconds=2) if until else None, limit=limit + _SPARE + 1)
        if until is not None:
            names = [record.id for record in found]
            skip = names.index(last) + 1 if last in names else sum(record.created >= until for record in found)
            found = found[skip:]
        shown = found[:limit]
        more = len(found) > limit
        said = library.annotations(record.id for record in shown)
        return {
            "cards": [_card(record, said[record.id]) for record in shown],
            "more": more,
            "before": f"{shown[-1].created.isoformat()} {shown[-1].id}" if more else None,
        }

    # -- one picture -------------------------------------------------------------------------------------------

    def picture(self, name: str) -> Picture:
        """Return the picture of a card's key, or of an id of the library.

        Raises:
            InvalidJobError: There is none.
            ImageDecodeError: Its file is gone.
        """
        try:
            entry = self._board.get(name)
        except InvalidJobError:
            entry = None
        if entry is not None and entry.picture is not None:
            return entry.picture
        library = self._library()
        found = library.picture(name) if library is not None and entry is None else None
        if found is None:
            raise InvalidJobError(tr("There is no such picture."))
        return found

    def steps(self, name: str) -> list[Step]:
        """Return the chain of edits that ends in a picture, the oldest first; what it began with is the first of them.

        Raises:
            InvalidJobError: There is no such picture.
        """
        picture = self.picture(name)
        shown: Any = picture.lineage()
        family = shown.family
        steps: list[Step] = []
        for place, one in enumerate(family.line):
            record = family.members[one].record if one in family.members else None
            inputs = inputs_of(record) if record is not None else ()
            main = next((given for given in inputs if place and given.id == family.line[place - 1]), inputs[0] if inputs else None)
            if place == 0 and main is not None and main.id.startswith("sha256:"):
                steps.append(_given(main.id))
            if record is not None:
                steps.append(_step(record, modified=main is not None and main.modified))
        return steps

    def code(self, name: str, form: str) -> str:
        """Return the cell, or the Python, that makes a picture again; or the beginning of a cell that edits it.

        Raises:
            InvalidJobError: There is no such picture, or it was given, not made.
        """
        picture = self.picture(name)
        if form == "edit":
            return f"%%imgedit edited -i {picture.record.id}\n"
        if form == "python":
            return cell(picture, None, Holdings(self._library(), picture), python=True)
        return picture.as_cell()

    # -- what the user says of it ------------------------------------------------------------------------------

    def annotate(self, name: str, **said: Any) -> None:
        """Keep ``rating``, ``tags`` or ``note`` of a picture.

        Raises:
            InvalidJobError: There is no such picture in a library.
            OSError: It could not be written.
        """
        picture = self.picture(name)
        library = self._library()
        if library is None:
            raise InvalidJobError(tr("Without a library stars, tags and notes are not kept."))
        library.annotate(picture.record.id, **said)
        kept = library.annotation(picture.record.id)
        for entry in self._board.entries():
            if entry.card["id"] == picture.record.id:
                self._board.update(entry.card["key"], stars=kept.rating or 0, tags=list(kept.tags), note=kept.note or "")

    # -- deleting ----------------------------------------------------------------------------------------------

    def delete(self, names: list[str]) -> int:
        """Put pictures into the trash, and cards without a picture away; return how many.

        Raises:
            ImgcellError: One could not be deleted; those before it are.
        """
        return self._each(names, True)

    def restore(self, names: list[str]) -> int:
        """Take :meth:`delete` back."""
        return self._each(names, False)

    def _each(self, names: list[str], deleted: bool) -> int:
        library, count = self._library(), 0
        problem: Exception | None = None
        for name in dict.fromkeys(names):
            try:
                entry = self._board.get(name)
            except InvalidJobError:
                entry = None
            try:
                if entry is not None and (entry.under_way or entry.card["deleted"] is deleted):
                    continue  # what is under way is cancelled first
                picture_id = entry.card["id"] if entry is not None else name
                if picture_id is not None and library is not None:
                    (library.delete if deleted else library.restore)(picture_id)
                elif entry is None:
                    raise InvalidJobError(tr("There is no such picture."))
            except (ImgcellError, OSError) as error:
                problem = problem or error
                continue
            if entry is not None:
                self._board.update(entry.card["key"], deleted=deleted)
            count += 1
        if problem is not None:
            raise problem
        return count


def _moment(before: str | None) -> tuple[dt.datetime | None, str]:
    if before is None:
        return None, ""
    time, _, name = before.partition(" ")
    try:
        moment = dt.datetime.fromisoformat(time)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 < moment.year < 9999:
        raise InvalidJobError(tr("The page sent something unexpected as {field}.", field="before"))
    return moment, name


def _given(name: str) -> Step:
    return {
        "id": name,
        "sha": name.removeprefix("sha256:"),
        "prompt": "",
        "modified": False,
        "mask_sha": None,
        "provider": "",
        "model": None,
        "cost": None,
        "size": [0, 0],
        "created": "",
    }


def _card(record: Record, said: Annotation) -> Card:
    card = cards.empty(record.id)
    cards.finished(card, record)
    cards.remarks(card, said)
    return card


def _step(record: Record, *, modified: bool) -> Step:
    return {
        "id": record.id,
        "sha": record.sha256,
        "prompt": record.prompt,
        "modified": modified,
        "mask_sha": record.mask.removeprefix("sha256:") if record.mask else None,
        "provider": record.provider,
        "model": record.model,
        "cost": cards.money(record.cost),
        "size": list(record.size),
        "created": record.created.isoformat(),
    }
