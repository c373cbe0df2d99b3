"""The Studio: prompt box, references, masks and results in a cell."""

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
from imgcell.jobs import Edit, Generate, Job
from imgcell.language import current, tr
from imgcell.pictures.boxed import boxed
from imgcell.pictures.inputs import expand
from imgcell.pictures.picture import Picture
from imgcell.pictures.sheet import Sheet
from imgcell.portal import portal
from imgcell.widget import drafts, provided
from imgcell.widget.board import Board
from imgcell.widget.channel import Channel, beside, encoded
from imgcell.widget.desk import Desk
from imgcell.widget.facts import Facts, MaskFacts
from imgcell.widget.form import Draft
from imgcell.widget.limits import LIMITS
from imgcell.widget.messages import Suggest
from imgcell.widget.model import StudioModel
from imgcell.widget.names import Names, after_each_cell, check_name, shell
from imgcell.widget.orders import Order, Orders
from imgcell.widget.past import Past
from imgcell.widget.pixels import Pixels
from imgcell.widget.standin import StandIn
from imgcell.widget.stencils import Stencils
from imgcell.widget.tray import Tray
from imgcell.widget.uploads import Uploads

if TYPE_CHECKING:
    from pathlib import Path

    from imgcell.pictures.source import Source

__all__ = ["Studio"]

#: Seconds after which a page that has not answered is taken to be missing.
PATIENCE = 10.0

_callbacks = ThreadPoolExecutor(1, thread_name_prefix="imgcell-studio-callbacks")


