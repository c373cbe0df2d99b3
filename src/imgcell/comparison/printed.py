"""A comparison as one picture or as pages to print: the matrix with its labels, and the facts under each picture."""

from __future__ import annotations

import io
import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from PIL import Image, ImageDraw

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.contact import checkerboard
from imgcell.pictures.fonts import draw_line, missing, wrap
from imgcell.pictures.honored import mark
from imgcell.pictures.preview import small
from imgcell.pictures.words import clean, cost_text

if TYPE_CHECKING:
    from imgcell.comparison.lineup import Entry, Lineup

__all__ = ["Drawn", "pdf", "picture"]

#: What :func:`picture` returns.
Drawn: TypeAlias = Image.Image

_INK, _SOFT, _RED, _PALE_RED, _AMBER, _LINE, _PALE = "#1f2328", "#59636e", "#a40e26", "#fff1f0", "#8a5300", "#d1d9e0", "#f6f8fa"
_LEADING = 1.4
#: A4 across, at 200 dots an inch.
_PAGE = (2339, 1654)
_DOTS = 200
#: Pixels of a picture at most.
_PIXELS = 60_000_000
#: Side of a square on paper, at least; wider matrices are printed on a larger page, scaled to A4.
_LEAST = 190


_Row: TypeAlias = "tuple[tuple[str, ...], list[Entry | None]]"


@dataclass
class _Tile:
    """One square and what stands below it; ``image`` and ``problem`` are empty where nothing was asked for."""

    image: Image.Image | None = None
    problem: str = ""
    name: str = ""
    lines: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Band:
    """One row; its label has a text for each axis."""

    label: tuple[str, ...]
    tiles: list[_Tile]
    tall: int = 0
    below: int = 0


@dataclass
class _Plan:
    """How a page is laid out, all in pixels."""

    side: int
    text: int
    wide: int
    beside: int
    heads: list[str]
    bands: list[_Band]

    @property
    def margin(self) -> int:
        return round(self.text * 1.6)

    @property
    def gap(self) -> int:
        return self.text

    @property
    def leading(self) -> int:
        return round(self.text * _LEADING)

    @property
    def width(self) -> int:
        return 2 * self.margin + self.beside + self.wide * self.side + (self.wide - 1) * self.gap


def picture(lineup: Lineup, *, side: int = 320) -> Image.Image:
    """Return the whole comparison as one picture (RGB).

    Args:
        lineup: What it shows.
        side: Side of a picture's square in pixels, 64 or more; smaller where the whole would be over 60 megapixels.

    Raises:
        InvalidJobError: *side* is too small.
    """
    if side < 64:
        raise InvalidJobError(tr("A picture's square has 64 pixels a side or more."))
    rows, heads = _matrix(lineup)
    wide = max((len(row) for _, row in rows), default=1)
    while wide * len(rows) * side * side * 1.4 > _PIXELS and side > 64:
        side = side * 3 // 4
    plan = _plan(lineup, rows, heads, side, text=max(12, round(side / 22)))
    heading = _heading(lineup, plan)
    height = plan.margin + _headed(plan, heading) + sum(_height(plan, band) for band in plan.bands) + plan.margin - plan.gap
    sheet = Image.new("RGB", (plan.width, max(height, 2 * plan.margin)), "white")
    _draw(sheet, plan, heading, plan.bands)
    return sheet


