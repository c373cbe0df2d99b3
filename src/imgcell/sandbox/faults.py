"""The faults the sandbox can play, by name.

A fault is asked for with ``server.play("429", retry_after=1)``, with the header ``X-Sandbox-Fault: 429;retry_after=1``, or with the
marker ``[[fault:429 retry_after=1]]`` in the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from imgcell.sandbox.documents import Document
from imgcell.sandbox.orders import Order, Refusal
from imgcell.sandbox.refusals import poor, wrong_key

__all__ = ["FAULTS", "Fault", "applies", "from_header", "from_prompt", "page_of", "refusal_of"]

#: Name: what it does, with its settings.
FAULTS: Mapping[str, str] = {
    # instead of an answer
    "429": "too many requests; retry_after=SECONDS, empty=1 for a body of nothing",
    "quota": "the account has no money, in the platform's words",
    "401": "wrong key, in the platform's words",
    "403": "permission denied",
    "404": "no such page",
    "408": "request timeout",
    "409": "conflict",
    "500": "internal error",
    "501": "not implemented",
    "502": "bad gateway (HTML, as proxies write it)",
    "503": "overloaded; retry_after=SECONDS",
    "504": "gateway timeout (HTML)",
    "524": "a CDN's timeout (HTML)",
    "status": "any status; status=N, body=TEXT, type=MEDIA/TYPE",
    "no-channel": "503 of a relay that has no channel for the model",
    "moderation": "refused by moderation before anything was made",
    "stall": "takes the request and never answers; seconds=N, then closes",
    "reset": "TCP reset instead of an answer",
    "close": "closes the connection instead of answering",
    "html": "an HTML page; status=200",
    "garbage": "HTTP that is none",
    "refuse-response-format": "refuses the field response_format, if it is there",
    "refuse-field": "refuses the field field=NAME, if it is there",
    "image_url_not_available": "cannot give an address, if one was asked for",
    "no-json-edit": "has no JSON edits (404), if one is sent",
    "wrong-field": "wants=image[] or wants=image for multipart pictures, if the other is sent",
    # inside a body that is otherwise an answer
    "error-200": "an error envelope with status 200",
    "empty": "data: []",
    "no-data": "an answer without data",
    "fewer": "one picture fewer than asked for",
    "bad-base64": "base64 with characters that are none",
    "wrapped-base64": "base64 in lines of 76 characters",
    "urlsafe-base64": "base64 in the URL alphabet, without padding",
    "data-url": "b64_json that is a data URL",
    "empty-string": "both url and b64_json are there, one of them empty",
    "truncated-png": "the picture's last third is missing",
    "huge": "a PNG that claims 60000 x 60000 pixels",
    "text-picture": "the picture's bytes are a text",
    # how the body travels
    "cut-body": "the connection is closed at at=0.5 of the body",
    "stall-body": "the body stops at at=0.5; seconds=N, then closes",
    "drip": "the body in pieces of chunk=1024 bytes, delay=0.01 seconds apart",
    "gzip": "Content-Encoding: gzip",
    "huge-length": "Content-Length claims 50 GB, then the connection closes",
    "blanks": "status 200 and blanks to keep the connection, the answer after seconds=0.2",
    "wrong-type": "Content-Type: text/plain",
    # streams
    "cut-stream": "closed after after=1 events",
    "stall-stream": "silent after after=1 events; seconds=N, then closes",
    "error-in-stream": "an error event after after=1 events; moderation=1 for a refusal",
    "json-for-stream": "plain JSON although a stream was asked for",
    "stream-for-json": "an event stream although none was asked for",
    "no-completed": "a stream that ends without its completed event",
    "wrong-events": "image_generation.* events for an edit",
    # behind the address
    "dead-url": "the address answers 404",
    "expired-url": "the address answers 403",
    "slow-url": "the address answers after seconds=2",
    "cut-url": "the first fails=1 downloads are cut in the middle",
    "flaky-url": "the address answers 503 fails=1 times, then the picture",
    "html-url": "the address answers a page",
    "redirect-url": "the address answers 302 to the picture; hops=1",
    "redirect-loop": "the address answers 302 to itself",
    "redirect-private": "the address answers 302 to=http://169.254.169.254/",
    "url-private": "the address itself is to=http://10.255.255.1/picture.png",
    "url-relative": "the address is a path",
    "url-data": "the address is a data URL",
    "url-empty": "the address is an empty string",
}
_PAGE = (
    "<html>\r\n<head><title>{title}</title></head>\r\n"
    "<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass
class Fault:
    """One fault and its settings; ``play`` counts *times* down."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    times: int = 1
    skip: int = 0

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            from difflib import get_close_matches

            near = get_close_matches(self.name, FAULTS, n=3, cutoff=0.4)
            raise ValueError(f"the sandbox has no fault {self.name!r}; near names: {', '.join(near) or ', '.join(FAULTS)}")

    def get(self, name: str, default: Any) -> Any:
        """Return a setting."""
        return self.settings.get(name, default)


