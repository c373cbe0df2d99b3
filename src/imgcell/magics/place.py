"""Which cell of which notebook runs, as far as its front end says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Place", "place"]


@dataclass(frozen=True)
class Place:
    """Where a magic runs.

    Attributes:
        notebook: Path of the notebook, or ``None`` to leave it to :func:`imgcell.origin.origin`.
        cell: The cell's id in its notebook; ``None`` from front ends that do not tell it (nbclient, terminals).
        execution: Id of this run of the cell, another one each time; ``None`` outside of a kernel.
    """

    notebook: str | None
    cell: str | None
    execution: str | None


def place(ipython: Any) -> Place:
    """Return where the code runs that *ipython* executes now; what the front end sent is taken for text, if it is text."""
    message: Any = None
    if getattr(ipython, "kernel", None) is not None:
        get_parent = getattr(ipython, "get_parent", None)
        message = get_parent() if callable(get_parent) else getattr(ipython, "parent_header", None)
    # VS Code writes the notebook's path into the user's variables; Jupyter servers tell it in the environment.
    notebook = ipython.user_ns.get("__vsc_ipynb_file__")
    return Place(
        notebook if isinstance(notebook, str) else None,
        _text(message, "metadata", "cellId"),
        _text(message, "header", "msg_id"),
    )


def _text(message: Any, part: str, name: str) -> str | None:
    inner = message.get(part) if isinstance(message, Mapping) else None
    value = inner.get(name) if isinstance(inner, Mapping) else None
    return value if isinstance(value, str) and value else None
