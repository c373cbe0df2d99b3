"""``imgcell.sweep``: many jobs as one value that is planned, run, interrupted, resumed, and looked at as a matrix."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys
import threading
import warnings
from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.client.client import Client
from imgcell.client.run import interrupted_sentence
from imgcell.client.shelf import folder, shelf
from imgcell.errors import NotSentError
from imgcell.language import tr
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.words import clean, clip
from imgcell.sweeps import keeping
from imgcell.sweeps.accounting import Known, account, again
from imgcell.sweeps.axes import Design
from imgcell.sweeps.cells import Cells
from imgcell.sweeps.claims import left_by, runs_of
from imgcell.sweeps.conducting import Conductor
from imgcell.sweeps.holding import Holder
from imgcell.sweeps.judging import lost
from imgcell.sweeps.task import Held, Outcome, Task

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture
    from imgcell.store import Library
    from imgcell.sweeps.conducting import Carrier
    from imgcell.sweeps.keeping import SweepList
    from imgcell.sweeps.planning import SweepPlan

__all__ = ["Sweep"]


class Sweep:
    """Many jobs as one value; made by :func:`imgcell.sweep`, or found again by :meth:`load`.

    Nothing is sent before :meth:`run`.  What was sent is written down in the library request by request, so that
    :meth:`resume` goes on where it was, in this kernel or another one, and pays for no cell twice.

    Attributes:
        id: ``"sweep-<date>-<time>-<4 characters>"`` (UTC).
        created: When it was made (UTC).
        design: Its axes, what is the same everywhere, and the order.
        home: Folder of the library that it lives in; ``None`` in memory only.
    """

    def __init__(
        self,
        design: Design,
        clients: Callable[[Any], Client],
        home: Path | None,
        *,
        id: str | None = None,  # noqa: A002  # as it is called on the value
        created: dt.datetime | None = None,
        replayed: Mapping[int, str] | None = None,
    ) -> None:
        self.design = design
        self.home = home
        self.created = created or dt.datetime.now(dt.timezone.utc)
        # In the order of time, also within a second.
        self.id = id or f"sweep-{self.created:%Y%m%d-%H%M%S}-{self.created.microsecond // 16:04x}{os.urandom(2).hex()}"
        self._clients = clients
        self._cells: Cells | None = None
        #: Whether its inputs and its file are in the library.
        self._kept = id is not None
        self._outcomes: dict[int, Outcome] = {}
        self._replayed = dict(replayed or {})
        self._sheet: Sheet | None = None
        self._carrier: Carrier | None = None
        self._lock = threading.Lock()
        self._warnings: list[str] = []

    # -- what it is --------------------------------------------------------------------------------------------

    @property
    def axes(self) -> dict[str, tuple[str, ...]]:
        """Names and values of the axes, outermost first, as the sheet has them."""
        return self.design.names

    @property
    def n(self) -> int:
        """Pictures of each combination."""
        return self.design.n

    def __len__(self) -> int:
        return self.design.places

    @property
    def running(self) -> bool:
        """Whether cells are being sent or received by this process."""
        return self._carrier is not None and not self._carrier.wait(0)

    @property
    def sheet(self) -> Sheet:
        """The pictures and errors of all cells so far; fills while it runs.  Of a sweep from the library: what is there.

        Raises:
            StorageError: The library cannot be searched.
        """
        if self._sheet is None:
            self._sheet = self._filled(self._known(fetch=False))
            self._sheet._finish()
        return self._sheet

    def plan(self, *, once: bool = False) -> SweepPlan:
        """Return what would be sent and what it is estimated to cost; nothing is sent.

        What the sweep has sent already is left out, and with *once* what the library has of the same jobs.
        """
        from imgcell.sweeps.planning import make_plan

        self._the_cells().look_again()
        known = self._known(fetch=False)
        tasks = self._pending(known)
        left = self._recalled(tasks)[1] if once else tasks
        over = {place for place, at in known.items() if at.again}
        return make_plan(self, left, replayed=len(tasks) - len(left), over=over)

    # -- running it --------------------------------------------------------------------------------------------

    def run(self, *, executor: Any = None, once: bool = False, yes: bool = False, refused: bool = False, unknown: bool = False) -> Sheet:
        """Send what is missing and wait for it; return every cell, pictures and errors.

        One cell's failure is not the others'.  An interrupt returns at once: nothing more is sent, what was sent is still
        received and kept, and :meth:`resume` goes on.

        Args:
            executor: Where it runs instead of here: a ``concurrent.futures.Executor`` or a ``dask.distributed.Client``.  Other
                processes find the keys in their own environment (``<PROVIDER>_API_KEY``).  Where they see the library's folder
                they put the pictures there, otherwise those come back by value.  A cell whose worker dies is sent again only
                if it certainly had not been sent.
            once: Take what the library has for the same jobs, whoever made it when; nothing is paid for twice.
            yes: Do not ask, however many pictures it is and whatever they cost (``imgcell.options.ask_over_cost``).
            refused: Send cells again that were refused on grounds of content, or because the request was at fault.
            unknown: Send cells again that may have been charged without bringing a picture: that may cost twice.

        Raises:
            InvalidJobError: Not one cell can be sent, it runs in another kernel, or the answer to the question was no.
            StorageError: Its inputs cannot be kept, or the library cannot be searched.
        """
        from imgcell.sweeps.progress import follow

        before = self._carrier
        try:
            sheet = self.start(executor=executor, once=once, yes=yes, refused=refused, unknown=unknown)
            follow(self)
        except KeyboardInterrupt:
            if self._carrier is not before:
                print(interrupted_sentence(self.stop(), str(self.home or tr("memory"))), file=sys.stderr)
            # A new one: where it waited is a page of a traceback that tells nobody anything.
            raise KeyboardInterrupt from None
        sheet.wait()
        self._warn()
        return sheet

    async def arun(
        self, *, executor: Any = None, once: bool = False, yes: bool = False, refused: bool = False, unknown: bool = False
    ) -> Sheet:
        """As :meth:`run`, awaited; cancelling stops what has not been sent."""
        begun = asyncio.create_task(asyncio.to_thread(self.start, executor=executor, once=once, yes=yes, refused=refused, unknown=unknown))
        try:
            sheet = await asyncio.shield(begun)
            carrier = self._carrier
            while carrier is not None and not carrier.wait(0):
                await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            await asyncio.wait([begun])
            print(interrupted_sentence(self.stop(), str(self.home or tr("memory"))), file=sys.stderr)
            raise
        self._warn()
        return sheet

    def resume(self, *, executor: Any = None, once: bool = False, yes: bool = False, refused: bool = False, unknown: bool = False) -> Sheet:
        """As :meth:`run`: what has its picture, was refused or may have been charged is not sent again unless that is asked for."""
        return self.run(executor=executor, once=once, yes=yes, refused=refused, unknown=unknown)

    def start(self, *, executor: Any = None, once: bool = False, yes: bool = False, refused: bool = False, unknown: bool = False) -> Sheet:
        """As :meth:`run`, but return at once: the sheet fills, ``sheet.wait()`` waits for it."""
        return self._begin(
            executor=executor,
            recall=self._recalled if once else lambda tasks: ({}, tasks),
            confirm=lambda tasks: self._confirm(tasks, yes=yes),
            allowed={"", *(["refused"] if refused else []), *(["unknown"] if unknown else [])},
        )

    def _begin(
        self,
        *,
        executor: Any = None,
        recall: Callable[[list[Task]], tuple[dict[int, Picture], list[Task]]],
        confirm: Callable[[list[Task]], object] = lambda tasks: None,
        allowed: Container[str] = frozenset({""}),
    ) -> Sheet:
        """Do what :meth:`start` does.

        Args:
            executor: As there.
            recall: Parts tasks into pictures that are there already, by place, and what is left.
            confirm: Called with what would be sent; raises if it is not to be.
            allowed: Values of :attr:`imgcell.sweeps.accounting.Known.again` that are sent.
        """
        carrier = self._carrier
        if carrier is not None and not carrier.wait(0):
            if not self._stopping:
                return self.sheet
            # What was sent before the interrupt is being received; it must not be sent a second time.
            while not carrier.wait(0.1):
                continue
        if carrier is not None and self._sheet is not None:
            self._sheet.wait()
        held = keeping.claim(self.home, self.id)
        try:
            self._the_cells().look_again()
            if executor is not None:
                self._the_cells().elsewhere()
            doubtful = left_by(runs_of(self.home, self.id)) if self.home is not None else set()
            known = self._known()
            for place in doubtful:
                # A worker that outlived its kernel has the right to send it, and may be doing so.
                if place not in known or known[place].again in ("", "refused"):
                    known[place] = Known(lost(self._the_cells().task(place)), "unknown")
            found, tasks = recall(self._pending(known, allowed))
            if not tasks and not found and not known:
                self._refuse()
            confirm(tasks)
            for place, picture in found.items():
                self._replayed[place] = picture.record.id
                self._outcomes[place] = Outcome(place, picture, replayed=True)
                known[place] = Known(self._outcomes[place], "never")
            if tasks:
                tasks = self._keep(tasks, again=bool(found))
            sheet = self._filled(known, expecting=tasks)
            made = self._carried(tasks, executor, sheet)
        except BaseException:
            keeping.release(held)
            raise

        def over() -> None:
            # In this order: whoever has waited for the sheet may run the sweep again.
            keeping.release(held)
            sheet._finish()

        self._sheet, self._carrier, self._stopping = sheet, made, False
        made.add_done_callback(over)
        made.start()
        return sheet

    _stopping = False

    def stop(self) -> int:
        """Send nothing more; return how many requests are out.  What was sent is still received; a second call lets go of it."""
        self._stopping = True
        return self._carrier.stop() if self._carrier is not None else 0

    # -- from the library --------------------------------------------------------------------------------------

    @classmethod
    def load(
        cls, name: str | None = None, *, library: str | os.PathLike[str] | None = None, clients: Mapping[str, Client] | None = None
    ) -> Sweep:
        """Return a sweep that is in the library, to look at it or to go on with it.

        Args:
            name: Its id, or the beginning of it; ``None`` is the latest.
            library: The library's folder; ``None`` is ``$IMGCELL_HOME`` or the user's data folder.
            clients: Who speaks to a provider, by its label, where more is needed than its name and address: a key that is
                in no environment variable.

        Raises:
            InvalidJobError: There is none of this name.
            StorageError: Its file cannot be read.
        """
        home = folder(library)
        assert home is not None
        return keeping.load(cls, home, name, clients or {})

    @classmethod
    def all(cls, library: str | os.PathLike[str] | None = None) -> SweepList:
        """Return the sweeps of the library, the newest first; a table in a cell."""
        home = folder(library)
        assert home is not None
        return keeping.listed(home)

    # -- inside ------------------------------------------------------------------------------------------------

    @property
    def library(self) -> Library | None:
        """Where its pictures are kept; ``None`` in memory only."""
        return shelf(self.home)[1]

    def _the_cells(self) -> Cells:
        if self._cells is None:
            self._cells = Cells(self.design, self.id, self._clients)
        return self._cells

    def _keep(self, tasks: list[Task], *, again: bool) -> list[Task]:
        """Have the inputs and the sweep itself in the library before anything is sent; return *tasks* with the inputs from there.

        With *again* its file is written although it is there.
        """
        library = self.library
        if library is None:
            return tasks
        if self._kept:
            if again:
                keeping.save(self)
            return tasks
        before = self._the_cells()
        self.design = keeping.held(self.design, Holder(library))
        self._cells = cells = Cells(self.design, self.id, self._clients)
        if before.on_workers:
            cells.elsewhere()
        keeping.save(self)
        self._kept = True
        return [cells.task(task.place, task.done, task.given) for task in tasks]

    def _known(self, *, fetch: bool = True) -> dict[int, Known]:
        """Return what became of each cell; *fetch* whether pictures that are paid for are fetched from their addresses."""
        library = self.library
        if library is None or not self._kept:
            return {place: Known(outcome, again(outcome), outcome.done, outcome.last) for place, outcome in self._outcomes.items()}
        from imgcell.client.recovery import recover

        recover(library.home, fetch=fetch)
        cells = self._the_cells()
        known = account(library, self.id, {place: cells.steps(place) for place in range(len(self))}, self.created)
        for place, at in known.items():
            if at.done == 1 and cells.problem(place) is None and getattr(cells.ready(place).job, "keep", None) is not None:
                known[place] = self._mended(place, at, library)
        for place, name in self._replayed.items():
            picture = library.picture(name) if place not in known or known[place].again != "never" else None
            if picture is not None:
                known[place] = Known(Outcome(place, picture, replayed=True), "never")
        return known

    def _mended(self, place: int, at: Known, library: Library) -> Known:
        """Return *at* with the picture that its job asks for (``keep=``): in the ledger is the one that the provider sent."""
        came = library.picture(at.last.name) if isinstance(at.last, Held) else None
        if came is None or (picture := self._the_cells().kept(place, came)) is came:
            return at
        outcome = replace(at.outcome, picture=picture) if at.outcome is not None and at.outcome.picture is not None else at.outcome
        return replace(at, outcome=outcome, last=Held(picture.record.id))

    def _pending(self, known: Mapping[int, Known], allowed: Container[str] = frozenset({""})) -> list[Task]:
        """Return what is to be sent, in order."""
        cells = self._the_cells()
        tasks = []
        for place in self.design.sequence():
            at = known.get(place)
            if cells.problem(place) is None and (at is None or at.again in allowed):
                tasks.append(cells.task(place, at.done if at is not None else 0, at.last if at is not None else None))
        return tasks

    def _recalled(self, tasks: list[Task]) -> tuple[dict[int, Picture], list[Task]]:
        """Part *tasks* into what the library has of the same jobs and what is left."""
        found: dict[int, Picture] = {}
        left = []
        cells = self._the_cells()
        for task in tasks:
            picture, rest = cells.recall(task)
            if rest is not None:
                left.append(rest)
            elif picture is not None:
                found[task.place] = picture
        return found, left

    def _refuse(self) -> None:
        """Raise if not one cell can be made."""
        problems = [self._the_cells().problem(place) for place in range(len(self))]
        if problems[0] is not None and None not in problems:
            raise problems[0]

    def _confirm(self, tasks: list[Task], *, yes: bool) -> None:
        if tasks:
            from imgcell.sweeps.asking import confirm

            confirm(self._the_cells(), tasks, yes=yes)

    def _filled(self, known: Mapping[int, Known], expecting: list[Task] | None = None) -> Sheet:
        """Return a sheet with all that is known; *expecting* says which places are still to be filled."""
        sheet = Sheet(running=True, expected=len(self), labels=self.design.labels(), axes=self.axes)
        cells = self._the_cells()
        awaited = {task.place for task in expecting or ()}
        for place in range(len(self)):
            if place in awaited:
                continue
            at = known.get(place)
            outcome = self._outcomes.get(place) if at is None or at.outcome is None else at.outcome
            problem = cells.problem(place)
            if outcome is None and problem is None:
                continue
            self._put(sheet, outcome if outcome is not None else Outcome(place, error=problem))
        return sheet

    def _put(self, sheet: Sheet, outcome: Outcome) -> None:
        if outcome.picture is not None:
            sheet._add(outcome.picture, outcome.place)
            sheet.replayed += outcome.replayed
        else:
            sheet._fail(outcome.error or NotSentError(tr("It was not sent; nothing was charged.")), outcome.place)

    def _carried(self, tasks: list[Task], executor: Any, sheet: Sheet) -> Carrier:
        from imgcell.sweeps.progress import Board

        self.board = board = Board(len(self), [task.place for task in tasks])

        def take(outcome: Outcome) -> None:
            with self._lock:
                self._outcomes[outcome.place] = outcome
                self._warnings += [text for text in outcome.warnings if text not in self._warnings]
            self._put(sheet, outcome)
            board.take(outcome)

        cells = self._the_cells()
        if executor is not None:
            from imgcell.sweeps.executors import carrier

            return carrier(executor, tasks, self.home, take, board.tell, lambda task: cells.client(task.place))
        return Conductor(tasks, lambda task: cells.client(task.place), take, board.tell)

    def _warn(self) -> None:
        told, self._warnings = self._warnings, []
        for text in told:
            warnings.warn(text, stacklevel=3)
        errors = self.sheet.errors
        if errors:
            reason = str(errors[0])
            text = (
                tr("{missing} of {asked} pictures did not come: {reason}", missing=len(errors), asked=len(self), reason=reason)
                if len(self) > 1
                else tr("The picture did not come: {reason}", reason=reason)
            )
            warnings.warn(text, stacklevel=3)

    def __repr__(self) -> str:
        axes = ", ".join(f"{name}={len(values)}" for name, values in self.axes.items())
        said = self.design.fixed.get("prompt")
        text = f" · “{clip(clean(said), 60)}”" if isinstance(said, str) else ""
        return f"<Sweep {self.id} · {axes or tr('no axes')}{f', n={self.n}' if self.n > 1 else ''} · {len(self)}{text}>"
