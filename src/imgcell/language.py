"""The words users read, in their language.

Every user-facing sentence is written in English at the place where it is needed and passed through
:func:`tr`, which looks it up in ``languages/<language>.toml`` (English template = translated template).
A test collects every literal given to :func:`tr` and fails when a catalogue lacks one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache

from imgcell.options import options

__all__ = ["LANGUAGES", "current", "joined", "listed", "speaking", "tr"]

#: What there are words in.
LANGUAGES = ("en", "zh-CN")

#: For what is done on behalf of one page, whose reader chose a language of its own.
_spoken: ContextVar[str | None] = ContextVar("imgcell_language", default=None)

#: Marks that have room after them, and before them, in themselves.
_FULL_WIDTH, _OPENING = "。！？；：，、", "（《「『"


def current() -> str:
    """Return the language in force: ``"en"`` or ``"zh-CN"``."""
    if (spoken := _spoken.get()) is not None:
        return spoken
    if options.language is not None:
        return options.language
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh-CN" if value.lower().startswith("zh") else "en"
    return "en"


@contextlib.contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Use one of :data:`LANGUAGES` for a block of code and what it starts; anything else changes nothing."""
    token = _spoken.set(language if language in LANGUAGES else _spoken.get())
    try:
        yield
    finally:
        _spoken.reset(token)


def tr(template: str, /, **values: object) -> str:
    """Return *template* in the user's language, its ``{names}`` filled in with *values*."""
    text = template if (language := current()) == "en" else _catalogue(language).get(template, template)
    return text.format(**values) if values else text


def joined(*sentences: str | None) -> str:
    """Return whole sentences after one another; ``None`` and empty ones are left out.

    A space parts them, except beside a mark that has the room in itself, as Chinese writes it.
    """
    text = ""
    for sentence in filter(None, sentences):
        text += ("" if not text or text[-1] in _FULL_WIDTH or sentence[0] in _OPENING else " ") + sentence
    return text


def listed(*parts: str | None) -> str:
    """Return parts of a sentence after one another, parted by the language's comma; ``None`` and empty ones are left out."""
    text = ""
    for part in filter(None, parts):
        text = tr("{before}, {after}", before=text, after=part) if text else part
    return text


@cache
def _catalogue(language: str) -> dict[str, str]:
    import sys
    from importlib import resources  # late: together with tomllib it costs more than all of `import imgcell`

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    text = resources.files("imgcell").joinpath("languages").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    catalogue: dict[str, str] = tomllib.loads(text)["messages"]
    return catalogue
