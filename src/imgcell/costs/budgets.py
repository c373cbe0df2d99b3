"""``imgcell.budget()``: setting budgets, and seeing what is left of them."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from imgcell.costs.amounts import ZERO, Limit, currency_code, limit_amount, money
from imgcell.costs.purse import Scope, Sums, purse
from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.showing import Column, as_html, as_text

__all__ = ["Budget", "Budgets", "budget"]

_UNSET: Any = object()
_OFF = ("off", "none")


@dataclass(frozen=True)
class Budget:
    """One budget, as it stood when it was asked for.

    Attributes:
        scope: ``"session"`` (this kernel, until it ends), ``"day"`` (all kernels of the user, by local days) or
            ``"cell"`` (every run of a cell, or of the client).
        limit: As much as may be spent, in *currency*.
        currency: ISO 4217.
        spent: What is spent; what may have been charged counts.  0 for a cell: each begins anew.
        reserved: What is set aside for requests under way.
    """

    scope: Scope
    limit: Decimal
    currency: str
    spent: Decimal = ZERO
    reserved: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What can still be spent, never below 0."""
        return max(ZERO, self.limit - self.spent - self.reserved)


class Budgets:
    """The budgets that are set; shows itself in a cell.

    Attributes:
        session, day, cell: Each a :class:`Budget`, or ``None`` where there is none.
    """

    def __init__(self, session: Budget | None, day: Budget | None, cell: Budget | None) -> None:
        self.session = session
        self.day = day
        self.cell = cell

    def left(self, currency: str = "USD") -> Decimal | None:
        """Return how much of *currency* the next cell can spend by all budgets; ``None`` if none is in it."""
        return min((one.left for one in self if one.currency == currency), default=None)

    def __iter__(self) -> Iterator[Budget]:
        return (one for one in (self.session, self.day, self.cell) if one is not None)

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Budgets) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it holds sums that are compared, not a name

    def __repr__(self) -> str:
        said = ", ".join(f"{one.scope}={money(one.left, one.currency)} of {money(one.limit, one.currency)}" for one in self)
        return f"Budgets({said})"

    def __str__(self) -> str:
        return as_text(_columns(), self._rows()) if self else _none()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        return as_html(_columns(), self._rows()) if self else f"<div>{html.escape(_none())}</div>"

    def _rows(self) -> list[list[str]]:
        names = {"session": tr("this session"), "day": tr("today, all kernels"), "cell": tr("each cell")}
        rows = []
        for one in self:
            limit, spent, reserved, left = (money(sum_, one.currency) for sum_ in (one.limit, one.spent, one.reserved, one.left))
            # The ledgers do not tell what is under way from what is spent, and a cell begins anew each time.
            sums = {"session": (spent, reserved, left), "day": (spent, "–", left), "cell": ("–", "–", "–")}[one.scope]
            rows.append([names[one.scope], limit, *sums])
        return rows


def budget(session: Any = _UNSET, *, day: Any = _UNSET, cell: Any = _UNSET, currency: str = "USD") -> Budgets:
    """Set budgets, and return those that are in force; without arguments only the latter.

    A request whose worst case does not fit into every budget is refused before it is sent
    (:class:`~imgcell.errors.BudgetExceededError`); so is one of which no price is known, unless
    ``imgcell.options.assumed_price`` says what to count.  What may have been charged counts as spent.

    Args:
        session: As much as this kernel may spend from its start on, in *currency*: a number, or a text with a number.
            ``None`` or ``"off"`` lifts the budget.
        day: As much as all kernels of the user may spend on a local day, together; kept in ``budget.json`` of the
            library's folder, so it also holds after a restart.
        cell: As much as one run of a cell (or one call of the client) may spend.
        currency: ISO 4217; providers that charge in another one are refused.

    Returns:
        What is set, spent, set aside and left.

    Raises:
        InvalidJobError: For what is no sum or no currency; nothing is changed.
        ConfigurationError: If the budget of the day cannot be written or read.
    """
    code = currency_code(currency)
    given = {"session": session, "day": day, "cell": cell}
    limits = {scope: _limit(value, code) for scope, value in given.items() if value is not _UNSET}
    own = purse()
    if "day" in limits:
        # First, because it alone can fail.
        own.day.set(limits["day"])
    if "session" in limits:
        own.session = limits["session"]
    if "cell" in limits:
        own.cell = limits["cell"]
    own.look()
    return _standing()


def _limit(value: Any, currency: str) -> Limit | None:
    if value is None or (isinstance(value, str) and value.strip().lower() in _OFF):
        return None
    if value is False:
        raise InvalidJobError(
            tr("A budget is not switched off with False."), hint=tr('None, or "off", takes it away; 0 lets nothing through.')
        )
    return Limit(limit_amount(value), currency)


def _standing() -> Budgets:
    own = purse()
    session = day = cell = None
    if own.session is not None:
        sums = own.sums.get(own.session.currency, Sums())
        session = Budget("session", own.session.amount, own.session.currency, sums.total, sums.reserved)
    if own.day.limit is not None:
        limit = own.day.limit
        day = Budget("day", limit.amount, limit.currency, own.day.spent().get(limit.currency, ZERO))
    if own.cell is not None:
        cell = Budget("cell", own.cell.amount, own.cell.currency)
    return Budgets(session, day, cell)


def _columns() -> list[Column]:
    heads = [tr("budget"), tr("limit"), tr("spent"), tr("set aside"), tr("left")]
    return [Column(heads[0]), *(Column(head, right=True) for head in heads[1:])]


def _none() -> str:
    return tr("No budget is set. imgcell.budget(5) sets one of 5 US dollars for this session; day= and cell= set others.")
