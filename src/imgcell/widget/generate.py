"""``js/src/protocol.ts`` from :mod:`imgcell.widget.protocol`, ``js/src/vote/protocol.ts`` from :mod:`imgcell.widget.voting_messages`.

Run from the repository: ``python -m imgcell.widget.generate`` writes the files; a test fails when one is stale.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from imgcell.widget import facts, form, limits, messages, protocol, voting_messages

__all__ = ["FILES", "typescript", "voting"]

_HEAD = """// Generated from src/imgcell/widget/protocol.py by `python -m imgcell.widget.generate`; do not edit.
"""
_PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "unknown"}


def typescript() -> str:
    """Return the text of ``protocol.ts``."""
    parts = [_HEAD]
    for module in (facts, form, messages):
        for name, value in vars(module).items():
            if is_typeddict(value) and value.__module__ == module.__name__:
                parts.append(_interface(name, value))
            elif name == "State" and module is facts:
                parts.append(f"export type State = {_choices(value)};\n")
    parts.append(_map("Requests", protocol.REQUESTS, "Kind of request -> its fields, beside `kind` and `call`."))
    parts.append(_map("Replies", protocol.REPLIES, "Kind of request -> what is in `ok` of its reply."))
    parts.append(_map("Events", protocol.EVENTS, "What the kernel says by itself, by kind."))
    parts.append(_map("Traits", {name: hint for name, (_, hint) in protocol.TRAITS.items()}, "The model's traits."))
    for writer in ("kernel", "page"):
        named = " | ".join(f'"{name}"' for name, (who, _) in protocol.TRAITS.items() if who == writer)
        parts.append(f"/** Traits that only the {writer} writes. */\nexport type {writer.capitalize()}Trait = {named};\n")
    parts.append(
        "/** Exactly one for each request. */\n"
        "export type Reply<K extends keyof Requests> =\n"
        "  | { kind: `${K}-reply`; call: string; ok: Replies[K] }\n"
        "  | { kind: `${K}-reply`; call: string; error: Problem };\n"
    )
    parts.append(f'/** Of this protocol; `ready` says it. */\nexport const VERSION = "{limits.VERSION}";\n')
    counts = "".join(f"  {name}: {value},\n" for name, value in limits.LIMITS.items())
    parts.append(f"/** How much of anything the kernel takes. */\nexport const LIMITS = {{\n{counts}}} as const;\n")
    buffers = "".join(f'  "{name}": {value},\n' for name, value in protocol.BUFFERS.items())
    parts.append(f"/** Requests that carry one buffer, and its bytes at most. */\nexport const BUFFERS = {{\n{buffers}}} as const;\n")
    return "\n".join(parts)


def voting() -> str:
    """Return the text of ``vote/protocol.ts``."""
    parts = [_HEAD.replace("protocol.py", "voting_messages.py")]
    parts += [
        _interface(name, value)
        for name, value in vars(voting_messages).items()
        if is_typeddict(value) and value.__module__ == voting_messages.__name__
    ]
    parts.append(_map("Requests", voting_messages.REQUESTS, "Kind of request -> its fields, beside `kind` and `call`."))
    parts.append(_map("Replies", voting_messages.REPLIES, "Kind of request -> what is in `ok` of its reply."))
    return "\n".join(parts)


#: What is written where, below the repository.
FILES = {"js/src/protocol.ts": typescript, "js/src/vote/protocol.ts": voting}


def _interface(name: str, value: Any) -> str:
    hints = get_type_hints(value, include_extras=True)
    lines = [f"  {field}: {_type(hint)};{_limit(hint)}" for field, hint in hints.items()]
    text = " ".join((value.__doc__ or "").split())
    comment = f"/** {text} */\n" if text and not text.startswith("dict(") else ""
    if not lines:
        return f"{comment}export type {name} = Record<string, never>;\n"
    return f"{comment}export interface {name} {{\n" + "\n".join(lines) + "\n}\n"


def _map(name: str, named: dict[str, Any], comment: str) -> str:
    lines = "".join(f'  "{kind}": {_type(hint)};\n' for kind, hint in named.items())
    return f"/** {comment} */\nexport interface {name} {{\n{lines}}}\n"


def _type(hint: Any) -> str:
    if hint in _PLAIN:
        return _PLAIN[hint]
    if is_typeddict(hint):
        return str(hint.__name__)
    kind, inner = get_origin(hint), get_args(hint)
    if kind is Annotated:
        return _type(inner[0])
    if kind is Literal:
        return "State" if hint == facts.State else _choices(hint)
    if kind in (Union, types.UnionType):
        return " | ".join(_type(one) for one in inner)
    if kind is list:
        item = _type(inner[0])
        return f"({item})[]" if " " in item else f"{item}[]"
    if kind is dict:
        return f"Record<{_type(inner[0])}, {_type(inner[1])}>"
    raise TypeError(f"no TypeScript for {hint!r}")


def _choices(hint: Any) -> str:
    return " | ".join(f'"{value}"' if isinstance(value, str) else str(value) for value in get_args(hint))


def _limit(hint: Any) -> str:
    said = [
        f"{mark.low} to {mark.high}"
        if isinstance(mark, limits.Span)
        else f"at most {mark.count}"
        if isinstance(mark, limits.Most)
        else f"each at most {mark.count}"
        for one in (hint, *get_args(hint))
        for mark in getattr(one, "__metadata__", ())
    ]
    return f" // {', '.join(dict.fromkeys(said))}" if said else ""


def main(arguments: list[str]) -> int:
    """Write the files into the repository (or below the folder that is named)."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[3]
    for name, text in FILES.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
