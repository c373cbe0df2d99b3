"""Requests of the page, their answers, and what the kernel says by itself.  Part of :mod:`imgcell.widget.protocol`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from imgcell.widget.facts import (
    Card,
    FieldProblem,
    MaskFacts,
    Reference,
    Step,
    Variable,
)
from imgcell.widget.form import Draft
from imgcell.widget.limits import (
    PIECE,
    UPLOAD,
    Base64,
    Call,
    Each,
    Key,
    Most,
    Name,
    Sha,
    Span,
    Word,
)

__all__ = [
    "Bind",
    "BindOk",
    "Cancel",
    "CancelOk",
    "CardKeys",
    "Cards",
    "Changed",
    "Code",
    "CodeOk",
    "CompareOk",
    "Counted",
    "Estimate",
    "EstimateOk",
    "FetchImage",
    "FetchImageOk",
    "History",
    "HistoryOk",
    "Lineage",
    "LineageOk",
    "Mask",
    "MaskFromName",
    "MaskOk",
    "Masks",
    "Note",
    "Nothing",
    "Part",
    "PartOk",
    "Preview",
    "Ready",
    "ReadyOk",
    "ReferenceFromCard",
    "ReferenceFromVariable",
    "ReferenceOk",
    "References",
    "RemoveReference",
    "Resume",
    "Retry",
    "Run",
    "SaveMask",
    "Saved",
    "Star",
    "Suggest",
    "Tag",
    "Upload",
    "UploadPiece",
    "UploadPieceOk",
    "UploadStart",
    "UploadStartOk",
    "Variables",
    "VariablesChanged",
]


class Nothing(TypedDict):
    """No fields."""


class Ready(TypedDict):
    """The page is there (again).  ``buffers_probe``: whether three bytes (1, 2, 3) come with it; ``base64``: it gets no buffers."""

    version: Annotated[str, Most(32)]
    buffers_probe: bool
    base64: bool


class ReadyOk(TypedDict):
    """``version``: the kernel's protocol.  ``buffers``: whether the probe came; the reply carries the same three bytes.

    ``draft``: what Python put into the form.  Partial pictures of what is under way follow as ``preview`` messages.
    """

    version: str
    buffers: bool
    draft: Draft | None
    references: list[Reference]
    mask: MaskFacts | None
    warning: str | None


class FetchImage(TypedDict):
    """Pixels by hash: fitted into a square of *box* pixels, or the original bytes; ``base64`` where buffers do not come."""

    sha: Sha
    box: Literal[256, 512, 1024, "original"]
    base64: bool


class FetchImageOk(TypedDict):
    """Comes with one buffer, or with ``data``; ``media_type`` is "image/png", "image/jpeg" or "image/webp"."""

    media_type: str
    data: str | None


class Part(TypedDict):
    """A part of the page that few need: a bundle of its own."""

    part: Literal["mask", "compare"]


class PartOk(TypedDict):
    """The text of its module and of its style sheet."""

    script: str
    style: str


class CompareOk(TypedDict):
    """What the comparison shows (:class:`imgcell.comparison.document.Document`)."""

    document: dict[str, Any]


class Estimate(TypedDict):
    """What would this cost?"""

    draft: Draft


class EstimateOk(TypedDict):
    """``price`` is a text to show; ``amount`` is null where no price is known.  Nothing can be run while there are problems.

    ``ask``: a question that is put to the user before this is run: it is large.
    """

    price: str
    amount: float | None
    currency: str | None
    pictures: int
    requests: int
    replayed: int
    notes: list[str]
    problems: list[FieldProblem]
    ask: str | None


class Run(TypedDict):
    """Send it.  A nonce runs once: the same one again gives the same answer, and nothing is sent.

    ``cancel`` names it by this request's ``call``.
    """

    draft: Draft
    nonce: Key


class Cards(TypedDict):
    """The keys of the cards."""

    cards: list[str]


class Cancel(TypedDict):
    """Send nothing more for the run of this call, or nonce (null: for any); a second time lets go of what was sent, too."""

    target: Call | None


class CancelOk(TypedDict):
    """How many requests were sent already and are still received; the same in words."""

    sent: int
    message: str


class Resume(TypedDict):
    """Send to this provider again, after it paused itself (``facts.paused``)."""

    provider: Word


class Retry(TypedDict):
    """Ask again for the picture of a card that failed, was cancelled or is unknown."""

    card: Key
    nonce: Key


class UploadStart(TypedDict):
    """A file is going to come; ``sha256`` is null where the page cannot hash."""

    name: Name
    size: Annotated[int, Span(1, UPLOAD)]
    sha256: Sha | None


class UploadStartOk(TypedDict):
    """``piece``: bytes of each piece but the last.  ``reference``: it is known already, and nothing need be sent."""

    upload: str
    piece: int
    reference: Reference | None


class UploadPiece(TypedDict):
    """The next piece, in order."""

    upload: Key
    offset: Annotated[int, Span(0, UPLOAD)]
    data: Annotated[str, Most(PIECE * 4 // 3 + 8)] | None


class UploadPieceOk(TypedDict):
    """How many bytes there are now; where it is not what the page expected, it goes on from there."""

    received: int


class Upload(TypedDict):
    """An upload."""

    upload: Key


class ReferenceOk(TypedDict):
    """The picture, in the tray."""

    reference: Reference


class ReferenceFromCard(TypedDict):
    """Put the picture of a card (or of the library) into the tray."""

    card: Key


class ReferenceFromVariable(TypedDict):
    """Put a variable's picture into the tray."""

    name: Name


