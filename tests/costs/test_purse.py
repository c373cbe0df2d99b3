"""Money set aside: whatever the order of reserve, settle, keep, release and crash, no limit is passed."""

from __future__ import annotations

import contextlib
import sys
import threading
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from imgcell.costs.amounts import Limit, exact, money
from imgcell.costs.days import Day
from imgcell.costs.purse import Cell, Purse, Who
from imgcell.errors import BudgetExceededError
from imgcell.options import home
from imgcell.providers.prices import Cost

WHO = Who("relay", "model", None)


def usd(amount, basis="estimated"):
    return Cost(amount, "USD", basis)


def limit(amount, currency="USD"):
    return Limit(Decimal(str(amount)), currency)


def reserve(purse, cost, cell=None, who=WHO):
    with purse.reserving(cost, cell or Cell(), who) as reservation:
        return reservation


@pytest.fixture
def purse():
    """A purse whose day has no file and no ledger."""
    return Purse(Day(lambda home: {}))


def test_ten_times_ten_cents_are_one_dollar(purse):
    """Neither passed nor missed by the dust of binary fractions: 0.1 + 0.2 fits into 0.3, and nothing more does."""
    purse.session = limit(0.3)
    reserve(purse, usd(0.1)).settle(usd(0.1, "billed"))
    reserve(purse, usd(0.2))
    with pytest.raises(BudgetExceededError):
        reserve(purse, usd(0.0000000001))
    purse.session = limit(1)
    for _ in range(7):
        reserve(purse, usd(0.1))
    assert purse.sums["USD"].total + purse.sums["USD"].reserved == 1


def test_a_refusal_names_limit_spent_reserved_and_cost(purse):
    """... in the message and as attributes; nothing is set aside for what was refused."""
    purse.session = limit(0.5)
    reserve(purse, usd(0.2)).settle(usd(0.15, "computed"))
    reserve(purse, usd(0.2))
    with pytest.raises(
        BudgetExceededError, match=r"could cost \$0\.211.*budget of \$0\.50, \$0\.15 is spent and \$0\.20 set aside"
    ) as caught:
        reserve(purse, usd(0.211))
    error = caught.value
    assert (error.scope, error.currency, float(error.limit), float(error.spent)) == ("session", "USD", 0.5, 0.15)
    assert (float(error.reserved), float(error.cost)) == (0.2, 0.211)
    assert "imgcell.budget(session=" in error.hint
    assert purse.sums["USD"].reserved == Decimal("0.2")


def test_what_is_released_can_be_spent_again_and_ends_count_once(purse):
    """Release gives back; settle, keep and release after an end change nothing."""
    purse.session = limit(0.2)
    first = reserve(purse, usd(0.2))
    first.release()
    second = reserve(purse, usd(0.2))
    second.settle(usd(0.05, "billed"))
    for reservation in (first, second):
        reservation.release()
        reservation.settle(usd(9.0))
        reservation.keep("a-1")
    assert (purse.sums["USD"].total, purse.sums["USD"].reserved, purse.sums["USD"].requests) == (Decimal("0.05"), 0, 1)


def test_an_exception_before_the_ledger_has_it_gives_the_money_back(purse):
    """A full disk after the check is no spending."""
    purse.session = limit(0.2)
    with pytest.raises(OSError, match="full"), purse.reserving(usd(0.2), Cell(), WHO):
        raise OSError("full")
    assert purse.sums["USD"].reserved == 0


def test_what_cost_more_than_expected_is_counted_truly(purse):
    """A bill above what was set aside passes the limit; then nothing fits any more, not even a little."""
    purse.session = limit(0.3)
    reserve(purse, usd(0.1)).settle(usd(0.7, "billed"))
    assert purse.sums["USD"].total == Decimal("0.7")
    with pytest.raises(BudgetExceededError):
        reserve(purse, usd(0.01))


