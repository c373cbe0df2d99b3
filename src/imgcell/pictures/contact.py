"""Contact sheets: every picture of a sheet, and what went wrong, drawn as one picture with captions."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from imgcell.language import tr
from imgcell.pictures.fonts import draw_line, missing, wrap
from imgcell.pictures.honored import mark
from imgcell.pictures.preview import BUDGET, Shown, encode, small
from imgcell.pictures.words import clean, cost_text

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.record import Record
    from imgcell.pictures.sheet import Cell, Sheet

__all__ = ["draw", "shown"]

_MARGIN, _GAP = 16, 14
_TITLE, _TEXT = 17, 14
_LEADING = 1.38
_INK, _SOFT, _RED, _PALE_RED, _LINE, _PALE = "#1f2328", "#59636e", "#a40e26", "#fff1f0", "#d1d9e0", "#f6f8fa"
#: Pixels of a contact sheet at most; the squares shrink beyond.
_PIXELS = 48_000_000
#: Places that a cell's output shows; contact_sheet() draws them all.
_SHOWN = 60
#: Likewise of a sweep's matrix, and its rows or columns: no JPEG has more than 65,535 pixels a side.
_SHOWN_IN_MATRIX, _SHOWN_A_SIDE = 400, 100


@dataclass
class _Place:
    """One square with what stands below it."""

    cell: Cell
    image: Image.Image | None
    bold: str
    lines: list[str] = field(default_factory=list)
    problem: str = ""


def shown(sheet: Sheet) -> Shown:
    """Return what a cell's output embeds of *sheet*: its contact sheet, JPEG, kept with the sheet until it changes."""
    cells = sheet.cells
    key = (sheet.done, tuple((c.position, id(c.picture), id(c.error)) for c in cells))
    if sheet._shown is not None and sheet._shown[0] == key:
        kept: Shown = sheet._shown[1]
        return kept
    count = len(cells)
    side = 768 if count <= 1 else 480 if count == 2 else 320 if count <= 6 else 256 if count <= 12 else 200
    image = draw(sheet, columns=None, side=side, captions=True, most=_SHOWN)
    # A sheet may take what its pictures would take one by one, up to the size of a small photograph.
    made = encode(image, budget=BUDGET * min(max(count, 1), 3), quality=88)
    if not any(c.picture is not None and c.picture.edited for c in cells):
        sheet._shown = (key, made)
    return made


