"""Whose turn it is: the policy of the gate, with a clock that the test sets."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from imgcell.transport.pace import Limit, Pace, limit_in, seconds_of
from imgcell.transport.turns import PAUSES, UNKNOWNS, Ticket, Turns


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Provider:
    """A provider with a strict limit, and a client that sends as fast as the policy lets it."""

    def __init__(self, jobs: int, *, ceiling: int = 4, latency: float = 0.5, way: float = 0.02) -> None:
        self.clock = Clock()
        self.turns = Turns(self.clock)
        self.jobs = jobs
        self.latency, self.way = latency, way
        self.refused = self.served = 0
        self.ceiling = ceiling
        self.flying: list[tuple[float, Ticket, float | None]] = []

    def takes(self, now: float) -> float | None:
        """Count a request, or return the seconds after which it should come again."""
        raise NotImplementedError

    def run(self, most: float = 3600.0) -> float:
        """Send all jobs and return the seconds that it took."""
        begun = self.clock.now
        for _ in range(self.jobs):
            self.turns.join(Ticket(limit=self.ceiling))
        while self.served < self.jobs:
            while (ticket := self.turns.next()) is not None:
                self.turns.sent(ticket)
                wait = self.takes(self.clock.now + self.way)
                takes = 2 * self.way + (self.latency if wait is None else 0.0)
                self.flying.append((self.clock.now + takes, ticket, wait))
            soonest = min((at for at, _, _ in self.flying), default=math.inf)
            wait = self.turns.wait()
            self.clock.now = min(soonest, self.clock.now + wait if wait is not None else math.inf)
            assert self.clock.now < begun + most, "it takes for ever"
            for entry in [entry for entry in self.flying if entry[0] <= self.clock.now]:
                self.flying.remove(entry)
                _, ticket, wait = entry
                if wait is None:
                    self.served += 1
                    self.turns.end(ticket, "done")
                else:
                    self.refused += 1
                    self.turns.turned_away(ticket, wait)
                    self.turns.end(ticket, "turned-away")
                    self.turns.join(Ticket(limit=self.ceiling, place=ticket.place))
        return self.clock.now - begun


class Sliding(Provider):
    """10 in any 60 seconds."""

    capacity, window = 10, 60.0

    def takes(self, now: float) -> float | None:
        """Count as said above."""
        log = self.__dict__.setdefault("log", [])
        lately = [at for at in log if at > now - self.window]
        if len(lately) >= self.capacity:
            return lately[-self.capacity] + self.window - now
        log.append(now)
        return None


class Fixed(Provider):
    """10 in every minute of the clock."""

    capacity = 10

    def takes(self, now: float) -> float | None:
        """Count as said above."""
        log = self.__dict__.setdefault("log", {})
        minute = int(now // 60)
        if log.get(minute, 0) >= self.capacity:
            return (minute + 1) * 60 - now
        log[minute] = log.get(minute, 0) + 1
        return None


class Bucket(Provider):
    """10 at first, then one every 6 seconds, with whole seconds to wait."""

    capacity, every = 10, 6.0

    def takes(self, now: float) -> float | None:
        """Count as said above."""
        level, at = self.__dict__.get("level", (float(self.capacity), now))
        level = min(float(self.capacity), level + (now - at) / self.every)
        if level < 1:
            self.level = (level, now)
            return float(math.ceil((1 - level) * self.every))
        self.level = (level - 1, now)
        return None


@pytest.mark.parametrize("latency", [0.0, 0.5, 20.0])
@pytest.mark.parametrize(("kind", "most"), [(Sliding, 4), (Fixed, 8), (Bucket, 12)])
def test_a_storm_of_64_is_paced_by_what_was_learned(kind: type[Provider], most: int, latency: float) -> None:
    """64 jobs at 10 a minute, of which nothing is known before: seven windows, and few are turned away however it is counted."""
    provider = kind(64, latency=latency)
    took = provider.run()
    assert provider.refused <= most
    assert took < 7.5 * 60 + latency


def test_a_known_limit_is_never_passed() -> None:
    """With the limit in the profile nobody is turned away, and it takes no longer than it must."""
    provider = Sliding(64)
    provider.turns.pace.tell(Limit(10, 60.0))
    took = provider.run()
    assert provider.refused == 0
    assert took < 6 * 60 * 1.03 + 5


def test_a_limit_that_is_shared_is_kept_all_the_same() -> None:
    """With half the limit taken by others, everybody still comes through, with refusals far fewer than jobs."""

    class Shared(Sliding):
        def takes(self, now: float) -> float | None:
            """Count as said above."""
            log = self.__dict__.setdefault("log", [])
            for k in range(int(now // 12) - len(self.__dict__.setdefault("others", []))):
                self.others.append(k)
                log.append(now)
            return super().takes(now)

    provider = Shared(30)
    provider.run()
    assert provider.served == 30
    assert provider.refused < 30


def test_retry_after_holds_everybody() -> None:
    """What one request was told, all heed; the first in line goes first when it is over."""
    clock = Clock()
    turns = Turns(clock)
    first, second, third = (Ticket(limit=1) for _ in range(3))
    for ticket in (first, second, third):
        turns.join(ticket)
    assert turns.next() is first
    assert turns.turned_away(first, 12.0) == (True, 12.0)
    turns.end(first, "turned-away")
    again = Ticket(limit=1, place=first.place)
    turns.join(again)
    assert turns.next() is None
    assert [round(seconds) for _, seconds in turns.waits()] == [12, 12, 12]
    clock.now += 12.0
    assert turns.next() is again


def test_only_a_refusal_after_waiting_as_told_counts() -> None:
    """Requests that were out when the first was refused are no tries of theirs; one that was sent after the wait is."""
    clock = Clock()
    turns = Turns(clock)
    tickets = [Ticket(limit=4) for _ in range(4)]
    for ticket in tickets:
        turns.join(ticket)
        assert turns.next() is ticket
    counts = []
    for ticket in tickets:
        counts.append(turns.turned_away(ticket, 1.0)[0])
        turns.end(ticket, "turned-away")
    assert counts == [True, False, False, False]
    clock.now += 1.0
    later = Ticket(limit=4)
    turns.join(later)
    assert turns.next() is later
    assert turns.turned_away(later, 1.0)[0]


def test_a_refusal_without_a_time_halves_how_many_go_at_once() -> None:
    """Too many at once: half as many, then one more after every full round of successes, and no waiting meanwhile."""
    turns = Turns(Clock())
    tickets = [Ticket(limit=8) for _ in range(8)]
    for ticket in tickets:
        turns.join(ticket)
        turns.next()
    assert turns.turned_away(tickets[0], None) == (True, 0.0)
    turns.end(tickets[0], "turned-away")
    assert turns.ceiling == 4
    for ticket in tickets[1:]:
        turns.end(ticket, "done")
    assert turns.ceiling == 5
    assert turns.held() == 0.0


def test_a_burst_of_refusals_finds_how_many_there_is_room_for() -> None:
    """Of eight at once five are refused: three go at once from then on, and eight are not soon tried again."""
    turns = Turns(Clock())
    tickets = [Ticket(limit=8) for _ in range(8)]
    for ticket in tickets:
        turns.join(ticket)
        turns.next()
    for ticket in tickets[:5]:
        turns.turned_away(ticket, None)
    for ticket in tickets[:5]:
        turns.end(ticket, "turned-away")
    assert turns.ceiling == 3
    for ticket in tickets[5:]:
        turns.end(ticket, "done")
    assert turns.ceiling == 3  # four were too many; it takes some rounds before that is tried
    for _ in range(9):
        turns.join(Ticket(limit=8))
        ticket = turns.next()
        assert ticket is not None
        turns.end(ticket, "done")
    assert turns.ceiling == 4


def test_refusals_without_a_time_end_with_a_minute() -> None:
    """With nothing else in flight it waits 2 s, then 5 s; then it takes it that the provider counts by the minute."""
    clock = Clock()
    turns = Turns(clock)
    for _ in range(3):
        turns.join(ticket := Ticket())
        turns.next()
        turns.sent(ticket)
        turns.end(ticket, "done")
    waits = []
    for _ in range(3):
        turns.join(ticket := Ticket())
        assert turns.next() is ticket
        turns.sent(ticket)
        waits.append(turns.turned_away(ticket, None)[1])
        turns.end(ticket, "turned-away")
        clock.now += waits[-1]
    assert waits[:2] == list(PAUSES[:2])
    assert sum(waits) == pytest.approx(60.0)
    limit = turns.pace.limit(clock.now)
    assert limit is not None
    assert limit.capacity == 3


def test_three_unknowns_in_a_row_pause_it() -> None:
    """After three requests without an answer nothing more goes until somebody says so; an answer in between starts anew."""
    turns = Turns(Clock())

    def ends(outcome: str) -> None:
        turns.join(ticket := Ticket())
        assert turns.next() is ticket
        turns.end(ticket, outcome)

    for outcome in ("unknown", "unknown", "done", "unknown", "refused", "unknown", "unknown"):
        ends(outcome)
    assert not turns.paused
    ends("let-go")  # the user's own doing says nothing about the provider
    ends("not-sent")
    assert not turns.paused
    ends("unknown")
    assert turns.paused
    turns.resume()
    assert not turns.paused
    assert UNKNOWNS == 3


def test_a_client_waits_for_its_own_ceiling_only() -> None:
    """One whose client is at its ceiling lets others pass, and is first when a place of its client's is free."""
    turns = Turns(Clock())
    small = [Ticket(owner="small", limit=1) for _ in range(2)]
    large = [Ticket(owner="large", limit=3) for _ in range(2)]
    for ticket in (*small, *large):
        turns.join(ticket)
    assert [turns.next(), turns.next(), turns.next()] == [small[0], *large]
    assert turns.next() is None
    turns.join(Ticket(owner="large", limit=3))
    turns.end(small[0], "done")
    assert turns.next() is small[1]


