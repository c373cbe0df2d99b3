"""How a worker measures: its time, its processor time, and the memory that one call adds at its peak."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Figures", "measure"]


@dataclass
class Figures:
    """What one worker measured, one entry a repetition.

    Attributes:
        time: Seconds on the wall, of one unit (one request, one picture, ...).
        cpu: Seconds of processor time of this process, of one unit.
        peak: Bytes by which resident memory grew at its highest during one call.
    """

    time: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)

    def plain(self) -> dict[str, list[float]]:
        """Return it as JSON takes it."""
        return asdict(self)


def measure(
    once: Callable[[Any], Any],
    *,
    repetitions: int,
    units: int = 1,
    warm_ups: int = 1,
    peaks: int = 0,
    ready: Callable[[], Any] = lambda: None,
    prime: Callable[[], Any] | None = None,
) -> Figures:
    """Call *once* again and again.

    Args:
        once: What is measured; what it returns is dropped before the next call.
        repetitions: Calls that are timed.
        units: How many units one call does.
        warm_ups: Calls before those.
        peaks: Calls before everything else, of which the peak of memory is taken.  Only one says something in a
            process whose heap keeps what a thread has freed (glibc trims the main thread's only).
        ready: Makes what *once* is called with, not measured.
        prime: Does the same on a small scale, before *peaks*: what is imported on first use is no peak of a call.
    """
    figures = Figures()
    if prime is not None:
        prime()
    for _ in range(peaks):
        given = ready()
        _trim()
        before = _reset_peak()
        kept = once(given)
        figures.peak.append(_peak() - before)
        del given, kept
    for _ in range(warm_ups):
        once(ready())
    for _ in range(repetitions):
        given = ready()
        gc.collect()
        cpu, begun = time.process_time(), time.perf_counter()
        kept = once(given)
        figures.time.append((time.perf_counter() - begun) / units)
        figures.cpu.append((time.process_time() - cpu) / units)
        del given, kept
    return figures


def _trim() -> None:
    gc.collect()
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libc.so.6").malloc_trim(0)
        except (OSError, AttributeError):
            pass  # Not glibc: what its heap still holds free is not counted as growth.


def _status(name: str) -> int:
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024


def _reset_peak() -> int:
    """Return resident memory now, in bytes; on Linux the high-water mark starts from here again."""
    if sys.platform == "linux":
        with open("/proc/self/clear_refs", "w", encoding="ascii") as control:
            control.write("5")
        return _status("VmRSS")
    return _peak()


def _peak() -> int:
    if sys.platform == "linux":
        return _status("VmHWM")
    if sys.platform == "win32":
        return 0  # The standard library cannot tell; the row then says so.
    import resource

    # Never falls, so that only the first call of a process says something.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
