"""What a worker does with a cell that it is given: here, in another process, or on another machine.

A worker is given everything but the key, which it finds where it finds its keys (``<PROVIDER>_API_KEY`` in its
environment, its keyring).  Where it sees the library's folder it keeps the picture there and returns the record; where it
does not, it keeps the picture in a folder of its own and returns the bytes, with the lines that its ledger has of them.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell import costs
from imgcell.client.guarding import guarded
from imgcell.errors import ConfigurationError, ImgcellError, InvalidJobError, MissingKeyError, NotSentError, OutcomeUnknownError
from imgcell.language import joined, tr
from imgcell.ledger.lines import host
from imgcell.ledger.reading import read_file
from imgcell.options import home as default_home
from imgcell.options import options
from imgcell.origin import from_cell, session
from imgcell.pictures.record import Record
from imgcell.portal import portal
from imgcell.sweeps.claims import Claims, FolderClaims, TakenError, seen
from imgcell.sweeps.judging import judge, lost
from imgcell.sweeps.refusals import stopped
from imgcell.sweeps.task import Outcome, Task, Watcher, carry, perform
from imgcell.transport.pace import Limit

if TYPE_CHECKING:
    from imgcell.client.client import Client
    from imgcell.pictures.picture import Picture
    from imgcell.store import Library

__all__ = ["Errand", "Host", "Parcel", "Reply", "Sight", "hosts", "settings", "sight", "work"]

#: Settings of the session that decide what a request is and what it may cost.
_SETTINGS = ("allow_http", "assumed_price", "fake_ip_proxy", "language")
#: Seconds between two looks at a cell that another worker is at work on, and how much longer than a request may take.
_LOOK, _LONGER = 0.25, 60.0
#: Seconds by which the clock of a file system may be behind.
_SLACK = 10.0
#: Name of the folder, in its own library's, where a worker keeps what it made for another machine.
AWAY = "away"


@dataclass(frozen=True)
class Errand:
    """A cell as it is given to a worker; nothing secret.

    Attributes:
        task: What to make; without a common library, with its pictures in it.
        run: Name of the run.
        session: Of the process that gives it away, if its threads are the workers; else "".
        folder: Of the run, for claims; ``None`` where whoever calls :func:`work` brings other claims.
        home: The library's folder, if it is in common; ``None`` returns pictures by value.
        keep: Without a common library: whether to keep the pictures in a folder of the worker's own, too.
        before: Ids of the requests that the ledger had of it when the run began.
        notebook, cell: Where the sweep was asked for.
        settings: Of the session.
    """

    task: Task
    run: str
    session: str
    folder: Path | None
    home: Path | None
    keep: bool = True
    before: tuple[str, ...] = ()
    notebook: str | None = None
    cell: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Parcel:
    """A picture by value."""

    record: Record
    data: bytes


@dataclass(frozen=True)
class Reply:
    """What came of an errand.

    Attributes:
        place: Of the task.
        record: Of the picture of its last step, or ``None``.
        error: Why there is none, or ``None``.
        replayed: Whether the library had the picture.
        warnings: What the user should be told.
        parcels: The pictures of all its steps, where they come by value.
        lines: What the worker's ledger says of them, the last first.
        limit: What the worker has learned of the provider's limit.
        picture: The picture itself, from a thread of the same process.
    """

    place: int
    record: Record | None = None
    error: ImgcellError | None = None
    replayed: bool = False
    warnings: tuple[str, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    lines: tuple[Mapping[str, Any], ...] = ()
    limit: Limit | None = None
    picture: Picture | None = None


class Host:
    """The process that gives the work away, for workers that are threads of it.

    Args:
        client: Returns who makes a task's picture.
        cell: Whose money all of it is.
    """

    def __init__(self, client: Callable[[Task], Client], cell: costs.Cell) -> None:
        self.client = client
        self._cell = cell

    def perform(self, task: Task, *, home: Path | None, client: Client, watcher: Watcher) -> Outcome:
        """As :func:`imgcell.sweeps.task.perform`, in the cell of all the others."""
        with costs.one_cell(self._cell):
            return portal().run(carry(task, client, watcher))


#: By run.
hosts: dict[str, Host] = {}


def settings() -> dict[str, Any]:
    """Return the settings of this session that a worker has to share."""
    return {name: getattr(options, name) for name in _SETTINGS}


@dataclass(frozen=True)
class Sight:
    """What a worker sees.

    Attributes:
        shares: Whether it sees the folder of the run, and counts against the day's budget if there is one.
        session: Of its process.
    """

    shares: bool
    session: str


def sight(folder: Path, budgets: Path | None) -> Sight:
    """Return what a worker sees; asked on the worker itself before anything is given to it.

    Args:
        folder: Of the run.
        budgets: The folder in which the day's budget is kept, if there is one.
    """
    return Sight(seen(folder) and (budgets is None or _same(default_home(), budgets)), session())


def work(errand: Errand, claims: Claims | None = None) -> Reply:
    """Make the picture of a cell, unless another worker was given it and may have sent it; never raises for what a provider does.

    Args:
        errand: The cell.
        claims: Who has the right to send it; ``None`` is the folder of the run, if there is one.
    """
    task = errand.task
    here = hosts.get(errand.run) if errand.session == session() else None
    if errand.folder is not None and not seen(errand.folder):
        return Reply(task.place, error=_out_of_sight(errand.folder))
    if here is None:
        for name, value in errand.settings.items():
            setattr(options, name, value)
    if claims is None:
        claims = FolderClaims(errand.folder, task.place) if errand.folder is not None else Claims()
    home = errand.home if errand.home is not None or not errand.keep else default_home() / AWAY
    began = time.time()
    try:
        client = here.client(task) if here is not None else _client(task, home)
        outcome, collected = _made(errand, claims, home, partial(here.perform if here is not None else perform, home=home, client=client))
    except (InvalidJobError, ConfigurationError) as error:  # no such provider, or no address, on this machine
        return Reply(task.place, error=error)
    finally:
        claims.close()
    if here is not None:
        return Reply(task.place, error=outcome.error, replayed=outcome.replayed, warnings=outcome.warnings, picture=outcome.picture)
    return _reply(errand, outcome, home, None if collected else began, client)


def _made(errand: Errand, claims: Claims, home: Path | None, make: Callable[..., Outcome]) -> tuple[Outcome, bool]:
    """Return what came of the cell, and whether another worker had begun it."""
    library = _library(home)
    # Where nobody can be asked, at least what this machine has of it is known: an executor may give work twice by itself.
    task, begun = errand.task, type(claims) is Claims
    patience = time.monotonic() + dict(task.limits).get("timeout", 600.0) + _LONGER
    while True:
        if begun or any(claims.held(step) for step in range(task.done, task.steps)):
            begun = True
            found = judge(errand.task, library, claims, errand.before)
            if isinstance(found, Outcome):
                return found, True
            if found is None:
                if claims.stopped() or time.monotonic() > patience:
                    return lost(task), True
                time.sleep(_LOOK)
                continue
            task = found
        with from_cell(errand.notebook, errand.cell), guarded(claims):
            outcome = make(task, watcher=_Stop(claims))
        if not isinstance(outcome.error, TakenError):
            return outcome, begun
        # Somebody was faster in the moment before it was sent.
        begun = True
        if time.monotonic() > patience or claims.stopped():
            return outcome, True
        time.sleep(_LOOK)


class _Stop(Watcher):
    """Lets no further step of a chain be sent when the run was stopped."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims

    def may_go_on(self, task: Task) -> ImgcellError | None:
        """See :class:`Watcher`."""
        return stopped() if self._claims.stopped() else None


