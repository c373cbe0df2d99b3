"""A widget in a cell, and its messages: what the Studio, a comparison and a vote do alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget

__all__ = ["listen", "show"]


def show(widget: anywidget.AnyWidget, text: str) -> None:
    """Display *widget* in the cell that is running now; *text* is what a terminal shows of it."""
    from IPython.display import display

    made = widget._repr_mimebundle_()
    data, metadata = made if isinstance(made, tuple) else (made, {})
    display({**(data or {}), "text/plain": text}, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]  # IPython has no types here


def listen(widget: anywidget.AnyWidget, take: Callable[[Any, Any], None]) -> None:
    """Have *take* called with every message of the page and its buffers, on whatever thread it arrives."""
    widget.on_msg(lambda _, content, buffers: take(content, buffers))
    # ipykernel 7.4 sends what the page says to the shell that published last on this comm, which is busy with the very
    # cell that Cancel is about; the subshell that the page asks for is not (GROUND.md section 2).
    if hasattr(widget.comm, "_reply_subshell_for"):
        widget.comm._reply_subshell_for = lambda data, default: default
