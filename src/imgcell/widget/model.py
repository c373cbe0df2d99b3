"""The widget itself: six traits and the messages.  Nothing else of imgcell knows of anywidget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import anywidget
import traitlets

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.static import asset, unbuilt
from imgcell.widget.checking import check
from imgcell.widget.protocol import TRAITS
from imgcell.widget.showing import listen
from imgcell.widget.standin import HIDING

__all__ = ["StudioModel"]


class StudioModel(anywidget.AnyWidget):
    """What page and kernel share.  Each trait has one writer (:data:`imgcell.widget.protocol.TRAITS`).

    Args:
        take: Called with every message and its buffers, on whatever thread it arrives.
        changed: Called with the name of a trait that the page has written.
        traits: The traits' first values.
    """

    _esm: ClassVar[str] = asset("studio.js", unbuilt("studio"))
    _css: ClassVar[str] = asset("studio.css", "") + HIDING

    cards: Any = traitlets.List().tag(sync=True)
    providers: Any = traitlets.List().tag(sync=True)
    busy: Any = traitlets.Dict().tag(sync=True)
    facts: Any = traitlets.Dict().tag(sync=True)
    draft: Any = traitlets.Dict().tag(sync=True)
    view: Any = traitlets.Dict().tag(sync=True)

    def __init__(self, take: Callable[[Any, Any], None], changed: Callable[[str], None], traits: Mapping[str, Any]) -> None:
        # traitlets' notifications are not made for several threads at once.
        self._turn = threading.RLock()
        self._changed = changed
        super().__init__(**traits)
        listen(self, take)

    def write(self, name: str, value: Any) -> None:
        """Set one of the kernel's traits; callable from any thread."""
        with self._turn:
            setattr(self, name, value)

    def set_state(self, sync_data: Any) -> None:
        """Take what a page writes: its own two traits, if they are what they should be; everything else is put right there."""
        good: dict[str, Any] = {}
        bad: list[str] = []
        for name, value in sync_data.items() if isinstance(sync_data, dict) else ():
            writer, hint = TRAITS.get(name, ("", None))
            try:
                if writer != "page":
                    raise InvalidJobError(tr("The page does not write {name}.", name=repr(name)))
                good[name] = check(value, hint, name)
            except InvalidJobError:
                if name in self.keys:
                    bad.append(name)
        with self._turn:
            if good:
                super().set_state(good)
            if bad:
                self.send_state(bad)
        for name in good:
            self._changed(name)
