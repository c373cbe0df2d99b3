"""One request's worth of a job: from the wire's pictures to the user's."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imgcell import costs
from imgcell.client.guarding import guard
from imgcell.client.inputs import keep_inputs
from imgcell.client.mending import Mender
from imgcell.client.recording import Answered, make_record, request_facts
from imgcell.errors import ImageDecodeError, ImgcellError, OutcomeUnknownError
from imgcell.jobs import InputImage, Job
from imgcell.language import tr
from imgcell.ledger import SETTLED
from imgcell.pictures.formats import inspect
from imgcell.pictures.honored import transparency
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.source import MemorySource
from imgcell.pictures.steps import Final, Partial, Progress
from imgcell.transport.exchange import Endpoint, Exchange
from imgcell.transport.http import Delivery
from imgcell.wire import flow

if TYPE_CHECKING:
    from imgcell.client.run import Run
    from imgcell.origin import Origin
    from imgcell.providers.prices import Cost
    from imgcell.providers.profile import Model, Provider
    from imgcell.store import Library

__all__ = ["Part", "Prepared"]


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A job whose pictures have been read and which was checked against its model.

    Attributes:
        job: As the user gave it.
        images, mask: As they will be sent.
        model: What is known of the model.
        provider: Whose it is.
        notes: What the user should know, in words.
    """

    job: Job
    images: tuple[InputImage, ...]
    mask: InputImage | None
    model: Model
    provider: Provider
    notes: tuple[str, ...]

    def converse(self, job: Job) -> flow.Flow:
        """Return a new conversation about *job* (this one, or a part of it)."""
        import importlib

        dialect = importlib.import_module(f"imgcell.wire.{self.provider.dialect.replace('-', '_')}")
        conversation: flow.Flow = dialect.converse(job, self.images, self.mask, self.model)
        return conversation

    def requested(self) -> dict[str, Any]:
        """Return the fields that the user named, as plain values."""
        said: dict[str, Any] = {}
        for field in dataclasses.fields(self.job):
            value = getattr(self.job, field.name)
            if field.name in ("prompt", "images", "mask") or value is None or (field.name == "n" and value == 1):
                continue
            said[field.name] = dict(value) if isinstance(value, Mapping) else value
        if not said.get("extra"):
            said.pop("extra", None)
        return said


