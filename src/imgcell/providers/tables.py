"""From a provider's table (TOML or a mapping) to its value, with every mistake named by file and line.

The format::

    title = "My relay"                       # all keys are optional where like = "…" names another provider
    like = "openai-compatible"               # take over its table and change what is said here
    base_url = "https://relay.example/v1"
    dialect = "openai"                       # or "json_images"
    key = ["MY_RELAY_API_KEY"]               # environment variables that may hold the key
    url = ["MY_RELAY_BASE_URL"]              # ... and the address
    default_model = "gpt-image-2"
    images_per_minute = 10                   # what your account may ask for; requests are spaced to keep to it

    [defaults]                               # the attributes of profile.Model, for every model
    pictures_per_call = 1
    [defaults.fields]                        # by word: false = refused, true = taken, a list = taken, closed, or a table
    size = ["1024x1024", "1536x1024"]
    quality = { values = ["low", "high"], closed = true }
    [models."some-model"]                    # differences from the defaults, or from like = "another-model"
    prompt_limit = 4000
    [models."some-model".prices]             # what it costs here; [defaults.prices] for all models, prices = false for none
    date = "2026-11-21"                      # the day on which they were read
    currency = "CNY"                         # ISO 4217; USD if not said
    tokens = { text_input = 36.0, image_input = 58.0, image_output = 216.0 }    # per 1,000,000
    [models."some-model".prices.pictures]    # per picture: "<size>.<quality>", "<size>", ".<quality>" or ""
    "1024x1024.low" = 0.05
    "" = 0.30                                # whatever the size and the quality

A table of prices takes the place of what was there before as a whole: old prices never fill the gaps of new ones.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from imgcell.errors import ConfigurationError
from imgcell.language import tr
from imgcell.providers.prices import INPUT_TOKENS, TOKENS, Prices
from imgcell.providers.profile import Field, Model, Provider

__all__ = ["Source", "merged", "provider_of"]

_PROVIDER_KEYS = (
    "like",
    "title",
    "document",
    "base_url",
    "server",
    "dialect",
    "key",
    "url",
    "default_model",
    "images_per_minute",
    "defaults",
    "models",
)
_DIALECTS = ("openai", "json_images")
_SHAPES = ("multipart", "json", "generations")
_PLACES = ("body", "prompt", "refused")
_TEXTS = ("title", "document", "base_url", "server", "dialect", "default_model", "like")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "prompt_unit": ("characters", "bytes"),
    "image_field": ("image[]", "image"),
    "edits": _SHAPES,
    "masks": _SHAPES,
    "mask_polarity": ("alpha", "white", "black"),
    "streams": ("generate", "edit"),
    "image_types": ("image/png", "image/jpeg", "image/webp"),
    "response_format": ("url", "b64_json"),
    "place": _PLACES,
}
_MODEL_KEYS = tuple(field.name for field in fields(Model) if field.name not in {"name", "known"})
_FIELD_KEYS = tuple(field.name for field in fields(Field) if field.name != "name")
_PRICE_KEYS = tuple(field.name for field in fields(Prices))


class Source:
    """Where a table came from, to say in which line a mistake is.

    Args:
        name: The file's path, or what stands for it.
        text: The file's text, if it is one.
    """

    def __init__(self, name: str, text: str = "") -> None:
        self.name = name
        self._text = text

    def error(self, reason: str, *path: str) -> ConfigurationError:
        """Return the error for a mistake at *path* (table, table, key)."""
        line = self._line(path)
        where = f"{self.name}, " + tr("line {line}", line=line) if line else self.name
        return ConfigurationError(f"{where}: {reason}", hint=tr("Correct the file, then go on; built-in providers are not affected."))

    def _line(self, path: tuple[str, ...]) -> int:
        """Return the line in which *path* is most likely written: the longest part of it that can be found."""
        best, best_depth = 0, 0
        table: list[str] = []
        for number, line in enumerate(self._text.splitlines(), 1):
            stripped = line.strip()
            if stripped.startswith("["):
                table = _keys(stripped.strip("[] \t"))
                here = table
            elif "=" in stripped and not stripped.startswith("#"):
                here = table + _keys(stripped.partition("=")[0].strip())
            else:
                continue
            depth = 0
            while depth < min(len(here), len(path)) and here[depth] == path[depth]:
                depth += 1
            if depth == len(here) and depth > best_depth:
                best, best_depth = number, depth
        return best


def _keys(text: str) -> list[str]:
    keys: list[str] = []
    rest = text
    while rest:
        if rest[0] in "\"'":
            end = rest.find(rest[0], 1)
            if end < 0:
                break
            keys.append(rest[1:end])
            rest = rest[end + 1 :].lstrip(" .")
        else:
            key, _, rest = rest.partition(".")
            keys.append(key.strip())
            rest = rest.strip()
    return keys


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return *base* with the values of *over* in their places; tables are merged, everything else is replaced.

    Prices are replaced as a whole: of two lists in two currencies no mixture is true.
    """
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping) and key != "prices":
            result[key] = merged(known, value)
        else:
            result[key] = value
    return result


