"""The comparison's widget: two traits, two kinds of requests.  What it shows is :mod:`imgcell.comparison`'s."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypedDict

import anywidget
import traitlets

from imgcell.errors import InvalidJobError
from imgcell.pictures.source import Source
from imgcell.static import asset, unbuilt
from imgcell.widget import messages as say
from imgcell.widget.channel import Answer, Channel, Handler, encoded
from imgcell.widget.checking import check
from imgcell.widget.limits import VERSION, Each, Most, Name
from imgcell.widget.pixels import Pixels
from imgcell.widget.showing import listen
from imgcell.widget.standin import HIDING

__all__ = ["ComparisonModel", "Look"]

_PROBE = b"\x01\x02\x03"


class Look(TypedDict):
    """How somebody looks at a comparison; written by the page, so that a reload shows it so again.

    ``baseline``: the key of a place; null is the one that Python named.  ``columns``: the axes that go across; null likewise.
    ``sort``: by what, a measure with ``#`` in front; "" is as given.  ``bare``: labels and facts are hidden.
    """

    mode: Literal["grid", "slider", "flicker", "difference"]
    baseline: Annotated[str, Most(20)] | None
    columns: Annotated[list[str], Most(50), Each(1000)] | None
    sort: Name
    down: bool
    bare: bool


class ComparisonModel(anywidget.AnyWidget):
    """What page and kernel share: ``document`` is the kernel's, ``look`` the page's.

    Args:
        document: What the page shows (:class:`imgcell.comparison.document.Document`).
        find: Returns the bytes of a picture by digest, if it is one of these.
    """

    _esm: ClassVar[str] = asset("compare.js", unbuilt("compare"))
    _css: ClassVar[str] = asset("compare.css", "") + HIDING

    document: Any = traitlets.Dict().tag(sync=True)
    look: Any = traitlets.Dict().tag(sync=True)

    def __init__(self, document: Mapping[str, Any], find: Callable[[str], Source | None]) -> None:
        # traitlets' notifications are not made for several threads at once.
        self._turn = threading.RLock()
        self._pixels = Pixels(find)
        handlers = {"ready": Handler(_ready, "here"), "fetch-image": Handler(self._fetch, "beside")}
        requests = {"ready": say.Ready, "fetch-image": say.FetchImage}
        self._channel = Channel(handlers, lambda message, buffers: self.send(message, buffers), requests)  # noqa: PLW0108  # the comm is made after it
        super().__init__(document=dict(document), look={})
        listen(self, self._channel.take)

    def show(self, document: Mapping[str, Any]) -> None:
        """Show something else; callable from any thread."""
        with self._turn:
            self.document = dict(document)

    def set_state(self, sync_data: Any) -> None:
        """Take what a page writes: ``look``, if it is one; everything else is put right there."""
        told = sync_data if isinstance(sync_data, dict) else {}
        bad = [name for name in told if name != "look" and name in self.keys]
        with self._turn:
            try:
                if "look" in told:
                    super().set_state({"look": check(told["look"], Look, "look")})
            except InvalidJobError:
                bad.append("look")
            if bad:
                self.send_state(bad)

    def _fetch(self, ask: Mapping[str, Any]) -> Answer:
        shown = self._pixels.fetch(ask["sha"].lower(), ask["box"])
        if ask["base64"]:
            return {"media_type": shown.media_type, "data": encoded(shown.data)}
        return {"media_type": shown.media_type, "data": None}, shown.data


def _ready(ask: Mapping[str, Any], probe: bytes | None) -> Answer:
    told = {"version": VERSION, "buffers": probe == _PROBE, "draft": None, "references": [], "mask": None, "warning": None}
    return told, _PROBE
