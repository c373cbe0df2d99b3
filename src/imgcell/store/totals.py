"""What was paid, by day, provider, model, notebook: from the ledger, so that deleting a picture does not change the bill."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.store.moments import Moment, since_microseconds, until_microseconds

__all__ = ["Key", "Total", "requests", "totals"]

Key: TypeAlias = Literal["day", "provider", "model", "notebook", "session", "kind"]
#: The user's own days.
_KEYS = {
    "day": "date(began / 1000000, 'unixepoch', 'localtime')",
    **{name: name for name in ("provider", "model", "notebook", "session", "kind")},
}


@dataclass(frozen=True)
class Total:
    """One row of a bill.

    Attributes:
        keys: What the row is for: ``{"day": "2026-11-21", "provider": "apiyi"}``; a value that is not known is ``None``.
        currency: ISO 4217; ``None`` where no amount is known.
        amount: In *currency*; 0 where none is known.
        basis: How it is known: ``"billed"``, ``"computed"``, ``"estimated"``, ``"free"`` or ``"unknown"``.
        requests: How many requests it is the sum of.
        pictures: How many pictures came of them.
        open: How many of the requests may have been charged or not (no answer, not usable, not fetched, still under way);
            they count with their estimate.
    """

    keys: dict[str, Any]
    currency: str | None
    amount: float
    basis: str
    requests: int
    pictures: int
    open: int


def totals(connection: sqlite3.Connection, by: Sequence[Key] | Key, since: Moment | None, until: Moment | None) -> list[Total]:
    """See :meth:`imgcell.store.Library.totals`."""
    names = [by] if isinstance(by, str) else list(by)
    for name in names:
        if name not in _KEYS:
            raise InvalidJobError(tr("A bill is split by {choices}, not by {value}.", choices=", ".join(_KEYS), value=repr(name)))
    conditions, values = _span(since, until)
    keys = "".join(f"{_KEYS[name]}, " for name in names)
    groups = ", ".join(str(place) for place in range(1, len(names) + 3))
    rows = connection.execute(
        f"SELECT {keys}currency, basis, total(amount), count(*), total(pictures), total(open) FROM attempts "  # noqa: S608  # names of our own
        f"WHERE counts{conditions} GROUP BY {groups} ORDER BY {groups}",
        values,
    )
    width = len(names)
    return [
        Total(dict(zip(names, row, strict=False)), row[width], round(row[width + 2], 10), row[width + 1], *map(int, row[width + 3 :]))
        for row in rows
    ]


def requests(connection: sqlite3.Connection, states: Iterable[str] | None, since: Moment | None) -> list[dict[str, Any]]:
    """See :meth:`imgcell.store.Library.requests`."""
    conditions, values = _span(since, None)
    if states is not None:
        wanted = [states] if isinstance(states, str) else list(states)
        conditions += f" AND state IN ({', '.join('?' * len(wanted))})"
        values += wanted
    rows = connection.execute(
        "SELECT id, state, began, changed, pictures, counts, open, amount, currency, basis, facts FROM attempts "  # noqa: S608  # values are bound
        f"WHERE 1{conditions} ORDER BY began DESC, id DESC",
        values,
    )
    names = ("attempt", "state", "began", "changed", "came", "counts", "open", "amount", "currency", "basis")
    return [{**json.loads(row[-1]), **dict(zip(names, row, strict=False))} for row in rows]


def _span(since: Moment | None, until: Moment | None) -> tuple[str, list[Any]]:
    conditions, values = "", []
    for sign, moment in ((">=", since_microseconds(since)), ("<", until_microseconds(until))):
        if moment is not None:
            conditions += f" AND began {sign} ?"
            values.append(moment)
    return conditions, values
