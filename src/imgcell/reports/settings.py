"""What is needed to do a study again: versions, providers, models, fields, order and seed.  Never a key."""

from __future__ import annotations

import datetime as dt
import platform
import re
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from imgcell.pictures.picture import Picture
from imgcell.pictures.words import clean
from imgcell.wire.texts import redact

if TYPE_CHECKING:
    from imgcell.sweeps.sweeping import Sweep

__all__ = ["code", "settings"]

#: What a field is called whose value is nobody's business.
_SECRET = re.compile(r"key|token|secret|password|passwd|authorization|cookie|credential|signature", re.IGNORECASE)
_HIDDEN = "…"
_PACKAGES = ("pillow", "httpx", "numpy", "scikit-image")
_SHORT = 96


def settings(records: Sequence[Any], sweep: Sweep | None) -> dict[str, Any]:
    """Return what a study was made with, as JSON has it.

    Args:
        records: Of its pictures.
        sweep: Where it comes from, if it is one.
    """
    from imgcell import __version__

    versions = {"imgcell": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    made: dict[str, Any] = {"versions": versions, "platform": f"{platform.system()} {platform.machine()}"}
    if records:
        made["first"] = _moment(min(record.created for record in records))
        made["last"] = _moment(max(record.created for record in records))
    made["models"] = _models(records)
    if sweep is not None:
        design = sweep.design
        made["sweep"] = {
            "id": sweep.id,
            "axes": {axis.name: {choice.label: _plain(axis.name, choice.value) for choice in axis.choices} for axis in design.axes},
            "fixed": {name: _plain(name, value) for name, value in design.fixed.items()},
            "n": design.n,
            "order": design.order,
            "seed": design.seed,
        }
    return made


def _moment(time: dt.datetime) -> str:
    return time.astimezone(dt.timezone.utc).isoformat(timespec="seconds")


def _models(records: Sequence[Any]) -> list[dict[str, Any]]:
    """Return who made the pictures: provider, model, what was asked of all of them, and what of some."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for record in records:
        found.setdefault((record.provider, record.model or ""), []).append(record.requested)
    lines = []
    for (provider, model), asked in found.items():
        fields: dict[str, list[Any]] = {}
        for one in asked:
            for name, value in one.items():
                if name not in ("prompt", "model"):
                    plain = _plain(name, value)
                    if plain not in fields.setdefault(name, []):
                        fields[name].append(plain)
        lines.append({"provider": _whole(provider), "model": _whole(model), "pictures": len(asked), "fields": fields})
    return lines


def code(sweep: Sweep) -> str:
    """Return the Python that describes *sweep* again; pictures are named by their ids in the library."""
    design = sweep.design
    lines = ["imgcell.sweep("]
    for axis in design.axes:
        values = [(choice.label, _plain(axis.name, choice.value)) for choice in axis.choices]
        # Labels that come from the values themselves need not be said.
        plain = axis.name != "variant" and all(isinstance(value, (str, int)) and _begins(value, label) for label, value in values)
        name = "variants" if axis.name == "variant" else axis.name
        lines += _wrapped(name, [value for _, value in values] if plain else dict(values), axis.name)
    for name, value in design.fixed.items():
        lines += _wrapped(name, _plain(name, value), name)
    lines.append(f"    n={design.n},")
    lines.append(f"    order={design.order!r}," + (f" seed={design.seed}," if design.order == "random" else ""))
    return "\n".join([*lines, ")"])


def _begins(value: object, label: str) -> bool:
    return clean(str(value)) == label or (label.endswith("…") and clean(str(value)).startswith(label[:-1].rstrip()))


def _wrapped(name: str, value: Any, kind: str) -> list[str]:
    flat = f"    {name}={_python(kind, value)},"
    if len(flat) <= _SHORT or not isinstance(value, (list, dict)):
        return [flat]
    if isinstance(value, dict):
        inner = [f"        {key!r}: {_python(kind, one)}," for key, one in value.items()]
        return [f"    {name}={{", *inner, "    },"]
    return [f"    {name}=[", *(f"        {_python(kind, one)}," for one in value), "    ],"]


def _python(kind: str, value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"picture"}:
        return f"imgcell.library().picture({value['picture']!r})"
    if isinstance(value, dict) and set(value) == {"chain"}:
        return repr(tuple(value["chain"]))
    if isinstance(value, dict) and set(value) == {"provider", "base_url"}:
        return f"imgcell.Client({value['provider']!r}, base_url={value['base_url']!r})" if value["base_url"] else repr(value["provider"])
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_python(str(key) if kind == 'variant' else kind, one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_python(kind, one) for one in value) + "]"
    return repr(value)


def _plain(name: str, value: Any) -> Any:
    """Return *value* as JSON has it: pictures by their ids, providers by name and address, nothing that could be a key."""
    if _SECRET.search(name) and isinstance(value, str):
        return _HIDDEN
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return _whole(value) if name in ("prompt", "model", "provider") else _text(value)
    if isinstance(value, Picture):
        return {"picture": value.record.id}
    if isinstance(value, Mapping):
        return {_text(key): _plain(str(key), one) for key, one in value.items()}
    if name == "prompt" and isinstance(value, tuple):
        return {"chain": [_whole(one) for one in value]}
    if isinstance(value, (list, tuple)):
        return [_plain(name, one) for one in value]
    if name in ("images", "mask"):
        known = getattr(value, "name", None)  # a picture that the library holds for the sweep
        return {"picture": _text(known)} if isinstance(known, str) else _text(f"<{type(value).__name__}>")
    if name == "provider":
        provider = getattr(value, "provider", value)  # a client, or the address of one
        url = getattr(value, "_given_url", None) or getattr(value, "base_url", None)
        return {"provider": _text(getattr(provider, "name", provider)), "base_url": _address(url)}
    return _text(f"<{type(value).__name__}>")


def _address(url: Any) -> str | None:
    """Return an address without whatever could let anybody in: name, password, query."""
    if not isinstance(url, str) or not url:
        return None
    return _text(re.sub(r"//[^/@]*@", "//", url).partition("?")[0].partition("#")[0])


def _text(value: object) -> str:
    return redact(_whole(value))


def _whole(value: object) -> str:
    """Return the user's own words as they are: "key-frame" in a prompt is no key."""
    return str(value).encode("utf-8", "replace").decode("utf-8")
