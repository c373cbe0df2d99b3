"""The pages' bundles, as ``js/`` builds them into this folder, beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path

__all__ = ["asset", "unbuilt"]

_HERE = Path(__file__).resolve().parent


@cache
def asset(name: str, otherwise: str) -> str:
    """Return the text of a built file; *otherwise* where it was never built (every release holds all of them)."""
    try:
        return (_HERE / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return otherwise


def unbuilt(name: str) -> str:
    """Return a module that says which bundle is missing, in place of it."""
    told = f"el.textContent = 'imgcell: src/imgcell/static/{name}.js is missing (make js).';"
    return f"export const mount = (el) => {{ {told} return () => {{}}; }};\nexport default {{ render({{ el }}) {{ {told} }} }};\n"