class References(TypedDict):
    """The tray, in the order of the draft, then what else is known."""

    references: list[Reference]


class RemoveReference(TypedDict):
    """Take a picture out of the tray."""

    reference: Key


class Variables(TypedDict):
    """The kernel's variables that are pictures."""

    variables: list[Variable]


class Mask(TypedDict):
    """A mask was painted on a reference: a PNG exactly as large, white where to edit, black or transparent elsewhere."""

    reference: Key
    data: Base64 | None


class MaskOk(TypedDict):
    """The mask as it is kept."""

    mask: MaskFacts


class MaskFromName(TypedDict):
    """Take a variable, or a saved mask, as the mask for a reference; its pixels come by ``fetch-image``."""

    name: Name
    reference: Key


class SaveMask(TypedDict):
    """Keep a mask under a name."""

    mask: Key
    name: Annotated[str, Most(100)]


class Saved(TypedDict):
    """The name it has."""

    name: str


class Masks(TypedDict):
    """The saved masks."""

    masks: list[MaskFacts]


class Star(TypedDict):
    """Give a picture stars."""

    id: Key
    stars: Annotated[int, Span(0, 5)]


class Note(TypedDict):
    """Write a note to a picture."""

    id: Key
    text: Annotated[str, Most(10_000)]


class Tag(TypedDict):
    """Set the tags of a picture."""

    id: Key
    tags: Annotated[list[str], Most(50), Each(100)]


class CardKeys(TypedDict):
    """Some cards, by key or id."""

    cards: Annotated[list[str], Most(1000), Each(100)]


class Counted(TypedDict):
    """How many it was done to."""

    count: int


class History(TypedDict):
    """A page of the library, newest first, from behind ``before`` (of the page before; null: from the beginning) on."""

    text: Annotated[str, Most(500)]
    before: Key | None
    limit: Annotated[int, Span(1, 100)]


class HistoryOk(TypedDict):
    """``before`` is what asks for the next page."""

    cards: list[Card]
    more: bool
    before: str | None


class Lineage(TypedDict):
    """The chain of edits that ends in this picture."""

    id: Key


class LineageOk(TypedDict):
    """The steps, oldest first."""

    steps: list[Step]


class Code(TypedDict):
    """The cell, or the Python, that makes this picture again; "edit": the beginning of a cell that edits it."""

    card: Key
    form: Literal["cell", "python", "edit"]


class CodeOk(TypedDict):
    """The text."""

    text: str


class Bind(TypedDict):
    """Keep a variable of this name up to date with the sheet; null stops that."""

    name: Annotated[str, Most(100)] | None


class BindOk(TypedDict):
    """The name in force."""

    bound: str | None


# -- what the kernel says by itself ------------------------------------------------------------------------------


class Suggest(TypedDict):
    """Python filled the form; ``references`` and ``mask`` are what the draft names."""

    draft: Draft
    references: list[Reference]
    mask: MaskFacts | None


class Changed(TypedDict):
    """These cards look different now, or are new; the trait follows."""

    cards: list[Card]


class Preview(TypedDict):
    """A partial picture of a card: one buffer, or ``data``."""

    card: str
    media_type: str
    data: str | None


class VariablesChanged(TypedDict):
    """The list of variables may have changed."""

    count: int
