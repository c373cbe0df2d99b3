"""What a provider and its models accept, as values.  The tables themselves are the TOML files beside this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from imgcell.providers.prices import Prices

__all__ = ["EditShape", "Field", "Model", "Provider"]

#: How pictures are handed in: ``multipart`` and ``json`` on images/edits, ``generations`` as JSON on images/generations.
EditShape: TypeAlias = Literal["multipart", "json", "generations"]


@dataclass(frozen=True)
class Field:
    """What a model does with one of our words (size, quality, n, …).

    Attributes:
        name: The word.
        place: ``"body"`` (sent), ``"prompt"`` (goes to the front of the prompt), or ``"refused"``.
        values: The values that the document lists, in its order; empty if it lists none.
        closed: Whether the document allows no other; then another value is refused before sending.
        default: What the provider takes when the field is not sent, if the document says so.
        minimum, maximum: For numbers.
        always: Whether it is sent even when it says nothing new (``n`` of 1, as some documents show it).
        note: What the document warns of, shown with the field.
    """

    name: str
    place: Literal["body", "prompt", "refused"] = "body"
    values: tuple[str, ...] = ()
    closed: bool = False
    default: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    always: bool = False
    note: str = ""


@dataclass(frozen=True)
class Model:
    """What one model of a provider accepts.

    Attributes:
        name: As sent.
        known: False if no file describes it and the provider's defaults stand in.
        fields: By word; a word that is not here is refused.
        prompt_limit: Longest prompt, or ``None``.
        prompt_unit: What *prompt_limit* counts: ``"characters"`` or ``"bytes"`` (UTF-8).
        pictures_per_call: Pictures one call makes at most; more are made by parallel calls.
        edits: Ways to hand pictures in, the preferred one first; empty if it cannot edit.
        image_field: Name of the multipart file field: ``"image[]"`` or ``"image"``.
        max_images: Input pictures at most.
        max_image_bytes: Bytes of one input picture at most.
        image_types: Media types it takes.
        image_urls: Whether an input may be handed in as an address.
        masks: Ways of *edits* in which a mask can be sent.
        mask_polarity: What a mask's values mean to it: ``"alpha"`` (RGBA, transparent = edit), ``"white"`` or ``"black"`` (L,
            that value = edit).
        streams: Whether it can stream, for ``"generate"`` and ``"edit"``.
        response_format: What to send when the user says nothing (``None``: do not send the field).
        timeout: Seconds in all that a picture may take, when longer than the client's.
        prices: Dated list prices, if known.
    """

    name: str
    known: bool = True
    fields: Mapping[str, Field] = field(default_factory=dict)
    prompt_limit: int | None = None
    prompt_unit: Literal["characters", "bytes"] = "characters"
    pictures_per_call: int = 1
    edits: tuple[EditShape, ...] = ()
    image_field: str = "image[]"
    max_images: int = 16
    max_image_bytes: int = 50_000_000
    image_types: tuple[str, ...] = ("image/png", "image/jpeg", "image/webp")
    image_urls: bool = False
    masks: tuple[EditShape, ...] = ()
    mask_polarity: Literal["alpha", "white", "black"] = "alpha"
    streams: tuple[Literal["generate", "edit"], ...] = ()
    response_format: str | None = None
    timeout: float | None = None
    prices: Prices | None = None


@dataclass(frozen=True)
class Provider:
    """One provider: where it is, where its key is found, which models it has.

    Attributes:
        name: As users type it.
        title: As people call it.
        base_url: Up to and with ``/v1``; empty if the user must give one or *server* does.
        dialect: Name of the module in ``imgcell.wire`` that speaks its shape.
        key_variables: Environment variables that may hold the key, in order; empty if it needs none.
        url_variables: Environment variables that may hold the address.
        server: ``"module:function"`` that starts a server in this process and returns its base URL (the sandbox).
        default_model: Used when the user names none.
        images_per_minute: How many pictures the account may ask for in a minute, if the user or the document says so;
            requests are then spaced to keep to it.  Without it, it is learned from what the provider says.
        models: The described ones, by name.
        defaults: For every other name.
        document: Which document the table was written from.
        source: The file it was read from.
    """

    name: str
    title: str
    base_url: str
    dialect: str
    default_model: str | None
    models: Mapping[str, Model]
    defaults: Model
    key_variables: tuple[str, ...] = ()
    url_variables: tuple[str, ...] = ()
    server: str | None = None
    images_per_minute: float | None = None
    document: str = ""
    source: str = ""

    def model(self, name: str | None) -> Model:
        """Return what is known of model *name* (``None``: the default model); any name works."""
        from dataclasses import replace

        wanted = name or self.default_model or ""
        return self.models.get(wanted) or replace(self.defaults, name=wanted, known=False)
