"""Where the pictures are in any answer, and what it says of them (FACTS.md section 7.2).

Nothing here trusts a key's presence: relays fill every key with ``""`` (FACTS.md section 3.2).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from imgcell.language import tr
from imgcell.wire.base64text import decode_text
from imgcell.wire.flow import Extract, Reply
from imgcell.wire.texts import display_text, redact

__all__ = ["Found", "display_text", "facts_in", "pictures_in", "redact", "request_id", "usage_in", "words_of"]

#: How deep wrappers are followed (``result.data.images[0].image_url.url`` is five).
DEPTH = 8

_BASE64_KEYS = ("b64_json", "partial_image_b64", "b64", "base64", "image_base64", "bytesBase64Encoded")
_URL_KEYS = ("url", "image_url", "imageUrl", "uri")
_LIST_KEYS = ("data", "images", "image", "output", "outputs", "result", "results", "response")
_ID_HEADERS = ("x-request-id", "x-oneapi-request-id", "x-api-request-id", "request-id", "cf-ray")
_FACTS = ("size", "quality", "background", "output_format")

# Patterns are texts: re compiles each on its first use and remembers it, and most answers use none.
_MARKDOWN = r"!\[[^\]]*\]\(\s*<?((?:data:image/|https?://)[^)>\s]+)"
_DATA_URL = r"data:image/[a-zA-Z0-9.+-]+;base64,[A-Za-z0-9+/=_-]+"
_LINK = r"https?://[^\s<>\"'`)\]]+"
_IMAGE_LINK = r"(?i)\.(?:png|jpe?g|webp)(?:[?#]|$)"
_ADDRESS = r"(?i)(?:https?:/)?/\S+"


class Found(NamedTuple):
    """One place of an answer where a picture is, or should be.

    Attributes:
        image: Its bytes, if they came.
        url: Its address, absolute or relative to the API's, if it came.
        revised_prompt: The prompt as rewritten, if it is said and not empty.
        problem: Why neither is there, in words.
        empty: Whether there is a place for a picture and nothing in it.
    """

    image: Extract | None = None
    url: str | None = None
    revised_prompt: str | None = None
    problem: str = ""
    empty: bool = False


def pictures_in(document: Any) -> list[Found]:
    """Return what *document* holds of pictures, in its order; places that hold none say why.

    The order of search is FACTS.md section 7.2's; the first place that holds anything is the only one, so that a
    picture which an answer repeats does not come twice.
    """
    if isinstance(document, Mapping) and document.get("error") and not document.get("data"):
        return []
    return _search(document, 0)


def _search(value: Any, depth: int) -> list[Found]:
    if depth > DEPTH:
        return []
    if isinstance(value, list):
        return _items(value, depth)
    if not isinstance(value, Mapping):
        return []
    item = _item(value, depth)
    if item is not None and not item.problem:
        return [item]
    problems = [item] if item is not None else []
    for key in _LIST_KEYS:
        inner = value.get(key)
        if isinstance(inner, Mapping) or (isinstance(inner, list) and inner):
            found = _search(inner, depth + 1)
        elif isinstance(inner, str) or _is_extract(inner):
            found = [_lone(inner)] if inner and (key != "data" or not isinstance(inner, str) or _looks(inner)) else []
        else:
            continue
        if any(not place.problem for place in found):
            return found
        problems += found
    found = _choices(value.get("choices"), depth)
    return found or problems


def _items(values: list[Any], depth: int) -> list[Found]:
    found: list[Found] = []
    for value in values:
        if isinstance(value, Mapping):
            kind = value.get("type")
            if isinstance(kind, str) and kind in {"reasoning", "message"} and "content" in value:
                found += _content(value["content"])
                continue
            item = _item(value, depth)
            inner = [] if item is not None and not item.problem else _search(value, depth + 1)
            found += inner or ([item] if item is not None else [_hole()])
        elif isinstance(value, list):
            found += _search(value, depth + 1)
        elif isinstance(value, str) or _is_extract(value):
            found.append(_lone(value))
        else:
            found.append(_hole())
    return found


def _item(value: Mapping[str, Any], depth: int) -> Found | None:
    """Return what one object says of one picture; ``None`` if it does not speak of a picture itself."""
    revised = _text(value.get("revised_prompt")) or None
    problem = ""
    url = _address(value)
    for key in _BASE64_KEYS:
        held = value.get(key)
        if not held:
            continue
        image = held if _is_extract(held) else decode_text(held) if isinstance(held, str) else None
        if image is not None:
            # data: in the place of an address says nothing new.
            return Found(image, url if url and not url.startswith("data:") else None, revised)
        problem = tr("{key} is not base64", key=key)
    if url:
        if not url.startswith("data:"):
            return Found(None, url, revised)
        image = decode_text(url)
        if image is not None:
            return Found(image, None, revised)
        problem = tr("a data URL that is not base64")
    elif any(_is_extract(value.get(key)) for key in _URL_KEYS):
        # A data URL whose text was decoded while it arrived.
        return Found(next(value[key] for key in _URL_KEYS if _is_extract(value.get(key))), None, revised)
    elif isinstance(value.get("image_url"), Mapping):
        inner = _item(value["image_url"], depth + 1)
        if inner is not None:
            return inner
    if value.get("type") == "image_generation_call" and value.get("result") and not isinstance(value["result"], (Mapping, list)):
        return _lone(value["result"])
    if problem:
        return Found(problem=problem)
    if any(key in value for key in (*_BASE64_KEYS[:1], *_URL_KEYS[:1])):
        return _hole()
    return None


def _hole() -> Found:
    return Found(problem=tr("an item without a picture"), empty=True)


def _address(value: Mapping[str, Any]) -> str:
    for key in _URL_KEYS:
        held = value.get(key)
        if isinstance(held, str) and (held := held.strip()):
            return held
    return ""


def _lone(value: Any) -> Found:
    """Read a picture that is nothing but a string: base64, a data URL or an address."""
    if not isinstance(value, str):
        return Found(value)
    text = value.strip()
    if text[:5].lower() == "data:":
        image = decode_text(text)
        return Found(image) if image is not None else Found(problem=tr("a data URL that is not base64"))
    if text[:4].lower() == "http" or (re.fullmatch(_ADDRESS, text) and "." in text):
        return Found(None, text)
    image = decode_text(text)
    return Found(image) if image is not None else Found(problem=tr("a text that is no picture"))


def _looks(text: str) -> bool:
    return text[:5].lower() == "data:" or text[:4].lower() == "http" or len(text) > 64


def _choices(choices: Any, depth: int) -> list[Found]:
    """Read pictures out of a chat answer: ``message.images`` first, then what its content shows or links."""
    found: list[Found] = []
    for choice in choices if isinstance(choices, list) else []:
        message = choice.get("message") if isinstance(choice, Mapping) else None
        if not isinstance(message, Mapping):
            continue
        images = message.get("images")
        here = _items(images, depth + 1) if isinstance(images, list) else []
        found += here or _content(message.get("content"))
    return found


def _content(content: Any) -> list[Found]:
    if _is_extract(content):
        return [Found(content)]
    if isinstance(content, list):
        found: list[Found] = []
        for part in content:
            if isinstance(part, Mapping):
                item = _item(part, 0)
                found += [item] if item is not None and not item.problem else _content(part.get("text"))
        return found
    if not isinstance(content, str):
        return []
    places: Iterable[str] = re.findall(_MARKDOWN, content) or re.findall(_DATA_URL, content)
    if not places:
        links = [link.rstrip(".,;:!?。，") for link in re.findall(_LINK, content)]
        places = [link for link in links if re.search(_IMAGE_LINK, link)] or links
    if not places and _looks(content) and (image := decode_text(content)) is not None:
        return [Found(image)]
    return [_lone(place) for place in dict.fromkeys(places)]


def _is_extract(value: Any) -> bool:
    return hasattr(value, "read") and hasattr(value, "size")


def _text(value: Any) -> str:
    """Return *value* as text; a long text that was taken for base64 is turned back."""
    if isinstance(value, str):
        return value
    if _is_extract(value):
        return binascii.b2a_base64(value.read(), newline=False).decode("ascii").rstrip("=")
    return ""


def facts_in(document: Any) -> dict[str, Any]:
    """Return size, quality, background, output_format and created, as far as *document* states them."""
    if not isinstance(document, Mapping):
        return {}
    facts: dict[str, Any] = {name: document[name] for name in _FACTS if isinstance(document.get(name), str) and document[name]}
    for name in ("created", "created_at"):
        created = document.get(name)
        if isinstance(created, (int, float)) and not isinstance(created, bool) and created > 0:
            facts.setdefault("created", created)
    return facts


def usage_in(document: Any) -> Mapping[str, Any] | None:
    """Return the token counts that *document* states, or ``None``."""
    if not isinstance(document, Mapping):
        return None
    usage = document.get("usage")
    if isinstance(usage, Mapping) and usage:
        return usage
    inner = document.get("response")
    return usage_in(inner) if isinstance(inner, Mapping) else None


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the provider's id of an answer, cleaned, or ``None``; *headers* have lower-case names."""
    given = next((headers[name] for name in _ID_HEADERS if headers.get(name)), None)
    return display_text(given, 200) if given else None


def words_of(reply: Reply) -> str:
    """Return what an answer without a picture says in words, short and safe to show: a chat's text, an HTML title, text."""
    document = reply.document
    if isinstance(document, Mapping):
        for choice in document.get("choices") or [] if isinstance(document.get("choices"), list) else []:
            message = choice.get("message") if isinstance(choice, Mapping) else None
            content = message.get("content") if isinstance(message, Mapping) else None
            if isinstance(content, str) and content.strip():
                return display_text(content, 300)
        for name in ("message", "msg", "detail", "status"):
            if isinstance(document.get(name), str) and document[name].strip():
                return display_text(document[name], 300)
    title = re.search(r"<title[^>]*>(.*?)</title>", reply.text, re.IGNORECASE | re.DOTALL)
    if title:
        import html

        return display_text(html.unescape(title[1]).strip(), 200)
    text = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", reply.text, flags=re.IGNORECASE | re.DOTALL)
    return display_text(" ".join(text.split()), 200)
