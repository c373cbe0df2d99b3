"""Running a cell: from its text to bound names and a static output."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from imgcell.costs import one_cell
from imgcell.errors import ImgcellError
from imgcell.language import tr
from imgcell.magics.asides import asides
from imgcell.magics.confirm import confirm
from imgcell.magics.grid import Grid, arrange
from imgcell.magics.leaks import leaks
from imgcell.magics.live import Screen, Watch, wait
from imgcell.magics.parse import Arguments, parse
from imgcell.magics.place import Place, place
from imgcell.magics.replay import Errands, prepare
from imgcell.magics.session import session
from imgcell.origin import from_cell

if TYPE_CHECKING:
    from imgcell.client import Run
    from imgcell.pictures import Sheet

__all__ = ["Interrupted", "run"]


class Interrupted(KeyboardInterrupt):
    """A cell was interrupted; what had been sent goes on in the background.

    Still a :class:`KeyboardInterrupt`, so that nothing takes it for a failure that may be passed over.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"KeyboardInterrupt: {self}"]


def run(ipython: Any, magic: str, line: str, cell: str | None) -> None:
    """Run ``%%imagine`` or ``%%imgedit``.

    Args:
        ipython: The shell; names are looked up in, and bound to, its ``user_ns``.
        magic: ``"imagine"`` or ``"imgedit"``.
        line: The rest of the magic's line.
        cell: The body, or ``None`` for the line form.

    Raises:
        ImgcellError: For whatever went wrong; IPython prints it in a few lines, and the cell fails.
    """
    arguments = parse(magic, line, cell)
    if arguments.help:
        from imgcell.magics.table import docstring

        print(docstring(magic))
        return
    where = place(ipython)
    with from_cell(where.notebook, where.cell):
        _run(ipython, arguments, arrange(magic, arguments, ipython.user_ns, session), where)


def _run(ipython: Any, arguments: Arguments, grid: Grid, where: Place) -> None:
    errands = prepare(grid, arguments, session, where)
    if arguments.plan:
        from imgcell.magics.tables import show_plan

        show_plan(errands)
        return
    _check(errands)
    confirm(ipython, errands, yes=arguments.yes)
    errands.begin(session)
    if line := errands.line():
        print(line, flush=True)
    watch = Watch(grid.pictures)
    sheet = _sheet(grid)
    runs: list[Run] = []
    screen = Screen(ipython)
    try:
        # However many jobs it has, a budget for cells holds for all of them together.
        with one_cell():
            _submit(errands, sheet, watch, runs)
        if arguments.later:
            _later(ipython, arguments, grid, sheet, runs)
            return
        wait(runs, watch, screen)
        # A waiter wakes before the callbacks run that would do this.
        sheet._finish()
    except KeyboardInterrupt:
        _interrupted(ipython, grid, sheet, runs, watch, screen)
    _conclude(ipython, arguments, grid, sheet, runs, watch, screen)


def _check(errands: Errands) -> None:
    """Find out what is wrong with any of several jobs before the first of them is sent."""
    if len(errands.all) < 2:
        return  # submit() checks the one before it sends it
    for errand in errands.sent:
        errand.task.client.plan(errand.ready)
        errand.task.client.required_key()


def _sheet(grid: Grid) -> Sheet:
    from imgcell.pictures import Sheet

    if not grid.axes:
        return Sheet(running=True, expected=grid.pictures)
    return Sheet(running=True, expected=grid.pictures, labels=grid.labels(), axes=dict(grid.axes))


def _submit(errands: Errands, sheet: Sheet, watch: Watch, runs: list[Run]) -> None:
    """Start every job; *runs* fills as they start, so that an interrupt in between knows of them."""
    left = [len(errands.all)]
    lock = threading.Lock()

    def one_done() -> None:
        with lock:
            left[0] -= 1
            if left[0]:
                return
        sheet._finish()

    for number, errand in enumerate(errands.all):
        task = errand.task
        try:
            run = task.client.submit(errand.ready, on_step=watch.listener(number), sheet=sheet, position=task.position)
        except ImgcellError as error:
            if not runs:
                raise
            # Others are under way and paid for; this one is a failure among them.
            for position in range(task.position, task.position + task.job.n):
                sheet._fail(error, position)
            one_done()
            continue
        runs.append(run)
        run.add_done_callback(one_done)


