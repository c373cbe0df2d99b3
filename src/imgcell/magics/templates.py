"""``{name}`` in a prompt: looked up, put in its place, nothing evaluated.

``{{`` and ``}}`` are literal braces.  Braces that hold no path, such as those of a JSON prompt, stay as they are; so a
``}}`` that closes two of *those* stays two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.language import joined, tr
from imgcell.magics.lookup import NamePath, parse_path, resolve

__all__ = ["fill"]


def fill(prompt: str, names: Mapping[str, Any]) -> str:
    """Return *prompt* with every ``{name}``, ``{name.attr}``, ``{name[0]}`` and ``{name["key"]}`` filled in.

    Args:
        prompt: As typed.
        names: The user's variables.

    Raises:
        InvalidJobError: For an unknown name, a part that cannot be looked up, or a value that is no text or number.
    """
    out: list[str] = []
    opened: list[str] = []  # What each open literal brace was written as, so that its end is read the same way.
    at = 0
    while at < len(prompt):
        letter = prompt[at]
        if letter == "{":
            if prompt.startswith("{{", at):
                opened.append("{{")
                out.append("{")
                at += 2
                continue
            end = prompt.find("}", at)
            path = parse_path(prompt[at + 1 : end]) if end > 0 else None
            if path is not None:
                out.append(_worded(_looked_up(path, prompt[at : end + 1], names), prompt[at : end + 1]))
                at = end + 1
                continue
            opened.append("{")
        elif letter == "}":
            written = opened[-1] if opened else "{{"
            if written == "{":
                opened.pop()
            elif prompt.startswith("}}", at):
                if opened:
                    opened.pop()
                at += 1
        out.append(letter)
        at += 1
    return "".join(out)


def _looked_up(path: NamePath, text: str, names: Mapping[str, Any]) -> Any:
    try:
        return resolve(path, names)
    except InvalidJobError as error:
        advice = tr("For braces that mean themselves write {doubled}, or give --raw.", doubled="{" + text + "}")
        hint = joined(error.hint, advice)
        raise InvalidJobError(tr("{text} in the prompt: {reason}", text=text, reason=error.message), hint=hint) from None


def _worded(value: Any, text: str) -> str:
    # The built-in types' own methods: a subclass's __str__ or __format__ would be the user's code.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float.__repr__(value)
    if type(value).__module__ == "numpy" and hasattr(type(value), "dtype") and getattr(value, "ndim", 1) == 0:
        return str(value)
    if type(value).__module__ in ("pathlib", "pathlib._local", "datetime", "decimal", "fractions"):
        return str(value)
    raise InvalidJobError(
        tr("{text} in the prompt is a {kind}; a prompt takes text and numbers.", text=text, kind=type(value).__name__),
        hint=tr("Pictures are given with -i; anything else, bind its text to a name in a cell before this one."),
    )
