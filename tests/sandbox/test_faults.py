"""Every fault the sandbox plays can be seen from outside, over a plain connection."""

import base64
import gzip
import http.client
import io
import json
import socket
import struct

import pytest
from PIL import Image

from imgcell.sandbox.faults import FAULTS, Fault

BODY = {"prompt": "a cat", "size": "64x64"}
STREAM = {**BODY, "stream": True, "partial_images": 2}


def _raw(server, body, *, profile="sandbox", path="generations", headers="", seconds=20):
    """Post over a bare socket and return everything that comes back, and how it ended."""
    data = json.dumps(body).encode()
    head = (
        f"POST /{profile}/v1/images/{path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer sk-any\r\nConnection: close\r\n{headers}Content-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection((server.host, server.port), seconds) as connection:
        connection.sendall(head.encode() + data)
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionResetError:
            return received, "reset"
    return received, "closed"


STATUSES = {
    "429": (429, "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota"),
    "401": (401, "invalid_api_key"),
    "403": (403, None),
    "404": (404, None),
    "408": (408, None),
    "409": (409, None),
    "500": (500, None),
    "501": (501, "api_not_implemented"),
    "503": (503, "server_is_overloaded"),
    "no-channel": (503, "model_not_found"),
    "moderation": (400, "moderation_blocked"),
}
PAGES = {"502": 502, "504": 504, "524": 524, "html": 200}
CONDITIONAL = ("refuse-response-format", "refuse-field", "image_url_not_available", "no-json-edit", "wrong-field")
SPOILED = (
    "error-200", "empty", "no-data", "fewer", "bad-base64", "wrapped-base64", "urlsafe-base64", "data-url", "empty-string",
    "truncated-png", "huge", "text-picture",
)  # fmt: skip
BODIES = ("cut-body", "stall-body", "drip", "gzip", "huge-length", "blanks", "wrong-type")
STREAMS = ("cut-stream", "stall-stream", "error-in-stream", "json-for-stream", "stream-for-json", "no-completed", "wrong-events")
URLS = (
    "dead-url", "expired-url", "slow-url", "cut-url", "flaky-url", "html-url", "redirect-url", "redirect-loop", "redirect-private",
    "url-private", "url-relative", "url-data", "url-empty",
)  # fmt: skip
ENDINGS = ("status", "stall", "reset", "close", "garbage")


def test_every_fault_is_tested_here():
    """A fault without a test would be a promise nobody keeps."""
    assert {*STATUSES, *PAGES, *CONDITIONAL, *SPOILED, *BODIES, *STREAMS, *URLS, *ENDINGS} == set(FAULTS)


@pytest.mark.parametrize("name", STATUSES)
def test_statuses(server, ask, name):
    """Each status comes in the platform's envelope, once, and then the pictures come again."""
    server.play(name)
    reply = ask("sandbox", "generations", json=BODY)
    assert (reply.status, reply.json["error"]["code"]) == STATUSES[name]
    assert "retry-after" not in reply.headers
    assert ask("sandbox", "generations", json=BODY).status == 200


@pytest.mark.parametrize("name", ["429", "503"])
@pytest.mark.parametrize("profile", ["openai", "apiyi"])
def test_retry_after(server, ask, name, profile):
    """429 and 503 name the seconds to wait where asked to, on every platform."""
    server.play(name, retry_after=7)
    body = {"model": "gpt-image-2-all" if profile == "apiyi" else "gpt-image-2", "prompt": "x"}
    reply = ask(profile, "generations", json=body)
    assert (reply.status, reply.headers["retry-after"]) == (int(name), "7")


def test_an_empty_429(server, ask):
    """A relay's limiter may say nothing at all."""
    server.play("429", empty=1, retry_after=2)
    reply = ask("apiyi", "generations", json={"model": "gpt-image-2-all", "prompt": "x"})
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (429, b"", "2")


@pytest.mark.parametrize("name", PAGES)
def test_pages(server, ask, name):
    """Proxies answer HTML, even with status 200."""
    server.play(name)
    reply = ask("sandbox", "generations", json=BODY)
    assert reply.status == PAGES[name]
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.body.startswith(b"<html>")


def test_any_status(server, ask):
    """``status`` answers whatever is asked for."""
    server.play("status", status=451, body="no")
    reply = ask("sandbox", "generations", json=BODY)
    assert (reply.status, reply.body) == (451, b"no")


def test_endings_without_an_answer(server):
    """A stall ends in silence, close in an end of file, reset in a TCP reset, garbage in something that is not HTTP."""
    server.play("stall", seconds=0.05)
    assert _raw(server, BODY) == (b"", "closed")
    server.play("close")
    assert _raw(server, BODY) == (b"", "closed")
    server.play("reset")
    assert _raw(server, BODY) == (b"", "reset")
    server.play("garbage")
    assert not _raw(server, BODY)[0].startswith(b"HTTP/")


def test_refused_fields(server, ask):
    """A refused field is refused only where it is sent, and the rest passes while the fault waits."""
    server.play("refuse-response-format")
    assert ask("sandbox", "generations", json=BODY).status == 200
    reply = ask("sandbox", "generations", json={**BODY, "response_format": "url"})
    assert (reply.status, reply.json["error"]["param"], reply.json["error"]["code"]) == (400, "response_format", "unknown_parameter")
    server.play("refuse-field", field="quality")
    reply = ask("sandbox", "generations", json={**BODY, "quality": "low"})
    assert (reply.status, reply.json["error"]["param"]) == (400, "quality")


def test_addresses_that_are_not_available(server, ask):
    """Document 004: ``image_url_not_available`` where an address was asked for."""
    server.play("image_url_not_available")
    body = {"model": "gpt-image-2", "prompt": "x"}
    assert ask("openai-compatible", "generations", json=body).status == 200
    reply = ask("openai-compatible", "generations", json={**body, "response_format": "url"})
    assert reply.json["error"]["code"] == "image_url_not_available"


def test_edit_shapes_that_are_refused(server, ask, png):
    """No JSON edits; ``image`` where ``image[]`` is wanted."""
    server.play("no-json-edit")
    edit = {"prompt": "x", "images": [{"image_url": "https://example.com/base-image.png"}]}
    assert ask("sandbox", "edits", json=edit).status == 404
    server.play("wrong-field", wants="image[]")
    fields = [("prompt", "x")]
    assert ask("sandbox", "edits", fields=fields, files=[("image[]", "a.png", "image/png", png())]).status == 200
    reply = ask("sandbox", "edits", fields=fields, files=[("image", "a.png", "image/png", png())])
    assert (reply.status, reply.json["error"]["param"]) == (400, "image[]")


def _spoiled(server, ask, name, **body):
    server.play(name)
    reply = ask("sandbox", "generations", json={**BODY, **body})
    assert reply.status == 200
    return reply.json


def test_answers_without_pictures(server, ask):
    """An error with status 200, no data, empty data, one picture too few."""
    assert _spoiled(server, ask, "error-200")["error"]["code"] == "do_request_failed"
    assert _spoiled(server, ask, "empty")["data"] == []
    assert "data" not in _spoiled(server, ask, "no-data")
    assert len(_spoiled(server, ask, "fewer", n=3)["data"]) == 2


def test_spoiled_base64(server, ask):
    """Base64 with foreign characters, with line ends, in the other alphabet, with a prefix, beside empty strings."""
    bad = _spoiled(server, ask, "bad-base64")["data"][0]["b64_json"]
    with pytest.raises(ValueError):
        base64.b64decode(bad, validate=True)
    assert "\n" in _spoiled(server, ask, "wrapped-base64")["data"][0]["b64_json"]
    safe = _spoiled(server, ask, "urlsafe-base64")["data"][0]["b64_json"]
    assert not set(safe) & set("+/=")
    assert _spoiled(server, ask, "data-url")["data"][0]["b64_json"].startswith("data:image/png;base64,")
    assert _spoiled(server, ask, "empty-string")["data"][0]["url"] == ""


def test_spoiled_pictures(server, ask):
    """A PNG without its end, one that claims 3.6 billion pixels, and a text."""

    def data(name):
        return base64.b64decode(_spoiled(server, ask, name)["data"][0]["b64_json"])

    cut = data("truncated-png")
    assert cut.startswith(b"\x89PNG")
    assert b"IEND" not in cut
    assert struct.unpack(">II", data("huge")[16:24]) == (60_000, 60_000)
    assert data("text-picture").startswith(b"This is not")


@pytest.mark.parametrize("name", ["cut-body", "stall-body", "huge-length"])
def test_bodies_that_end_early(server, name):
    """Content-Length promises more than comes."""
    server.play(name, seconds=0.05)
    received, _ = _raw(server, BODY)
    head, _, body = received.partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert head.startswith(b"HTTP/1.1 200")
    assert 0 < len(body) < promised


def test_bodies_that_come_otherwise(server, ask):
    """Slowly, compressed, after blanks, under the wrong type: still the whole answer."""
    server.play("drip", chunk=512, delay=0.001)
    assert ask("sandbox", "generations", json=BODY).json["data"]
    server.play("gzip")
    reply = ask("sandbox", "generations", json=BODY)
    assert reply.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(reply.body))["data"]
    server.play("blanks", seconds=0.05)
    reply = ask("sandbox", "generations", json=BODY)
    assert reply.body.startswith(b" \n")
    assert reply.json["data"]
    server.play("wrong-type")
    assert ask("sandbox", "generations", json=BODY).headers["content-type"] == "text/plain"


