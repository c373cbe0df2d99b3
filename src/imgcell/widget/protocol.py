"""What page and kernel say to each other (DESIGN.md section 6): the one source of both sides.

``python -m imgcell.widget.generate`` writes ``js/src/protocol.ts`` from this module, and
:mod:`imgcell.widget.checking` reads the same annotations to refuse whatever a page sends that is not said here.

Every key is always there; what is not known is ``None``.  A page asks ``{kind, call, …}`` and gets exactly one
``{kind: "<kind>-reply", call, ok}`` or ``{…, error: {message, hint, kind}}``; pixels travel as the message's one buffer, or,
where the host loses buffers, as base64 text in ``data``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

__all__ = ["EVENTS", "LIMITS", "REPLIES", "REQUESTS", "Bytes", "Each", "Most", "Span"]

# -- how much of anything a page may send ------------------------------------------------------------------------


@dataclass(frozen=True)
class Most:
    """Text of so many characters at most, or a list of so many things."""

    count: int


@dataclass(frozen=True)
class Each:
    """The texts of a list: each of so many characters at most."""

    count: int


@dataclass(frozen=True)
class Span:
    """A number from *low* to *high*, both included."""

    low: int
    high: int


@dataclass(frozen=True)
class Bytes:
    """The request carries one buffer of so many bytes at most; its base64 text may be in ``data`` instead."""

    count: int


#: 1 MiB: a message over 10 MiB closes the socket between page and server (GROUND.md section 4).
PIECE = 1 << 20
UPLOAD = 50_000_000
#: A mask of 4096 x 4096 pixels is one PNG in one message; white noise of that size is no mask anybody paints.
MASK = 9_000_000
REFERENCES = 16
PICTURES = 100

#: What the page may know of it beforehand.
LIMITS: dict[str, int] = {
    "piece": PIECE,
    "upload": UPLOAD,
    "mask": MASK,
    "prompt": 100_000,
    "extra": 20_000,
    "references": REFERENCES,
    "pictures_per_request": 10,
    "pictures_per_run": PICTURES,
    "history_page": 100,
}

Call = Annotated[str, Most(64)]
Key = Annotated[str, Most(100)]
Sha = Annotated[str, Most(64)]
Word = Annotated[str, Most(200)]
Words = Annotated[list[str], Most(32), Each(200)]
#: Names as users give them: of files, variables, masks.
Name = Annotated[str, Most(300)]
Base64 = Annotated[str, Most(9_900_000)]

# -- facts: written by the kernel --------------------------------------------------------------------------------


class Problem(TypedDict):
    """Why something did not work: what happened, what to do next (or null), and the class of the error."""

    message: str
    hint: str | None
    kind: str


class FieldProblem(TypedDict):
    """What is wrong with a draft, and at which of its fields ("" where it is none in particular)."""

    field: str
    message: str


class Money(TypedDict):
    """An amount and how it is known: "billed", "computed", "estimated" or "free"."""

    amount: float
    currency: str
    basis: str


class Got(TypedDict):
    """What came: pixels as displayed, "PNG" | "JPEG" | "WEBP", bytes."""

    width: int
    height: int
    format: str
    bytes: int


State = Literal["queued", "sending", "working", "receiving", "partial", "done", "failed", "unknown", "cancelled"]


class Card(TypedDict):
    """One picture, made, failed or on its way.

    ``key`` is unique and stays the same for as long as the card is shown; a picture of the library is named by its id
    instead, wherever a card's key is asked for.  ``call`` is that of the run it belongs to ("" for the library's).
    ``began`` is milliseconds since 1970, ``created`` ISO 8601.  ``asked`` holds the fields that the user named,
    ``effective`` what the provider says it did.  ``message`` says in words what is going on.
    """

    key: str
    state: State
    call: str
    id: str | None
    sha: str | None
    prompt: str
    provider: str
    model: str | None
    kind: Literal["generate", "edit"]
    asked: dict[str, str | int | bool]
    effective: dict[str, str | int | bool]
    got: Got | None
    seconds: float | None
    cost: Money | None
    notes: list[str]
    message: str
    error: Problem | None
    stars: int
    tags: list[str]
    note: str
    mask: bool
    parents: list[str]
    label: str
    created: str
    began: int | None
    replayed: bool
    deleted: bool


class FieldFacts(TypedDict):
    """What a model does with one of our words: "body" and "prompt" are taken, "refused" is not."""

    values: list[str]
    closed: bool
    default: str | None
    min: int | None
    max: int | None
    place: Literal["body", "prompt", "refused"]
    note: str


class ImageFacts(TypedDict):
    """What a model takes as input pictures."""

    most: int
    types: list[str]
    max_bytes: int


class ModelFacts(TypedDict):
    """What one model takes; a word that is not in ``fields`` is not taken.  ``prompt_unit`` is what the limit counts."""

    name: str
    prompt_limit: int | None
    prompt_unit: Literal["characters", "bytes"]
    fields: dict[str, FieldFacts]
    images: ImageFacts
    edits: bool
    mask: bool
    streams: bool
    streams_edits: bool
    pictures_per_call: int


class ProviderFacts(TypedDict):
    """One provider.  ``other`` is what holds for models that are in no list: their names are free text."""

    name: str
    title: str
    key: bool
    key_hint: str
    free: bool
    default_model: str | None
    models: list[ModelFacts]
    other: ModelFacts
    free_text_models: bool


class Busy(TypedDict):
    """What is under way, over all runs; ``calls`` are the runs that can be cancelled.  ``calls`` is empty when nothing is."""

    calls: list[str]
    pictures: int
    done: int
    began: int | None
    message: str


class Facts(TypedDict):
    """What holds for the whole Studio."""

    version: str
    language: str
    bound: str | None
    limits: dict[str, int]
    library: bool
    paused: bool


class Reference(TypedDict):
    """A picture that an edit can be about.  ``sha`` is what ``fetch-image`` takes; ``id`` the library's, if it came from there."""

    key: str
    name: str
    width: int
    height: int
    media_type: str
    bytes: int
    sha: str
    id: str | None
    notes: list[str]


