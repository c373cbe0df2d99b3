"""How far it is, in one line that goes away again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from imgcell.language import tr

__all__ = ["Progress"]

#: Seconds before anything is said, and between two sayings.
_PATIENCE, _PACE = 1.0, 0.25


class Progress:
    """Tells how many are done.

    Args:
        how: Whether to say it, in the cell or on the error stream, as soon as it takes longer than a second; or what to call, with
            how many are done and how many there are.
        all_: How many there are.
    """

    def __init__(self, how: bool | Callable[[int, int], object], all_: int) -> None:
        self._how = how
        self._all = all_
        self._done = 0
        self._next = time.monotonic() + _PATIENCE
        self._wide = 0
        self._kernel = _in_kernel()
        self._handle: Any = None

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
        if self._wide or self._handle is not None:
            self._line("")

    def _line(self, text: str) -> None:
        if self._kernel:
            # Not an empty bundle: nbconvert warns of one.
            self._put({"text/plain": text} if text else {"text/html": "", "text/plain": ""})
            return
        if sys.stderr is None:
            return
        # Spaces over what was there: not every console knows the codes that clear a line.
        sys.stderr.write("\r" + text.ljust(self._wide) + ("" if text else "\r"))
        sys.stderr.flush()
        self._wide = len(text.encode("utf-8"))

    def _put(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython has no types here
        else:
            self._handle.update(bundle, raw=True)


def _in_kernel() -> bool:
    """Whether a cell's output is there, where a line on the error stream would stay as a red bar; not where it is captured."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    captured = shell is not None and type(shell.display_pub).__name__ == "CapturingDisplayPublisher"
    return getattr(shell, "kernel", None) is not None and not captured
