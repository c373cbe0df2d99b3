"""What a request asks for once its document accepted it, and what it is when the document does not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

__all__ = ["File", "InputPicture", "Order", "Refusal"]


@dataclass(frozen=True)
class File:
    """One file part of a multipart body, as it arrived."""

    name: str
    filename: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class InputPicture:
    """One picture handed in: where in the request it stood, and its bytes."""

    where: str
    data: bytes = field(repr=False)


class Refusal(Exception):
    """The document does not accept a request.

    Attributes:
        status: HTTP status.
        message, type, param, code: As in the envelope ``{"error": {...}}`` of OpenAI's specification.
        headers: Sent with it.
        extra: Further members of ``error``.
    """

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = "invalid_value",
        type: str = "invalid_request_error",  # noqa: A002 - the envelope's own name
        status: int = 400,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.type = type
        self.status = status
        self.headers = headers or {}
        self.extra = extra or {}


@dataclass(frozen=True)
class Order:
    """A request that its document accepted, in one vocabulary for all documents.

    Attributes:
        act: ``"generate"``, ``"edit"`` or ``"variation"``.
        width, height: Pixels of the picture; 0 where the request leaves them to the painter (an edit's first input).
        answer: ``"b64_json"``, ``"url"`` or ``"data_url"``: how the picture is handed over.
        picture_format: ``"png"``, ``"jpeg"`` or ``"webp"``.
        given: The names that the request carried.
        signed: Whether model, size and quality are written at the top of the picture.
    """

    act: Literal["generate", "edit", "variation"]
    model: str
    prompt: str
    n: int = 1
    size: str = "auto"
    width: int = 1024
    height: int = 1024
    quality: str = "auto"
    background: str = "auto"
    picture_format: str = "png"
    compression: int = 100
    style: str = ""
    answer: Literal["b64_json", "url", "data_url"] = "b64_json"
    stream: bool = False
    partial_images: int = 0
    seed: str = ""
    images: tuple[InputPicture, ...] = ()
    mask: InputPicture | None = None
    encoding: Literal["json", "multipart"] = "json"
    given: frozenset[str] = frozenset()
    signed: bool = True

    def with_(self, **changes: Any) -> Order:
        """Return a copy with *changes*."""
        return replace(self, **changes)
