"""One cell of a sweep as a message that can be carried anywhere, and what comes back.

A task holds no key, no connection and no open file: whoever performs it makes a client of its own, which finds the key
where that process looks for keys (``<PROVIDER>_API_KEY``).  Pictures that go in are named by what the library calls
them, or are there by value.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell import costs
from imgcell.client.client import Client
from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.jobs import Edit, Generate, Job
from imgcell.language import tr
from imgcell.lineage.holdings import Holdings
from imgcell.origin import for_sweep
from imgcell.pictures.picture import Picture
from imgcell.pictures.sheet import Cell, Sheet
from imgcell.portal import SLICE, portal

if TYPE_CHECKING:
    from imgcell.client.replaying import Ready
    from imgcell.client.run import Run
    from imgcell.store import Library

__all__ = ["Held", "Outcome", "Task", "Watcher", "carry", "following", "perform", "ready_for"]


@dataclass(frozen=True)
class Held:
    """A picture by the name that the library has for it.

    Attributes:
        name: Id of a picture that imgcell made (``"p-…"``), or ``"sha256:…"`` of one that was handed in.
        parent: Id of the picture that it is a changed version of, or ``None``.
    """

    name: str
    parent: str | None = None


@dataclass(frozen=True)
class Task:
    """One cell of a sweep: everything that it takes to make its picture, and nothing secret.

    Attributes:
        sweep: Id of the sweep.
        place: Which cell of its matrix, from 0.
        provider: Name of the provider.
        base_url: Its address, if another one was given than the provider's own.
        job: The first step, of one picture; its images and mask may be :class:`Held`.
        then: Prompts of the steps that follow, each of which edits the picture of the step before.
        done: How many steps are made already; then *given* is the picture of the last of them.
        given: See *done*.
        limits: ``timeout``, ``connect_timeout`` and ``max_in_flight`` of the client.
    """

    sweep: str
    place: int
    provider: str
    base_url: str | None
    job: Job
    then: tuple[str, ...] = ()
    done: int = 0
    given: Held | Picture | None = None
    limits: tuple[tuple[str, float], ...] = ()

    @property
    def steps(self) -> int:
        """How many jobs it takes, one after the other."""
        return 1 + len(self.then)

    def client(self, home: Path | None) -> Client:
        """Return a client that can perform it, its pictures kept in the library's folder *home* (``None``: in memory only).

        Raises:
            InvalidJobError: The provider is not known here.
            ConfigurationError: Its address cannot be used.
        """
        limits: dict[str, Any] = dict(self.limits)
        return Client(self.provider, base_url=self.base_url, library=home if home is not None else False, **limits)

    def by_value(self, library: Library) -> Task:
        """Return the same task with its pictures in it, for a machine that does not see *library*.

        Raises:
            InvalidJobError: One of them is not there any more.
        """

        def inside(one: Any) -> Any:
            return _found(one, library) if isinstance(one, Held) else one

        job = self.job
        if isinstance(job, Edit):
            job = dataclasses.replace(job, images=[inside(one) for one in job.images], mask=inside(job.mask))
        return dataclasses.replace(self, job=job, given=inside(self.given))


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    Attributes:
        place: Of the task.
        picture: The picture of its last step, or ``None``.
        error: Why there is none, or ``None``.
        replayed: Whether the library had the picture already, made for something else, so that nothing was sent for it.
        warnings: What the user should be told, in words.
        done: How many steps of a chain were made before its error.
        last: The picture of the last of them, where no library keeps it.
    """

    place: int
    picture: Picture | None = None
    error: ImgcellError | None = None
    replayed: bool = False
    warnings: tuple[str, ...] = ()
    done: int = 0
    last: Picture | None = None

    @property
    def state(self) -> str:
        """As :attr:`imgcell.pictures.sheet.Cell.outcome`."""
        return Cell(self.place, picture=self.picture, error=self.error).outcome


class Watcher:
    """Whoever wants to know how a task goes on, and may stop it; every method is called on imgcell's own thread."""

    def began(self, task: Task, run: Run) -> None:
        """Be given the run of a step that has just been handed in."""

    def step(self, task: Task, step: Any) -> None:
        """Be told a Progress, Partial or Final of it."""

    def may_go_on(self, task: Task) -> ImgcellError | None:
        """Return why the next step is not to be sent; ``None`` if it may be."""
        return None


def perform(task: Task, home: Path | None, *, client: Client | None = None, watcher: Watcher | None = None) -> Outcome:
    """Make the picture of one cell and wait for it; never raises for what a provider or the disk does.

    What goes wrong is in the outcome: one cell's failure is not the others'.  Interrupted, it sends nothing more; what was
    sent is still received and kept.

    Args:
        task: What to make.
        home: Folder of the library in which it is kept; ``None`` keeps it in memory only.
        client: Who makes it; ``None`` makes a client, which finds its key in the environment of this process.
        watcher: Who is told of it.

    Raises:
        KeyboardInterrupt: It was interrupted.
    """
    own: Client | None = None
    try:
        if client is None:
            client = own = task.client(home)
        with costs.one_cell():
            return portal().run(carry(task, client, watcher))
    except ImgcellError as error:
        return Outcome(task.place, error=error)
    finally:
        if own is not None:
            own.close()


