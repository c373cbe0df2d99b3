"""A plot as a value: its SVG, how it shows in a cell, and how it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["COLORS", "FLUID", "Chart"]

#: Bright enough for a dark ground and dark enough for a light one (3 to 1 against white and against #1a1a1a), told apart by those who
#: see red and green as one where they stand next to each other.
COLORS = ("#3178c6", "#d4662a", "#2e9e6b", "#9b6bd3", "#b08a10", "#d0508f", "#2d96ac", "#84807a")

#: Keeps the SVG within a narrow page; pages whose policy allows no inline style say it in their own.
FLUID = ' style="max-width:100%;height:auto"'
#: A file has no page around it that it could take the color of its letters from.
_ALONE = "<style>svg{color:#1f2328;background:#fff}@media (prefers-color-scheme:dark){svg{color:#e6edf3;background:#0d1117}}</style>"


@dataclass(frozen=True)
class Chart:
    """One plot.

    Attributes:
        svg: One ``<svg>`` element; its letters and axes have the color of the text around it (``currentColor``).
        text: What it shows, in words and figures: for terminals, and for those who hear it.
        width, height: Pixels at its natural size; a narrower place shrinks it.
    """

    svg: str
    text: str
    width: int
    height: int

    @property
    def standalone(self) -> str:
        """The SVG as a file of its own: with colors for a light and a dark ground."""
        head, _, rest = self.svg.partition(">")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}>{_ALONE}{rest}\n'

    def save(self, path: str | Path) -> Path:
        """Write :attr:`standalone` to *path* (UTF-8) and return it.

        Raises:
            OSError: if it cannot be written.
        """
        target = Path(path)
        target.write_text(self.standalone, encoding="utf-8", newline="\n")
        return target

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        # As HTML, not as image/svg+xml: JupyterLab shows the latter as an <img>, which knows nothing of the theme around it.
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.svg, "text/plain": self.text}
