"""What the lines of the ledger say together of one paid request: how it ended, and what it costs or may cost.

Lines of one request may be in several files (another process recovers what a dead one left, the user settles it later)
and are read in any order: what comes of them does not depend on it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imgcell.store.lines import bindable, iso, microseconds

__all__ = ["Attempt", "is_sound", "load", "reckon", "save", "untold"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
#: Nothing was charged.
_FREE = frozenset({"not-sent", "turned-away", "refused"})
#: A later kind of line outweighs the ones before it: pictures that are there end all doubt, the user's word stands above all.
_RANKS = {
    "sending": 0,
    "answered": 1,
    "url": 1,
    "unknown": 2,
    "paid-unread": 2,
    "paid-pending": 2,
    **dict.fromkeys(_FREE, 2),
    "done": 3,
    "settled": 4,
}
#: What a record says as well, so that the index need not say it twice.
_WITH_RECORDS = ("requested", "notes", "inputs", "parents", "modified", "mask", "files")
_COLUMNS = (
    "state",
    "began",
    "changed",
    "latest",
    "provider",
    "model",
    "kind",
    "notebook",
    "session",
    "pictures",
    "counts",
    "open",
    "amount",
    "currency",
    "basis",
    "facts",
)
_SAVE = (
    f"INSERT INTO attempts (id, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)}) "  # noqa: S608  # our own names
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _COLUMNS)}"
)


@dataclass
class Attempt:
    """One request, as far as it is known.

    Attributes:
        id: Of the ledger.
        state: The last word on it.
        began: When it was first written down, in microseconds since 1970; 0 if that is not known.
        changed: When *state* was written.
        latest: When the latest of its lines was written.
        facts: All that its lines say.
    """

    id: str
    state: str = "sending"
    began: int = 0
    changed: int = 0
    latest: int = 0
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, line: Mapping[str, Any]) -> None:
        """Take in one line."""
        time = microseconds(line.get("time")) or 0
        state = line["state"]
        facts = {name: value for name, value in line.items() if name not in ("v", "attempt", "state", "time")}
        # The line before sending is the earliest; without it, the first that is known of must do.
        self.began = min(filter(None, (self.began, time)), default=0)
        if state == "settled":
            # Apart: "amount" and the like are the user's word on it.
            facts = {"settled": facts}
        self.facts = {**self.facts, **facts} if time >= self.latest else {**facts, **self.facts}
        self.latest = max(self.latest, time)
        if (_RANKS[state], time) >= (_RANKS[self.state], self.changed):
            self.state, self.changed = state, time

    def bill(self, connection: sqlite3.Connection) -> tuple[int, int, int, float | None, str | None, str | None]:
        """Return (pictures, counts, open, amount, currency, basis); the first three as numbers."""
        names = self.facts.get("records")
        came = len(names) if isinstance(names, list) else 0
        cost = _money(self.facts.get("cost"))
        if "records" not in self.facts:
            # Lines of earlier versions name neither; the records themselves do.
            came, cost = _from_records(connection, self.id)
        estimate = _money(self.facts.get("estimate"))
        settled = self.facts.get("settled")
        if self.state == "settled" and isinstance(settled, Mapping):
            if settled.get("charged") is False:
                return came, 0, 0, None, None, None
            said = _money({"basis": "billed", **settled})
            return (came, 1, 0, *(said or cost or estimate or _UNKNOWN))
        if self.state in _FREE:
            return came, 0, 0, None, None, None
        if self.state == "done":
            return (came, 1, 0, *(cost or _UNKNOWN))
        return (came, 1, 1, *(estimate or cost or _UNKNOWN))

    def row(self, connection: sqlite3.Connection) -> tuple[Any, ...]:
        """Return the row of the table ``attempts``."""
        facts = self.facts
        if self.state in ("done", "settled") and "records" in facts:
            facts = {name: value for name, value in facts.items() if name not in _WITH_RECORDS}
        named = [_text(self.facts.get(name)) for name in ("provider", "model", "kind", "notebook", "session")]
        return (self.id, self.state, self.began, self.changed, self.latest, *named, *self.bill(connection), json.dumps(facts))


#: (amount, currency, basis) of what is not known.
_UNKNOWN = (None, None, "unknown")


def load(connection: sqlite3.Connection, names: Iterable[str]) -> dict[str, Attempt]:
    """Return those of the named requests that the index has."""
    found = {}
    for name in names:
        row = connection.execute("SELECT state, began, changed, latest, facts FROM attempts WHERE id = ?", (name,)).fetchone()
        if row is not None:
            found[name] = Attempt(name, row[0], row[1], row[2], row[3], json.loads(row[4]))
    return found


def save(connection: sqlite3.Connection, lines: Iterable[Mapping[str, Any]]) -> list[str]:
    """Put *lines* into the index; return the ids of the pictures that they name."""
    sound = [line for line in lines if is_sound(line)]
    known = load(connection, {line["attempt"] for line in sound})
    pictures: list[str] = []
    for line in sound:
        known.setdefault(line["attempt"], Attempt(line["attempt"])).add(line)
        records = line.get("records")
        if isinstance(records, list):
            pictures.extend(name for name in records if isinstance(name, str))
        elif line["state"] == "done":
            # As earlier versions numbered them; asking for too many is harmless.
            count = known[line["attempt"]].facts.get("pictures")
            number = min(count, 10) if isinstance(count, int) else 1
            pictures.extend(f"p-{line['attempt'].removeprefix('a-')}-{place}" for place in range(max(number, 1)))
    connection.executemany(_SAVE, [attempt.row(connection) for attempt in known.values()])
    return pictures


def reckon(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    """Reckon again what requests cost whose pictures have come into the index since; make those that no ledger has."""
    wanted = set(names)
    known = load(connection, wanted)
    for name in wanted - set(known):
        row = connection.execute(
            "SELECT moment, provider, model, kind, notebook, session FROM pictures WHERE attempt = ? LIMIT 1",
            (name,),
        ).fetchone()
        if row is not None:
            facts = dict(zip(("provider", "model", "kind", "notebook", "session"), row[1:], strict=True))
            # Before everything that a line may say later.
            known[name] = Attempt(name, "done", row[0], 0, 0, facts)
    connection.executemany(_SAVE, [attempt.row(connection) for attempt in known.values() if "records" not in attempt.facts])


def untold(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return lines that say of requests what only the records of their pictures say: which these are, and what they cost.

    Ledgers of earlier versions do not, and some are lost.  Without such a line the bill would forget a picture that is
    removed for good, or stays behind when a library moves.
    """
    lines = []
    asked = "SELECT id, max(began, changed), amount, currency, basis, facts FROM attempts WHERE state = 'done' AND basis != 'unknown'"
    for name, time, amount, currency, basis, facts in connection.execute(asked).fetchall():
        if "records" not in json.loads(facts):
            pictures = [row[0] for row in connection.execute("SELECT id FROM pictures WHERE attempt = ? ORDER BY id", (name,))]
            cost = {"amount": amount, "currency": currency, "basis": basis}
            lines.append({"v": 1, "attempt": name, "state": "done", "time": iso(time), "records": pictures, "cost": cost})
    return lines


