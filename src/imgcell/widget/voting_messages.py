"""What the page of a vote and the kernel say to each other; as in :mod:`imgcell.widget.protocol`, in a protocol of its own.

Nothing here names an entry, a model or a picture before the results are asked for: what stands where is known by tokens that
are drawn anew for every pair.  ``js/src/vote/protocol.ts`` is generated from this module.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from imgcell.widget.limits import Most, Span

__all__ = ["REPLIES", "REQUESTS", "Fetch", "FetchOk", "Rater", "Results", "Turn", "TurnOk", "VoteReady", "VoteReadyOk"]

_Name = Annotated[str, Most(100)]
_Token = Annotated[str, Most(64)]
_Language = Literal["en", "zh-CN"]


class Side(TypedDict):
    """One of two pictures: where its pixels are, and how large it is shown at most."""

    token: str
    width: int
    height: int


class Turn(TypedDict):
    """What a rater is asked, and how far everybody has come.

    ``done``: votes of this rater; ``place`` of ``pairs`` in the turn ``round``.  ``more``: about how many more votes until the
    intervals separate; 0 where they have, null where that cannot be said.  ``seen``: this rater has looked at the results.
    """

    rater: str
    pair: str
    left: Side
    right: Side
    done: int
    votes: int
    raters: int
    round: int
    place: int
    pairs: int
    more: int | None
    seen: bool


class VoteReady(TypedDict):
    """The page is there (again).  ``buffers_probe``: whether three bytes (1, 2, 3) come with it; ``base64``: it gets no buffers.

    ``rater``: who sits there; null is whoever Python named.
    """

    version: Annotated[str, Most(32)]
    buffers_probe: bool
    base64: bool
    language: _Language
    rater: _Name | None


class VoteReadyOk(TypedDict):
    """``buffers``: whether the probe came; the reply carries the same three bytes.  ``question``: null is the page's own."""

    version: str
    buffers: bool
    question: str | None
    turn: Turn
    warning: str | None


class Rater(TypedDict):
    """Somebody sits before the page."""

    rater: _Name
    language: _Language


class TurnOk(TypedDict):
    """What is asked now."""

    turn: Turn


class Fetch(TypedDict):
    """The pixels of one side."""

    token: _Token
    base64: bool


class FetchOk(TypedDict):
    """Comes with one buffer, or with ``data``."""

    media_type: str
    data: str | None


class Cast(TypedDict):
    """A vote on a pair; the same pair again counts once.  ``ms``: how long it was looked at."""

    pair: _Token
    choice: Literal["left", "right", "tie", "bad"]
    ms: Annotated[int, Span(0, 86_400_000)]
    rater: _Name
    language: _Language


class Standing(TypedDict):
    """One line of the ranking; numbers are null while no votes connect it with the others."""

    entry: str
    strength: float | None
    low: float | None
    high: float | None
    rank: int | None
    best: int | None
    worst: int | None
    wins: int
    losses: int
    ties: int
    bad: int


class Results(TypedDict):
    """The ranking, who was preferred to whom (rows over columns, and how often neither was), and how far raters agree."""

    standings: list[Standing]
    wins: list[list[int]]
    ties: list[list[int]]
    percent: float
    votes: int
    raters: int
    outlook: str
    agreement: str


class ResultsOk(TypedDict):
    """What the votes say so far."""

    results: Results
    turn: Turn


#: Kind of request -> its fields (beside ``kind`` and ``call``).
REQUESTS: dict[str, Any] = {"ready": VoteReady, "turn": Rater, "picture": Fetch, "vote": Cast, "undo": Rater, "results": Rater}
#: Kind of request -> what is in ``ok``.
REPLIES: dict[str, Any] = {
    "ready": VoteReadyOk,
    "turn": TurnOk,
    "picture": FetchOk,
    "vote": TurnOk,
    "undo": TurnOk,
    "results": ResultsOk,
}
