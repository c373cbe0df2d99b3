"""Tab on a magic's line and in its prompt: options, their values, names of variables, files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell.magics.lookup import candidates, parse_path
from imgcell.magics.session import session
from imgcell.magics.table import Option, options_for

if TYPE_CHECKING:
    from imgcell.providers.profile import Model, Provider

__all__ = ["Place", "complete", "locate", "match"]

_CELL = re.compile(r"\s*%%(imagine|imgedit)(?:\s|$)")
_LINE = re.compile(r"\s*(?:\w+\s*=\s*)?%(imagine|imgedit|imgcell)(?:\s|$)")
#: A quotation mark that is still open.
_QUOTED = re.compile(r"""(?:^|[\s=])(?:"[^"]*|'[^']*)$""")
_BRACE = re.compile(r"(?<!\{)\{\s*([^{}\s]*)$")
_PICTURE_FILES = (".png", ".jpg", ".jpeg", ".webp")
_JOB_FIELDS = (
    "background",
    "output_format",
    "output_compression",
    "moderation",
    "style",
    "response_format",
    "user",
    "input_fidelity",
    "encoding",
)


@dataclass(frozen=True)
class Place:
    """Where the cursor is.

    Attributes:
        magic: Whose line or prompt it is in.
        head: The line's text from behind the magic's name to the cursor; ``None`` in the prompt.
        text: What stands before the cursor on its own line.
    """

    magic: str
    head: str | None
    text: str


class _Silence(list[Any]):
    """No completions, and no others either: IPython lets a matcher silence the rest only if it has something itself.

    Prose is no code; what jedi would complete in it is nonsense, and loading jedi takes seconds.
    """

    def __len__(self) -> int:
        return 1


def match(ipython: Any, context: Any) -> dict[str, Any]:
    """Answer IPython's completer (a matcher of its API version 2)."""
    try:
        place = locate(context.full_text, context.cursor_line, context.cursor_position)
        if place is None:
            return {"completions": []}
        fragment, found = complete(place, ipython.user_ns)
    except Exception:  # noqa: BLE001 - a Tab must never print a traceback into somebody's cell
        return {"completions": []}
    from IPython.core.completer import SimpleCompletion

    completions: list[Any] = [SimpleCompletion(text, type=kind) for text, kind in found] or _Silence()
    return {"completions": completions, "matched_fragment": fragment, "suppress": True, "ordered": True}


def locate(text: str, row: int, column: int) -> Place | None:
    """Return where the cursor is, or ``None`` if in no line or prompt of ours."""
    lines = text.split("\n")
    before = lines[row][:column]
    for number, line in enumerate(lines[: row + 1]):
        found = _CELL.match(line)
        if found is not None:
            if number < row:
                return Place(found.group(1), None, before)
            return Place(found.group(1), before[found.end() :], before) if column >= found.end() else None
        # %%time and the like may stand above ours.
        if line.strip() and not line.lstrip().startswith("%%"):
            break
    found = _LINE.match(before)
    if found is None or not before[found.end() - 1 : found.end()].isspace():
        return None
    return Place(found.group(1), before[found.end() :], before)


