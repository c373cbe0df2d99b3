"""Money set aside before a request goes out, and settled when it is answered (RELIABILITY.md section 6).

A budget that only counts afterwards is overrun by whatever is under way; so the worst case is *reserved* right before
the ledger says "sending", under a lock: requests at the same time cannot pass a limit together.  Then

=============================  ==========================================================================
not sent, turned away, refused  :meth:`Reservation.release`: nothing was charged
done                            :meth:`Reservation.settle` with what it cost, which may be more or less
unknown, paid but not usable    :meth:`Reservation.keep`: it counts as spent until somebody knows better
=============================  ==========================================================================

The sums of the session and of a cell are in memory.  Those of a day are in the ledgers (:mod:`imgcell.costs.days`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from imgcell.costs.amounts import ZERO, Limit, exact, money
from imgcell.costs.days import Day
from imgcell.errors import BudgetExceededError
from imgcell.language import tr
from imgcell.providers.prices import Basis, Cost

__all__ = ["Cell", "Purse", "Reservation", "Scope", "Sums", "Who", "cell", "forget", "one_cell", "purse"]

Scope = Literal["session", "day", "cell"]


@dataclass(frozen=True)
class Who:
    """Who asks for money: provider and model, for messages, and the library's folder in which the ledger is, or ``None``."""

    provider: str
    model: str | None
    home: Path | None


@dataclass
class Sums:
    """What was spent in one currency, by how it is known, and what is set aside for requests under way.

    Attributes:
        spent: By basis.
        reserved: For what has no answer yet.
        requests: How many are in *spent*.
        open: How many of them may have been charged, nobody knows.
    """

    spent: dict[Basis, Decimal] = field(default_factory=dict)
    reserved: Decimal = ZERO
    requests: int = 0
    open: int = 0

    @property
    def total(self) -> Decimal:
        """All that was spent."""
        return sum(self.spent.values(), ZERO)


class Cell:
    """What one run of a cell, or of the client, spends.

    Attributes:
        sums: By currency.
        turn: Whose turn it is to be checked: where a budget does not suffice for all, the first ones are sent.
    """

    def __init__(self) -> None:
        self.sums: dict[str, Sums] = {}
        self.turn = asyncio.Lock()


_cell: ContextVar[Cell | None] = ContextVar("imgcell_cell", default=None)


def cell() -> Cell:
    """Return the cell for which money is asked now: the one of :func:`one_cell`, else a new one."""
    return _cell.get() or Cell()


@contextlib.contextmanager
def one_cell(of: Cell | None = None) -> Iterator[Cell]:
    """Count everything that is submitted within as one cell, however many runs it is; *of* is one that has begun."""
    token = _cell.set(of or Cell())
    try:
        yield cell()
    finally:
        _cell.reset(token)


class Reservation:
    """Money set aside for one request; settled, kept or released once, later calls do nothing."""

    def __init__(self, purse: Purse, cost: Cost | None, cell: Cell, home: Path | None) -> None:
        self._purse = purse
        self._cell = cell
        self._home = home
        self._day = Day.today()
        self._over = False
        self.cost = cost

    @property
    def over(self) -> bool:
        """Whether it was settled, kept or released."""
        return self._over

    def release(self) -> None:
        """Give it back: nothing was charged."""
        self._purse._end(self, None, sent=False)

    def settle(self, cost: Cost | None) -> None:
        """Count what it cost; ``None`` or another currency than was expected: what was set aside stays counted."""
        if cost is None or (self.cost is not None and cost.currency != self.cost.currency and cost.basis != "free"):
            self._purse._end(self, self.cost, sent=True)
        else:
            self._purse._end(self, cost, sent=True)

    def keep(self, attempt: str | None = None) -> None:
        """Count it as spent, because it may be; *attempt* is the ledger's id, for :meth:`Purse.resolve`."""
        self._purse._end(self, self.cost, sent=True, open_as=attempt or "")