class MaskFacts(TypedDict):
    """A mask: white where to edit; ``share`` of the pixels, 0 to 1.  ``sha`` is what ``fetch-image`` takes (a grey PNG)."""

    mask: str
    name: str
    width: int
    height: int
    share: float
    sha: str


class Variable(TypedDict):
    """A variable of the kernel that is a picture, or several."""

    name: str
    kind: str
    width: int
    height: int
    count: int


class Step(TypedDict):
    """One step of a chain of edits, oldest first; ``sha`` is null where the picture is gone."""

    id: str
    sha: str | None
    prompt: str
    modified: bool
    mask_sha: str | None
    provider: str
    model: str | None
    cost: Money | None
    size: list[int]
    created: str


# -- what the page writes ----------------------------------------------------------------------------------------


class Targets(TypedDict):
    """More than one of anything makes a sweep; an empty list leaves it to the default."""

    providers: Words
    models: Words
    sizes: Words
    qualities: Words


class Draft(TypedDict):
    """The form.  ``stream`` is how many partial pictures are asked for, null not to stream; ``extra`` the text of a JSON object."""

    v: Literal[1]
    prompt: Annotated[str, Most(100_000)]
    targets: Targets
    n: Annotated[int, Span(1, 10)]
    background: Word | None
    output_format: Word | None
    output_compression: Annotated[int, Span(0, 100)] | None
    moderation: Word | None
    style: Word | None
    input_fidelity: Word | None
    stream: Annotated[int, Span(0, 3)] | None
    extra: Annotated[str, Most(20_000)]
    references: Annotated[list[str], Most(REFERENCES), Each(100)]
    mask: Key | None
    once: bool


class View(TypedDict):
    """How the page looks at its cards; ``selected`` and ``open`` are keys (or ids of the library)."""

    sort: Annotated[str, Most(32)]
    filter: Annotated[str, Most(32)]
    text: Annotated[str, Most(500)]
    selected: Annotated[list[str], Most(1000), Each(100)]
    open: Key | None
    tab: Annotated[str, Most(32)]


# -- requests ----------------------------------------------------------------------------------------------------


class Nothing(TypedDict):
    """No fields."""


class Ready(TypedDict):
    """The page is there (again).  ``buffers_probe``: whether three bytes (1, 2, 3) come with it; ``base64``: it gets no buffers."""

    version: Annotated[str, Most(32)]
    buffers_probe: bool
    base64: bool


class ReadyOk(TypedDict):
    """``buffers``: whether the probe came; the reply carries the same three bytes.  ``draft``: what Python put into the form.

    Partial pictures of what is under way follow as ``preview`` messages.
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


#: Kind of request -> its fields (beside ``kind`` and ``call``).
REQUESTS: dict[str, Any] = {
    "ready": Ready,
    "fetch-image": FetchImage,
    "estimate": Estimate,
    "run": Run,
    "cancel": Cancel,
    "retry": Retry,
    "resume": Resume,
    "upload-start": UploadStart,
    "upload-piece": UploadPiece,
    "upload-end": Upload,
    "upload-cancel": Upload,
    "reference-from-card": ReferenceFromCard,
    "reference-from-variable": ReferenceFromVariable,
    "references": Nothing,
    "remove-reference": RemoveReference,
    "variables": Nothing,
    "mask": Mask,
    "mask-from-variable": MaskFromName,
    "save-mask": SaveMask,
    "load-mask": MaskFromName,
    "masks": Nothing,
    "star": Star,
    "note": Note,
    "tag": Tag,
    "delete": CardKeys,
    "restore": CardKeys,
    "history": History,
    "lineage": Lineage,
    "code": Code,
    "bind": Bind,
}

#: Kind of request -> what is in ``ok``.
REPLIES: dict[str, Any] = {
    "ready": ReadyOk,
    "fetch-image": FetchImageOk,
    "estimate": EstimateOk,
    "run": Cards,
    "cancel": CancelOk,
    "retry": Cards,
    "resume": Nothing,
    "upload-start": UploadStartOk,
    "upload-piece": UploadPieceOk,
    "upload-end": ReferenceOk,
    "upload-cancel": Nothing,
    "reference-from-card": ReferenceOk,
    "reference-from-variable": ReferenceOk,
    "references": References,
    "remove-reference": Nothing,
    "variables": Variables,
    "mask": MaskOk,
    "mask-from-variable": MaskOk,
    "save-mask": Saved,
    "load-mask": MaskOk,
    "masks": Masks,
    "star": Counted,
    "note": Counted,
    "tag": Counted,
    "delete": Counted,
    "restore": Counted,
    "history": HistoryOk,
    "lineage": LineageOk,
    "code": CodeOk,
    "bind": BindOk,
}

#: Requests with one buffer, and how large it may be.
BUFFERS: dict[str, int] = {"ready": 3, "upload-piece": PIECE, "mask": MASK}


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


#: Kind of message -> its fields.
EVENTS: dict[str, Any] = {"suggest": Suggest, "changed": Changed, "preview": Preview, "variables-changed": VariablesChanged}

#: Trait -> (who writes it, its type).
TRAITS: dict[str, tuple[str, Any]] = {
    "cards": ("kernel", list[Card]),
    "providers": ("kernel", list[ProviderFacts]),
    "busy": ("kernel", Busy),
    "facts": ("kernel", Facts),
    "draft": ("page", Draft),
    "view": ("page", View),
}
