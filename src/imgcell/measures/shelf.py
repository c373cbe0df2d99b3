"""What was measured before: in memory by content, and, for measures that come with imgcell, beside the library.

::

    <home>/measures/<ab>/<sha256>.json     of one picture: measure and version (and what it was compared with) -> values

It is a memory, not a truth: it can be deleted at any time, and a file that cannot be read or written is passed over.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from imgcell.files import disk
from imgcell.pictures.picture import Picture

__all__ = ["forget", "recall", "recall_kept", "remember", "remember_kept"]

#: Values in memory; each is a handful of numbers.
_MOST = 50_000

_values: OrderedDict[Hashable, Mapping[str, Any]] = OrderedDict()
_lock = threading.Lock()
_writing = threading.Lock()


def recall(key: Hashable) -> Mapping[str, Any] | None:
    """Return the values that were found under *key* in this session, or ``None``."""
    with _lock:
        found = _values.get(key)
        if found is not None:
            _values.move_to_end(key)
        return found


def remember(key: Hashable, values: Mapping[str, Any]) -> None:
    """Keep *values* for as long as the session lasts, or until very many others came after them."""
    with _lock:
        _values[key] = values
        _values.move_to_end(key)
        while len(_values) > _MOST:
            _values.popitem(last=False)


def forget() -> None:
    """Forget what is in memory."""
    with _lock:
        _values.clear()


def recall_kept(picture: object, name: str, columns: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the values that are kept with the library that *picture* is in; ``None`` if there are none.

    Args:
        picture: Of any kind; only untouched pictures of a library have a place.
        name: Of the measure, its version and what it was compared with.
        columns: What the values must be.
    """
    place = _place(picture)
    if place is None:
        return None
    values = _read(place).get(name)
    if not isinstance(values, dict) or tuple(values) != columns:
        return None
    return values if all(isinstance(value, (str, int, float, type(None))) for value in values.values()) else None


def remember_kept(picture: object, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep values with the library that *picture* is in, by name; does nothing where that cannot be done."""
    place = _place(picture)
    if place is None or not found:
        return
    # Two processes at once may lose one another's: then it is measured again.
    with _writing:
        text = json.dumps({**_read(place), **found}, ensure_ascii=False)
        try:
            _write(place, text.encode("utf-8"))
        except OSError:
            pass


def _write(place: Path, data: bytes) -> None:
    """Replace a file at once and whole; unlike what is paid for, it need not be on the disk for good."""
    disk.make_folder(place.parent)
    temporary = place.with_name(f".tmp-{os.urandom(8).hex()}")
    descriptor = disk.create(temporary, "measures")
    try:
        try:
            disk.write(descriptor, data, "measures-write")
        finally:
            os.close(descriptor)
        disk.replace(temporary, place, "measures")
    except OSError:
        disk.remove(temporary, "measures")
        raise


def _read(place: Path) -> dict[str, Any]:
    try:
        document = json.loads(place.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _place(picture: object) -> Path | None:
    """Return the file for a picture whose bytes are a blob of a library (``<home>/blobs/<ab>/<sha256>``)."""
    if not isinstance(picture, Picture) or picture.edited or picture.source.path is None:
        return None
    path = picture.source.path
    if path.name != picture.source.sha256 or path.parent.parent.name != "blobs":
        return None
    return path.parents[2] / "measures" / path.parent.name / f"{path.name}.json"
