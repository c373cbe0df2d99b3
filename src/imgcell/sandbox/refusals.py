"""The refusals that every document shares, and the envelopes each platform puts them in."""

from __future__ import annotations

import uuid
from typing import Any

from imgcell.sandbox.documents import Document
from imgcell.sandbox.orders import Refusal

__all__ = ["check_key", "envelope", "new_request_id", "poor", "request_id_header", "wrong_key"]


def new_request_id(document: Document) -> str:
    """Return an id such as the platform gives each request."""
    return ("req_" if document.envelope == "openai" else "2026") + uuid.uuid4().hex


def request_id_header(document: Document) -> str:
    """Return the name of the header that carries the request id."""
    return "x-request-id" if document.envelope == "openai" else "X-Oneapi-Request-Id"


def envelope(document: Document, refusal: Refusal, request_id: str) -> dict[str, Any]:
    """Return the body that says *refusal*: OpenAI's ``ErrorResponse``, or new-api's, whose message ends with the request id."""
    error: dict[str, Any] = {"message": refusal.message, "type": refusal.type, "param": refusal.param, "code": refusal.code}
    if document.envelope == "relay":
        error["message"] = f"{refusal.message} (request id: {request_id})"
        error["param"] = refusal.param or ""
    error.update(refusal.extra)
    return {"error": error}


def check_key(document: Document, authorization: str) -> None:
    """Refuse a missing, a wrong and a poor key the way the platform does.

    Raises:
        Refusal: 401; or for ``sk-poor`` 429 ``insufficient_quota`` (OpenAI) or 403 ``insufficient_user_quota`` (relays).
    """
    scheme, _, key = authorization.strip().partition(" ")
    key = key.strip() if scheme.lower() == "bearer" else ""
    if not key and not document.needs_key:
        return
    if not key or key == "sk-wrong" or key.startswith("sk-bad"):
        raise wrong_key(document, key)
    if key == "sk-poor":
        raise poor(document)


def wrong_key(document: Document, key: str) -> Refusal:
    """Return the platform's 401."""
    if document.envelope == "relay":
        return Refusal("未提供令牌" if not key else "无效的令牌", status=401, type="new_api_error", code="")
    if not key:
        return Refusal("You didn't provide an API key. You need to provide your API key in an Authorization header.", status=401, code=None)
    shown = key[:3] + "*" * max(len(key) - 7, 3) + key[-4:]
    return Refusal(f"Incorrect API key provided: {shown}.", status=401, code="invalid_api_key")


def poor(document: Document) -> Refusal:
    """Return the platform's word for an account without money."""
    if document.envelope == "relay":
        return Refusal("用户额度不足, 剩余额度: $0.000000", status=403, type="new_api_error", code="insufficient_user_quota")
    return Refusal(
        "You exceeded your current quota, please check your plan and billing details.",
        status=429,
        type="insufficient_quota",
        code="insufficient_quota",
    )