def test_an_unknown_price_is_refused_under_a_budget_only(purse):
    """Nobody can say that it fits; without a budget it goes, and is counted as unknown, not as zero."""
    reserve(purse, None).settle(None)
    assert (purse.unknown, purse.sums) == (1, {})
    purse.cell = limit(5)
    with pytest.raises(BudgetExceededError, match=r"What model of relay costs is not known, and a budget of \$5\.00") as caught:
        reserve(purse, None)
    assert "assumed_price" in caught.value.hint


def test_another_currency_is_refused_with_advice(purse):
    """Yuan and dollars cannot be compared, and are not."""
    purse.session = limit(100)
    with pytest.raises(BudgetExceededError, match=r"relay charges in CNY, and the budget is \$100\.00") as caught:
        reserve(purse, Cost(0.01, "CNY", "estimated"))
    assert "CNY" in caught.value.hint


def test_what_is_free_passes_any_budget(purse):
    """... also one of nothing, and one in another currency."""
    purse.session, purse.cell = limit(0), limit(0, "CNY")
    reserve(purse, usd(0.0, "free")).settle(usd(0.0, "free"))
    assert purse.sums["USD"].total == 0


def test_a_cell_has_a_limit_of_its_own(purse):
    """Each run of a cell begins anew; within it all requests count together."""
    purse.cell = limit(0.3)
    first, second = Cell(), Cell()
    reserve(purse, usd(0.2), first).keep()
    with pytest.raises(BudgetExceededError, match="the cell's budget"):
        reserve(purse, usd(0.2), first)
    reserve(purse, usd(0.3), second)


def test_an_unknown_bill_keeps_what_was_set_aside(purse):
    """Done, but nobody says what it cost, or says it in another currency: the worst case stays counted."""
    purse.session = limit(1)
    reserve(purse, usd(0.4)).settle(None)
    reserve(purse, usd(0.4)).settle(Cost(0.01, "CNY", "billed"))
    assert purse.sums["USD"].total == Decimal("0.8")


def test_what_is_kept_can_be_resolved_later(purse):
    """The user finds out whether it was charged: the sum follows, once."""
    purse.session = limit(1)
    cell = Cell()
    reserve(purse, usd(0.4), cell).keep("a-1")
    reserve(purse, usd(0.3), cell).keep("a-2")
    assert (purse.sums["USD"].total, purse.sums["USD"].open) == (Decimal("0.7"), 2)
    purse.resolve("a-1", None)
    purse.resolve("a-1", None)
    purse.resolve("a-2", usd(0.1, "billed"))
    purse.resolve("a-3", None)
    for sums in (purse.sums["USD"], cell.sums["USD"]):
        assert (sums.total, sums.open, sums.requests) == (Decimal("0.1"), 0, 1)


