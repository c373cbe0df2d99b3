"""What the page writes: the form, and how it looks at its cards.  Part of :mod:`imgcell.widget.protocol`."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from imgcell.widget.limits import REFERENCES, Each, Key, Most, Span, Word, Words

__all__ = ["Draft", "Targets", "View"]


class Targets(TypedDict):
    """More than one of anything makes a sweep; an empty list leaves it to the default."""

    providers: Words
    models: Words
    sizes: Words
    qualities: Words


class Draft(TypedDict):
    """The form.  ``stream`` is how many partial pictures are asked for, null not to stream; ``extra`` the text of a JSON object.

    ``keep`` puts the first reference's own pixels back outside of the mask.
    """

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
    keep: bool
    once: bool


class View(TypedDict):
    """How the page looks at its cards; keys (or ids of the library) in ``selected`` and ``open``; its ``language`` ("": the kernel's)."""

    sort: Annotated[str, Most(32)]
    filter: Annotated[str, Most(32)]
    text: Annotated[str, Most(500)]
    selected: Annotated[list[str], Most(1000), Each(100)]
    open: Key | None
    tab: Annotated[str, Most(32)]
    language: Annotated[str, Most(16)]
