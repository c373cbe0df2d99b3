"""Everything that can go wrong, as a tree.

::

    ImgcellError
    ├── ConfigurationError          providers.toml or an option is wrong: file, line, reason
    ├── InvalidJobError             refused here, before anything was sent (also a ValueError)
    ├── MissingKeyError             no key for this provider; nothing was sent
    ├── StorageError                no room or no right to keep what would be paid for; nothing was sent
    ├── BudgetExceededError         would pass a limit; nothing was sent
    ├── NotSentError                no connection: DNS, refused, TLS, proxy; nothing was sent, nothing charged
    ├── AnswerError                 the provider answered with a refusal
    │   ├── AuthenticationError     401, or a key the provider does not know
    │   ├── PermissionDeniedError   403, 451
    │   ├── QuotaExceededError      money: quota, balance, billing limit (whatever the status)
    │   ├── RateLimitError          429 that did not clear within the time allowed
    │   ├── ModerationError         the prompt or the picture was refused on content
    │   ├── InvalidRequestError     400, 404, 413, 415, 422 ...: the request is at fault
    │   └── ServerError             the provider says that it failed without charging
    ├── OutcomeUnknownError         sent, and it may have been charged (timeout, reset, 5xx); never sent again by itself
    └── PaidError                   answered and paid, but not usable; what came is kept
        ├── NoImageError            no picture in the answer
        ├── ImageDecodeError        what came is not a whole PNG, JPEG or WebP
        └── DownloadError           the address of the picture is known, fetching it failed; fetching again is free

Every message says what happened; ``hint`` says what to do next.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from decimal import Decimal
    from types import FrameType

__all__ = [
    "AnswerError",
    "AuthenticationError",
    "BudgetExceededError",
    "ConfigurationError",
    "DownloadError",
    "ImageDecodeError",
    "ImgcellError",
    "InvalidJobError",
    "InvalidRequestError",
    "MissingKeyError",
    "ModerationError",
    "NoImageError",
    "NotSentError",
    "OutcomeUnknownError",
    "PaidError",
    "PermissionDeniedError",
    "QuotaExceededError",
    "RateLimitError",
    "ServerError",
    "StorageError",
]


class ImgcellError(Exception):
    """The root of all errors of imgcell.

    Attributes:
        message: What happened, one or two sentences, safe to show (keys and base64 already removed).
        hint: What to do next, or ``None``.
        provider: Name of the provider, or ``None``.
        status: HTTP status, or ``None``.
        code: The provider's own error code (text), or ``None``.
        request_id: The provider's request id, or ``None``.
        attempt: Id of the ledger's entry for the request, or ``None`` if none was made.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        provider: str | None = None,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        attempt: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.provider = provider
        self.status = status
        self.code = code
        self.request_id = request_id
        self.attempt = attempt

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        from imgcell.language import joined  # when it is needed, as below

        return joined(self.message, self.hint)

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints for the error: a few lines, without a traceback, except under ``%tb``.

        IPython calls this method on any exception that has it, once or twice for one failure, and again for ``%tb``;
        only the caller tells which.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_name == "tb" and "IPython" in frame.f_code.co_filename:
                shell = sys.modules["IPython"].get_ipython()
                lines: list[str] = shell.InteractiveTB.structured_traceback(type(self), self, self.__traceback__)
                return lines
            frame = frame.f_back
        return self.lines()

    def lines(self) -> list[str]:
        """Return class and message, hint, and where to look it up, each on a line of its own."""
        from imgcell.language import listed, tr  # when it is needed: errors are part of what every import of imgcell costs

        facts = {
            tr("provider"): self.provider,
            tr("status"): self.status,
            tr("code"): self.code,
            tr("request id"): self.request_id,
            tr("journal id"): self.attempt,
        }
        if all(value is None for value in list(facts.values())[1:]):
            facts = {}  # the message names the provider where that is all there is to say
        known = listed(*(f"{name} {value}" for name, value in facts.items() if value is not None))
        return [
            f"{type(self).__name__}: {self.message}",
            *([self.hint] if self.hint else []),
            *([tr("({facts})", facts=known)] if known else []),
        ]

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.message, dict(self.__dict__)))


def _rebuild(kind: type[ImgcellError], message: str, state: dict[str, Any]) -> ImgcellError:
    error = kind(message)
    error.__dict__.update(state)
    return error


class ConfigurationError(ImgcellError):
    """A configuration file or setting is wrong; the message names file, line and reason."""


class InvalidJobError(ImgcellError, ValueError):
    """The job cannot be sent as it is; nothing was sent."""


class MissingKeyError(ImgcellError):
    """No API key was found for the provider; nothing was sent."""


class StorageError(ImgcellError):
    """There is no room, or no right, to keep what would be paid for; nothing was sent."""


class BudgetExceededError(ImgcellError):
    """The request could pass a budget; nothing was sent.

    Attributes:
        scope: Which budget: ``"session"``, ``"day"`` or ``"cell"``; ``""`` where it is not a matter of sums.
        limit: The budget, in *currency*; ``None`` if it is not known.
        spent, reserved: What of it is spent, or set aside for requests under way.
        cost: What the request could cost at most, or ``None`` if no price is known.
        currency: ISO 4217, or ``None``.
    """

    scope: str = ""
    limit: Decimal | None = None
    spent: Decimal | None = None
    reserved: Decimal | None = None
    cost: Decimal | None = None
    currency: str | None = None


class NotSentError(ImgcellError):
    """No connection could be made; nothing was sent and nothing can have been charged."""


class AnswerError(ImgcellError):
    """The provider answered with a refusal (RELIABILITY.md section 1.5, classes N1 and N2)."""


class AuthenticationError(AnswerError):
    """The provider does not accept the key."""


class PermissionDeniedError(AnswerError):
    """The key is known but may not do this (403, 451)."""


class QuotaExceededError(AnswerError):
    """Quota, balance or billing limit reached, under whatever status the provider says so."""


class RateLimitError(AnswerError):
    """Turned away for now: too many requests, and the wait the provider asks for is beyond what is done by itself.

    Attributes:
        retry_after: Seconds after which the provider says to ask again, or ``None`` if it does not say.
    """

    retry_after: float | None = None


class ModerationError(AnswerError):
    """The prompt or the result was refused on grounds of content."""


class InvalidRequestError(AnswerError):
    """The provider says that the request is at fault."""


class ServerError(AnswerError):
    """The provider says that it failed and that nothing was made."""


class OutcomeUnknownError(ImgcellError):
    """The request was sent and may have been charged; it is never sent again by itself.

    Attributes:
        partial: The last partial picture (a ``PIL.Image.Image``) that came before the stream was cut, or ``None``.
    """

    partial: Any = None


class PaidError(ImgcellError):
    """The answer came and is paid for, but is not usable as a picture; what came is kept."""


class NoImageError(PaidError):
    """The answer holds no picture."""


class ImageDecodeError(PaidError):
    """What came as a picture is not a whole PNG, JPEG or WebP within the limits."""


class DownloadError(PaidError):
    """The picture's address is known but it could not be fetched; fetching again is free.

    Attributes:
        url: The address.
    """

    url: str = ""