def _events(reply):
    found = []
    for block in reply.body.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines.get("event"), json.loads(lines["data"])))
    return found


def test_streams_that_go_wrong(server, ask):
    """Errors inside, no end, foreign event names, JSON for a stream and a stream for JSON."""
    whole = _events(ask("sandbox", "generations", json=STREAM))
    assert [kind for kind, _ in whole] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    server.play("error-in-stream", after=1, moderation=1)
    events = _events(ask("sandbox", "generations", json=STREAM))
    assert [kind for kind, _ in events] == ["image_generation.partial_image", "error"]
    assert events[1][1]["error"]["code"] == "moderation_blocked"
    server.play("no-completed")
    assert len(_events(ask("sandbox", "generations", json=STREAM))) == 2
    server.play("json-for-stream")
    assert ask("sandbox", "generations", json=STREAM).json["data"]
    server.play("stream-for-json")
    reply = ask("sandbox", "generations", json=BODY)
    assert reply.headers["content-type"].startswith("text/event-stream")
    server.play("wrong-events")
    edit = {**STREAM, "images": [{"image_url": "https://example.com/base-image.png"}]}
    assert _events(ask("sandbox", "edits", json=edit))[-1][0] == "image_generation.completed"


@pytest.mark.parametrize("name", ["cut-stream", "stall-stream"])
def test_streams_that_stop(server, name):
    """One whole event, then an end without the chunked body's last chunk."""
    server.play(name, after=1, seconds=0.05)
    received, _ = _raw(server, STREAM)
    assert received.count(b"event: image_generation.partial_image") >= 1
    assert b"image_generation.completed" not in received
    assert not received.endswith(b"0\r\n\r\n")


