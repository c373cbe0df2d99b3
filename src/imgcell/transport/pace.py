"""How many pictures a provider allows in how many seconds: known from outside, or learned from being turned away.

Providers count images per minute (FACTS.md section 2.8, OpenAI's model pages); few say the number in an answer, and then in
headers of their own.  What is held to here is a *sliding* window: in any *window* seconds at most *capacity* pictures.
A provider that counts in fixed windows, or by a bucket that refills, is content with that too.

Nothing here knows a clock, a loop or a socket: every call is told what time it is.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["MINUTE", "Entry", "Limit", "Pace", "limit_in", "per_minute"]

#: Seconds of the window in which providers count images; also how far back admissions are remembered while none is known.
MINUTE = 60.0
#: A window is kept a little longer than the provider's: requests do not all take equally long to get there.
_SLACK, _LEAST_SLACK = 1.02, 0.02
#: Seconds for which a learned limit is believed, for each admission it was learned from, and at most.
#: One refusal after one request may be a server that had a bad moment; ten in a row up to a refusal are a limit.
_BELIEF, _LONGEST_BELIEF = 60.0, 600.0
#: A refusal below a limit that is known replaces it if it speaks of a slower pace than this share of it ...
_SLOWER = 0.95
#: ... and otherwise only says that the window is kept too tightly.
_WIDER = 1.05


class Limit(NamedTuple):
    """At most *capacity* pictures in any *window* seconds."""

    capacity: int
    window: float

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return self.capacity / self.window


@dataclass(eq=False)
class Entry:
    """Pictures that were let through.

    Attributes:
        pictures: How many.
        time: When the request was whole on its way, ``None`` before: the provider cannot have counted it yet, so that
            it must not age.
        end: When it counts no longer by the provider's own word, ``None`` if that is not known.
    """

    pictures: int
    time: float | None = None
    end: float | None = None

    def ends(self, window: float, now: float) -> float:
        """Return when it counts no longer, if that is after *window* seconds."""
        end = (now if self.time is None else self.time) + window
        return end if self.end is None else min(end, self.end)


class Pace:
    """What was let through lately, and when the next may follow.

    Attributes:
        found: What the last refusal alone speaks of, ``None`` if of nothing.
    """

    def __init__(self) -> None:
        self._limit: Limit | None = None
        self._log: deque[Entry] = deque()
        self._pictures = 0
        # A learned limit: until when it is believed, and what holds when that is over.
        self._believed = 0.0
        self._told: Limit | None = None
        # The stretch of time that a refusal speaks of: from the end of the one before to the end of its own.
        self._since = float("-inf")
        self._until = float("-inf")
        self._before: Limit | None = None
        self.found: Limit | None = None

    def limit(self, now: float) -> Limit | None:
        """Return what is known, ``None`` if that is nothing."""
        if self._limit is not self._told and now >= self._believed:
            self._limit = self._told
        return self._limit

    def tell(self, limit: Limit | None) -> None:
        """Set the limit that a profile or the provider itself states; the same one again changes nothing.

        A learned limit gives way to it.
        """
        if limit != self._told:
            self._limit = self._told = limit

    def assume(self, limit: Limit, now: float) -> None:
        """Take over what processes have learned together, unless what is stated is slower."""
        if limit != self.limit(now) and (self._told is None or limit.rate < _SLOWER * self._told.rate):
            self._limit, self._believed = limit, now + _belief(limit.capacity)

    def lately(self, now: float) -> list[tuple[float, int]]:
        """Return what went through and still counts: seconds ago, and pictures."""
        self._prune(now)
        return [(0.0 if entry.time is None else now - entry.time, entry.pictures) for entry in self._log]

    def admit(self, pictures: int, now: float) -> Entry:
        """Count *pictures* that go now, and return what to call the other methods with."""
        self._prune(now)
        entry = Entry(pictures)
        self._log.append(entry)
        self._pictures += pictures
        return entry

    def sent(self, entry: Entry, now: float) -> None:
        """Note that the request is whole on its way; from now on it ages."""
        if entry.time is None:
            entry.time = now

    def drop(self, entry: Entry) -> None:
        """Forget what was not sent, or was turned away: it counts for nothing."""
        try:
            self._log.remove(entry)
        except ValueError:  # it has aged out
            return
        self._pictures -= entry.pictures

    def wait(self, pictures: int, now: float) -> float:
        """Return the seconds until *pictures* more may go, 0 if they may at once.

        More pictures than the limit allows at a time count as so many as it allows: they go when nothing else does.
        """
        limit = self.limit(now)
        if limit is None or self._pictures + min(pictures, limit.capacity) <= limit.capacity:
            return 0.0  # without looking at each of what may be thousands
        return next(iter(self.waits([pictures], now)))

    def waits(self, sizes: Iterable[int], now: float) -> Iterable[float]:
        """Yield for each of *sizes* pictures, in line in this order, the seconds until they may go."""
        limit = self.limit(now)
        if limit is None:
            for _ in sizes:
                yield 0.0
            return
        self._prune(now)
        window = max(limit.window * _SLACK, limit.window + _LEAST_SLACK)
        ends = [(end, entry.pictures) for entry in self._log if (end := entry.ends(window, now)) > now]
        heapq.heapify(ends)
        used, at = sum(pictures for _, pictures in ends), now
        for size in sizes:
            need = min(size, limit.capacity)
            while used + need > limit.capacity and ends:
                end, pictures = heapq.heappop(ends)
                at = max(at, end)
                used -= pictures
            yield at - now
            heapq.heappush(ends, (at + window, need))
            used += need

    def turned_away(self, until: float, now: float, *, fresh: bool) -> bool:
        """Learn from a refusal that says when the next may go; whatever was turned away has been dropped before.

        What went through since the last refusal, in the time from then until *until*, is what the provider allows:
        for a window the whole of it, for a bucket the rate at which it refills.

        Args:
            until: When the provider says that it takes more.
            now: The time.
            fresh: Whether the request went out after the refusal before was known; otherwise both speak of the same stretch.

        Returns:
            Whether anything was let through in that stretch: if not, the limit is taken up by somebody else.
        """
        self._prune(now)
        if fresh:
            self._since = self._until
            self._before = self.limit(now)
            self._until = until
        else:
            self._until = max(self._until, until)
        lately = [entry for entry in self._log if (now if entry.time is None else entry.time) >= self._since]
        count = sum(entry.pictures for entry in lately)
        self.found = None
        if not count:
            return False
        first = min(now if entry.time is None else entry.time for entry in lately)
        if self._until <= now:
            return True  # "at once" says nothing about a pace
        self.found = found = Limit(count, self._until - first)
        known = self._before
        if known is not None and found.rate >= _SLOWER * known.rate:
            found = Limit(known.capacity, known.window * _WIDER)
        self._limit, self._believed = found, now + _belief(count)
        return True

    def minute_left(self, now: float) -> float:
        """Return the seconds until the first of what went through in the last minute is a minute ago; 0 if nothing did."""
        times = [now if entry.time is None else entry.time for entry in self._log]
        return max(0.0, min((time for time in times if time > now - MINUTE), default=now - MINUTE) + MINUTE - now)

    def stated(self, remaining: int | None, reset: float | None, now: float, *, entry: Entry | None = None) -> None:
        """Take the provider's word for what is left, where a limit is known.

        Args:
            remaining: How many more pictures it takes.  Where that is fewer than counted here, the difference is
                somebody else's, with the same key.
            reset: Seconds until everything it has counted so far no longer counts.
            now: The time.
            entry: What its answer answers; the provider had counted that, and whatever was sent before.
        """
        limit = self.limit(now)
        if limit is None:
            return
        self._prune(now)
        if remaining is not None:
            counted = sum(other.pictures for other in self._log if other.ends(limit.window, now) > now)
            taken = limit.capacity - remaining - counted
            if taken > 0:
                self._log.append(Entry(taken, now, None if reset is None else now + reset * _SLACK + _LEAST_SLACK))
                self._pictures += taken
        if reset is None:
            return
        counted_by = now if entry is None or entry.time is None else entry.time
        end = now + reset * _SLACK + _LEAST_SLACK
        for other in self._log:
            if other.time is not None and other.time <= counted_by:
                other.end = end if other.end is None else min(other.end, end)

    def _prune(self, now: float) -> None:
        horizon = now - MINUTE
        if self._limit is not None:
            horizon = min(horizon, now - self._limit.window * _SLACK - _LEAST_SLACK)
        while self._log and (time := self._log[0].time) is not None and time <= horizon:
            self._pictures -= self._log.popleft().pictures


def per_minute(images: float) -> Limit:
    """Return *images* a minute as a limit; less than one is one in a longer time."""
    return Limit(int(images), MINUTE) if images >= 1 else Limit(1, MINUTE / images)


def limit_in(headers: Mapping[str, str]) -> tuple[Limit | None, int | None, float | None]:
    """Return what an answer's headers say of images: the limit a minute, how many are left, seconds until all are again.

    ``x-ratelimit-limit-images``, ``x-ratelimit-remaining-images`` and ``x-ratelimit-reset-images``, named after the ones
    for requests and tokens (FACTS.md section 2.8); each is ``None`` where it is missing or makes no sense.
    """
    limit = _whole(headers.get("x-ratelimit-limit-images"))
    remaining = _whole(headers.get("x-ratelimit-remaining-images"))
    reset = seconds_of(headers.get("x-ratelimit-reset-images") or "")
    return (Limit(limit, MINUTE) if limit else None), remaining, reset


def seconds_of(text: str) -> float | None:
    """Return the seconds of a duration such as ``58.891s``, ``120ms``, ``6m0s`` or plain ``30``; ``None`` for anything else."""
    import re

    text = text.strip()
    found = re.fullmatch(r"(?:(\d{1,6})h)?(?:(\d{1,6})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)(ms|s)?)?", text, re.ASCII)
    if not text or found is None:
        return None
    hours, minutes, rest, unit = found.groups()
    seconds = float(rest or 0) * (0.001 if unit == "ms" else 1.0)
    return min(3600.0 * int(hours or 0) + 60.0 * int(minutes or 0) + seconds, 86_400.0)


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _belief(count: int) -> float:
    return min(_LONGEST_BELIEF, _BELIEF * count)
