"""What a cell shows while it waits, and how that gives way to the static result.

Steps arrive on imgcell's own thread, where nothing may be printed or displayed (GROUND.md section 2); they are put down
in a :class:`Watch`, and the cell's thread shows them at most five times a second.
"""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imgcell.language import tr

if TYPE_CHECKING:
    from imgcell.client import Run
    from imgcell.magics.swept import Going

__all__ = ["Screen", "Watch", "wait"]

#: Seconds between two looks at what has arrived; 5 Hz.
PACE = 0.2
#: Seconds before anything is shown: an answer that is there at once needs no progress.
GRACE = 0.4
#: Long side in pixels, and bytes, of a partial picture while it is shown.
PARTIAL_SIDE, PARTIAL_BYTES = 384, 48_000


class Watch:
    """The latest that is known of each run; written on the loop's thread, read on the cell's.

    Every field is replaced as a whole, so that no lock is needed.
    """

    def __init__(self, pictures: int) -> None:
        self.begun = time.monotonic()
        self.pictures = pictures
        self.messages: dict[int, str] = {}
        self.partials: dict[int, Any] = {}
        self.finished = 0

    def listener(self, number: int) -> Callable[[Any], None]:
        """Return the ``on_step`` of run *number*."""
        from imgcell.pictures.steps import Final, Partial, Progress

        def take(step: Any) -> None:
            if isinstance(step, Progress):
                self.messages[number] = step.message
            elif isinstance(step, Partial):
                self.partials[number] = step.picture
            elif isinstance(step, Final):
                self.finished += 1
                self.partials.pop(number, None)

        return take

    @property
    def elapsed(self) -> float:
        """Seconds since the cell began."""
        return time.monotonic() - self.begun

    def drawn(self) -> str:
        """Return HTML to show above the line; there is none."""
        return ""

    def line(self) -> str:
        """Return the state in one line."""
        parts = [_clock(self.elapsed)]
        if self.pictures > 1:
            parts.append(tr("{finished} of {pictures} done", finished=self.finished, pictures=self.pictures))
        counted: dict[str, int] = {}
        for message in list(self.messages.values()):
            counted[message] = counted.get(message, 0) + 1
        waiting = [f"{message} × {count}" if count > 1 else message for message, count in counted.items() if message]
        return " · ".join([*parts, *waiting[:3]])


class Screen:
    """One place in the cell's output (or one line of a terminal) that changes while the cell runs.

    Args:
        ipython: The shell.
        quiet: Show no progress at all, only the result.
    """

    def __init__(self, ipython: Any, *, quiet: bool = False) -> None:
        self._ipython = ipython
        self._handle: Any = None
        self._last: Any = None
        self._written = 0
        self._images: dict[int, tuple[Any, str]] = {}
        in_kernel = getattr(ipython, "kernel", None) is not None
        # A captured cell (%%capture) keeps every update as an output of its own.
        captured = type(ipython.display_pub).__name__ == "CapturingDisplayPublisher"
        self._live = in_kernel and not captured and not quiet
        self._terminal = not in_kernel and not quiet and sys.stderr is not None and sys.stderr.isatty()

    def update(self, watch: Watch) -> None:
        """Show *watch*, if it says something new."""
        if not self._live and not self._terminal:
            return
        line = watch.line()
        partials = dict(watch.partials)
        drawn = watch.drawn()
        state = (line, drawn, tuple((number, id(picture)) for number, picture in partials.items()))
        if state == self._last:
            return
        self._last = state
        if self._terminal:
            self._rewrite(line)
            return
        pictures = [self._embedded(number, picture) for number, picture in sorted(partials.items())]
        shown = "".join(f'<img src="{source}" style="max-height:384px;margin:0 8px 8px 0" alt="">' for source in pictures if source)
        body = f'<div>{shown}</div>{drawn}<div style="opacity:.75">{html.escape(line)}</div>'
        self._put({"text/html": body, "text/plain": line})

    def place(self, line: str) -> None:
        """Put *line* where the result of a cell that does not wait will appear."""
        self._live = True
        self._put({"text/plain": line})

    def finish(self, bundle: Mapping[str, Any]) -> None:
        """Put the static result in the place of the progress."""
        self._clear()
        if self._handle is None:
            _display(bundle, None)
        else:
            self._put(bundle)

    def fail(self, line: str) -> None:
        """Leave *line* where progress was shown; nothing if none was."""
        self._clear()
        if self._handle is not None:
            self._put({"text/plain": line})

    def _put(self, bundle: Mapping[str, Any]) -> None:
        if self._handle is None:
            self._handle = _display(bundle, True)
        else:
            self._handle.update(dict(bundle), raw=True)

    def _rewrite(self, line: str) -> None:
        sys.stderr.write("\r" + line.ljust(self._written))
        sys.stderr.flush()
        self._written = len(line)

    def _clear(self) -> None:
        if self._written:
            # Wide characters take two columns each; blanks for two are harmless for one.
            sys.stderr.write("\r" + " " * min(self._written * 2, 200) + "\r")
            sys.stderr.flush()
            self._written = 0

    def _embedded(self, number: int, picture: Any) -> str | None:
        known = self._images.get(number)
        if known is not None and known[0] is picture:
            return known[1]
        import base64

        from imgcell.pictures.preview import encode, shrink, viewable

        try:
            shown = encode(shrink(viewable(picture), PARTIAL_SIDE), PARTIAL_BYTES)
        except Exception:  # noqa: BLE001 - a partial picture that cannot be drawn is not worth a cell
            return None
        source = f"data:{shown.media_type};base64,{base64.b64encode(shown.data).decode('ascii')}"
        self._images[number] = (picture, source)
        return source


def wait(runs: Sequence[Run | Going], watch: Watch, screen: Screen) -> None:
    """Wait for all of *runs*, showing what happens; an interrupt comes through at once."""
    shown = 0.0
    for run in runs:
        while not run.wait(PACE / 2):
            if watch.elapsed >= GRACE and watch.elapsed - shown >= PACE:
                shown = watch.elapsed
                screen.update(watch)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60}:{whole % 60:02d} min"


def _display(bundle: Mapping[str, Any], display_id: bool | None) -> Any:
    from IPython.display import display

    return display(dict(bundle), raw=True, display_id=display_id)  # type: ignore[no-untyped-call]  # IPython has no types here
