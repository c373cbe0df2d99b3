"""What an error body says went wrong, whatever its envelope (FACTS.md section 7.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from imgcell.wire.answers import request_id, words_of
from imgcell.wire.flow import Reply
from imgcell.wire.texts import display_text, redact

__all__ = ["Problem", "problem_in", "stated_in"]

_REQUEST_ID = r"(?i)\(\s*request[ _]id:?\s*([\w.-]{4,})\s*\)"


class Problem(NamedTuple):
    """What an answer says went wrong.

    Attributes:
        message: The provider's words, cleaned and redacted; ``""`` if it has none.
        code, type, param: As given, as text; ``""`` if not given.
        request_id: From headers or message, or ``None``.
        stated: Whether the body itself says that something went wrong (also under status 200).
    """

    message: str = ""
    code: str = ""
    type: str = ""
    param: str = ""
    request_id: str | None = None
    stated: bool = False


def problem_in(reply: Reply) -> Problem:
    """Read what went wrong out of *reply* (FACTS.md section 7.6); total: anything gives some problem."""
    problem = stated_in(reply.document)
    message = problem.message
    if not message and not isinstance(reply.document, (dict, list)):
        message = words_of(reply)
    named = re.search(_REQUEST_ID, message)
    given = request_id(reply.headers) or (named[1] if named else None)
    return problem._replace(message=redact(display_text(message)).strip(), request_id=given)


def stated_in(document: Any, depth: int = 0) -> Problem:
    """Read what *document* says went wrong, as it says it; total: anything gives some problem."""
    if isinstance(document, str):
        return Problem(message=document)
    if not isinstance(document, Mapping) or depth > 4:
        return Problem()
    error = document.get("error")
    if isinstance(error, Mapping):
        inner = _envelope(error, depth)
        return inner._replace(stated=True)
    if isinstance(error, str) and error.strip():
        code = _word(document.get("code")) or _code_like(error)
        return Problem(_first(document, "message", "msg") or error, code, stated=True)
    given = document.get("code")
    if document.get("type") == "error":
        return _envelope(document, depth)._replace(stated=True)
    if message := _first(document, "message", "msg"):
        # {code: 0 | 200, message: "success"} wraps good answers.
        bad = _word(given) not in {"", "0", "200", "success", "ok"} or document.get("success") is False
        return Problem(message, _word(given), _word(document.get("type")), _word(document.get("param")), stated=bad)
    detail = document.get("detail")
    if isinstance(detail, str) and detail.strip():
        return Problem(detail, _word(given), stated=True)
    if isinstance(detail, list) and detail:
        return _validation(detail)
    if isinstance(detail, Mapping):
        inner = stated_in(detail, depth + 1)
        return (inner if inner.message or inner.code else _envelope(detail, depth))._replace(stated=True)
    for name in ("err", "error_msg", "errorMessage"):
        held = document.get(name)
        if isinstance(held, Mapping):
            return _envelope(held, depth)._replace(stated=True)
        if isinstance(held, str) and held.strip():
            return Problem(held, _word(given), stated=True)
    for name in ("response", "header"):
        inside = document.get(name)
        if isinstance(inside, Mapping):
            inner = stated_in(inside, depth + 1)
            if inner.message or inner.code:
                return inner
    bad = isinstance(given, (int, str)) and _word(given) not in {"", "0", "200", "success", "ok"}
    return Problem(code=_word(given), stated=bad) if bad else Problem()


def _envelope(error: Mapping[str, Any], depth: int) -> Problem:
    message = _first(error, "message", "msg", "detail", "error_msg")
    if not message:
        inner = stated_in(error, depth + 1)
        message = inner.message
    kind = _word(error.get("type"))
    return Problem(message, _word(error.get("code")), "" if kind == "None" else kind, _word(error.get("param")))


def _validation(items: list[Any]) -> Problem:
    """Read FastAPI's list: ``[{"loc": ["body", "image"], "msg": "Field required"}]``."""
    parts: list[str] = []
    param = ""
    for item in items[:5]:
        if isinstance(item, Mapping):
            places = item.get("loc")
            where = ".".join(str(place) for place in places if place != "body") if isinstance(places, list) else ""
            param = param or where.split(".")[0]
            parts.append(f"{where}: {_first(item, 'msg', 'message')}" if where else _first(item, "msg", "message"))
        elif isinstance(item, str):
            parts.append(item)
    return Problem("; ".join(part for part in parts if part), param=param, stated=True)


def _first(mapping: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = mapping.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _word(value: Any) -> str:
    if isinstance(value, str):
        return display_text(value.strip(), 120)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return ""


def _code_like(text: str) -> str:
    return text if re.fullmatch(r"[a-z][a-z0-9_.:-]{2,60}", text) else ""
