"""A provider in a box: real HTTP on loopback, every documented dialect, painted pictures, faults on request.

    with imgcell.sandbox.serve() as server:
        client = imgcell.Client(base_url=server.base_url, api_key="sk-anything")

The sandbox is an independent writing of the providers' documents: it shares no code with ``imgcell.wire`` and
``imgcell.providers``, so that a test of the one against the other means something.  From a terminal:
``python -m imgcell.sandbox --port 8000``.

Keys: any non-empty bearer key is taken (``/sandbox/v1`` needs none); ``sk-wrong`` and whatever starts with ``sk-bad`` is refused
as a wrong key, ``sk-poor`` as an account without money.

Models with habits, which do more or less than they are asked, and a share of requests that fail::

    imgcell.sandbox.serve(habits={"leaky": imgcell.sandbox.Habit(leak=0.1, latency=(0.5, 2))}, faults=0.1, seed=7)
    imgcell.sandbox.behave({"leaky": imgcell.sandbox.Habit(leak=0.1)}, faults=0.1, seed=7)     # the one of the provider "sandbox"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgcell.sandbox.habits import Habit as Habit
    from imgcell.sandbox.habits import Truth as Truth
    from imgcell.sandbox.local import behave as behave
    from imgcell.sandbox.local import local_url as local_url
    from imgcell.sandbox.server import Server as Server
    from imgcell.sandbox.server import serve as serve

__all__ = ["Habit", "Server", "Truth", "behave", "local_url", "serve"]

_HOMES = {
    "Habit": "imgcell.sandbox.habits",
    "Server": "imgcell.sandbox.server",
    "Truth": "imgcell.sandbox.habits",
    "behave": "imgcell.sandbox.local",
    "local_url": "imgcell.sandbox.local",
    "serve": "imgcell.sandbox.server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'imgcell.sandbox' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
