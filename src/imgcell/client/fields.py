"""The keyword arguments of the awaited faces: for type checkers, and on the way to a job."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from imgcell.jobs import Encoding, Generate, Job
from imgcell.pictures.steps import Final, Partial

__all__ = ["EditFields", "GenerateFields", "job_of"]


class GenerateFields(TypedDict, total=False):
    """As :meth:`imgcell.Client.generate` has them."""

    model: str | None
    n: int
    size: str | None
    quality: str | None
    background: str | None
    output_format: str | None
    output_compression: int | None
    moderation: str | None
    style: str | None
    response_format: str | None
    user: str | None
    partial_images: int | None
    extra: Mapping[str, Any] | None
    on_partial: Callable[[Partial], object] | None
    on_done: Callable[[Final], object] | None
    once: bool


class EditFields(GenerateFields, total=False):
    """As :meth:`imgcell.Client.edit` has them."""

    mask: Any
    input_fidelity: str | None
    encoding: Encoding | None
    keep: int | bool | None


def job_of(kind: type[Generate], prompt: str, fields: dict[str, Any]) -> Job:
    """Return the job that keyword arguments describe.

    Raises:
        TypeError: For a word that is none of its fields.
    """
    unknown = set(fields) - {field.name for field in dataclasses.fields(kind)}
    if unknown:
        raise TypeError(f"unexpected keyword argument {min(unknown)!r}; fields that imgcell does not know go into extra={{…}}")
    if fields.get("extra") is None:
        fields.pop("extra", None)
    return kind(prompt, **fields)
