"""Running a cell: from its text to bound names and a static output."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from imgcell.errors import ImgcellError
from imgcell.language import tr
from imgcell.magics.asides import asides
from imgcell.magics.confirm import confirm
from imgcell.magics.grid import Task, arrange
from imgcell.magics.leaks import leaks
from imgcell.magics.live import Screen, Watch, wait
from imgcell.magics.parse import Arguments, parse
from imgcell.magics.place import Place, place
from imgcell.magics.replay import Errands, prepare
from imgcell.magics.session import session
from imgcell.origin import from_cell

if TYPE_CHECKING:
    from imgcell.client import Run
    from imgcell.magics.swept import Going
    from imgcell.pictures import Sheet
    from imgcell.sweeps import Sweep

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
        if arguments.swept:
            from imgcell.magics import swept

            sweep = swept.arrange(magic, arguments, ipython.user_ns, session)
            _run(ipython, arguments, swept.tasks(sweep), where, sweep)
        else:
            _run(ipython, arguments, [arrange(magic, arguments, ipython.user_ns, session)], where)


def _run(ipython: Any, arguments: Arguments, tasks: list[Task], where: Place, sweep: Sweep | None = None) -> None:
    errands = prepare(tasks, arguments, session, where)
    if arguments.plan:
        _plan(errands, sweep)
        return
    confirm(ipython, errands, yes=arguments.yes)
    errands.begin(session)
    if line := errands.line():
        print(line, flush=True)
    screen = Screen(ipython)
    runs: list[Run | Going] = []
    watch, sheet = _watched(arguments, sweep)
    try:
        sheet = _begin(errands, sweep, watch, sheet, runs)
        if arguments.later:
            _later(ipython, arguments, sheet, runs)
            return
        wait(runs, watch, screen)
        # A waiter wakes before the callbacks run that would do this.
        sheet._finish()
    except KeyboardInterrupt:
        _interrupted(ipython, arguments, sheet, runs, watch, screen)
    _conclude(ipython, arguments, sheet, runs, watch, screen)


def _plan(errands: Errands, sweep: Sweep | None) -> None:
    from imgcell.magics.tables import show, show_plan

    if sweep is None:
        show_plan(errands)
        return
    from imgcell.magics import swept

    found = swept.plan(sweep, errands)
    show(found._repr_html_(), str(found))


def _watched(arguments: Arguments, sweep: Sweep | None) -> tuple[Watch, Sheet]:
    """Return what is told of how it goes on, and the sheet that fills."""
    from imgcell.pictures import Sheet

    if sweep is not None:
        from imgcell.magics.swept import Swept

        return Swept(sweep), Sheet()
    return Watch(arguments.n), Sheet(running=True, expected=arguments.n)


def _begin(errands: Errands, sweep: Sweep | None, watch: Watch, sheet: Sheet, runs: list[Run | Going]) -> Sheet:
    """Send what is to be sent and return the sheet; *runs* is filled first, so that an interrupt in here finds what to stop."""
    if sweep is not None:
        from imgcell.magics import swept

        runs.append(swept.Going(sweep))
        return swept.begin(sweep, errands)
    (errand,) = errands.all
    run = errand.task.client.submit(errand.ready, on_step=watch.listener(0), sheet=sheet)
    runs.append(run)
    run.add_done_callback(sheet._finish)
    return sheet


def _later(ipython: Any, arguments: Arguments, sheet: Sheet, runs: list[Run | Going]) -> None:
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
        # Nothing can be printed below a cell that has ended: there a caption says what is otherwise than it was asked for.
        screen.finish(dict(sheet._repr_mimebundle_()) if asides(sheet) else _bundle(arguments, sheet))

    threading.Thread(target=fill, name="imgcell-later", daemon=True).start()


def _interrupted(ipython: Any, arguments: Arguments, sheet: Sheet, runs: list[Run | Going], watch: Watch, screen: Screen) -> None:
    """Send nothing more, say what goes on, and end the cell; a second interrupt in here lets go of that too."""
    try:
        sent = sum(run.cancel() for run in runs)
        session.left.extend(run for run in runs if not run.done)
        ipython.user_ns["_images"] = sheet
        if len(sheet):
            screen.finish(_bundle(arguments, sheet))
            for text in asides(sheet):
                print(text)
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


def _conclude(ipython: Any, arguments: Arguments, sheet: Sheet, runs: list[Run | Going], watch: Watch, screen: Screen) -> None:
    """Bind and show what came; raise if nothing did."""
    if not len(sheet):
        errors = sheet.errors or tuple(error for run in runs for error in run.errors)
        if arguments.swept:
            screen.finish(_bundle(arguments, sheet))
        else:
            screen.fail(tr("No picture after {elapsed} s.", elapsed=int(watch.elapsed)))
        _warn(runs)
        raise errors[0] if errors else ImgcellError(tr("No picture came, and no reason was given."))
    _bind(ipython, arguments, sheet)
    screen.finish(_bundle(arguments, sheet))
    for text in asides(sheet):
        print(text)
    for error in sheet.errors:
        lines = error.lines() if isinstance(error, ImgcellError) else [f"{type(error).__name__}: {error}"]
        print("\n".join(lines), file=sys.stderr)
    _warn(runs)
    # Last of all: what is measured takes a moment, and the pictures are bound and shown.
    for text in leaks(sheet):
        print(text)


def _warn(runs: list[Run | Going]) -> None:
    for text in dict.fromkeys(text for run in runs for text in run.warnings):
        print(text, file=sys.stderr)


def _bind(ipython: Any, arguments: Arguments, sheet: Sheet) -> None:
    ipython.user_ns["_images"] = sheet
    if arguments.name is not None:
        ipython.user_ns[arguments.name] = sheet[0] if arguments.single else sheet


def _bundle(arguments: Arguments, sheet: Sheet) -> dict[str, Any]:
    """Return the static output: one image and text."""
    if len(sheet) == 1 and not sheet.errors and arguments.n == 1 and not arguments.swept:
        return dict(sheet[0]._repr_mimebundle_())
    return dict(sheet._repr_mimebundle_())
