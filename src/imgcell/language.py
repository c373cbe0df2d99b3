"""The words users read, in their language.

Every user-facing sentence is written in English at the place where it is needed and passed through
:func:`tr`, which looks it up in ``languages/<language>.toml`` (English template = translated template).
A test collects every literal given to :func:`tr` and fails when a catalogue lacks one.
"""

from __future__ import annotations

import os
from functools import cache

from imgcell.options import options

__all__ = ["current", "tr"]


def current() -> str:
    """Return the language in force: ``"en"`` or ``"zh-CN"``."""
    if options.language is not None:
        return options.language
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh-CN" if value.lower().startswith("zh") else "en"
    return "en"


def tr(template: str, /, **values: object) -> str:
    """Return *template* in the user's language, its ``{names}`` filled in with *values*."""
    text = template if (language := current()) == "en" else _catalogue(language).get(template, template)
    return text.format(**values) if values else text


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
