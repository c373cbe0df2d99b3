"""What an ended process left is made good: whole answers become pictures, addresses are fetched, the rest is called unknown.

Whoever can lock a ledger's file knows that its process is dead (:mod:`imgcell.ledger.liveness`), and has the right to
finish what it began.  The ends are written into the recovering process's own ledger, so nobody ever writes into another
one's file.  Everything can be interrupted anywhere and done again.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imgcell.client.shelf import shelf
from imgcell.errors import ImgcellError
from imgcell.files import disk
from imgcell.language import joined, tr
from imgcell.ledger import ENDS, SETTLED, Ledger
from imgcell.ledger.leftover import Leftover, leftovers
from imgcell.ledger.lines import line
from imgcell.ledger.liveness import claim
from imgcell.ledger.reading import read_file
from imgcell.portal import SLICE
from imgcell.store import Library

if TYPE_CHECKING:
    from imgcell.client.rereading import Reread
    from imgcell.ledger.spooled import Spooled

__all__ = ["Recovered", "begin", "end", "made_good", "recover", "recovered"]

#: Seconds after the first use of a folder until its leftovers are looked at: the first picture comes first.
_PAUSE = 0.5
#: Files whose locks are held at a time.
_AT_ONCE = 64
#: Names of the ledger's files in which nothing is open any more, one a line: they are not read again.
_ENDED = "ended.txt"


@dataclass(frozen=True)
class Recovered:
    """What was found and made good.

    Attributes:
        pictures: Ids of the pictures that are in the library now.
        fetched: How many of them were fetched from their address.
        unknown: Requests without an answer: they may have been charged.
        pending: Requests whose pictures are made and could not be fetched, or not be read.
        problems: What did not work and will be tried again, in words.
    """

    pictures: tuple[str, ...] = ()
    fetched: int = 0
    unknown: int = 0
    pending: int = 0
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = tr(
            "Recovered pictures: {pictures} ({fetched} of them fetched). Requests without an answer: {unknown}. To be fetched: {pending}.",
            pictures=len(self.pictures),
            fetched=self.fetched,
            unknown=self.unknown,
            pending=self.pending,
        )
        return joined(text, *self.problems)

    def __bool__(self) -> bool:
        return bool(self.pictures or self.unknown or self.pending or self.problems)


def recover(home: Path, *, fetch: bool = True) -> Recovered:
    """Make good what dead processes left in *home*.

    Safe at any time, in several processes at once, and as often as one likes; when nothing is open it takes about a
    millisecond.

    Args:
        home: The library's folder.
        fetch: Whether pictures of which only the address is known are fetched; otherwise they stay as they are.

    Returns:
        What was found.  What could not be made good is in ``problems`` and stays for the next time.
    """
    work = _Recovery(Path(home), fetch=fetch)
    # One at a time in a process: whoever asks next is to find what the first has made good, not that it is at it.
    with _turn():
        work.run()
    return Recovered(tuple(work.pictures), work.fetched, work.unknown, work.pending, tuple(dict.fromkeys(work.problems)))


class _Recovery:
    """One look at a folder."""

    def __init__(self, home: Path, *, fetch: bool) -> None:
        self._home = home
        self._fetch = fetch
        self.pictures: list[str] = []
        self.fetched = self.unknown = self.pending = 0
        self.problems: list[str] = []

    def run(self) -> None:
        folder = self._home / "ledger"
        try:
            names = sorted(path.name for path in folder.glob("*.jsonl"))
            over = _ended_files(folder) & set(names)
            spooled = {file.name.partition(".")[0] for file in (self._home / "spool").glob("a-*")}
        except OSError as error:
            self._trouble(error)
            return
        waiting = [folder / name for name in names if name not in over]
        ended = set()
        for start in range(0, len(waiting), _AT_ONCE):
            try:
                ended |= self._files(waiting[start : start + _AT_ONCE], spooled)
            except (OSError, ImgcellError) as error:
                self._trouble(error)
        if ended:
            _remember(folder, over | ended)

    def _files(self, paths: list[Path], spooled: set[str]) -> set[str]:
        """Finish what the dead ones of some processes began; return the names of those files in which nothing is open any more."""
        wanted: dict[Path, set[str]] = {}
        with contextlib.ExitStack() as claims:
            for path in paths:
                held = claim(path)
                if held is None:
                    continue
                claims.enter_context(held)
                # Read after the lock was taken: whoever had it before may have finished everything.
                begun: dict[str, bool] = {}
                for entry in read_file(path):
                    begun[entry["attempt"]] = begun.get(entry["attempt"], False) or entry["state"] in ENDS
                wanted[path] = {name for name, ended in begun.items() if not ended or name in spooled}
            names = set().union(*wanted.values())
            found = leftovers(self._home, names) if names else {}
            still_open = {left.attempt for left in found.values() if not self._attempt(left)}
        return {path.name for path, those in wanted.items() if not those & still_open}

    def _attempt(self, left: Leftover) -> bool:
        """Look after one request; return whether nothing of it is open any more."""
        ledger, library = _shelf(self._home)
        ended = left.end is not None
        if left.end is not None and not (left.end["state"] == "done" and left.end.get("elsewhere")):
            self._clear(left, library)
            return True
        from imgcell.client.rereading import reread

        result, spooled = reread(left, self._home, library, fetch=self._fetch and not ended)
        if ended and result.state != "done":
            # Its pictures were put elsewhere when the disk failed, and that did not change.
            spooled.release(remove=False)
            return result.problem is None
        problem: str | None
        try:
            problem = end(ledger, left, result, spooled)
        except OSError as error:
            self._trouble(error)
            return False
        if problem is not None:
            self.problems.append(problem)
        state = result.state
        self.pictures += [record.id for record in result.records]
        self.fetched += result.fetched
        self.unknown += state == "unknown"
        self.pending += state in ("paid-pending", "paid-unread") or (state is None and problem is None)
        return state is not None

    def _clear(self, left: Leftover, library: Library) -> None:
        """Remove what a process that died between its last line and this left in the spool, if the library has it all."""
        assert left.end is not None
        if left.end["state"] not in SETTLED or left.end.get("elsewhere"):
            return
        if left.end["state"] == "done":
            names = left.records or [f"p-{left.attempt.removeprefix('a-')}-0"]
            records = [library.record(name) for name in names]
            if not all(record is not None and library.blob(record.sha256) is not None for record in records):
                return
        for file in sorted((self._home / "spool").glob(f"{left.attempt}.*")):
            disk.remove(file, "left")

    def _trouble(self, error: Exception) -> None:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        self.problems.append(
            tr("What an earlier session left in {folder} could not be looked after ({reason}).", folder=str(self._home), reason=reason)
        )


def end(ledger: Ledger, left: Leftover, result: Reread, spooled: Spooled) -> str | None:
    """Write the end of a request that was read again, then let go of its files; return what went wrong with them, in words.

    Raises:
        OSError: The end could not be written; then everything stays.
    """
    remove = False
    try:
        if result.state is not None:
            ledger.append(line(left.attempt, result.state, {**result.outcome(), "recovered": True}))
            remove = result.state in SETTLED
    finally:
        spooled.release(remove=remove)
    return result.problem


def _shelf(home: Path) -> tuple[Ledger, Library]:
    ledger, library = shelf(home)
    assert isinstance(ledger, Ledger)
    assert library is not None
    return ledger, library


def _ended_files(folder: Path) -> set[str]:
    try:
        return set((folder / _ENDED).read_text("ascii").split())
    except (OSError, ValueError):
        return set()


def _remember(folder: Path, names: set[str]) -> None:
    # Two processes at once: the names of one are lost, and found out again the next time.
    try:
        disk.store(folder / _ENDED, "".join(f"{name}\n" for name in sorted(names)).encode("ascii"), "ended")
    except (OSError, ValueError):
        pass


# -- once in a process -------------------------------------------------------------------------------------------------

_begun: dict[tuple[int, Path], Recovered | None] = {}
#: By process: a fork inherits its parent's locks as they are.
_turns: dict[int, threading.RLock] = {}


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    turn = _turns.setdefault(os.getpid(), threading.RLock())
    # In slices, so that an interrupt gets through on every platform.
    while not turn.acquire(timeout=SLICE):
        continue
    try:
        yield
    finally:
        turn.release()


def begin(home: Path) -> None:
    """Have :func:`recover` done once for *home* in this process, a moment later, in the background."""
    name = (os.getpid(), Path(home))
    if name in _begun:
        return
    _begun[name] = None

    timer = threading.Timer(_PAUSE, made_good, (home,))
    timer.daemon = True
    timer.name = "imgcell-recovery"
    timer.start()


def made_good(home: Path) -> None:
    """Return when what dead processes left in *home* has been looked after once in this process; do it if nobody has.

    Before a job is looked for in the library: what an earlier kernel had paid for must not be paid for again.
    """
    name = (os.getpid(), Path(home))
    if _begun.get(name) is not None:
        return
    with _turn():
        try:
            if _begun.get(name) is None:
                _begun[name] = recover(home)
        except Exception as error:  # noqa: BLE001 - nobody asked for it; %imgcell and unsettled() tell of it
            _begun[name] = Recovered(problems=(f"{type(error).__name__}: {error}",))


def is_somebodys(home: Path, attempt: str) -> bool:
    """Whether a process has the file in which *attempt* was begun: the one that sent it, or one that makes it good just now."""
    for path in sorted((Path(home) / "ledger").glob("*.jsonl")):
        if any(entry["attempt"] == attempt and entry["state"] == "sending" for entry in read_file(path)):
            held = claim(path)
            if held is None:
                return True
            held.release()
    return False


def recovered(home: Path) -> Recovered | None:
    """Return what :func:`begin` found; ``None`` while it has not finished."""
    return _begun.get((os.getpid(), Path(home)))
