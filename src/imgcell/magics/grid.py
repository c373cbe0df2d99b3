"""From :class:`~imgcell.magics.parse.Arguments` to the job that they ask for."""

from __future__ import annotations

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
    from imgcell.client.replaying import Ready
    from imgcell.magics.parse import Arguments
    from imgcell.magics.session import Session

__all__ = ["Task", "arrange", "said"]

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
        ready: The same, read and checked, if somebody has done that already.
    """

    client: Client
    job: Job
    position: int = 0
    ready: Ready | None = None


def arrange(magic: str, arguments: Arguments, names: Mapping[str, Any], session: Session) -> Task:
    """Look every name up and make the job of a line without comma lists; nothing is sent.

    Args:
        magic: ``"imagine"`` or ``"imgedit"``.
        arguments: The parsed line and the prompt.
        names: The user's variables.
        session: For the provider in use.

    Raises:
        InvalidJobError: For anything that cannot be looked up or cannot be a job.
    """
    prompt, fields, extra = said(magic, arguments, names)
    name, model, size, quality = (
        next(iter(values), None) for values in (arguments.providers, arguments.models, arguments.sizes, arguments.qualities)
    )
    client = session.client(name, names)
    # The companions of `%imgcell use` belong to that provider alone.
    ours = name is None or name == session.provider
    kind = Edit if magic == "imgedit" else Generate
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
    return Task(client, job)


def said(magic: str, arguments: Arguments, names: Mapping[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Look every name up; return the prompt, the job's fields that have one value, and those that are sent as they are.

    Raises:
        InvalidJobError: For anything that cannot be looked up.
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
    return prompt, fields, extra


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
