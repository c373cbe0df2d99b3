"""What is asked of the library from outside: the library itself, its history, and what may have been charged for nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from imgcell.client.shelf import folder, shelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgcell.client.unsettled import UnsettledList
    from imgcell.pictures.sheet import Sheet
    from imgcell.store import Library
    from imgcell.store.moments import Moment

__all__ = ["history", "library", "unsettled"]


def library(home: str | os.PathLike[str] | None = None) -> Library:
    """Return the library in the folder *home*; ``None`` is ``$IMGCELL_HOME`` or the user's data folder.

    It is the one that the clients of this process use too; nothing is created before something is stored.
    """
    found = shelf(folder(home))[1]
    assert found is not None
    return found


def history(
    text: str | None = None,
    *,
    provider: str | None = None,
    model: str | None = None,
    kind: str | None = None,
    notebook: str | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    rating: int | None = None,
    tag: str | Sequence[str] | None = None,
    limit: int = 50,
) -> Sheet:
    """Return pictures of the library, the newest first, captioned with date and stars.

    What cannot be read is an error behind them.

    Args:
        text: Words of the prompt, of tags and notes, in any script; every one has to be there, the beginning of a word is
            enough.
        provider: Who made it.
        model: With what.
        kind: ``"generate"`` or ``"edit"``.
        notebook: Path of the notebook in which it was made, or its end, such as the name.
        since: From when on: a time, a day, a timedelta (the last …), or text ("2026-05-01", "7d", "today").
        until: Up to when, likewise; a day is included.
        rating: At least so many stars, 1 to 5.
        tag: With this tag, or with all of several.
        limit: How many at most.

    Raises:
        InvalidJobError: For a value that means nothing.
    """
    kept = library()
    found = kept.find(
        text, provider=provider, model=model, kind=kind, notebook=notebook, since=since, until=until, rating=rating, tag=tag, limit=limit
    )
    sheet = kept.sheet(found)
    labels = []
    said = kept.annotations(record.id for record in sheet.records)
    for record in sheet.records:
        stars = said[record.id].rating or 0
        labels.append(f"{record.created.astimezone():%Y-%m-%d %H:%M}" + (f" {'★' * stars}" if stars else ""))
    return type(sheet)(sheet, errors=sheet.errors, labels=labels, running=False)


def unsettled() -> UnsettledList:
    """Return the requests of the library that may have been charged without bringing a picture, the newest first.

    Each can be asked for its answer again, free of charge, where that is known (``.fetch()``), or be settled by what the
    provider's bill says (``.settle(charged=…)``).  In a cell the list shows as a table.
    """
    from imgcell.client.unsettled import unsettled as listed
    from imgcell.options import home

    return listed(home())
