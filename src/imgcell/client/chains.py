"""Chains of jobs, run one after the other: what replaying a picture and following a recipe come down to."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell import costs, providers
from imgcell.errors import ConfigurationError, ImgcellError, InvalidJobError
from imgcell.jobs import InputImage, Job
from imgcell.language import listed, tr
from imgcell.lineage.answers import Answers
from imgcell.lineage.chain import job_of
from imgcell.lineage.holdings import Holdings
from imgcell.pictures.picture import Picture
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.words import clean, clip, cost_text
from imgcell.providers.prices import Cost

if TYPE_CHECKING:
    from imgcell.client.client import Client
    from imgcell.lineage.chain import Link
    from imgcell.lineage.following import Recipe

__all__ = ["ChainPlan", "Chains", "from_recipe", "loose"]


def loose() -> Answers:
    """Return what answers for pictures that are in no library: only what is in memory is known.

    What is made from them anew goes into the user's own library: it is paid for.
    """
    return Answers(None, lambda: Chains(None))


def from_recipe(source: object) -> Recipe:
    """Read a recipe; nothing is sent before its ``.run()``.

    Args:
        source: What ``picture.recipe()`` returned, its JSON text, the path of a JSON file or of a picture that was saved with
            ``recipe=True``, or such a file's bytes; or a Picture.

    Raises:
        InvalidJobError: If it is no recipe, or anything in it is not as it should be.
    """
    from imgcell.client.shelf import folder, shelf
    from imgcell.lineage.following import Recipe

    library = shelf(folder(None))[1]

    def find(name: str) -> Picture | None:
        if library is None:
            return None
        return Holdings(library).picture(name)

    return Recipe(source, Chains(None), find)


@dataclass(frozen=True)
class ChainPlan:
    """What a chain would send.

    Attributes:
        steps: One mapping a step: ``number``, ``kind``, ``provider``, ``model``, ``prompt``, ``cost``, ``notes``.
        costs: The estimates added up, by currency; what is not known is not in it.
        unknown: How many steps have no known price.
    """

    steps: tuple[Mapping[str, Any], ...]
    costs: Mapping[str, float]
    unknown: int

    def __str__(self) -> str:
        lines = []
        for step in self.steps:
            who = " / ".join(part for part in (step["provider"], step["model"] or "") if part)
            cost = cost_text(step["cost"]) or tr("price unknown")
            lines.append(f"[{step['number']}] {step['kind']} · {clean(who)} · {cost} · “{clip(clean(step['prompt']), 80)}”")
            lines.extend(f"      - {note}" for note in step["notes"])
        sums = " + ".join(cost_text(Cost(amount, currency, "estimated")) for currency, amount in self.costs.items())
        if self.unknown:
            more = tr("and {count} steps of unknown price", count=self.unknown) if self.unknown > 1 else tr("and one step of unknown price")
            sums = listed(sums, more)
        lines.append(tr("Steps: {count}. Price: {price}. Nothing was sent.", count=len(self.steps), price=sums or tr("free")))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)


class Chains:
    """Runs chains; what they make goes into *home* (``None``: the user's own library)."""

    def __init__(self, home: Path | None) -> None:
        self._home = home

    def settle(self) -> None:
        """See :class:`imgcell.lineage.chain.Runner`."""
        from imgcell.client.inputs import settle

        settle()

    def plan(self, links: Sequence[Link], *, provider: str | None, model: str | None, client: Client | None) -> ChainPlan:
        """See :class:`imgcell.lineage.chain.Runner`."""
        steps: list[Mapping[str, Any]] = []
        sums: dict[str, float] = {}
        with contextlib.ExitStack() as stack:
            makers = _Makers(stack, self._home, provider, model, client)
            for link in links:
                job, notes = makers.check(link)
                who = makers.client(link)
                profile = who.provider.model(job.model)
                cost = costs.estimate(job, profile)
                if cost is not None and cost.basis != "free":
                    sums[cost.currency] = sums.get(cost.currency, 0.0) + cost.amount
                steps.append(
                    {
                        "number": link.number,
                        "kind": link.kind,
                        "provider": who.provider.name,
                        "model": profile.name or None,
                        "prompt": link.prompt,
                        "cost": cost,
                        "notes": notes,
                    }
                )
        return ChainPlan(tuple(steps), sums, sum(step["cost"] is None for step in steps))

    def run(self, links: Sequence[Link], *, provider: str | None, model: str | None, client: Client | None, once: bool = False) -> Sheet:
        """See :class:`imgcell.lineage.chain.Runner`."""
        sheet = Sheet(running=True, expected=len(links), labels=[tr("step {number}", number=link.number) for link in links])
        made: list[Picture] = []
        failure: ImgcellError | None = None
        with contextlib.ExitStack() as stack:
            stack.callback(sheet._finish)
            makers = _Makers(stack, self._home, provider, model, client)
            for link in links:
                # All that can be found out before the first one is sent.
                makers.check(link)
                makers.ready(link)
            for place, link in enumerate(links):
                try:
                    images = [made[one] if isinstance(one, int) else one for one in link.inputs]
                    picture = makers.client(link)._blocking(makers.job(link, images), None, once)[0]
                except ImgcellError as error:
                    error.message = tr("Step {number}: {reason}", number=link.number, reason=error.message)
                    error.args = (error.message,)
                    if not made:
                        raise
                    failure = error
                    sheet._fail(error, place)
                    break
                made.append(picture)
                sheet._add(picture, place)
        if failure is not None:
            text = tr("{made} of {asked} steps were made, and are kept. {reason}", made=len(made), asked=len(links), reason=str(failure))
            warnings.warn(text, stacklevel=4)
        return sheet


class _Makers:
    """Who makes which step, with one client a provider."""

    def __init__(
        self, stack: contextlib.ExitStack, home: Path | None, provider: str | None, model: str | None, client: Client | None
    ) -> None:
        if client is not None and provider is not None:
            raise InvalidJobError(tr("Give provider= or client=, not both."))
        self._stack = stack
        self._home = home
        self._provider = provider
        self._model = model
        self._client = client
        self._clients: dict[str, Client] = {}

    def client(self, link: Link) -> Client:
        if self._client is not None:
            return self._client
        name = self._provider or link.provider
        if name not in self._clients:
            from imgcell.client.client import Client

            self._clients[name] = self._stack.enter_context(Client(name, library=self._home))
        return self._clients[name]

    def ready(self, link: Link) -> None:
        """Raise if nothing could be sent, for want of a key or an address."""
        client = self.client(link)
        try:
            client.required_key()
            _ = client.base_url
        except ConfigurationError as error:
            error.hint = tr("Give a client that has one: client=imgcell.Client(…, base_url=…).")
            raise

    def job(self, link: Link, images: Sequence[Any]) -> Job:
        elsewhere = self.client(link).provider.name != link.provider
        return job_of(link, images, model=self._model or (None if elsewhere else link.model), elsewhere=elsewhere)

    def check(self, link: Link) -> tuple[Job, tuple[str, ...]]:
        """Return the job of *link*, checked with stand-ins for the pictures that are still to be made, and what is to be said of it."""
        job = self.job(link, ["…" if isinstance(one, int) else one for one in link.inputs])
        model = self.client(link).provider.model(job.model)
        images = [_stand_in(None if isinstance(one, int) else one) for one in link.inputs]
        try:
            return job, providers.check(job, images, _stand_in(link.mask) if link.mask is not None else None, model)
        except InvalidJobError as error:
            error.message = tr("Step {number}: {reason}", number=link.number, reason=error.message)
            error.args = (error.message,)
            raise


def _stand_in(picture: Picture | str | None) -> InputImage:
    """Return a picture to be sent as far as it is known before it is read: a format or a weight that does not fit is no obstacle."""
    if isinstance(picture, str):
        return InputImage(url=picture, sha256="0" * 64)
    width, height = (picture.facts.width, picture.facts.height) if picture is not None else (0, 0)
    return InputImage(data=b"", width=width, height=height, size=1, sha256="0" * 64)
