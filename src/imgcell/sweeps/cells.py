"""The cells of a sweep: who makes each, of what job, and why some cannot be made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from imgcell.client.mending import mended_again
from imgcell.errors import ConfigurationError, ImgcellError, InvalidJobError, MissingKeyError
from imgcell.jobs import Edit, Generate, Job
from imgcell.language import tr
from imgcell.pictures.inputs import expand
from imgcell.sweeps.holding import Holder
from imgcell.sweeps.task import Held, Task, ready_for

if TYPE_CHECKING:
    from imgcell.client.client import Client
    from imgcell.client.plan import Plan
    from imgcell.client.replaying import Ready
    from imgcell.pictures.picture import Picture
    from imgcell.sweeps.axes import Design

__all__ = ["Cells"]

_FOR_EDITS = ("mask", "input_fidelity", "encoding", "keep")


class Cells:
    """What the combinations of a design come to.

    Args:
        design: The sweep's.
        sweep: Its id.
        clients: Returns who speaks to what was given as ``provider=``; the same one for the same value.

    Attributes:
        on_workers: Whether the keys are found where the pictures are made, not here.
    """

    def __init__(self, design: Design, sweep: str, clients: Callable[[Any], Client]) -> None:
        self._design = design
        self._sweep = sweep
        self._clients = clients
        self._holder = Holder(None)
        self._made: dict[int, Task | ImgcellError] = {}
        self._checked: dict[int, tuple[Ready, Plan]] = {}
        self.on_workers = False

    def elsewhere(self) -> None:
        """Leave it to the machines on which they are made to find the keys."""
        self.on_workers = True
        self.look_again()

    def look_again(self) -> None:
        """Forget what could not be made: a key, a file or a profile may be there by now."""
        self._made = {number: made for number, made in self._made.items() if not isinstance(made, ImgcellError)}

    def client(self, place: int) -> Client:
        """Return who makes the picture of *place*."""
        return self._clients(self._design.fields(place // self._design.n).get("provider"))

    def problem(self, place: int) -> ImgcellError | None:
        """Return why the picture of *place* cannot be made; nothing is sent to find out."""
        made = self._combination(place // self._design.n)
        return made if isinstance(made, ImgcellError) else None

    def steps(self, place: int) -> int:
        """Return how many jobs *place* takes, one after the other."""
        prompt = self._design.fields(place // self._design.n).get("prompt")
        return len(prompt) if isinstance(prompt, tuple) else 1

    def task(self, place: int, done: int = 0, last: Held | Picture | None = None) -> Task:
        """Return what makes the picture of *place*, of which *done* steps are made.

        Raises:
            ImgcellError: It cannot be made (:meth:`problem`).
        """
        made = self._combination(place // self._design.n)
        if isinstance(made, ImgcellError):
            raise made
        return dataclasses.replace(made, place=place, done=done, given=last)

    def ready(self, place: int) -> Ready:
        """Return the first step of *place*, its pictures read and checked; the same for all repeats.

        Raises:
            ImgcellError: It cannot be made.
        """
        made = self._combination(place // self._design.n)
        if isinstance(made, ImgcellError):
            raise made
        return self._checked[place // self._design.n][0]

    def plan(self, place: int) -> Plan:
        """Return what the first step of *place* would send; as :meth:`ready`."""
        self.ready(place)
        return self._checked[place // self._design.n][1]

    def kept(self, place: int, picture: Picture) -> Picture:
        """Return *picture*, the first step's of *place*, with its rest kept where the job asks for that (``keep=``)."""
        return mended_again(picture, self.ready(place).prepared, self.client(place).library)[0]

    def recall(self, task: Task) -> tuple[Picture | None, Task | None]:
        """Look into the library for the pictures of *task*'s jobs: return the last one found, and what is left to be made.

        Of equal jobs each repeat takes a picture of its own.
        """
        client, repeat = self.client(task.place), task.place % self._design.n
        before: Picture | None = None
        last = task.given
        for step in range(task.done, task.steps):
            ready = client.recall(ready_for(task, client, step, before), nth=repeat)
            if not ready.found:
                return before, dataclasses.replace(task, done=step, given=last)
            before = self.kept(task.place, ready.found[0]) if not step else ready.found[0]
            last = Held(before.record.id)
        return before, None

    def _combination(self, number: int) -> Task | ImgcellError:
        if number not in self._made:
            try:
                self._made[number] = self._checked_task(number)
            except (InvalidJobError, MissingKeyError, ConfigurationError) as error:
                self._made[number] = error
        return self._made[number]

    def _checked_task(self, number: int) -> Task:
        fields = self._design.fields(number)
        client = self._clients(fields.pop("provider", None))
        prompts = _prompts(fields.pop("prompt", None))
        job = self._job(prompts[0], fields)
        name = client.provider.name
        limits = {"timeout": client._timeout, "connect_timeout": client._connect_timeout, "max_in_flight": client._max_in_flight}
        task = Task(self._sweep, number * self._design.n, name, client._given_url, job, prompts[1:], limits=tuple(limits.items()))
        if not self.on_workers:
            client.required_key()
        # Pictures that are in memory only are read once for all combinations, those of the library where they lie.
        ready = ready_for(dataclasses.replace(task, job=self._in_memory(job)), client, 0)
        self._checked[number] = ready, client.plan(ready)
        if task.then:
            self._check_edits(task, client)
        return task

    def _in_memory(self, job: Job) -> Job:
        if not isinstance(job, Edit):
            return job
        return dataclasses.replace(job, images=self._holder.images(list(job.images)), mask=self._in_memory_mask(job.mask))

    def _in_memory_mask(self, mask: Any) -> Any:
        return self._holder.image(mask) if mask is not None else None

    def _check_edits(self, task: Task, client: Client) -> None:
        """Raise if a later step could not be sent, as far as that is known before there is a picture to be edited."""
        from imgcell import providers
        from imgcell.jobs import InputImage
        from imgcell.sweeps.task import following

        for step, prompt in enumerate(task.then, 1):
            job = following(task.job, prompt, "…")
            stand_in = InputImage(data=b"", size=1, sha256="0" * 64)
            try:
                providers.check(job, [stand_in], None, client.provider.model(job.model))
            except InvalidJobError as error:
                error.message = tr("Step {number}: {reason}", number=step + 1, reason=error.message)
                error.args = (error.message,)
                raise

    @staticmethod
    def _job(prompt: str, fields: Mapping[str, Any]) -> Job:
        said = dict(fields)
        images = said.pop("images", None)
        if images is None or (isinstance(images, (list, tuple)) and not images):
            for name in _FOR_EDITS:
                value = said.pop(name, None)
                if value is not None and value is not False:
                    raise InvalidJobError(tr("{name} goes with an edit, and there is no picture to edit.", name=name), hint="images=[…]")
            return Generate(prompt, **said)
        return Edit(prompt, images=expand(images if isinstance(images, (list, tuple)) else [images]), **said)


def _prompts(prompt: Any) -> tuple[str, ...]:
    if isinstance(prompt, tuple):
        if not prompt:
            raise InvalidJobError(tr("An edit chain needs at least one prompt."))
        for step in prompt:
            Generate(step)  # says what is wrong with it
        return prompt
    return (prompt if prompt is not None else "",)
