"""The vocabulary of one conversation with an endpoint.

A *flow* is a generator.  It yields what it wants done and is sent what came of it:

==================  ==========================================================================
yields              is sent
==================  ==========================================================================
:class:`Call`       :class:`Reply`
:class:`NextEvent`  :class:`Event`, or ``None`` at the end of the stream
:class:`Pause`      ``None``, after that many seconds
:class:`Partial`    ``None``
:class:`Final`      ``None``
==================  ==========================================================================

It raises an :class:`imgcell.errors.ImgcellError` when the answer is not what was paid for, and returns when
all is said.  Nothing here knows httpx, asyncio, files or keys; a flow is tested with ``next()`` and ``.send()``.
Whoever drives it (``transport.py``) adds the address of the provider, the key, deadlines and the ledger.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from imgcell.jobs import InputImage

__all__ = ["Call", "Event", "Extract", "Final", "Flow", "FormBody", "JsonBody", "NextEvent", "Partial", "Pause", "Reply"]


class Extract(Protocol):
    """Bytes of a picture that were taken out of an answer while it arrived (see ``wire/body.py``).

    Where they are (memory, a file) is the business of whoever made it.
    """

    @property
    def size(self) -> int:
        """Bytes written so far."""

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Append decoded bytes."""

    def read(self) -> bytes:
        """Return all bytes."""


@dataclass(frozen=True)
class JsonBody:
    """A JSON document.  An :class:`InputImage` anywhere in it travels as a data URL (or as its own URL)."""

    document: Mapping[str, Any]


@dataclass(frozen=True)
class FormBody:
    """multipart/form-data: text fields and files, in this order; a name may stand several times."""

    fields: tuple[tuple[str, str | InputImage], ...]


@dataclass(frozen=True)
class Call:
    """A request to send.

    Attributes:
        method: ``"POST"`` or ``"GET"``.
        path: Below the provider's base URL (``"images/generations"``), or an absolute ``http(s)`` URL to download.
        body: What to send.
        stream: Whether server-sent events are asked for.
        paid: Whether sending it may cost money: such a call is journaled first and never repeated by itself.
        notes: What was left out, moved or changed on the way from the job to this call, in words.
    """

    method: str
    path: str
    body: JsonBody | FormBody | None = None
    stream: bool = False
    paid: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        status: HTTP status.
        headers: Lower-case names.
        media_type: Of the answer, lower case, without parameters.
        document: The JSON document, its long base64 strings replaced by :class:`Extract`; ``None`` if it is not JSON.
        text: The body as text if it is neither JSON nor a picture (at most 64 KiB of it).
        image: The body, if it is a picture itself.
        events: True if this is an event stream whose events are to be asked for with :class:`NextEvent`.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = ""
    document: Any = None
    text: str = ""
    image: Extract | None = None
    events: bool = False


@dataclass(frozen=True)
class Event:
    """One server-sent event: its name (or ``""``) and its data as JSON, or as text if it is not JSON."""

    name: str
    document: Any


@dataclass(frozen=True)
class NextEvent:
    """Ask for the next event of the stream."""


@dataclass(frozen=True)
class Pause:
    """Ask to wait."""

    seconds: float


@dataclass(frozen=True)
class Partial:
    """A preview of a picture that is still being made."""

    image: Extract
    index: int


@dataclass(frozen=True)
class Final:
    """A finished picture and what the answer says of it.

    Attributes:
        image: Its bytes.
        url: Where it was fetched from, if it was.
        revised_prompt: The prompt as the provider rewrote it, if it says so.
        facts: size, quality, background, output_format and created, as far as the answer states them.
        usage: Token counts as the answer states them, once per answer (on its first picture).
        notes: What the user should know of this picture, in words ("2 pictures asked for, 1 came").
        share: How many pictures the answer's last *usage* is for: all of a whole answer's, one in a stream.
        came: How many pictures the answer holds; ``None`` while a stream may still bring more.
    """

    image: Extract
    url: str | None = None
    revised_prompt: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    usage: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    share: int = 1
    came: int | None = None


Step: TypeAlias = "Call | NextEvent | Pause | Partial | Final"
Flow: TypeAlias = Generator[Step, "Reply | Event | None", None]
