"""``%%imagine``, ``%%imgedit`` and ``%imgcell``.  The only package that knows IPython.

Loading registers three small functions and a completer, nothing else: what does the work is imported when a magic is
first used, so that ``%load_ext imgcell`` stays under 40 ms.
"""

from __future__ import annotations

from typing import Any

from imgcell.magics.table import docstring

__all__ = ["load", "unload"]

#: Name -> kind, as IPython names kinds.
_MAGICS = {"imagine": "line_cell", "imgedit": "line_cell", "imgcell": "line"}


def load(ipython: Any) -> None:
    """Register the magics and their completer in the shell *ipython* (``IPython.core.interactiveshell.InteractiveShell``)."""

    def imagine(line: str, cell: str | None = None) -> None:
        from imgcell.magics.cell import run

        run(ipython, "imagine", line, cell)

    def imgedit(line: str, cell: str | None = None) -> None:
        from imgcell.magics.cell import run

        run(ipython, "imgedit", line, cell)

    def imgcell(line: str) -> None:
        from imgcell.magics.command import run

        run(ipython, line)

    imagine.__doc__ = docstring("imagine")
    imgedit.__doc__ = docstring("imgedit")
    imgcell.__doc__ = docstring("imgcell")
    for function in (imagine, imgedit, imgcell):
        # What IPython.core.magic.no_var_expand sets: without it IPython *runs* the {expressions} of the line.
        function._ipython_magic_no_var_expand = True  # type: ignore[attr-defined]  # IPython's own mark
        ipython.register_magic_function(function, _MAGICS[function.__name__], function.__name__)
    _completing(ipython)


def unload(ipython: Any) -> None:
    """Take the magics and their completer out of the shell again; what they bound stays."""
    kinds = ipython.magics_manager.magics
    for name, kind in _MAGICS.items():
        for one in ("line", "cell") if kind == "line_cell" else (kind,):
            kinds[one].pop(name, None)
    matchers = getattr(getattr(ipython, "Completer", None), "custom_matchers", None)
    if matchers is not None:
        matchers[:] = [matcher for matcher in matchers if getattr(matcher, "_imgcell", False) is False]


def _completing(ipython: Any) -> None:
    matchers = getattr(getattr(ipython, "Completer", None), "custom_matchers", None)
    if matchers is None:  # Before IPython 8.6.
        return

    def complete(context: Any) -> Any:
        text: str = context.full_text
        if "imagine" not in text and "imgedit" not in text and "imgcell" not in text:
            return {"completions": []}
        from imgcell.magics.completion import match

        return match(ipython, context)

    # What IPython.core.completer.context_matcher sets.
    complete.matcher_api_version = 2  # type: ignore[attr-defined]
    complete.matcher_identifier = "imgcell"  # type: ignore[attr-defined]
    complete.matcher_priority = 1000  # type: ignore[attr-defined]
    complete._imgcell = True  # type: ignore[attr-defined]
    matchers[:] = [matcher for matcher in matchers if not getattr(matcher, "_imgcell", False)]
    matchers.append(complete)
