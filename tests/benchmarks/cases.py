"""What is measured, against whom, and what is aimed for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import artwork

__all__ = ["Case", "Row", "cases"]

Metric = Literal["time", "cpu", "peak"]

#: Labels of the two ways in which imgcell is measured.
MEMORY, DISK = "imgcell, nothing kept", "imgcell, library on disk"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: What it says in words, behind the case's title.
        ours: Label of a worker of the case.
        peer: Label of another one, or a figure (seconds or bytes) with its name.
        target: The ratio that is aimed for at most, or with *absolute* the figure itself (seconds or bytes).
        metric: Which figure.
    """

    what: str
    ours: str
    peer: str | tuple[str, float]
    target: float | None = None
    metric: Metric = "time"
    absolute: bool = False


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        name: For ``--only``.
        title: In words.
        workers: Label -> fields of a ``worker.Task``; ``library`` True stands for a fresh folder.
        rows: Lines of the table.
        rounds: How often each worker is started; they alternate.
        quick: What a short run changes in the workers.
        compiled: Whether a round goes before that does not count.
    """

    name: str
    title: str
    workers: dict[str, dict[str, Any]]
    rows: tuple[Row, ...]
    rounds: int = 3
    quick: dict[str, Any] = field(default_factory=dict)
    compiled: bool = False


def _two(case: str, peers: dict[str, dict[str, Any]], **fields: Any) -> dict[str, dict[str, Any]]:
    shared = {"case": case, **fields}
    ours = {MEMORY: {**shared, "client": "imgcell"}, DISK: {**shared, "client": "imgcell", "library": True}}
    return ours | {label: {**shared, **more} for label, more in peers.items()}


_SDK = {"openai SDK": {"client": "openai"}}


def _imports() -> Case:
    workers = {name: {"case": "imports", "client": name} for name in ("imgcell", "load_ext", "openai", "litellm")}
    rows = (
        Row("`import imgcell`", "imgcell", "openai", 0.010, absolute=True),
        Row("`import imgcell`", "imgcell", "litellm"),
        Row("`%load_ext imgcell`", "load_ext", "openai", 0.040, absolute=True),
        Row("`%load_ext imgcell`", "load_ext", "litellm"),
    )
    return Case("import", "in a running kernel", workers, rows, rounds=7, compiled=True)


def _cold() -> Case:
    workers = _two("cold", _SDK)
    rows = (Row("nothing kept", MEMORY, "openai SDK", 0.12), Row("library on disk", DISK, "openai SDK", 0.12))
    return Case("cold", "from a running kernel to the first small answer", workers, rows, rounds=7, compiled=True)


def _small(name: str, case: str, title: str) -> Case:
    peers = {"httpx.AsyncClient": {"client": "httpx"}, "AsyncOpenAI": {"client": "openai"}}
    workers = _two(case, peers, units=256, repetitions=3)
    rows = tuple(
        Row(words, ours, peer, target)
        for words, ours in (("nothing kept", MEMORY), ("library on disk", DISK))
        for peer, target in (("httpx.AsyncClient", 1.15), ("AsyncOpenAI", 0.8))
    )
    return Case(name, title, workers, rows, quick={"units": 32, "repetitions": 1})


def _pixels(side: int, target: float | None) -> Case:
    workers = _two("pixels", _SDK, side=side, repetitions=5, peaks=1)
    decoded = ("decoded", side * side * 4.0)
    rows = (
        Row("nothing kept", MEMORY, "openai SDK", target),
        Row("library on disk", DISK, "openai SDK"),
        Row("peak memory, nothing kept", MEMORY, decoded, 1.9, "peak"),
        Row("peak memory, library on disk", DISK, decoded, 1.9, "peak"),
        Row("peak memory of the openai SDK", "openai SDK", decoded, None, "peak"),
    )
    return Case(f"pixels-{side}", f"base64 answer to loaded pixels, {side}²", workers, rows)


def _lazy(side: int, target: float) -> Case:
    workers = _two("lazy", _SDK, side=side, repetitions=7, peaks=1)
    png = ("the PNG", float(artwork.picture(side).stat().st_size))
    rows = (
        Row("nothing kept", MEMORY, "openai SDK", target),
        Row("library on disk", DISK, "openai SDK", target),
        Row("peak memory, nothing kept", MEMORY, png, 1.4, "peak"),
        Row("peak memory, library on disk", DISK, png, 1.4, "peak"),
        Row("peak memory of the openai SDK", "openai SDK", png, None, "peak"),
    )
    return Case(f"lazy-{side}", f"base64 answer to a lazy picture, {side}²", workers, rows)


def _events(side: int, target: float) -> Case:
    large = side > 2048
    workers = _two("events", _SDK, side=side, repetitions=1 if large else 3, warm_ups=0 if large else 1)
    rows = (Row("nothing kept", MEMORY, "openai SDK", target), Row("library on disk", DISK, "openai SDK", target))
    return Case(f"events-{side}", f"stream with 3 partial pictures, all decoded, {side}²", workers, rows, rounds=2 if large else 3)


def _upload() -> Case:
    files = [str(path) for path in artwork.noise_files(5, 1825)]
    peers = {"httpx.Client": {"client": "httpx"}, "httpx.AsyncClient": {"client": "httpx-async"}}
    workers = _two("upload", peers, repetitions=7, peaks=1, files=files)
    nothing = ("10 MB", 10e6)
    rows = (
        Row("nothing kept", MEMORY, "httpx.Client", 1.1),
        Row("nothing kept", MEMORY, "httpx.AsyncClient"),
        Row("library on disk", DISK, "httpx.Client", 1.1),
        Row("peak memory, nothing kept", MEMORY, nothing, 1.0, "peak"),
        Row("peak memory, library on disk", DISK, nothing, 1.0, "peak"),
    )
    return Case("upload", "upload of five 10 MB files", workers, rows)


def _crowd() -> Case:
    workers = _two("crowd", _SDK, side=1024, warm_ups=0)
    ideal = ("ideal", 2.0)
    rows = (
        Row("library on disk", DISK, ideal, 1.25),
        Row("nothing kept", MEMORY, ideal),
        Row("the openai SDK in 64 threads", "openai SDK", ideal),
        Row("processor time, library on disk", DISK, "openai SDK", None, "cpu"),
    )
    return Case("crowd", "64 requests of 2 s, 1024² each, 64 in flight", workers, rows)


def _display(side: int) -> Case:
    workers = {
        MEMORY: {"case": "display", "client": "imgcell", "side": side, "repetitions": 5},
        "IPython, PIL image": {"case": "display", "client": "PIL", "side": side, "repetitions": 3 if side > 2048 else 5, "warm_ups": 1},
    }
    return Case(f"display-{side}", f"showing a result in a cell, {side}²", workers, (Row("", MEMORY, "IPython, PIL image", 0.2),), rounds=2)


_ALL: dict[str, Callable[[], Case]] = {
    "import": _imports,
    "cold": _cold,
    "sequential": lambda: _small("sequential", "sequential", "small request, one at a time"),
    "in-flight": lambda: _small("in-flight", "in_flight", "small request, 32 in flight"),
    "pixels-1024": lambda: _pixels(1024, 0.72),
    "pixels-2048": lambda: _pixels(2048, None),
    "pixels-4096": lambda: _pixels(4096, 0.66),
    "lazy-1024": lambda: _lazy(1024, 0.42),
    "lazy-2048": lambda: _lazy(2048, 0.33),
    "lazy-4096": lambda: _lazy(4096, 0.28),
    "events-1024": lambda: _events(1024, 0.6),
    "events-4096": lambda: _events(4096, 0.15),
    "upload": _upload,
    "crowd": _crowd,
    "display-1024": lambda: _display(1024),
    "display-4096": lambda: _display(4096),
}

#: What a short run leaves out.
_LONG = ("pixels-2048", "pixels-4096", "lazy-2048", "lazy-4096", "events-4096", "display-4096", "upload", "crowd")


def cases(only: list[str], *, quick: bool) -> list[Case]:
    """Return the cases whose names begin with one of *only* (empty: all), in order."""
    names = [name for name in _ALL if any(name.startswith(word) for word in only) or (not only and not (quick and name in _LONG))]
    return [_ALL[name]() for name in names]