def complete(place: Place, names: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Return the fragment before the cursor and what it may become, each with its kind."""
    brace = _BRACE.search(place.text)
    if place.head is None:
        return _braced(brace.group(1), names) if brace else ("", [])
    if place.magic == "imgcell":
        return _command(place.head, names)
    options = options_for(place.magic)
    words, fragment = _words(place.head)
    if words and "--" in words:
        return _braced(brace.group(1), names) if brace else ("", [])
    option = next((one for one in options if words and words[-1] in one.flags and one.kind != "switch"), None)
    lead = ""
    if option is None and fragment.startswith("--") and "=" in fragment:
        flag, _, fragment = fragment.partition("=")
        option = next((one for one in options if flag in one.flags and one.kind != "switch"), None)
    if option is None:
        if fragment.startswith("-") or not fragment:
            flags = [
                flag for one in options for flag in one.flags if flag.startswith(fragment) and (flag.startswith("--") or fragment == "-")
            ]
            return fragment, [(flag, "keyword") for flag in flags]
        return _braced(brace.group(1), names) if brace else ("", [])
    if option.kind == "list":
        lead, _, fragment = fragment.rpartition(",")
    fragment, found = _value(option, words, lead, fragment, names)
    if _QUOTED.search(place.head) is not None:
        found = [(text.strip('"'), kind) for text, kind in found]  # the mark is there already
    return fragment, found


def _value(option: Option, words: list[str], lead: str, fragment: str, names: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    if option.values in ("images", "masks"):
        return fragment, [*_pictures(fragment, names), *(_masks(fragment) if option.values == "masks" else ())]
    if option.values == "providers":
        from imgcell import providers

        return fragment, _starting(fragment, providers.names(), "value", without=lead)
    found = _providers(words, names)
    if option.values == "models":
        return fragment, _starting(fragment, (model for provider in found for model in provider.models), "value", without=lead)
    models = _models(words, found)
    if option.values == "fields":
        key, equals, value = fragment.partition("=")
        if not equals:
            known = [
                *_JOB_FIELDS,
                *(name for model in models for name in model.fields if name not in ("n", "size", "quality", "partial_images", "stream")),
            ]
            return fragment, [(f"{name}=", "keyword") for name in dict.fromkeys(known) if name.startswith(fragment)]
        return value, _starting(value, _listed(models, key), "value")
    if option.values == "partial_images":
        return fragment, _starting(fragment, "0123", "value")
    if option.values == "n":
        return fragment, _starting(fragment, map(str, range(1, 11)), "value")
    return fragment, _starting(fragment, _listed(models, option.values), "value", without=lead)


def _words(head: str) -> tuple[list[str], str]:
    """Return the whole words of *head* and the fragment at its end, without its quotation mark."""
    pieces = re.findall(r"\"[^\"]*\"?|'[^']*'?|[^\s\"']+", head)
    if not pieces or (head[-1:].isspace() and not (pieces[-1][:1] in "\"'" and pieces[-1].count(pieces[-1][0]) == 1)):
        return [piece.strip("\"'") for piece in pieces], ""
    *words, last = pieces
    return [word.strip("\"'") for word in words], last.lstrip("\"'")


def _starting(fragment: str, values: Iterable[str], kind: str, without: str = "") -> list[tuple[str, str]]:
    taken = set(without.split(",")) if without else set()
    return [(value, kind) for value in dict.fromkeys(values) if value.startswith(fragment) and value not in taken]


def _providers(words: list[str], names: Mapping[str, Any]) -> list[Provider]:
    from imgcell import providers

    for at, word in enumerate(words[:-1]):
        if word in ("-p", "--provider"):
            known = set(providers.names())
            return [providers.get(name) for name in words[at + 1].split(",") if name in known]
    return [(session.latest or session.client(None, names)).provider]


def _models(words: list[str], found: list[Provider]) -> list[Model]:
    for at, word in enumerate(words[:-1]):
        if word in ("-m", "--model"):
            return [provider.model(name) for provider in found for name in words[at + 1].split(",")]
    return [provider.model(session.model if provider.name == session.provider else None) for provider in found]


def _listed(models: list[Model], name: str) -> list[str]:
    return [value for model in models if name in model.fields for value in model.fields[name].values]


def _pictures(fragment: str, names: Mapping[str, Any]) -> list[tuple[str, str]]:
    folder, name = os.path.split(fragment)
    try:
        entries = sorted(os.scandir(os.path.expanduser(folder) or "."), key=lambda entry: entry.name)
    except (OSError, ValueError):
        entries = []
    files = []
    for entry in entries:
        if entry.name.startswith(name) and not (entry.name.startswith(".") and not name):
            if entry.is_dir():
                files.append((os.path.join(folder, entry.name) + "/", "path"))
            elif entry.name.lower().endswith(_PICTURE_FILES):
                path = os.path.join(folder, entry.name)
                files.append((f'"{path}"' if " " in path else path, "path"))
    return [*((name, "instance") for name in _variables(fragment, names)), *_ids(fragment), *files]


def _variables(fragment: str, names: Mapping[str, Any]) -> list[str]:
    variables = [name for name in candidates(names) if name.startswith(fragment) and _drawable(names[name])]
    if "_images" in names and "_images".startswith(fragment or "-"):
        variables.append("_images")
    return variables


def _ids(fragment: str) -> list[tuple[str, str]]:
    """Return the ids of the last pictures of the library; only for what begins like one, as it has to be looked for."""
    if not fragment or not ("p-".startswith(fragment) or fragment.startswith("p-")):
        return []
    import imgcell

    return _starting(fragment, (record.id for record in imgcell.library().find(limit=50)), "value")[:20]


def _masks(fragment: str) -> list[tuple[str, str]]:
    """Return the names of saved masks, in quotes where they need some."""
    from imgcell.magics.masks import names_of_masks

    return [(f'"{name}"' if " " in name else name, "value") for name in names_of_masks() if name.startswith(fragment)]


def _drawable(value: Any) -> bool:
    """Whether *value* may be a picture, by its class alone."""
    known = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(value).__mro__}
    return bool(known & {("PIL", "Image"), ("numpy", "ndarray"), ("imgcell", "Sheet"), ("imgcell", "Mask")}) or (
        isinstance(value, list) and bool(value) and _drawable(value[0])
    )


def _braced(fragment: str, names: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    base, dot, last = fragment.rpartition(".")
    if not dot:
        return fragment, [(name, "instance") for name in sorted(candidates(names)) if name.startswith(fragment)]
    path = parse_path(base)
    if path is None:
        return fragment, []
    from imgcell.magics.lookup import resolve

    fields = getattr(resolve(path, names), "__dict__", {})
    return last, [(name, "instance") for name in sorted(fields) if name.startswith(last) and not name.startswith("_")]


def _command(head: str, names: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    from imgcell.magics.command import WORDS

    words, fragment = _words(head)
    if not words:
        return fragment, _starting(fragment, WORDS, "keyword")
    word, options = words[0], options_for(words[0])
    option = next((one for one in options if words[-1] in one.flags), None)
    if option is not None:
        return fragment, _choice(option, words, fragment, names)
    if fragment.startswith("-") and options:
        return fragment, [(flag, "keyword") for one in options for flag in one.flags if flag.startswith(fragment) and flag.startswith("--")]
    return fragment, _argument(word, words, fragment, names)


def _choice(option: Option, words: list[str], fragment: str, names: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the values of an option of ``%imgcell``; those of ``use`` depend on the provider before it."""
    from imgcell import providers

    fixed = {"since": ("today", "yesterday", "7d", "30d"), "rating": "12345", "providers": providers.names()}.get(option.values)
    if fixed is not None:
        return _starting(fragment, fixed, "value")
    provider = providers.get(words[1]) if words[0] == "use" else _providers(words, names)[0]
    if option.values == "models":
        return _starting(fragment, provider.models, "value")
    return _starting(fragment, _listed([provider.model(None)], option.values), "value")


def _sweeps() -> list[str]:
    """Return the ids of the sweeps that the library has."""
    from imgcell.options import home
    from imgcell.sweeps.keeping import names_in

    return names_in(home())


def _argument(word: str, words: list[str], fragment: str, names: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what may stand behind a word of ``%imgcell``."""
    from imgcell import providers
    from imgcell.magics.bill import GROUPS, SCOPES
    from imgcell.magics.replay import POLICIES

    first = len(words) == 1
    if word == "use":
        if first:
            return _starting(fragment, providers.names(), "value")
        return [(flag, "keyword") for one in options_for("use") for flag in one.flags if flag.startswith("--") and not fragment]
    if word == "replay" and first:
        return _starting(fragment, POLICIES, "keyword")
    if word == "sweeps":
        return _starting(fragment, [*(["resume"] if first else []), *_sweeps()], "value")
    if word == "spend":
        return _starting(fragment, (group for group in GROUPS if group not in words), "keyword")
    if word == "budget":
        return _starting(fragment, ("off", *SCOPES), "keyword")
    if word == "delete" or (word in ("star", "tag", "note") and first):
        return [*((name, "instance") for name in _variables(fragment, names)), *_ids(fragment)]
    return []