def pdf(lineup: Lineup) -> bytes:
    """Return the comparison as a PDF: A4 across, as many pages as it takes, the columns' labels on each.

    The pages are pictures of 200 dots an inch: any script prints, whatever fonts the reader has.
    """
    rows, heads = _matrix(lineup)
    wide = max((len(row) for _, row in rows), default=1)
    text = 22
    room = _PAGE[0] - 2 * round(text * 1.6) - _beside(rows, text) + text
    side = max(_LEAST, min(620, room // wide - text))
    plan = _plan(lineup, rows, heads, side, text)
    scale = max(1.0, plan.width / _PAGE[0])
    size = (round(_PAGE[0] * scale), round(_PAGE[1] * scale))
    heading = _heading(lineup, plan, size[0])
    footer = plan.leading
    pages: list[list[_Band]] = [[]]
    left = size[1] - 2 * plan.margin - footer - _headed(plan, heading)
    for band in plan.bands:
        needed = _height(plan, band)
        if pages[-1] and needed > left:
            pages.append([])
            left = size[1] - 2 * plan.margin - footer - _headed(plan, [])
        pages[-1].append(band)
        left -= needed
    drawn = []
    for number, bands in enumerate(pages, 1):
        page = Image.new("RGB", size, "white")
        _draw(page, plan, heading if number == 1 else [], bands)
        if len(pages) > 1:
            told = tr("Page {number} of {count}", number=number, count=len(pages))
            draw_line(page, (plan.margin, size[1] - plan.margin - plan.text), told, plan.text, _SOFT)
        drawn.append(page)
    buffer = io.BytesIO()
    title = lineup.title[:200] or tr("Comparison")
    drawn[0].save(
        buffer, "PDF", save_all=True, append_images=drawn[1:], resolution=_DOTS * scale, quality=92, title=title, producer="imgcell"
    )
    return buffer.getvalue()


# -- what stands where -------------------------------------------------------------------------------------------


def _matrix(lineup: Lineup) -> tuple[list[_Row], list[str]]:
    """Return the rows (label, entries) and the labels of the columns."""
    entries = list(lineup.entries)
    placed = [entry for entry in entries if entry.values]
    if not lineup.axes or not placed:
        wide = _across(len(entries))
        return [((), list(entries[at : at + wide])) for at in range(0, len(entries), wide)], []
    downs = list(itertools.product(*(lineup.axes[name] for name in lineup.rows)))
    acrosses = list(itertools.product(*(lineup.axes[name] for name in lineup.columns)))
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Entry]] = {}
    for entry in placed:
        key = tuple(entry.values.get(n, "") for n in lineup.rows), tuple(entry.values.get(n, "") for n in lineup.columns)
        found.setdefault(key, []).append(entry)
    each = {across: max([len(found.get((down, across), ())) for down in downs] + [1]) for across in acrosses}
    rows: list[_Row] = []
    for down in downs:
        row: list[Entry | None] = []
        for across in acrosses:
            here = found.get((down, across), [])
            row += [*here, *[None] * (each[across] - len(here))]
        rows.append((down, row))
    loose: list[Entry | None] = [entry for entry in entries if not entry.values]
    wide = sum(each.values())
    rows += [((), loose[at : at + wide]) for at in range(0, len(loose), wide)]
    return rows, [" · ".join(across) for across in acrosses for _ in range(each[across])]


def _across(count: int) -> int:
    return max(1, count if count <= 4 else 3 if count in (5, 6, 9) else min(6, math.ceil(math.sqrt(count * 1.4))))


def _beside(rows: Sequence[_Row], text: int) -> int:
    return text * 8 if any(label for label, _ in rows) else 0


