"""Which providers there are: built in, in the user's ``providers.toml``, and from other packages."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imgcell.errors import ConfigurationError, InvalidJobError
from imgcell.language import tr
from imgcell.options import home
from imgcell.providers.profile import Provider
from imgcell.providers.tables import Source, merged, provider_of

__all__ = ["BUILT_IN", "get", "names", "reload"]

#: The files beside this module, in the order in which they are offered.
BUILT_IN = ("sandbox", "openai", "openai-compatible", "apiyi", "ezmodel", "json-images")

GROUP = "imgcell.providers"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_lock = threading.RLock()
_providers: dict[str, Provider] = {}
_user: tuple[Path, tuple[int, int], Mapping[str, Any], Source] | None = None
_packages: dict[str, Any] | None = None


def names() -> list[str]:
    """Return the names of all providers: built-in ones first, then the user's, then those of other packages.

    Raises:
        ConfigurationError: If ``providers.toml`` cannot be read as TOML.
    """
    with _lock:
        tables, _ = _user_file()
        return list(dict.fromkeys([*BUILT_IN, *tables, *_entry_points()]))


def get(name: str) -> Provider:
    """Return the provider called *name*.

    The user's ``providers.toml`` comes before built-in files, these before other packages.

    Raises:
        InvalidJobError: If there is none, naming near ones.
        ConfigurationError: If its table is wrong, with file, line and reason.
    """
    with _lock:
        _user_file()
        known = _providers.get(name)
        if known is None:
            table, source, place = _inherited(name, ())
            known = _providers[name] = provider_of(name, table, source, place)
        return known


def reload() -> None:
    """Forget what was read, so that changed files and newly installed packages are seen."""
    global _user, _packages
    with _lock:
        _providers.clear()
        _user = None
        _packages = None


def _inherited(name: str, heirs: tuple[str, ...]) -> tuple[dict[str, Any], Source, tuple[str, ...]]:
    """Return the table of *name* with what it is like merged in, and where it stands."""
    table, source, place = _own(name, heirs)
    parent = table.get("like")
    if isinstance(parent, str):
        # A file may change a built-in provider under its own name.
        if parent in heirs or (parent == name and name not in BUILT_IN):
            raise source.error(tr("{key} leads back to itself", key="like"), *place, "like")
        try:
            base, *_ = _built_in(name) if parent == name else _inherited(parent, (*heirs, name))
        except InvalidJobError as error:
            raise source.error(error.message, *place, "like") from None
        table = merged(base, table)
    elif name in BUILT_IN and place:
        table = merged(_built_in(name)[0], table)
    return dict(table), source, place


def _own(name: str, heirs: tuple[str, ...]) -> tuple[Mapping[str, Any], Source, tuple[str, ...]]:
    tables, source = _user_file()
    if name in tables and name not in heirs:
        if not isinstance(tables[name], Mapping):
            raise source.error(tr("{key} must be a table", key=name), name)
        return tables[name], source, (name,)
    if name in BUILT_IN:
        return (*_built_in(name), ())
    packages = _entry_points()
    if name in packages:
        return _from_package(name, packages[name])
    raise _unknown(name, [*BUILT_IN, *tables, *packages])


def _unknown(name: str, known: list[str]) -> InvalidJobError:
    import difflib

    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    hint = tr("Did you mean {names}?", names=", ".join(near)) if near else tr("There are {names}.", names=", ".join(known))
    return InvalidJobError(tr("There is no provider {name}.", name=repr(name)), hint=hint)


def _built_in(name: str) -> tuple[Mapping[str, Any], Source]:
    # Not importlib.resources: it costs some milliseconds before the first picture, and wheels are unpacked.
    file = Path(__file__).with_name(f"{name}.toml")
    text = file.read_text(encoding="utf-8")
    source = Source(str(file), text)
    return _parse(text, source), source


def _user_file() -> tuple[Mapping[str, Any], Source]:
    """Return the tables of ``providers.toml``, read again when the file changes."""
    global _user
    path = home() / "providers.toml"
    try:
        status = path.stat()
    except OSError:
        stamp = (0, 0)
    else:
        stamp = (status.st_mtime_ns, status.st_size)
    if _user is not None and _user[0] == path and _user[1] == stamp:
        return _user[2], _user[3]
    _providers.clear()
    source = Source(str(path))
    tables: Mapping[str, Any] = {}
    if stamp != (0, 0):
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise source.error(tr("it cannot be read: {reason}", reason=str(error))) from None
        source = Source(str(path), text)
        tables = _parse(text, source)
        for name in tables:
            if not _NAME.fullmatch(name):
                raise source.error(tr("{name} is no name for a provider: letters, digits, dots and hyphens only", name=repr(name)), name)
    _user = (path, stamp, tables, source)
    return tables, source


def _parse(text: str, source: Source) -> Mapping[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        reason = re.sub(r"\s*\(at (?:line \d+, column \d+|end of document)\)", "", str(error))
        line = int(found[1]) if found else len(text.splitlines())
        where = f"{source.name}, " + tr("line {line}", line=line)
        raise ConfigurationError(f"{where}: {reason}", hint=tr("Correct the file, then go on.")) from None


def _entry_points() -> Mapping[str, Any]:
    global _packages
    if _packages is None:
        # Scanning all installed packages takes tens of milliseconds; built-in names never come here.
        from importlib.metadata import entry_points

        _packages = {point.name: point for point in entry_points(group=GROUP)}
    return _packages


def _from_package(name: str, point: Any) -> tuple[Mapping[str, Any], Source, tuple[str, ...]]:
    """Return the table that a package gives: a mapping, TOML text, a path to a TOML file, or a function that returns one."""
    source = Source(tr("entry point {name} = {value}", name=name, value=point.value))
    try:
        value = point.load()
        value = value() if callable(value) else value
        if hasattr(value, "read_text"):
            value = value.read_text(encoding="utf-8")
    except Exception as error:
        raise source.error(tr("it cannot be loaded: {reason}", reason=f"{type(error).__name__}: {error}")) from error
    if isinstance(value, str):
        source = Source(source.name, value)
        value = _parse(value, source)
    if not isinstance(value, Mapping):
        raise source.error(tr("it must be a table or TOML text, not {value}", value=type(value).__name__))
    return value, source, ()