def _from_records(connection: sqlite3.Connection, name: str) -> tuple[int, tuple[float, str, str] | None]:
    rows = connection.execute("SELECT amount, currency, basis FROM pictures WHERE attempt = ?", (name,)).fetchall()
    if not rows or any(amount is None for amount, _, _ in rows) or len({currency for _, currency, _ in rows}) > 1:
        return len(rows), None
    # The least certain basis is the one of the sum.
    basis = max((basis for _, _, basis in rows), key=("free", "billed", "computed", "estimated").index)
    return len(rows), (round(sum(amount for amount, _, _ in rows), 10), rows[0][1], basis)


def _money(value: object) -> tuple[float, str, str] | None:
    """Return amount, currency and basis as a line states them, or ``None`` if it does not."""
    if not isinstance(value, Mapping):
        return None
    amount, currency, basis = value.get("amount"), value.get("currency"), value.get("basis")
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not 0 <= amount < 1e15:
        return None
    if not isinstance(currency, str) or basis not in ("billed", "computed", "estimated", "free"):
        return None
    return float(amount), str(bindable(currency))[:16], str(basis)


def is_sound(line: Mapping[str, Any]) -> bool:
    """Whether a line is one on a request: it names one, and a state."""
    name = line.get("attempt")
    state = line.get("state")
    return isinstance(name, str) and bool(_NAME.fullmatch(name)) and isinstance(state, str) and state in _RANKS


def _text(value: object) -> str | None:
    return bindable(value[:500]) if isinstance(value, str) else None