def _plan(lineup: Lineup, rows: list[_Row], heads: list[str], side: int, text: int) -> _Plan:
    wide = max((len(row) for _, row in rows), default=1)
    models = {entry.picture.record.model for entry in lineup.entries if entry.picture is not None}
    prompts = {entry.picture.record.prompt for entry in lineup.entries if entry.picture is not None}
    named = (len(models) > 1 and "model" not in lineup.axes, len(prompts) > 1 and "prompt" not in lineup.axes)
    bands = [_Band(label, [_tile(entry, side, *named) for entry in row]) for label, row in rows]
    plan = _Plan(side, text, wide, _beside(rows, text), heads, bands)
    for band in bands:
        for tile in band.tiles:
            tile.lines = [(line, color) for words, color in tile.lines for line in wrap(words, text, side, 2 if color == _INK else 3)]
        tallest = max((tile.image.height for tile in band.tiles if tile.image is not None), default=0)
        told = max((len(wrap(tile.problem, text, side - 2 * text, 8)) + 2 for tile in band.tiles if tile.problem), default=0)
        band.tall = max(tallest, min(side, (told + 1) * plan.leading) if told else 0, side // 3)
        band.below = max((len(tile.lines) for tile in band.tiles), default=0) * plan.leading
    letters = "".join(
        [lineup.title, *heads, *(v for b in bands for v in b.label), *(w for b in bands for t in b.tiles for w, _ in t.lines)]
    )
    if boxes := missing(letters):
        warnings.warn(
            tr(
                "No font on this machine can draw {letters}: they are shown as boxes. Install one, for example Noto Sans CJK.",
                letters="".join(boxes[:12]) + ("…" if len(boxes) > 12 else ""),
            ),
            stacklevel=4,
        )
    return plan


def _ended(outcome: str) -> str:
    names = {"refused": tr("Refused"), "unknown": tr("Outcome unknown"), "not sent": tr("Not sent")}
    return names.get(outcome, tr("Failed"))


def _tile(entry: Entry | None, side: int, with_model: bool, with_prompt: bool) -> _Tile:
    if entry is None:
        return _Tile()
    label = [(entry.label, _INK)] if entry.label and not entry.values else []
    if entry.picture is None:
        told = clean(str(entry.error)) if entry.error is not None else tr("Not there yet")
        return _Tile(problem=told, name=_ended(entry.outcome) if entry.error is not None else "", lines=label)
    record, facts = entry.picture.record, entry.picture.facts
    try:
        image = small(entry.picture, side)
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one picture must not take the others with it
        return _Tile(problem=clean(str(error)), name=tr("Not a whole picture"), lines=label)
    if image.mode == "RGBA":
        ground = checkerboard(image.size)
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    told_facts = [
        clean(record.model or record.provider) if with_model else "",
        f"{record.seconds:.1f} s" if record.seconds else "",
        cost_text(record.cost) or (tr("cost unknown") if record.attempt else ""),
        f"{facts.width}×{facts.height}",
    ]
    lines = [*label, (" · ".join(part for part in told_facts if part), _SOFT)]
    if wrong := mark(record):
        lines.append((wrong.replace("x", "×"), _AMBER))
    if entry.numbers:
        known = [f"{name} {value:.4g}" for name, value in entry.numbers.items() if value is not None]
        lines.append((" · ".join(known), _SOFT))
    if with_prompt:
        lines.append((clean(record.prompt), _INK))
    if record.revised_prompt and clean(record.revised_prompt) != clean(record.prompt):
        lines.append((tr("Rewritten: {prompt}", prompt=clean(record.revised_prompt)), _SOFT))
    return _Tile(image.convert("RGB"), lines=[line for line in lines if line[0]])


# -- drawing -----------------------------------------------------------------------------------------------------


def _heading(lineup: Lineup, plan: _Plan, width: int | None = None) -> list[str]:
    return wrap(lineup.title, round(plan.text * 1.25), (width or plan.width) - 2 * plan.margin, 3) if lineup.title else []


def _headed(plan: _Plan, heading: list[str]) -> int:
    """Return the height of title and column labels."""
    above = len(heading) * round(plan.leading * 1.25) + (plan.gap if heading else 0)
    return above + (max(len(wrap(clean(head), plan.text, plan.side, 2)) for head in plan.heads) * plan.leading + 6 if plan.heads else 0)


def _height(plan: _Plan, band: _Band) -> int:
    return band.tall + (6 + band.below if band.below else 0) + plan.gap


def _draw(sheet: Image.Image, plan: _Plan, heading: list[str], bands: list[_Band]) -> None:
    pen = ImageDraw.Draw(sheet)
    y = plan.margin
    for line in heading:
        draw_line(sheet, (plan.margin, y), line, round(plan.text * 1.25), _INK)
        y += round(plan.leading * 1.25)
    y = plan.margin + _headed(plan, heading)
    for number, head in enumerate(plan.heads):
        lines = wrap(clean(head), plan.text, plan.side, 2)
        for place, line in enumerate(lines):
            at = (_left(plan, number), y - 6 - (len(lines) - place) * plan.leading)
            draw_line(sheet, at, line, plan.text, _INK)
    for band in bands:
        # Each axis has its lines: a long prompt must not push out the model's name.
        most = max(1, min(4, band.tall // plan.leading // max(1, len(band.label))))
        lines = [line for value in band.label for line in wrap(clean(value), plan.text, plan.beside - plan.gap, most)]
        for place, line in enumerate(lines):
            draw_line(sheet, (plan.margin, y + band.tall // 2 + round((place - len(lines) / 2) * plan.leading)), line, plan.text, _INK)
        for number, tile in enumerate(band.tiles):
            x = _left(plan, number)
            _square(sheet, pen, plan, tile, x, y, band.tall)
            for place, (line, color) in enumerate(tile.lines):
                draw_line(sheet, (x, y + band.tall + 6 + place * plan.leading), line, plan.text, color)
        y += _height(plan, band)


def _left(plan: _Plan, number: int) -> int:
    return plan.margin + plan.beside + number * (plan.side + plan.gap)


def _square(sheet: Image.Image, pen: ImageDraw.ImageDraw, plan: _Plan, tile: _Tile, x: int, y: int, tall: int) -> None:
    if tile.image is not None:
        sheet.paste(tile.image, (x, y))
        return
    if not tile.problem:
        return
    failed = bool(tile.name)
    pen.rounded_rectangle(
        (x, y, x + plan.side - 1, y + tall - 1), radius=6, fill=_PALE_RED if failed else _PALE, outline=_RED if failed else _LINE
    )
    room = plan.side - 2 * plan.text
    lines = [*wrap(tile.name, plan.text, room, 1), *wrap(tile.problem, plan.text, room, max(1, (tall - plan.text) // plan.leading - 1))]
    for place, line in enumerate(lines):
        color = _RED if failed and place == 0 else _INK if failed else _SOFT
        draw_line(sheet, (x + plan.text, y + plan.text // 2 + place * plan.leading), line, plan.text, color)
