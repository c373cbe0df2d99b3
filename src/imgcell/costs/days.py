"""The budget of a day, which all kernels of the user share.

``<home>/budget.json`` says how much; how much of it is spent, the ledgers say, in which a request that may have been
charged counts with its estimate.  From the look at them to the line that says "sending" a lock file is held, so that two
kernels cannot pass the limit together.  Where no such lock can be had (some network folders) the limit is still kept by
each kernel on what it sees.  Nothing here touches a file while no such budget is set, but for a look, once a second,
whether there is one.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.costs.amounts import ZERO, Limit, currency_code, exact, limit_amount
from imgcell.errors import BudgetExceededError, ConfigurationError, InvalidJobError
from imgcell.files.lock import hold
from imgcell.language import tr
from imgcell.options import home as default_home

if TYPE_CHECKING:
    from imgcell.store import Library

__all__ = ["Day", "library_in", "today_in"]

#: Seconds to wait for another kernel, which holds the lock for as long as a line takes to be on the disk.
_PATIENCE = 5.0
#: Seconds for which nobody waits any more, once that was in vain.
_HUNG = 60.0
#: Seconds for which the file is believed.
_FRESH = 1.0
_NAME = "budget.json"


def today_in(home: Path) -> dict[str, Decimal]:
    """Return what the ledgers in *home* say was spent today, or may have been, by currency."""
    sums: dict[str, Decimal] = {}
    for row in library_in(home).totals(since=Day.today()):
        if row.currency is not None:
            sums[row.currency] = sums.get(row.currency, ZERO) + exact(row.amount)
    return sums


#: By process id and folder.
_libraries: dict[tuple[int, Path], Library] = {}


def library_in(home: Path) -> Library:
    """Return the library in *home*, one for each folder and process: its index stays open."""
    from imgcell.store import Library

    place = (os.getpid(), home)
    if place not in _libraries:
        _libraries[place] = Library(home)
    return _libraries[place]


class Day:
    """The limit of a day, and what is spent of it.

    Args:
        read: What the ledgers in a folder say was spent today, by currency.
    """

    def __init__(self, read: Callable[[Path], dict[str, Decimal]] = today_in) -> None:
        self._read = read
        self._turn = threading.Lock()
        self._hung = 0.0
        self._known: set[tuple[Path, Path | None]] = set()
        self._seen: tuple[Path, tuple[int, int] | None, float] | None = None
        #: Spent and set aside where the ledgers of the user's own folder do not say it: day, folder (or none), currency.
        self._elsewhere: dict[tuple[dt.date, Path | None, str], Decimal] = {}
        self.limit: Limit | None = None

    @staticmethod
    def today() -> dt.date:
        """Return the user's own day."""
        return dt.datetime.now().astimezone().date()

    def look(self) -> None:
        """Read ``budget.json`` again if it has changed.

        Raises:
            ConfigurationError: It cannot be understood; what it limits is not known, so nothing may be sent.
        """
        home = default_home()
        now = time.monotonic()
        if self._seen is not None and self._seen[0] == home and now - self._seen[2] < _FRESH:
            return
        try:
            status = os.stat(home / _NAME)
            stamp = (status.st_mtime_ns, status.st_size)
        except OSError:
            stamp = None
        if self._seen is None or self._seen[:2] != (home, stamp):
            self.limit = None if stamp is None else _parsed(home / _NAME)
        self._seen = (home, stamp, now)

    def set(self, limit: Limit | None) -> None:
        """Write the limit down, for all kernels; ``None`` lifts it.

        Raises:
            ConfigurationError: It cannot be written.
        """
        home = default_home()
        path = home / _NAME
        fresh = path.with_name(f".{_NAME}-{os.getpid()}")
        try:
            if limit is None:
                path.unlink(missing_ok=True)
            else:
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                document = {"v": 1, "day": {"amount": str(limit.amount), "currency": limit.currency}}
                fresh.write_text(json.dumps(document) + "\n", encoding="ascii")
                fresh.replace(path)
        except OSError as error:
            raise ConfigurationError(
                tr("The budget cannot be written to {path}: {reason}.", path=str(path), reason=error.strerror or str(error)),
                hint=tr("A budget for this session needs no file: imgcell.budget(session=…)."),
            ) from error
        finally:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
        self._seen = None
        self.look()

    @contextlib.contextmanager
    def turn(self, also: Path | None = None) -> Iterator[None]:
        """Wait until no other request, of any kernel, is between its look at the sums and its line in the ledger."""
        home = default_home()
        if (home, also) not in self._known:
            # The first look may have to read a whole library: others are not kept waiting for that.
            with contextlib.suppress(Exception):
                self.spent(also)
            self._known.add((home, also))
        with self._turn:
            held = None
            try:
                held = hold(home / f"{_NAME}.lock", _PATIENCE if time.monotonic() >= self._hung else 0.0)
                if held is None:
                    # Somebody has hung with it.  Not every request is to wait for that.
                    self._hung = time.monotonic() + _HUNG
            except OSError:
                pass  # no locks here: this kernel's own sums still hold
            try:
                yield
            finally:
                if held is not None:
                    held.release()

    def spent(self, also: Path | None = None) -> dict[str, Decimal]:
        """Return what was spent today, or may have been, or is set aside, by currency.

        Args:
            also: A library's folder that is not the user's own, of which the ledgers count as well.

        Raises:
            BudgetExceededError: It cannot be found out.
        """
        home = default_home()
        sums: dict[str, Decimal] = {}
        try:
            for folder in {home, also if also is not None else home}:
                for currency, amount in self._read(folder).items():
                    sums[currency] = sums.get(currency, ZERO) + amount
        except Exception as error:  # whatever it is: what is not known is not spent
            raise BudgetExceededError(
                tr("What was spent today cannot be read ({reason}), and a budget for the day is set. Nothing was sent.", reason=str(error)),
                hint=tr("Look at the library with imgcell.library().verify(), or lift the budget: imgcell.budget(day=None)."),
            ) from error
        day = self.today()
        for (when, place, currency), amount in list(self._elsewhere.items()):
            if when == day and place not in (home, also or home):
                sums[currency] = sums.get(currency, ZERO) + amount
        return sums

    def elsewhere(self, day: dt.date, folder: Path | None, currency: str, amount: Decimal) -> None:
        """Remember what is spent or set aside for requests of which the ledger is in *folder*, or only in memory."""
        place = (day, folder, currency)
        self._elsewhere[place] = self._elsewhere.get(place, ZERO) + amount


def _parsed(path: Path) -> Limit | None:
    try:
        document: Any = json.loads(path.read_bytes())
        day = document["day"]
        return None if day is None else Limit(limit_amount(day["amount"]), currency_code(day["currency"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, InvalidJobError) as error:
        raise ConfigurationError(
            tr("The budget of the day cannot be read from {path}: {reason}.", path=str(path), reason=str(error) or type(error).__name__),
            hint=tr("Set it again with imgcell.budget(day=…), or lift it with imgcell.budget(day=None)."),
        ) from None