class Purse:
    """What this process spends; for all threads.

    Args:
        day: The day's limit and sum, which all processes share; ``None`` makes it.
    """

    def __init__(self, day: Day | None = None) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Cost, Reservation]] = {}
        self.sums: dict[str, Sums] = {}
        #: Requests that were answered and of which nobody knows what they cost.
        self.unknown = 0
        self.session: Limit | None = None
        self.cell: Limit | None = None
        self.day = day if day is not None else Day()

    @property
    def limited(self) -> bool:
        """Whether any budget is set, as far as :meth:`look` has seen."""
        return self.session is not None or self.cell is not None or self.day.limit is not None

    def look(self) -> None:
        """See whether the day's budget was changed by another process; at most once a second, never on the loop's thread."""
        self.day.look()

    @contextlib.contextmanager
    def reserving(self, cost: Cost | None, cell: Cell, who: Who) -> Iterator[Reservation]:
        """Set *cost* aside for a request that is written into the ledger within; an exception in there gives it back.

        While a budget for the day is set, this waits for its turn among all processes, so it never runs on the loop.

        Args:
            cost: The worst case for all pictures of the request, or ``None`` if no price is known.
            cell: Whose request it is.
            who: For messages, and where the request is written down.

        Raises:
            BudgetExceededError: It does not fit; nothing may be sent.
        """
        free = cost is not None and cost.basis == "free"
        day = self.day.turn(who.home) if self.day.limit is not None and not free else contextlib.nullcontext()
        with day:
            reservation = self._reserve(cost, cell, who, free=free)
            try:
                yield reservation
            except BaseException:
                reservation.release()
                raise

    def resolve(self, attempt: str, cost: Cost | None) -> None:
        """Correct what was kept for *attempt*: ``None`` if it was not charged, else what it cost."""
        with self._lock:
            kept = self._kept.pop(attempt, None)
            if kept is None:
                return
            counted, reservation = kept
            for sums in self._books(counted.currency, reservation._cell):
                sums.open -= 1
            self._count(counted, reservation, -1)
            if cost is not None:
                self._count(cost, reservation)

    # -- under the lock ---------------------------------------------------------------------------------------

    def _reserve(self, cost: Cost | None, cell: Cell, who: Who, *, free: bool) -> Reservation:
        # The day's sum is read outside of the lock: it may take a while, and the day has a lock of its own.
        day = self.day.limit
        spent_today = self.day.spent(who.home) if day is not None and cost is not None and day.currency == cost.currency else {}
        with self._lock:
            if not free:
                limits: tuple[tuple[Scope, Limit | None], ...] = (("cell", self.cell), ("session", self.session), ("day", day))
                for scope, limit in limits:
                    if limit is not None:
                        self._check(scope, limit, cost, cell, who, spent_today)
            if cost is not None and not free:
                amount = exact(cost.amount)
                for sums in self._books(cost.currency, cell):
                    sums.reserved += amount
                self.day.elsewhere(Day.today(), who.home, cost.currency, amount)
            return Reservation(self, cost, cell, who.home)

    def _check(self, scope: Scope, limit: Limit, cost: Cost | None, cell: Cell, who: Who, today: dict[str, Decimal]) -> None:
        if cost is None:
            raise _no_price(limit, who)
        if cost.currency != limit.currency:
            raise _other_currency(limit, cost, who)
        if scope == "day":
            spent, reserved = today.get(limit.currency, ZERO), ZERO
        else:
            sums = (cell.sums if scope == "cell" else self.sums).get(limit.currency, Sums())
            spent, reserved = sums.total, sums.reserved
        amount = exact(cost.amount)
        if spent + reserved + amount > limit.amount:
            raise _exceeded(scope, limit, amount, spent, reserved)

    def _end(self, reservation: Reservation, cost: Cost | None, *, sent: bool, open_as: str | None = None) -> None:
        with self._lock:
            if reservation._over:
                return
            reservation._over = True
            reserved, cell = reservation.cost, reservation._cell
            if reserved is not None and reserved.basis != "free":
                amount = exact(reserved.amount)
                for sums in self._books(reserved.currency, cell):
                    sums.reserved -= amount
                self.day.elsewhere(reservation._day, reservation._home, reserved.currency, -amount)
            if not sent:
                return
            if cost is None:
                self.unknown += 1
                return
            self._count(cost, reservation)
            if open_as is not None:
                for sums in self._books(cost.currency, cell):
                    sums.open += 1
                if open_as:
                    self._kept[open_as] = (cost, reservation)

    def _count(self, cost: Cost, reservation: Reservation, times: Literal[1, -1] = 1) -> None:
        amount = exact(cost.amount) * times
        for sums in self._books(cost.currency, reservation._cell):
            sums.spent[cost.basis] = sums.spent.get(cost.basis, ZERO) + amount
            sums.requests += times
        self.day.elsewhere(reservation._day, reservation._home, cost.currency, amount)

    def _books(self, currency: str, cell: Cell) -> tuple[Sums, Sums]:
        return self.sums.setdefault(currency, Sums()), cell.sums.setdefault(currency, Sums())


