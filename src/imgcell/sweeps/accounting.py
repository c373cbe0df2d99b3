"""What became of each cell of a sweep, from the ledger alone: whatever else of the sweep's process is gone, this is not.

===================================  ==================================================================================
the ledger's last word               what it means for the cell
===================================  ==================================================================================
done, with its picture               it has its picture and is never sent again
done, the picture deleted since      it was paid for; sent again only when that is asked for (``unknown=True``)
unknown, paid but not usable,        it may have been charged, or is under way in another process: not sent again
still sending                        unless that is asked for (``unknown=True``), or the user said that it was not charged
refused on grounds of content,       an answer, too; sent again only when that is asked for (``refused=True``)
or because the request is at fault
not sent, turned away, any other     nothing was charged: sent again
refusal
===================================  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell import errors
from imgcell.errors import AnswerError, ImageDecodeError, ImgcellError, OutcomeUnknownError, PaidError, ServerError, StorageError
from imgcell.language import tr
from imgcell.ledger.leftover import OWED
from imgcell.sweeps.task import Held, Outcome

if TYPE_CHECKING:
    import datetime as dt

    from imgcell.pictures.picture import Picture
    from imgcell.store import Library

__all__ = ["Known", "account", "again"]

_UNDER_WAY = frozenset({"sending", "answered", "url"})
#: Refusals that another time may not meet: the account, the key or the server were at fault, not what was asked for.
_PASSING = frozenset({"AuthenticationError", "PermissionDeniedError", "QuotaExceededError", "RateLimitError", "ServerError"})


@dataclass(frozen=True)
class Known:
    """What is known of one cell.

    Attributes:
        outcome: Its picture or its error; ``None`` while a chain is under way without either.
        again: What has to be said for it to be sent: ``""`` (nothing), ``"refused"``, ``"unknown"``, or ``"never"``.
        done: How many steps of its chain are made.
        last: The picture of the last of them: its name in the library, itself where there is none.
        open: Whether a request for it is under way, or was when its process ended.
    """

    outcome: Outcome | None
    again: str = ""
    done: int = 0
    last: Held | Picture | None = None
    open: bool = False


def account(
    library: Library,
    sweep: str,
    steps: Mapping[int, int],
    since: dt.datetime | None,
    *,
    begun: Mapping[int, int] | None = None,
    but: Collection[str] = (),
) -> dict[int, Known]:
    """Return what the ledger of *library* knows of the cells of *sweep*; those that it does not name were never sent.

    Args:
        library: Where its requests are written down.
        sweep: Its id.
        steps: How many steps each place takes.
        since: When it was made; ``None`` asks for all there is, where clocks may differ.
        begun: How many steps of a place are made already and need not be in the ledger.
        but: Ids of requests that do not count.

    Raises:
        StorageError: The library's index cannot be asked.
    """
    try:
        rows = [row for row in library.requests(since=since) if row.get("sweep") == sweep and row["attempt"] not in but]
    except ImgcellError:
        raise
    except Exception as error:
        raise StorageError(
            tr("The library could not be searched for the requests of this sweep: {reason}", reason=str(error) or type(error).__name__),
            hint=tr("imgcell.library().verify() says what is wrong with it."),
        ) from error
    sent: dict[int, dict[int, list[dict[str, Any]]]] = {}
    for row in reversed(rows):  # the oldest first
        place, step = row.get("place"), row.get("step", 0)
        if type(place) is int and type(step) is int:
            sent.setdefault(place, {}).setdefault(step, []).append(row)
    first = begun or {}
    return {place: _cell(library, place, first.get(place, 0), steps[place], found) for place, found in sent.items() if place in steps}


def again(outcome: Outcome) -> str:
    """Return :attr:`Known.again` for an outcome of which there is no ledger on the disk."""
    error = outcome.error
    if outcome.picture is not None:
        return "never"
    if isinstance(error, (OutcomeUnknownError, PaidError)):
        return "unknown"
    return "refused" if isinstance(error, AnswerError) and type(error).__name__ not in _PASSING else ""


def _cell(library: Library, place: int, first: int, steps: int, sent: Mapping[int, list[dict[str, Any]]]) -> Known:
    last: Held | None = None
    for step in range(first, steps):
        rows = sent.get(step, [])
        made = next((name for row in reversed(rows) if (name := _picture(row)) is not None), None)
        if made is None:
            return _without(place, step, rows, last)
        last = Held(made)
    if last is None:
        return Known(None, "", first, None)
    try:
        picture = library.picture(last.name)
    except ImageDecodeError as error:
        return Known(Outcome(place, error=error), "unknown", steps, last)
    if picture is not None:
        return Known(Outcome(place, picture), "never", steps, last)
    gone = StorageError(
        tr("The picture of this cell is not in the library any more ({id}).", id=last.name),
        hint=tr("library().restore(id) brings it back from the trash; sweep.resume(unknown=True) makes another one, which is paid for."),
    )
    return Known(Outcome(place, error=gone), "unknown", 0, None)


def _without(place: int, step: int, rows: list[dict[str, Any]], last: Held | None) -> Known:
    """Return what is known of a cell whose *step* has no picture."""
    if not rows:
        return Known(None, "", step, last)
    owed = [row for row in rows if _may_be_charged(row)]
    row = (owed or rows)[-1]
    error = _error(row)
    if step:
        error.message = tr("Step {number}: {reason}", number=step + 1, reason=error.message)
        error.args = (error.message,)
    if owed:
        return Known(Outcome(place, error=error), "unknown", step, last, open=any(one["state"] in _UNDER_WAY for one in rows))
    return Known(Outcome(place, error=error), "refused" if _is_an_answer(row, error) else "", step, last)


def _picture(row: Mapping[str, Any]) -> str | None:
    names = row.get("records")
    return next((name for name in names if isinstance(name, str)), None) if isinstance(names, list) else None


def _may_be_charged(row: Mapping[str, Any]) -> bool:
    settled = row.get("settled")
    if isinstance(settled, Mapping):
        return settled.get("charged") is not False
    return row["state"] in OWED or row["state"] in _UNDER_WAY


def _is_an_answer(row: Mapping[str, Any], error: ImgcellError) -> bool:
    return row["state"] == "refused" and type(error).__name__ not in _PASSING


def _error(row: Mapping[str, Any]) -> ImgcellError:
    """Return what went wrong as far as the ledger says it."""
    said = row.get("error")
    facts: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    state, attempt = row["state"], row["attempt"]
    kind = getattr(errors, str(facts.get("kind")), None)
    message = facts.get("message")
    if not (isinstance(kind, type) and issubclass(kind, ImgcellError) and isinstance(message, str)):
        kind, message = _guess(state)
    hint = facts.get("hint")
    error: ImgcellError = kind(message, hint=hint if isinstance(hint, str) else None, provider=_text(row.get("provider")), attempt=attempt)
    error.code = _text(facts.get("code"))
    error.status = facts.get("status") if type(facts.get("status")) is int else None
    return error


def _guess(state: str) -> tuple[type[ImgcellError], str]:
    """Return an error for a request whose line does not say one: an earlier version wrote it, or a process died over it."""
    if state in _UNDER_WAY:
        return OutcomeUnknownError, tr("It is under way in another kernel, or its kernel ended a moment ago.")
    if state in OWED or state == "settled":
        return OutcomeUnknownError, tr("It was sent and brought no picture; it may have been charged (imgcell.unsettled()).")
    if state == "refused":
        return ServerError, tr("The provider refused it; nothing was charged.")
    return errors.NotSentError, tr("It was not sent; nothing was charged.")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
