"""OpenAI's own shape: images/generations as JSON, images/edits as a form or as JSON.

Most relays speak it too; what they take and refuse is in their profiles.  (OpenAI's specification; FACTS.md section 2.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imgcell.jobs import Edit, InputImage, Job
from imgcell.wire import json_images
from imgcell.wire.conversation import Attempt, talk
from imgcell.wire.fields import ModelLike, Shape, ask_to_stream, edit_shape, said
from imgcell.wire.flow import Call, Flow, FormBody, JsonBody
from imgcell.wire.request import form_text

__all__ = ["converse"]


def converse(job: Job, images: Sequence[InputImage], mask: InputImage | None, model: ModelLike) -> Flow:
    """Return the conversation that carries *job* out.

    Args:
        job: What the user wants; ``job.n`` is what one call is asked for.
        images: The pictures of an edit, as they will be sent.
        mask: Its mask in OpenAI's convention (alpha 0 = edit here), of the first picture's size.
        model: What the model accepts.

    Raises:
        InvalidJobError: While it runs, before the first call, if the job cannot be said in this shape.
    """
    shape = edit_shape(job, images, mask, model) if isinstance(job, Edit) else None
    if shape == "generations":
        yield from json_images.converse(job, images, mask, model)
        return
    image_field = "image" if model.image_field == "image" else "image[]"

    def build(attempt: Attempt) -> Call:
        words = said(job, model)
        fields: dict[str, Any] = {"model": model.name, "prompt": words.prompt, **words.fields}
        if not model.name:
            del fields["model"]
        if attempt.without_response_format:
            fields.pop("response_format", None)
        stream = ask_to_stream(fields, job)
        notes = (*words.notes, *attempt.notes)
        if attempt.shape is None:
            return Call("POST", "images/generations", JsonBody(fields), stream=stream, notes=notes)
        if attempt.shape == "json":
            body: dict[str, Any] = {**fields, "images": [{"image_url": image} for image in images]}
            if mask is not None:
                body["mask"] = {"image_url": mask}
            return Call("POST", "images/edits", JsonBody(body), stream=stream, notes=notes)
        form: list[tuple[str, str | InputImage]] = [(name, form_text(value)) for name, value in fields.items() if value is not None]
        form += [(attempt.image_field, image) for image in images]
        if mask is not None:
            form.append(("mask", mask))
        return Call("POST", "images/edits", FormBody(tuple(form)), stream=stream, notes=notes)

    first = Attempt(shape=shape, image_field=image_field)
    addresses = any(image.url is not None for image in images)
    # A form carries files only, and an encoding that the user chose is not changed.
    fallback: Shape | None = "multipart" if isinstance(job, Edit) and job.encoding is None and not addresses else None
    yield from talk(job, first, build, fallback)
