"""From the form to the jobs that it asks for, and back."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.jobs import FEATHER, Edit, Generate, Job
from imgcell.language import tr
from imgcell.widget.form import Draft
from imgcell.widget.limits import LIMITS

if TYPE_CHECKING:
    from imgcell.client import Client
    from imgcell.providers.profile import Model

__all__ = ["DraftError", "Errand", "blank", "draft_of", "errands"]

_WORDS = ("background", "output_format", "output_compression", "moderation", "style")


class DraftError(InvalidJobError):
    """Something is wrong with the form.

    Attributes:
        field: Which of the draft's fields, ``""`` where it is none in particular.
    """

    field: str = ""


@dataclass(frozen=True)
class Errand:
    """One job of a form.

    Attributes:
        client: Who makes it.
        job: What.
        label: What tells it from the others of a sweep; ``""`` where there is only one.
    """

    client: Client
    job: Job
    label: str = ""


def blank(provider: str, prompt: str = "") -> Draft:
    """Return an empty form."""
    return {
        "v": 1,
        "prompt": prompt,
        "targets": {"providers": [provider], "models": [], "sizes": [], "qualities": []},
        "n": 1,
        "background": None,
        "output_format": None,
        "output_compression": None,
        "moderation": None,
        "style": None,
        "input_fidelity": None,
        "stream": None,
        "extra": "",
        "references": [],
        "mask": None,
        "keep": False,
        "once": False,
    }


def errands(
    draft: Draft,
    client: Callable[[str | None], Client],
    image: Callable[[str, Model], Any],
    mask: Callable[[str], Any],
) -> list[Errand]:
    """Return the jobs of a draft: every combination of what was ticked.

    A model that some of the ticked providers describe goes to those alone; a name that none of them describes goes to all.

    Args:
        draft: The form, checked against the protocol.
        client: Returns the client of a provider; of the default one for ``None``.
        image: Returns the picture of a reference's key for a model.
        mask: Returns that of a mask's key.

    Raises:
        DraftError: The form asks for nothing that can be made.
        ImgcellError: A provider, a reference or a mask is not there.
    """
    if not draft["prompt"].strip():
        raise _wrong("prompt", tr("The prompt is empty."), tr("Say what the picture should show."))
    fields: dict[str, Any] = {name: draft[name] for name in _WORDS}  # type: ignore[literal-required]
    fields |= {"n": draft["n"], "partial_images": draft["stream"], "extra": _extra(draft["extra"])}
    if draft["references"]:
        fields["input_fidelity"] = draft["input_fidelity"]
        if draft["mask"] is not None:
            fields["mask"], fields["keep"] = _at("mask", mask, draft["mask"]), draft["keep"]
    kind = Edit if draft["references"] else Generate
    targets = draft["targets"]
    who = _who(_each(targets["providers"]), _each(targets["models"]), client)
    sizes, qualities = _each(targets["sizes"]), _each(targets["qualities"])
    count, most = len(who) * len(sizes) * len(qualities) * draft["n"], LIMITS["pictures_per_run"]
    if count > most:
        raise _wrong("n", tr("That would be {count} pictures; one run makes {most} at most.", count=count, most=most))
    combinations = list(itertools.product(who, sizes, qualities))
    made = []
    for ((maker, model), size, quality), label in zip(combinations, _labels(combinations), strict=True):
        try:
            if draft["references"]:
                takes = maker.provider.model(model)
                fields["images"] = [_at("references", image, key, takes) for key in draft["references"]]
            job = kind(draft["prompt"], model=model, size=size, quality=quality, **fields)
        except DraftError:
            raise
        except InvalidJobError as error:
            raise _wrong("", error.message, error.hint) from error
        made.append(Errand(maker, job, label))
    return made


def draft_of(job: Job, draft: Draft, references: Sequence[str], mask: str | None) -> Draft:
    """Return *draft* with what *job* says in it; its providers stay.

    Raises:
        InvalidJobError: The job says something for which the form has no place.
    """
    for name in ("response_format", "user", "encoding"):
        if getattr(job, name, None) is not None:
            raise InvalidJobError(
                tr("The Studio's form has no place for {name}.", name=name),
                hint=tr("Leave it out here, or use the client: client.submit(job)."),
            )
    if isinstance(job, Edit) and job.keep not in (None, FEATHER):
        raise InvalidJobError(
            tr("The Studio's form has no place for {name}.", name=f"keep={job.keep}"),
            hint=tr("It keeps the rest with a feather of {count} pixels: keep=True.", count=FEATHER),
        )
    try:
        extra = json.dumps(dict(job.extra), ensure_ascii=False, allow_nan=False) if job.extra else ""
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidJobError(
            tr("A field cannot be sent as JSON: {reason}.", reason=str(error)), hint=tr("Look at what extra= holds.")
        ) from None
    made = Draft(**draft)
    made["prompt"], made["n"], made["stream"], made["extra"] = job.prompt, job.n, job.partial_images, extra
    made["targets"] = {
        "providers": list(draft["targets"]["providers"]),
        "models": [job.model] if job.model else [],
        "sizes": [job.size] if job.size else [],
        "qualities": [job.quality] if job.quality else [],
    }
    for name in _WORDS:
        made[name] = getattr(job, name)  # type: ignore[literal-required]
    made["input_fidelity"] = job.input_fidelity if isinstance(job, Edit) else None
    made["references"], made["mask"] = list(references), mask
    made["keep"] = isinstance(job, Edit) and job.keep is not None
    return made


def _who(
    names: Sequence[str | None], models: Sequence[str | None], client: Callable[[str | None], Client]
) -> list[tuple[Client, str | None]]:
    clients = [_at("targets", client, name) for name in names]
    described = {model for one in clients for model in one.provider.models}
    found = []
    for one in clients:
        takes = [model for model in models if model is None or model in one.provider.models or model not in described]
        if not takes:
            raise _wrong(
                "targets",
                tr("{provider} has none of the models that are ticked.", provider=one.provider.title),
                tr("Tick one of its own: {models}.", models=", ".join(list(one.provider.models)[:8]) or "?"),
            )
        found += [(one, model) for model in takes]
    return found


def _each(ticked: Sequence[str]) -> list[str | None]:
    """Return what was ticked, each once; ``None`` alone where nothing was."""
    return list(dict.fromkeys(value.strip() for value in ticked if value.strip())) or [None]


def _labels(combinations: Sequence[tuple[tuple[Client, str | None], str | None, str | None]]) -> list[str]:
    """Return for each combination the values in which it differs from others."""
    rows = [
        (client.provider.title, model or client.provider.default_model, size, quality) for (client, model), size, quality in combinations
    ]
    differ = [len({row[place] for row in rows}) > 1 for place in range(4)]
    return [" · ".join(str(value) for value, varies in zip(row, differ, strict=True) if varies and value) for row in rows]


def _extra(text: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _wrong("extra", tr("The extra fields are no JSON: {reason}", reason=str(error)), '{"field": "value"}') from None
    if not isinstance(value, dict):
        raise _wrong("extra", tr("The extra fields have to be a JSON object."), '{"field": "value"}')
    return value


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _at(field: str, find: Callable[..., Any], *which: Any) -> Any:
    try:
        return find(*which)
    except ImgcellError as error:
        raise _wrong(field, error.message, error.hint) from error


def _wrong(field: str, message: str, hint: str | None = None) -> DraftError:
    error = DraftError(message, hint=hint)
    error.field = field
    return error