def provider_of(name: str, table: Mapping[str, Any], source: Source, place: tuple[str, ...] = ()) -> Provider:
    """Return the provider that *table* describes.

    Args:
        name: As users type it.
        table: With what it inherits already merged in.
        source: Where it came from.
        place: Under which keys of the source it stands.

    Raises:
        ConfigurationError: For a mistake, with file, line and reason.
    """
    read = _Table(table, source, place)
    read.known(_PROVIDER_KEYS)
    for key in _TEXTS:
        read.check(key, str, tr("a text"))
    dialect = table.get("dialect", "openai")
    if dialect not in _DIALECTS:
        reason = tr("{key} is one of {values}, not {value}", key="dialect", values=", ".join(_DIALECTS), value=repr(dialect))
        raise read.error(reason, "dialect")
    address = table.get("base_url", "")
    if address and not address.startswith(("http://", "https://")):
        raise read.error(tr("{key} must begin with http:// or https://, not {value}", key="base_url", value=repr(address)), "base_url")
    pace = table.get("images_per_minute")
    if pace is not None and not (_is_number(pace) and 0 < pace <= 1_000_000):
        reason = tr("{key} must be a number above 0, not {value}", key="images_per_minute", value=repr(pace))
        raise read.error(reason, "images_per_minute")
    defaults = read.table("defaults")
    # Before the models, which repeat its mistakes in places that nobody wrote.
    standing_in = _model("", defaults, source, (*place, "defaults"))
    models: dict[str, Model] = {}
    described = read.table("models")
    for key in described:
        models[key] = _model(key, _described(key, described, defaults, read), source, (*place, "models", key))
    return Provider(
        name=name,
        title=table.get("title", name),
        base_url=address.rstrip("/"),
        dialect=dialect,
        default_model=table.get("default_model"),
        models=models,
        defaults=standing_in,
        key_variables=tuple(read.texts("key")),
        url_variables=tuple(read.texts("url")),
        server=table.get("server"),
        images_per_minute=float(pace) if pace is not None else None,
        document=table.get("document", ""),
        source=source.name,
    )


def _described(name: str, models: Mapping[str, Any], defaults: Mapping[str, Any], read: _Table) -> dict[str, Any]:
    chain: list[Mapping[str, Any]] = []
    seen: list[str] = []
    key: str | None = name
    while key is not None:
        table = models.get(key)
        if key in seen or not isinstance(table, Mapping):
            if key in seen:
                raise read.error(tr("{key} leads back to itself", key="like"), "models", name, "like")
            if key == name:
                raise read.error(tr("{key} must be a table", key=name), "models", name)
            raise read.error(tr("there is no model {name} to be like", name=repr(key)), "models", name, "like")
        seen.append(key)
        chain.append(table)
        key = table.get("like")
    result: dict[str, Any] = dict(defaults)
    for table in reversed(chain):
        result = merged(result, table)
    result.pop("like", None)
    return result


def _model(name: str, table: Mapping[str, Any], source: Source, place: tuple[str, ...]) -> Model:
    read = _Table(table, source, place)
    read.known(_MODEL_KEYS)
    values: dict[str, Any] = {}
    for key in ("edits", "masks", "streams", "image_types"):
        if key in table:
            values[key] = tuple(read.texts(key))
            for value in values[key]:
                read.choice(key, value)
    for key in ("prompt_unit", "image_field", "mask_polarity", "response_format"):
        if key in table:
            read.check(key, str, tr("a text"))
            read.choice(key, table[key])
            values[key] = table[key]
    for key in ("prompt_limit", "pictures_per_call", "max_images", "max_image_bytes"):
        if key in table:
            if not _is_number(table[key]) or isinstance(table[key], float) or table[key] < 1:
                raise read.error(tr("{key} must be a whole number from 1, not {value}", key=key, value=repr(table[key])), key)
            values[key] = table[key]
    if "timeout" in table:
        if not _is_number(table["timeout"]) or table["timeout"] <= 0:
            raise read.error(tr("{key} must be a number of seconds, not {value}", key="timeout", value=repr(table["timeout"])), "timeout")
        values["timeout"] = float(table["timeout"])
    if "image_urls" in table:
        read.check("image_urls", bool, "true / false")
        values["image_urls"] = table["image_urls"]
    described = read.table("fields")
    values["fields"] = {word: _field(word, described[word], source, (*place, "fields", word)) for word in described}
    if table.get("prices"):
        values["prices"] = _prices(read.table("prices"), source, (*place, "prices"))
    return Model(name=name, **values)


