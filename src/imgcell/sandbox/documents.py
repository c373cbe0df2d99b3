"""What each provider's document accepts, as tables.

Each rule was written from the document named beside it and from nothing else; :mod:`imgcell.sandbox.checks` applies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["DOCUMENTS", "Document", "Rule"]

Kind = Literal["string", "integer", "boolean", "addresses", "references", "reference", "anything"]


@dataclass(frozen=True)
class Rule:
    """One field: its JSON type, the values or the range the document lists, and whether it must be there."""

    kind: Kind = "string"
    values: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    required: bool = False


@dataclass(frozen=True)
class Document:
    """One platform.

    Attributes:
        name: The first part of its path.
        envelope: Whose kind of error it answers: ``"openai"`` or ``"relay"`` (new-api: message with request id).
        rules: What the document limits beyond single fields (a name known to :mod:`imgcell.sandbox.checks`).
        generate, edit_form, edit_json, variation: Fields by request shape; ``None``: there is no such endpoint or shape.
        files: Names that a picture's multipart part may have.
        models: The only names, if the document closes the list.
        default_model: Taken when the request names none.
        max_images, max_image_bytes, max_mask_bytes: Limits of what is handed in.
        answer: How pictures are handed over unless asked otherwise.
        dated: Whether answers carry ``created``.
        strict: Whether unknown fields are refused.
        needs_key: Whether a bearer key is needed.
        picture_format: Format of the pictures if the request cannot name one.
    """

    name: str
    envelope: Literal["openai", "relay"]
    rules: str
    generate: Mapping[str, Rule]
    edit_form: Mapping[str, Rule] | None = None
    edit_json: Mapping[str, Rule] | None = None
    variation: Mapping[str, Rule] | None = None
    files: tuple[str, ...] = ()
    mask_file: bool = False
    models: tuple[str, ...] = ()
    default_model: str | None = None
    default_edit_model: str | None = None
    max_images: int = 16
    max_image_bytes: int = 50_000_000
    max_mask_bytes: int = 4_000_000
    answer: Literal["b64_json", "url", "data_url"] = "b64_json"
    dated: bool = True
    strict: bool = True
    needs_key: bool = True
    picture_format: str = "png"
    sizes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_TEXT = Rule(required=True)
_FLAG = Rule("boolean")
_N = Rule("integer", minimum=1, maximum=10)
_FORMAT = Rule(values=("png", "jpeg", "webp"))
_BACKGROUND = Rule(values=("transparent", "opaque", "auto"))
_MODERATION = Rule(values=("low", "auto"))
_URL_OR_B64 = Rule(values=("url", "b64_json"))
_PARTIALS = Rule("integer", minimum=0, maximum=3)
_QUALITY = Rule(values=("low", "medium", "high", "auto"))
_FIDELITY = Rule(values=("high", "low"))
_COMPRESSION = Rule("integer", minimum=0, maximum=100)

# OpenAI's published specification: CreateImageRequest, CreateImageEditRequest, EditImageBodyJsonParam, CreateImageVariationRequest.
_OPENAI_GENERATE = {
    "prompt": _TEXT,
    "model": Rule(),
    "n": _N,
    "quality": Rule(values=("standard", "hd", "low", "medium", "high", "auto")),
    "response_format": _URL_OR_B64,
    "output_format": _FORMAT,
    "output_compression": _COMPRESSION,
    "stream": _FLAG,
    "partial_images": _PARTIALS,
    "size": Rule(),
    "moderation": _MODERATION,
    "background": _BACKGROUND,
    "style": Rule(values=("vivid", "natural")),
    "user": Rule(),
}
_OPENAI_EDIT_FORM = {
    "prompt": _TEXT,
    "background": _BACKGROUND,
    "model": Rule(),
    "n": _N,
    "size": Rule(),
    "response_format": _URL_OR_B64,
    "output_format": _FORMAT,
    "output_compression": _COMPRESSION,
    "user": Rule(),
    "input_fidelity": _FIDELITY,
    "stream": _FLAG,
    "partial_images": _PARTIALS,
    "quality": Rule(values=("standard", "low", "medium", "high", "auto")),
}
_OPENAI_EDIT_JSON = {
    "model": Rule(),
    "images": Rule("references", required=True),
    "mask": Rule("reference"),
    "prompt": _TEXT,
    "n": _N,
    "quality": _QUALITY,
    "input_fidelity": _FIDELITY,
    "size": Rule(values=("auto", "1024x1024", "1536x1024", "1024x1536")),
    "user": Rule(),
    "output_format": _FORMAT,
    "output_compression": _COMPRESSION,
    "moderation": _MODERATION,
    "background": _BACKGROUND,
    "stream": _FLAG,
    "partial_images": _PARTIALS,
}
_OPENAI_VARIATION = {
    "model": Rule(values=("dall-e-2",)),
    "n": _N,
    "response_format": _URL_OR_B64,
    "size": Rule(values=("256x256", "512x512", "1024x1024")),
    "user": Rule(),
}


def _openai(name: str) -> Document:
    return Document(
        name,
        "openai",
        "openai",
        _OPENAI_GENERATE,
        edit_form=_OPENAI_EDIT_FORM,
        edit_json=_OPENAI_EDIT_JSON,
        variation=_OPENAI_VARIATION,
        files=("image", "image[]"),
        mask_file=True,
        default_model="dall-e-2",
        default_edit_model="gpt-image-1.5",
    )


# Documents 000 and 002: three fields and no more; sizes belong to the front of the prompt; one picture a call; no ``created``.
_APIYI_FIELDS = {"model": _TEXT, "prompt": _TEXT, "response_format": _URL_OR_B64}
_APIYI = Document(
    "apiyi",
    "relay",
    "apiyi",
    _APIYI_FIELDS,
    edit_form=_APIYI_FIELDS,
    files=("image[]",),
    models=("gpt-image-2-all",),
    max_images=1_000,
    max_image_bytes=10 * 1024 * 1024,
    answer="url",
    dated=False,
)

# Document 001: eight fields, two models, no edits.
_EZMODEL = Document(
    "ezmodel",
    "relay",
    "ezmodel",
    {
        "model": Rule(),
        "prompt": _TEXT,
        "n": _N,
        "size": Rule(values=("256x256", "512x512", "1024x1024", "1792x1024", "1024x1792")),
        "quality": Rule(values=("standard", "hd")),
        "style": Rule(values=("vivid", "natural")),
        "response_format": _URL_OR_B64,
        "user": Rule(),
    },
    models=("dall-e-2", "dall-e-3"),
    default_model="dall-e-2",
    answer="url",
)

# Document 003: edits through generations, addresses in ``image``, WebP behind an address.
_JSON_IMAGES = Document(
    "json-images",
    "relay",
    "json-images",
    {
        "model": _TEXT,
        "prompt": _TEXT,
        "size": Rule(values=("1024x1024", "1536x1024", "1024x1536")),
        "n": Rule("integer", minimum=1),
        "image": Rule("addresses"),
    },
    max_images=5,
    answer="url",
    picture_format="webp",
)

# Document 004: the list of verified parameters, with webp, stream and partial_images "official, not verified".
_COMPATIBLE_GENERATE = {
    "model": _TEXT,
    "prompt": _TEXT,
    "size": Rule(values=("1024x1024", "1024x1536", "1536x1024", "auto")),
    "quality": _QUALITY,
    "background": _BACKGROUND,
    "output_format": _FORMAT,
    "output_compression": _COMPRESSION,
    "moderation": _MODERATION,
    "n": _N,
    "user": Rule(),
    "response_format": _URL_OR_B64,
    "stream": _FLAG,
    "partial_images": _PARTIALS,
}
_COMPATIBLE = Document(
    "openai-compatible",
    "relay",
    "openai-compatible",
    _COMPATIBLE_GENERATE,
    edit_form=_COMPATIBLE_GENERATE,
    edit_json={**_COMPATIBLE_GENERATE, "images": Rule("references", required=True)},
    files=("image", "image[]"),
    mask_file=True,
)

# The union: whatever any document accepts, and ``seed``; what is unknown is left alone.
_ANY = {
    **_OPENAI_GENERATE,
    "quality": Rule(values=("auto", "low", "medium", "high", "standard", "hd", "xhigh", "max")),
    "response_format": Rule(values=("url", "b64_json", "data_url")),
    "input_fidelity": _FIDELITY,
    "seed": Rule("anything"),
}
_UNION = Document(
    "sandbox",
    "openai",
    "sandbox",
    {**_ANY, "image": Rule("addresses")},
    edit_form=_ANY,
    edit_json={**_ANY, "images": Rule("references"), "image": Rule("addresses"), "mask": Rule("reference")},
    variation=_OPENAI_VARIATION,
    files=("image", "image[]"),
    mask_file=True,
    default_model="sandbox",
    max_mask_bytes=50_000_000,
    strict=False,
    needs_key=False,
)

#: By the first part of the path; ``""`` is the plain ``/v1``.
DOCUMENTS: Mapping[str, Document] = {
    "": _openai(""),
    **{document.name: document for document in (_openai("openai"), _APIYI, _EZMODEL, _JSON_IMAGES, _COMPATIBLE, _UNION)},
}
