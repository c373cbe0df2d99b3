"""From :class:`~imgcell.magics.parse.Arguments` to the jobs that they ask for: one, or every combination of a sweep."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.jobs import Edit, Generate, Job
from imgcell.language import tr
from imgcell.magics.lookup import image
from imgcell.magics.masks import mask
from imgcell.magics.templates import fill

if TYPE_CHECKING:
    from imgcell.client import Client
    from imgcell.magics.parse import Arguments
    from imgcell.magics.session import Session

__all__ = ["Grid", "Task", "arrange"]

_TEXTS = ("background", "output_format", "moderation", "style", "response_format", "user")
_EDIT_TEXTS = ("input_fidelity", "encoding")
_OWN_OPTION = {
    "model": "-m", "n": "-n", "size": "-s", "quality": "-q", "image": "-i", "images": "-i", "mask": "--mask", "keep": "--keep",
    "partial_images": "--stream", "stream": "--stream",
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One job of a cell.

    Attributes:
        client: Who makes it.
        job: What.
        position: Of its first picture in the cell's sheet.
        labels: Its value on each axis of the sweep, in the axes' order.
    """

    client: Client
    job: Job
    position: int
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """All jobs of a cell.

    Attributes:
        tasks: In the order in which the line lists them.
        axes: Name and values of everything of which more than one was listed.
    """

    tasks: tuple[Task, ...]
    axes: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def pictures(self) -> int:
        """How many pictures all of it makes."""
        return sum(task.job.n for task in self.tasks)

    def labels(self) -> list[str]:
        """Return a caption for every position of the sheet, empty where the grid has no axes."""
        return [label for task in self.tasks for label in [" · ".join(task.labels)] * task.job.n]


def arrange(magic: str, arguments: Arguments, names: Mapping[str, Any], session: Session) -> Grid:
    """Look every name up and make the jobs; nothing is sent.

    Args:
        magic: ``"imagine"`` or ``"imgedit"``.
        arguments: The parsed line and the prompt.
        names: The user's variables.
        session: For the provider in use.

    Raises:
        InvalidJobError: For anything that cannot be looked up or cannot be a job.
    """
    edit = magic == "imgedit"
    prompt = arguments.prompt if arguments.raw else fill(arguments.prompt, names)
    fields, extra = _fields(arguments.fields, edit=edit)
    if edit:
        if not arguments.images:
            raise InvalidJobError(tr("An edit needs at least one picture."), hint=tr("Give it with -i: a variable, a path or a URL."))
        fields["images"] = [one for text in arguments.images for one in image(text, names)]
        if arguments.mask is not None:
            fields["mask"] = mask(arguments.mask, names)
        fields["keep"] = arguments.feather if arguments.feather is not None else arguments.keep
    clients: list[tuple[str | None, Client]] = [(name, session.client(name, names)) for name in arguments.providers or (None,)]
    listed = (("provider", arguments.providers), ("model", arguments.models), ("size", arguments.sizes), ("quality", arguments.qualities))
    tasks = []
    kind = Edit if edit else Generate
    combinations = itertools.product(clients, arguments.models or (None,), arguments.sizes or (None,), arguments.qualities or (None,))
    for number, ((name, client), model, size, quality) in enumerate(combinations):
        # The companions of `%imgcell use` belong to that provider alone.
        ours = name is None or name == session.provider
        values = (name, model, size, quality)
        job = kind(
            prompt,
            model=model or (session.model if ours else None),
            n=arguments.n,
            size=size or (session.size if ours else None),
            quality=quality or (session.quality if ours else None),
            partial_images=arguments.stream,
            extra=extra,
            **fields,
        )
        labels = tuple(str(value) for value, (_, values_) in zip(values, listed, strict=True) if len(values_) > 1)
        tasks.append(Task(client, job, number * arguments.n, labels))
    return Grid(tuple(tasks), tuple((axis, values_) for axis, values_ in listed if len(values_) > 1))


def _fields(pairs: tuple[tuple[str, str], ...], *, edit: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part ``-o`` into our own fields and those that are sent as they are."""
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, text in pairs:
        if key in fields or key in extra:
            raise InvalidJobError(tr("-o {key} is given twice.", key=key))
        if key == "prompt":
            raise InvalidJobError(tr("The prompt goes below the line, not into -o."))
        if key in _OWN_OPTION:
            raise InvalidJobError(tr("{key} has an option of its own: {option}.", key=key, option=_OWN_OPTION[key]))
        if key in _EDIT_TEXTS and not edit:
            raise InvalidJobError(tr("{key} belongs to edits: %%imgedit.", key=key))
        if key in _TEXTS or key in _EDIT_TEXTS:
            # Text whatever it looks like: a user id of digits is still one.
            fields[key] = text
        elif key == "output_compression":
            fields[key] = _value(text)
        else:
            extra[key] = _value(text)
    return fields, extra


def _value(text: str) -> Any:
    """Return *text* as JSON if it is JSON, else as it is."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text


def _no_constant(text: str) -> Any:
    # NaN and Infinity are no JSON, whatever Python's reader thinks; nobody could read them at the other end.
    raise ValueError(text)
