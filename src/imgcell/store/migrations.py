"""Records that earlier versions wrote, as this version understands them.

Files are never rewritten: they are migrated each time they are read, one named step after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from imgcell.language import tr

__all__ = ["VERSION", "migrate"]

#: What this version writes as ``"v"``.
VERSION = 2


def give_a_place_to_each_picture(document: dict[str, Any]) -> dict[str, Any]:
    """From 1 to 2: a record says which of its job's pictures it is, and what was sent.

    Before, a job of several pictures that took several requests did not number them through; and nothing tells whether
    user code changed an input on its way, so that nothing is claimed.
    """
    parents = document.get("parents") or ()
    foreign = [parent for parent in parents if isinstance(parent, str) and parent.startswith("sha256:")]
    added = {"slot": document.get("index", 0), "job": None, "session": None, "notebook": None, "cell": None, "modified": []}
    # Pictures that came from outside were named by what was sent; of imgcell's own only the id is known.
    return {**added, "inputs": foreign if len(foreign) == len(parents) else [], **document}


#: By the version that a step starts from.
STEPS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: give_a_place_to_each_picture}


def migrate(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record's document in the form of :data:`VERSION`; one of a later version is left as it is.

    Raises:
        ValueError: Its version is none.
    """
    version = document.get("v", 1)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(tr("no version of a record: {version}", version=repr(version)))
    current = dict(document)
    while version < VERSION:
        current = STEPS[version](current)
        version += 1
        current["v"] = version
    return current
