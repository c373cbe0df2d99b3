"""Plots with two axes: lines through points, and points with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from imgcell.charts.chart import COLORS, Chart
from imgcell.charts.drawing import SIZE, Drawing, clipped, finite, number, shown, ticks, width_of
from imgcell.language import tr

__all__ = ["lines", "scatter"]


class _Point(NamedTuple):
    x: float
    y: float
    name: str


def lines(
    series: Mapping[str, Sequence[tuple[float | None, float | None]]],
    *,
    title: str = "",
    x: str = "",
    y: str = "",
    names: Sequence[str] | None = None,
    zero: bool = False,
    width: int = 640,
    height: int = 260,
) -> Chart:
    """Return lines through the points of each series, told apart by color and by the shape of their marks.

    Args:
        series: Points by the name of their series; where one is unknown the line is broken.
        title: Above the plot.
        x: What the axis below counts.
        y: What the axis at the left counts.
        names: Names of x = 0, 1, 2, …, written instead of the numbers.
        zero: Whether the axis at the left begins with zero.
        width: Pixels.
        height: Pixels of the plot alone.
    """
    drawing = Drawing(width, title)
    known = {name: [(finite(a), finite(b)) for a, b in points] for name, points in series.items()}
    points = [_Point(a, b, name) for name, found in known.items() for a, b in found if a is not None and b is not None]
    drawing.top = _legend(drawing, list(known)) if len(known) > 1 else drawing.top
    plane = _Plane(drawing, points, x, y, names, zero, height)
    said = []
    for index, (name, found) in enumerate(known.items()):
        color = COLORS[index % len(COLORS)]
        path, pen = "", "M"
        for a, b in found:
            if a is None or b is None:
                pen = "M"
                continue
            path += f"{pen}{plane.x(a):.1f} {plane.y(b):.1f}"
            pen = "L"
        if path:
            drawing.add(f"<path d='{path}' fill='none' stroke='{color}' stroke-width='2' stroke-linejoin='round'/>")
        for a, b in found:
            if a is not None and b is not None:
                drawing.mark(plane.x(a), plane.y(b), index, color, f"{name}: {_place(a, names)}, {number(b)}", 4)
        figures = ", ".join(tr("unknown") if a is None or b is None else f"{_place(a, names)} {number(b)}" for a, b in found)
        said.append(f"{name}: {figures}")
    return drawing.chart(plane.end, said)


def scatter(
    points: Sequence[tuple[float | None, float | None, str]],
    *,
    title: str = "",
    x: str = "",
    y: str = "",
    zero: bool = True,
    width: int = 640,
    height: int = 300,
) -> Chart:
    """Return named points in a plane; points without a place are named below it.

    Args:
        points: x, y and the name of each; points of the same name look the same, and are named once.
        title: Above the plot.
        x: What the axis below counts.
        y: What the axis at the left counts.
        zero: Whether both axes begin with zero.
        width: Pixels.
        height: Pixels of the plot alone.
    """
    drawing = Drawing(width, title)
    found, lost = [], []
    for a, b, name in points:
        left, up = finite(a), finite(b)
        if left is None or up is None:
            lost.append(shown(name))
        else:
            found.append(_Point(left, up, shown(name)))
    names = list(dict.fromkeys(point.name for point in found))
    drawing.top = _legend(drawing, names) if names else drawing.top
    plane = _Plane(drawing, found, x, y, None, zero, height, across=zero)
    for point in found:
        index = names.index(point.name)
        said = f"{point.name}: {number(point.x)}, {number(point.y)}"
        drawing.mark(plane.x(point.x), plane.y(point.y), index, COLORS[index % len(COLORS)], said, 5.5)
    words = [f"{point.name}: {number(point.x)}, {number(point.y)}" for point in found]
    end = plane.end
    if lost:
        missing = tr("Unknown: {names}", names=", ".join(dict.fromkeys(lost)))
        drawing.text(4, end + 12, clipped(missing, width - 8), faint=True)
        words.append(missing)
        end += 20
    return drawing.chart(end, words)


def _place(value: float, names: Sequence[str] | None) -> str:
    index = int(value)
    return shown(names[index]) if names and index == value and 0 <= index < len(names) else number(value)


def _legend(drawing: Drawing, names: Sequence[str]) -> float:
    """Write what the marks mean, in as many lines as it takes; return where the plot begins."""
    left, top = 6.0, drawing.top + 12
    for index, name in enumerate(names):
        word = clipped(shown(name), drawing.width - 40)
        room = width_of(word) + 34
        if left > 6 and left + room > drawing.width:
            left, top = 6.0, top + 20
        drawing.mark(left + 5, top - 4, index, COLORS[index % len(COLORS)], word, 4.5)
        drawing.text(left + 15, top, word)
        left += room
    return top + 8


class _Plane:
    """Two axes with round numbers, and the lines behind."""

    def __init__(
        self,
        drawing: Drawing,
        points: Sequence[_Point],
        x: str,
        y: str,
        names: Sequence[str] | None,
        zero: bool,
        height: int,
        *,
        across: bool = False,
    ) -> None:
        ys = [point.y for point in points] + ([0.0] if zero else [])
        xs = [point.x for point in points] + ([0.0] if across else [])
        up = ticks(min(ys, default=0), max(ys, default=1), max(3, height // 50))
        label = SIZE + 8 if y else 0
        self._left = max(width_of(number(mark), SIZE - 1) for mark in up) + 14 + label
        self._right = drawing.width - 18.0
        self._top, self._bottom = drawing.top + 8, drawing.top + 8 + height
        self._ys = (up[0], up[-1])
        if names:
            self._xs = (-0.3, max(len(names) - 1, 0) + 0.3)
            right: list[tuple[float, str]] = [(float(index), shown(name)) for index, name in enumerate(names)]
        else:
            marks = ticks(min(xs, default=0), max(xs, default=1), max(3, int((self._right - self._left) // 80)))
            if xs and all(value == int(value) for value in xs):
                marks = [mark for mark in marks if mark == int(mark)]
            self._xs = (marks[0], marks[-1]) if len(marks) > 1 else (marks[0] - 0.5, marks[0] + 0.5)
            right = [(mark, number(mark)) for mark in marks]
        for mark in up:
            drawing.line(self._left, self.y(mark), self._right, self.y(mark))
            drawing.text(self._left - 8, self.y(mark) + 4, number(mark), anchor="end", size=SIZE - 1, faint=True)
        room = (self._right - self._left) / max(1, len(right)) - 6
        for mark, word in right:
            drawing.line(self.x(mark), self._bottom, self.x(mark), self._bottom + 4, "stroke='currentColor' stroke-opacity='.6'")
            drawing.text(self.x(mark), self._bottom + 17, clipped(word, room, SIZE - 1), anchor="middle", size=SIZE - 1, faint=True)
        drawing.line(self._left, self._bottom, self._right, self._bottom, "stroke='currentColor' stroke-opacity='.6'")
        if y:
            middle = (self._top + self._bottom) / 2
            drawing.text(SIZE + 2, middle, clipped(shown(y), height), anchor="middle", faint=True, turn=True)
        self.end = self._bottom + 24
        if x:
            drawing.text((self._left + self._right) / 2, self.end + 12, clipped(shown(x), drawing.width - 8), anchor="middle", faint=True)
            self.end += 20

    def x(self, value: float) -> float:
        """Return where *value* stands, from the left."""
        return self._left + (value - self._xs[0]) / (self._xs[1] - self._xs[0]) * (self._right - self._left)

    def y(self, value: float) -> float:
        """Return where *value* stands, from the top."""
        return self._bottom - (value - self._ys[0]) / (self._ys[1] - self._ys[0]) * (self._bottom - self._top)