@pytest.fixture
def restless():
    """Threads that take turns after every few instructions."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_threads_cannot_pass_a_limit_together(restless):
    """Eight threads ask for a cent at the same time where there is one: one gets it, four hundred times over."""
    purses = [Purse(Day(lambda home: {})) for _ in range(400)]
    for purse in purses:
        purse.session = limit(0.01)
    begin = threading.Barrier(8)

    def ask():
        for purse in purses:
            begin.wait()
            with contextlib.suppress(BudgetExceededError):
                reserve(purse, usd(0.01)).settle(usd(0.01, "billed"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {purse.sums["USD"].total for purse in purses} == {Decimal("0.01")}


def test_small_sums_are_never_shown_as_nothing():
    """A hundredth of a cent has a name."""
    assert money(0.00001, "USD") == "< $0.0001"
    assert money(Decimal("0.2110000000"), "USD") == "$0.211"
    assert money(3, "CHF") == "3.00 CHF"
    assert exact(0.1) + exact(0.2) == exact(0.3)


class Accounts(RuleBasedStateMachine):
    """A session, a day with a ledger that outlives crashes, and cells, under limits that do not change."""

    reservations = Bundle("reservations")
    cents = st.integers(0, 40).map(lambda n: n / 100)

    @initialize(session=st.none() | st.integers(0, 100), day=st.none() | st.integers(0, 150), cell=st.none() | st.integers(0, 60))
    def begin(self, session, day, cell):
        """Set the limits, which stay."""
        self.limits = {"session": session, "day": day, "cell": cell}
        self.ledger = {}  # attempt -> what it counts: as the ledger's lines would say
        self.start()

    def start(self):
        """A new process: only the ledger and the day's limit are there."""
        self.alive = {}
        self.cells = [Cell(), Cell()]
        self.purse = Purse(Day(lambda home: {"USD": sum(self.ledger.values(), Decimal(0))}))
        self.purse.day.turn = lambda also: threading.Lock()  # no file: one process only
        self.purse.day.limit = self.limited("day")
        self.purse.session, self.purse.cell = self.limited("session"), self.limited("cell")

    def limited(self, scope):
        """Return the limit of a scope."""
        return None if self.limits[scope] is None else limit(self.limits[scope] / 100)

    @rule(target=reservations, amount=cents, which=st.integers(0, 1), fails=st.booleans())
    def reserve(self, amount, which, fails):
        """Ask for money and write the line; sometimes the disk is full in between."""
        attempt = f"a-{len(self.ledger)}-{len(self.alive)}-{id(self.purse)}"
        try:
            with self.purse.reserving(usd(amount), self.cells[which], Who("relay", "m", home())) as reservation:
                if fails:
                    raise OSError("full")
                self.ledger[attempt] = exact(amount)
        except OSError:
            return None
        except BudgetExceededError as error:
            assert error.limit is not None
            return None
        self.alive[attempt] = (reservation, amount)
        return attempt

    @rule(attempt=consumes(reservations), part=st.floats(0, 1))
    def settle(self, attempt, part):
        """It cost this part of what was set aside."""
        if attempt in self.alive:
            reservation, amount = self.alive.pop(attempt)
            actual = round(amount * part, 4)
            self.ledger[attempt] = exact(actual)
            reservation.settle(usd(actual, "computed"))

    @rule(attempt=consumes(reservations))
    def keep(self, attempt):
        """Nobody knows."""
        if attempt in self.alive:
            self.alive.pop(attempt)[0].keep(attempt)

    @rule(attempt=consumes(reservations), again=st.booleans())
    def release(self, attempt, again):
        """Nothing was charged; a second end changes nothing."""
        if attempt in self.alive:
            reservation, amount = self.alive.pop(attempt)
            self.ledger[attempt] = Decimal(0)
            reservation.release()
            if again:
                reservation.settle(usd(amount))

    @rule()
    def crash(self):
        """The process is gone with all that it had in memory; what it had sent has no end in the ledger."""
        self.start()

    @invariant()
    def no_limit_is_passed(self):
        """0 <= reserved + spent <= limit, in every book; the session's reservations are exactly those that are alive."""
        if not hasattr(self, "limits"):
            return
        alive = sum((exact(amount) for _, amount in self.alive.values()), Decimal(0))
        books = {"session": self.purse.sums}
        books |= {f"cell{number}": cell.sums for number, cell in enumerate(self.cells)}
        for name, sums in books.items():
            if "USD" in sums:
                scope = self.limits["cell" if name.startswith("cell") else "session"]
                together = sums["USD"].total + sums["USD"].reserved
                assert sums["USD"].total >= 0
                assert sums["USD"].reserved >= 0
                assert scope is None or together <= Decimal(scope) / 100
        if "USD" in self.purse.sums:
            assert self.purse.sums["USD"].reserved == alive
        if self.limits["day"] is not None:
            assert 0 <= sum(self.ledger.values(), Decimal(0)) <= Decimal(self.limits["day"]) / 100


TestAccounts = Accounts.TestCase
TestAccounts.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
