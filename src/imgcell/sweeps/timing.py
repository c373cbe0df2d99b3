"""How long a sweep will take: by what providers allow in a minute, and by how long pictures of its kind took so far."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imgcell.errors import ImgcellError
from imgcell.language import tr
from imgcell.transport.pace import Limit, per_minute
from imgcell.transport.sharing import gate_for

if TYPE_CHECKING:
    from imgcell.client.client import Client
    from imgcell.client.replaying import Ready
    from imgcell.pictures.record import Record
    from imgcell.store import Library

__all__ = ["Timing", "spoken"]

#: Pictures of the library that are looked at for each model, and how many of one kind are enough to speak for it.
_LOOKED_AT, _ENOUGH = 100, 3


@dataclass
class _Lane:
    """What goes to one provider with one key."""

    limit: Limit | None
    width: int
    requests: int = 0
    busy: float = 0.0
    longest: float = 0.0
    unknown: bool = False


class Timing:
    """Adds up how long requests take.

    Args:
        library: Where pictures made before say how long they took; ``None`` knows of none.
    """

    def __init__(self, library: Library | None) -> None:
        self._library = library
        self._lanes: dict[int, _Lane] = {}
        self._records: dict[tuple[str, str | None], list[Record]] = {}

    def add(self, client: Client, ready: Ready, requests: int) -> float | None:
        """Count *requests* like *ready*, and return how many seconds one probably takes; ``None`` if that is not known."""
        seconds = self._typical(client.provider.name, ready)
        if requests:
            lane = self._lanes.get(id(client))
            if lane is None:
                lane = self._lanes[id(client)] = _Lane(limit_of(client), client._max_in_flight)
            lane.requests += requests
            if seconds is None:
                lane.unknown = True
            else:
                lane.busy += seconds * requests
                lane.longest = max(lane.longest, seconds)
        return seconds

    def total(self) -> tuple[float | None, bool]:
        """Return the seconds for all of it, and whether they are only a lower bound; ``None`` if nothing is known.

        Providers work side by side, so the slowest decides: either its limit (so many in a window, of which the first goes
        at once), or the time its pictures take divided by how many are in flight.
        """
        if not self._lanes:
            return 0.0, False
        longest, at_least, known = 0.0, False, False
        for lane in self._lanes.values():
            paced = 0.0
            if lane.limit is not None:
                paced = (lane.requests - 1) // lane.limit.capacity * lane.limit.window
                known = known or paced > 0
            if lane.unknown:
                at_least = True
                longest = max(longest, paced)
            else:
                known = True
                longest = max(longest, paced + lane.longest, lane.busy / min(lane.width, lane.requests))
        return (longest, at_least) if known else (None, False)

    def _typical(self, provider: str, ready: Ready) -> float | None:
        name = (provider, ready.prepared.model.name or None)
        if name not in self._records:
            found: Sequence[Record] = ()
            if self._library is not None:
                with contextlib.suppress(Exception):  # an index that cannot be asked is no reason not to plan
                    found = self._library.find(provider=provider, model=name[1], limit=_LOOKED_AT)
            self._records[name] = [record for record in found if record.seconds > 0]
        records = self._records[name]
        job, kind = ready.job, "edit" if ready.prepared.images else "generate"
        alike = [r.seconds for r in records if r.kind == kind and all(r.requested.get(f) == getattr(job, f) for f in ("size", "quality"))]
        times = alike if len(alike) >= _ENOUGH else [record.seconds for record in records]
        return statistics.median(times) if times else None


def limit_of(client: Client) -> Limit | None:
    """Return what is known of how much the provider allows: learned, or as its profile says; nothing is sent."""
    stated = client.provider.images_per_minute
    said = per_minute(stated) if stated is not None else None
    try:
        learned = gate_for(client.base_url, client.key(), client._home).limit
    except ImgcellError:
        return said
    return min((one for one in (learned, said) if one is not None), key=lambda one: one.rate, default=None)


def spoken(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 90:
        return tr("{count} s", count=max(1, round(seconds)))
    if seconds < 5400:
        return tr("{count} min", count=round(seconds / 60))
    return tr("{count} h", count=f"{seconds / 3600:.1f}")
