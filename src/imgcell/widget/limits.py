"""How much of anything a page may send, and the marks by which :mod:`imgcell.widget.protocol` says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

__all__ = ["LIMITS", "MASK", "PIECE", "UPLOAD", "VERSION", "Base64", "Call", "Each", "Key", "Most", "Name", "Sha", "Span", "Word", "Words"]


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


#: Of the protocol; another one when a page of before could not go on.
VERSION = "1"

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