async def carry(task: Task, client: Client, watcher: Watcher | None = None) -> Outcome:
    """Do what :func:`perform` does, on the portal's loop."""
    told = watcher or Watcher()
    picture: Picture | None = None
    step = task.done
    warnings: list[str] = []
    try:
        for step in range(task.done, task.steps):
            reason = told.may_go_on(task)
            if reason is not None:
                raise reason
            ready = await asyncio.to_thread(ready_for, task, client, step, picture)
            sheet = Sheet(running=True, expected=1)
            with for_sweep(task.sweep, task.place, step):
                run = await _handed_in(client, ready, lambda one: told.step(task, one), sheet)
            told.began(task, run)
            await _over(run)
            warnings += run.warnings
            if not len(sheet):
                raise run.errors[0] if run.errors else ImgcellError(tr("No picture came, and no reason was given."))
            if len(sheet) > 1:
                warnings.append(tr("More pictures came than were asked for; the others are in the library."))
            picture = sheet[0]
    except ImgcellError as error:
        if step:
            error.message = tr("Step {number}: {reason}", number=step + 1, reason=error.message)
            error.args = (error.message,)
        made = picture if picture is not None else task.given if isinstance(task.given, Picture) else None
        return Outcome(task.place, error=error, warnings=tuple(warnings), done=step, last=made if client.library is None else None)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other cells go on and the user hears of it
        failure = ImgcellError(tr("imgcell failed: {error}", error=f"{type(error).__name__}: {error}"))
        failure.__cause__ = error
        return Outcome(task.place, error=failure, warnings=tuple(warnings))
    return Outcome(task.place, picture, warnings=tuple(warnings))


def ready_for(task: Task, client: Client, step: int, before: Picture | None = None) -> Ready:
    """Return a step of *task*, its pictures read and checked; *before* is the picture of the step before.

    Raises:
        InvalidJobError: It cannot be sent as it is.
    """
    return client.ready(_job(task, client, step, before))


def _job(task: Task, client: Client, step: int, before: Picture | None) -> Job:
    job = task.job
    if step:
        given = before if before is not None else task.given
        picture = _known(given, client) if isinstance(given, Held) else given
        return following(job, task.then[step - 1], picture)
    if not isinstance(job, Edit):
        return job
    images = [_known(one, client) if isinstance(one, Held) else one for one in job.images]
    mask = _known(job.mask, client) if isinstance(job.mask, Held) else job.mask
    return dataclasses.replace(job, images=images, mask=mask)


def following(job: Job, prompt: str, picture: Any) -> Edit:
    """Return the job of a step that edits *picture*, with everything else as the first step's *job* says."""
    names = set(Generate.__dataclass_fields__) | ({"input_fidelity", "encoding"} if isinstance(job, Edit) else set())
    fields: dict[str, Any] = {name: getattr(job, name) for name in names - {"prompt"}}
    return Edit(prompt, images=[picture], **fields)


def _known(one: Held, client: Client) -> Any:
    library = client.library
    if library is None:
        raise InvalidJobError(tr("Without a library the picture {name} cannot be found.", name=one.name))
    return _found(one, library)


def _found(one: Held, library: Library) -> Any:
    """Return the picture, or the address that was given in its place.

    Raises:
        InvalidJobError: It is not there any more.
    """
    holdings = Holdings(library)
    picture = holdings.given(one.name, one.parent) if one.parent is not None else holdings.picture(one.name)
    found = picture if picture is not None else holdings.address(one.name)
    if found is None:
        raise InvalidJobError(tr("An input of this sweep is gone. {reason}", reason=str(holdings.problem(one.name))))
    return found


async def _handed_in(client: Client, ready: Ready, on_step: Callable[[Any], object], sheet: Sheet) -> Run:
    """Submit a job on a thread: it may look for keys.  Cancelled meanwhile, what was handed in is stopped again."""
    handing = asyncio.ensure_future(asyncio.to_thread(client.submit, ready, on_step=on_step, sheet=sheet))
    try:
        return await asyncio.shield(handing)
    except asyncio.CancelledError:
        (await handing).cancel()
        raise


async def _over(run: Run) -> None:
    """Wait for *run*; cancelled, it sends nothing more and receives what was sent."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def end() -> None:
        if not ended.done():
            ended.set_result(None)

    run.add_done_callback(lambda: loop.call_soon_threadsafe(end) if not loop.is_closed() else None)
    try:
        while not ended.done():
            await asyncio.wait([ended], timeout=SLICE * 10)
    except asyncio.CancelledError:
        run.cancel()
        raise
