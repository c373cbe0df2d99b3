"""The user's variables: which of them are pictures, and keeping one up to date."""

from __future__ import annotations

import contextlib
import keyword
import re
import sys
import weakref
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.origin import shell
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.spotted import spotted

if TYPE_CHECKING:
    from imgcell.widget.facts import Variable

__all__ = ["Names"]

_NAME = re.compile(r"([^\W\d]\w*)(?:\[(\d{1,5})\])?")
#: Variables that are listed.
_MOST = 200


class Names:
    """The variables that a Studio sees.

    Args:
        names: A mapping of the user's own; ``None`` is the notebook's.
    """

    def __init__(self, names: MutableMapping[str, Any] | None = None) -> None:
        self._given = names

    def all(self) -> MutableMapping[str, Any]:
        """Return all variables, of whatever kind."""
        if self._given is not None:
            return self._given
        found = shell()
        space: MutableMapping[str, Any] = found.user_ns if found is not None else vars(sys.modules["__main__"])
        return space

    def listed(self) -> list[Variable]:
        """Return those that are pictures, by name."""
        found: list[Variable] = []
        for name, value in sorted(_copied(self.all()).items()):
            if name.startswith("_") and name != "_images":
                continue
            facts = spotted(value)
            if facts is not None:
                kind, width, height, count = facts
                found.append({"name": name, "kind": kind, "width": width, "height": height, "count": count})
        return found[:_MOST]

    def state(self) -> frozenset[tuple[str, int]]:
        """Return something that differs when the list may have changed."""
        return frozenset(
            (name, id(value))
            for name, value in _copied(self.all()).items()
            if (not name.startswith("_") or name == "_images") and spotted(value) is not None
        )

    def value(self, name: str) -> Any:
        """Return the picture in a variable; of a Sheet the first, or that of a number: ``images[2]``.

        Raises:
            InvalidJobError: There is no such variable, or it is no picture.
        """
        matched = _NAME.fullmatch(name)
        value = self.all().get(matched[1]) if matched is not None else None
        if matched is None or spotted(value) is None:
            raise InvalidJobError(tr("There is no picture in the variable {name}.", name=repr(name[:80])))
        if isinstance(value, Sheet):
            try:
                return value[int(matched[2] or 0)]
            except IndexError as error:
                raise InvalidJobError(str(error)) from error
        return value

    def bind(self, name: str, value: Any) -> None:
        """Set a variable."""
        self.all()[name] = value

    def notebook(self) -> str | None:
        """Return the notebook's path where VS Code has written it into the variables."""
        path = self.all().get("__vsc_ipynb_file__")
        return path if isinstance(path, str) else None


def check_name(name: str | None) -> str | None:
    """Return *name* if a variable can have it.

    Raises:
        InvalidJobError: It cannot.
    """
    if name is not None and (not str(name).isidentifier() or keyword.iskeyword(name)):
        raise InvalidJobError(tr("{name} is not a name that a variable can have.", name=repr(name)))
    return name


def after_each_cell(function: Callable[[], None]) -> None:
    """Have a bound method called after every cell, for as long as its object lives; without a notebook, never."""
    found = shell()
    if found is None:
        return
    method = weakref.WeakMethod(function)

    def after(*_: Any) -> None:
        alive = method()
        if alive is None:
            with contextlib.suppress(ValueError):
                found.events.unregister("post_run_cell", after)
        else:
            alive()

    found.events.register("post_run_cell", after)


def _copied(names: MutableMapping[str, Any]) -> dict[str, Any]:
    # A cell may be running and making variables.
    for _ in range(10):
        try:
            return dict(names)
        except RuntimeError:
            continue
    return {}
