"""Whose turn it is at one provider: the policy of the gate, without a loop.

Four things keep a request waiting, in this order:

* others are before it (first come, first served; nobody overtakes but those who wait only for their own client's ceiling),
* as many are in flight as may be: the largest ``max_in_flight`` of the clients, less after a refusal that names no time
  (halved, then one more after every full round of successes, more slowly where it was refused before: such a refusal is
  about how many at once, and waiting does not cure it),
* the provider named a time before which it takes nothing (``Retry-After``), for all alike,
* the pace (:mod:`imgcell.transport.pace`).

Time comes from a clock that is handed in.  One that jumps back stands still for that moment and then goes on: no wait
gets longer by it, and none negative.  RELIABILITY.md section 6.
"""

from __future__ import annotations

import time
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass

from imgcell.transport.pace import Entry, Pace

__all__ = ["PAUSES", "UNKNOWNS", "Ticket", "Turns"]

#: Seconds to wait after the first, second and any later refusal in a row that names no time, with nothing else in flight.
PAUSES = (2.0, 5.0, 15.0)
#: Rounds of successes before as many are tried at once as were refused before: the first time, and at most.
_PATIENCE, _MOST_PATIENCE = 4, 64
#: Seconds that are only what adding up floating-point times leaves over.
_NOTHING = 1e-6
#: So many requests in a row without an answer, each perhaps charged, and nothing more goes until somebody says so.
UNKNOWNS = 3


@dataclass(eq=False)
class Ticket:
    """A request's place.

    Attributes:
        pictures: How many it asks for.
        owner: Whose request it is (a client), and
        limit: how many of that owner's may be in flight.
        place: Where in the line it stands; one that was turned away keeps its place.
        number: Which admission it was, from 1; 0 while it waits.
        flying: Whether it is in flight.
        refused: Whether it was turned away, and only has to be written down before its place is free.
        entry: Its entry at the pace.
    """

    pictures: int = 1
    owner: object = None
    limit: int = 1
    place: int = 0
    number: int = 0
    flying: bool = False
    refused: bool = False
    entry: Entry | None = None


