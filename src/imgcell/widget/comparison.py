"""Pictures beside each other in a cell: :func:`compare`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.comparison.document import document
from imgcell.comparison.lineup import Lineup, lineup
from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.measures.results import numbers_of
from imgcell.pictures.sheet import Sheet
from imgcell.widget.comparing import ComparisonModel
from imgcell.widget.showing import show
from imgcell.widget.standin import StandIn

if TYPE_CHECKING:
    from imgcell.comparison.printed import Drawn
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.source import Source

__all__ = ["Comparison", "compare"]


def compare(
    sheet_or_pictures: Any,
    *,
    rows: str | Sequence[str] | None = None,
    columns: str | Sequence[str] | None = None,
    baseline: Any = None,
    labels: Sequence[str] | None = None,
    title: str | None = None,
    measures: Mapping[str, Mapping[str, Any]] | None = None,
) -> Comparison:
    """Compare pictures beside each other: zoomed and panned together, slid and flickered over each other, as differences.

    ::

        imgcell.compare(sheet)                                    # a sweep is a matrix
        imgcell.compare(sheet, rows="model", columns="quality")
        imgcell.compare({"before": a, "after": b}).export("both.html")

    Args:
        sheet_or_pictures: A Sheet, whatever has one (a Sweep, a Studio), pictures (whatever an edit takes, except addresses), or
            a mapping of names to pictures.  At most 400.
        rows: Axes that go down; ``None`` is all that do not go across.
        columns: Axes that go across; ``None`` is the last, or all that do not go down.
        baseline: The picture that differences are shown against: one of them, its number from 0, its id or its label; ``None``
            is the first.
        labels: What the pictures are called.
        title: What stands above; ``None`` is the prompt, if all have the same.
        measures: Further numbers by the picture's id, shown under each picture, and to sort by: what
            :func:`imgcell.measure` returns, or a mapping.

    Returns:
        The comparison; the last line of a cell shows it.

    Raises:
        InvalidJobError: Nothing to compare, something that is no picture, or an axis or baseline that is not there.
    """
    return Comparison(
        sheet_or_pictures, rows=rows, columns=columns, baseline=baseline, labels=labels, title=title, measures=numbers_of(measures)
    )


class Comparison:
    """Pictures beside each other in a cell; made by :func:`compare`, with the same arguments.

    Where no widget lives (GitHub, a reopened notebook, nbconvert) its output is a contact sheet.
    """

    def __init__(self, given: Any, **how: Any) -> None:
        self._given, self._how = given, how
        self._lineup = lineup(given, **how)
        self._sources = _sources(self._lineup)
        self._standin = StandIn()
        self._model = ComparisonModel(dict(document(self._lineup)), self._source)

    def _source(self, digest: str) -> Source | None:
        return self._sources.get(digest)

    # -- what is in it -----------------------------------------------------------------------------------------

    @property
    def sheet(self) -> Sheet:
        """The pictures and reasons that are compared, as a sheet."""
        entries = self._lineup.entries
        axes = self._lineup.axes if all(entry.values for entry in entries) else {}
        labels = [entry.label or " · ".join(entry.values.values()) for entry in entries]
        sheet = Sheet(running=True, axes=axes, labels=labels if any(labels) else (), expected=len(entries))
        for number, entry in enumerate(entries):
            if entry.picture is not None:
                sheet._add(entry.picture, number)
            elif entry.error is not None:
                sheet._fail(entry.error, number)
        sheet._finish()
        return sheet

    @property
    def baseline(self) -> Picture | None:
        """The picture that differences are shown against, as the page has it now; ``None`` where there is no picture."""
        chosen = self._model.look.get("baseline") or self._lineup.baseline
        found = [entry for entry in self._lineup.entries if entry.picture is not None]
        return next((entry.picture for entry in found if entry.key == chosen), found[0].picture if found else None)

    @property
    def widget(self) -> ComparisonModel:
        """The widget itself, for layouts (``ipywidgets.VBox([comparison.widget])``) and for marimo."""
        return self._model

    def refresh(self) -> None:
        """Look at the sheet again: what has come since is shown."""
        self._lineup = lineup(self._given, **self._how)
        self._sources = _sources(self._lineup)
        self._model.show(dict(document(self._lineup)))
        self._standin.update(self.sheet)

    # -- taking it further -------------------------------------------------------------------------------------

    def export(self, path: str | os.PathLike[str], *, side: int | None = None) -> Path:
        """Write the comparison into a file, and return its path; what is there is replaced once the new one is complete.

        Args:
            path: ``.html`` is the same page, with everything in it: it opens from a disk, without kernel and network.  ``.pdf``
                is a contact sheet of A4 pages, ``.png`` and ``.jpg`` one picture, with labels, facts and reasons.
            side: Pixels a side at most: of each picture in a page (``None``: 2048, and the page says which are reduced; 0: the
                originals as they are), of a square in a picture (``None``: 320).

        Raises:
            InvalidJobError: Another ending, or too small a side.
            OSError: It cannot be written.
        """
        from imgcell.pictures.writing import write_bytes

        target = Path(path)
        write_bytes(target, self._exported(target.suffix.lower(), side))
        return target

    def _exported(self, suffix: str, side: int | None) -> bytes:
        import io

        from imgcell.comparison import page, printed

        if side is not None and (side < 0 or 0 < side < 64):
            raise InvalidJobError(tr("A picture's square has 64 pixels a side or more."))
        if suffix in (".html", ".htm"):
            return page.html(self._lineup, side=None if side == 0 else side or 2048).encode("utf-8")
        if suffix == ".pdf":
            return printed.pdf(self._lineup)
        if suffix in (".png", ".jpg", ".jpeg"):
            buffer = io.BytesIO()
            image = printed.picture(self._lineup, side=side or 320)
            image.save(buffer, "PNG" if suffix == ".png" else "JPEG", **({} if suffix == ".png" else {"quality": 92}))
            return buffer.getvalue()
        raise InvalidJobError(
            tr("A comparison cannot be written as {suffix}.", suffix=suffix or tr("a file without an ending")),
            hint=tr("Use .html, .pdf, .png or .jpg."),
        )

    def to_html(self, *, side: int | None = 2048) -> str:
        """Return the page that :meth:`export` writes; *side* in pixels, ``None`` for the originals as they are."""
        from imgcell.comparison.page import html

        return html(self._lineup, side=side)

    def contact_sheet(self, *, side: int = 320) -> Drawn:
        """Return the comparison as one PIL image (RGB): labels, facts and reasons; squares of *side* pixels.

        Raises:
            InvalidJobError: *side* is below 64.
        """
        from imgcell.comparison.printed import picture

        return picture(self._lineup, side=side)

    def close(self) -> None:
        """Take the widget out of every page."""
        self._model.close()

    # -- showing -----------------------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        show(self._model, repr(self))
        self._standin.show(self.sheet)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self._model._repr_mimebundle_(**kwargs)

    def _display_(self) -> Any:
        # marimo asks for this.
        return self._model

    def __repr__(self) -> str:
        return f"Comparison(pictures={len(self._lineup.pictures)}, places={len(self._lineup.entries)})"


def _sources(found: Lineup) -> dict[str, Source]:
    return {picture.source.sha256: picture.source for picture in found.pictures}