def test_more_pictures_than_the_limit_go_alone() -> None:
    """A request for more than a window allows is not held for ever: it goes when nothing else counts any more."""
    clock = Clock()
    pace = Pace()
    pace.tell(Limit(4, 60.0))
    pace.sent(pace.admit(1, clock.now), clock.now)
    assert 60 < pace.wait(10, clock.now) < 62
    assert pace.wait(3, clock.now) == 0.0
    assert pace.wait(10, clock.now + 62) == 0.0


def test_a_request_does_not_age_before_it_is_sent() -> None:
    """A long upload counts from when it is whole: the provider cannot have counted it before."""
    pace = Pace()
    pace.tell(Limit(1, 60.0))
    entry = pace.admit(1, 0.0)
    assert pace.wait(1, 100.0) > 60
    pace.sent(entry, 100.0)
    assert 0 < pace.wait(1, 159.0) < 3
    assert pace.wait(1, 162.0) == 0.0


def test_what_was_not_sent_counts_for_nothing() -> None:
    """The place of a request that did not go out is free again."""
    pace = Pace()
    pace.tell(Limit(1, 60.0))
    entry = pace.admit(1, 0.0)
    assert pace.wait(1, 0.0) > 0
    pace.drop(entry)
    assert pace.wait(1, 0.0) == 0.0