def _no_price(limit: Limit, who: Who) -> BudgetExceededError:
    return _error(
        tr(
            "What {model} of {provider} costs is not known, and a budget of {limit} is set. Nothing was sent.",
            model=who.model or "?",
            provider=who.provider,
            limit=money(limit.amount, limit.currency),
        ),
        tr("Say what to assume for a picture (imgcell.options.assumed_price = 0.05), put prices into providers.toml, or lift the budget."),
        limit,
    )


def _other_currency(limit: Limit, cost: Cost, who: Who) -> BudgetExceededError:
    return _error(
        tr(
            "{provider} charges in {currency}, and the budget is {limit}: the two cannot be compared. Nothing was sent.",
            provider=who.provider,
            currency=cost.currency,
            limit=money(limit.amount, limit.currency),
        ),
        tr("Set the budget in {currency}, or lift it.", currency=cost.currency),
        limit,
    )


def _exceeded(scope: Scope, limit: Limit, amount: Decimal, spent: Decimal, reserved: Decimal) -> BudgetExceededError:
    words = {
        "cost": money(amount, limit.currency),
        "limit": money(limit.amount, limit.currency),
        "spent": money(spent, limit.currency),
        "reserved": money(reserved, limit.currency),
    }
    if scope == "session":
        message = tr(
            "This request could cost {cost}; of the session's budget of {limit}, "
            "{spent} is spent and {reserved} set aside. Nothing was sent.",
            **words,
        )
        hint = tr("A higher budget: imgcell.budget(session=…), or %imgcell budget AMOUNT; what was spent: imgcell.spend().")
    elif scope == "day":
        message = tr(
            "This request could cost {cost}; of today's budget of {limit}, {spent} is spent or set aside. Nothing was sent.", **words
        )
        hint = tr("A new day begins at midnight. A higher budget: imgcell.budget(day=…), or %imgcell budget AMOUNT day.")
    else:
        message = tr(
            "This request could cost {cost}; of the cell's budget of {limit}, {spent} is spent and {reserved} set aside. Nothing was sent.",
            **words,
        )
        hint = tr("Make fewer or cheaper pictures, or set a higher budget: imgcell.budget(cell=…), or %imgcell budget AMOUNT cell.")
    error = _error(message, hint, limit)
    error.scope, error.spent, error.reserved, error.cost = scope, spent, reserved, amount
    return error


def _error(message: str, hint: str, limit: Limit) -> BudgetExceededError:
    error = BudgetExceededError(message, hint=hint)
    error.limit, error.currency = limit.amount, limit.currency
    return error


_purse: tuple[int, Purse] | None = None


def purse() -> Purse:
    """Return the purse of this process; a forked child begins a session of its own, with its parent's budgets."""
    global _purse
    if _purse is None:
        _purse = (os.getpid(), Purse())
    elif _purse[0] != os.getpid():
        child = Purse()
        child.session, child.cell = _purse[1].session, _purse[1].cell
        _purse = (os.getpid(), child)
    return _purse[1]


def forget() -> None:
    """Begin again, without budgets and with nothing spent in this session."""
    global _purse
    _purse = None
