"""Whether a job can be sent to a model, by what its profile says: refused here, it costs nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from imgcell.errors import InvalidJobError
from imgcell.jobs import Edit, InputImage, Job
from imgcell.language import tr
from imgcell.providers.profile import Field, Model
from imgcell.wire.fields import edit_shape, said, said_words

__all__ = ["check"]


def check(job: Job, images: Sequence[InputImage], mask: InputImage | None, model: Model) -> tuple[str, ...]:
    """Check *job* against *model* before anything is sent.

    Args:
        job: What is wanted.
        images: Its pictures as they would be sent; empty for a generation.
        mask: Its mask as it would be sent.
        model: What the model accepts.

    Returns:
        What the user should know although it can be sent, in words.

    Raises:
        InvalidJobError: One clear sentence and what to do.
    """
    notes: list[str] = []
    if not model.known and model.name:
        notes.append(tr("The model {model} is not described; the provider's defaults were used.", model=model.name))
    _prompt(job, model)
    for word, value in said_words(job).items():
        field = model.fields.get(word)
        if field is not None and word not in job.extra and word != "n":
            notes += _value(word, value, field, model)
    _stream(job, model)
    if isinstance(job, Edit):
        notes += _pictures(job, images, mask, model)
    notes += _together(job)
    # More pictures than one call makes are more calls.
    said(replace(job, n=min(job.n, max(1, model.pictures_per_call))), model)
    _extra(job)
    return tuple(dict.fromkeys(notes))


def _prompt(job: Job, model: Model) -> None:
    if model.prompt_limit is None:
        return
    length = len(job.prompt.encode("utf-8", "replace")) if model.prompt_unit == "bytes" else len(job.prompt)
    if length > model.prompt_limit:
        if model.prompt_unit == "bytes":
            message = tr(
                "The prompt is {length} bytes long; the model {model} takes {limit}.",
                length=length,
                model=model.name,
                limit=model.prompt_limit,
            )
        else:
            message = tr(
                "The prompt is {length} characters long; the model {model} takes {limit}.",
                length=length,
                model=model.name,
                limit=model.prompt_limit,
            )
        raise InvalidJobError(message, hint=tr("Shorten it, or choose a model that takes longer ones."))


def _value(word: str, value: object, field: Field, model: Model) -> list[str]:
    notes: list[str] = []
    if field.place == "body" and field.values and str(value) not in field.values:
        if field.closed:
            raise InvalidJobError(
                tr("The model {model} does not know {word}={value}.", model=model.name or "?", word=word, value=value),
                hint=tr("It knows {values}.", values=", ".join(field.values)),
            )
        known = ", ".join(field.values)
        notes.append(tr("{word}={value} is not among the documented values ({values}).", word=word, value=value, values=known))
    if isinstance(value, int):
        low, high = field.minimum, field.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            raise InvalidJobError(
                tr(
                    "The model {model} takes {word} from {low} to {high}, not {value}.",
                    model=model.name or "?",
                    word=word,
                    low=low,
                    high=high,
                    value=value,
                ),
                hint=tr("Choose a number within."),
            )
    return notes


def _stream(job: Job, model: Model) -> None:
    if job.partial_images is None:
        return
    act = "edit" if isinstance(job, Edit) else "generate"
    field = model.fields.get("partial_images")
    if act not in model.streams or (field is not None and field.place == "refused"):
        raise InvalidJobError(
            tr("The model {model} cannot stream.", model=model.name or "?"),
            hint=tr("Leave partial_images (--stream) out."),
        )


def _pictures(job: Edit, images: Sequence[InputImage], mask: InputImage | None, model: Model) -> list[str]:
    notes: list[str] = []
    if len(images) > model.max_images and model.edits:
        raise InvalidJobError(
            tr(
                "{count} pictures were given; the model {model} takes at most {most}.",
                count=len(images),
                model=model.name or "?",
                most=model.max_images,
            ),
            hint=tr("Leave some out, or put several into one with a contact sheet."),
        )
    shape = edit_shape(job, images, mask, model)
    for number, image in enumerate(images, 1):
        if image.url is not None:
            continue
        if image.size > model.max_image_bytes:
            raise InvalidJobError(
                tr(
                    "Picture {number} has {size} bytes; the model {model} takes {most}.",
                    number=number,
                    size=image.size,
                    model=model.name or "?",
                    most=model.max_image_bytes,
                ),
                hint=tr("Make it smaller, or save it as JPEG."),
            )
        if image.media_type and image.media_type not in model.image_types:
            raise InvalidJobError(
                tr(
                    "Picture {number} is {kind}; the model {model} takes {kinds}.",
                    number=number,
                    kind=image.media_type,
                    model=model.name or "?",
                    kinds=", ".join(model.image_types),
                ),
                hint=tr("Save it in one of these formats."),
            )
    if mask is not None and images and images[0].width and (mask.width, mask.height) != (images[0].width, images[0].height):
        raise InvalidJobError(
            tr(
                "The mask is {mask} pixels, the first picture {picture}; they must be the same.",
                mask=f"{mask.width}x{mask.height}",
                picture=f"{images[0].width}x{images[0].height}",
            ),
            hint=tr("Make the mask from the first picture."),
        )
    if job.encoding is None and shape != model.edits[0]:
        notes.append(tr("The pictures go as {shape}, because {usual} cannot carry all of them.", shape=shape, usual=model.edits[0]))
    return notes


def _together(job: Job) -> list[str]:
    """Refuse what no provider makes: transparency in a format that has none."""
    if job.background == "transparent" and job.output_format == "jpeg":
        raise InvalidJobError(
            tr("A JPEG cannot be transparent."),
            hint=tr("Use output_format='png' or 'webp', or another background."),
        )
    if job.output_compression is not None and job.output_format in {None, "png"}:
        return [tr("output_compression has an effect on JPEG and WebP only; some providers refuse it for PNG.")]
    return []


def _extra(job: Job) -> None:
    try:
        json.dumps(dict(job.extra), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as reason:
        raise InvalidJobError(
            tr("A field cannot be sent as JSON: {reason}.", reason=str(reason)), hint=tr("Look at what extra= holds.")
        ) from None
