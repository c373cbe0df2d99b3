"""A report as a folder: Markdown for people and repositories, pictures and plots beside it, tables as CSV, settings as JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.language import tr
from imgcell.pictures.rows import rows as rows_of
from imgcell.pictures.words import clean
from imgcell.reports.plots import plots
from imgcell.reports.shots import Shot, blocks, made
from imgcell.reports.tables import causes, figures, lines, measured
from imgcell.reports.words import findings, methods

if TYPE_CHECKING:
    from imgcell.pictures.showing import Column
    from imgcell.reports.reporting import Report

__all__ = ["write"]

#: Long side in pixels and bytes of a picture in the folder.
_SIZE = (1024, 180_000)
#: What Markdown, or the HTML in it, would take for more than letters.
_MARKS = re.compile(r"([\\`*_\[\]<>#|~$&@]|:(?=//)|(?<=www)\.)")
#: ... and at the beginning of a line: lists, and what underlines a heading.
_FIRST = re.compile(r"^(\d{0,9})([-+.)](?=\s|$)|[-=]+$)")
#: What a spreadsheet takes for a formula.
_FORMULA = ("=", "+", "-", "@", "\t")


def write(report: Report, target: Path) -> None:
    """Write the folder.

    Raises:
        OSError: It cannot be written.
    """
    for name in ("pictures", "charts", "data"):
        (target / name).mkdir(parents=True, exist_ok=True)
    names: dict[int, str] = {}
    for number, (picture, shown) in enumerate(made(list(report.sheet), _SIZE), 1):
        if shown is not None:
            name = f"{number:03d}-{picture.source.sha256[:8]}{'.png' if shown.media_type == 'image/png' else '.jpg'}"
            (target / "pictures" / name).write_bytes(shown.data)
            names[id(picture)] = f"pictures/{name}"
    drawn = []
    if report.ranking is not None and any(one.strength is not None for one in report.ranking.standings):
        report.ranking.plot(width=500).save(target / "charts" / "ranking.svg")
        drawn.append("charts/ranking.svg")
    others = []
    for number, chart in enumerate(plots(report), 1):
        chart.save(target / "charts" / f"figures-{number}.svg")
        others.append((f"charts/figures-{number}.svg", chart.text))
    _table(target / "data" / "figures.csv", lines(report.groups))
    rows = [{name: value for name, value in row.items() if name != "picture"} for row in rows_of(report.sheet, failed=True)]
    _table(target / "data" / "pictures.csv", rows)
    if report.votes is not None:
        _table(target / "data" / "votes.csv", [dataclasses.asdict(vote) for vote in report.votes])
    settings = json.dumps(report.settings, ensure_ascii=False, indent=1, default=str)
    (target / "settings.json").write_text(settings + "\n", encoding="utf-8", newline="\n")
    text = "\n".join(_markdown(report, names, drawn, others)) + "\n"
    (target / "report.md").write_text(text, encoding="utf-8", newline="\n")


def _markdown(report: Report, names: dict[int, str], drawn: Sequence[str], others: Sequence[tuple[str, str]]) -> Iterable[str]:
    yield f"# {_said(report.title)}\n"
    yield f"{_said(tr('Report of {time} (UTC)', time=f'{report.made:%Y-%m-%d %H:%M}'))}\n"
    if report.question:
        yield f"> **{_said(tr('The question'))}**  "
        yield from (f"> {_said(line)}" for line in report.question.splitlines())
        yield ""
    yield f"## {_said(tr('In short'))}\n"
    yield from (f"- {_said(text)}" for text in findings(report))
    yield ""
    yield from (f"{_said(line)}" if line.strip() else "" for line in report.notes.splitlines())
    if report.ranking is not None:
        yield f"\n## {_said(tr('Which was preferred'))}\n"
        yield from (f"![{_said(tr('ranking'))}]({place})\n" for place in drawn)
        yield from _rows(*report.ranking.table())
        yield f"\n{_said(report.ranking.outlook())}"
    yield f"\n## {_said(tr('Figures'))}\n"
    yield from _rows(*figures(report.groups, report.by))
    yield from (f"\n![{_said(text)}]({place})" for place, text in others)
    further = measured(report.groups, report.by)
    if further is not None:
        yield ""
        yield from _rows(*further)
    yield f"\n## {_said(tr('Pictures'))}\n"
    for block in blocks(report.sheet, report.by):
        if block.values:
            yield "### " + " · ".join(_said(tr("{name}: {value}", name=name, value=value)) for name, value in block.values) + "\n"
        wide = min(block.across, 4) or 1
        for start in range(0, len(block.shots), wide):
            part = block.shots[start : start + wide]
            yield "| " + " | ".join(_said(shot.name) for shot in part) + " |"
            yield "|" + " --- |" * len(part)
            yield "| " + " | ".join(_shot(shot, names) for shot in part) + " |\n"
    found = causes(report.sheet)
    if found:
        yield f"## {_said(tr('What did not come'))}\n"
        yield from (f"- {count} × {_said(text)}" for text, count in found)
        yield ""
    yield f"## {_said(tr('To do it again'))}\n"
    yield (
        _said(tr("All settings are in settings.json, all facts in data/ (texts that a spreadsheet would take for a formula begin with ')."))
        + "\n"
    )
    if report.code:
        yield from _fenced(report.code, "python")
    yield f"\n## {_said(tr('How these figures come about'))}\n"
    yield from (f"- {_said(text)}" for text in methods(report))


def _shot(shot: Shot, names: dict[int, str]) -> str:
    place = names.get(id(shot.picture)) if shot.picture is not None else None
    if place is None:
        return _said(shot.reason or tr("This picture cannot be read."))
    broken = f"<br>⚠ {_said(shot.broken)}" if shot.broken else ""
    return f"![{_said(shot.name)}]({place})<br>{_said(shot.facts)}{broken}"


def _rows(heads: Sequence[Column], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    yield "| " + " | ".join(_said(head.head) for head in heads) + " |"
    yield "|" + "|".join(" ---: " if head.right else " --- " for head in heads) + "|"
    for row in rows:
        yield "| " + " | ".join("<br>".join(_said(line) for line in text.split("\n")) for text in row) + " |"


def _fenced(text: str, kind: str) -> Iterable[str]:
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    yield f"{fence}{kind}\n{text}\n{fence}"


def _said(text: str) -> str:
    """Return one line of letters, whatever Markdown would make of it."""
    return _FIRST.sub(r"\1\\\2", _MARKS.sub(r"\\\1", clean(text)))


def _table(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_value(row.get(name)) for name in names])
    # With a mark in front that spreadsheets need to read Chinese; pandas and csv's "utf-8-sig" leave it out.
    path.write_bytes(out.getvalue().encode("utf-8-sig", "replace"))


def _value(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, (list, tuple, dict)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, str):
        # Neither spreadsheets nor the csv module of Python 3.10 take a NUL.
        value = value.replace("\0", "\ufffd")
        return "'" + value if value.startswith(_FORMULA) else value
    return value
