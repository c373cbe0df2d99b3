"""What stands in a notebook where no widget lives: a contact sheet beside the Studio, hidden for as long as its page is there.

A widget's own output cannot be changed without drawing its view anew, and a reopened notebook shows nothing of it but an
error (GROUND.md section 4).  So the static part is a second output; the page's style sheet hides it.
"""

from __future__ import annotations

import html
import threading
from typing import TYPE_CHECKING, Any

from imgcell.language import tr
from imgcell.origin import shell
from imgcell.pictures.contact import shown
from imgcell.pictures.preview import bundle

if TYPE_CHECKING:
    from imgcell.pictures.sheet import Sheet

__all__ = ["HIDING", "StandIn"]

#: Goes into the page's style sheet.
HIDING = "\n.imgcell-studio-static{display:none}\n"


class StandIn:
    """The static outputs of one Studio: one for each time that it was displayed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handles: list[Any] = []
        self._warning = ""

    def show(self, sheet: Sheet) -> None:
        """Put one below the Studio in the cell that is running now."""
        from IPython.display import display

        handle = display(self._bundle(sheet), raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython has no types here
        with self._lock:
            # The last ones: a notebook in which the same Studio was shown a hundred times has not so many places.
            self._handles = [*self._handles[-3:], handle]

    def warn(self, text: str, sheet: Sheet) -> None:
        """Say something there, which is seen when no page hides it; ``""`` takes it back."""
        self._warning = text
        self.update(sheet)

    @property
    def warned(self) -> bool:
        """Whether something is said there."""
        return bool(self._warning)

    def update(self, sheet: Sheet) -> None:
        """Draw them anew; callable from any thread."""
        with self._lock:
            handles = list(self._handles)
        if handles and shell() is not None:
            made = self._bundle(sheet)
            for handle in handles:
                handle.update(made, raw=True)

    def _bundle(self, sheet: Sheet) -> dict[str, str]:
        text = repr(sheet) if sheet.cells else tr("imgcell: no pictures yet.")
        lines = [line for line in (self._warning, "" if sheet.cells else text) if line]
        body = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
        made = {"text/plain": "\n".join([line for line in (self._warning, text) if line])}
        if sheet.cells:
            image = bundle(shown(sheet), text)
            ((kind, data),) = [(kind, data) for kind, data in image.items() if kind.startswith("image/")]
            body += f'<img src="data:{kind};base64,{data}" alt="{html.escape(text, quote=True)[:1000]}" style="max-width:100%">'
            made[kind] = data
        made["text/html"] = f'<div class="imgcell-studio-static">{body}</div>'
        return made
