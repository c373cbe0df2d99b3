"""What every plot is drawn with: escaped letters whose width is known, round numbers on an axis, the frame of the SVG."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from imgcell.charts.chart import FLUID, Chart

__all__ = ["FAINT", "SIZE", "Drawing", "clipped", "finite", "number", "shown", "ticks", "width_of"]

#: Pixels of the letters, and how faint lines behind the data are.
SIZE = 12
FAINT = "stroke='currentColor' stroke-opacity='.18'"
_FONTS = "system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif"
#: What XML may not hold, what turns the direction of the text behind it around, and halves of characters.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def shown(text: object) -> str:
    """Return *text* as one line that can do no harm in a page (not escaped yet)."""
    return " ".join(_UNFIT.sub("\ufffd", str(text)).split())


def width_of(text: str, size: float = SIZE) -> float:
    """Return about how many pixels *text* takes; Chinese characters are as wide as they are high."""
    ems = 0.0
    for character in text:
        if unicodedata.combining(character):
            continue
        wide = unicodedata.east_asian_width(character) in "WF"
        ems += 1.02 if wide else 0.72 if character.isupper() or character in "mwMW@%" else 0.34 if character in "iljtf.,:;|!' ()" else 0.58
    return ems * size


def clipped(text: str, most: float, size: float = SIZE) -> str:
    """Return *text*, shortened with "…" to at most *most* pixels."""
    if width_of(text, size) <= most:
        return text
    kept = text
    while kept and width_of(kept + "…", size) > most:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def finite(value: float | None) -> float | None:
    """Return *value*, ``None`` for what is no number."""
    return float(value) if value is not None and math.isfinite(value) else None


def number(value: float) -> str:
    """Return *value* with three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(digits, 8)}f}" if abs(value) < 1e9 else f"{value:.3g}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "\u2212")


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers that reach from below *low* to above *high*, at most *most* steps apart."""
    if not high > low:
        margin = abs(low) / 2 or 0.5
        low, high = low - margin, high + margin
    rough = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next((factor * unit for factor in (1, 2, 2.5, 5) if factor * unit >= rough * (1 - 1e-9)), 10 * unit)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 12) + 0.0 for index in range(first, last + 1)]


class Drawing:
    """Collects the elements of one SVG."""

    def __init__(self, width: int, title: str) -> None:
        self.width = width
        self._title = shown(title)
        self._parts: list[str] = []
        #: Where the next thing below goes.
        self.top = 0.0
        if self._title:
            for line in wrapped(self._title, width - 8, SIZE + 2):
                self.text(4, self.top + 16, line, size=SIZE + 2, bold=True)
                self.top += 20
            self.top += 6

    def add(self, element: str) -> None:
        """Add an element, written as it is."""
        self._parts.append(element)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        size: float = SIZE,
        bold: bool = False,
        faint: bool = False,
        turn: bool = False,
    ) -> None:
        """Write *text*, escaped."""
        more = f" text-anchor='{anchor}'" if anchor != "start" else ""
        more += f" font-size='{size:g}'" if size != SIZE else ""
        more += " font-weight='600'" if bold else ""
        more += " fill-opacity='.7'" if faint else ""
        more += f" transform='rotate(-90 {x:.1f} {y:.1f})'" if turn else ""
        self.add(f"<text x='{x:.1f}' y='{y:.1f}'{more}>{escape(shown(text))}</text>")

    def line(self, x1: float, y1: float, x2: float, y2: float, look: str = FAINT) -> None:
        """Draw a line."""
        self.add(f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' {look}/>")

    def mark(self, x: float, y: float, kind: int, color: str, said: str, size: float = 5) -> None:
        """Draw one of five shapes, which tell series apart without colors; *said* shows under the mouse."""
        w = size * 1.15
        tag, shape = (
            ("circle", f"cx='{x:.1f}' cy='{y:.1f}' r='{size:g}'"),
            ("rect", f"x='{x - size * 0.9:.1f}' y='{y - size * 0.9:.1f}' width='{size * 1.8:.1f}' height='{size * 1.8:.1f}'"),
            ("path", f"d='M{x:.1f} {y - size * 1.2:.1f}l{w:.1f} {size * 2:.1f}h{-2 * w:.1f}z'"),
            ("path", f"d='M{x:.1f} {y - w:.1f}l{w:.1f} {w:.1f}l{-w:.1f} {w:.1f}l{-w:.1f} {-w:.1f}z'"),
            ("path", f"d='M{x:.1f} {y + size * 1.2:.1f}l{w:.1f} {-size * 2:.1f}h{-2 * w:.1f}z'"),
        )[kind % 5]
        self.add(f"<{tag} {shape} fill='{color}'><title>{escape(shown(said))}</title></{tag}>")

    def chart(self, height: float, lines: Iterable[str]) -> Chart:
        """Return what was drawn, *height* pixels high; *lines* say it in words."""
        said = [shown(line) for line in lines]
        whole = round(height)
        text = "\n".join([*([self._title] if self._title else []), *said])
        label = escape("; ".join([self._title, *said[:12]] if self._title else said[:12]))
        svg = (
            f"<svg xmlns='http://www.w3.org/2000/svg' class='imgcell-chart' width='{self.width}' height='{whole}' "
            f"viewBox='0 0 {self.width} {whole}' role='img' aria-label='{label}'{FLUID} "
            f'font-family="{_FONTS}" font-size="{SIZE}" fill="currentColor">'
            f"{''.join(self._parts)}</svg>"
        )
        return Chart(svg, text, self.width, whole)


def wrapped(text: str, most: float, size: float) -> Sequence[str]:
    """Return *text* in lines of at most *most* pixels, broken at blanks, or anywhere in scripts that have none."""
    lines, line = [], ""
    for piece in re.findall(r"\s*[^\s\u2e80-\uffdc]+|\s*[\u2e80-\uffdc]", text):
        if line and width_of(line + piece, size) > most:
            lines.append(line)
            line = ""
        line = clipped((line + piece).lstrip(), most, size)
    return [*lines, line] if line else lines
