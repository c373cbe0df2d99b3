"""One request's worth of a job: from the wire's pictures to the user's."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from imgcell import costs
from imgcell.errors import ImageDecodeError, ImgcellError, OutcomeUnknownError
from imgcell.jobs import Edit, InputImage, Job
from imgcell.language import tr
from imgcell.pictures.formats import inspect
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.source import MemorySource
from imgcell.pictures.steps import Final, Partial, Progress
from imgcell.transport.exchange import Endpoint, Exchange
from imgcell.transport.http import Delivery
from imgcell.wire import flow
from imgcell.wire.texts import display_text, redact

if TYPE_CHECKING:
    from imgcell.client.run import Run
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

    def parts(self) -> list[Job]:
        """Return the jobs, one a request, that together ask for all pictures."""
        most = max(1, self.model.pictures_per_call)
        count = self.job.n
        if count <= most:
            return [self.job]
        return [dataclasses.replace(self.job, n=min(most, count - start)) for start in range(0, count, most)]

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

    def __init__(self, prepared: Prepared, job: Job, position: int, endpoint: Endpoint, library: Library | None, timeout: float) -> None:
        self._prepared = prepared
        self._job = job
        self._position = position
        self._endpoint = endpoint
        self._library = library
        self._delivery = Delivery()
        self._begun = time.monotonic()
        self._usage: Mapping[str, Any] | None = None
        self._exchange = Exchange(endpoint, self._facts(), self, timeout)
        self.pictures = 0
        self.errors: list[ImgcellError] = []
        self.let_go = False

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
            raise

    # -- what the transport tells -----------------------------------------------------------------------------

    def may_send(self) -> None:
        """Raise if the run was stopped."""
        self.run.check()

    def delivered(self, delivery: Delivery) -> None:
        """Keep the record of how far the request got."""
        self._delivery = delivery

    def state(self, state: str, message: str) -> None:
        """Tell the user."""
        self.run.report(Progress(state, time.monotonic() - self._begun, message))

    async def partial(self, step: flow.Partial) -> None:
        """Show a preview."""
        if not self.run.watched:
            return
        picture = self._preview(step.image, step.index)
        if picture is not None:
            self.run.report(Partial(picture, self._position + step.index))

    async def final(self, step: flow.Final, exchange: Exchange) -> None:
        """Store a picture, then hand it to the user."""
        picture, problem = await exchange.threaded(self._keep, step, exchange)
        if problem:
            self.run.warnings.append(problem)
        position = self._position + self.pictures
        self.pictures += 1
        self.run.sheet._add(picture, position)
        self.run.report(Final(picture))

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
        prepared = self._prepared
        secrets = self._endpoint.secrets()
        revised = redact(display_text(step.revised_prompt), secrets) if step.revised_prompt else None
        record = Record(
            id=f"p-{exchange.attempt.id.removeprefix('a-')}-{self.pictures}",
            sha256=spool.sha256,
            prompt=self._job.prompt,
            revised_prompt=revised,
            provider=self._endpoint.name,
            model=prepared.model.name or None,
            kind="edit" if isinstance(self._job, Edit) else "generate",
            requested=prepared.requested(),
            effective={**step.facts, "size": f"{facts.width}x{facts.height}", "output_format": facts.format.lower()},
            notes=(*prepared.notes, *exchange.notes, *step.notes),
            seconds=round(exchange.seconds, 3),
            cost=costs.bill(self._usage, prepared.model, self._job, self._job.n),
            usage=step.usage,
            request_id=exchange.request_id,
            attempt=exchange.attempt.id,
            parents=tuple(image.parent or f"sha256:{image.sha256}" for image in prepared.images),
            mask=f"sha256:{prepared.mask.sha256}" if prepared.mask is not None else None,
            size=(facts.width, facts.height),
            format=facts.format,
            bytes=spool.size,
            url=redact(urljoin(self._endpoint.base_url + "/", step.url), secrets) if step.url else None,
            index=self.pictures,
        )
        if self._library is None:
            return Picture(MemorySource(spool.read()), record, facts), None
        kept = self._library.keep(spool, record)
        return Picture(kept.source, record, facts), kept.problem

    def _facts(self) -> dict[str, Any]:
        """What the ledger says of the request before it is sent."""
        prepared = self._prepared
        estimate = costs.estimate(self._job, prepared.model)
        return {
            "provider": self._endpoint.name,
            "model": prepared.model.name or None,
            "kind": "edit" if isinstance(self._job, Edit) else "generate",
            "prompt": self._job.prompt,
            "requested": prepared.requested(),
            "inputs": [f"sha256:{image.sha256}" for image in prepared.images],
            "mask": f"sha256:{prepared.mask.sha256}" if prepared.mask is not None else None,
            "pictures": self._job.n,
            "estimate": dataclasses.asdict(estimate) if estimate is not None else None,
        }
