"""A sheet as lines of text, as a data frame, as an HTML table."""

from __future__ import annotations

import html as markup
from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgcell.language import tr
from imgcell.pictures.frames import needs_pandas
from imgcell.pictures.words import clean, clip, facts_text

if TYPE_CHECKING:
    from imgcell.pictures.sheet import Cell, Sheet

__all__ = ["frame", "html", "text"]

#: What numbers about pictures come from.
_MEASURING = "imgcell.measures.measuring"

#: Lines of a sheet in a terminal.
_LINES = 20


def text(sheet: Sheet) -> str:
    """Return the lines a terminal shows for *sheet*."""
    cells = sheet.cells
    state = "" if sheet.done else " · " + tr("still running")
    failed = len(sheet.errors)
    counted = tr("1 picture") if len(sheet) == 1 else tr("{count} pictures", count=len(sheet))
    missed = " · " + tr("{count} failed", count=failed) if failed else ""
    kept = " · " + tr("from the library: {count}", count=sheet.replayed) if sheet.replayed else ""
    head = f"<Sheet {counted}{kept}{missed}{state}>"
    lines, index = [head], 0
    prompts = {record.prompt for record in sheet.records}
    if len(prompts) == 1:
        lines.append(f"  “{clip(clean(prompts.pop()), 90)}”")
        many = False
    else:
        many = True
    for cell in cells[:_LINES]:
        name = f"{clip(clean(cell.label), 40)} · " if cell.label else ""
        if cell.picture is not None:
            picture = cell.picture
            said = f" · “{clip(clean(picture.record.prompt), 40)}”" if many else ""
            lines.append(f"  [{index}] {name}{facts_text(picture.record, picture.size, picture.format or '')}{said}")
            index += 1
        elif cell.error is not None:
            lines.append(f"   ✗  {name}{clip(clean(str(cell.error)), 110)}")
        else:
            lines.append(f"   …  {name}".rstrip(" ·"))
    if len(cells) > _LINES:
        lines.append("  " + tr("… and {count} more", count=len(cells) - _LINES))
    return "\n".join(lines)


def frame(sheet: Sheet, *, failed: bool = False, metrics: Any = None, baseline: Any = None) -> Any:
    """Do what :meth:`Sheet.to_pandas` says."""
    pd = needs_pandas()
    from imgcell.pictures.rows import rows

    lines = rows(sheet, failed=failed)
    if metrics is not None or baseline is not None:
        # By name: measures are made of parts that themselves lean on pictures.
        measured = import_module(_MEASURING).measure(sheet, metrics, baseline)
        facts = {name for line in lines for name in line}
        values = [measured.at(line["position"]) for line in lines]
        # A measure that is called like a fact does not take the fact's place; what a file is, is a fact.
        lines = [
            line | {f"measured.{name}" if name in facts else name: value for name, value in found.items() if line.get(name) != value}
            for line, found in zip(lines, values, strict=True)
        ]
    # Built column by column: pandas would take a picture apart, as it offers the array interface.
    table = pd.DataFrame(index=pd.Index([line["id"] for line in lines], name="id", dtype=object))
    names = list(dict.fromkeys(name for line in lines for name in line if name not in ("id", "picture")))
    for name in [*names, "picture"]:
        values = [line.get(name) for line in lines]
        if name == "picture" or any(isinstance(value, (list, dict, tuple)) for value in values):
            column = pd.Series([None] * len(lines), index=table.index, dtype=object)
            for position, value in enumerate(values):
                column.iloc[position] = value
            table[name] = column
        else:
            table[name] = values
    return table


def html(sheet: Sheet) -> str:
    """Return a table with pictures as data addresses; everything foreign is escaped, there is no script and no link."""
    matrix = sheet._matrix
    cells = sheet.cells
    if matrix.size:
        names = list(matrix.axes)
        each = max(1, len(cells) // matrix.size)
        across = [" · ".join(map(_escaped, values)) for values in matrix.heads()]
        wide = len(across) * each
        heads = "".join(f'<th colspan="{each}" style="text-align:center">{head}</th>' for head in across)
        corner = " · ".join(map(_escaped, names[: len(names) - matrix.across]))
        below = " · ".join(map(_escaped, names[len(names) - matrix.across :]))
        lines = ["<tr><th>" + corner + (" / " if corner and below else "") + below + "</th>" + heads + "</tr>"]
        for number, down in enumerate(matrix.sides()):
            row = cells[number * wide : (number + 1) * wide]
            lines.append("<tr><th>" + " · ".join(map(_escaped, down)) + "</th>" + "".join(_cell(cell) for cell in row) + "</tr>")
    else:
        wide = min(4, max(1, len(cells)))
        lines = ["<tr>" + "".join(_cell(cell) for cell in cells[at : at + wide]) + "</tr>" for at in range(0, len(cells), wide)]
    return '<table class="imgcell-sheet" style="border-collapse:collapse">' + "".join(lines) + "</table>"


def _cell(cell: Cell) -> str:
    from imgcell.pictures.preview import bundle, encode, small

    style = "vertical-align:top;text-align:left;max-width:260px;padding:6px;overflow-wrap:anywhere"
    label = f"<b>{_escaped(cell.label)}</b><br>" if cell.label else ""
    if cell.error is not None:
        return f'<td style="{style}">{label}<span style="color:#b3261e">✗ {_escaped(str(cell.error))}</span></td>'
    if cell.picture is None:
        return f'<td style="{style}">{label}…</td>'
    picture = cell.picture
    media_type, data = next(iter(bundle(encode(small(picture, 256), 40_000, quality=82), "").items()))
    caption = _escaped(facts_text(picture.record, picture.size, picture.format or ""))
    spoken = _escaped(clip(clean(picture.record.prompt), 200))
    image = f'<img alt="{spoken}" title="{spoken}" src="data:{media_type};base64,{data}">'
    return f'<td style="{style}">{image}<br>{label}<small>{caption}</small></td>'


def _escaped(value: str) -> str:
    return markup.escape(clean(value), quote=True)
