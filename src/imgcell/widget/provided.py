"""What the form may offer: every provider that could be used, with what its models take, from the profiles."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from imgcell import providers
from imgcell.errors import ImgcellError, MissingKeyError
from imgcell.language import tr

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgcell.client import Client
    from imgcell.providers.profile import Field, Model, Provider
    from imgcell.widget.facts import FieldFacts, ModelFacts, ProviderFacts

__all__ = ["provider_facts", "usable"]

#: What the form has a place for.
_WORDS = (
    "size",
    "quality",
    "n",
    "background",
    "output_format",
    "output_compression",
    "moderation",
    "style",
    "input_fidelity",
    "partial_images",
)


def usable(known: Mapping[str, Client]) -> list[Provider]:
    """Return the providers with an address: their own, the user's, or that of a client among *known*."""
    found: list[Provider] = []
    for name in [*known, *providers.names()]:
        try:
            provider = known[name].provider if name in known else providers.get(name)
        except ImgcellError:
            continue  # a table of the user's that is wrong spoils nothing but itself
        if provider.name in {one.name for one in found}:
            continue
        address = provider.base_url or provider.server or any(os.environ.get(variable) for variable in provider.url_variables)
        if name in known or address:
            found.append(provider)
    return found


def provider_facts(provider: Provider, client: Client | None = None, *, thorough: bool = False) -> ProviderFacts:
    """Return what the page is told of *provider*.

    Args:
        provider: Whose.
        client: The client that speaks to it, if there is one: it may have a key of its own.
        thorough: Whether to look for the key wherever it may be; that can ask a keyring, and take its time.
    """
    key = not provider.key_variables or any(os.environ.get(variable) for variable in provider.key_variables)
    if client is not None and client._api_key is not None:
        key = True  # given to it, wherever else one may be
    hint = ""
    if not key and thorough:
        from imgcell.client import Client

        try:
            (client or Client(provider.name, library=False)).required_key()
            key = True
        except MissingKeyError as error:
            hint = error.hint or ""
        except ImgcellError as error:
            hint = str(error)
    if not key and not hint:
        hint = tr("No API key for {provider}: {variable} is not set.", provider=provider.title, variable=" / ".join(provider.key_variables))
    prices = provider.defaults.prices
    return {
        "name": provider.name,
        "title": provider.title,
        "key": bool(key),
        "key_hint": hint,
        "free": prices is not None and prices.free,
        "default_model": provider.default_model,
        "models": [_model(model) for model in provider.models.values()],
        "other": _model(provider.defaults),
        "free_text_models": True,
    }


def _model(model: Model) -> ModelFacts:
    return {
        "name": model.name,
        "prompt_limit": model.prompt_limit,
        "prompt_unit": model.prompt_unit,
        "fields": {word: _field(model.fields[word]) for word in _WORDS if word in model.fields},
        "images": {"most": model.max_images if model.edits else 0, "types": list(model.image_types), "max_bytes": model.max_image_bytes},
        "edits": bool(model.edits),
        "mask": bool(model.masks),
        "streams": "generate" in model.streams,
        "streams_edits": "edit" in model.streams,
        "pictures_per_call": model.pictures_per_call,
    }


def _field(field: Field) -> FieldFacts:
    facts: Any = {
        "values": list(field.values),
        "closed": field.closed,
        "default": field.default,
        "min": field.minimum,
        "max": field.maximum,
        "place": field.place,
        "note": field.note,
    }
    return facts  # type: ignore[no-any-return]