def _reply(errand: Errand, outcome: Outcome, home: Path | None, since: float | None, client: Client) -> Reply:
    picture, error = outcome.picture, outcome.error
    if isinstance(error, MissingKeyError):
        error.hint = joined(tr("Keys are read where the cells are made: on worker {name}.", name=host()), error.hint or "")
    if isinstance(error, OutcomeUnknownError):
        error.partial = None  # a preview of what did not come whole is not worth the way
    record = picture.record if picture is not None else None
    known = Reply(errand.task.place, record, error, outcome.replayed, outcome.warnings, limit=_limit(client))
    if errand.home is not None and errand.task.steps - errand.task.done == 1:
        return known  # the record says all there is to be said
    lines = tuple(reversed(_lines(home, errand, since))) if home is not None else ()
    if errand.home is not None:
        return dataclasses.replace(known, lines=lines)
    parcels = {picture.record.id: Parcel(picture.record, picture.source.read())} if picture is not None else {}
    library = _library(home)
    for name in [name for line in lines for name in line.get("records") or () if isinstance(name, str)]:
        made = library.picture(name) if library is not None and name not in parcels else None
        if made is not None:
            parcels[name] = Parcel(made.record, made.source.read())
    return dataclasses.replace(known, parcels=tuple(parcels.values()), lines=lines)


def _lines(home: Path, errand: Errand, since: float | None) -> list[dict[str, Any]]:
    """Return what the ledger says of the requests for this cell, in the order of time."""
    files = [path for path in (home / "ledger").glob("*.jsonl") if since is None or path.stat().st_mtime >= since - _SLACK]
    lines = [line for path in files for line in read_file(path)]
    ours = {line["attempt"] for line in lines if line.get("sweep") == errand.task.sweep and line.get("place") == errand.task.place}
    return sorted((line for line in lines if line["attempt"] in ours - set(errand.before)), key=lambda line: str(line.get("time", "")))


def _limit(client: Client) -> Limit | None:
    """Return what this process has learned of how much the provider takes."""
    from imgcell.transport.sharing import gate_for

    try:
        return gate_for(client.base_url, client.key(), client._home).limit
    except ImgcellError:
        return None


#: By process, provider, address, limits and folder: connections serve more than one cell.
_clients: dict[tuple[Any, ...], Client] = {}


def _client(task: Task, home: Path | None) -> Client:
    name = (os.getpid(), task.provider, task.base_url, task.limits, home)
    if name not in _clients:
        _clients[name] = task.client(home)
    return _clients[name]


def _library(home: Path | None) -> Library | None:
    from imgcell.client.shelf import shelf

    return shelf(home)[1]


def _out_of_sight(folder: Path) -> NotSentError:
    return NotSentError(
        tr(
            "Worker {name} does not see the folder of the run ({folder}), or the run is over, so nothing was sent.",
            name=host(),
            folder=str(folder),
        ),
        hint=tr("sweep.resume() sends what is missing."),
    )


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
