"""``--mask``: a picture, or the name of a saved mask; and ``%imgcell masks``."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import joined, tr
from imgcell.magics.lookup import image

if TYPE_CHECKING:
    from imgcell.store.saved_masks import SavedMasks

__all__ = ["mask", "names_of_masks", "show"]


def mask(text: str, names: Mapping[str, Any]) -> Any:
    """Return what ``--mask`` *text* stands for: a variable, a path, a URL, the id of a picture; else a saved mask of this name.

    Raises:
        InvalidJobError: If it is none of them, with what is near it.
    """
    try:
        found = image(text, names)
    except InvalidJobError as error:
        saved = _saved()
        if text in saved:
            return saved[text]
        near = get_close_matches(text, list(saved), n=3, cutoff=0.6)
        hint = tr("Saved masks of like name: {names}.", names=", ".join(near)) if near else None
        raise InvalidJobError(error.message, hint=joined(*filter(None, [error.hint, hint])) or None) from None
    if len(found) != 1:
        raise InvalidJobError(tr("--mask takes one picture; {text} holds {count}.", text=text, count=len(found)))
    return found[0]


def names_of_masks() -> list[str]:
    """Return the names of the saved masks."""
    return list(_saved())


def show() -> None:
    """``%imgcell masks``: show the saved masks with their names, sizes and shares."""
    saved = _saved()
    if not len(saved):
        print(tr('No mask has a name yet. `imgcell.library().masks["sky"] = mask` gives it one, as the Studio does.'))
        return
    from IPython.display import display

    display(saved._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]  # IPython has no types here


def _saved() -> SavedMasks:
    import imgcell

    return imgcell.library().masks
