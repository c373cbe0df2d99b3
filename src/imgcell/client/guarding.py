"""Asking leave right before a request goes out, where somebody else may have sent the same one.

Work that is spread over machines is given to another worker when one dies, and nobody tells the second what the first
had already done.  Whoever spreads it hands over a :class:`Guard`, which is asked before the ledger says "sending".
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from imgcell.origin import Origin

__all__ = ["Guard", "guard", "guarded"]


class Guard(Protocol):
    """Who may send what, among several processes that were given the same work."""

    def take(self, origin: Origin) -> None:
        """Take the one right to send what *origin* names; in a thread that may wait.

        Taking again what one has is fine: a request that was turned away is sent once more.

        Raises:
            ImgcellError: Somebody else has taken it; then nothing is sent.
        """

    def give_back(self, origin: Origin) -> None:
        """Let others have it: it was certainly not sent, or certainly not charged.  On the loop's thread: it must not wait."""


_guard: ContextVar[Guard | None] = ContextVar("imgcell_guard", default=None)


def guard() -> Guard | None:
    """Return who is to be asked before a request that is made now goes out; ``None`` for nobody."""
    return _guard.get()


@contextlib.contextmanager
def guarded(by: Guard) -> Iterator[None]:
    """Have *by* asked before every request that is made within."""
    token = _guard.set(by)
    try:
        yield
    finally:
        _guard.reset(token)
