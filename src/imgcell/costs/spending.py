"""``imgcell.spend()``: what was paid, by day, provider, model or notebook, and how that is known."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from imgcell.costs.amounts import ZERO, exact, money
from imgcell.costs.days import Day, library_in
from imgcell.costs.purse import Purse, purse
from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.options import home
from imgcell.pictures.frames import needs_pandas
from imgcell.pictures.showing import Column, as_html, as_text

if TYPE_CHECKING:
    from imgcell.store import Library
    from imgcell.store.totals import Total

__all__ = ["Amount", "Spend", "SpendRow", "spend"]

By: TypeAlias = Literal["day", "provider", "model", "notebook", "session", "kind"]
Moment: TypeAlias = "dt.datetime | dt.date | dt.timedelta | str"
_KEYS = ("day", "provider", "model", "notebook", "session", "kind")
#: Rows in a cell; the rest is in ``.rows`` and in the data frame.
_SHOWN = 50


@dataclass
class Amount:
    """A sum in one currency, by how it is known.

    Attributes:
        billed: Named by the answers.
        computed: From the answers' token counts and list prices.
        estimated: From a table of prices per picture, or an assumption; what may have been charged is in it.
    """

    billed: Decimal = ZERO
    computed: Decimal = ZERO
    estimated: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.billed + self.computed + self.estimated


@dataclass
class SpendRow:
    """What was spent for one day, one provider, or whatever the rows are for.

    Attributes:
        keys: What the row is for, for example ``{"provider": "openai"}``; ``None`` is what is not known.
        amounts: By currency (ISO 4217).
        requests: How many requests were sent and not refused.
        pictures: How many pictures came.
        open: How many requests may have been charged or not: without an answer, or with one that is not usable, or still
            under way.  They count with their estimate.
        unknown: Of how many requests nobody knows what they cost; they are in no sum.
    """

    keys: Mapping[str, str | None]
    amounts: dict[str, Amount] = field(default_factory=dict)
    requests: int = 0
    pictures: int = 0
    open: int = 0
    unknown: int = 0

    def add(self, currency: str | None, amount: Decimal, basis: str, requests: int, pictures: int, open_: int) -> None:
        """Count some requests in."""
        self.requests += requests
        self.pictures += pictures
        self.open += open_
        if basis == "unknown" or currency is None:
            self.unknown += requests
        elif basis != "free":
            known = self.amounts.setdefault(currency, Amount())
            name = basis if basis in ("billed", "computed") else "estimated"
            setattr(known, name, getattr(known, name) + amount)

    def text(self) -> str:
        """Return the sums in words: ``"$1.20 + ¥3.00"``, ``"$0.04 + unknown"``, ``"free"``."""
        return " + ".join(self.sums())

    def sums(self) -> list[str]:
        """Return the sums in words, one for each currency; at least one text."""
        said = [_about(amount, currency) for currency, amount in sorted(self.amounts.items())]
        if self.unknown:
            said.append(tr("unknown"))
        return said or [tr("free") if self.requests else "–"]

    def basis(self) -> list[str]:
        """Return in words how each of the sums is known, and what is not settled; perhaps nothing."""
        said = []
        for currency, amount in sorted(self.amounts.items()):
            words = {"billed": tr("billed"), "computed": tr("computed"), "estimated": tr("estimated")}
            known = [(word, getattr(amount, name)) for name, word in words.items() if getattr(amount, name)]
            if len(known) == 1:
                said.append(known[0][0])
            else:
                said.append(" · ".join(f"{word} {money(sum_, currency, brief=True)}" for word, sum_ in known))
        if self.unknown:
            said.append(tr("unknown: {count}", count=self.unknown))
        if self.open:
            said.append(tr("may have been charged: {count}", count=self.open))
        return said


class Spend(Sequence[SpendRow]):
    """What was spent; a sequence of rows, and a table in a cell.

    Attributes:
        by: What the rows are for.
        rows: The dearest first; days the newest first.
        total: All rows together.
        today: Of this local day, all kernels, whatever was asked for.
        session: Of this process, whatever was asked for; what it kept only in memory is in it.
    """

    def __init__(self, by: Sequence[str], rows: Sequence[SpendRow], total: SpendRow, today: SpendRow, session: SpendRow) -> None:
        self.by = tuple(by)
        self.rows = tuple(rows)
        self.total = total
        self.today = today
        self.session = session

    def head(self) -> str:
        """Return today and this session in one line."""
        return tr("today {today} · this session {session}", today=_or_nothing(self.today), session=_or_nothing(self.session))

    def to_pandas(self) -> Any:
        """Return a data frame: one row for each key and currency, amounts as floats, unknown as a row without currency.

        Raises:
            ImportError: pandas is not installed.
        """
        pd = needs_pandas()
        lines: list[dict[str, Any]] = []
        for row in self.rows:
            counts = {"requests": row.requests, "pictures": row.pictures, "open": row.open, "unknown": row.unknown}
            if not row.amounts:
                lines.append({**row.keys, **counts})
            for currency, amount in sorted(row.amounts.items()):
                sums = {name: float(getattr(amount, name)) for name in ("total", "billed", "computed", "estimated")}
                lines.append({**row.keys, "currency": currency, **sums, **counts})
        names = [*self.by, "currency", "total", "billed", "computed", "estimated", "requests", "pictures", "open", "unknown"]
        return pd.DataFrame(lines, columns=names)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        return self.rows[index]

    def __iter__(self) -> Iterator[SpendRow]:
        return iter(self.rows)

    def __repr__(self) -> str:
        return f"<Spend {self.total.text()}>"

    def __str__(self) -> str:
        if not self.rows:
            return f"{self._first()}\n{self._nothing()}"
        lines = [self._first(), "", as_text(self._columns(), self._texts(), self._foot())]
        return "\n".join([*lines, *self._rest()])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        head = f'<div style="margin:2px 0 4px">{html.escape(self._first())}</div>'
        if not self.rows:
            return f"{head}<div>{html.escape(self._nothing())}</div>"
        titles = [" · ".join(str(value) for value in row.keys.values() if value) for row in self.rows[:_SHOWN]]
        rest = "".join(f'<div style="opacity:.72">{html.escape(line)}</div>' for line in self._rest())
        return head + as_html(self._columns(), self._texts(), self._foot(), titles) + rest

    # -- texts ------------------------------------------------------------------------------------------------

    def _first(self) -> str:
        # A sentence begins with a capital letter, where there are any.
        head = self.head()
        return head[:1].upper() + head[1:]

    def _nothing(self) -> str:
        return tr("Nothing was paid for in this time.")

    def _columns(self) -> list[Column]:
        names = {
            "day": tr("day"),
            "provider": tr("provider"),
            "model": tr("model"),
            "notebook": tr("notebook"),
            "session": tr("session"),
            "kind": tr("kind"),
        }
        figures = [Column(tr("spent"), right=True), Column(tr("pictures"), right=True), Column(tr("requests"), right=True)]
        return [*(Column(names[key], whole=key != "notebook") for key in self.by), *figures, Column(tr("how it is known"), faint=True)]

    def _texts(self) -> list[list[str]]:
        return [[*(_shown(key, row.keys.get(key)) for key in self.by), *_figures(row)] for row in self.rows[:_SHOWN]]

    def _foot(self) -> list[str] | None:
        if len(self.rows) < 2:
            return None
        return [tr("total"), *[""] * (len(self.by) - 1), *_figures(self.total)] if self.by else _figures(self.total)

    def _rest(self) -> list[str]:
        more = len(self.rows) - _SHOWN
        return [tr("… and {count} more", count=more)] if more > 0 else []


def spend(
    by: By | Sequence[By] = "provider", *, since: Moment | None = None, until: Moment | None = None, library: Library | None = None
) -> Spend:
    """Return what was spent, from the ledgers of all kernels: deleting a picture does not change it.

    Args:
        by: What to sum by: ``"day"``, ``"provider"``, ``"model"``, ``"notebook"``, ``"session"`` or ``"kind"``, or several.
        since: The first moment that counts: a date, a time, a span back from now, or ISO 8601 text; ``None`` is the beginning.
        until: Up to when it counts; a date counts to its end.
        library: Another library than the user's own.

    Raises:
        InvalidJobError: For words or times that are none.
        StorageError: If the library cannot be read.
    """
    given: Any = by
    keys: list[Any] = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    for key in keys:
        if key not in _KEYS:
            raise InvalidJobError(
                tr("Spending is not summed by {value}.", value=repr(key)), hint=tr("It is summed by {words}.", words=", ".join(_KEYS))
            )
    source = library if library is not None else library_in(Path(home()))
    rows: dict[tuple[Any, ...], SpendRow] = {}
    total = SpendRow({})
    for line in source.totals(keys, since=since, until=until):
        place = tuple(line.keys.get(key) for key in keys)
        _add(rows.setdefault(place, SpendRow(dict(line.keys))), line)
        _add(total, line)
    today = SpendRow({})
    for line in source.totals((), since=Day.today()):
        _add(today, line)
    return Spend(keys, _sorted(keys, rows), total, today, _session(purse()))


def _add(row: SpendRow, line: Total) -> None:
    row.add(line.currency, exact(line.amount), line.basis, line.requests, line.pictures, line.open)


def _session(own: Purse) -> SpendRow:
    row = SpendRow({})
    for currency, sums in own.sums.items():
        for basis, amount in sums.spent.items():
            row.add(currency, amount, basis, 0, 0, 0)
        row.requests += sums.requests
        row.open += sums.open
    row.unknown = own.unknown
    row.requests += own.unknown
    row.amounts = {currency: amount for currency, amount in row.amounts.items() if amount.total}
    return row


def _sorted(keys: Sequence[str], rows: Mapping[tuple[Any, ...], SpendRow]) -> list[SpendRow]:
    def dear(row: SpendRow) -> Decimal:
        return max((amount.total for amount in row.amounts.values()), default=ZERO)

    found = sorted(rows.values(), key=lambda row: tuple(str(row.keys.get(key) or "\uffff") for key in keys))
    found.sort(key=dear, reverse=True)
    if "day" in keys:
        found.sort(key=lambda row: row.keys.get("day") or "", reverse=True)
    return found


def _figures(row: SpendRow) -> list[str]:
    return ["\n".join(row.sums()), str(row.pictures), str(row.requests), "\n".join(row.basis())]


def _about(amount: Amount, currency: str) -> str:
    # The sign that pictures' captions have for it: as soon as a part of it is estimated.
    return ("≈ " if amount.estimated else "") + money(amount.total, currency, brief=True)


def _or_nothing(row: SpendRow) -> str:
    return row.text() if row.amounts or row.unknown else tr("nothing")


def _shown(key: str, value: str | None) -> str:
    if value is None:
        return "–"
    # A notebook's folder is in the title: names tell notebooks apart better than the beginnings of long paths.
    return value.replace("\\", "/").rstrip("/").rpartition("/")[2] or value if key == "notebook" else value
