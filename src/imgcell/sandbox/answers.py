"""The bodies of answers: who puts which keys where, what was used, and how faults spoil them."""

from __future__ import annotations

import base64
import json
import struct
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from imgcell.sandbox.documents import Document
from imgcell.sandbox.faults import Fault
from imgcell.sandbox.limits import is_gpt
from imgcell.sandbox.orders import Order
from imgcell.sandbox.painter import Painted

__all__ = ["answer", "event", "spoiled", "spoiled_picture", "usage"]

#: Output tokens of one picture, square and oblong: document 004's prices at 30 dollars a million tokens.
_OUTPUT = {"low": (200, 167), "medium": (1767, 1367), "high": (7033, 5500)}


def shown_quality(order: Order) -> str:
    """Return the quality as answers name it."""
    return {"auto": "medium", "standard": "medium", "hd": "high", "xhigh": "high", "max": "high"}.get(order.quality, order.quality)


def usage(order: Order, pictures: Sequence[Painted], *, streamed: bool = False) -> dict[str, Any]:
    """Return the tokens of a request: one per CJK character or four others, inputs by their number, outputs by quality and shape."""
    wide = sum(ord(character) > 0x2E7F for character in order.prompt)
    text = max(1, wide + (len(order.prompt) - wide + 3) // 4)
    inputs = 323 * len(order.images) + (65 if order.mask else 0)
    if any(picture.truth is not None and picture.truth.habit.ignores_input for picture in pictures):
        inputs = 0  # which is how such a model gives itself away
    square, oblong = _OUTPUT[shown_quality(order)]
    output = sum(square if picture.width == picture.height else oblong for picture in pictures) + (
        100 * order.partial_images if streamed else 0
    )
    report: dict[str, Any] = {
        "input_tokens": text + inputs,
        "output_tokens": output,
        "total_tokens": text + inputs + output,
        "input_tokens_details": {"text_tokens": text, "image_tokens": inputs},
    }
    if not streamed:
        report["output_tokens_details"] = {"image_tokens": output, "text_tokens": 0}
    return report


def revised(order: Order) -> str:
    """Return the prompt as dall-e-3 rewrites it."""
    manner = "natural, unstaged light" if order.style == "natural" else "vivid colours and dramatic light"
    return f"{order.prompt.rstrip('.。')} — a detailed picture with {manner}."


def answer(document: Document, order: Order, pictures: Sequence[Painted], places: Sequence[str]) -> dict[str, Any]:
    """Return the JSON answer of *document*; *places* holds each picture's address where one is wanted."""
    items: list[dict[str, Any]] = []
    for number, picture in enumerate(pictures):
        item: dict[str, Any] = {}
        if order.answer == "url":
            item["url"] = places[number]
        elif order.answer == "data_url" or document.name == "apiyi":  # documents 000 and 002: b64_json carries the prefix
            item["b64_json"] = f"data:{picture.media_type};base64,{picture.base64}"
        else:
            item["b64_json"] = picture.base64
        if document.name == "json-images":  # document 003's example shows it empty
            item = {"revised_prompt": "", **item}
        elif order.model == "dall-e-3" and order.act == "generate":
            item["revised_prompt"] = revised(order)
        items.append(item)
    body: dict[str, Any] = {"created": int(time.time())} if document.dated else {}
    body["data"] = items
    if document.name in ("apiyi", "json-images", "ezmodel") or not is_gpt(order.model):
        return body
    shown = pictures[0]
    body["background"] = "transparent" if shown.transparent else "opaque"
    body["output_format"] = order.picture_format
    body["size"] = f"{shown.width}x{shown.height}"
    body["quality"] = shown_quality(order)
    body["usage"] = usage(order, pictures)
    return body


def event(order: Order, picture: Painted, *, partial: int | None = None, family: str | None = None) -> bytes:
    """Return one server-sent event: partial picture number *partial*, or the completed one (with usage)."""
    prefix = family or ("image_generation" if order.act == "generate" else "image_edit")
    kind = f"{prefix}.completed" if partial is None else f"{prefix}.partial_image"
    data: dict[str, Any] = {
        "type": kind,
        "b64_json": picture.base64,
        "created_at": int(time.time()),
        "size": f"{picture.width}x{picture.height}",
        "quality": shown_quality(order),
        "background": "transparent" if picture.transparent else "opaque",
        "output_format": order.picture_format,
    }
    if partial is None:
        data["usage"] = usage(order, [picture], streamed=True)
    else:
        data["partial_image_index"] = partial
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def spoiled(fault: Fault | None, body: dict[str, Any]) -> dict[str, Any]:
    """Return *body* as *fault* leaves it."""
    name = fault.name if fault else ""
    items = body.get("data", [])
    if name == "error-200":
        return {
            "error": {"message": "upstream error: do request failed", "type": "upstream_error", "param": "", "code": "do_request_failed"}
        }
    if name == "empty":
        return {**body, "data": []}
    if name == "no-data":
        return {key: value for key, value in body.items() if key != "data"}
    if name == "fewer":
        return {**body, "data": items[:-1]}
    if name == "empty-string":
        return {**body, "data": [{"url": "", "b64_json": "", "revised_prompt": "", **item} for item in items]}
    ways: dict[str, Callable[[str], str]] = {
        "bad-base64": lambda text: text[: len(text) // 2] + "*!*" + text[len(text) // 2 + 3 :],
        "wrapped-base64": lambda text: "\n".join(text[start : start + 76] for start in range(0, len(text), 76)),
        "urlsafe-base64": lambda text: text.replace("+", "-").replace("/", "_").rstrip("="),
        "data-url": lambda text: f"data:{_media_type(text)};base64,{text}",
    }
    if name in ways:
        return {**body, "data": [{**item, "b64_json": ways[name](item["b64_json"])} if "b64_json" in item else item for item in items]}
    return body


def spoiled_picture(fault: Fault | None, picture: Painted) -> Painted:
    """Return *picture* with the bytes that *fault* leaves of it."""
    name = fault.name if fault else ""
    if name == "truncated-png":
        return replace(picture, data=picture.data[: len(picture.data) * 2 // 3])
    if name == "text-picture":
        return replace(picture, data=b"This is not a picture. " * 64)
    if name == "huge":
        head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n" + _chunk(head) + _chunk(b"IDAT" + zlib.compress(bytes(60_000))) + _chunk(b"IEND")
        return replace(picture, data=data)
    return picture


def _chunk(kind_and_data: bytes) -> bytes:
    return struct.pack(">I", len(kind_and_data) - 4) + kind_and_data + struct.pack(">I", zlib.crc32(kind_and_data))


def _media_type(text: str) -> str:
    head = base64.b64decode(text[:16])
    return "image/png" if head.startswith(b"\x89PNG") else "image/webp" if head.startswith(b"RIFF") else "image/jpeg"
