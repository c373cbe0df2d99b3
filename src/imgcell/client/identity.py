"""When two jobs are the same one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgcell.client.part import Prepared

__all__ = ["job_digest"]

#: How the pictures travel, and what is done with them when they are here; not what is asked for.
_TRAVEL = frozenset({"partial_images", "response_format", "encoding", "user", "keep"})


def job_digest(prepared: Prepared, base_url: str | None) -> str:
    """Return what is the same for jobs that ask the same provider for the same pictures: 64 hex digits.

    Args:
        prepared: The job, its pictures read.
        base_url: Where it goes; ``None`` for a server that the profile starts itself, on a port that changes.
    """
    job = prepared.job
    said: dict[str, Any] = {}
    for field in dataclasses.fields(job):
        value = getattr(job, field.name)
        if field.name in ("images", "mask", "model") or field.name in _TRAVEL or value is None:
            continue
        said[field.name] = dict(value) if isinstance(value, Mapping) else value
    document = {
        "v": 1,
        "provider": prepared.provider.name,
        "base_url": base_url,
        "model": prepared.model.name or None,
        "job": said,
        "images": [image.sha256 for image in prepared.images],
        "mask": prepared.mask.sha256 if prepared.mask is not None else None,
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=repr).encode()).hexdigest()
