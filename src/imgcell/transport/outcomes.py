"""What an error of a conversation means for the ledger, and how it is told to the user."""

from __future__ import annotations

import datetime as dt
import math
import time
from urllib.parse import urlsplit

from imgcell.errors import (
    AnswerError,
    DownloadError,
    ImgcellError,
    InvalidRequestError,
    NotSentError,
    OutcomeUnknownError,
    PaidError,
    RateLimitError,
)
from imgcell.language import joined, tr
from imgcell.transport.gate import LONGEST_WAIT
from imgcell.wire.texts import display_text, redact

__all__ = ["cleaned", "not_sent", "redirected", "state_of", "timed_out", "unknown", "unknown_hint", "waiting", "with_time"]


def state_of(error: ImgcellError) -> str:
    """Return the state of the ledger that *error* ends an attempt with."""
    if isinstance(error, RateLimitError):
        return "turned-away"
    if isinstance(error, AnswerError):
        return "refused"
    if isinstance(error, DownloadError):
        return "paid-pending"
    if isinstance(error, PaidError):
        return "paid-unread"
    if isinstance(error, OutcomeUnknownError):
        return "unknown"
    return "not-sent"


def cleaned(error: ImgcellError, secrets: tuple[str, ...]) -> ImgcellError:
    """Take out of *error* what must not be seen."""
    error.message = redact(error.message, secrets)
    error.hint = redact(error.hint, secrets) if error.hint else None
    error.code = redact(error.code, secrets) if error.code else None
    error.args = (error.message,)
    return error


def timed_out(provider: str, timeout: float, *, fetching: bool, started: bool) -> ImgcellError:
    """Return the error for a deadline of *timeout* seconds that passed while a picture was fetched, an answer waited for, or before."""
    seconds = f"{timeout:g}"
    if fetching:
        return DownloadError(tr("The picture was made, but could not be fetched within {seconds} s.", seconds=seconds))
    if started:
        return unknown(tr("{provider} gave no whole answer within {seconds} s.", provider=provider, seconds=seconds))
    return NotSentError(
        tr("{provider} could not be reached within {seconds} s; nothing was sent.", provider=provider, seconds=seconds),
        hint=tr("Nothing was charged. Check the network and the address, then run it again."),
    )


def unknown(what: str) -> OutcomeUnknownError:
    """Return the error for a request of which nobody knows whether it is paid for; *what* happened is a sentence."""
    return OutcomeUnknownError(joined(what, tr("The request was sent and may have been charged.")))


def unknown_hint(hint: str | None, sent_at: float, attempt: str | None) -> str:
    """Return what to do about such a request: *hint*, and when it was sent (*sent_at*, ``time.monotonic``; 0 is now)."""
    hint = hint or tr("Look at the provider's usage page before you send it again: that may cost again.")
    ago = time.monotonic() - sent_at if sent_at else 0.0
    at = dt.datetime.now(dt.timezone.utc).astimezone() - dt.timedelta(seconds=ago)
    return joined(hint, tr("It was sent at {time} (journal {attempt}).", time=f"{at:%Y-%m-%d %H:%M:%S}", attempt=attempt or "-"))


def not_sent(base_url: str, error: BaseException) -> NotSentError:
    """Return the error for a connection that could not be made."""
    host = urlsplit(base_url).netloc
    return NotSentError(
        tr("No connection to {host}: {reason}", host=host, reason=display_text(str(error) or type(error).__name__)[:300]),
        hint=tr("Nothing was sent and nothing charged. Check the address, the network and the proxy settings, then run it again."),
    )


def redirected(provider: str, location: str) -> InvalidRequestError:
    """Return the error for an answer that sends the request elsewhere."""
    target = display_text(location)[:200] or "?"
    return InvalidRequestError(
        tr("{provider} redirects to {location}; a paid request is not sent on.", provider=provider, location=target),
        hint=tr("If you trust that address, give it as base_url=."),
    )


def waiting(seconds: float) -> str:
    """Return the state of a request that waits for its turn: for *seconds* because of a limit, or only for others."""
    return tr("waiting {seconds} s (rate limit)", seconds=math.ceil(seconds)) if seconds > 0 else tr("in line")


def with_time(error: RateLimitError) -> RateLimitError:
    """Add when to try again, where that is too long to wait."""
    if error.retry_after is not None and error.retry_after > LONGEST_WAIT:
        again = dt.datetime.now(dt.timezone.utc).astimezone() + dt.timedelta(seconds=error.retry_after)
        error.hint = tr("Nothing was charged. It asks to be tried again at {time}.", time=f"{again:%Y-%m-%d %H:%M:%S}")
    return error