def test_a_learned_limit_is_forgotten_in_time() -> None:
    """What was learned from one admission holds for a minute, from ten for ten; a stated limit comes back then."""
    pace = Pace()
    pace.tell(Limit(50, 60.0))
    pace.sent(pace.admit(1, 0.0), 0.0)
    assert pace.turned_away(10.0, 2.0, fresh=True)
    assert pace.limit(3.0) == Limit(1, 10.0)
    assert pace.limit(63.0) == Limit(50, 60.0)


def test_the_providers_word_is_taken() -> None:
    """What an answer says is left counts, with what others have taken; and so does when all of it is there again."""
    pace = Pace()
    pace.tell(Limit(10, 60.0))
    entry = pace.admit(1, 0.0)
    pace.sent(entry, 0.0)
    pace.stated(4, 30.0, 1.0, entry=entry)
    assert pace.wait(4, 1.0) == 0.0
    assert 30 < pace.wait(5, 1.0) < 32
    assert pace.wait(10, 33.0) == 0.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("58.891s", 58.891),
        ("120ms", 0.12),
        ("6m0s", 360.0),
        ("1h2m3s", 3723.0),
        ("30", 30.0),
        ("5m", 300.0),
        ("", None),
        ("soon", None),
        ("-3s", None),
        ("1e9s", None),
        ("٣s", None),
        ("999999h", 86_400.0),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    """The durations that providers write, and nothing else."""
    assert seconds_of(text) == (pytest.approx(seconds) if seconds is not None else None)


