"""When a question comes before money is spent, what it names, and how it is asked (USERS.md section 2, "surprise bill")."""

from __future__ import annotations

import sys
from typing import Any

from imgcell.errors import InvalidJobError
from imgcell.language import listed, tr
from imgcell.options import options
from imgcell.pictures.words import cost_text
from imgcell.providers.prices import Cost

__all__ = ["UNPRICED", "ask", "dear", "priced", "summed", "takes_input"]

#: So many pictures of unknown price are made without asking.
UNPRICED = 4
#: So large a part of what is left of a budget is spent without asking.
_SHARE = 0.25


def dear(sums: dict[str, float]) -> bool:
    """Whether an estimate, by currency, is above the user's threshold, or a large part of what is left of a budget."""
    if any(amount > options.ask_over_cost for amount in sums.values()):
        return True
    if not sums:
        return False
    from imgcell.costs.budgets import budget  # it is not on the way to a picture that costs little

    limits = budget()
    left = {currency: limits.left(currency) for currency in sums}
    return any(rest is not None and sums[currency] > float(rest) * _SHARE for currency, rest in left.items())


def priced(sums: dict[str, float]) -> str:
    """Return an estimate, each currency by itself; ``""`` if there is none."""
    return " + ".join(cost_text(Cost(amount, currency, "estimated")) for currency, amount in sorted(sums.items()))


def summed(pictures: int, sums: dict[str, float], unpriced: int) -> str:
    """Return what would be made, as part of a sentence: how many pictures, for how much, and of how many that is not known."""
    unknown = tr("price unknown") if unpriced == pictures else tr("price of {count} unknown", count=unpriced)
    count = tr("one picture") if pictures == 1 else tr("{pictures} pictures", pictures=pictures)
    return listed(count, priced(sums), unknown if unpriced else None)


def takes_input(ipython: Any) -> bool:
    """Whether a question would be answered: a notebook whose front end takes input, or a terminal.

    Args:
        ipython: The shell; ``None`` where there is none.
    """
    kernel = getattr(ipython, "kernel", None)
    if kernel is not None:
        return bool(getattr(kernel, "_allow_stdin", False))
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str, *, no: InvalidJobError, nobody: InvalidJobError) -> None:
    """Ask, and return if the answer is yes.

    Raises:
        InvalidJobError: *no*, if it is not; *nobody*, where the front end takes no input.
    """
    try:
        answer = input(question + " ")
    except (EOFError, KeyboardInterrupt):
        answer = ""
    except Exception as error:  # ipykernel's StdinNotImplementedError, whose home has moved between versions
        if type(error).__name__ != "StdinNotImplementedError":
            raise
        raise nobody from None
    if answer.strip().lower() not in ("y", "yes", "j", "是", "好"):
        raise no
