"""Results as PIL images that remember how they were made, and inputs made ready for sending.

Nothing of Pillow is imported until a name that needs it is used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgcell.pictures.formats import ImageFacts, inspect
    from imgcell.pictures.inputs import expand, load_image, needs_fetch
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.record import Record
    from imgcell.pictures.sheet import Sheet
    from imgcell.pictures.source import FileSource, MemorySource, Source
    from imgcell.pictures.steps import Final, Partial, Progress, Step

__all__ = [
    "FileSource",
    "Final",
    "ImageFacts",
    "MemorySource",
    "Partial",
    "Picture",
    "Progress",
    "Record",
    "Sheet",
    "Source",
    "Step",
    "expand",
    "inspect",
    "load_image",
    "needs_fetch",
]

_HOMES = {
    "FileSource": "source",
    "Final": "steps",
    "ImageFacts": "formats",
    "MemorySource": "source",
    "Partial": "steps",
    "Picture": "picture",
    "Progress": "steps",
    "Record": "record",
    "Sheet": "sheet",
    "Source": "source",
    "Step": "steps",
    "expand": "inputs",
    "inspect": "formats",
    "load_image": "inputs",
    "needs_fetch": "inputs",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
