"""What a Studio is made of, and how its parts tell each other."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from imgcell import __version__
from imgcell.client import Client
from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.language import current as language
from imgcell.language import speaking, tr
from imgcell.measures.warning import leaking
from imgcell.origin import shell
from imgcell.pictures.boxed import boxed
from imgcell.pictures.inputs import expand
from imgcell.pictures.picture import Picture
from imgcell.pictures.sheet import Sheet
from imgcell.portal import portal
from imgcell.store.saved_masks import SavedMasks
from imgcell.widget import drafts, provided
from imgcell.widget.board import Board
from imgcell.widget.channel import Channel, beside, encoded
from imgcell.widget.desk import Desk
from imgcell.widget.limits import LIMITS
from imgcell.widget.model import StudioModel
from imgcell.widget.names import Names, after_each_cell, check_name
from imgcell.widget.orders import Order, Orders
from imgcell.widget.past import Past
from imgcell.widget.pixels import Pixels
from imgcell.widget.standin import StandIn
from imgcell.widget.stencils import Stencils
from imgcell.widget.tray import Tray
from imgcell.widget.uploads import Uploads

if TYPE_CHECKING:
    from imgcell.pictures.source import Source
    from imgcell.providers.profile import Model
    from imgcell.widget.facts import Busy, Facts, MaskFacts
    from imgcell.widget.form import Draft
    from imgcell.widget.messages import Suggest

__all__ = ["Inside"]

#: Seconds after which a page that has not answered is taken to be missing.
PATIENCE = 10.0
#: Seconds without a change after which the static sheet is drawn.
QUIET = 1.5

_callbacks = ThreadPoolExecutor(1, thread_name_prefix="imgcell-studio-callbacks")


class Inside:
    """One Studio's parts.

    Args:
        client: The one to begin with.
        prompt: What the form begins with.
        names: The user's variables; ``None`` for the notebook's.
    """

    def __init__(self, client: Client, prompt: str, names: MutableMapping[str, Any] | None) -> None:
        self.version = __version__
        self.client = client
        self._clients: dict[str, Client] = {client.provider.name: client}
        self._lock = threading.RLock()
        self._bind: str | None = None
        self.listeners: list[Callable[[Picture], object]] = []
        self._suggested: Suggest | None = None
        self._base64 = self._seen = False
        self._drawing = 0
        self._sharpening: dict[str, Source] = {}
        self._state: frozenset[tuple[str, int]] | None = None
        self.names = Names(names)
        self.tray, self.uploads = Tray(), Uploads()
        library = client.library
        self.stencils = Stencils(library.masks if library is not None else SavedMasks(None))
        self.standin = StandIn()
        self.board = Board(
            lambda changed: self._channel.tell("changed", {"cards": changed}), lambda cards: self.model.write("cards", cards)
        )
        self.orders = Orders(self.board, self._sharpen, self._came, self._busy, self.names.notebook, self._made)
        self.past = Past(lambda: self.client.library, self.board)
        self.pixels = Pixels(self._own_source, self._library_source)
        self._channel = Channel(Desk(self).handlers, lambda message, buffers: self.model.send(message, buffers))  # noqa: PLW0108  # the model is made after it
        self.model = StudioModel(
            self._take,
            self._page_wrote,
            {
                "cards": [],
                "providers": self._providers(thorough=False),
                "busy": dict(self.orders.busy),
                "facts": dict(self._facts()),
                "draft": dict(drafts.blank(client.provider.name, prompt)),
                "view": {"sort": "new", "filter": "all", "text": "", "selected": [], "open": None, "tab": "", "language": ""},
            },
        )
        # A keyring may take its time, and may ask.
        beside(self._tell_providers)
        after_each_cell(self._after_cell)

    def _take(self, message: Any, buffers: Any) -> None:
        # What a page asks for is answered in its own language: prices, states, errors.
        with speaking(self.model.view.get("language")):
            self._channel.take(message, buffers)

    # -- the results -------------------------------------------------------------------------------------------

    @property
    def sheet(self) -> Sheet:
        """The pictures that were made, in the order in which they were asked for, without those deleted."""
        entries = [entry for entry in self.board.entries() if entry.picture is not None and not entry.card["deleted"]]
        labels = [entry.card["label"] for entry in entries]
        return Sheet([entry.picture for entry in entries if entry.picture is not None], labels=labels if any(labels) else (), running=False)

    def pictures(self, keys: Iterable[str]) -> Sheet:
        """Return the pictures of cards, and of ids of the library, in order; what is not there is left out."""
        found = []
        for key in keys:
            with contextlib.suppress(ImgcellError, OSError):
                found.append(self.past.picture(key))
        return Sheet(found, running=False)

    @property
    def bind(self) -> str | None:
        """Name of the variable that is kept up to date with :attr:`sheet`, or ``None``."""
        return self._bind

    @bind.setter
    def bind(self, name: str | None) -> None:
        self._bind = check_name(name)
        self._bind_now()
        self.tell_facts()

    # -- the form ----------------------------------------------------------------------------------------------

    @property
    def form(self) -> Draft:
        """The form as it stands: what Python has put into it, until the page has taken that over."""
        suggestion = self.suggestion()
        form: Draft = suggestion["draft"] if suggestion is not None else self.model.draft
        return copy.deepcopy(form)

    def suggestion(self) -> Suggest | None:
        """Return what the page has still to take over."""
        return self._suggested

    def errands(self, form: Draft) -> list[drafts.Errand]:
        """Return the jobs of a form."""
        return drafts.errands(form, self.client_of, lambda key, model: self.tray.get(key).value, lambda key: self.stencils.get(key).mask)

    def priced(self, form: Draft) -> tuple[list[drafts.Errand], list[str]]:
        """Return the jobs of a form for an estimate, with pictures converted at most once, and what was converted."""
        notes: list[str] = []

        def fitted(key: str, model: Model) -> Any:
            value, said = self.tray.fitted(key, model)
            notes.extend(said)
            return value

        return drafts.errands(form, self.client_of, fitted, lambda key: self.stencils.get(key).mask), notes

    def suggest(self, form: Draft) -> None:
        """Put something into the form: into the page's, or into the one that it will have."""
        with self._lock:
            key = form["mask"]
            made: Suggest = {
                "draft": form,
                "references": self.tray.listed(form["references"]),
                "mask": self.stencils.get(key).facts if key is not None else None,
            }
            self._suggested = made
        self._channel.tell("suggest", made)

    def added(self, pictures: Iterable[Any]) -> list[str]:
        """Put pictures into the tray; return their keys."""
        return [self.tray.add(value, getattr(value, "name", None) or tr("picture")).facts["key"] for value in expand(list(pictures))]

    def stencil(self, value: Any, references: list[str]) -> str:
        """Keep a mask for the first of *references*; return its key."""
        if not references:
            raise InvalidJobError(tr("A mask needs a picture that it belongs to."), hint=tr("Set studio.references first."))
        facts = self.tray.get(references[0]).facts
        return self.stencils.take(value, (facts["width"], facts["height"])).facts["mask"]

    def place(self, form: Draft, call: str, nonce: str = "") -> Order:
        """Send for what is in a form."""
        return self.orders.place(self.errands(form), call, nonce=nonce, once=form["once"])

    def client_of(self, name: str | None) -> Client:
        """Return the client of a provider, made when it is first asked for; it shares the first one's library."""
        if name is None:
            return self.client
        with self._lock:
            if name not in self._clients:
                library = self.client.library
                self._clients[name] = Client(name, library=library.home if library is not None else False)
            return self._clients[name]

    def displayed(self) -> None:
        """Put the static stand-in below the widget, and look later whether a page has come."""
        self.standin.show(self.sheet)
        if not self._seen and getattr(shell(), "kernel", None) is not None:
            current = portal()
            current.call(lambda: current.loop.call_later(PATIENCE, self._missed))

    def page_came(self, *, base64: bool) -> None:
        """A page is there (again): tell it what a reload has lost."""
        self._base64, self._seen = base64, True
        if self.standin.warned:
            # It was only late: a kernel that was busy, a slow line.
            beside(lambda: self.standin.warn("", self.sheet))
        self.board.flush(whole=True)
        cards = self.board.told()
        if cards:
            self._channel.tell("changed", {"cards": cards})
        for entry in self.board.entries():
            if entry.preview is not None:
                self._tell_preview(entry.card["key"], entry.preview)

    def packed(self, fields: dict[str, Any], data: bytes, *, base64: bool) -> tuple[dict[str, Any], bytes] | dict[str, Any]:
        """Return *fields* with *data* as a buffer, or as text where buffers do not come."""
        return {**fields, "data": encoded(data)} if base64 else ({**fields, "data": None}, data)

    def mask_facts(self) -> MaskFacts | None:
        """Return what the page is told of the mask in the form."""
        key = self.form["mask"]
        with contextlib.suppress(InvalidJobError):
            return self.stencils.get(key).facts if key is not None else None
        return None

    def rearranged(self) -> None:
        """Pictures were deleted or restored."""
        self._bind_now()
        self._draw_soon()

    def finished(self) -> None:
        """A cell that ran the form is about to end: where no page is, its output is all that will be seen."""
        self.board.flush(whole=True)
        if not self._seen:
            self.standin.update(self.sheet)

    def tell_facts(self) -> None:
        """Write what holds for the whole Studio."""
        self.model.write("facts", dict(self._facts()))

    # -- inside ------------------------------------------------------------------------------------------------

    def _facts(self) -> Facts:
        return {
            "version": self.version,
            "language": language(),
            "bound": self._bind,
            "limits": dict(LIMITS),
            "library": self.client.library is not None,
            "paused": any(client.paused for client in list(self._clients.values())),
        }

    def _providers(self, *, thorough: bool) -> list[Any]:
        known = dict(self._clients)
        return [provided.provider_facts(one, known.get(one.name), thorough=thorough) for one in provided.usable(known)]

    def _tell_providers(self) -> None:
        told = self._providers(thorough=True)
        if told != self.model.providers:
            self.model.write("providers", told)

    def _page_wrote(self, name: str) -> None:
        if name == "draft":
            self._suggested = None

    def _sharpen(self, key: str, source: Source) -> None:
        with self._lock:
            waiting = key in self._sharpening
            self._sharpening[key] = source
        if not waiting:
            beside(lambda: self._show_partial(key))

    def _show_partial(self, key: str) -> None:
        with self._lock:
            source = self._sharpening.pop(key)
        with contextlib.suppress(ImgcellError, OSError):
            preview = boxed(source, 512)
            if self.board.sharpen(key, preview):
                self._tell_preview(key, preview)

    def _tell_preview(self, key: str, preview: Any) -> None:
        made = self.packed({"card": key, "media_type": preview.media_type}, preview.data, base64=self._base64)
        fields, data = made if isinstance(made, tuple) else (made, None)
        self._channel.tell("preview", fields, data)

    def _came(self, picture: Picture) -> None:
        self._bind_now()
        for function in list(self.listeners):
            _callbacks.submit(self._call, function, picture)

    def _made(self, picture: Picture) -> None:
        if picture.record.mask is not None:
            _callbacks.submit(self._look_outside, picture)

    def _look_outside(self, picture: Picture) -> None:
        """Say on its card what a masked edit changed outside of the mask; the picture has long been there."""
        found = leaking(picture)
        if found is not None and found.changed_outside is not None:
            with contextlib.suppress(InvalidJobError):
                key = self.board.get(picture.record.id).card["key"]
                self.board.update(key, outside={"changed": found.changed_outside, "shift": list(found.shift)})

    def _call(self, function: Callable[[Picture], object], picture: Picture) -> None:
        try:
            function(picture)
        except Exception as error:  # noqa: BLE001 - a callback's fault must not cost a picture; the card says so
            with contextlib.suppress(InvalidJobError):
                entry = self.board.get(picture.record.id)
                text = tr("A callback failed: {error}", error=f"{type(error).__name__}: {error}"[:500])
                self.board.update(entry.card["key"], notes=[*entry.card["notes"], text])

    def _busy(self, busy: Busy) -> None:
        self.model.write("busy", dict(busy))
        if not busy["calls"]:
            facts = dict(self._facts())
            if facts != self.model.facts:
                self.model.write("facts", facts)
            self._draw_soon()

    def _draw_soon(self) -> None:
        """Draw the static sheet when nothing has happened for a while: it takes a second of a core with sixty pictures."""
        with self._lock:
            self._drawing += 1
            turn = self._drawing

        def draw() -> None:
            if turn == self._drawing:
                beside(lambda: self.standin.update(self.sheet))

        current = portal()
        current.call(lambda: current.loop.call_later(QUIET, draw))

    def _bind_now(self) -> None:
        if self._bind is not None:
            self.names.bind(self._bind, self.sheet)

    def _own_source(self, sha256: str) -> Source | None:
        for entry in self.board.entries():
            if entry.picture is not None and entry.card["sha"] == sha256:
                return entry.picture.source
        item = self.tray.known(sha256)
        if item is not None:
            return item.source
        stencil = self.stencils.known(sha256)
        return stencil.source if stencil is not None else None

    def _library_source(self, sha256: str) -> Source | None:
        library = self.client.library
        return library.blob(sha256) if library is not None else None

    def _after_cell(self) -> None:
        if not self._seen:
            return
        state = self.names.state()
        if state != self._state:
            self._state = state
            self._channel.tell("variables-changed", {"count": len(state)})

    def _missed(self) -> None:
        if not self._seen:
            text = tr(
                "The Studio's page did not answer. If the cell shows no Studio, the server that shows this notebook needs "
                "anywidget {version} (the same minor version as the kernel); install it there, and reload the page.",
                version=_anywidget(),
            )
            beside(lambda: self.standin.warn(text, self.sheet))


def _anywidget() -> str:
    from importlib.metadata import version

    return ".".join(version("anywidget").split(".")[:2])
