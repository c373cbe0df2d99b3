"""Sums of money: exact inside, readable outside.

Inside a budget amounts are :class:`decimal.Decimal`, so that ten times ten cents are one dollar and a limit is neither
passed nor missed by the dust of binary fractions.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.options import options
from imgcell.pictures.words import cost_text
from imgcell.providers.prices import Basis, Cost

__all__ = ["MOST", "ZERO", "Limit", "assumed", "currency_code", "exact", "limit_amount", "money", "total"]

ZERO = Decimal(0)
#: No picture costs a million, in any currency: a larger figure in an answer, or as a limit, is a mistake.
MOST = 1_000_000
#: From what is known best to what is known least.
_CERTAINTY: tuple[Basis, ...] = ("free", "billed", "computed", "estimated")
#: Digits behind the point that count: a tenth of a millionth of a thousandth.
_DUST = Decimal("1e-10")


@dataclasses.dataclass(frozen=True)
class Limit:
    """As much as may be spent.

    Attributes:
        amount: In *currency*.
        currency: ISO 4217.
    """

    amount: Decimal
    currency: str


def exact(amount: float | Decimal) -> Decimal:
    """Return *amount* as people write it: 0.1 is one tenth.

    Raises:
        ValueError: It is not finite.
    """
    value = amount if isinstance(amount, Decimal) else Decimal(repr(amount))
    if not value.is_finite():
        raise ValueError(f"{amount} is no sum of money")
    return value.quantize(_DUST) if value.adjusted() < 15 else value


def money(amount: float | Decimal, currency: str, *, brief: bool = False) -> str:
    """Return a sum as people write it: ``"$0.04"``, ``"1.20 CHF"``; one that is not zero is never shown as zero.

    *brief* leaves fractions of a cent out where the sum is 1 or more.
    """
    value = exact(amount)
    if brief and abs(value) >= 1:
        value = value.quantize(Decimal("0.01"))
    return cost_text(Cost(float(value), currency, "billed"))


def total(costs: Sequence[Cost | None]) -> Cost | None:
    """Return the sum of *costs*, known as well as the one that is known least.

    ``None`` if one of them is unknown, if there are none, or if they are in several currencies.
    """
    known = [cost for cost in costs if cost is not None]
    paid = [cost for cost in known if cost.basis != "free"] or known
    if not known or len(known) < len(costs) or len({cost.currency for cost in paid}) > 1:
        return None
    basis = max((cost.basis for cost in paid), key=_CERTAINTY.index)
    # Rounded once, at the end: three thirds of a bill are the bill.
    amount = exact(sum((Decimal(repr(cost.amount)) for cost in paid), ZERO))
    return dataclasses.replace(paid[0], amount=float(amount), basis=basis)


def currency_code(text: Any) -> str:
    """Return an ISO 4217 code in capitals.

    Raises:
        InvalidJobError: It is none.
    """
    code = text.strip().upper() if isinstance(text, str) else ""
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise InvalidJobError(
            tr("{value} is no currency.", value=repr(text)), hint=tr("A currency is three letters, for example USD, CNY or EUR.")
        )
    return code


def limit_amount(value: Any) -> Decimal:
    """Return what a user gave as a limit, exactly.

    Raises:
        InvalidJobError: It is no sum from 0 to :data:`MOST`.
    """
    if isinstance(value, (int, float, Decimal, str)) and not isinstance(value, bool):
        try:
            amount = Decimal(value.strip() if isinstance(value, str) else str(value))
        except InvalidOperation:
            amount = Decimal("nan")
        if amount.is_finite() and 0 <= amount <= MOST:
            return amount
    raise InvalidJobError(
        tr("A budget is a sum of money from 0 to {most}, not {value}.", most=f"{MOST:,}", value=repr(value)),
        hint=tr("For example 5 or 0.50; None takes a budget away."),
    )


def assumed(pictures: int) -> Cost | None:
    """Return what *pictures* pictures cost by ``imgcell.options.assumed_price``, or ``None`` if nothing is assumed."""
    price = options.assumed_price
    if price is None:
        return None
    figure, _, currency = str(price).partition(" ")
    amount = float(figure)
    return Cost(float(exact(amount) * pictures), currency or "USD", "estimated") if math.isfinite(amount) else None
