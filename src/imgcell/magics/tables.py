"""Tables in a cell's output, as HTML and as text: the plan, the status, the providers."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgcell.language import joined, tr

if TYPE_CHECKING:
    from imgcell.magics.replay import Errands

__all__ = ["facts", "show", "show_plan", "table"]

#: Letters of a field's value that a plan shows.
_SHOWN = 300


def show(markup: str, text: str) -> None:
    """Display *markup*, with *text* where there is no HTML."""
    from IPython.display import display

    display({"text/html": markup, "text/plain": text}, raw=True)  # type: ignore[no-untyped-call]  # IPython has no types here


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, str]:
    """Return a table as HTML (every cell escaped) and as aligned text."""
    from imgcell.pictures.words import clean, columns

    kept = [[clean(value) for value in row] for row in rows]
    widths = [max(columns(row[at]) for row in [list(heads), *kept]) for at in range(len(heads))]

    def aligned(row: Sequence[str]) -> str:
        return "  ".join(value + " " * (width - columns(value)) for value, width in zip(row, widths, strict=True)).rstrip()

    text = "\n".join([aligned(heads), "  ".join("─" * width for width in widths), *map(aligned, kept)])
    # Not "anywhere": it lets a narrow column break names and variables that are to be copied.
    cell = "text-align:left;padding:4px 12px 4px 0;vertical-align:top;overflow-wrap:break-word"
    head = "".join(f'<th style="{cell};white-space:nowrap">{html.escape(value)}</th>' for value in heads)
    body = "".join("<tr>" + "".join(f'<td style="{cell}">{html.escape(value)}</td>' for value in row) + "</tr>" for row in kept)
    drawn = f'<table style="border-collapse:collapse;margin:4px 0"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    # Where the page is narrow it can be pushed aside, rather than that its end is cut off.
    return f'<div style="overflow-x:auto">{drawn}</div>', text


def facts(rows: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return names and values, one a line, as HTML (escaped) and as aligned text."""
    from imgcell.pictures.words import clean, columns

    width = max(columns(name) for name, _ in rows)
    text = "\n".join(f"{name}{' ' * (width - columns(name))}  {clean(value)}" for name, value in rows)
    name_style = "text-align:left;font-weight:600;padding:2px 16px 2px 0;vertical-align:top;white-space:nowrap"
    body = "".join(
        f'<tr><th style="{name_style}">{html.escape(name)}</th>'
        f'<td style="text-align:left;padding:2px 0;overflow-wrap:anywhere">{html.escape(clean(value))}</td></tr>'
        for name, value in rows
    )
    return f'<table style="border-collapse:collapse;margin:4px 0"><tbody>{body}</tbody></table>', text


def show_plan(errands: Errands) -> None:
    """Show what *errands* would send and its price; nothing is sent.

    Raises:
        InvalidJobError: For a job that could not be sent.
    """
    from imgcell.costs.asking import priced
    from imgcell.pictures.words import cost_text

    plans = [errand.task.client.plan(errand.ready) for errand in errands.all]
    heads = [tr("provider"), tr("model"), tr("size"), tr("quality"), tr("requests"), tr("pictures"), tr("price")]
    rows = [
        [
            plan.provider,
            plan.model or "",
            errand.task.job.size or "–",
            errand.task.job.quality or "–",
            str(len(plan.calls)),
            str(plan.pictures),
            cost_text(plan.cost) or tr("unknown"),
        ]
        for errand, plan in zip(errands.all, plans, strict=True)
    ]
    markup, text = table(heads, rows)
    requests = sum(len(plan.calls) for plan in plans)
    cost, unpriced = errands.cost(), errands.unpriced()
    counts = {"pictures": errands.pictures, "requests": requests}
    if cost:
        summed = tr("Pictures: {pictures}, requests: {requests}, price: {price}.", price=priced(cost), **counts)
    else:
        summed = tr("Pictures: {pictures}, requests: {requests}.", **counts)
    total = joined(
        summed,
        tr("The price of {count} of them is not known.", count=unpriced) if unpriced and cost else None,
        tr("Nothing was sent."),
        tr("From the library, free of charge: {count}.", count=errands.replayed) if errands.replayed else None,
    )
    details = [_call(call) for plan in plans for call in plan.calls]
    notes = list(dict.fromkeys(note for plan in plans for note in plan.notes))
    listed = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    pre = html.escape("\n\n".join(details))
    show(
        f"{markup}<div>{html.escape(total)}</div>"
        + (f'<ul style="margin:4px 0">{listed}</ul>' if notes else "")
        + (f"<details><summary>{html.escape(tr('What would be sent'))}</summary>" if details else "")
        + (f'<pre style="white-space:pre-wrap;overflow-wrap:anywhere">{pre}</pre></details>' if details else ""),
        "\n".join([text, total, *(f"- {note}" for note in notes), "", "\n\n".join(details)]).rstrip(),
    )


def _call(call: Any) -> str:
    lines = [f"{call['method']} {call['url']} ({call['encoding']})"]
    for name, value in call["body"]:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines.append(f"    {name}: {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}")
    return "\n".join(lines)
