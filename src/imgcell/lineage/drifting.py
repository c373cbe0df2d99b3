"""How far a chain of edits has drifted: step by step against the first picture and the previous one, and the way back.

Each edit of a whole picture costs something, as a copy of a copy does.  What is measured is
:mod:`imgcell.measures.losing`: only parts that still show the same count, so that what was asked for is no loss.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell import charts
from imgcell.errors import ImgcellError
from imgcell.language import joined, tr
from imgcell.lineage.shorter import Shortcut, shortcut
from imgcell.measures.losing import Losses, losses
from imgcell.measures.sentences import percent
from imgcell.pictures.showing import Column, as_html, as_text
from imgcell.pictures.words import clean, clip

if TYPE_CHECKING:
    from imgcell.charts import Chart
    from imgcell.lineage.holdings import Holdings
    from imgcell.pictures.picture import Picture

__all__ = ["Drift", "Step", "drift"]

#: What a chain may lose before going back is advised: sharpness, noise added (levels of 255), distance of the colors (Delta E*ab).
LIMITS = {"sharpness": 0.10, "noise": 2.0, "color": 5.0}


@dataclass(frozen=True)
class Step:
    """One step of the main line.

    Attributes:
        number: As :meth:`imgcell.Picture.replay` counts.
        id: Of the picture.
        prompt: Its beginning.
        first, previous: What was lost against them; ``None`` for the first step, and where a picture is not there.
        problem: Why nothing was measured, in words, or ``None``.
    """

    number: int
    id: str
    prompt: str = ""
    first: Losses | None = None
    previous: Losses | None = None
    problem: str | None = None


class Drift:
    """What a chain of edits has cost.

    Attributes:
        steps: The steps, oldest first.
        shortcut: The way back to an ancestor, where that would serve better; ``None`` where it would not.
    """

    def __init__(self, steps: Sequence[Step], way: Shortcut | None) -> None:
        self.steps = tuple(steps)
        self.shortcut = way

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One mapping a step, plain values: ``pandas.DataFrame(drift.rows)`` makes a table of them."""
        return [_row(step) for step in self.steps]

    @property
    def hint(self) -> str | None:
        """What to do instead of going on, in words; ``None`` where nothing speaks against it."""
        return self.shortcut.hint if self.shortcut is not None else None

    @property
    def cell(self) -> str | None:
        """The text of the cell that edits the ancestor with the instructions joined; ``None`` where there is none."""
        return self.shortcut.cell if self.shortcut is not None else None

    def plot(self) -> Chart:
        """Return sharpness, similarity, added noise and the distance of the colors over the steps, each against the first picture.

        All begin at 1 and fall with what was lost: noise and color are drawn as 1 less the part of 50 levels, or of
        50 Delta E*ab, that they are.
        """
        series: dict[str, list[tuple[float | None, float | None]]] = {
            tr("sharpness"): [(step.number, _kept("sharpness", step)) for step in self.steps],
            tr("similarity"): [(step.number, _kept("similarity", step)) for step in self.steps],
            tr("freedom from noise"): [(step.number, _kept("noise", step)) for step in self.steps],
            tr("colors"): [(step.number, _kept("color", step)) for step in self.steps],
        }
        shown = {name: points for name, points in series.items() if any(value is not None for _, value in points[1:])}
        names = [str(step.number) for step in self.steps]
        return charts.lines(shown, title=tr("Against the first picture"), x=tr("step"), y=tr("kept"), names=names)

    def __str__(self) -> str:
        columns, rows = _table(self.steps)
        return "\n".join([as_text(columns, rows), *([self.hint] if self.hint else []), *([self.cell] if self.cell else [])])

    __repr__ = __str__

    def _repr_pretty_(self, p: Any, cycle: bool) -> None:
        p.text(str(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        parts = [self.plot().svg] if len(self.steps) > 1 else []
        parts.append(as_html(*_table(self.steps)))
        if self.hint:
            parts.append(f"<p><b>{html.escape(self.hint)}</b></p>")
        if self.cell:
            parts.append(f"<pre>{html.escape(self.cell)}</pre>")
        return {"text/html": "\n".join(parts), "text/plain": str(self)}


def drift(line: Sequence[str], holdings: Holdings) -> Drift:
    """Measure the pictures of a main line.

    Args:
        line: Their ids, oldest first.
        holdings: Where they are.
    """
    steps: list[Step] = []
    first = before = holdings.picture(line[0]) if line else None
    for number, name in enumerate(line):
        picture = holdings.picture(name)
        prompt = clip(clean(picture.record.prompt), 40) if picture is not None else ""
        if number == 0 or picture is None:
            steps.append(Step(number, name, prompt, problem=str(holdings.problem(name)) if picture is None else None))
        else:
            steps.append(_measured(number, picture, prompt, first, before))
        before = picture
    return Drift(steps, _advice(steps, holdings))


def _measured(number: int, picture: Picture, prompt: str, first: Picture | None, before: Picture | None) -> Step:
    name = picture.record.id
    try:
        whole = losses(first, picture) if first is not None else None
        last = whole if before is first else losses(before, picture) if before is not None else None
    except (ImgcellError, OSError) as error:
        return Step(number, name, prompt, problem=str(error))
    return Step(number, name, prompt, whole, last)


def _lost(step: Step) -> dict[str, float]:
    """Return what was lost against the first picture, by its name, as far as it is known."""
    found = step.first
    if found is None:
        return {}
    lost = {
        "sharpness": 1 - found.sharpness if found.sharpness is not None else None,
        "noise": found.noise[1] - found.noise[0] if found.noise is not None else None,
        "color": found.color,
    }
    return {name: value for name, value in lost.items() if value is not None}


def _advice(steps: Sequence[Step], holdings: Holdings) -> Shortcut | None:
    """Return the way back to the last step that had lost less than half of what is allowed, if more than one step was taken since."""
    # The last that still shows enough of the first picture to be compared: a chain that has gone farther has not lost less.
    last = next((step for step in reversed(steps) if _lost(step)), None)
    if len(steps) < 3 or last is None or steps[-1].first is None:
        return None
    lost = {name: value / LIMITS[name] for name, value in _lost(last).items()}
    worst = max(lost, key=lambda name: lost[name], default=None)
    if worst is None or lost[worst] < 1:
        return None
    good = 0
    for step in steps[1 : last.number]:
        values = _lost(step)
        if step.problem is not None or worst not in values or values[worst] > LIMITS[worst] / 2:
            break
        good = step.number
    taken = last.number - good
    if taken < 2 or steps[good].problem is not None:
        return None
    since = _lost(last)[worst] - (_lost(steps[good]).get(worst, 0.0) if good else 0.0)
    if worst == "sharpness":
        cost = tr("{count} steps have cost {share} sharpness.", count=taken, share=percent(since))
    elif worst == "noise":
        cost = tr("{count} steps have added noise of {levels} levels.", count=taken, levels=f"{since:.1f}")
    else:
        cost = tr("{count} steps have moved the colors by {distance} (ΔE*ab).", count=taken, distance=f"{since:.1f}")
    found = shortcut([step.id for step in steps], good, holdings)
    way = tr("Edit from step {number} with the instructions joined?", number=good) if found.cell else found.hint
    return Shortcut(joined(cost, way), found.cell)


def _kept(name: str, step: Step) -> float | None:
    if step.number == 0:
        return 1.0
    found = step.first
    if found is None:
        return None
    if name == "similarity":
        return found.similarity
    if name == "sharpness":
        return found.sharpness
    lost = _lost(step).get(name)
    return None if lost is None else min(1.0, max(0.0, 1 - lost / 50))


def _row(step: Step) -> dict[str, Any]:
    row: dict[str, Any] = {"step": step.number, "id": step.id}
    for name, found in (("first", step.first), ("previous", step.previous)):
        row[f"changed_{name}"] = found.changed if found else None
        row[f"similarity_{name}"] = found.similarity if found else None
        row[f"sharpness_{name}"] = found.sharpness if found else None
        row[f"noise_{name}"] = found.noise[1] - found.noise[0] if found and found.noise else None
        row[f"color_{name}"] = found.color if found else None
        row[f"chroma_{name}"] = found.chroma if found else None
    row["problem"] = step.problem
    return row


def _table(steps: Sequence[Step]) -> tuple[list[Column], list[list[str]]]:
    """Return the table that shows *steps*: two lines a step, against the first picture and against the previous one."""
    heads = (tr("changed"), tr("SSIM"), tr("sharpness"), tr("noise"), tr("colors"), tr("chroma"))
    columns = [Column(tr("step"), whole=True), Column(tr("against"), whole=True), *(Column(head, right=True) for head in heads)]
    rows = []
    for step in steps:
        name = f"[{step.number}] {step.prompt}".strip()
        if step.problem is not None:
            rows.append([name, step.problem, *[""] * len(heads)])
        elif step.first is None:
            rows.append([name, "", *[""] * len(heads)])
        else:
            rows.append([name, tr("the first"), *_figures(step.first)])
            if step.previous is not None and step.previous is not step.first:
                rows.append(["", tr("the previous"), *_figures(step.previous)])
    return columns, rows


def _figures(found: Losses) -> list[str]:
    def said(value: float | None, form: str, unit: str = "") -> str:
        return "–" if value is None else f"{value:{form}}{unit}"

    added = found.noise[1] - found.noise[0] if found.noise is not None else None
    return [
        percent(found.changed),
        said(found.similarity, ".2f"),
        said(None if found.sharpness is None else 100 * (found.sharpness - 1), "+.0f", " %"),
        said(added, "+.1f"),
        said(found.color, ".1f"),
        said(found.chroma, "+.1f"),
    ]