class Turns:
    """The line in front of one provider.  For one thread.

    Attributes:
        pace: What the provider allows in a time.
        served: How many requests brought what was asked for.
        in_flight: How many are under way.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()
        self._shift = 0.0
        self._line: list[Ticket] = []
        self._flying: dict[object, int] = {}
        self._most = 1
        self._cut: int | None = None
        self._cut_at = 0
        self._wall: int | None = None
        self._patience = _PATIENCE
        self._good = 0
        self._joined = 0
        self._admissions = 0
        self._news = 0
        self._refused = 0
        self._without_time = 0
        self._unknowns = 0
        self._not_before = self._last
        self.pace = Pace()
        self.served = 0
        self.in_flight = 0

    # -- what is the case -------------------------------------------------------------------------------------

    def now(self) -> float:
        """Return the time, which never goes back."""
        read = self._clock()
        if read < self._last:
            self._shift += self._last - read
        self._last = read
        return read + self._shift

    @property
    def ceiling(self) -> int:
        """How many may be in flight."""
        return self._most if self._cut is None else min(self._cut, self._most)

    @property
    def paused(self) -> bool:
        """Whether so many requests in a row may have been charged for nothing that no more is to be sent."""
        return self._unknowns >= UNKNOWNS

    @property
    def line(self) -> tuple[Ticket, ...]:
        """Who waits, in order."""
        return tuple(self._line)

    def held(self) -> float:
        """Return the seconds for which nobody is let through, 0 or more."""
        return max(0.0, self._not_before - self.now())

    def wait(self) -> float | None:
        """Return the seconds after which :meth:`next` may have somebody; ``None`` if time alone will not bring that about."""
        first = self._first()
        if first is None:
            return None
        now = self.now()
        seconds = max(self._not_before - now, self.pace.wait(first.pictures, now))
        return seconds if seconds > _NOTHING else 0.0

    def waits(self) -> list[tuple[Ticket, float]]:
        """Return for all who wait, in order, the seconds that the provider's limits alone keep them; 0 if they do not."""
        now = self.now()
        held = max(0.0, self._not_before - now)
        waits = self.pace.waits([ticket.pictures for ticket in self._line], now)
        return [(ticket, max(held, seconds)) for ticket, seconds in zip(self._line, waits, strict=True)]

    # -- coming and going -------------------------------------------------------------------------------------

    def join(self, ticket: Ticket) -> None:
        """Put *ticket* at the end of the line, or where it stood before."""
        self._most = max(self._most, ticket.limit)
        if not ticket.place:
            self._joined += 1
            ticket.place = self._joined
        insort(self._line, ticket, key=lambda other: other.place)

    def next(self) -> Ticket | None:
        """Let the next one through and return its ticket; ``None`` if it is nobody's turn now."""
        if self.wait() != 0.0:
            return None
        ticket = self._first()
        assert ticket is not None
        self._line.remove(ticket)
        self._admit(ticket)
        return ticket

    def pass_by(self, ticket: Ticket) -> None:
        """Let *ticket* through although it may not be its turn: whoever it waits for waits for it."""
        self._admit(ticket)

    def back(self, ticket: Ticket, seconds: float) -> None:
        """Put *ticket*, which was let through but not sent, where it stood in the line, and hold all for *seconds*."""
        self.withdraw(ticket)
        self.join(ticket)
        self.hold(seconds)

    def withdraw(self, ticket: Ticket) -> None:
        """Take *ticket* away, wherever it is: nothing of it was sent.  Safe to call twice."""
        if ticket in self._line:
            self._line.remove(ticket)
        self._land(ticket)
        if ticket.entry is not None:
            self.pace.drop(ticket.entry)
            ticket.entry = None

    def sent(self, ticket: Ticket) -> None:
        """Note that the request of *ticket* is whole on its way; a second time is a second request under the same ticket."""
        now = self.now()
        if ticket.entry is None or ticket.entry.time is not None:
            ticket.entry = self.pace.admit(ticket.pictures, now)
        self.pace.sent(ticket.entry, now)

    def hold(self, seconds: float) -> None:
        """Let nobody through for *seconds*."""
        self._not_before = max(self._not_before, self.now() + seconds)

    # -- what came of it --------------------------------------------------------------------------------------

    def turned_away(self, ticket: Ticket, retry_after: float | None, *, paced: bool = True) -> tuple[bool, float]:
        """Heed a refusal for being too many, before its slot is free again.

        Args:
            ticket: Whose request it was.
            retry_after: Seconds that the provider names, if it does.
            paced: Whether the refusal can be about a number of pictures in a time (429, not an overloaded server).

        Returns:
            Whether the request went out after everything told before had been heeded: only then does it count as a try.
            And the seconds for which all are held.
        """
        now = self.now()
        if ticket.entry is not None:
            self.pace.drop(ticket.entry)
            ticket.entry = None
        fresh = ticket.number > self._news
        if fresh:
            self._news = self._admissions
        if ticket.flying and not ticket.refused:
            ticket.refused = True
            self._refused += 1
        self._unknowns = 0
        self._good = 0
        if retry_after is None:
            self._halve(ticket)
            seconds = self._pause(now, fresh=fresh)
        else:
            seconds = retry_after
            if paced and not self.pace.turned_away(now + seconds, now, fresh=fresh):
                # Nothing at all got through: somebody else takes up what there is, and fewer at once try for it.
                self._halve(ticket)
        self.hold(seconds)
        return fresh, seconds

    def end(self, ticket: Ticket, outcome: str) -> None:
        """Free the place of *ticket*; *outcome* is the ledger's word for what came of it."""
        if outcome == "not-sent":
            self.withdraw(ticket)
            return
        self._land(ticket)
        if ticket.entry is not None:
            self.pace.sent(ticket.entry, self.now())
        if outcome == "unknown":
            self._unknowns += 1
        elif outcome in ("done", "refused"):
            self._unknowns = self._without_time = 0
        if outcome == "done":
            self.served += 1
            self._grow()

    def resume(self) -> None:
        """Go on after a pause."""
        self._unknowns = 0

    # -- inside -----------------------------------------------------------------------------------------------

    def _first(self) -> Ticket | None:
        if self.in_flight >= self.ceiling:
            return None
        return next((ticket for ticket in self._line if self._flying.get(ticket.owner, 0) < ticket.limit), None)

    def _admit(self, ticket: Ticket) -> None:
        self._admissions += 1
        ticket.number = self._admissions
        ticket.flying = True
        ticket.entry = self.pace.admit(ticket.pictures, self.now())
        self.in_flight += 1
        self._flying[ticket.owner] = self._flying.get(ticket.owner, 0) + 1

    def _land(self, ticket: Ticket) -> None:
        if not ticket.flying:
            return
        ticket.flying = False
        self.in_flight -= 1
        if ticket.refused:
            ticket.refused = False
            self._refused -= 1
        left = self._flying[ticket.owner] - 1
        if left:
            self._flying[ticket.owner] = left
        else:
            del self._flying[ticket.owner]

    def _pause(self, now: float, *, fresh: bool) -> float:
        """Return the seconds to wait after a refusal that names no time."""
        if self.in_flight > self._refused:
            return 0.0  # the end of one of the others makes room
        self._without_time += 1
        seconds = PAUSES[min(self._without_time, len(PAUSES)) - 1]
        if self._without_time >= len(PAUSES):
            # Neither fewer at once nor a little patience helped: it counts by the minute and does not say so.
            seconds = max(seconds, self.pace.minute_left(now))
            self.pace.turned_away(now + seconds, now, fresh=fresh)
        return seconds

    def _halve(self, ticket: Ticket) -> None:
        left = self.in_flight - self._refused
        level = min(left + 1, self.ceiling)
        if ticket.number <= self._cut_at:
            # It was out already when the first was refused, so it does not halve again; but with it they were too many.
            self._cut = max(1, min(self._cut or level, left))
            self._wall = max(2, min(self._wall or level, left + 1))
            return
        again = self._wall is not None and level >= self._wall
        self._patience = min(self._patience * 2, _MOST_PATIENCE) if again else _PATIENCE
        self._wall = level if level > 1 else self._wall
        self._cut_at = self._admissions
        self._cut = max(1, level // 2)
        self._good = 0

    def _grow(self) -> None:
        if self._cut is None:
            return
        self._good += 1
        at_wall = self._wall is not None and self._cut + 1 == self._wall
        if self._good < self._cut * (self._patience if at_wall else 1):
            return
        self._good = 0
        if self._wall is not None and self._cut >= self._wall:
            self._wall = None  # it holds by now
        self._cut = self._cut + 1 if self._cut + 1 < self._most else None
