"""Tables, as HTML that is at home in light and dark notebooks, and as aligned text."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from imgcell.pictures.words import clean, columns

__all__ = ["Column", "as_html", "as_text"]

# Everything inline, and no colour of its own: an output has no style sheet, and its page may be light or dark.
_CELL = "padding:3px 14px 3px 0;vertical-align:top;line-height:1.5;border:0;background:none;overflow-wrap:break-word"
_LINE = "border-top:1px solid rgba(128,128,128,.4)"
_FIGURE = "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        head: Its name.
        right: Whether it holds figures, which stand under each other by their ends.
        faint: Whether it is an aside, a text of some words.
        whole: Whether its texts are not to be broken.
    """

    head: str
    right: bool = False
    faint: bool = False
    whole: bool = False


def as_text(table: Sequence[Column], rows: Sequence[Sequence[str]], foot: Sequence[str] | None = None) -> str:
    """Return aligned lines; Chinese characters take two columns, and each line of a text stands on a line of its own."""
    heads = [column.head for column in table]
    kept = [line for row in rows for line in _lines(row)]
    last = _lines(foot) if foot is not None else []
    widths = [max(columns(row[at]) for row in [heads, *kept, *last]) for at in range(len(heads))]

    def aligned(row: Sequence[str]) -> str:
        cells = []
        for column, value, width in zip(table, row, widths, strict=True):
            space = " " * (width - columns(value))
            cells.append(space + value if column.right else value + space)
        return "  ".join(cells).rstrip()

    rule = "  ".join("─" * width for width in widths)
    return "\n".join([aligned(heads), rule, *map(aligned, kept), *([rule, *map(aligned, last)] if last else [])])


def as_html(
    table: Sequence[Column], rows: Sequence[Sequence[str]], foot: Sequence[str] | None = None, titles: Sequence[str] | None = None
) -> str:
    """Return a table; every cell is escaped.

    Args:
        table: Its columns.
        rows: Texts, one for each column; each line of a text stands on a line of its own.
        foot: The last row, of sums.
        titles: What a pointer on a row's first cell shows, for each of *rows*.
    """

    def cell(tag: str, column: Column, value: str, more: str = "", title: str = "") -> str:
        style = f"{_CELL};{_FIGURE if column.right else 'text-align:left'}{more}"
        if column.faint:
            # Narrow pages scroll the table sideways instead of breaking an aside after every word.
            style += ";opacity:.72;min-width:15em"
        if column.whole:
            style += ";white-space:nowrap"
        said = f' title="{html.escape(clean(title), quote=True)}"' if title else ""
        lines = "<br>".join(html.escape(clean(line)) for line in value.split("\n"))
        return f'<{tag} style="{style}"{said}>{lines}</{tag}>'

    head = "".join(cell("th", column, column.head, ";white-space:nowrap;font-weight:600") for column in table)
    lines = []
    for number, row in enumerate(rows):
        title = titles[number] if titles else ""
        cells = [
            cell("td", column, value, f";{_LINE}", title if at == 0 else "")
            for at, (column, value) in enumerate(zip(table, row, strict=True))
        ]
        lines.append(f'<tr style="background:none">{"".join(cells)}</tr>')
    if foot is not None:
        cells = [
            cell("td", column, value, f";{_LINE}{'' if column.faint else ';font-weight:600'}")
            for column, value in zip(table, foot, strict=True)
        ]
        lines.append(f'<tr style="background:none">{"".join(cells)}</tr>')
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:4px 0;border:0">'
        f'<thead><tr style="background:none">{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def _lines(row: Sequence[str]) -> list[list[str]]:
    split = [[clean(line) for line in value.split("\n")] for value in row]
    return [[lines[at] if at < len(lines) else "" for lines in split] for at in range(max(map(len, split), default=0))]
