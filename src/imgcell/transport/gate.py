"""The door to one provider: the policy of :mod:`imgcell.transport.turns` on an event loop.

One gate stands before one provider and key, for all clients of the process: a ``Retry-After`` that one request was given
holds all of them back, where private back-off would have each find out for itself (RELIABILITY.md section 6).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from imgcell.errors import AuthenticationError, ImgcellError, NotSentError, QuotaExceededError, RateLimitError
from imgcell.language import tr
from imgcell.transport.pace import Limit, limit_in, per_minute
from imgcell.transport.turns import UNKNOWNS, Ticket, Turns

if TYPE_CHECKING:
    from imgcell.transport.sharing import Others

__all__ = ["LONGEST_WAIT", "Gate", "Turn"]

#: A wait longer than this, in seconds, is shown to the user instead.
LONGEST_WAIT = 60.0
#: Seconds between two looks at how long those in line will wait.
_TICK = 1.0
#: Seconds that are not worth telling anybody about.
_MOMENT = 0.05


class Gate:
    """For one event loop, except :attr:`paused`, :attr:`limit` and :meth:`resume`, which are for any thread.

    Args:
        clock: What tells the seconds.
        others: The other processes of the user that speak to the same provider with the same key, if they can be asked.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, others: Others | None = None) -> None:
        self._turns = Turns(clock)
        self._others = others
        self._allowed: float | None = None
        self._waiting: dict[Ticket, tuple[asyncio.Future[None], Turn]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._ticker: asyncio.Handle | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nothing is in flight."""
        return not self._turns.line and not self._turns.in_flight

    @property
    def paused(self) -> bool:
        """Whether nothing is sent any more until :meth:`resume`: several requests in a row may have been charged for nothing."""
        return self._turns.paused

    @property
    def served(self) -> int:
        """How many requests brought what was asked for."""
        return self._turns.served

    @property
    def limit(self) -> Limit | None:
        """How many pictures in how many seconds are allowed, as far as that is known; for any thread."""
        return self._turns.pace.limit(self._turns.now())

    def resume(self) -> None:
        """Send again after a pause."""
        self._turns.resume()

    def allow(self, images_per_minute: float | None) -> None:
        """Keep to what a profile says; ``None`` leaves it to the provider's own words."""
        if images_per_minute is not None and images_per_minute != self._allowed:
            self._allowed = images_per_minute
            self._turns.pace.tell(per_minute(images_per_minute))

    def assume(self, limit: Limit | None, hold: float) -> None:
        """Begin with what another process has learned."""
        if limit is not None:
            self._turns.pace.assume(limit, self._turns.now())
        self._turns.hold(hold)

    def turn(
        self,
        pictures: int = 1,
        *,
        owner: object = None,
        limit: int = 1,
        tell: Callable[[float], None] | None = None,
        nested: bool = False,
        place: int = 0,
        last: int | None = None,
    ) -> Turn:
        """Return a place in line, to be entered with ``async with``.

        Args:
            pictures: How many the request asks for.
            owner: The client, and
            limit: how many of its requests may be in flight.
            tell: Called about once a second with the seconds that the provider's limits keep it waiting.
            nested: Not to wait for anything: whoever is in flight waits for this request.
            place: The :attr:`Turn.place` of one that was turned away; 0 is the end of the line.
            last: If this is its last try, how many had been :attr:`served` at its first: where it is turned away again and
                there are no more by then, those in line are not sent either.
        """
        return Turn(self, Ticket(pictures=max(1, pictures), owner=owner, limit=max(1, limit), place=place), tell, nested=nested, last=last)

    def _heard(self, turn: Turn, headers: Mapping[str, str]) -> None:
        limit, remaining, reset = limit_in(headers)
        if limit is not None:
            # From now on the provider itself says with every answer what the other processes have taken.
            self._others = None if remaining is not None else self._others
            self._turns.pace.tell(limit)
            self._turns.pace.stated(remaining, reset, self._turns.now(), entry=turn._ticket.entry)

    def stop(self, reason: ImgcellError) -> None:
        """Send nothing of what waits now; what comes later may try again."""
        self._fail(
            lambda: NotSentError(
                tr("Not sent, because a request before it was refused: {reason}", reason=reason.message),
                hint=reason.hint,
                status=reason.status,
            )
        )

    # -- for the turns ----------------------------------------------------------------------------------------

    async def _enter(self, turn: Turn) -> None:
        if self._turns.paused:
            raise _paused()
        ticket = turn._ticket
        if turn._nested:
            self._turns.pass_by(ticket)
            return
        self._turns.join(ticket)
        while True:
            await self._through(turn)
            seconds = await self._taken_by_others(ticket)
            if self._turns.paused:  # while the others were asked
                self._turns.withdraw(ticket)
                raise _paused()
            if seconds <= 0:
                return
            self._turns.back(ticket, seconds)

    async def _through(self, turn: Turn) -> None:
        ticket = turn._ticket
        admitted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[ticket] = (admitted, turn)
        try:
            self._pump()
            await admitted
        except BaseException:
            self._waiting.pop(ticket, None)
            self._turns.withdraw(ticket)
            self._pump()
            raise

    async def _taken_by_others(self, ticket: Ticket) -> float:
        """Return the seconds to wait for what other processes have sent; 0 if there are none, or they cannot be asked."""
        limit = self._turns.pace.limit(self._turns.now())
        if self._others is None or limit is None:
            return 0.0
        try:
            asking = asyncio.get_running_loop().run_in_executor(None, self._others.claim, ticket.pictures, limit)
        except RuntimeError:  # the interpreter is on its way out and has no threads any more
            return 0.0
        try:
            seconds, limit = await asking
        except BaseException:
            self._turns.withdraw(ticket)
            self._pump()
            raise
        self._turns.pace.assume(limit, self._turns.now())
        return seconds

    def _leave(self, turn: Turn) -> None:
        self._turns.end(turn._ticket, turn.outcome)
        if self._turns.paused:
            self._fail(_paused)
        if turn.outcome == "turned-away":
            # It is back in line before anybody else is let through: it was there first.
            asyncio.get_running_loop().call_soon(self._pump)
        else:
            self._pump()

    def _heed(self, turn: Turn, error: ImgcellError) -> None:
        if isinstance(error, RateLimitError):
            self._turned_away(turn, error)
        elif isinstance(error, (AuthenticationError, QuotaExceededError)):
            self.stop(error)

    def _turned_away(self, turn: Turn, error: RateLimitError) -> None:
        if error.retry_after is not None and error.retry_after > LONGEST_WAIT:
            self._turns.turned_away(turn._ticket, 0.0, paced=False)
            self.stop(error)
            return
        paced = error.status == 429
        turn.counts, turn.held = self._turns.turned_away(turn._ticket, error.retry_after, paced=paced)
        if turn.counts and turn._last_try == self.served:
            self.stop(error)
        if self._others is not None and error.retry_after is not None and paced:
            now, pace = self._turns.now(), self._turns.pace
            facts = (pace.found, pace.limit(now), turn.held, pace.lately(now))
            with contextlib.suppress(RuntimeError):  # as above
                asyncio.get_running_loop().run_in_executor(None, self._others.tell, *facts).add_done_callback(self._learned)

    def _learned(self, told: asyncio.Future[Limit | None]) -> None:
        if not told.cancelled() and told.exception() is None and (limit := told.result()) is not None:
            self._turns.pace.assume(limit, self._turns.now())

    # -- the loop's side --------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Let through whoever may go, and come back when the next one may."""
        while (ticket := self._turns.next()) is not None:
            admitted, _ = self._waiting.pop(ticket, (None, None))
            if admitted is None or admitted.done():
                self._turns.withdraw(ticket)  # it was cancelled, and does not know it yet
            else:
                admitted.set_result(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        seconds = self._turns.wait()
        if seconds is None:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(seconds, 0.001), self._pump)
        if self._ticker is None:
            self._ticker = loop.call_soon(self._tick)

    def _tick(self) -> None:
        self._ticker = None
        again = False
        for ticket, seconds in self._turns.waits():
            waiting = self._waiting.get(ticket)
            if waiting is None or waiting[0].done():
                continue
            again = again or seconds > _MOMENT
            waiting[1]._told(seconds if seconds > _MOMENT else 0.0)
        if again and self._ticker is None:
            self._ticker = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def _fail(self, error: Callable[[], ImgcellError]) -> None:
        waiting, self._waiting = self._waiting, {}
        for ticket, (admitted, _) in waiting.items():
            self._turns.withdraw(ticket)
            if not admitted.done():
                admitted.set_exception(error())


class Turn:
    """One request's time at the provider, from waiting in line to its end.

    Attributes:
        outcome: The ledger's word for what came of it, to be set before the end.
        counts: After it was turned away: whether it had been sent although everything told before was heeded.
        held: ... and the seconds for which all are held.
    """

    def __init__(self, gate: Gate, ticket: Ticket, tell: Callable[[float], None] | None, *, nested: bool, last: int | None) -> None:
        self._gate = gate
        self._ticket = ticket
        self._tell = tell
        self._nested = nested
        self._last_try = last
        self._said: int | None = None
        self.outcome = "not-sent"
        self.counts = True
        self.held = 0.0

    @property
    def place(self) -> int:
        """Where in the line it stood."""
        return self._ticket.place

    def sent(self) -> None:
        """Note that the request is whole on its way."""
        self._gate._turns.sent(self._ticket)

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take in what the answer's headers say of limits."""
        self._gate._heard(self, headers)

    def heed(self, error: ImgcellError) -> None:
        """Take in what an error means for the others, while this one still has its place."""
        self._gate._heed(self, error)

    async def __aenter__(self) -> Turn:
        await self._gate._enter(self)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._gate._leave(self)

    def _told(self, seconds: float) -> None:
        whole = math.ceil(seconds)
        if self._tell is not None and whole != self._said and (whole or self._said is not None):
            self._said = whole
            self._tell(seconds)


def _paused() -> NotSentError:
    return NotSentError(
        tr("Not sent: the last {count} requests ended without an answer, and each may have been charged.", count=UNKNOWNS),
        hint=tr(
            "Look at the provider's usage page. When you want to go on: `%imgcell resume`, the option --yes of a cell, or client.resume()."
        ),
    )
