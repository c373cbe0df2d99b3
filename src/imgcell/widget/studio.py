"""The Studio: prompt box, references, masks and results in a cell."""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeVar

from imgcell.client import Client
from imgcell.client.run import interrupted_sentence
from imgcell.errors import InvalidJobError
from imgcell.jobs import Edit, Generate, Job
from imgcell.language import tr
from imgcell.pictures.picture import Picture
from imgcell.pictures.sheet import Sheet
from imgcell.widget import drafts
from imgcell.widget.inside import Inside
from imgcell.widget.showing import show

if TYPE_CHECKING:
    from imgcell.widget.model import StudioModel

__all__ = ["Studio"]

Listener = TypeVar("Listener", bound=Callable[[Picture], object])


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
        self._inside = Inside(client or Client(provider), prompt, names)
        self._calls = itertools.count(1)
        if references is not None and not (isinstance(references, (list, tuple)) and not references):
            self.references = references
        if mask is not None:
            self.mask = mask
        if bind is not None:
            self.bind = bind

    # -- the results -------------------------------------------------------------------------------------------

    @property
    def sheet(self) -> Sheet:
        """The pictures that this Studio made, in the order in which they were asked for, without those deleted.

        A Studio keeps its newest 500; older ones are in the library (:func:`imgcell.history`).
        """
        return self._inside.sheet

    @property
    def selected(self) -> Sheet:
        """The pictures that are selected in the page, in the order of the selection; also those of its history."""
        return self._inside.pictures(self._inside.model.view["selected"])

    @property
    def last(self) -> Picture | None:
        """The newest picture of this Studio, or ``None``."""
        return max(self.sheet, key=lambda picture: picture.record.created, default=None)

    @property
    def widget(self) -> StudioModel:
        """The widget itself, for layouts (``ipywidgets.VBox([studio.widget])``) and for marimo."""
        return self._inside.model

    # -- the form ----------------------------------------------------------------------------------------------

    @property
    def draft(self) -> Job | None:
        """What is in the form, as a job; of a sweep the first; ``None`` while there is no prompt.

        Setting it fills the form, and leaves the providers as they are.

        Raises:
            InvalidJobError: The form asks for nothing that can be made, or the job says what the form has no place for.
        """
        form = self._inside.form
        return self._inside.errands(form)[0].job if form["prompt"].strip() else None

    @draft.setter
    def draft(self, job: Job) -> None:
        if not isinstance(job, Generate):
            raise InvalidJobError(tr("draft is a Generate or an Edit, not {kind}.", kind=type(job).__name__))
        form = self._inside.form
        keys = self._inside.added(job.images) if isinstance(job, Edit) else []
        mask = self._inside.stencil(job.mask, keys) if isinstance(job, Edit) and job.mask is not None else None
        self._inside.suggest(drafts.draft_of(job, form, keys, mask))

    @property
    def references(self) -> list[Any]:
        """The pictures in the tray, as an edit is given them.  Setting it fills the tray.

        Raises:
            InvalidJobError: Something is no picture.
        """
        return [self._inside.tray.get(key).value for key in self._inside.form["references"]]

    @references.setter
    def references(self, pictures: Any) -> None:
        keys = self._inside.added(pictures if isinstance(pictures, (list, tuple)) else [pictures]) if pictures is not None else []
        form = self._inside.form
        mask = form["mask"] if form["references"][:1] == keys[:1] else None
        self._inside.suggest({**form, "references": keys, "mask": mask})

    @property
    def mask(self) -> Any:
        """What is painted, as a PIL image (mode L, white = edit here), or ``None``; ``imgcell.Mask(studio.mask)`` is the value.

        Set it to whatever an edit takes as a mask.

        Raises:
            InvalidJobError: It is no mask for the first reference, or there is no reference.
        """
        key = self._inside.form["mask"]
        return self._inside.stencils.get(key).mask.image if key is not None else None

    @mask.setter
    def mask(self, value: Any) -> None:
        form = self._inside.form
        self._inside.suggest({**form, "mask": self._inside.stencil(value, form["references"]) if value is not None else None})

    @property
    def bind(self) -> str | None:
        """Name of the variable that is kept up to date with :attr:`sheet`, or ``None``."""
        return self._inside.bind

    @bind.setter
    def bind(self, name: str | None) -> None:
        self._inside.bind = name

    # -- doing -------------------------------------------------------------------------------------------------

    def run(self, wait: bool = True, *, once: bool | None = None) -> Sheet:
        """Send what is in the form, as the Run button does.

        Args:
            wait: Whether to wait until all is there; an interrupt cancels what has not been sent.
            once: Take what the library has for the same job and the same inputs, and send only what is missing: the cell then
                pays nothing when the notebook is run again.  ``None`` is what the form says.

        Returns:
            The pictures of this run, and in ``errors`` what went wrong; without *wait*, those that are there at once (replayed
            ones): the others come into :attr:`sheet`.

        Raises:
            ImgcellError: Nothing was sent, or (with *wait*) not a single picture came.
        """
        form = self._inside.form
        if once is not None:
            form["once"] = bool(once)
        order = self._inside.place(form, f"python-{next(self._calls)}")
        if not wait:
            return self._inside.pictures(order.keys)
        try:
            while not order.over.wait(0.1):  # in slices, as an interrupt ends no longer wait on Windows
                pass
        except KeyboardInterrupt:
            print(interrupted_sentence(order.cancel(), tr("the library")), file=sys.stderr)
            raise
        self._inside.finished()
        sheet = self._inside.pictures(order.keys)
        for run in order.runs:
            for text in run.warnings:
                warnings.warn(text, stacklevel=2)
        errors = [error for error in order.errors if isinstance(error, Exception)]
        if errors and not len(sheet):
            raise errors[0]
        return Sheet(sheet, errors=errors, running=False)

    def cancel(self) -> int:
        """Send nothing more; return how many requests were sent already and are still received.  Again: let go of those."""
        return self._inside.orders.cancel(None)

    def on_result(self, function: Listener) -> Listener:
        """Have *function* called with every picture that comes, on a thread of imgcell's own; usable as a decorator."""
        if not callable(function):
            raise InvalidJobError(tr("on_result takes a function."))
        self._inside.listeners.append(function)
        return function

    # -- showing -----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Take the widget out of every page; what is under way goes on and is kept in the library."""
        self.widget.close()

    def _ipython_display_(self) -> None:
        show(self.widget, repr(self))
        self._inside.displayed()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget._repr_mimebundle_(**kwargs)

    def _display_(self) -> Any:
        # marimo asks for this.
        return self.widget

    def __repr__(self) -> str:
        return f"Studio({self._inside.client.provider.name!r}, pictures={len(self.sheet)})"
