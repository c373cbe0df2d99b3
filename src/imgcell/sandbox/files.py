"""The pictures behind the addresses that answers give: kept in memory, bounded, each with its own behaviour."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Files", "Served"]

_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass
class Served:
    """One file, and how its address behaves (a fault's name, or ``""``)."""

    data: bytes
    media_type: str
    behaviour: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    asked: int = 0


class Files:
    """Result files by token; the oldest go when there are too many bytes.  Thread-safe."""

    def __init__(self, most_bytes: int = 256_000_000) -> None:
        self._most = most_bytes
        self._files: OrderedDict[str, Served] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def put(self, data: bytes, media_type: str, behaviour: str = "", settings: dict[str, Any] | None = None) -> str:
        """Keep *data* and return its name, ``<token>.<extension>``."""
        name = f"{secrets.token_hex(16)}.{_EXTENSIONS.get(media_type, 'bin')}"
        with self._lock:
            self._files[name] = Served(data, media_type, behaviour, settings or {})
            self._bytes += len(data)
            while self._bytes > self._most and len(self._files) > 1:
                self._bytes -= len(self._files.popitem(last=False)[1].data)
        return name

    def get(self, name: str) -> Served | None:
        """Return what is served under *name*."""
        with self._lock:
            return self._files.get(name)

    def expire(self) -> None:
        """Let every address given so far answer 404."""
        with self._lock:
            self._files.clear()
            self._bytes = 0