class Part:
    """One request of a run; what the transport calls a listener.

    Attributes:
        run: The run it belongs to; set by the run.
        task: What works on it; set by the run.
        pictures: How many pictures of it have come.
        errors: What went wrong.
    """

    run: Run
    task: asyncio.Task[None] | None = None

    def __init__(
        self,
        prepared: Prepared,
        job: Job,
        position: int,
        endpoint: Endpoint,
        library: Library | None,
        timeout: float,
        *,
        digest: str,
        slot: int,
        origin: Origin,
    ) -> None:
        self._prepared = prepared
        self._job = job
        self._position = position
        self._origin = origin
        self._guard = guard()
        self._endpoint = endpoint
        self._library = library
        self._delivery = Delivery()
        self._begun = time.monotonic()
        self._usage: Mapping[str, Any] | None = None
        # The worst case: it is what a budget sets aside, and what counts for as long as nobody knows what was charged.
        self._worst = costs.worst(job, prepared.model, len(prepared.images) + (prepared.mask is not None))
        self._facts = request_facts(prepared, job, provider=endpoint.name, estimate=self._worst, digest=digest, slot=slot, origin=origin)
        self._purse = costs.purse()
        self._purse.look()
        self._reserved: costs.Reservation | None = None
        self._exchange = Exchange(endpoint, self._facts, self, timeout)
        self._kept: list[Record] = []
        self._mender = Mender.of(self, prepared, library)
        self.pictures = 0
        self.errors: list[ImgcellError] = []
        self.let_go = False

    @property
    def position(self) -> int:
        """Place of its first picture in the sheet."""
        return self._position

    @property
    def sent(self) -> bool:
        """Whether the request may have been delivered."""
        return self._delivery.started

    @property
    def attempt(self) -> str | None:
        """The ledger's id."""
        return self._exchange.attempt.id if self._exchange.attempt is not None else None

    def missing(self) -> Sequence[int]:
        """Return the positions in the sheet for which no picture has come."""
        return range(self._position + self.pictures, self._position + self._job.n)

    async def exchange(self) -> None:
        """Hold the conversation."""
        try:
            await self._exchange.run(lambda: self._prepared.converse(self._job))
        except OutcomeUnknownError as error:
            if error.partial is not None:
                error.partial = self._preview(error.partial, 0)
            if not await self._came_whole():
                raise
        finally:
            if self.sent and self._library is not None:
                keep_inputs(self._library, self._prepared)
            if self._mender is not None:
                await self._mender.hand_out()

    async def _came_whole(self) -> bool:
        """Hand out the pictures that were whole when their answer broke off; return whether nothing is missing then.

        They are paid for and in the spool; the process that recovers a dead one's requests would find them there too.
        """
        attempt, library = self._exchange.attempt, self._library
        if attempt is None or library is None or self._kept or not self.sent:
            return False
        from imgcell.client.unsettled import read_again

        try:
            result = await self._exchange.threaded(read_again, library.home, attempt.id)
        except (ImgcellError, OSError, LookupError):
            return False  # the request stays unsettled, and says so
        for picture in library.sheet(result.records):
            self._hand_out(picture)
        return result.state == "done"

    # -- what the transport tells -----------------------------------------------------------------------------

    def may_send(self) -> None:
        """Raise if the run was stopped."""
        self.run.check()

    def delivered(self, delivery: Delivery) -> None:
        """Keep the record of how far the request got."""
        self._delivery = delivery

    def state(self, state: str, message: str) -> None:
        """Tell the user."""
        self.run.report(Progress(state, time.monotonic() - self._begun, message, self._position))

    async def partial(self, step: flow.Partial) -> None:
        """Show a preview."""
        if not self.run.watched:
            return
        picture = self._preview(step.image, step.index)
        if picture is not None:
            self.run.report(Partial(picture, self._position + step.index, self._position))

    async def final(self, step: flow.Final, exchange: Exchange) -> None:
        """Store a picture, then hand it to the user."""
        picture, problem = await exchange.threaded(self._keep, step, exchange)
        if problem:
            self.run.warnings.append(problem)
        self._kept.append(picture.record)
        self._hand_out(picture)

    def _hand_out(self, picture: Picture) -> None:
        """Hand out a picture that is safe; when its rest is put back, if that is wanted."""
        position = self._position + self.pictures
        self.pictures += 1
        if self._mender is not None:
            self._mender.take(picture, position)
            return
        self.run.sheet._add(picture, position)
        self.run.report(Final(picture, self._position))

    def outcome(self) -> Mapping[str, Any]:
        """Return the ids of the pictures that came, and what they cost together: the ledger alone can tell the bill."""
        if not self._kept:
            return {}
        cost = self._cost()
        return {"records": [record.id for record in self._kept], "cost": dataclasses.asdict(cost) if cost is not None else None}

    # -- money ------------------------------------------------------------------------------------------------

    def turn(self) -> contextlib.AbstractAsyncContextManager[object]:
        """Where a budget does not suffice for all requests of a cell, the first ones are sent."""
        return self.run.cell.turn if self._purse.limited else contextlib.nullcontext()

    def may_block(self) -> bool:
        """Whether setting money aside, or asking for leave, waits for other processes."""
        return self._purse.day.limit is not None or self._guard is not None

    @contextlib.contextmanager
    def reserving(self) -> Iterator[None]:
        """Set aside what the request may cost, and ask for leave where others may have sent it.

        Raises:
            BudgetExceededError: It does not fit; nothing may be sent.
            ImgcellError: Somebody else has taken it; nothing may be sent.
        """
        who = costs.Who(self._endpoint.name, self._prepared.model.name or None, getattr(self._endpoint.ledger, "home", None))
        if who.home is not None:
            self._purse.look()  # it may have waited in line for minutes; with a ledger on the disk this is no loop's thread
        with self._purse.reserving(self._worst, self.run.cell, who) as reserved:
            if self._guard is not None:
                self._guard.take(self._origin)
            try:
                yield
            except BaseException:
                self._let_others()
                raise
            self._reserved = reserved

    def over(self, state: str, attempt: str) -> None:
        """Settle what was set aside: with what it cost, with nothing, or with all of it where that is not known."""
        if state in SETTLED and state != "done":
            self._let_others()
        reserved, self._reserved = self._reserved, None
        if reserved is None:
            return
        if state == "done":
            reserved.settle(self._cost())
        elif state in SETTLED:
            reserved.release()
        else:
            reserved.keep(attempt)

    def _let_others(self) -> None:
        if self._guard is not None:
            self._guard.give_back(self._origin)

    def _cost(self) -> Cost | None:
        return costs.total([record.cost for record in self._kept])

    # -- from bytes to a picture ------------------------------------------------------------------------------

    def _preview(self, image: flow.Extract, index: int) -> Picture | None:
        try:
            source = MemorySource(image.read())
            facts = inspect(source)
        except ImgcellError:
            # A preview that cannot be read is no reason to stop listening to what is paid for.
            return None
        record = Record(
            id="",
            sha256=source.sha256,
            prompt=self._job.prompt,
            provider=self._endpoint.name,
            model=self._prepared.model.name or None,
            size=(facts.width, facts.height),
            format=facts.format,
            bytes=source.size,
            index=index,
        )
        return Picture(source, record, facts)

    def _keep(self, step: flow.Final, exchange: Exchange) -> tuple[Picture, str | None]:
        assert exchange.attempt is not None
        spool: Any = step.image
        if not hasattr(spool, "sha256"):
            # A small picture, which was read as an ordinary string.
            spool = exchange.attempt.extract()
            spool.write(step.image.read())
        try:
            facts = inspect(spool)
        except ImageDecodeError as error:
            error.hint = error.hint or tr("It counts as paid; what came is kept in the library's spool.")
            raise
        if step.usage is not None:
            self._usage = step.usage
        cost = costs.bill(self._usage, self._prepared.model, self._job, step.share)
        answered = Answered(
            exchange.attempt.id,
            self._endpoint.base_url,
            seconds=exchange.seconds,
            request_id=exchange.request_id,
            notes=exchange.notes,
            secrets=self._endpoint.secrets(),
        )
        record = make_record(
            self._facts,
            answered,
            step,
            facts,
            sha256=spool.sha256,
            size=spool.size,
            index=self.pictures,
            cost=cost,
            clear=transparency(spool, facts, self._facts["requested"]),
        )
        if self._library is None:
            return Picture(MemorySource(spool.read()), record, facts), None
        kept = self._library.keep(spool, record)
        return Picture(kept.source, record, facts, self._library.archive), kept.problem
