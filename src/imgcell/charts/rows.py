"""Plots with a named row for each value: bars, and values with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from imgcell.charts.chart import COLORS, Chart
from imgcell.charts.drawing import SIZE, Drawing, clipped, finite, number, shown, ticks, width_of
from imgcell.language import tr

__all__ = ["bars", "intervals"]

_ROW = 28


def intervals(
    rows: Sequence[tuple[str, float | None, float | None, float | None]],
    *,
    title: str = "",
    label: str = "",
    reference: float | None = None,
    width: int = 640,
) -> Chart:
    """Return a row for each value, with its interval as a line through it.

    Args:
        rows: Name, value, lower and upper end, in the order to be shown; ``None`` is unknown and said so.
        title: Above the plot.
        label: What the axis counts.
        reference: A value to draw a dashed line at, such as "no difference".
        width: Pixels.
    """
    known = [[finite(value) for value in row[1:4]] for row in rows]
    places = [value for row in known for value in row if value is not None] + ([reference] if reference is not None else [])
    drawing = Drawing(width, title)
    axis = _Axis(drawing, [row[0] for row in rows], places, label, 10)
    if reference is not None:
        look = "stroke='currentColor' stroke-opacity='.6' stroke-dasharray='4 3'"
        drawing.line(axis.at(reference), axis.top, axis.at(reference), axis.bottom, look)
    said = []
    for index, (row, (value, low, high)) in enumerate(zip(rows, known, strict=True)):
        y, color = axis.row(index), COLORS[0]
        if value is None:
            drawing.text(axis.left + 6, y + 4, tr("unknown"), faint=True)
            said.append(f"{row[0]}: {tr('unknown')}")
            continue
        words = f"{row[0]}: {number(value)}"
        if low is not None and high is not None:
            words += f" ({number(low)} – {number(high)})"
            drawing.line(axis.at(low), y, axis.at(high), y, f"stroke='{color}' stroke-width='2.5'")
            for end in (low, high):
                drawing.line(axis.at(end), y - 5, axis.at(end), y + 5, f"stroke='{color}' stroke-width='2'")
        drawing.mark(axis.at(value), y, 0, color, words)
        said.append(words)
    return drawing.chart(axis.end, said)


def bars(
    rows: Sequence[tuple[str, float | None]], *, title: str = "", label: str = "", width: int = 640, texts: Sequence[str] | None = None
) -> Chart:
    """Return a bar for each value, from zero, with its figure at its end.

    Args:
        rows: Name and value, in the order to be shown; ``None`` is unknown and said so.
        title: Above the plot.
        label: What the axis counts.
        width: Pixels.
        texts: The figures as they are to be written, such as "$0.12", also of what is unknown; else the values with three digits.
    """
    known = [finite(row[1]) for row in rows]
    said_by = texts or ["" if value is None else number(value) for value in known]
    figures = [figure or tr("unknown") for figure in said_by]
    drawing = Drawing(width, title)
    room = min(max((width_of(shown(figure)) for figure in figures), default=0) + 12, width / 3)
    axis = _Axis(drawing, [row[0] for row in rows], [0.0, *(value for value in known if value is not None)], label, room)
    said = []
    for index, (row, value, figure) in enumerate(zip(rows, known, figures, strict=True)):
        y = axis.row(index)
        if value is None:
            drawing.text(axis.left + 6, y + 4, figure, faint=True)
        else:
            start, end = sorted((axis.at(0), axis.at(value)))
            shape = f"<rect x='{start:.1f}' y='{y - 8:.1f}' width='{max(1.0, end - start):.1f}' height='16' rx='2' fill='{COLORS[0]}'/>"
            drawing.add(shape)
            drawing.text(end + 6, y + 4, clipped(shown(figure), room))
        said.append(f"{row[0]}: {figure}")
    drawing.line(axis.at(0), axis.top, axis.at(0), axis.bottom, "stroke='currentColor' stroke-opacity='.6'")
    return drawing.chart(axis.end, said)


class _Axis:
    """Names at the left, an axis below, lines behind."""

    def __init__(self, drawing: Drawing, names: Sequence[str], places: Sequence[float], label: str, right: float) -> None:
        words = [shown(name) for name in names]
        most = drawing.width * 0.38
        self.left = min(max((width_of(word) for word in words), default=0), most) + 18
        self.top = drawing.top + 4
        self.bottom = self.top + _ROW * max(1, len(words)) + 4
        self._right = drawing.width - right - 8
        marks = ticks(min(places, default=0), max(places, default=1), max(3, int((self._right - self.left) // 70)))
        self._low, self._high = marks[0], marks[-1]
        for mark in marks:
            drawing.line(self.at(mark), self.top, self.at(mark), self.bottom)
            drawing.text(self.at(mark), self.bottom + 15, number(mark), anchor="middle", size=SIZE - 1, faint=True)
        for index, word in enumerate(words):
            short = clipped(word, most)
            drawing.text(self.left - 8, self.row(index) + 4, short, anchor="end")
        self.end = self.bottom + 22
        if label:
            text = clipped(shown(label), drawing.width - 8)
            middle = (self.left + self._right) / 2
            half = width_of(text) / 2
            drawing.text(min(max(middle, half + 4), drawing.width - half - 4), self.end + 12, text, anchor="middle", faint=True)
            self.end += 20

    def at(self, value: float) -> float:
        """Return where *value* stands."""
        return self.left + (value - self._low) / (self._high - self._low) * (self._right - self.left)

    def row(self, index: int) -> float:
        """Return the middle of row *index*."""
        return self.top + _ROW * (index + 0.5) + 2
