"""What the kernel tells the page: pictures, providers, references, masks.  Part of :mod:`imgcell.widget.protocol`."""

from __future__ import annotations

from typing import Literal, TypedDict

__all__ = [
    "Busy",
    "Card",
    "Facts",
    "FieldFacts",
    "FieldProblem",
    "Got",
    "Honored",
    "ImageFacts",
    "MaskFacts",
    "ModelFacts",
    "Money",
    "Outside",
    "Problem",
    "ProviderFacts",
    "Reference",
    "Span",
    "State",
    "Step",
    "Variable",
]


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


class Honored(TypedDict):
    """One thing that was asked for, and what came; ``met`` is null where nobody knows."""

    name: str
    asked: str
    got: str | None
    met: bool | None


class Span(TypedDict):
    """A stretch of the prompt as the provider rewrote it."""

    kind: Literal["same", "added", "removed"]
    text: str


State = Literal["queued", "sending", "working", "receiving", "partial", "done", "failed", "unknown", "cancelled"]


class Outside(TypedDict):
    """What a masked edit did where it should have done nothing: which part changed, 0 to 1; (right, down) in pixels, if it was shifted."""

    changed: float
    shift: list[float]


class Card(TypedDict):
    """One picture, made, failed or on its way.

    ``key`` is unique and stays the same for as long as the card is shown; a picture of the library is named by its id
    instead, wherever a card's key is asked for.  ``call`` is that of the run it belongs to ("" for the library's).
    ``began`` is milliseconds since 1970, ``created`` ISO 8601.  ``asked`` holds the fields that the user named,
    ``effective`` what the provider says it did and what was measured; ``honored`` sets the two side by side.  ``rewritten``
    is the prompt with what the provider took away and added, empty if it rewrote nothing.  ``message`` says in words what
    is going on.
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
    honored: list[Honored]
    rewritten: list[Span]
    got: Got | None
    seconds: float | None
    cost: Money | None
    notes: list[str]
    outside: Outside | None
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
