"""How a sweep goes on, cell by cell: written down on imgcell's own thread, shown on the cell's."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgcell.language import tr
from imgcell.origin import shell
from imgcell.pictures.steps import Progress

if TYPE_CHECKING:
    from imgcell.sweeps.sweeping import Sweep
    from imgcell.sweeps.task import Outcome

__all__ = ["Board", "drawn", "follow"]

#: Seconds between two looks; 5 Hz is as much as a page can show, and cheap enough for hours.
_PACE = 0.2
#: Seconds before anything is shown: what is there at once needs no progress.
_GRACE = 0.4


class Board:
    """The state of every cell; written on any thread, read on the one that shows it.

    Args:
        places: How many cells the sweep has.
        sent: Those that are sent now; the others are as they were.
    """

    def __init__(self, places: int, sent: Sequence[int]) -> None:
        self.begun = time.monotonic()
        self.places = places
        self.sent = len(sent)
        #: By place; "" is in line, else a word of Cell.outcome, or "working".
        self.states: dict[int, str] = dict.fromkeys(sorted(sent), "")
        self.over = 0

    def tell(self, place: int, step: Any) -> None:
        """Take in a step of a cell."""
        if isinstance(step, Progress):
            self.states[place] = "working" if step.state not in ("queued", "waiting") else step.state

    def take(self, outcome: Outcome) -> None:
        """Take in what came of a cell."""
        self.states[outcome.place] = outcome.state
        self.over += 1

    def line(self) -> str:
        """Return the state of it all in one line."""
        counted: dict[str, int] = {}
        for state in list(self.states.values()):
            counted[state] = counted.get(state, 0) + 1
        words = {
            "working": tr("under way"),
            "waiting": tr("waiting for the provider's limit"),
            "refused": tr("refused"),
            "failed": tr("failed"),
            "unknown": tr("may have been charged"),
            "not sent": tr("not sent"),
        }
        parts = [tr("{finished} of {pictures} done", finished=self.over, pictures=self.sent)]
        parts += [tr("{name}: {value}", name=word, value=counted[state]) for state, word in words.items() if counted.get(state)]
        elapsed = time.monotonic() - self.begun
        parts.append(_clock(elapsed))
        if 0 < self.over < self.sent and elapsed > 2:
            parts.append(tr("about {time} left", time=_clock(elapsed / self.over * (self.sent - self.over))))
        return " · ".join(parts)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02d} min" if whole < 3600 else f"{whole / 3600:.1f} h"


def follow(sweep: Sweep) -> None:
    """Wait for *sweep*, showing what happens where somebody can see it; an interrupt comes through at once."""
    carrier, board = sweep._carrier, sweep.board
    if carrier is None:
        return
    screen = _Screen()
    try:
        while not carrier.wait(_PACE):
            if time.monotonic() - board.begun >= _GRACE:
                screen.show(board)
    finally:
        screen.clear(board)


class _Screen:
    """One place of a cell's output, or one line of a terminal, that changes; nothing where nobody looks."""

    def __init__(self) -> None:
        ipython = shell()
        in_kernel = getattr(ipython, "kernel", None) is not None
        # A captured cell (%%capture) keeps every update as an output of its own.
        captured = ipython is not None and type(ipython.display_pub).__name__ == "CapturingDisplayPublisher"
        self._live = in_kernel and not captured
        self._terminal = not in_kernel and sys.stderr is not None and sys.stderr.isatty()
        self._handle: Any = None
        self._last = ""
        self._written = 0

    def show(self, board: Board) -> None:
        """Show *board*, if it says something new."""
        line = board.line()
        if line == self._last:
            return
        self._last = line
        if self._terminal:
            sys.stderr.write("\r" + line.ljust(self._written))
            sys.stderr.flush()
            self._written = len(line)
        elif self._live:
            self._put({"text/html": f'{drawn(board)}<div style="opacity:.8">{html.escape(line)}</div>', "text/plain": line})

    def clear(self, board: Board) -> None:
        """Leave the last word where progress was shown; nothing if none was."""
        if self._written:
            # Wide characters take two columns each; blanks for two are harmless for one.
            sys.stderr.write("\r" + " " * min(self._written * 2, 200) + "\r")
            sys.stderr.flush()
            self._written = 0
        if self._handle is not None:
            self._put({"text/plain": board.line()})

    def _put(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython has no types here
        else:
            self._handle.update(bundle, raw=True)


#: Seen in light and in dark; the line below says the same in words.
_COLORS = {
    "picture": "#2da44e",
    "working": "#4f8ff7",
    "waiting": "#9aa4b2",
    "refused": "#d4a017",
    "failed": "#cf4a3f",
    "unknown": "#b04fd1",
    "not sent": "#8b6f47",
}
#: Squares that are drawn; more are only counted.
_DRAWN = 600


def drawn(board: Board) -> str:
    """Return a square for every cell that is sent now, in the order of the places, as HTML."""
    squares = []
    for place, state in list(board.states.items())[:_DRAWN]:
        color = _COLORS.get(state)
        fill = f"background:{color}" if color else ""
        squares.append(
            f'<i title="{place + 1}: {html.escape(state or "…")}" style="display:inline-block;width:10px;height:10px;margin:1px;'
            f'border-radius:2px;border:1px solid {color or "rgba(128,128,128,.6)"};{fill}"></i>'
        )
    return f'<div style="line-height:0;max-width:720px;margin-bottom:4px">{"".join(squares)}</div>'
