"""Which masked edits are worth a word: those that changed more outside of their mask than the user lets pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgcell.options import options

if TYPE_CHECKING:
    from imgcell.measures.changing import Changes
    from imgcell.pictures.picture import Picture

__all__ = ["asked", "leaking"]


def asked(picture: Picture) -> bool:
    """Return whether a word is wanted on *picture*: an edit with a mask, the rest of which was not kept."""
    record = picture.record
    return record.mask is not None and record.kept is None and options.warn_outside < 1


def leaking(picture: Picture) -> Changes | None:
    """Return what *picture* changed if ``imgcell.options.warn_outside`` calls for a word on it; ``None`` if not.

    Never raises: the picture is there, and is not to be spoilt by what is said of it.  Where it has no mask, or the rest of it
    was kept, nothing is measured.
    """
    if not asked(picture):
        return None
    try:
        found: Changes = picture.changes
        return found if found.line(options.warn_outside) is not None else None
    except Exception:  # noqa: BLE001 - what cannot be measured is passed over
        return None
