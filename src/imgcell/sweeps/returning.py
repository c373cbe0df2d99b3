"""Cells that are made where this library is not seen: written down here before they are given away, and what comes back kept.

Each has a line of its own in this ledger from the moment it is given to a worker, so that it counts against the budgets,
and so that one of which nobody hears again is known as what may have been charged.  When the worker replies, its own
ledger's lines are taken over (the last word first: whatever happens in between, a picture that came is never forgotten)
and that line is ended as one that sent nothing itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

from imgcell import costs
from imgcell.client.recording import request_facts
from imgcell.errors import ImgcellError, OutcomeUnknownError, PaidError
from imgcell.files.spool import SpoolFile
from imgcell.language import joined, tr
from imgcell.ledger import SETTLED
from imgcell.origin import Origin
from imgcell.pictures.picture import Picture
from imgcell.pictures.source import MemorySource
from imgcell.providers.prices import Cost
from imgcell.sweeps.task import Outcome, Task, ready_for

if TYPE_CHECKING:
    from pathlib import Path

    from imgcell.client.client import Client
    from imgcell.ledger import Attempt
    from imgcell.sweeps.worker import Reply

__all__ = ["Loan", "lend", "picture_of"]

#: Bytes of free disk to expect for one picture.
_ROOM = 64_000_000


class Loan:
    """A cell that was given to a worker: the money that is set aside for it, and its line in the ledger.

    Args:
        reserved: The money; ``None`` where the worker's own process sets it aside in the same purse.
        attempt: Its line; ``None`` where the worker writes into the same library.
    """

    def __init__(self, reserved: costs.Reservation | None, attempt: Attempt | None = None) -> None:
        self._reserved = reserved
        self._attempt = attempt

    def back(self, outcome: Outcome, cost: Cost | None, *, told: bool = True) -> None:
        """Settle it: the worker has said what came of it, and what that cost.

        Args:
            outcome: What came of it.
            cost: What it cost, ``None`` if that is not known.
            told: Whether the worker's ledger has a line for what may have been charged; otherwise this one has it.
        """
        error = outcome.error
        if outcome.state == "unknown" and not told:
            name = self.gone(sent=True)
            if error is not None:
                error.attempt = error.attempt or name
            return
        if self._attempt is not None:
            said = {"error": {"kind": type(error).__name__, "message": error.message, "hint": error.hint}} if error is not None else {}
            with contextlib.suppress(OSError):
                self._attempt.finish("not-sent", **said)
        if self._reserved is None:
            return
        if outcome.picture is not None:
            if outcome.replayed:
                self._reserved.release()
            else:
                self._reserved.settle(cost)
        elif error is not None and isinstance(error, (OutcomeUnknownError, PaidError)):
            self._reserved.keep(error.attempt)
        elif cost is not None:
            self._reserved.settle(cost)
        else:
            self._reserved.release()

    def gone(self, *, sent: bool) -> str | None:
        """Settle it without a word from the worker; return the id under which it is written down as what may be charged."""
        name = self._attempt.id if self._attempt is not None else None
        if self._attempt is not None:
            with contextlib.suppress(OSError):
                self._attempt.finish("unknown" if sent else "not-sent")
        if self._reserved is not None:
            if sent:
                self._reserved.keep(name)
            else:
                self._reserved.release()
        return name if sent else None


def lend(task: Task, client: Client, cell: costs.Cell, home: Path | None, *, write: bool, asked_from: Origin) -> Loan:
    """Set aside what *task* may cost and, with *write*, write it down as sent.

    Raises:
        BudgetExceededError: It does not fit; nothing may be sent.
        StorageError: It cannot be written down; nothing may be sent.
        InvalidJobError: It cannot be sent as it is.
    """
    purse = costs.purse()
    purse.look()
    provider, model = client.provider.name, client.provider.model(task.job.model)
    worst = _worst(task, client)
    with purse.reserving(worst, cell, costs.Who(provider, model.name or None, home)) as reserved:
        if not write or home is None:
            return Loan(reserved)
        from imgcell.client.shelf import shelf

        ready = ready_for(task, client, task.done)
        place = dataclasses.replace(asked_from, sweep=task.sweep, place=task.place, step=task.done)
        facts = request_facts(ready.prepared, ready.job, provider=provider, estimate=worst, digest=ready.digest, slot=0, origin=place)
        return Loan(reserved, shelf(home)[0].open({**facts, "base_url": task.base_url, "lent": True}, room=_ROOM))


def _worst(task: Task, client: Client) -> Cost | None:
    """Return what all the steps of *task* that are left can cost together at most."""
    model = client.provider.model(task.job.model)
    first = costs.worst(task.job, model)
    left = task.steps - task.done
    if left == 1 or first is None:
        return first
    longest = max((task.job.prompt, *task.then), key=lambda prompt: len(prompt.encode("utf-8", "replace")))
    each = costs.worst(dataclasses.replace(task.job, prompt=longest), model, 2)
    return dataclasses.replace(each, amount=each.amount * left) if each is not None else None


def picture_of(reply: Reply, home: Path | None, *, shared: bool) -> tuple[Outcome, Cost | None]:
    """Return what came of a cell, and what it cost as far as the worker says.

    Args:
        reply: The worker's.
        home: The library's folder, or ``None``.
        shared: Whether the worker wrote into it; otherwise the pictures and the ledger's lines are put there now.  What could
            not be is in the outcome's warnings.
    """
    from imgcell.client.shelf import shelf

    error, warnings, picture = reply.error, list(reply.warnings), reply.picture
    ledger, library = shelf(home)
    for parcel in reply.parcels:
        one = Picture(MemorySource(parcel.data, parcel.record.sha256), parcel.record)
        if library is not None:
            spool = SpoolFile(None)
            spool.write(parcel.data)
            kept = library.keep(spool, parcel.record)
            warnings += [kept.problem] if kept.problem is not None else []
            one = Picture(kept.source, parcel.record, archive=library.archive)
        if reply.record is not None and parcel.record.id == reply.record.id:
            picture = one
    for line in reply.lines if not shared else ():
        try:
            ledger.append(dict(line))
        except OSError as problem:
            warnings.append(tr("The bill of a cell could not be written down ({reason}).", reason=problem.strerror or str(problem)))
            break
    if picture is None and reply.record is not None and library is not None:
        picture, error = _from_library(reply, home)
    outcome = Outcome(reply.place, picture, error if picture is None else None, reply.replayed, tuple(warnings))
    return outcome, _cost(reply)


def _from_library(reply: Reply, home: Path | None) -> tuple[Picture | None, ImgcellError | None]:
    from imgcell.client.shelf import shelf

    library = shelf(home)[1]
    assert library is not None
    assert reply.record is not None
    try:
        picture = library.picture(reply.record.id)
    except (ImgcellError, OSError) as error:
        reason: str | None = str(error)
        picture = None
    else:
        reason = None
    if picture is not None:
        return picture, None
    message = tr("The picture was made and kept as {id}, but it cannot be read here.", id=reply.record.id)
    hint = tr("A worker put it into {folder}; sweep.resume() looks for it again, free of charge.", folder=str(home))
    return None, PaidError(joined(message, reason or ""), hint=hint, attempt=reply.record.attempt)


def _cost(reply: Reply) -> Cost | None:
    """Return what the requests cost together that the worker told of, ``None`` where that is not known."""
    told: dict[str, Cost] = {}
    for line in reply.lines:
        said: Any = line.get("cost")
        if line.get("state") in SETTLED and isinstance(said, dict):
            told[str(line["attempt"])] = Cost(float(said["amount"]), str(said["currency"]), said["basis"])
    if told:
        return costs.total(list(told.values()))
    return reply.record.cost if reply.record is not None else None
