"""Reading what all processes wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgcell.ledger.lines import ENDS

__all__ = ["is_attempt", "pending", "read_file", "read_ledger"]

_ATTEMPT = re.compile(r"a-[a-z0-9-]{1,60}")


def read_ledger(home: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of all processes, file by file, each file in its order.

    What is no whole line (the last one of a process that was killed) is left out.
    """
    for path in sorted((Path(home) / "ledger").glob("*.jsonl")):
        yield from read_file(path)


def read_file(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of one process."""
    with path.open("rb") as file:
        for raw in file:
            if not raw.endswith(b"\n"):
                continue
            try:
                line = json.loads(raw)
            except (ValueError, RecursionError):
                continue
            # A torn line can be whole JSON only by chance (a number): lines are objects with these fields.
            if isinstance(line, dict) and isinstance(line.get("attempt"), str) and isinstance(line.get("state"), str):
                yield line


def is_attempt(name: str) -> bool:
    """Whether *name* is a name that an attempt can have; only such a one may stand in the name of a file."""
    return _ATTEMPT.fullmatch(name) is not None


def pending(home: Path) -> list[dict[str, Any]]:
    """Return the attempts that were begun and have no end, oldest first.

    Each is all its lines' facts in one, its last ``state``, all ``states`` in order, and ``spool``: the paths of the
    files that its answer left.  Requests of a process that is still at work are among them.
    """
    attempts: dict[str, dict[str, Any]] = {}
    for line in read_ledger(home):
        known = attempts.setdefault(line["attempt"], {"states": []})
        known["states"].append(line["state"])
        known.update(line)
    spool = Path(home) / "spool"
    left = [attempts[name] for name in sorted(attempts) if not ENDS & set(attempts[name]["states"])]
    for attempt in left:
        name = attempt["attempt"]
        attempt["spool"] = sorted(spool.glob(f"{name}.*")) if is_attempt(name) else []
    return left
