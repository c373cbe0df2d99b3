"""``imgcell.measure()``: numbers about pictures, several at a time, each of them measured once.

Every measure of every picture is a thing of its own: what fails has its reason, and the rest goes on.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import copy
import inspect
import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.language import tr
from imgcell.measures import shelf
from imgcell.measures.alone import shared
from imgcell.measures.fingerprint import fingerprint
from imgcell.measures.progress import Progress
from imgcell.measures.registry import Metric, find, is_built_in, names
from imgcell.measures.results import Measures, Problem
from imgcell.measures.subjects import Missing, Subject, baselines, content, parent, subjects
from imgcell.pictures.picture import Picture
from imgcell.pictures.sheet import sheet_of
from imgcell.pictures.words import clean, clip

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Asked", "measure"]

#: What may be asked for: a name, a measure, functions by name, or several of these.
Asked: TypeAlias = "str | Metric | Mapping[str, Callable[..., Any] | Metric] | Iterable[Any] | None"

#: Seconds between two looks at whether somebody wants it to stop.
_SLICE = 0.1
#: Letters of a reason.
_LONG = 500


@dataclass
class _Work:
    """One thing to measure: a measure of a picture, perhaps against another one.

    Attributes:
        metric: What.
        subject: Of which picture.
        other: What it is compared with; ``None`` where it is compared with nothing.
        key: What stands for it in the memory.
        kept: What stands for it beside the library; ``""`` where it is not kept there.
        places: Which of the pictures (by number) have this same content.
        values: What was found.
        reason: Why nothing was.
    """

    metric: Metric
    subject: Subject
    other: Image.Image | None
    key: Hashable
    kept: str
    places: list[int] = field(default_factory=list)
    values: Mapping[str, Any] | None = None
    reason: str | None = None


def measure(
    pictures: Any,
    metrics: Asked = None,
    baseline: Any = None,
    *,
    workers: int | None = None,
    progress: bool | Callable[[int, int], object] = True,
    cache: bool = True,
) -> Measures:
    """Measure pictures.

    Args:
        pictures: A Sheet, or what has one (a Sweep, a Studio); a Picture, or several pictures (PIL images, arrays and paths too).
        metrics: What to measure: names (``"sharpness"``; :func:`imgcell.measures.names` lists them), functions of your own
            (``{"score": function}``), or a list of both.  ``None``: everything about a picture by itself, and, with a
            *baseline*, everything that compares.  A function takes the picture (and, if it has a second parameter without
            a default, what it is compared with) and returns a number, a text, or a mapping of names to such values, whose
            columns are then called ``"score.name"``.  It may be ``async``.  It is called on several threads at once, each time
            with a picture of its own.
        baseline: What pictures are compared with: one picture for all; ``"parent"``, the first picture that each was made
            from; ``{"model": "a"}``, in a sweep the one that differs in these axes alone; or one for each, in order.
        workers: How many are measured at a time; ``None`` is one more than the machine has cores, 4 to 8.
        progress: Whether a line says how far it is, where it takes longer than a second; or a function of
            (done, all), called on this thread.
        cache: Whether what was found before for the same content holds: of functions for this session, as long as their code and what
            it reaches stay the same; of what comes with imgcell also beside the library.

    Returns:
        A row for each picture.  What failed is ``None`` there, and its reason in ``.problems``.

    Raises:
        ImportError: A measure that was named needs what is not installed.
        InvalidJobError: There is no such measure, a baseline is missing or does not fit, or something is no picture.
    """
    sheet = sheet_of(pictures)
    pictures = pictures if sheet is None else sheet
    measured = subjects(pictures)
    chosen = _chosen(metrics, baseline)
    against = baselines(baseline, pictures, measured) if baseline is not None else None
    problems: list[Problem] = []
    works = _works(chosen, measured, against, problems)
    open_ = [work for work in works if not (cache and _recall(work))]
    _run(open_, workers, Progress(progress, sum(len(work.places) for work in open_)))
    return _result(chosen, measured, works, problems)


# -- what is asked for -------------------------------------------------------------------------------------------


def _chosen(metrics: Asked, baseline: Any) -> list[Metric]:
    """Return the measures, each once."""
    if metrics is None:
        wanted = [find(name) for name in names()]
        # Where an extra is missing, that is said in the place of the values.
        return [metric for metric in wanted if metric.needs == "picture" or (metric.needs == "baseline" and baseline is not None)]
    found = {metric.name: metric for metric in _flat(metrics)}
    for metric in found.values():
        if (reason := metric.missing()) is not None:
            raise ImportError(reason)
        if metric.needs == "baseline" and baseline is None:
            raise InvalidJobError(
                tr("{name} compares a picture with another one.", name=metric.name),
                hint=tr('Say which: baseline=picture, or baseline="parent" for what each was made from.'),
            )
    return list(found.values())


def _flat(metrics: Any) -> Iterable[Metric]:
    if isinstance(metrics, str):
        yield find(metrics)
    elif isinstance(metrics, Metric):
        yield metrics
    elif isinstance(metrics, Mapping):
        for name, function in metrics.items():
            yield _own(name, function)
    elif isinstance(metrics, Iterable):
        for one in metrics:
            yield from _flat(one)
    else:
        raise InvalidJobError(
            tr("{value} is no measure.", value=clip(clean(repr(metrics)), 80)),
            hint=tr("Give names, or functions by name: metrics={example}.", example='{"name": function}'),
        )


def _own(name: Any, function: Any) -> Metric:
    """Return a function of the user's as a measure.

    Raises:
        InvalidJobError: It cannot be called, or its name is taken.
    """
    if isinstance(function, Metric):
        return Metric(str(name), function.function, function.needs, function.columns, function.version, function.extra, function.probe)
    if not isinstance(name, str) or not name or not callable(function):
        raise InvalidJobError(
            tr("{name}: {value} is no function.", name=repr(name), value=clip(clean(repr(function)), 80)),
            hint=tr("Give names, or functions by name: metrics={example}.", example='{"name": function}'),
        )
    if name in names():
        raise InvalidJobError(tr("There is a measure called {name} already.", name=repr(name)), hint=tr("Give yours another name."))
    return Metric(name, function, "baseline" if _takes_two(function) else "picture")


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in plain and one.default is inspect.Parameter.empty for one in parameters) == 2


def _works(chosen: Sequence[Metric], measured: Sequence[Subject], against: Sequence[Any] | None, problems: list[Problem]) -> list[_Work]:
    """Return everything there is to measure, the same content once."""
    works: dict[Hashable, _Work] = {}
    contents = [content(subject.picture) for subject in measured]
    others: dict[int, str] = {}
    parents: dict[int, Any] = {}
    for metric in chosen:
        mark: tuple[Any, ...] = (metric.name, metric.version, *(() if is_built_in(metric) else fingerprint(metric.function)))
        absent = metric.missing()
        for place, subject in enumerate(measured):
            other = None
            if absent is None and metric.needs != "picture":
                if metric.needs == "parent":
                    other = parents[place] if place in parents else parents.setdefault(place, parent(subject.picture))
                else:
                    other = against[place] if against is not None else Missing()
            if absent is not None or isinstance(other, Missing):
                reason = absent or (other.reason if isinstance(other, Missing) else None)
                if reason:
                    problems.append(Problem(subject.position, subject.id, metric.name, reason))
                continue
            names_: list[str] = []
            if other is not None:
                names_.append(others[id(other)] if id(other) in others else others.setdefault(id(other), content(other)))
            if metric.needs == "parent" and isinstance(subject.picture, Picture):
                names_.append(subject.picture.record.mask or "")
            key = (mark, contents[place], *names_)
            kept = ":".join([f"{metric.name}@{metric.version}", *names_]) if is_built_in(metric) else ""
            work = works.setdefault(key, _Work(metric, subject, other, key, kept))
            work.places.append(place)
    return list(works.values())


def _recall(work: _Work) -> bool:
    """Take what was found before; return whether there was anything."""
    work.values = shelf.recall(work.key)
    if work.values is None and work.kept:
        work.values = shelf.recall_kept(work.subject.picture, work.kept, work.metric.columns)
        if work.values is not None:
            shelf.remember(work.key, work.values)
    return work.values is not None


# -- measuring ---------------------------------------------------------------------------------------------------


def _run(works: Sequence[_Work], workers: int | None, progress: Progress) -> None:
    """Measure all of *works*; an interrupt leaves what has not begun."""
    if not works:
        return
    # What comes with imgcell shares one decoding of the picture; functions are slow and strangers, so each goes by itself.
    batches: dict[Hashable, list[_Work]] = {}
    for number, work in enumerate(works):
        batches.setdefault(id(work.subject.picture) if is_built_in(work.metric) else ("own", number), []).append(work)
    count = workers if workers is not None else min(8, max(4, (os.cpu_count() or 1) + 1))
    pool = concurrent.futures.ThreadPoolExecutor(max(1, min(count, len(batches))), thread_name_prefix="imgcell-measure")
    try:
        # Each in a context of its own, so that reasons are told in the caller's language.
        waiting = {pool.submit(contextvars.copy_context().run, _batch, batch): batch for batch in batches.values()}
        done = 0
        while waiting:
            ready, _ = concurrent.futures.wait(waiting, _SLICE, concurrent.futures.FIRST_COMPLETED)
            for future in ready:
                done += sum(len(work.places) for work in waiting.pop(future))
                future.result()
            progress.at(done)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        progress.over()


def _batch(batch: Sequence[_Work]) -> None:
    built_in = is_built_in(batch[0].metric)
    if not built_in:
        _one(batch[0])
        return
    others = {id(work.other): work.other for work in batch if work.other is not None}
    with shared(batch[0].subject.picture, *others.values()):
        for work in batch:
            _one(work)
    shelf.remember_kept(batch[0].subject.picture, {work.kept: work.values for work in batch if work.kept and work.values is not None})


def _one(work: _Work) -> None:
    """Measure; whatever goes wrong becomes the reason."""
    metric = work.metric
    picture, other = work.subject.picture, work.other
    if not is_built_in(metric):
        # What strangers do to it, and what they decode, is theirs alone and goes when they are done.
        picture, other = _lent(picture), _lent(other) if other is not None else None
    try:
        value = metric.function(picture) if other is None else metric.function(picture, other)
        if inspect.isawaitable(value):
            value = asyncio.run(_awaited(value))
        work.values = _values(metric, value)
        shelf.remember(work.key, work.values)
    except ImgcellError as error:
        work.reason = clip(clean(str(error)), _LONG)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one that fails must not stop the others
        work.reason = clip(clean(f"{type(error).__name__}: {error}"), _LONG)


async def _awaited(value: Any) -> Any:
    return await value


def _lent(picture: Image.Image) -> Image.Image:
    return copy.copy(picture) if isinstance(picture, Picture) else picture.copy()


def _values(metric: Metric, value: Any) -> dict[str, Any]:
    """Return what a function returned as plain values by column.

    Raises:
        TypeError: It is no number, text, or mapping of them.
    """
    if isinstance(value, Mapping):
        if is_built_in(metric) or metric.columns != (metric.name,):
            return {str(name): _plain(one) for name, one in value.items()}
        return {f"{metric.name}.{name}": _plain(one) for name, one in value.items()}
    return {metric.columns[0]: _plain(value)}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    # NumPy's and PyTorch's numbers, lone ones in an array too.
    if callable(item := getattr(value, "item", None)):
        with_one = item()
        if isinstance(with_one, (bool, int, float, str)):
            return with_one
    if hasattr(value, "__float__"):
        return float(value)
    raise TypeError(tr("it returned {value}, which is no number, text or mapping of them", value=clip(repr(value), 80)))


def _result(chosen: Sequence[Metric], measured: Sequence[Subject], works: Sequence[_Work], problems: list[Problem]) -> Measures:
    rows: list[dict[str, Any]] = [{"id": subject.id} for subject in measured]
    columns: dict[str, None] = {}
    for metric in chosen:
        mine = [work for work in works if work.metric is metric]
        found = dict.fromkeys(name for work in mine for name in work.values or ())
        # A function of which nothing is known yet but its name: nothing of it came.
        columns |= found or dict.fromkeys(metric.columns)
        for work in mine:
            for place in work.places:
                rows[place] |= work.values or {}
                if work.reason is not None:
                    problems.append(Problem(measured[place].position, measured[place].id, metric.name, work.reason))
    filled = [{"id": row["id"], **{name: row.get(name) for name in columns}} for row in rows]
    order = {metric.name: number for number, metric in enumerate(chosen)}
    problems.sort(key=lambda problem: (problem.position, order[problem.metric]))
    return Measures(list(columns), filled, [subject.position for subject in measured], problems)
