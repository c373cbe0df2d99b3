"""Names looked up, never evaluated (RELIABILITY.md section 4.4).

A path is ``name``, ``name.attr``, ``name[0]``, ``name["key"]``, ``name[1:3]``, and so on in a row.  Nothing on the way
runs code of the user's objects: no properties, no ``__getattr__``, no ``__getitem__`` but those of the built-in
containers, of numpy's arrays and of imgcell's and PIL's own pictures.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import GetSetDescriptorType, MappingProxyType, MemberDescriptorType, ModuleType
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.language import joined, tr

__all__ = ["NamePath", "candidates", "image", "near", "parse_path", "resolve"]

#: A looked-up path: the name, then attributes (str) and indices (a one-element tuple holding int, str or slice).
NamePath = tuple[str, tuple[Any, ...]]

_MISSING = object()

#: Properties of pictures and sheets that read a field and run nothing else.
_PLAIN_PROPERTIES = frozenset({"size", "width", "height", "mode", "format", "info", "record", "records", "done", "errors"})


def parse_path(text: str) -> NamePath | None:
    """Read *text* as a path, or return ``None`` if it is something else."""
    text = text.strip()
    if not text or not (text[0] == "_" or text[0].isidentifier()) or len(text) > 500:
        return None
    try:
        node: ast.expr = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    steps: list[Any] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            steps.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript):
            key = _constant(node.slice)
            if key is _MISSING:
                return None
            steps.append((key,))
            node = node.value
        else:
            return None
    return node.id, tuple(reversed(steps))


def _constant(node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and type(node.value) in (int, str):
        return node.value
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
        and type(node.operand.value) is int
    ):
        return -node.operand.value
    if isinstance(node, ast.Slice):
        parts = [None if part is None else _constant(part) for part in (node.lower, node.upper, node.step)]
        if all(part is None or type(part) is int for part in parts) and parts[2] != 0:
            return slice(*parts)
    return _MISSING


def resolve(path: NamePath, names: Mapping[str, Any]) -> Any:
    """Return what *path* leads to.

    Raises:
        InvalidJobError: For an unknown name (with near ones), a missing part, or a part that would have to run code.
    """
    name, steps = path
    if name not in names:
        hint = near(name, names)
        raise InvalidJobError(tr("There is no variable {name}.", name=repr(name)), hint=hint)
    value = names[name]
    shown = name
    for step in steps:
        before, shown = shown, shown + (f".{step}" if isinstance(step, str) else f"[{_shown(step[0])}]")
        value = _attribute(value, step, before, shown) if isinstance(step, str) else _item(value, step[0], before, shown)
    return value


def _shown(key: Any) -> str:
    if not isinstance(key, slice):
        return repr(key)
    ends = ["" if end is None else str(end) for end in (key.start, key.stop, key.step)]
    return ":".join(ends if ends[2] else ends[:2])


def _ours(value: Any) -> bool:
    # Exactly these classes: a subclass of the user's may have overridden anything.
    return type(value).__module__.startswith(("imgcell.", "PIL."))


def _attribute(value: Any, name: str, before: str, shown: str) -> Any:
    if name.startswith("_"):
        raise InvalidJobError(tr("{shown} is private; only plain names are looked up.", shown=shown), hint=_aside())
    try:
        found = inspect.getattr_static(value, name)
    except AttributeError:
        public = [other for other in _static_names(value) if not other.startswith("_")]
        raise InvalidJobError(tr("{before} has no {name}.", before=before, name=repr(name)), hint=_suggest(name, public)) from None
    if isinstance(found, property) and name in _PLAIN_PROPERTIES and _ours(value):
        return getattr(value, name)
    if isinstance(found, (MemberDescriptorType, GetSetDescriptorType)) or type(found).__name__ == "_tuplegetter":
        # Slots and the fields of named tuples: written in C, they read a place and run nothing.
        return type(found).__get__(found, value, type(value))
    kind = type(found)
    in_instance = name in _instance_dict(value)
    if not in_instance and not isinstance(value, type) and inspect.getattr_static(kind, "__get__", _MISSING) is not _MISSING:
        raise InvalidJobError(tr("{shown} would have to be computed, and a magic evaluates nothing.", shown=shown), hint=_aside())
    return found


def _instance_dict(value: Any) -> Mapping[str, Any]:
    try:
        found = object.__getattribute__(value, "__dict__") if not isinstance(value, (type, ModuleType)) else value.__dict__
    except AttributeError:
        return {}
    return found if isinstance(found, (dict, MappingProxyType)) else {}


def _static_names(value: Any) -> list[str]:
    names = set(_instance_dict(value))
    for kind in type(value).__mro__:
        names.update(vars(kind))
    return sorted(names)


def _item(value: Any, key: Any, before: str, shown: str) -> Any:
    kind = type(value)
    try:
        if isinstance(value, dict):
            if isinstance(key, slice):
                raise InvalidJobError(tr("{before} is a dict, which has no slices.", before=before))
            # Not dict.__getitem__, which would call a subclass's __missing__.
            found = dict.get(value, key, _MISSING)
            if found is _MISSING:
                keys = [other for other in value if type(other) is str]
                raise InvalidJobError(tr("{before} has no key {key}.", before=before, key=repr(key)), hint=_suggest(str(key), keys))
            return found
        if isinstance(key, str):
            raise InvalidJobError(tr("{before} is not a dict, so {shown} cannot be looked up.", before=before, shown=shown))
        # The built-in methods, whatever a subclass has made of them.
        if isinstance(value, list):
            return list.__getitem__(value, key)
        if isinstance(value, tuple):
            return tuple.__getitem__(value, key)
        if isinstance(value, str):
            return str.__getitem__(value, key)
        plain_sheet = _ours(value) and isinstance(value, Sequence)
        if plain_sheet or (kind.__module__ == "numpy" and kind.__name__ == "ndarray"):
            return value[key]
    except IndexError:
        length = len(value)
        raise InvalidJobError(tr("{shown} is out of range: {before} has {length}.", shown=shown, before=before, length=length)) from None
    raise InvalidJobError(
        tr("{before} is a {kind}; only lists, tuples, dicts, arrays and sheets are looked into.", before=before, kind=kind.__name__),
        hint=_aside(),
    )


def _aside() -> str:
    return tr("Bind it to a name of its own in a cell before this one, and use that name.")


def near(name: str, names: Mapping[str, Any]) -> str | None:
    """Return "Did you mean …?" with the public names of *names* that are close to *name*."""
    return _suggest(name, [other for other in names if not other.startswith("_")])


def _suggest(name: str, others: Sequence[str]) -> str | None:
    close = get_close_matches(name, others, n=3, cutoff=0.6)
    if not close:
        folded = {other.lower(): other for other in others}
        close = [folded[found] for found in get_close_matches(name.lower(), list(folded), n=3, cutoff=0.6)]
    return tr("Did you mean {names}?", names=", ".join(close)) if close else None


#: What people bind by mistake for a picture; anything else is judged by the client, which knows what a picture may be.
_NO_PICTURES = (bool, int, float, complex, dict, set, frozenset, type(None), type, ModuleType)


def image(text: str, names: Mapping[str, Any]) -> list[Any]:
    """Return what ``-i`` or ``--mask`` *text* stands for: a variable, a path, a URL, the id of a picture of the library.

    A list or a sheet gives several.

    Raises:
        InvalidJobError: If it is none of them, with near variables and near files.
    """
    text = text.strip()
    if text.startswith(("http://", "https://", "data:image/")):
        return [text]
    path = parse_path(text)
    if path is not None and path[0] in names:
        try:
            return _pictures(resolve(path, names), text)
        except InvalidJobError:
            if not _exists(text):
                raise
    if _exists(text):
        return [os.path.expanduser(text)]
    if _ID.fullmatch(text):
        return [_kept(text)]
    hints = [hint for hint in (near(path[0], names) if path else None, _near_files(text)) if hint]
    if path is not None:
        message = tr("{text} is neither a variable nor a file.", text=repr(text))
    else:
        message = tr("There is no file {text}.", text=repr(text))
    raise InvalidJobError(message, hint=joined(*hints) or tr("Relative paths start in {folder}.", folder=os.getcwd()))


#: As :func:`imgcell.client.recording.make_record` makes them; and inputs that were given, by their digest, as
#: ``picture.as_cell()`` names them.
_ID = re.compile(r"p-[a-z0-9][a-z0-9-]{0,61}|sha256:[0-9a-f]{64}")


def _kept(name: str) -> Any:
    """Return the picture of the library whose id is *name*."""
    import imgcell

    if name.startswith("sha256:"):
        from imgcell.lineage.holdings import Holdings

        picture = Holdings(imgcell.library()).given(name)
    else:
        picture = imgcell.library().picture(name)
    if picture is None:
        raise InvalidJobError(tr("The library has no picture {name}.", name=name), hint=tr("`%imgcell history` shows what is in it."))
    return picture


def _pictures(value: Any, text: str) -> list[Any]:
    if isinstance(value, _NO_PICTURES) or callable(value):
        raise InvalidJobError(
            tr("{name} is not a picture but a {kind}.", name=text, kind=type(value).__name__),
            hint=tr("-i takes a variable with a picture, an array or a list of these, a path, or a URL."),
        )
    if isinstance(value, (list, tuple)) or (_ours(value) and isinstance(value, Sequence)):
        if not len(value):
            raise InvalidJobError(tr("{name} is empty.", name=text))
        return [one for position, part in enumerate(value) for one in _pictures(part, f"{text}[{position}]")]
    return [value]


def _exists(text: str) -> bool:
    try:
        return os.path.exists(os.path.expanduser(text))
    except (OSError, ValueError):
        return False


def _near_files(text: str) -> str | None:
    folder, name = os.path.split(os.path.expanduser(text))
    try:
        files = os.listdir(folder or ".")
    except (OSError, ValueError):
        return None
    close = get_close_matches(name, files, n=3, cutoff=0.6)
    return tr("There are files of like name: {names}.", names=", ".join(os.path.join(folder, one) for one in close)) if close else None


def candidates(names: Mapping[str, Any]) -> list[str]:
    """Return the names of *names* that are worth completing: public ones that are not modules or functions."""
    return [name for name, value in names.items() if not name.startswith("_") and not isinstance(value, ModuleType) and not callable(value)]