def _field(word: str, table: Any, source: Source, place: tuple[str, ...]) -> Field:
    if isinstance(table, bool):
        return Field(word, place="body" if table else "refused")
    if isinstance(table, list):
        table = {"values": table, "closed": True}
    if not isinstance(table, Mapping):
        raise source.error(tr("{key} must be true, false, a list or a table, not {value}", key=word, value=repr(table)), *place)
    read = _Table(table, source, place)
    read.known(_FIELD_KEYS)
    values: dict[str, Any] = {}
    if "place" in table:
        read.choice("place", table["place"])
        values["place"] = table["place"]
    if "values" in table:
        values["values"] = tuple(read.texts("values"))
    for key in ("closed", "always"):
        if key in table:
            read.check(key, bool, "true / false")
            values[key] = table[key]
    for key in ("default", "note"):
        if key in table:
            read.check(key, str, tr("a text"))
            values[key] = table[key]
    for key in ("minimum", "maximum"):
        if key in table:
            if not _is_number(table[key]):
                raise read.error(tr("{key} must be a number, not {value}", key=key, value=repr(table[key])), key)
            values[key] = table[key]
    return Field(word, **values)


def _prices(table: Mapping[str, Any], source: Source, place: tuple[str, ...]) -> Prices:
    read = _Table(table, source, place)
    read.known(_PRICE_KEYS)
    values: dict[str, Any] = {}
    for key in ("date", "currency"):
        if key in table:
            # TOML has dates of its own.
            values[key] = str(table[key])
    if "free" in table:
        read.check("free", bool, "true / false")
        values["free"] = table["free"]
    for key, names in (("tokens", TOKENS), ("pictures", ())):
        prices = read.table(key)
        for name, price in prices.items():
            if names and name not in names:
                # A misspelled price would read as one that is not known.
                raise read.error(tr("unknown key {key}; known are {keys}", key=repr(name), keys=", ".join(names)), key, name)
            if not _is_number(price) or not 0 <= price < math.inf:
                raise read.error(tr("{key} must be a price of 0 or more, not {value}", key=name, value=repr(price)), key, name)
        values[key] = {name: float(price) for name, price in prices.items()}
    for key, known in (("input_tokens", tuple(INPUT_TOKENS)), ("grid", ())):
        counts = read.table(key)
        for name, count in counts.items():
            if known and name not in known:
                raise read.error(tr("unknown key {key}; known are {keys}", key=repr(name), keys=", ".join(known)), key, name)
            if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= 1_000_000:
                raise read.error(tr("{key} must be a whole number from 0, not {value}", key=name, value=repr(count)), key, name)
        values[key] = {**(INPUT_TOKENS if known else {}), **counts}
    if not values.get("date"):
        raise read.error(tr("prices need a date: the day on which they were read"))
    try:
        dt.date.fromisoformat(values["date"])
    except ValueError:
        raise read.error(tr("{key} must be a day like 2026-11-21, not {value}", key="date", value=repr(values["date"])), "date") from None
    currency = values.get("currency", "USD")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise read.error(tr("{key} must be three capital letters like USD, not {value}", key="currency", value=repr(currency)), "currency")
    return Prices(**values)


class _Table:
    """A table being read."""

    def __init__(self, table: Mapping[str, Any], source: Source, place: tuple[str, ...]) -> None:
        self._table = table
        self._source = source
        self._place = place

    def error(self, reason: str, *path: str) -> ConfigurationError:
        return self._source.error(reason, *self._place, *path)

    def known(self, keys: tuple[str, ...]) -> None:
        for key in self._table:
            if key not in keys:
                raise self.error(tr("unknown key {key}; known are {keys}", key=repr(key), keys=", ".join(keys)), key)

    def check(self, key: str, kind: type, words: str) -> None:
        value = self._table.get(key)
        if key in self._table and not isinstance(value, kind):
            raise self.error(tr("{key} must be {what}, not {value}", key=key, what=words, value=repr(value)), key)

    def choice(self, key: str, value: Any) -> None:
        allowed = _CHOICES[key]
        if value not in allowed:
            raise self.error(tr("{key} is one of {values}, not {value}", key=key, values=", ".join(allowed), value=repr(value)), key)

    def table(self, key: str) -> Mapping[str, Any]:
        value = self._table.get(key, {})
        if not isinstance(value, Mapping):
            raise self.error(tr("{key} must be a table", key=key), key)
        return value

    def texts(self, key: str) -> list[str]:
        value = self._table.get(key, [])
        if isinstance(value, str) and key in {"key", "url"}:
            value = [value]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(tr("{key} must be a list of texts, not {value}", key=key, value=repr(value)), key)
        return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
