"""What an answer means for the bill, and the error that it becomes (RELIABILITY.md section 1.5).

One place makes errors of answers: :func:`error_from`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from imgcell.errors import (
    AnswerError,
    AuthenticationError,
    ImgcellError,
    InvalidRequestError,
    ModerationError,
    OutcomeUnknownError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from imgcell.language import joined, tr
from imgcell.wire.flow import Reply
from imgcell.wire.problems import Problem, problem_in, stated_in

__all__ = ["Class", "classify", "error_from", "problem_in", "retry_after", "stated_error"]

#: ``made``: a 200 without an error; ``turned-away``: N1, may be sent again; ``refused``: N2, not charged, never again;
#: ``unknown``: U, may have been charged, never again.
Class: TypeAlias = Literal["made", "turned-away", "refused", "unknown"]

#: Longest wait that is believed: a day.
LONGEST_WAIT = 86_400.0

_QUOTA = frozenset(
    {
        "insufficient_quota",
        "insufficient_balance",
        "insufficient_user_quota",
        "insufficient_credits",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
        "billing_limit_exceeded",
        "billing_not_active",
        "pre_consume_token_quota_failed",
        "quota_exceeded",
        "account_deactivated",
        "payment_required",
        "budget_exceeded",
    }
)
_MODERATION = frozenset(
    {
        "moderation_blocked",
        "content_policy_violation",
        "sensitive_words_detected",
        "prompt_blocked",
        "content_filter",
        "content_filtered",
        "responsibleaipolicyviolation",
        "image_generation_blocked",
        "safety_violation",
        "content_moderation",
    }
)
_KEYS = frozenset(
    {
        "invalid_api_key",
        "invalid_token",
        "authentication_error",
        "token_expired",
    }
)
_NO_MODEL = frozenset(
    {
        "model_not_found",
        "no_available_channel",
        "unsupported_model",
        "model_not_supported",
    }
)
_PERMANENT = frozenset(
    {
        "invalid_request",
        "invalid_request_error",
        "convert_request_failed",
        "model_price_error",
        "api_not_implemented",
        "image_url_not_available",
        "unknown_parameter",
        "invalid_value",
    }
)
_FULL = frozenset(
    {
        "server_is_overloaded",
        "system_cpu_overloaded",
        "system_memory_overloaded",
        "system_disk_overloaded",
        "overloaded",
        "overloaded_error",
        "queue_full",
        "engine_overloaded",
        "slow_down",
        "rate_limit_exceeded",
        "rate_limit_error",
        "too_many_requests",
        "capacity_exceeded",
    }
)

_QUOTA_WORDS = (
    r"(?i)insufficient (?:user )?(?:quota|balance|credit|funds)|exceeded your current quota|billing hard limit|out of credits"
    r"|(?:credit|account) balance|no available image quota|spend limit|余额不足|额度不足|额度已用尽|额度已用完|欠费|预扣费"
)
_MODERATION_WORDS = (
    r"(?i)safety[_ ]violations|safety system|content policy|content[_ ]filter|moderation|violat\w+ (?:our|the|usage) polic"
    r"|敏感词|内容审核|违规|违反"
)
_NO_MODEL_WORDS = r"(?i)无可用渠道|no available channel"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which the provider says to ask again: 0 to a day, or ``None``.

    ``retry-after-ms`` and ``retry-after`` as seconds or as a date, which is read against the answer's own ``date``.
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = (headers.get(name) or "").strip()
        if not text:
            continue
        try:
            seconds = float(text) * unit
        except ValueError:
            seconds = _until(text, headers.get("date") or "")
        if math.isfinite(seconds):
            return min(max(seconds, 0.0), LONGEST_WAIT)
    return None


def _until(when: str, now: str) -> float:
    from email.utils import parsedate_to_datetime

    try:
        return (parsedate_to_datetime(when) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError, IndexError, OverflowError):
        return math.nan


def classify(status: int, headers: Mapping[str, str], problem: Problem) -> Class:
    """Say what an answer means for the bill: a total function.

    Only what is certainly not charged is ``turned-away``, because only that is sent again.
    """
    code = problem.code.lower()
    kind = _permanent(code, problem)
    if 200 <= status < 300:
        if not problem.stated:
            return "made" if status == 200 else "unknown"
        return "refused" if kind in {"quota", "moderation", "key", "model"} else "unknown"
    if kind in {"quota", "moderation", "model"} and 400 <= status < 600:
        return "refused"
    if status == 429:
        return "turned-away"
    if status == 503:
        known = code in _FULL or problem.type.lower() in _FULL
        return "turned-away" if known and retry_after(headers) is not None else "unknown"
    if status in {521, 523}:
        # Cloudflare itself says so, and it never reached the origin; the number alone proves nothing.
        cloudflare = "cloudflare" in (headers.get("server") or "").lower() and bool(headers.get("cf-ray"))
        return "turned-away" if cloudflare else "unknown"
    if status in {408, 409, 499}:
        return "unknown"
    if 300 <= status < 500 or status == 501:
        return "refused"
    if 500 <= status < 600 and code in _PERMANENT and code != "image_url_not_available":
        return "refused"
    return "unknown"


def _permanent(code: str, problem: Problem) -> str:
    kind = problem.type.lower()
    words = problem.message
    if code in _QUOTA or kind in _QUOTA or (not code.startswith("rate_limit") and re.search(_QUOTA_WORDS, words)):
        return "quota"
    if code in _MODERATION or kind in _MODERATION or "safety_violations" in words:
        return "moderation"
    if code in _NO_MODEL or re.search(_NO_MODEL_WORDS, words):
        return "model"
    if code in _KEYS:
        return "key"
    return ""


def stated_error(reply: Reply, document: Any, kind: str = "") -> ImgcellError | None:
    """Return the error that an event of a stream states, or ``None``."""
    inside = stated_in(document)
    if isinstance(document, Mapping):
        if not inside.stated and kind not in {"error", "response.failed"} and not kind.endswith(".failed"):
            return None
    elif kind != "error":
        return None
    asked = Reply(200, reply.headers, reply.media_type, document if isinstance(document, Mapping) else {"error": str(document)})
    problem = problem_in(asked)._replace(stated=True)
    return _make_error(200, reply.headers, problem)


def error_from(reply: Reply) -> ImgcellError | None:
    """Return the error that *reply* stands for, or ``None`` if it may hold pictures.

    The provider's name is added by whoever knows it.
    """
    if reply.image is not None and 200 <= reply.status < 300:
        return None
    problem = problem_in(reply)
    if 200 <= reply.status < 300 and not (problem.stated and not _has_data(reply.document)):
        return None
    return _make_error(reply.status, reply.headers, problem)


def _has_data(document: Any) -> bool:
    return isinstance(document, Mapping) and any(isinstance(document.get(name), list) and document[name] for name in ("data", "images"))


def _make_error(status: int, headers: Mapping[str, str], problem: Problem) -> ImgcellError:
    what = classify(status, headers, problem)
    words = problem.message or tr("status {status} without an explanation", status=status)
    known: dict[str, Any] = {"status": status, "code": problem.code or None, "request_id": problem.request_id}
    if what == "turned-away":
        busy = RateLimitError(
            tr("The provider turned the request away for now: {words}", words=words),
            hint=tr("Nothing was charged. Wait a little, or ask for fewer pictures at a time."),
            **known,
        )
        busy.retry_after = retry_after(headers)
        return busy
    if what != "refused":
        hint = tr("Look at the provider's usage page before you send it again: that may cost again.")
        if problem.code == "image_url_not_available":
            hint = tr("This platform could not turn the picture into an address: ask with response_format='b64_json'.")
        elif status in {504, 524}:
            hint = joined(tr("The provider's gateway did not wait for the picture, which was probably made."), hint)
        return OutcomeUnknownError(
            tr(
                "The request was sent and may have been charged; the provider answered with status {status}: {words}",
                status=status,
                words=words,
            ),
            hint=hint,
            **known,
        )
    kind, template, hint = _refusal(status, problem)
    return kind(template, hint=hint, **known)


def _refusal(status: int, problem: Problem) -> tuple[type[AnswerError], str, str]:
    words = problem.message or tr("status {status} without an explanation", status=status)
    permanent = _permanent(problem.code.lower(), problem)
    if permanent == "quota" or status == 402:
        return (
            QuotaExceededError,
            tr("The provider says that quota or balance is used up: {words}", words=words),
            tr("Nothing was charged. Top up, or raise the limit, at the provider."),
        )
    if permanent == "moderation" or (status in {400, 403, 422} and re.search(_MODERATION_WORDS, words)):
        return (
            ModerationError,
            tr("The provider refused the content: {words}", words=words),
            tr("Say it differently, or use other pictures. It is not sent again by itself."),
        )
    if status == 401 or permanent == "key":
        return (
            AuthenticationError,
            tr("The provider does not accept the key: {words}", words=words),
            tr("Check the key and that it belongs to this provider (%imgcell shows which one is used)."),
        )
    if status in {403, 451} and permanent != "model":
        return (
            PermissionDeniedError,
            tr("The provider does not allow this: {words}", words=words),
            tr("Check what the key may do: models, groups, regions, addresses."),
        )
    if status >= 500 and permanent != "model" and problem.code.lower() not in _PERMANENT:
        return (
            ServerError,
            tr("The provider cannot do this: {words}", words=words),
            tr("Nothing was charged. Choose another model or provider."),
        )
    hint = tr("Nothing was charged. Change what it names, then send it again.")
    if permanent == "model" or status in {404, 405}:
        hint = tr("Nothing was charged. Check the model's name, the key's group and the base URL (it ends in /v1).")
    elif 300 <= status < 400:
        hint = tr("Nothing was charged. The address answers with a redirect: check the base URL.")
    elif status == 413:
        hint = tr("Nothing was charged. The pictures are too large for this provider: make them smaller.")
    elif problem.code == "image_url_not_available":
        hint = tr("This platform could not turn the picture into an address: ask with response_format='b64_json'.")
    return InvalidRequestError, tr("The provider says that the request is at fault: {words}", words=words), hint
