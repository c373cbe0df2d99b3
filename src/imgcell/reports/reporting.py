"""``imgcell.report(…)``: from pictures, votes and the ledger to a :class:`Report`."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError, OutcomeUnknownError, PaidError, StorageError
from imgcell.language import tr
from imgcell.measures.results import numbers_of
from imgcell.pictures.picture import Picture
from imgcell.pictures.rows import rows as rows_of
from imgcell.pictures.sheet import Sheet, sheet_of
from imgcell.pictures.showing import as_html, as_text
from imgcell.pictures.words import clean
from imgcell.reports.figures import Group, groups
from imgcell.reports.settings import code, settings
from imgcell.reports.tables import axis_name, figures, measured

if TYPE_CHECKING:
    from imgcell.sweeps.sweeping import Sweep
    from imgcell.votes.cast import Votes
    from imgcell.votes.ranking import Ranking

__all__ = ["Report", "report"]

#: What is compared where nobody says: the first of these that has several values.
_COMPARED = ("model", "provider", "variant", "quality", "size", "background", "output_format", "style")


@dataclass(frozen=True)
class Report:
    """A study on paper: shows its figures in a cell, and is written by :meth:`export`.

    Attributes:
        title: What stands above.
        question: What was asked, in the author's words; ``""`` if nothing was said.
        notes: What the author has to say about it.
        by: What is compared: the name of an axis or a fact.
        groups: The figures of each value of it.
        sheet: The pictures, and the places that have none.
        votes: The votes, or ``None``.
        ranking: What follows from them, or ``None``.
        settings: What is needed to do it again; plain values, never a key.
        code: The Python that describes the sweep again, or ``""``.
        accepting: How pictures were accepted, in a sentence.
        ledger: Whether requests and costs come from the library's ledger; otherwise from the pictures alone.
        made: When the report was made.
    """

    title: str
    question: str
    notes: str
    by: str
    groups: tuple[Group, ...]
    sheet: Sheet
    votes: Votes | None
    ranking: Ranking | None
    settings: Mapping[str, Any]
    code: str
    accepting: str
    ledger: bool
    made: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.timezone.utc))

    def export(self, path: str | os.PathLike[str]) -> Path:
        """Write the report, and return where it is.

        Args:
            path: A name that ends with ``.html``: one page that holds everything, for any browser and for print.  A name
                without an ending: a folder (made if needed) with ``report.md``, ``pictures/``, ``charts/``, ``data/`` (tables as CSV,
                UTF-8) and ``settings.json``.  What is there of an earlier report is written over; nothing else is touched.

        Raises:
            InvalidJobError: For another ending.
            StorageError: It cannot be written.
        """
        target = Path(path)
        ending = target.suffix.lower()
        if ending not in (".html", ".htm", "") and not target.is_dir():
            raise InvalidJobError(
                tr("A report is a page (.html) or a folder (no ending), not {ending}.", ending=target.suffix),
                hint=tr("The page prints well: any browser makes a PDF of it."),
            )
        try:
            if ending in (".html", ".htm"):
                from imgcell.reports.page import html

                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(html(self), encoding="utf-8", newline="\n")
            else:
                from imgcell.reports.folder import write

                write(self, target)
        except OSError as error:
            raise StorageError(
                tr("The report cannot be written to {path}: {reason}.", path=str(target), reason=error.strerror or str(error))
            ) from error
        return target

    def to_html(self) -> str:
        """Return the page: one file without a script, every text escaped."""
        from imgcell.reports.page import html

        return html(self)

    def to_pandas(self) -> Any:
        """Return the figures as a data frame: one row for each of what is compared.

        Raises:
            ImportError: pandas is not installed.
        """
        from imgcell.pictures.frames import needs_pandas
        from imgcell.reports.tables import lines

        found = lines(self.groups)
        pd = needs_pandas()
        return pd.DataFrame([list(line.values())[1:] for line in found], columns=list(found[0])[1:], index=[g.name for g in self.groups])

    # -- in a cell -----------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"<Report {clean(self.title)!r}: {len(self.groups)} groups, {len(self.sheet)} pictures>"

    def __str__(self) -> str:
        further = measured(self.groups, self.by)
        return "\n\n".join([clean(self.title), *(as_text(*table) for table in (figures(self.groups, self.by), further) if table)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        tables = [as_html(*table) for table in (figures(self.groups, self.by), measured(self.groups, self.by)) if table]
        hint = tr('report.export("study.html") writes the page, report.export("study") a folder with Markdown.')
        return (
            f'<div style="font-weight:600;margin:2px 0 4px">{escape(clean(self.title))}</div>{"".join(tables)}'
            f'<div style="opacity:.72">{escape(hint)}</div>'
        )


def report(
    sheet: Any,
    votes: Any = None,
    *,
    question: str | None = None,
    title: str | None = None,
    notes: str | None = None,
    by: str | None = None,
    accepted: Callable[[Picture], Any] | Iterable[Any] | int | None = None,
    measures: Mapping[str, Mapping[str, Any]] | Iterable[Mapping[str, Any]] | None = None,
    confidence: float = 0.95,
) -> Report:
    """Return a report of a study: figures, ranking, pictures, and what is needed to do it again.

    ::

        imgcell.report(sheet, votes=votes, question="Which model letters Chinese signs best?").export("study.html")

    Args:
        sheet: A Sheet, whatever has one (a Sweep, a Comparison), or pictures.  A sheet that still fills is waited for.
        votes: :class:`imgcell.votes.Votes`, or what has them (what :func:`imgcell.vote` returned).
        question: What the study was to find out.
        title: What stands above; ``None`` says what is compared.
        notes: What you have to say about it; blank lines part paragraphs.
        by: What is compared: an axis of the sheet, or a fact such as ``"model"``; ``None`` chooses.
        accepted: Which pictures are accepted, for the price of one: a function of a picture; pictures or their ids; a number:
            those with at least so many stars; ``None``: those that came as they were asked for, as far as that can be checked.
        measures: Further numbers: what :func:`imgcell.measure` returns, or a mapping of them by the picture's id; their medians
            become columns.
        confidence: Of the ranking's intervals.

    Raises:
        InvalidJobError: Nothing to report on, or a name that there is not.
        StorageError: The library cannot be asked.
    """
    given = sheet_of(sheet)
    if given is None:
        given = _sheet(sheet)
    given.wait()
    if not given.cells:
        raise InvalidJobError(tr("There is nothing to report on: the sheet has no pictures."))
    lines = rows_of(given, failed=True)
    chosen = _by(given, lines, by)
    sweep = _sweep(sheet, given)
    requests, place_of = _ledger(sweep, given, chosen)
    accepts, accepting = _accepting(accepted, lines)
    found = groups(
        lines,
        chosen,
        given.axes.get(chosen, ()),
        accepted=accepts,
        charged={cell.position for cell in given.cells if isinstance(cell.error, (OutcomeUnknownError, PaidError))},
        requests=requests,
        place_of=place_of,
        measures=numbers_of(measures),
    )
    counted = getattr(votes, "votes", votes) if votes is not None else None
    if counted is not None and not hasattr(counted, "ranking"):
        raise InvalidJobError(tr("votes= takes Votes, or what imgcell.vote() returned, not {kind}.", kind=type(votes).__name__))
    return Report(
        title=_title(title, chosen, found),
        question=(question or "").strip(),
        notes=(notes or "").strip(),
        by=chosen,
        groups=tuple(found),
        sheet=given,
        votes=counted,
        ranking=counted.ranking(confidence=confidence) if counted is not None and len(counted) else None,
        settings=settings(given.records, sweep),
        code=code(sweep) if sweep is not None else "",
        accepting=accepting,
        ledger=requests is not None,
    )


def _sheet(pictures: Any) -> Sheet:
    if isinstance(pictures, (str, bytes, os.PathLike)) or not isinstance(pictures, Iterable):
        raise InvalidJobError(tr("A report is about a sheet or pictures, not {kind}.", kind=type(pictures).__name__))
    found = list(pictures)
    for one in found:
        if not isinstance(one, Picture):
            raise InvalidJobError(
                tr("A report is about pictures of imgcell, not {kind}.", kind=type(one).__name__),
                hint=tr("imgcell.compare() shows any picture."),
            )
    return Sheet(found, running=False)


def _by(sheet: Sheet, lines: Sequence[Mapping[str, Any]], by: str | None) -> str:
    if by is not None:
        if by in sheet.axes or any(by in line for line in lines):
            return by
        names = ", ".join([*sheet.axes, *(name for name in _COMPARED if name in lines[0] and name not in sheet.axes)])
        raise InvalidJobError(
            tr("There is nothing called {name} to compare by.", name=repr(by)), hint=tr("There are {names}.", names=names)
        )
    for name in _COMPARED:
        if len(sheet.axes.get(name, ())) > 1:
            return name
    for name, values in sheet.axes.items():
        if len(values) > 1 and name not in ("prompt", "images", "mask"):
            return name
    for name in ("model", "provider"):
        if len({line[name] for line in lines if line.get(name)}) > 1:
            return name
    return next((name for name, values in sheet.axes.items() if len(values) > 1), "model")


def _sweep(given: Any, sheet: Sheet) -> Sweep | None:
    """Return the sweep that the sheet is of, if it is one whole sweep of a library that is at hand."""
    names = {record.sweep for record in sheet.records if record.sweep is not None}
    if given is sheet and len(names) != 1:
        return None
    from imgcell.sweeps.sweeping import Sweep

    if isinstance(given, Sweep):
        return given
    if len(names) != 1:
        return None
    try:
        found = Sweep.load(names.pop())
    except (InvalidJobError, StorageError):
        return None  # another library, or a sweep in memory: the pictures say what they can
    return found if len(found) == len(sheet.cells) and found.axes == dict(sheet.axes) else None


def _ledger(sweep: Sweep | None, sheet: Sheet, by: str) -> tuple[list[dict[str, Any]] | None, dict[int, str]]:
    """Return all requests of the sweep, and of pictures that were made before it; and which value each place belongs to."""
    library = sweep.library if sweep is not None else None
    if sweep is None or library is None or by not in sweep.axes:
        return None, {}
    attempts = {record.attempt for record in sheet.records}
    found = [line for line in library.requests() if line.get("sweep") == sweep.id or line["attempt"] in attempts]
    return found, {cell.position: cell.values[by] for cell in sheet.cells if by in cell.values}


def _accepting(given: Any, lines: Sequence[Mapping[str, Any]]) -> tuple[Callable[[Picture], bool], str]:
    if given is None:
        broken = {line["id"] for line in lines if line["honored"] is False}
        sentence = tr(
            "A picture counts as accepted if it came as it was asked for, as far as that can be checked (size, format, background)."
        )
        return lambda picture: picture.record.id not in broken, sentence
    if callable(given):
        return lambda picture: bool(given(picture)), tr("A picture counts as accepted if the author's own function says so.")
    if isinstance(given, int) and not isinstance(given, bool):
        if given == 1:
            sentence = tr("A picture counts as accepted from one star on.")
        else:
            sentence = tr("A picture counts as accepted from {count} stars on.", count=given)
        return lambda picture: (picture.rating or 0) >= given, sentence
    if isinstance(given, Iterable) and not isinstance(given, str):
        names = {one.record.id if isinstance(one, Picture) else str(one) for one in given}
        return lambda picture: picture.record.id in names, tr("A picture counts as accepted if the author chose it.")
    raise InvalidJobError(tr("accepted= takes a function, pictures, or a number of stars, not {kind}.", kind=type(given).__name__))


def _title(title: str | None, by: str, found: Sequence[Group]) -> str:
    if title is not None and clean(title):
        return clean(title)
    names = ", ".join(group.shown for group in found[:4]) + (", …" if len(found) > 4 else "")
    return tr("A comparison by {axis}: {names}", axis=axis_name(by), names=names)
