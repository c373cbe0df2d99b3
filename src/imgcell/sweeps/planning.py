"""What a sweep would send, what it costs, how long it takes, and which of its cells are impossible, before anything is spent."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imgcell import costs
from imgcell.costs.asking import priced
from imgcell.errors import ImgcellError
from imgcell.language import joined, tr
from imgcell.pictures.showing import Column, as_html, as_text
from imgcell.pictures.words import clean, clip, cost_text
from imgcell.providers.prices import Cost
from imgcell.sweeps.asking import bill
from imgcell.sweeps.timing import Timing, spoken

if TYPE_CHECKING:
    from imgcell.sweeps.sweeping import Sweep
    from imgcell.sweeps.task import Task

__all__ = ["Planned", "SweepPlan", "make_plan"]

#: Combinations that are shown; ``plan.cells`` has them all.
_SHOWN = 60
#: Columns of a terminal that a prompt, what would be sent, and what is to be known of it may take.
_WIDE, _SENT, _TOLD = 40, 72, 90
#: Axes whose values may be texts of many words, which a page breaks.
_LONG = ("prompt", "images", "extra")
#: Different pieces of advice that are given.
_HINTS = 5


@dataclass(frozen=True)
class Planned:
    """What one combination would send.

    Attributes:
        values: Its value on each axis.
        provider, model: Who would be asked; the model as it would be named, ``None`` where none is named.
        pictures: How many would be made now: those that are there already, or are not to be sent again, do not count.
        requests: How many requests that takes: a chain has one a step.
        url: Where the first request would go.
        sends: The fields of the first request as they would be sent, without prompt and pictures; the prompt, too, where
            something was added to it.
        cost: Estimate for all of it; ``None`` if no price is known.
        seconds: That one request probably takes, from what the library has of its kind; ``None`` if it has nothing.
        notes: What would be moved, left out or re-encoded, in words.
        problem: Why it is impossible, or ``None``.
    """

    values: Mapping[str, str]
    provider: str
    model: str | None
    pictures: int = 0
    requests: int = 0
    url: str = ""
    sends: Mapping[str, Any] = field(default_factory=dict)
    cost: Cost | None = None
    seconds: float | None = None
    notes: tuple[str, ...] = ()
    problem: ImgcellError | None = None


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep would send; shows itself as a table.

    Attributes:
        cells: One for each combination, in the order of the axes.
        pictures: How many cells would be sent for.
        requests: How many requests that takes.
        costs: The estimates added up, by currency; what is not known is not in it.
        unpriced: For how many pictures no price is known.
        seconds: How long it probably takes with what is known of the providers' limits and of the time a picture takes;
            ``None`` where neither is known.
        at_least: Whether *seconds* is only what the providers' limits demand, how long a picture takes not being known.
        impossible: How many cells cannot be sent.
        there: How many cells are not sent because they have their picture, or are not to be sent again.
        replayed: How many the library has of the same job, with ``once=True``.
    """

    cells: tuple[Planned, ...]
    pictures: int
    requests: int
    costs: Mapping[str, float]
    unpriced: int
    seconds: float | None
    at_least: bool
    impossible: int
    there: int = 0
    replayed: int = 0

    def line(self) -> str:
        """Return count, price, time and what will not be sent, in a few sentences."""
        counts = {"pictures": self.pictures, "requests": self.requests}
        if self.costs:
            first = tr("Pictures: {pictures}, requests: {requests}, price: {price}.", price=priced(dict(self.costs)), **counts)
        elif self.unpriced or not self.pictures:
            first = tr("Pictures: {pictures}, requests: {requests}.", **counts)
        else:
            first = tr("Pictures: {pictures}, requests: {requests}, free of charge.", **counts)
        time = None
        if self.pictures and self.seconds is not None:
            duration = spoken(self.seconds)
            time = tr("At the known rate at least {time}.", time=duration) if self.at_least else tr("About {time}.", time=duration)
        elif self.pictures:
            time = tr("How long it takes is not known yet.")
        return joined(
            first,
            tr("The price of {count} of them is not known.", count=self.unpriced) if self.unpriced else None,
            time,
            tr("Impossible: {count}.", count=self.impossible) if self.impossible else None,
            tr("Not sent again: {count}.", count=self.there) if self.there else None,
            tr("From the library, free of charge: {count}.", count=self.replayed) if self.replayed else None,
            tr("Nothing was sent."),
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return one mapping of plain values a combination, for a data frame of one's own."""
        return [
            {
                **cell.values,
                "provider": cell.provider,
                "model": cell.model,
                "pictures": cell.pictures,
                "requests": cell.requests,
                "cost": cell.cost.amount if cell.cost is not None else None,
                "currency": cell.cost.currency if cell.cost is not None else None,
                "seconds": cell.seconds,
                "url": cell.url,
                "sends": dict(cell.sends),
                "notes": list(cell.notes),
                "problem": str(cell.problem) if cell.problem is not None else None,
            }
            for cell in self.cells
        ]

    def __str__(self) -> str:
        table, rows = self._table()
        return "\n".join([as_text(table, rows), *self._more(), self.line()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table, rows = self._table(whole=True)
        more = "".join(f"<div>{html.escape(line)}</div>" for line in [*self._more(), self.line()])
        return as_html(table, rows) + more

    def _more(self) -> list[str]:
        """Return what stands below the table: how many rows are left out, and once each what can be done about the impossible."""
        left = [tr("… and {count} more", count=len(self.cells) - _SHOWN)] if len(self.cells) > _SHOWN else []
        hints = dict.fromkeys(cell.problem.hint for cell in self.cells if cell.problem is not None and cell.problem.hint)
        return [*left, *(f"- {hint}" for hint in list(hints)[:_HINTS])]

    def _table(self, *, whole: bool = False) -> tuple[list[Column], list[list[str]]]:
        """Return columns and rows; *whole* for a page, which breaks long texts itself."""
        axes = list(self.cells[0].values) if self.cells else []
        named = [name for name in ("provider", "model") if name not in axes]
        heads = [*axes, *(tr("provider") if name == "provider" else tr("model") for name in named)]
        columns = [
            *(Column(head, whole=head not in _LONG) for head in heads),
            Column(tr("pictures"), right=True),
            Column(tr("price"), right=True),
            Column(tr("s each"), right=True),
            Column(tr("sends")),
            Column(tr("what to know"), faint=True),
        ]
        rows = []

        def fit(text: str) -> str:
            return text if whole else clip(text, _TOLD)

        for cell in self.cells[:_SHOWN]:
            values = [cell.values[axis] if whole else clip(cell.values[axis], _WIDE) for axis in axes]
            values += [str(getattr(cell, name) or "") for name in named]
            if cell.problem is not None:
                rows.append([*values, "–", "–", "–", tr("Impossible: {reason}", reason=fit(_reason(cell.problem))), ""])
                continue
            fields = ", ".join(f"{name}={_short(value)}" for name, value in cell.sends.items())
            sends = " · ".join(filter(None, ["/".join(cell.url.split("/")[-2:]), fields]))
            rows.append(
                [
                    *values,
                    str(cell.pictures),
                    (cost_text(cell.cost) or tr("unknown")) if cell.pictures else "–",
                    f"{cell.seconds:.1f}" if cell.seconds is not None else "–",
                    sends if whole else clip(sends, _SENT),
                    "\n".join(map(fit, cell.notes)),
                ]
            )
        return columns, rows


def _reason(problem: ImgcellError) -> str:
    return clean(problem.message)


def _short(value: Any) -> str:
    return clip(clean(value if isinstance(value, str) else repr(value)), 120)


def make_plan(sweep: Sweep, left: Sequence[Task], *, replayed: int, over: Collection[int] = ()) -> SweepPlan:
    """Return what the tasks *left* of *sweep* would send; see :meth:`Sweep.plan`.

    Args:
        sweep: The sweep.
        left: What is not there yet.
        replayed: Of how many others the library has the pictures.
        over: Places that have their picture or are not to be sent again, whether they could be or not.
    """
    cells, n = sweep._the_cells(), sweep.n
    by_combination: dict[int, list[Task]] = {}
    for task in left:
        by_combination.setdefault(task.place // n, []).append(task)
    timing = Timing(sweep.library)
    planned = []
    for number in range(sweep.design.combinations):
        values = dict(zip(sweep.axes, (choice.label for choice in sweep.design.chosen(number)), strict=True))
        planned.append(_planned(sweep, number, values, by_combination.get(number, []), timing))
    sums, unpriced = bill(cells, left)
    impossible = sum(cells.problem(place) is not None and place not in over for place in range(len(sweep)))
    seconds, at_least = timing.total()
    return SweepPlan(
        tuple(planned),
        len(left),
        sum(task.steps - task.done for task in left),
        sums,
        unpriced,
        seconds,
        at_least,
        impossible,
        there=len(sweep) - impossible - len(left) - replayed,
        replayed=replayed,
    )


def _planned(sweep: Sweep, number: int, values: dict[str, str], tasks: Sequence[Task], timing: Timing) -> Planned:
    cells, place = sweep._the_cells(), number * sweep.n
    problem = cells.problem(place)
    fields = sweep.design.fields(number)
    if problem is not None:
        return Planned(values, *_asked(sweep, place, fields), problem=problem)
    client = cells.client(place)
    ready = cells.ready(place)
    plan = cells.plan(place)
    sends = {name: value for name, value in plan.calls[0]["body"] if _worth_showing(name, value, ready.job.prompt)} if plan.calls else {}
    requests = sum(task.steps - task.done for task in tasks)
    seconds = timing.add(client, ready, requests)
    steps = cells.steps(place)
    note = (tr("an edit chain of {count} steps", count=steps),) if steps > 1 else ()
    estimates = [costs.total([one]) for one in _estimates(sweep, tasks)]
    return Planned(
        values,
        plan.provider,
        plan.model,
        len(tasks),
        requests,
        str(plan.calls[0]["url"]) if plan.calls else "",
        sends,
        costs.total(estimates),
        seconds,
        (*note, *plan.notes),
    )


def _estimates(sweep: Sweep, tasks: Sequence[Task]) -> list[Cost | None]:
    found: list[Cost | None] = []
    for task in tasks:
        sums, unpriced = bill(sweep._the_cells(), [task])
        found += [None] * unpriced + [Cost(amount, currency, "estimated") for currency, amount in sums.items()]
        if not unpriced and not sums:
            found.append(Cost(0.0, "USD", "free"))
    return found


def _asked(sweep: Sweep, place: int, fields: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return who would be asked for *place*, which cannot be sent, and for which model; its provider may not be there any more."""
    try:
        provider = sweep._the_cells().client(place).provider
    except ImgcellError:
        said = fields.get("provider")
        return str(getattr(said, "label", said)), _named(fields, None)
    return provider.name, _named(fields, provider.default_model)


def _named(fields: Mapping[str, Any], default: str | None) -> str | None:
    model = fields.get("model")
    return model if isinstance(model, str) else default


def _worth_showing(name: str, value: Any, prompt: str) -> bool:
    if name == "prompt":
        return bool(value != prompt)
    # Pictures are described, not sent, in a plan; the same for all, and long.
    return not (isinstance(value, str) and value.startswith("<")) and not (isinstance(value, (list, Mapping)) and "image" in name)
