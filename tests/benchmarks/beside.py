"""Operations of ours beside their peers: the median of a few calls each, a line of a table for each."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Iterable

import numpy as np

__all__ = ["Row", "heading", "table", "timed"]

#: Title, what is measured, and its peer with its name (``""`` and ``None`` where there is none).
Row = tuple[str, Callable[[], object], str, "Callable[[], object] | None"]


def timed(function: Callable[[], object], rounds: int) -> float:
    """Return the median time of a call in milliseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def heading(side: int) -> str:
    """Return what all figures of a run have in common."""
    return f"CPython {platform.python_version()}, NumPy {np.__version__}, {platform.system()}; {side} x {side} pixels\n"


def table(what: str, rows: Iterable[Row], rounds: int) -> None:
    """Measure and print *rows*, each as soon as it is known; *what* heads the first column."""
    print(f"| {what} | ms | peer | its ms | ratio |")
    print("|---|---|---|---|---|")
    for title, function, name, peer in rows:
        own = timed(function, rounds)
        its = timed(peer, rounds) if peer is not None else None
        other = f"{name} | {its:.0f} | {own / its:.2f}" if its is not None else "– | – | –"
        print(f"| {title} | {own:.0f} | {other} |", flush=True)