@given(st.dictionaries(st.sampled_from([f"x-ratelimit-{name}-images" for name in ("limit", "remaining", "reset")]), st.text(max_size=20)))
@settings(max_examples=300, deadline=None)
def test_any_headers_make_sense_or_nothing(headers: dict[str, str]) -> None:
    """Whatever a server writes into these headers: numbers within bounds, or nothing."""
    limit, remaining, reset = limit_in(headers)
    assert limit is None or 1 <= limit.capacity < 10**9
    assert remaining is None or 0 <= remaining < 10**9
    assert reset is None or 0 <= reset <= 86_400


class Storms(RuleBasedStateMachine):
    """Requests come, go, are refused and given up in any order, while the clock does what it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.turns = Turns(self.clock)
        self.waiting: list[Ticket] = []
        self.flying: list[Ticket] = []

    @rule(owner=st.sampled_from(["a", "b"]), pictures=st.integers(1, 12))
    def join(self, owner: str, pictures: int) -> None:
        """One more comes."""
        ticket = Ticket(pictures=pictures, owner=owner, limit={"a": 3, "b": 1}[owner])
        self.turns.join(ticket)
        self.waiting.append(ticket)

    @rule()
    def let_through(self) -> None:
        """All go whose turn it is."""
        while (ticket := self.turns.next()) is not None:
            before = self.waiting[: self.waiting.index(ticket)]
            # Only those whose own client is at its ceiling are passed.
            assert all(sum(one.owner == other.owner for one in self.flying) >= other.limit for other in before)
            self.waiting.remove(ticket)
            self.flying.append(ticket)
            assert sum(one.owner == ticket.owner for one in self.flying) <= ticket.limit

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), outcome=st.sampled_from(["done", "unknown", "refused", "not-sent", "let-go", "paid-unread"]), sent=st.booleans())
    def end(self, data: st.DataObject, outcome: str, sent: bool) -> None:
        """One is over, one way or another."""
        ticket = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        if sent:
            self.turns.sent(ticket)
        self.turns.end(ticket, outcome)

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), wait=st.none() | st.floats(0, 60))
    def refuse(self, data: st.DataObject, wait: float | None) -> None:
        """One is turned away and comes again."""
        ticket = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        self.turns.sent(ticket)
        _, held = self.turns.turned_away(ticket, wait)
        assert 0 <= held <= 60
        self.turns.end(ticket, "turned-away")
        again = Ticket(pictures=ticket.pictures, owner=ticket.owner, limit=ticket.limit, place=ticket.place)
        self.turns.join(again)
        self.waiting.append(again)
        self.waiting.sort(key=lambda one: one.place)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        """One in line goes away."""
        self.turns.withdraw(self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1))))

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), seconds=st.floats(0.001, 60))
    def taken_by_others(self, data: st.DataObject, seconds: float) -> None:
        """One finds that another process has taken its place."""
        ticket = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        self.turns.back(ticket, seconds)
        self.waiting.append(ticket)
        self.waiting.sort(key=lambda one: one.place)

    @rule(limit=st.none() | st.builds(Limit, st.integers(1, 20), st.floats(0.1, 120)))
    def be_told(self, limit: Limit | None) -> None:
        """A profile or an answer states a limit, or none."""
        self.turns.pace.tell(limit)

    @rule(seconds=st.floats(-1e6, 100))
    def time_passes(self, seconds: float) -> None:
        """The clock moves on, or is set back."""
        self.clock.now += seconds

    @invariant()
    def within_bounds(self) -> None:
        """What holds at any time."""
        assert self.turns.in_flight == len(self.flying)
        assert list(self.turns.line) == self.waiting
        assert 1 <= self.turns.ceiling <= 3
        wait = self.turns.wait()
        assert wait is None or 0 <= wait < 24 * 3600
        assert all(seconds >= 0 for _, seconds in self.turns.waits())

    def teardown(self) -> None:
        """Nobody starves: with everything answered and time going on, the line empties in the order of joining."""
        for _ in range(2 * len(self.waiting) + len(self.flying) + 1):
            while self.flying:
                self.turns.end(self.flying.pop(), "done")
            self.clock.now += self.turns.wait() or 0.0
            self.let_through()
        assert not self.waiting


TestStorms = Storms.TestCase
TestStorms.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
