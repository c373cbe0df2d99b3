"""The jobs that make a picture again, one after the other."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from imgcell.errors import InvalidJobError
from imgcell.jobs import Edit, Generate, Job
from imgcell.language import tr
from imgcell.lineage.family import Input, asked_for, inputs_of, main_line
from imgcell.lineage.holdings import GIVEN, is_given
from imgcell.pictures.picture import Picture

if TYPE_CHECKING:
    from imgcell.lineage.holdings import Holdings
    from imgcell.pictures.record import Record
    from imgcell.pictures.sheet import Sheet

__all__ = ["FIELDS", "Link", "Runner", "chain", "check_made", "fields_of", "job_of"]

#: Fields of a job that a step keeps; the others say how many pictures, how they travel, or who asks.
FIELDS = ("size", "quality", "background", "output_format", "output_compression", "moderation", "style", "input_fidelity", "keep")
#: ... and those that only the provider of the first time is sure to understand.
OWN_FIELDS = ("response_format", "encoding", "user", "extra")


@dataclass(frozen=True)
class Link:
    """One job of a chain; it makes one picture.

    Attributes:
        number: Of the step, as the user counts.
        kind: ``"generate"`` or ``"edit"``.
        prompt, provider, model: As they were.
        fields: What else was asked for, by the names of :class:`imgcell.Edit`.
        inputs: Each the place (from 0) of an earlier link whose result it is, or a picture, or the address of one.
        mask: The mask as it was sent, or ``None``.
    """

    number: int
    kind: str
    prompt: str
    provider: str
    model: str | None
    fields: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[int | Picture | str, ...] = ()
    mask: Picture | None = None


class Runner(Protocol):
    """Runs chains of jobs: the client's part of all this."""

    def run(self, links: Sequence[Link], *, provider: str | None, model: str | None, client: Any, once: bool = False) -> Sheet:
        """Do what :meth:`imgcell.pictures.picture.Picture.replay` says, with these jobs."""
        ...

    def plan(self, links: Sequence[Link], *, provider: str | None, model: str | None, client: Any) -> Any:
        """Return what :meth:`run` would send and what that is estimated to cost; nothing is sent."""
        ...

    def settle(self) -> None:
        """Wait until the inputs of requests that have ended are in the library."""
        ...


def chain(picture: Picture, holdings: Holdings, from_: Any = None) -> list[Link]:
    """Return the jobs of the main line of *picture* from the step *from_* on.

    Raises:
        InvalidJobError: There is no such step, an input is not there, or one was changed by the user's own code.
    """
    check_made(picture)
    line = main_line(picture.record.id, holdings)
    start = _start(from_, line)
    links = []
    for number in range(start, len(line)):
        shown = holdings.record(line[number])
        assert shown is not None  # or it would not stand in the line
        record = asked_for(shown, holdings)
        inputs: list[int | Picture | str] = []
        taken = number == start  # the first step has nothing new to take up
        for place, one in enumerate(inputs_of(record)):
            if not taken and one.id == line[number - 1]:
                if one.modified and not holdings.same(one.id, one.sent):
                    raise InvalidJobError(
                        tr(
                            "Step {number} cannot follow a new picture: its input was changed by code of your own before it.", number=number
                        ),
                        hint=tr(
                            "replay(from_={number}) starts there, with the changed picture as it was sent; or make the change again "
                            "on a new result and edit that.",
                            number=number,
                        ),
                    )
                inputs.append(number - start - 1)
                taken = True
            else:
                inputs.append(_held(one, holdings, number, place))
        links.append(
            Link(
                number,
                record.kind,
                record.prompt,
                record.provider,
                record.model,
                fields_of(shown),
                tuple(inputs),
                _mask(record, holdings, number),
            )
        )
    return links


def check_made(picture: Picture) -> None:
    """Raise InvalidJobError if *picture* was not made by imgcell."""
    record = picture.record
    if record.kind == GIVEN or not record.prompt or not record.provider:
        raise InvalidJobError(
            tr("This picture was given, not made: there is nothing to run again."),
            hint=tr("Its .children are what was made from it."),
        )


def fields_of(record: Record) -> dict[str, Any]:
    """Return what was asked for beside the prompt, the pictures and the model."""
    said = {name: record.requested[name] for name in (*FIELDS, *OWN_FIELDS) if record.requested.get(name) is not None}
    if record.kept is None:
        said.pop("keep", None)  # as it came is as it came, although another one was made of it
    return said


def job_of(link: Link, images: Sequence[Any], *, model: str | None, elsewhere: bool) -> Job:
    """Return the job of a link.

    Args:
        link: The link.
        images: Its input pictures.
        model: Who makes it.
        elsewhere: Whether that is another provider than the first time; then what was passed through stays behind.

    Raises:
        InvalidJobError: If it cannot be a job.
    """
    fields = {name: value for name, value in link.fields.items() if name in FIELDS or not elsewhere}
    if link.kind == "edit":
        return Edit(link.prompt, images=tuple(images), mask=link.mask, model=model, **fields)
    for name in ("input_fidelity", "encoding", "keep"):
        fields.pop(name, None)
    return Generate(link.prompt, model=model, **fields)


def _start(from_: Any, line: Sequence[str]) -> int:
    """Return the number of the step that *from_* names."""
    if from_ is None:
        return 0
    if isinstance(from_, Picture):
        from_ = from_.record.id
    if isinstance(from_, str):
        if from_ in line:
            return line.index(from_)
    elif hasattr(from_, "__index__") and not isinstance(from_, bool) and -len(line) <= operator.index(from_) < len(line):
        return operator.index(from_) % len(line)
    raise InvalidJobError(
        tr("from_ names no step of this picture's main line: {value}.", value=repr(from_)[:80]),
        hint=tr(
            "Its steps are numbered from 0 to {last}; .lineage() shows them. An id or a Picture of the line does as well.",
            last=len(line) - 1,
        ),
    )


def _held(one: Input, holdings: Holdings, number: int, place: int) -> Picture | str:
    """Return an input as it was."""
    picture: Picture | None = None
    if one.modified and one.sent is not None:
        picture = holdings.given(one.sent, one.id)
    elif not one.modified:
        picture = holdings.picture(one.id)
        if picture is None and one.sent is not None and (sent := holdings.given(one.sent)) is not None:
            # What it was made from is gone; what was sent is here, and goes by the same name.
            picture = Picture(sent.source, dataclasses.replace(sent.record, id=one.id), sent.facts, sent._archive)
    if picture is None and (address := holdings.address(one.id)) is not None:
        return address
    if picture is None:
        raise _unknown(number, tr("image {number}", number=place + 1), holdings.problem(one.sent if one.modified and one.sent else one.id))
    return picture


def _mask(record: Record, holdings: Holdings, number: int) -> Picture | None:
    if record.mask is None:
        return None
    mask = holdings.picture(record.mask) if is_given(record.mask) else None
    if mask is None:
        raise _unknown(number, tr("the mask"), holdings.problem(record.mask))
    return mask


def _unknown(number: int, what: str, problem: Exception) -> InvalidJobError:
    return InvalidJobError(
        tr("Step {number} cannot be run again without {what}. {reason}", number=number, what=what, reason=str(problem)),
        hint=tr("Give it again in a job of its own, or start after this step: replay(from_={next}).", next=number + 1),
    )
