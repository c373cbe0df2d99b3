"""One request as its lines tell of it when whoever wrote them is gone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imgcell.ledger.lines import ENDS
from imgcell.ledger.reading import is_attempt, read_ledger

__all__ = ["Leftover", "leftovers"]

#: What the user has to look at: it may have been charged, and its pictures are not all there.
OWED = frozenset({"unknown", "paid-unread", "paid-pending"})


@dataclass
class Leftover:
    """A request and what is known of it.

    Attributes:
        attempt: The ledger's id.
        sending: Facts of the line that was written before it was sent; empty if that line is lost.
        answered: Facts of the line that says that the whole answer is in the spool, or ``None``.
        urls: Addresses of pictures in the order in which they were fetched, each with the number of the spool's first
            file that it may have gone to (``None`` in a ledger of an earlier version).
        end: The last line that ends it, or ``None``: then its process is at work, or died over it.
        settled: What the user said of it afterwards, or ``None``.
        records: Ids of its pictures that are in the library, of all ends.
    """

    attempt: str
    sending: Mapping[str, Any] = field(default_factory=dict)
    answered: Mapping[str, Any] | None = None
    urls: list[tuple[str, int | None]] = field(default_factory=list)
    end: Mapping[str, Any] | None = None
    settled: Mapping[str, Any] | None = None
    records: list[str] = field(default_factory=list)

    @property
    def owed(self) -> bool:
        """Whether the user should look at it: it ended, may have been charged, and nobody said yet whether it was."""
        return self.end is not None and self.end["state"] in OWED and self.settled is None

    def add(self, line: Mapping[str, Any]) -> None:
        """Take the next line."""
        state = line["state"]
        if state == "sending":
            self.sending = line
        elif state == "answered":
            self.answered = line
        elif state == "url" and isinstance(line.get("url"), str):
            number = line.get("extract")
            self.urls.append((line["url"], number if isinstance(number, int) and number >= 0 else None))
        elif state == "settled":
            self.settled = line
        elif state in ENDS and (self.end is None or self.end["state"] != "done" or state == "done"):
            # Pictures that are there end all doubt, whatever was written about them at the same time elsewhere.
            self.end = line
            records = line.get("records")
            self.records += [name for name in records if isinstance(name, str)] if isinstance(records, list) else []

    def when(self) -> dt.datetime | None:
        """Return when it was sent (UTC), as far as that is known."""
        return moment(self.sending.get("time"))


def leftovers(home: Path, names: Collection[str] | None = None) -> dict[str, Leftover]:
    """Return the requests called *names*, or all, in the order of their names, which is that of their making."""
    lines = [line for line in read_ledger(home) if (names is None or line["attempt"] in names) and is_attempt(line["attempt"])]
    # Several processes may have written of one request, each in a file of its own: the last word is the latest.
    lines.sort(key=lambda line: str(line.get("time", "")))
    found: dict[str, Leftover] = {}
    for line in lines:
        found.setdefault(line["attempt"], Leftover(line["attempt"])).add(line)
    return dict(sorted(found.items()))


def moment(text: object) -> dt.datetime | None:
    """Return the time that a line states, ``None`` if it states none."""
    try:
        found = dt.datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo is not None else found.replace(tzinfo=dt.timezone.utc)