def _later(ipython: Any, arguments: Arguments, grid: Grid, sheet: Sheet, runs: list[Run]) -> None:
    """Bind the sheet at once; a thread puts the result in the cell's place when it is there."""
    _bind(ipython, arguments, sheet)
    session.left.extend(runs)
    screen = Screen(ipython)
    name = arguments.name or "_images"
    if getattr(ipython, "kernel", None) is None:
        print(tr("{name} fills as the pictures come; {name}.wait() waits for them.", name=name))
        return
    screen.place(tr("{name} fills as the pictures come; {name}.wait() waits for them.", name=name))

    def fill() -> None:
        for run in runs:
            run.wait()
        sheet._finish()
        screen.finish(_bundle(grid, sheet))

    threading.Thread(target=fill, name="imgcell-later", daemon=True).start()


def _interrupted(ipython: Any, grid: Grid, sheet: Sheet, runs: list[Run], watch: Watch, screen: Screen) -> None:
    """Send nothing more, say what goes on, and end the cell; a second interrupt in here lets go of that too."""
    try:
        sent = sum(run.cancel() for run in runs)
        session.left.extend(run for run in runs if not run.done)
        ipython.user_ns["_images"] = sheet
        if len(sheet):
            screen.finish(_bundle(grid, sheet))
        else:
            screen.fail(tr("Interrupted after {elapsed} s.", elapsed=int(watch.elapsed)))
        print(_going_on(sent), file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        for run in runs:
            run.cancel()
        raise Interrupted(tr("interrupted twice; what was sent is no longer waited for, and may have been charged.")) from None
    raise Interrupted(tr("interrupted.")) from None


def _going_on(sent: int) -> str:
    if not sent:
        return tr("Stopped. Nothing more is sent.")
    from imgcell.options import home

    return tr(
        "Stopped. Requests already sent: {sent}. They are paid for, so what they bring is still received, appears in _images, "
        "and is kept in {folder}. `%imgcell stop` lets go of them.",
        sent=sent,
        folder=home(),
    )


def _conclude(ipython: Any, arguments: Arguments, grid: Grid, sheet: Sheet, runs: list[Run], watch: Watch, screen: Screen) -> None:
    """Bind and show what came; raise if nothing did."""
    if not len(sheet):
        errors = sheet.errors or tuple(error for run in runs for error in run.errors)
        if grid.axes:
            screen.finish(_bundle(grid, sheet))
        else:
            screen.fail(tr("No picture after {elapsed} s.", elapsed=int(watch.elapsed)))
        _warn(runs)
        raise errors[0] if errors else ImgcellError(tr("No picture came, and no reason was given."))
    _bind(ipython, arguments, sheet)
    screen.finish(_bundle(grid, sheet))
    for text in asides(sheet):
        print(text)
    for error in sheet.errors:
        lines = error.lines() if isinstance(error, ImgcellError) else [f"{type(error).__name__}: {error}"]
        print("\n".join(lines), file=sys.stderr)
    _warn(runs)
    # Last of all: what is measured takes a moment, and the pictures are bound and shown.
    for text in leaks(sheet):
        print(text)


def _warn(runs: list[Run]) -> None:
    for text in dict.fromkeys(text for run in runs for text in run.warnings):
        print(text, file=sys.stderr)


def _bind(ipython: Any, arguments: Arguments, sheet: Sheet) -> None:
    ipython.user_ns["_images"] = sheet
    if arguments.name is not None:
        ipython.user_ns[arguments.name] = sheet[0] if arguments.single else sheet


def _bundle(grid: Grid, sheet: Sheet) -> dict[str, Any]:
    """Return the static output: one image and text."""
    if len(sheet) == 1 and not sheet.errors and grid.pictures == 1:
        return dict(sheet[0]._repr_mimebundle_())
    return dict(sheet._repr_mimebundle_())
