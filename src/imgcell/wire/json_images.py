"""Editing through images/generations: a JSON ``image`` array beside the prompt (document 003).

The fields stand in the document's order: model, size, n, prompt, image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.jobs import Edit, InputImage, Job
from imgcell.language import tr
from imgcell.wire.conversation import Attempt, talk
from imgcell.wire.fields import ModelLike, ask_to_stream, said
from imgcell.wire.flow import Call, Flow, JsonBody

__all__ = ["converse"]


def converse(job: Job, images: Sequence[InputImage], mask: InputImage | None, model: ModelLike) -> Flow:
    """Return the conversation that carries *job* out.

    Args:
        job: What the user wants; ``job.n`` is what one call is asked for.
        images: The pictures of an edit: addresses go as they are, others as data URLs.
        mask: Not possible in this shape.
        model: What the model accepts.

    Raises:
        InvalidJobError: While it runs, before the first call, if the job cannot be said in this shape.
    """
    if mask is not None:
        raise InvalidJobError(
            tr("The model {model} takes no mask this way.", model=model.name or "?"),
            hint=tr("Edit without a mask, or choose another model or provider."),
        )

    def build(attempt: Attempt) -> Call:
        words = said(job, model)
        fields = dict(words.fields)
        document: dict[str, Any] = {"model": model.name} if model.name else {}
        for name in ("size", "n"):
            if name in fields:
                document[name] = fields.pop(name)
        document["prompt"] = words.prompt
        if isinstance(job, Edit):
            document["image"] = list(images)
        document.update(fields)
        if attempt.without_response_format:
            document.pop("response_format", None)
        stream = ask_to_stream(document, job)
        return Call("POST", "images/generations", JsonBody(document), stream=stream, notes=(*words.notes, *attempt.notes))

    yield from talk(job, Attempt(), build)
