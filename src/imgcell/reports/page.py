"""A report as one HTML page that holds everything: no script, nothing that is fetched, every text escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from imgcell.charts.chart import FLUID
from imgcell.language import current, tr
from imgcell.pictures.words import clean
from imgcell.reports.figures import Bill
from imgcell.reports.plots import plots
from imgcell.reports.shots import Shot, address, blocks, made
from imgcell.reports.tables import causes, figures, measured
from imgcell.reports.words import findings, methods

if TYPE_CHECKING:
    from imgcell.charts import Chart
    from imgcell.pictures.showing import Column
    from imgcell.reports.reporting import Report

__all__ = ["html"]


def html(report: Report) -> str:
    """Return the page."""
    style = files("imgcell.reports").joinpath("page.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    parts = [
        f'<!doctype html>\n<html lang="{"zh-CN" if current().startswith("zh") else "en"}">\n<head>\n<meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n',
        f"<title>{_said(report.title[:160])}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n",
        *_head(report),
        *_short(report),
        *_ranking(report),
        *_figures(report),
        *_pictures(report),
        *_missing(report),
        *_settings(report),
        *_section(tr("How these figures come about"), [f"<p>{_said(text)}</p>\n" for text in methods(report)]),
        f"<footer>{_said(tr('Made with imgcell {version}.', version=report.settings['versions']['imgcell']))}</footer>\n",
        "</main>\n</body>\n</html>\n",
    ]
    return "".join(parts)


def _head(report: Report) -> Iterable[str]:
    yield f"<header>\n<h1>{_said(report.title)}</h1>\n"
    yield f'<p class="when">{_said(tr("Report of {time} (UTC)", time=f"{report.made:%Y-%m-%d %H:%M}"))}</p>\n'
    if report.question:
        yield f'<p class="question"><b>{_said(tr("The question"))}</b>{_lines(report.question)}</p>\n'
    bill = Bill()
    for group in report.groups:
        bill.merge(group.bill)
    answered = sum(group.answered for group in report.groups)
    came = sum(group.pictures for group in report.groups)
    tiles = [
        (str(came), tr("pictures")),
        (str(sum(group.requests for group in report.groups)), tr("requests")),
        (str(answered - came), tr("did not come")),
        (bill.text(), tr("cost")),
    ]
    if report.votes is not None:
        tiles.append((str(len(report.votes)), tr("votes")))
    yield (
        '<div class="key">' + "".join(f"<div><b>{_said(figure)}</b><span>{_said(word)}</span></div>" for figure, word in tiles) + "</div>\n"
    )
    yield "</header>\n"


def _short(report: Report) -> Iterable[str]:
    said = findings(report)
    body = []
    if said:
        body.append('<ul class="found">' + "".join(f"<li>{_said(text)}</li>" for text in said) + "</ul>\n")
    body += [f"<p>{_lines(paragraph)}</p>\n" for paragraph in re.split(r"\n\s*\n", report.notes) if paragraph.strip()]
    return _section(tr("In short"), body)


def _ranking(report: Report) -> Iterable[str]:
    if report.ranking is None:
        return []
    ranking = report.ranking
    known = any(one.strength is not None for one in ranking.standings)
    chart = [_plots([ranking.plot(width=500)])] if known else []
    return _section(tr("Which was preferred"), [*chart, _table(*ranking.table()), f"<p>{_said(ranking.outlook())}</p>\n"])


def _figures(report: Report) -> Iterable[str]:
    further = measured(report.groups, report.by)
    more = [_table(*further)] if further is not None else []
    return _section(tr("Figures"), [_table(*figures(report.groups, report.by)), _plots(plots(report)), *more])


def _pictures(report: Report) -> Iterable[str]:
    shown = {id(picture): (None if small is None else address(small)) for picture, small in made(list(report.sheet))}
    body = []
    prompts = list(dict.fromkeys(record.prompt for record in report.sheet.records))
    if "prompt" not in report.sheet.axes and 0 < len(prompts) <= 3:
        body += [f"<h3><span>{_said(tr('prompt'))}</span>{_said(prompt)}</h3>\n" for prompt in prompts]
    for block in blocks(report.sheet, report.by):
        if block.values:
            head = " · ".join(f"<span>{_said(name)}</span>{_said(value)}" for name, value in block.values)
            body.append(f"<h3>{head}</h3>\n")
        body.append(f'<div class="shots c{block.across if block.across <= 6 else "n"}">\n')
        body += [_shot(shot, shown.get(id(shot.picture))) for shot in block.shots]
        body.append("</div>\n")
    return _section(tr("Pictures"), body)


def _shot(shot: Shot, source: str | None) -> str:
    broken = f'<br><span class="off">{_said("⚠ " + shot.broken)}</span>' if shot.broken else ""
    caption = f"<figcaption><b>{_said(shot.name)}</b>{'<br>' if shot.facts else ''}{_said(shot.facts)}{broken}</figcaption>"
    if source is None:
        reason = shot.reason or tr("This picture cannot be read.")
        return f'<figure><div class="none">{_said(reason)}</div>{caption}</figure>\n'
    spoken = _said(shot.picture.record.prompt[:300]) if shot.picture is not None else ""
    return f'<figure><img alt="{spoken}" src="{source}">{caption}</figure>\n'


def _missing(report: Report) -> Iterable[str]:
    found = causes(report.sheet)
    if not found:
        return []
    lines = "".join(f'<tr><td class="r">{count}</td><td>{_said(text)}</td></tr>' for text, count in found[:40])
    head = f'<tr><th class="r">{_said(tr("times"))}</th><th>{_said(tr("reason"))}</th></tr>'
    return _section(tr("What did not come"), [f'<div class="wide"><table>{head}{lines}</table></div>\n'])


def _settings(report: Report) -> Iterable[str]:
    made_with = report.settings
    pairs = [
        (tr("versions"), ", ".join(f"{name} {version}" for name, version in made_with["versions"].items()) + f", {made_with['platform']}")
    ]
    if "first" in made_with:
        pairs.append((tr("period"), tr("{first} to {last} (UTC)", first=_time(made_with["first"]), last=_time(made_with["last"]))))
    for model in made_with["models"]:
        fields = "; ".join(f"{name} = {', '.join(map(str, values))}" for name, values in model["fields"].items())
        pairs.append((tr("model"), f"{model['provider']} · {model['model']}" + (f" · {fields}" if fields else "")))
    if "sweep" in made_with:
        sweep = made_with["sweep"]
        pairs.append((tr("sweep"), sweep["id"]))
        seeded = sweep["order"] == "random"
        pairs.append((tr("order"), tr("{order}, seed {seed}", order=sweep["order"], seed=sweep["seed"]) if seeded else sweep["order"]))
    body = ["<dl>" + "".join(f"<dt>{_said(name)}</dt><dd>{_said(value)}</dd>" for name, value in pairs) + "</dl>\n"]
    if report.code:
        body.append(f"<pre>{escape(report.code)}</pre>\n")
    return _section(tr("To do it again"), body)


def _time(text: str) -> str:
    return text[:19].replace("T", " ")


def _section(title: str, body: Sequence[str]) -> list[str]:
    return ["<section>\n", f"<h2>{_said(title)}</h2>\n", *body, "</section>\n"] if any(body) else []


def _table(heads: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    def cell(tag: str, column: Column, text: str) -> str:
        first, *rest = text.split("\n")
        more = "".join(f"<br><small>{_said(line)}</small>" for line in rest)
        return f"<{tag}{' class=' + chr(34) + 'r' + chr(34) if column.right else ''}>{_said(first)}{more}</{tag}>"

    head = "".join(cell("th", column, column.head) for column in heads)
    lines = ("<tr>" + "".join(cell("td", column, text) for column, text in zip(heads, row, strict=True)) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>\n'


def _plots(charts: Sequence[Chart]) -> str:
    # The page's policy allows no style but its own.
    drawn = "".join(f"<figure>{chart.svg.replace(FLUID, '')}</figure>" for chart in charts)
    return f'<div class="plots">{drawn}</div>\n' if drawn else ""


def _said(text: str) -> str:
    return escape(clean(text), quote=True)


def _lines(text: str) -> str:
    return "<br>".join(_said(line) for line in text.splitlines())
