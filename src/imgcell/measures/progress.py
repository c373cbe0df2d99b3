"""How far it is, in one line that goes away again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from imgcell.language import tr

__all__ = ["Progress"]

#: Seconds before anything is said, and between two sayings.
_PATIENCE, _PACE = 1.0, 0.25


class Progress:
    """Tells how many are done.

    Args:
        how: Whether to say it, on the error stream, as soon as it takes longer than a second; or what to call instead, with
            how many are done and how many there are.
        all_: How many there are.
    """

    def __init__(self, how: bool | Callable[[int, int], object], all_: int) -> None:
        self._how = how
        self._all = all_
        self._done = 0
        self._next = time.monotonic() + _PATIENCE
        self._wide = 0

    def at(self, done: int) -> None:
        """Say that *done* of them are done, if it is time to."""
        if callable(self._how):
            if done != self._done:
                self._done = done
                self._how(done, self._all)
            return
        now = time.monotonic()
        if self._how and now >= self._next:
            self._next = now + _PACE
            self._line(tr("measured: {done} of {all}", done=done, all=self._all))

    def over(self) -> None:
        """Take the line away."""
        if self._wide:
            self._line("")

    def _line(self, text: str) -> None:
        if sys.stderr is None:
            return
        # Spaces over what was there: notebooks do not know the codes that clear a line.
        sys.stderr.write("\r" + text.ljust(self._wide) + ("" if text else "\r"))
        sys.stderr.flush()
        self._wide = len(text.encode("utf-8"))