def from_header(value: str) -> Fault | None:
    """Return the fault that an ``X-Sandbox-Fault`` header names, or ``None``."""
    name, *pairs = (piece.strip() for piece in value.split(";"))
    return Fault(name, _settings(pairs)) if name else None


def from_prompt(prompt: str) -> tuple[Fault | None, str]:
    """Return the fault that a marker in *prompt* asks for, and the prompt without it."""
    found = re.search(r"\[\[fault:([\w.-]+)((?:\s+[\w-]+=[^\s\]]+)*)\s*\]\]\s?", prompt)
    if not found:
        return None, prompt
    return Fault(found[1], _settings(found[2].split())), (prompt[: found.start()] + prompt[found.end() :]).strip() or "fault"


def _settings(pairs: list[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            settings[name] = int(text)
        except ValueError:
            try:
                settings[name] = float(text)
            except ValueError:
                settings[name] = text
    return settings


def applies(fault: Fault, order: Order | None, given: frozenset[str], fields: frozenset[str], is_json: bool, editing: bool) -> bool:
    """Whether *fault* has anything to do with this request (its fields *given*, the names of its files *fields*)."""
    if fault.name in ("refuse-response-format", "refuse-field"):
        return fault.get("field", "response_format") in given
    if fault.name == "image_url_not_available":
        return order is not None and order.answer == "url"
    if fault.name == "no-json-edit":
        return editing and is_json
    if fault.name == "wrong-field":
        return bool(fields) and fault.get("wants", "image[]") not in fields
    if fault.name in ("cut-stream", "stall-stream", "error-in-stream", "json-for-stream", "no-completed", "wrong-events"):
        return order is not None and order.stream
    return True


def refusal_of(document: Document, fault: Fault) -> Refusal | None:
    """Return what *fault* answers if it is a refusal in the platform's envelope, else ``None``."""
    relay = document.envelope == "relay"
    wait = {"Retry-After": str(fault.get("retry_after", 1))} if "retry_after" in fault.settings else {}
    name = fault.name
    if name == "429":
        if relay:
            return Refusal(
                "您已达到请求数限制：1分钟内最多请求60次", status=429, type="new_api_error", code="rate_limit_exceeded", headers=wait
            )
        message = "Rate limit reached for images per minute. Limit: 5 / 1min. Please try again later."
        return Refusal(message, status=429, type="requests", code="rate_limit_exceeded", headers=wait)
    if name == "quota":
        return poor(document)
    if name == "401":
        return wrong_key(document, "sk-played")
    if name == "503":
        if relay:
            return Refusal("当前分组上游负载已饱和，请稍后再试", status=503, type="new_api_error", code="get_channel_failed", headers=wait)
        message = "The server is currently overloaded with other requests. Please try again later."
        return Refusal(message, status=503, type="server_error", code="server_is_overloaded", headers=wait)
    if name == "moderation":
        return Refusal(
            "Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com and include "
            "the request ID. safety_violations=[violence].",
            code="moderation_blocked",
            type="image_generation_user_error",
            extra={"moderation_details": {"moderation_stage": "input", "categories": ["violence"]}},
        )
    if name == "no-channel":
        return Refusal(
            "分组 default 下模型 gpt-image-2 无可用渠道（distributor）", status=503, type="new_api_error", code="model_not_found"
        )
    if name in ("refuse-response-format", "refuse-field"):
        refused = fault.get("field", "response_format")
        return Refusal(f"Unknown parameter: '{refused}'.", param=refused, code="unknown_parameter")
    if name == "image_url_not_available":
        message = "无法获取图片 URL：平台未配置对象存储 (image_url_not_available)"
        return Refusal(message, status=502, type="new_api_error", code="image_url_not_available", param="response_format")
    if name == "no-json-edit":
        return Refusal(
            "Unsupported content type: 'application/json'. Use 'multipart/form-data'.", status=404, code="unsupported_content_type"
        )
    if name == "wrong-field":
        wanted = fault.get("wants", "image[]")
        return Refusal(f"Missing required parameter: '{wanted}'.", param=wanted, code="missing_required_parameter")
    plain = {
        "403": ("Your organization must be verified to use this model.", "invalid_request_error", None),
        "404": ("Invalid URL (POST)", "invalid_request_error", None),
        "408": ("Request timeout.", "server_error", None),
        "409": ("Conflict.", "invalid_request_error", None),
        "500": ("The server had an error while processing your request. Sorry about that!", "server_error", None),
        "501": ("API not implemented", "new_api_error", "api_not_implemented"),
    }
    if name in plain:
        message, kind, code = plain[name]
        return Refusal(message, status=int(name), type=kind, code=code)
    return None


def page_of(fault: Fault) -> tuple[int, str] | None:
    """Return status and HTML of a fault that is a proxy's page, else ``None``."""
    titles = {"502": "502 Bad Gateway", "504": "504 Gateway Time-out", "524": "524: A timeout occurred", "html": "Welcome"}
    if fault.name not in titles:
        return None
    status = int(fault.get("status", 200)) if fault.name == "html" else int(fault.name)
    return status, _PAGE.format(title=titles[fault.name])