def draw(sheet: Sheet, *, columns: int | None, side: int, captions: bool, most: int | None = None) -> Image.Image:
    """Do what :meth:`imgcell.Sheet.contact_sheet` says; *most* leaves out what is beyond that many places.

    Raises:
        ValueError: For fewer than 1 column or squares below 32 pixels.
    """
    if (columns is not None and columns < 1) or side < 32:
        raise ValueError(tr("contact_sheet() takes columns of 1 or more and cells of 32 pixels or more."))
    cells = list(sheet.cells)
    matrix = sheet._matrix
    left_out = 0
    heads: list[str] = []
    rows: list[str] = []
    if matrix.size:
        each = max(1, len(cells) // matrix.size)
        heads = [" · ".join(values) for values in matrix.heads() for _ in range(each)]
        rows = [" · ".join(values) for values in matrix.sides()]
    if most is not None and len(heads) > _SHOWN_A_SIDE:
        heads, rows = [], []  # too wide to be a table: one after the other, as far as there is room
    in_axes = bool(heads)
    if in_axes:
        wide = len(heads)
        if most is not None and len(rows) > (fit := min(_SHOWN_A_SIDE, _SHOWN_IN_MATRIX // wide)):
            rows = rows[:fit]
            left_out = len(cells) - fit * wide
            cells = cells[: fit * wide]
    else:
        if most is not None and len(cells) > most:
            left_out = len(cells) - most
            cells = cells[:most]
        wide = min(columns or _columns(len(cells)), max(1, len(cells)))
    high = math.ceil(len(cells) / wide)
    while wide * high * side * side > _PIXELS and side > 48:
        side = side * 3 // 4
    prompts = {cell.picture.record.prompt for cell in cells if cell.picture is not None}
    title = clean(next(iter(prompts))) if len(prompts) == 1 and captions else ""
    records = [cell.picture.record for cell in cells if cell.picture is not None]
    models = {record.model for record in records}
    places, index = [], 0
    for cell in cells:
        places.append(
            _place(
                cell,
                index,
                side,
                captions,
                with_prompt=len(prompts) > 1,
                with_model=len(models) > 1,
                in_axes=in_axes,
                keep=not sheet.done,
            )
        )
        index += cell.picture is not None
    footer = tr("… and {count} more", count=left_out) if left_out else ""
    everything = "".join([title, footer, *heads, *rows, *(p.bold + p.problem + "".join(p.lines) for p in places)])
    if captions and (boxes := missing(everything)):
        warnings.warn(
            tr(
                "No font on this machine can draw {letters}: they are shown as boxes. Install one, for example Noto Sans CJK.",
                letters="".join(boxes[:12]) + ("…" if len(boxes) > 12 else ""),
            ),
            stacklevel=3,
        )
    return _compose(places, wide, side, title, heads, rows, footer)


def _columns(count: int) -> int:
    if count <= 4:
        return max(count, 1)
    if count <= 6 or count == 9:
        return 3
    return min(8, 4 if count <= 16 else math.ceil(math.sqrt(count * 1.3)))


def _place(cell: Cell, index: int, side: int, captions: bool, with_prompt: bool, with_model: bool, in_axes: bool, keep: bool) -> _Place:
    label = clean(cell.label)
    if cell.error is not None:
        return _Place(cell, None, "" if in_axes else label, [], clean(str(cell.error)) or type(cell.error).__name__)
    if cell.picture is None:
        return _Place(cell, None, "" if in_axes else label)
    picture = cell.picture
    try:
        image = thumbnail(picture, side, keep=keep)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one picture must not take the others with it
        return _Place(cell, None, label, [], clean(str(error)))
    if not captions:
        return _Place(cell, image, "")
    record = picture.record
    bold = label if label and not in_axes else f"[{index}]"
    facts = _facts(record, picture, with_model and not in_axes)
    lines = [facts]
    if with_prompt:
        lines.append(clean(record.prompt))
    return _Place(cell, image, bold, lines)


def _facts(record: Record, picture: Picture, with_model: bool) -> str:
    size = f"{picture.facts.width}×{picture.facts.height}"
    parts = [clean(record.model or "") if with_model else "", size, clean(mark(record)), cost_text(record.cost)]
    return " · ".join(part for part in parts if part)


def thumbnail(picture: Picture, side: int, *, keep: bool) -> Image.Image:
    """Return *picture* at most *side* pixels a side, on a checkerboard where it is transparent.

    *keep* leaves it with the picture for the next drawing of a sheet that is still filling; else it is let go.
    """
    kept = picture._thumbnail
    if kept is not None and kept[0] == side and not picture.edited:
        image: Image.Image = kept[1]
        picture._thumbnail = kept if keep else None
        return image
    image = small(picture, side)
    if image.mode == "RGBA":
        ground = checkerboard(image.size)
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    elif image.mode != "RGB":
        image = image.convert("RGB")
    picture._thumbnail = (side, image) if keep and not picture.edited else None
    return image


def checkerboard(size: tuple[int, int], square: int = 10) -> Image.Image:
    """Return the grey and white squares that stand for "transparent"."""
    across, down = -(-size[0] // square), -(-size[1] // square)
    tile = Image.new("L", (across, down))
    tile.putdata([255 if (x + y) % 2 else 224 for y in range(down) for x in range(across)])
    return tile.resize((across * square, down * square), Image.Resampling.NEAREST).crop((0, 0, *size)).convert("RGB")


def _compose(
    places: Sequence[_Place], wide: int, side: int, title: str, heads: Sequence[str], rows: Sequence[str], footer: str
) -> Image.Image:
    leading, big = round(_TEXT * _LEADING), round(_TITLE * _LEADING)
    beside = 0
    row_texts = [wrap(clean(row), _TEXT, 130, 4) for row in rows]
    if any(row_texts):
        beside = 140
    width = 2 * _MARGIN + beside + wide * side + (wide - 1) * _GAP
    title_lines = wrap(title, _TITLE, width - 2 * _MARGIN, 2) if title else []
    head_lines = [wrap(clean(head), _TEXT, side, 2) for head in heads]
    y = _MARGIN + len(title_lines) * big + (8 if title_lines else 0)
    heads_at = y
    if head_lines:
        y += max(map(len, head_lines)) * leading + 8
    bands: list[tuple[int, int, list[list[tuple[str, str]]]]] = []
    for start in range(0, len(places), wide):
        row = places[start : start + wide]
        tall = max((place.image.height for place in row if place.image is not None), default=0) or _bare(row, side)
        captions = [_caption(place, side) for place in row]
        bands.append((y, tall, captions))
        y += tall + (6 if any(captions) else 0) + max(map(len, captions), default=0) * leading + _GAP
    footer_at = y
    y += leading if footer else 0
    sheet = Image.new("RGB", (width, max(y - _GAP + _MARGIN, 2 * _MARGIN)), "white")
    pen = ImageDraw.Draw(sheet)
    for number, line in enumerate(title_lines):
        draw_line(sheet, (_MARGIN, _MARGIN + number * big), line, _TITLE, _INK)
    for column, lines in enumerate(head_lines):
        for number, line in enumerate(lines):
            draw_line(sheet, (_MARGIN + beside + column * (side + _GAP), heads_at + number * leading), line, _TEXT, _INK)
    for number, (top, tall, captions) in enumerate(bands):
        if number < len(row_texts):
            for line_number, line in enumerate(row_texts[number]):
                draw_line(
                    sheet, (_MARGIN, top + tall // 2 - len(row_texts[number]) * leading // 2 + line_number * leading), line, _TEXT, _INK
                )
        for column, place in enumerate(places[number * wide : (number + 1) * wide]):
            x = _MARGIN + beside + column * (side + _GAP)
            _square(sheet, pen, place, x, top, side, tall)
            for line_number, (line, colour) in enumerate(captions[column]):
                draw_line(sheet, (x, top + tall + 6 + line_number * leading), line, _TEXT, colour)
    if footer:
        draw_line(sheet, (_MARGIN, footer_at), footer, _TEXT, _SOFT)
    return sheet


def _bare(row: Sequence[_Place], side: int) -> int:
    """Return the height of a row without a single picture: what its longest message needs."""
    lines = max(len(wrap(place.problem, _TEXT, side - 24, 8)) + 1 for place in row)
    return max(side // 3, 24 + lines * round(_TEXT * _LEADING))


def _caption(place: _Place, side: int) -> list[tuple[str, str]]:
    if not place.lines:
        return [(line, _INK) for line in wrap(place.bold, _TEXT, side, 2)]
    if place.bold.startswith("[") and place.bold.endswith("]"):
        first = [(line, _SOFT) for line in wrap(f"{place.bold} {place.lines[0]}", _TEXT, side, 1)]
    else:
        first = [(line, _INK) for line in wrap(place.bold, _TEXT, side, 2)]
        first += [(line, _SOFT) for line in wrap(place.lines[0], _TEXT, side, 1)]
    return first + [(line, _INK) for text in place.lines[1:] for line in wrap(text, _TEXT, side, 2)]


def _square(sheet: Image.Image, pen: ImageDraw.ImageDraw, place: _Place, x: int, top: int, side: int, tall: int) -> None:
    if place.image is not None:
        sheet.paste(place.image, (x, top))
        return
    leading = round(_TEXT * _LEADING)
    if place.problem:
        pen.rounded_rectangle((x, top, x + side - 1, top + tall - 1), radius=6, fill=_PALE_RED, outline=_RED)
        room = max(1, (tall - 24) // leading - 1)
        name = type(place.cell.error).__name__ if place.cell.error is not None else tr("Not a whole picture")
        for number, line in enumerate([*wrap(name, _TEXT, side - 24, 1), *wrap(place.problem, _TEXT, side - 24, room)]):
            draw_line(sheet, (x + 12, top + 10 + number * leading), line, _TEXT, _RED if number == 0 else _INK)
    else:
        pen.rounded_rectangle((x, top, x + side - 1, top + tall - 1), radius=6, fill=_PALE, outline=_LINE)
        draw_line(sheet, (x + side / 2 - 6, top + tall / 2 - _TEXT), "…", _TEXT, _SOFT)
