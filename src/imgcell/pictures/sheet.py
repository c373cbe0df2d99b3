"""Several results: a sequence of pictures that may still be filling."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition
from typing import TYPE_CHECKING, Any, overload

from imgcell.language import joined, tr
from imgcell.pictures.matrix import Matrix
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record

if TYPE_CHECKING:
    from PIL import Image

    from imgcell.pictures.rows import Outcome

__all__ = ["Cell", "Sheet", "sheet_of"]


@dataclass(frozen=True)
class Cell:
    """One place of a sheet: a picture, an error, or (both ``None``) a picture that has not come yet.

    Attributes:
        position: Its place, from 0, whatever order the answers came in.
        label: What it is called in a contact sheet; ``""`` if it has no label.
        values: Its value on each axis of the sweep, by the axis' name; empty where there are no axes.
        repeat: Which of the pictures of one combination it is, from 0.
    """

    position: int
    label: str = ""
    picture: Picture | None = None
    error: Exception | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    repeat: int = 0

    @property
    def outcome(self) -> Outcome:
        """How it ended, in one word (:func:`imgcell.pictures.rows.rows`): ``"picture"``, …, ``"waiting"`` where it is not over yet."""
        from imgcell.pictures.rows import outcome

        return outcome(self)


class Sheet(Sequence[Picture]):
    """The pictures of one job, one sweep or one search, in order.

    A sheet of a job that is still running fills from another thread; what is there can be used at once, and
    :meth:`wait` waits for the rest.  Slices are sheets, which do not fill any more.

    Args:
        pictures: What is there already.
        errors: What went wrong already; placed behind *pictures*.
        running: Whether more will come (``_add``, ``_fail``, then ``_finish``).  ``None``: it will if nothing is there yet.
        expected: How many pictures the whole will have, if known; empty places are then shown while it runs.
        labels: Caption of each place, for comparisons.
        axes: Names and values of a sweep, outermost first: ``{"model": ["a", "b"], "quality": ["low", "high"]}``;
            places are then numbered with the last axis (and several pictures of one combination) running fastest.
        across: How many of the axes, from the last on, are drawn side by side; the others are drawn below each other.

    Attributes:
        replayed: How many of the pictures were not made for it: the library had them, and they cost nothing.
    """

    def __init__(
        self,
        pictures: Iterable[Picture] = (),
        *,
        errors: Iterable[Exception] = (),
        running: bool | None = None,
        expected: int | None = None,
        labels: Sequence[str] = (),
        axes: Mapping[str, Sequence[str]] | None = None,
        across: int = 1,
    ) -> None:
        self._changed = Condition()
        self._cells: dict[int, Cell] = {}
        self._sorted: tuple[Picture, ...] | None = None
        self._expected = expected
        self._done = False
        self._labels = tuple(labels)
        self._matrix = Matrix(axes or {}, across)
        self._shown: Any = None
        self.replayed = 0
        for picture in pictures:
            self._add(picture)
        for error in errors:
            self._fail(error)
        self._done = not (running if running is not None else not self._cells)

    # -- filling (called by the client) ------------------------------------------------------------------------

    def _add(self, picture: Picture, position: int | None = None) -> None:
        """Put *picture* at *position*, or behind everything else."""
        self._put(position, picture=picture)

    def _fail(self, error: Exception, position: int | None = None) -> None:
        """Note that the picture of *position* (or one more) did not come, and why."""
        self._put(position, error=error)

    def _put(self, position: int | None, picture: Picture | None = None, error: Exception | None = None) -> None:
        with self._changed:
            if self._done:
                raise RuntimeError("a sheet that is done takes no more pictures; make it with running=True")
            place = position if position is not None else max(self._cells, default=-1) + 1
            while position is not None and place in self._cells and self._cells[place].picture is not None:
                place += 1  # more pictures than were asked for: none is dropped
            self._cells[place] = self._cell(place, picture, error)
            self._sorted = None
            self._changed.notify_all()

    def _finish(self) -> None:
        """Say that nothing more will come."""
        with self._changed:
            self._done = True
            self._changed.notify_all()

    def _cell(self, place: int, picture: Picture | None = None, error: Exception | None = None) -> Cell:
        label = self._labels[place] if place < len(self._labels) else ""
        return Cell(place, label, picture, error, *self._matrix.at(place, self._repeats))

    @property
    def _order(self) -> tuple[Picture, ...]:
        """The pictures in the order of their places, sorted when somebody asks: thousands of cells come one by one."""
        with self._changed:
            if self._sorted is None:
                self._sorted = tuple(cell.picture for _, cell in sorted(self._cells.items()) if cell.picture is not None)
            return self._sorted

    @property
    def _repeats(self) -> int:
        """How many pictures of one combination there are places for."""
        return self._matrix.repeats(max(self._expected or 0, len(self._labels)))

    # -- state -------------------------------------------------------------------------------------------------

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self._done

    @property
    def errors(self) -> tuple[Exception, ...]:
        """What went wrong, in the order of the places."""
        with self._changed:
            return tuple(cell.error for _, cell in sorted(self._cells.items()) if cell.error is not None)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every place in order: pictures, errors, and, while it runs, the places that are still empty."""
        with self._changed:
            last = max(max(self._cells, default=-1) + 1, self._expected or 0, self._matrix.size * self._repeats)
            cells = [self._cells.get(place) or self._cell(place) for place in range(last)]
            return tuple(c for c in cells if self._matrix.size or not self._done or c.picture is not None or c.error is not None)

    @property
    def axes(self) -> Mapping[str, tuple[str, ...]]:
        """Names and values of the sweep; empty if it is none."""
        return dict(self._matrix.axes)

    @property
    def labels(self) -> tuple[str, ...]:
        """The caption of each place; empty if there are none."""
        return self._labels

    @property
    def records(self) -> list[Record]:
        """The records of the pictures, in order."""
        return [picture.record for picture in self._order]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until nothing more will come, at most *timeout* seconds; return :attr:`done`.

        Waits in slices of 0.1 s, so that an interrupt of the cell lands at once on every platform.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._done:
            left = 0.1 if deadline is None else min(0.1, deadline - time.monotonic())
            if left <= 0:
                break
            with self._changed:
                if not self._done:
                    self._changed.wait(left)
        return self._done

    # -- sequence ----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> Picture: ...

    @overload
    def __getitem__(self, index: slice) -> Sheet: ...

    def __getitem__(self, index: int | slice) -> Picture | Sheet:
        order = self._order
        if isinstance(index, slice):
            with self._changed:
                labels = {id(cell.picture): cell.label for cell in self._cells.values() if cell.picture is not None}
            chosen = self._order[index]
            named = [labels.get(id(picture), "") for picture in chosen]
            return Sheet(chosen, labels=named if any(named) else (), running=False)
        try:
            return order[index]
        except IndexError:
            if len(order) > 1:
                message = tr("This sheet has {count} pictures, numbered from 0; there is no number {index}.", count=len(order), index=index)
            elif order:
                message = tr("This sheet has one picture, number 0; there is no number {index}.", index=index)
            else:
                message = tr("This sheet has no pictures.")
            if not self._done:
                message = joined(message, tr("It is still running: .wait() waits for the rest."))
            elif self.errors:
                message = joined(message, tr("What went wrong: {error}", error=str(self.errors[0])))
            raise IndexError(message) from None

    def __add__(self, other: Iterable[Picture]) -> Sheet:
        return Sheet([*self, *other], running=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sheet):
            return NotImplemented
        return [r.id for r in self.records] == [r.id for r in other.records]

    __hash__ = None  # type: ignore[assignment]  # it fills

    def __reduce__(self) -> tuple[Any, ...]:
        with self._changed:
            return (_restore, (dict(self._cells), self._labels, self.axes, self._expected, self._matrix.across))

    # -- the matrix of a sweep -----------------------------------------------------------------------------------

    def sel(self, **chosen: Any) -> Sheet:
        """Return the part of a sweep with these values: ``sheet.sel(model="a", quality=["low", "high"])``.

        An axis of which one value is chosen is gone in what is returned; of a list of values it stays, in the list's
        order.  What failed stays in its place.

        Raises:
            InvalidJobError: For an axis or a value that the sheet does not have; says which there are.
        """
        matrix, places = self._matrix.select(chosen, self._repeats)
        return self._taken(matrix, places)

    def grid(self, rows: str | Sequence[str] = (), columns: str | Sequence[str] = ()) -> Sheet:
        """Return the same pictures as the matrix with these axes down and across; axes that are not named go down, too.

        Args:
            rows: Name of an axis, or several, the outermost first.
            columns: Likewise.

        Raises:
            InvalidJobError: For an axis that the sheet does not have, or one that is named twice.
        """
        matrix, places = self._matrix.arrange(rows, columns, self._repeats)
        return self._taken(matrix, places)

    def _taken(self, matrix: Matrix, places: Sequence[int]) -> Sheet:
        """Return the cells at *places* as a sheet of their own, which does not fill any more."""
        cells = {cell.position: cell for cell in self.cells}
        taken = [cells.get(place) or self._cell(place) for place in places]
        sheet = Sheet(labels=[cell.label for cell in taken], axes=matrix.axes, across=matrix.across, expected=len(taken), running=True)
        for place, cell in enumerate(taken):
            if cell.picture is not None or cell.error is not None:
                sheet._put(place, cell.picture, cell.error)
        sheet._finish()
        return sheet

    # -- taking it further -------------------------------------------------------------------------------------

    def to_pandas(self, *, failed: bool = False, metrics: Any = None, baseline: Any = None) -> Any:
        """Return a ``pandas.DataFrame``: one row a picture (indexed by its id), a column a fact, ``picture`` itself last.

        The columns are those of :func:`imgcell.pictures.rows.rows`: axes, outcome, facts, what was asked for against what came.

        Args:
            failed: Whether places without a picture have a row too; its id is ``None``, ``outcome`` and ``error`` say why.
            metrics: Also measure the pictures: what :func:`imgcell.measure` takes, say ``["sharpness"]`` or
                ``{"score": function}``; ``None`` measures nothing, unless there is a *baseline*.  What could not be measured is
                missing and says why in ``"<measure>.problem"``; a value called like a fact is ``"measured.<name>"``.
            baseline: What they are compared with, as in :func:`imgcell.measure`.

        Raises:
            ImportError: If pandas, or what a measure needs, is not installed; says how to install it.
            InvalidJobError: For measures or a baseline that there are not.
        """
        from imgcell.pictures.table import frame

        return frame(self, failed=failed, metrics=metrics, baseline=baseline)

    def save(self, folder: str | Path, *, format: str | None = None) -> list[Path]:  # noqa: A002  # as in Picture.save
        """Write every picture into *folder* (made if needed) and return the paths, in order.

        Names are made from number and prompt, in any script, and never replace a file that is there.

        Args:
            folder: Where to.
            format: ``"png"``, ``"jpg"`` or ``"webp"`` converts; ``None`` writes the original bytes.

        Raises:
            OSError: If the folder or a file cannot be written.
            ValueError: If *format* is none of the above.
        """
        from imgcell.pictures.names import save_all

        return save_all(self, Path(folder), format)

    def contact_sheet(self, *, columns: int | None = None, cell: int = 320, captions: bool = True) -> Image.Image:
        """Return one PIL image (RGB) with every picture, what went wrong, and captions in any script.

        Args:
            columns: Pictures a row; ``None`` chooses.  A sweep's rows and columns are its axes.
            cell: Side of a picture's square in pixels.
            captions: Whether to write below the pictures what they are.
        """
        from imgcell.pictures.contact import draw

        return draw(self, columns=columns, side=cell, captions=captions)

    def to_html(self) -> str:
        """Return a self-contained HTML table of small pictures with captions, every text escaped, no script."""
        from imgcell.pictures.table import html

        return html(self)

    # -- showing -----------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        from imgcell.pictures.table import text

        return text(self)

    def _repr_pretty_(self, p: Any, cycle: bool) -> None:
        p.text(repr(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        """The contact sheet as one static image and the lines of :func:`repr`, so that it shows wherever notebooks do."""
        from imgcell.pictures.contact import shown
        from imgcell.pictures.preview import bundle

        text = repr(self)
        return bundle(shown(self), text) if self.cells else {"text/plain": text}


def _restore(
    cells: dict[int, Cell], labels: tuple[str, ...], axes: dict[str, tuple[str, ...]], expected: int | None, across: int = 1
) -> Sheet:
    sheet = Sheet(labels=labels, axes=axes, expected=expected, running=True, across=across)
    for place, cell in sorted(cells.items()):
        sheet._put(place, cell.picture, cell.error)
    sheet._finish()
    return sheet


def sheet_of(given: Any) -> Sheet | None:
    """Return *given* if it is a sheet, or the sheet of whatever has one (a Sweep, a Studio, a Comparison); else ``None``."""
    found = given if isinstance(given, Sheet) else getattr(given, "sheet", None)
    return found if isinstance(found, Sheet) else None
