"""Requests that may have been charged and did not bring all their pictures, for the user to look at."""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell import costs
from imgcell.client.recovery import end, recover
from imgcell.client.shelf import shelf
from imgcell.errors import ImgcellError, InvalidJobError, OutcomeUnknownError, StorageError
from imgcell.language import tr
from imgcell.ledger import Ledger
from imgcell.ledger.leftover import OWED, leftovers
from imgcell.ledger.lines import line
from imgcell.pictures.showing import Column, as_html, as_text
from imgcell.pictures.words import clean, clip, cost_text
from imgcell.providers.prices import Cost

if TYPE_CHECKING:
    from imgcell.client.rereading import Reread
    from imgcell.pictures.sheet import Sheet
    from imgcell.store import Library

__all__ = ["Unsettled", "UnsettledList", "unsettled"]


@dataclass(frozen=True)
class Unsettled:
    """One such request.

    Attributes:
        attempt: Its id in the ledger; it went to the provider as ``X-Client-Request-Id``.
        time: When it was sent (UTC).
        provider: Name of the provider.
        model: As it was asked for, or ``None``.
        prompt: As the user gave it.
        state: ``"unknown"`` (no whole answer came), ``"paid-unread"`` (it came and is not usable) or ``"paid-pending"``
            (the picture is made and its address known, but it could not be fetched).
        estimate: What it costs at most if it was charged, or ``None`` if no price is known.
        url: The address of its picture, the last one of several; ``None`` if none is known.
        pictures: How many pictures it asked for.
    """

    attempt: str
    time: dt.datetime
    provider: str
    model: str | None
    prompt: str
    state: str
    estimate: Cost | None
    url: str | None
    pictures: int
    _home: Path = field(repr=False)

    def fetch(self) -> Sheet:
        """Get the pictures, as far as they can be had without sending anything again; free of charge.

        An address is fetched from once more; an answer that lies in the spool is read once more.

        Returns:
            The pictures; what is still missing is in ``sheet.errors``.

        Raises:
            ImgcellError: Not a single picture could be had: :class:`DownloadError`, :class:`PaidError`, or
                :class:`OutcomeUnknownError` where no answer came at all.
        """
        try:
            result = read_again(self._home, self.attempt, fetch=True)
        except LookupError:
            raise self._nothing() from None
        if not result.records:
            raise result.error or self._nothing()
        library = _shelf(self._home)[1]
        sheet = library.sheet(result.records)
        return type(sheet)(sheet, errors=[*sheet.errors, result.error], running=False) if result.error is not None else sheet

    def settle(self, charged: bool, amount: float | None = None, currency: str | None = None) -> None:
        """Say what the provider's own page says of it; it is not listed any more, and the bill follows.

        Args:
            charged: Whether it was charged.
            amount: How much, in *currency*; ``None`` leaves the estimate in the bill.
            currency: ISO 4217; ``None`` is that of the estimate, else ``"USD"``.

        Raises:
            InvalidJobError: For a value that means nothing.
            StorageError: It could not be written down.
        """
        facts = _verdict(charged, amount, currency or (self.estimate.currency if self.estimate is not None else "USD"))
        try:
            _shelf(self._home)[0].append(line(self.attempt, "settled", facts))
        except OSError as error:
            raise StorageError(
                tr("Nothing can be written in {folder} ({reason}).", folder=str(self._home), reason=error.strerror or str(error)),
                hint=tr("The request stays as it was; try it again when the disk can be written."),
            ) from error
        if not charged:
            costs.purse().resolve(self.attempt, None)
        elif "amount" in facts:
            costs.purse().resolve(self.attempt, Cost(facts["amount"], facts["currency"], "billed"))

    def _nothing(self) -> ImgcellError:
        return OutcomeUnknownError(
            tr("No answer came to this request, so there is nothing to fetch."),
            hint=tr("Look at the provider's usage page; then .settle(charged=True) or .settle(charged=False)."),
            attempt=self.attempt,
            provider=self.provider,
        )