class Studio:
    """Prompt box, references, mask and results in a cell; what comes is in the kernel as PIL images.

    ::

        studio = imgcell.Studio()      # the last line of a cell shows it
        studio.last                    # the newest picture
        studio.selected                # what is selected in the page

    Args:
        provider: Name of a profile; ``None`` as for :class:`imgcell.Client`.
        client: A client to use for its provider, instead of one made from *provider*.
        bind: Name of a variable that is kept up to date with :attr:`sheet`.
        references: Pictures to begin with: whatever :meth:`imgcell.Client.edit` takes.
        mask: A mask for the first of them.
        prompt: What to begin with.
        names: Where variables are looked up and *bind* is set; ``None`` is the notebook.

    Raises:
        InvalidJobError: For a provider that does not exist, or a reference or mask that is none.

    Everything that is sent goes through :meth:`imgcell.Client.submit`: journal, budgets and rate limits hold as everywhere.
    """

    def __init__(
        self,
        provider: str | None = None,
        *,
        client: Client | None = None,
        bind: str | None = None,
        references: Iterable[Any] | Any = (),
        mask: Any = None,
        prompt: str = "",
        names: MutableMapping[str, Any] | None = None,
    ) -> None:
        if client is not None and provider is not None and provider != client.provider.name:
            raise InvalidJobError(tr("Give provider= or client=, not both."))
        if not isinstance(prompt, str):
            raise InvalidJobError(tr("The prompt must be text, not {kind}.", kind=type(prompt).__name__))
        self.version = __version__
        self._client = client or Client(provider)
        self._clients: dict[str, Client] = {self._client.provider.name: self._client}
        self._lock = threading.RLock()
        self._bind = check_name(bind)
        self._listeners: list[Callable[[Picture], object]] = []
        self._suggested: Suggest | None = None
        self._base64 = self._seen = False
        self._sharpening: dict[str, Source] = {}
        self._state: frozenset[tuple[str, int]] | None = None
        self._calls = 0
        self.names = Names(names)
        self.tray, self.uploads = Tray(), Uploads()
        self.stencils = Stencils(self._folder("masks"))
        self._standin = StandIn()
        self.board = Board(
            lambda changed: self._channel.tell("changed", {"cards": changed}),
            lambda cards: self._model.write("cards", copy.deepcopy(cards)),
        )
        self.orders = Orders(self.board, self._sharpen, self._came, lambda busy: self._model.write("busy", dict(busy)), self.names.notebook)
        self.past = Past(lambda: self._client.library, self.board)
        self.pixels = Pixels(self._own_source, self._library_source)
        self._channel = Channel(Desk(self).handlers, lambda message, buffers: self._model.send(message, buffers))  # noqa: PLW0108  # the model is made after it
        self._model = StudioModel(
            self._channel.take,
            self._page_wrote,
            {
                "cards": [],
                "providers": self._providers(thorough=False),
                "busy": dict(self.orders.busy),
                "facts": dict(self._facts()),
                "draft": dict(drafts.blank(self._client.provider.name, prompt)),
                "view": {"sort": "newest", "filter": "all", "text": "", "selected": [], "open": None, "tab": "results"},
            },
        )
        if references is not None and not (isinstance(references, (list, tuple)) and not references):
            self.references = references
        if mask is not None:
            self.mask = mask
        self._bind_now()
        # A keyring may take its time, and may ask.
        beside(self._tell_providers)
        after_each_cell(self._after_cell)

    # -- the results -------------------------------------------------------------------------------------------

    @property
    def sheet(self) -> Sheet:
        """The pictures that this Studio made, in the order in which they were asked for, without those deleted."""
        entries = [entry for entry in self.board.entries() if entry.picture is not None and not entry.card["deleted"]]
        labels = [entry.card["label"] for entry in entries]
        return Sheet([entry.picture for entry in entries if entry.picture is not None], labels=labels if any(labels) else (), running=False)

    @property
    def selected(self) -> Sheet:
        """The pictures that are selected in the page, in the order of the selection; also those of its history."""
        found = []
        for key in self._model.view["selected"]:
            with contextlib.suppress(ImgcellError, OSError):
                found.append(self.past.picture(key))
        return Sheet(found, running=False)

    @property
    def last(self) -> Picture | None:
        """The newest picture of this Studio, or ``None``."""
        sheet = self.sheet
        return max(sheet, key=lambda picture: picture.record.created) if len(sheet) else None

    @property
    def widget(self) -> StudioModel:
        """The widget itself, for layouts (``ipywidgets.VBox([studio.widget])``) and for marimo."""
        return self._model

    # -- the form ----------------------------------------------------------------------------------------------

    @property
    def draft(self) -> Job | None:
        """What is in the form, as a job; of a sweep the first; ``None`` while there is no prompt.

        Setting it fills the form, and leaves the providers as they are.

        Raises:
            InvalidJobError: The form asks for nothing that can be made, or the job says what the form has no place for.
        """
        form = self.form
        return self.errands(form)[0].job if form["prompt"].strip() else None

    @draft.setter
    def draft(self, job: Job) -> None:
        if not isinstance(job, Generate):
            raise InvalidJobError(tr("draft is a Generate or an Edit, not {kind}.", kind=type(job).__name__))
        form = self.form
        keys = self._added(job.images) if isinstance(job, Edit) else []
        mask = self._stencil(job.mask, keys) if isinstance(job, Edit) and job.mask is not None else None
        self._suggest(drafts.draft_of(job, form, keys, mask))

    @property
    def references(self) -> list[Any]:
        """The pictures in the tray, as an edit is given them.  Setting it fills the tray.

        Raises:
            InvalidJobError: Something is no picture.
        """
        return [self.tray.get(key).value for key in self.form["references"]]

    @references.setter
    def references(self, pictures: Any) -> None:
        keys = self._added(pictures if isinstance(pictures, (list, tuple)) else [pictures]) if pictures is not None else []
        form = self.form
        mask = form["mask"] if form["references"][:1] == keys[:1] else None
        self._suggest({**form, "references": keys, "mask": mask})

    @property
    def mask(self) -> Any:
        """The mask as a PIL image (mode L, white where to edit), or ``None``.  Set it to whatever an edit takes as one.

        Raises:
            InvalidJobError: It is no mask for the first reference, or there is no reference.
        """
        key = self.form["mask"]
        return self.stencils.get(key).image.copy() if key is not None else None

    @mask.setter
    def mask(self, value: Any) -> None:
        form = self.form
        self._suggest({**form, "mask": self._stencil(value, form["references"]) if value is not None else None})

    @property
    def bind(self) -> str | None:
        """Name of the variable that is kept up to date with :attr:`sheet`, or ``None``."""
        return self._bind

    @bind.setter
    def bind(self, name: str | None) -> None:
        self._bind = check_name(name)
        self._bind_now()
        self.tell_facts()

    # -- doing -------------------------------------------------------------------------------------------------

    def run(self, wait: bool = True) -> Sheet:
        """Send what is in the form, as the Run button does.

        Args:
            wait: Whether to wait until all is there; an interrupt cancels what has not been sent.

        Returns:
            The pictures of this run; without *wait*, those that are there at once (replayed ones): the others come into
            :attr:`sheet`.

        Raises:
            ImgcellError: Nothing was sent, or (with *wait*) not a single picture came.
        """
        with self._lock:
            self._calls += 1
            call = f"python-{self._calls}"
        order = self.place(self.form, call)
        if not wait:
            return self._pictures(order)
        try:
            while not order.over.wait(0.1):
                pass
        except KeyboardInterrupt:
            order.cancel()
            raise
        self.board.flush(whole=True)
        sheet = self._pictures(order)
        errors = [error for run in order.runs for error in run.errors]
        if errors and not len(sheet):
            raise errors[0]
        return sheet

    def cancel(self) -> int:
        """Send nothing more; return how many requests were sent already and are still received.  Again: let go of those."""
        return self.orders.cancel(None)

    def on_result(self, function: Callable[[Picture], object]) -> Callable[[Picture], object]:
        """Have *function* called with every picture that comes, on a thread of imgcell's own; usable as a decorator."""
        if not callable(function):
            raise InvalidJobError(tr("on_result takes a function."))
        self._listeners.append(function)
        return function

    # -- showing -----------------------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        from IPython.display import display

        made = self._model._repr_mimebundle_()
        data, metadata = made if isinstance(made, tuple) else (made, {})
        display({**(data or {}), "text/plain": repr(self)}, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]  # IPython has no types here
        self._standin.show(self.sheet)
        found = shell()
        if not self._seen and getattr(found, "kernel", None) is not None:
            current_portal = portal()
            current_portal.call(lambda: current_portal.loop.call_later(PATIENCE, self._missed))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self._model._repr_mimebundle_(**kwargs)

    def _display_(self) -> Any:
        # marimo asks for this.
        return self._model

    def __repr__(self) -> str:
        return f"Studio({self._client.provider.name!r}, pictures={len(self.sheet)})"

    # -- for the desk: on its threads --------------------------------------------------------------------------

    @property
    def form(self) -> Draft:
        """The form as it stands: what Python has put into it, until the page has taken that over."""
        suggestion = self.suggestion()
        form: Draft = suggestion["draft"] if suggestion is not None else self._model.draft
        return copy.deepcopy(form)

    def suggestion(self) -> Suggest | None:
        """Return what the page has still to take over."""
        return self._suggested

    def errands(self, form: Draft) -> list[drafts.Errand]:
        """Return the jobs of a form."""
        return drafts.errands(form, self.client_of, lambda key: self.tray.get(key).value, lambda key: self.stencils.get(key).image)

    def place(self, form: Draft, call: str, nonce: str = "") -> Order:
        """Send for what is in a form."""
        return self.orders.place(self.errands(form), call, nonce=nonce, once=form["once"])

    def client_of(self, name: str | None) -> Client:
        """Return the client of a provider, made when it is first asked for; it shares the first one's library."""
        if name is None:
            return self._client
        with self._lock:
            if name not in self._clients:
                library = self._client.library
                self._clients[name] = Client(name, library=library.home if library is not None else False)
            return self._clients[name]

    def page_came(self, *, base64: bool) -> None:
        """A page is there (again): tell it what a reload has lost."""
        self._base64, self._seen = base64, True
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
        beside(lambda: self._standin.update(self.sheet))

    def tell_facts(self) -> None:
        """Write what holds for the whole Studio."""
        self._model.write("facts", dict(self._facts()))

    # -- inside ------------------------------------------------------------------------------------------------

    def _facts(self) -> Facts:
        return {
            "version": self.version,
            "language": current(),
            "bound": self._bind,
            "limits": dict(LIMITS),
            "library": self._client.library is not None,
            "paused": any(client.paused for client in list(self._clients.values())),
        }

    def _folder(self, name: str) -> Path | None:
        library = self._client.library
        return library.home / name if library is not None else None

    def _providers(self, *, thorough: bool) -> list[Any]:
        known = dict(self._clients)
        return [provided.provider_facts(one, known.get(one.name), thorough=thorough) for one in provided.usable(known)]

    def _tell_providers(self) -> None:
        told = self._providers(thorough=True)
        if told != self._model.providers:
            self._model.write("providers", told)

    def _added(self, pictures: Iterable[Any]) -> list[str]:
        return [self.tray.add(value, getattr(value, "name", None) or tr("picture")).facts["key"] for value in expand(list(pictures))]

    def _stencil(self, value: Any, references: list[str]) -> str:
        if not references:
            raise InvalidJobError(tr("A mask needs a picture that it belongs to."), hint=tr("Set studio.references first."))
        facts = self.tray.get(references[0]).facts
        return self.stencils.take(value, (facts["width"], facts["height"])).facts["mask"]

    def _suggest(self, form: Draft) -> None:
        with self._lock:
            key = form["mask"]
            made: Suggest = {
                "draft": form,
                "references": self.tray.listed(form["references"]),
                "mask": self.stencils.get(key).facts if key is not None else None,
            }
            self._suggested = made
        self._channel.tell("suggest", made)

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
        for function in list(self._listeners):
            _callbacks.submit(self._call, function, picture)

    def _call(self, function: Callable[[Picture], object], picture: Picture) -> None:
        try:
            function(picture)
        except Exception as error:  # noqa: BLE001 - a callback's fault must not cost a picture; the card says so
            with contextlib.suppress(InvalidJobError):
                entry = self.board.get(picture.record.id)
                text = tr("A callback failed: {error}", error=f"{type(error).__name__}: {error}"[:500])
                self.board.update(entry.card["key"], notes=[*entry.card["notes"], text])

    def _bind_now(self) -> None:
        if self._bind is not None:
            self.names.bind(self._bind, self.sheet)

    def _pictures(self, order: Order) -> Sheet:
        entries = [self.board.get(key) for key in list(order.keys)]
        return Sheet([entry.picture for entry in entries if entry.picture is not None], running=False)

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
        library = self._client.library
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
            beside(lambda: self._standin.warn(text, self.sheet))


def _anywidget() -> str:
    from importlib.metadata import version

    return ".".join(version("anywidget").split(".")[:2])
