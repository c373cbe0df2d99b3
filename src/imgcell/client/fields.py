"""The keyword arguments of the awaited faces, for type checkers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from imgcell.jobs import Encoding
from imgcell.pictures.steps import Final, Partial

__all__ = ["EditFields", "GenerateFields"]


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


class EditFields(GenerateFields, total=False):
    """As :meth:`imgcell.Client.edit` has them."""

    mask: Any
    input_fidelity: str | None
    encoding: Encoding | None