def read_again(home: Path, attempt: str, *, fetch: bool = False) -> Reread:
    """Make pictures of what the spool has of a request that this process or another one gave up, and write down that they are there.

    Args:
        home: The library's folder.
        attempt: The ledger's id.
        fetch: Whether pictures of which only the address is known are fetched.

    Raises:
        LookupError: The ledgers do not know the request.
    """
    from imgcell.client.rereading import reread

    ledger, library = _shelf(home)
    left = leftovers(home, {attempt}).get(attempt)
    if left is None:
        raise LookupError(attempt)
    result, spooled = reread(left, home, library, fetch=fetch)
    if not result.records:
        spooled.release(remove=False)
        return result
    try:
        end(ledger, left, result, spooled)
    except OSError:
        pass  # it stays in the list; the pictures are there all the same
    else:
        cost = costs.total([record.cost for record in result.records])
        if result.state == "done" and cost is not None:
            costs.purse().resolve(attempt, cost)
    return result


class UnsettledList(list[Unsettled]):
    """Such requests, the newest first; a table in a cell."""

    def __str__(self) -> str:
        if not self:
            return tr("Nothing is unsettled.")
        return "\n".join([as_text(_columns(), self._rows()), _advice()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self:
            return f"<p>{html.escape(str(self))}</p>"
        titles = [f"{one.attempt} · {one.prompt}" for one in self]
        return as_html(_columns(), self._rows(), titles=titles) + f'<p style="opacity:.72">{html.escape(_advice())}</p>'

    def _rows(self) -> list[list[str]]:
        said = {
            "unknown": tr("no answer; it may have been charged"),
            "paid-unread": tr("paid for; the answer cannot be used"),
            "paid-pending": tr("paid for; the picture is not fetched"),
        }
        return [
            [
                str(number),
                f"{one.time.astimezone():%Y-%m-%d %H:%M}",
                " ".join(filter(None, [one.provider, one.model])),
                clip(clean(one.prompt), 50),
                said.get(one.state, one.state),
                cost_text(one.estimate) or tr("unknown"),
            ]
            for number, one in enumerate(self)
        ]


def _columns() -> list[Column]:
    return [
        Column("", right=True),
        Column(tr("sent")),
        Column(tr("to")),
        Column(tr("prompt")),
        Column(tr("what is known")),
        Column(tr("price"), right=True),
    ]


def _advice() -> str:
    return tr("imgcell.unsettled()[0].fetch() gets its pictures where that is possible, free of charge; .settle(charged=False) closes it.")


def unsettled(home: Path) -> UnsettledList:
    """Return the requests of the library in *home* that may have been charged without bringing all their pictures, the newest first.

    What dead processes left is looked after before (nothing is fetched).
    """
    home = Path(home)
    if not (home / "ledger").is_dir():
        return UnsettledList()
    recover(home, fetch=False)
    return UnsettledList(_unsettled(home, row) for row in _shelf(home)[1].requests(sorted(OWED)))


def _unsettled(home: Path, row: Mapping[str, Any]) -> Unsettled:
    model, url, count = row.get("model"), row.get("url"), row.get("pictures")
    return Unsettled(
        attempt=row["attempt"],
        time=dt.datetime.fromtimestamp(row["began"] / 1_000_000, dt.timezone.utc),
        provider=str(row.get("provider") or "?"),
        model=model if isinstance(model, str) else None,
        prompt=str(row.get("prompt") or ""),
        state=row["state"],
        estimate=_cost(row.get("estimate")),
        url=url if isinstance(url, str) else None,
        pictures=count if type(count) is int else 1,
        _home=home,
    )


def _cost(value: object) -> Cost | None:
    try:
        return Cost(float(value["amount"]), str(value["currency"]), value["basis"]) if isinstance(value, Mapping) else None
    except (KeyError, TypeError, ValueError):
        return None


def _verdict(charged: Any, amount: Any, currency: Any) -> dict[str, Any]:
    if not isinstance(charged, bool):
        raise InvalidJobError(tr("charged must be True or False, not {value}.", value=repr(charged)))
    if amount is None:
        return {"charged": charged}
    if isinstance(amount, bool) or not isinstance(amount, (int, float)) or not math.isfinite(amount) or amount < 0:
        raise InvalidJobError(tr("amount must be a number of 0 or more, not {value}.", value=repr(amount)))
    if not charged:
        raise InvalidJobError(tr("What was not charged has no amount."), hint=tr("Give charged=True, or no amount."))
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise InvalidJobError(tr("currency must be three letters such as USD, not {value}.", value=repr(currency)))
    return {"charged": charged, "amount": float(amount), "currency": currency.upper()}


def _shelf(home: Path) -> tuple[Ledger, Library]:
    ledger, library = shelf(home)
    assert isinstance(ledger, Ledger)
    assert library is not None
    return ledger, library
