"""``%imgcell sweeps``: the sweeps of the library, what one of them has, and going on with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.magics.parse import split
from imgcell.magics.place import place
from imgcell.magics.tables import show as show_table
from imgcell.origin import from_cell
from imgcell.sweeps import Sweep

if TYPE_CHECKING:
    from imgcell.pictures import Sheet

__all__ = ["sweeps"]


def sweeps(ipython: Any, rest: str) -> None:
    """List the sweeps; with an id, show that one; behind ``resume``, send what is missing of it (of the latest without an id).

    Raises:
        ImgcellError: There is no such sweep, or it cannot be gone on with.
    """
    words = split(rest)
    if not words:
        found = Sweep.all()
        show_table(found._repr_html_(), str(found))
        return
    going_on = words[0] == "resume"
    names = words[1:] if going_on else words
    if len(names) > 1:
        raise InvalidJobError(tr("`%imgcell sweeps` takes one id; {words} is too much.", words=" ".join(names[1:])))
    sweep = Sweep.load(names[0] if names else None)
    where = place(ipython)
    with from_cell(where.notebook, where.cell):
        sheet = sweep.resume() if going_on else sweep.sheet
    _shown(ipython, sheet)


def _shown(ipython: Any, sheet: Sheet) -> None:
    from IPython.display import display

    ipython.user_ns["_images"] = sheet
    display(dict(sheet._repr_mimebundle_()), raw=True)  # type: ignore[no-untyped-call]  # IPython has no types here
