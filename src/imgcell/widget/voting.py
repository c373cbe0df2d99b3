"""A blind vote in a cell: :func:`vote`."""

from __future__ import annotations

import html
import os
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets

from imgcell.errors import InvalidJobError
from imgcell.language import current as language
from imgcell.language import speaking, tr
from imgcell.static import asset, unbuilt
from imgcell.votes.study import Study
from imgcell.widget.channel import Channel
from imgcell.widget.limits import VERSION
from imgcell.widget.showing import listen, show
from imgcell.widget.voting_booth import Booth
from imgcell.widget.voting_messages import REQUESTS

if TYPE_CHECKING:
    from imgcell.votes import Votes
    from imgcell.votes.candidates import By

__all__ = ["Vote", "VoteModel", "vote"]

#: The page's style sheet hides what stands for it where it is not.
_HIDING = "\n.imgcell-vote-static{display:none}\n"
_LONGEST = 300


class VoteModel(anywidget.AnyWidget):
    """What page and kernel share: one trait, which the kernel writes, and messages.

    Args:
        booth: What answers.
    """

    _esm: ClassVar[str] = asset("vote.js", unbuilt("vote"))
    _css: ClassVar[str] = asset("vote.css", "") + _HIDING

    facts: Any = traitlets.Dict().tag(sync=True)

    def __init__(self, booth: Booth) -> None:
        # traitlets' notifications are not made for several threads at once.
        self._turn = threading.RLock()
        self._booth = booth
        self._channel = Channel(booth.handlers, lambda message, buffers: self.send(message, buffers), REQUESTS)  # noqa: PLW0108  # the comm is made after it
        super().__init__(facts={"version": VERSION, "language": language(), "rater": booth.rater})
        listen(self, self._take)

    def _take(self, content: Any, buffers: Any) -> None:
        # Errors, too, are told in the language of the page that asks.
        said = content.get("language") if isinstance(content, dict) else None
        with speaking(said if isinstance(said, str) else self._booth.language):
            self._channel.take(content, buffers)

    def set_state(self, sync_data: Any) -> None:
        """Put right whatever a page writes: it has nothing to write."""
        wrong = [name for name in sync_data if name in self.keys] if isinstance(sync_data, dict) else []
        with self._turn:
            if wrong:
                self.send_state(wrong)


class Vote:
    """A blind vote in a cell; made by :func:`vote`, with the same arguments.

    Attributes:
        study: What is asked, and who was asked what; usable without the page: ``pair = vote.study.pair("Ann")``, then
            ``vote.study.cast(pair, "left")``.
    """

    def __init__(self, study: Study, question: str | None = None, rater: str = "") -> None:
        for name, text in (("question", question), ("rater", rater)):
            if text is not None and not isinstance(text, str):
                raise InvalidJobError(tr("{name} is text, not {kind}.", name=name, kind=type(text).__name__))
            if len(text or "") > (_LONGEST if name == "question" else 100):
                raise InvalidJobError(tr("{field} is too long: at most {most}.", field=name, most=_LONGEST if name == "question" else 100))
        self.study = study
        self._model = VoteModel(Booth(study, question, rater))

    @property
    def votes(self) -> Votes:
        """All votes so far, those of earlier sessions included: ``vote.votes.ranking()``, ``.to_pandas()``."""
        return self.study.votes

    @property
    def entries(self) -> tuple[str, ...]:
        """What is compared."""
        return self.study.entries

    @property
    def widget(self) -> VoteModel:
        """The widget itself, for layouts (``ipywidgets.VBox([vote.widget])``) and for marimo."""
        return self._model

    def close(self) -> None:
        """Take the widget out of every page; the votes stay."""
        self._model.close()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        show(self._model, repr(self))
        # What is seen where no page lives: not a word of who leads.
        said = (
            tr("A blind vote: one vote so far. Run this cell to go on.")
            if (count := len(self.votes)) == 1
            else tr("A blind vote: {count} votes so far. Run this cell to go on.", count=count)
        )
        display(  # type: ignore[no-untyped-call]  # IPython has no types here
            {"text/html": f'<div class="imgcell-vote-static">{html.escape(said)}</div>', "text/plain": said}, raw=True
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self._model._repr_mimebundle_(**kwargs)

    def _display_(self) -> Any:
        # marimo asks for this.
        return self._model

    def __repr__(self) -> str:
        return f"Vote(entries={len(self.entries)}, votes={len(self.votes)}, raters={len(self.votes.raters)})"


def vote(
    sheet_or_pictures: Any,
    by: By = None,
    *,
    question: str | None = None,
    rater: str = "",
    name: str | None = None,
    active: bool = False,
    seed: int = 0,
    library: str | os.PathLike[str] | bool | None = None,
) -> Vote:
    """Ask which of two pictures is better, blindly: pair after pair, in a balanced random order, with names hidden.

    ::

        vote = imgcell.vote(sheet, by="model")     # the last line of a cell shows it
        vote.votes.ranking()                       # strengths with intervals, whenever you like
        vote.votes.to_pandas()                     # the raw votes

    Pages are given pixels and random tokens only: no names, and both pictures as PNG with the same long side.  Every vote is
    in the library before the next pair is shown; the same sheet, also after a restart, goes on where it was.

    Args:
        sheet_or_pictures: A sheet (one that still fills is waited for), whatever has one (a Sweep, a Studio), pictures, or a
            mapping of entries to their pictures: ``{"before": a, "after": b}``.
        by: What is compared: an axis or a fact (``"model"``, ``"quality"``, …), several, ``"picture"`` for each picture by
            itself, or a function of a picture.  Pairs are of pictures that have everything else (such as the prompt) in common.
            ``None`` is whatever differs beside prompt and input images.
        question: What stands above the pair, at most 300 characters.
        rater: Who sits there, at most 100 characters; can be changed in the page.
        name: What the study is called; the same name goes on with the same votes, also with other pictures.
        active: Whether pairs come first that tell most about the ranking, instead of all by turns.
        seed: Another seed, another order.
        library: Folder of another library than the user's own; ``False`` keeps the votes in memory only.

    Raises:
        InvalidJobError: There is nothing to compare, or a value is none that it can have.
        StorageError: Votes that are there cannot be read.
    """
    study = Study(sheet_or_pictures, by, name=name, active=active, seed=seed, library=library)
    return Vote(study, question, rater)