def _address(server, ask, name, **settings):
    server.play(name, **settings)
    return ask("sandbox", "generations", json={**BODY, "response_format": "url"}).json["data"][0]["url"]


def test_addresses_that_fail(server, ask, get):
    """Dead, expired, a page, failing at first, cut at first, slow."""
    assert get(_address(server, ask, "dead-url")).status == 404
    assert get(_address(server, ask, "expired-url")).status == 403
    assert get(_address(server, ask, "html-url")).headers["content-type"].startswith("text/html")
    flaky = _address(server, ask, "flaky-url", fails=2)
    assert [get(flaky).status for _ in range(3)] == [503, 503, 200]
    cut = _address(server, ask, "cut-url")
    with pytest.raises(http.client.IncompleteRead):
        get(cut)
    assert Image.open(io.BytesIO(get(cut).body)).size == (64, 64)
    assert get(_address(server, ask, "slow-url", seconds=0.01)).status == 200


def test_addresses_that_lead_elsewhere(server, ask, get):
    """Redirects: to the picture over several hops, in a circle, into a private network."""
    address = _address(server, ask, "redirect-url", hops=2)
    hops = []
    while (reply := get(address)).status == 302:
        address = reply.headers["location"]
        hops.append(address)
    assert (reply.status, len(hops)) == (200, 2)
    loop = _address(server, ask, "redirect-loop")
    assert loop.endswith(get(loop).headers["location"])
    assert get(_address(server, ask, "redirect-private")).headers["location"].startswith("http://169.254.169.254/")


def test_addresses_that_are_odd(server, ask):
    """Private, relative, a data URL, and none."""
    assert _address(server, ask, "url-private", to="http://192.168.0.9/a.png") == "http://192.168.0.9/a.png"
    assert _address(server, ask, "url-relative").startswith("/files/")
    assert _address(server, ask, "url-data").startswith("data:image/png;base64,")
    assert _address(server, ask, "url-empty") == ""


def test_three_ways_to_ask_for_a_fault(server, ask):
    """By play, by header, by a marker in the prompt, which is not painted."""
    server.play("500", times=2, skip=1)
    assert [ask("sandbox", "generations", json=BODY).status for _ in range(4)] == [200, 500, 500, 200]
    reply = ask("sandbox", "generations", json=BODY, headers={"X-Sandbox-Fault": "503;retry_after=4"})
    assert (reply.status, reply.headers["retry-after"]) == (503, "4")
    marked = ask("sandbox", "generations", json={**BODY, "prompt": "a [[fault:429 retry_after=5]] cat"})
    assert (marked.status, marked.headers["retry-after"]) == (429, "5")


def test_unknown_faults_are_named_with_near_ones(server, ask):
    """A typing error never becomes a picture."""
    with pytest.raises(ValueError, match="cut-body"):
        Fault("cut-bdy")
    with pytest.raises(ValueError, match="stall"):
        server.play("stal")
    assert ask("sandbox", "generations", json=BODY, headers={"X-Sandbox-Fault": "nonsense"}).json["error"]["code"] == "unknown_fault"
