"""The table of RELIABILITY.md section 1.5, row by row: what is sent again, what never, and what the ledger says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import imgcell
from imgcell import errors


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A library of its own."""
    return tmp_path / "library"


@pytest.fixture
def client(raw: Any, home: Path) -> Any:
    """A client of the server under control."""
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-test-secret-key", library=home, timeout=20) as made:
        yield made


def states(home: Path) -> list[str]:
    """Return the states that the ledger went through."""
    lines = [json.loads(line) for file in sorted((home / "ledger").iterdir()) for line in file.read_text().splitlines()]
    return [line["state"] for line in lines]


def leftovers(home: Path) -> list[Path]:
    """Return what lies in the spool."""
    spool = home / "spool"
    return sorted(spool.iterdir()) if spool.exists() else []


def test_a_picture(client: Any, raw: Any, answers: Any, home: Path) -> None:
    """One job is one POST; the picture is on disk, the ledger says done and the spool is empty."""
    raw.play(answers.picture(revised_prompt="revised"))
    sheet = client.generate("a lighthouse")
    assert len(raw.requests) == 1
    assert sheet[0].data == answers.png
    assert sheet[0].record.revised_prompt == "revised"
    assert sheet[0].record.request_id == "req-1"
    assert states(home) == ["sending", "answered", "done"]
    assert leftovers(home) == []
    digest = sheet[0].record.sha256
    assert (home / "blobs" / digest[:2] / digest).read_bytes() == answers.png
    assert (home / "records" / f"{sheet[0].record.id}.json").is_file()


def test_not_sent_refused_connection(closed_port: int, home: Path) -> None:
    """Nobody listens: three tries, then an error that says nothing was sent."""
    with imgcell.Client("openai", base_url=f"http://127.0.0.1:{closed_port}/v1", api_key="sk-x", library=home) as client:
        with pytest.raises(errors.NotSentError, match="No connection"):
            client.generate("a lighthouse")
    assert states(home) == ["sending", "not-sent"]


def test_not_sent_unknown_host(home: Path) -> None:
    """A host name that does not exist is not sent either."""
    with imgcell.Client("openai", base_url="https://no-such-host.invalid/v1", api_key="sk-x", library=home) as client:
        with pytest.raises(errors.NotSentError):
            client.generate("a lighthouse")
    assert states(home) == ["sending", "not-sent"]


def test_not_sent_tls(raw: Any, answers: Any, home: Path) -> None:
    """A server that does not speak TLS is not sent to."""
    raw.play(answers.raw(b"this is not TLS at all, really not"))
    with imgcell.Client("openai", base_url=raw.base_url.replace("http:", "https:"), api_key="sk-x", library=home) as client:
        with pytest.raises(errors.NotSentError):
            client.generate("a lighthouse")
    assert states(home) == ["sending", "not-sent"]


@pytest.mark.parametrize("refusals", [1, 2])
def test_turned_away_then_served(client: Any, raw: Any, answers: Any, home: Path, refusals: int) -> None:
    """429 with Retry-After is waited for, and the job sent again."""
    busy = answers.error(429, "slow down", "rate_limit_exceeded", {"Retry-After": "0"})
    raw.play(*[busy] * refusals, answers.picture())
    seen: list[str] = []
    for step in client.stream(imgcell.Generate("a lighthouse")):
        if hasattr(step, "state"):
            seen.append(step.state)
    assert len(raw.requests) == refusals + 1
    assert "waiting" in seen
    assert states(home) == [*["sending", "turned-away"] * refusals, "sending", "answered", "done"]


def test_turned_away_for_good(client: Any, raw: Any, answers: Any) -> None:
    """A provider that stays busy is asked four times, not more."""
    raw.play(answers.error(429, "slow down", "rate_limit_exceeded", {"Retry-After": "0"}))
    with pytest.raises(errors.RateLimitError):
        client.generate("a lighthouse")
    assert len(raw.requests) == 4


def test_turned_away_for_long(client: Any, raw: Any, answers: Any) -> None:
    """A wait of more than a minute is shown instead of waited for."""
    raw.play(answers.error(429, "slow down", "rate_limit_exceeded", {"Retry-After": "3600"}))
    with pytest.raises(errors.RateLimitError, match="again at"):
        client.generate("a lighthouse")
    assert len(raw.requests) == 1


def test_one_idempotency_key_for_all_tries(client: Any, raw: Any, answers: Any) -> None:
    """However often a job is sent, its idempotency key stays; each request has an id of its own."""
    raw.play(answers.error(429, "slow down", None, {"Retry-After": "0"}), answers.picture())
    client.generate("a lighthouse")
    first, second = raw.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.headers["x-client-request-id"] != second.headers["x-client-request-id"]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_value", errors.InvalidRequestError),
        (401, "invalid_api_key", errors.AuthenticationError),
        (402, "insufficient_balance", errors.QuotaExceededError),
        (403, "forbidden", errors.PermissionDeniedError),
        (404, "model_not_found", errors.InvalidRequestError),
        (405, None, errors.InvalidRequestError),
        (413, None, errors.InvalidRequestError),
        (415, None, errors.InvalidRequestError),
        (422, None, errors.InvalidRequestError),
        (451, None, errors.PermissionDeniedError),
        (501, None, errors.AnswerError),
        (429, "insufficient_quota", errors.QuotaExceededError),
        (429, "insufficient_balance", errors.QuotaExceededError),
        (400, "moderation_blocked", errors.ModerationError),
        (400, "content_policy_violation", errors.ModerationError),
    ],
)
def test_refused_is_never_sent_again(
    client: Any, raw: Any, answers: Any, home: Path, status: int, code: str | None, kind: type[Exception]
) -> None:
    """A refusal is an error with the provider's words, and that is all."""
    raw.play(answers.error(status, "the provider's own words", code, {"x-request-id": "req-9"}))
    with pytest.raises(kind, match="the provider's own words") as caught:
        client.generate("a lighthouse")
    error: Any = caught.value
    assert (error.status, error.request_id, error.provider) == (status, "req-9", "openai")
    assert error.attempt
    assert len(raw.requests) == 1
    assert states(home) == ["sending", "refused"]
    assert leftovers(home) == []


@pytest.mark.parametrize("status", [201, 202, 204, 408, 409, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 599])
def test_unknown_status_is_never_sent_again(client: Any, raw: Any, answers: Any, home: Path, status: int) -> None:
    """An answer that leaves open whether it was charged is never followed by a second request."""
    raw.play(answers.error(status, "gateway trouble", None, {"x-should-retry": "true"}))
    with pytest.raises(errors.OutcomeUnknownError) as caught:
        client.generate("a lighthouse")
    assert len(raw.requests) == 1
    assert states(home)[-1] == "unknown"
    assert caught.value.attempt in str(caught.value)


def test_unknown_reset_before_any_answer(client: Any, raw: Any, answers: Any, home: Path) -> None:
    """A connection that breaks after the request went out leaves the outcome unknown."""
    raw.play(answers.reset())
    with pytest.raises(errors.OutcomeUnknownError, match="may have been charged"):
        client.generate("a lighthouse")
    assert len(raw.requests) == 1
    assert states(home) == ["sending", "unknown"]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_unknown_cut_body(client: Any, raw: Any, answers: Any, home: Path, share: float) -> None:
    """An answer that breaks off is not asked for again, and what came of it is kept."""
    raw.play(answers.cut(share))
    with pytest.raises(errors.OutcomeUnknownError):
        client.generate("a lighthouse")
    assert len(raw.requests) == 1
    assert states(home)[-1] == "unknown"
    assert leftovers(home)


@pytest.mark.parametrize("kind", ["no last chunk", "content-length too long"])
def test_a_whole_answer_that_ends_badly(client: Any, raw: Any, answers: Any, home: Path, kind: str) -> None:
    """The document came whole, only its framing did not: the picture is paid for and there, so it is taken."""
    import base64

    body = json.dumps({"data": [{"b64_json": base64.b64encode(answers.png).decode()}]}).encode()
    if kind == "no last chunk":
        data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body)
    else:
        data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body) + 10, body)
    raw.play(answers.raw(data))
    assert client.generate("a lighthouse")[0].data == answers.png
    assert states(home) == ["sending", "answered", "done"]


def test_an_answer_that_is_all_text(client: Any, raw: Any, answers: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Megabytes that are no pictures are not collected without end."""
    from imgcell.transport import receive

    monkeypatch.setattr(receive, "MAX_TEXT", 100_000)
    raw.play(answers.http(200, b"[" + b"1," * 600_000 + b"1]"))
    with pytest.raises(errors.OutcomeUnknownError, match="larger"):
        client.generate("a lighthouse")


def test_unknown_timeout(raw: Any, answers: Any, home: Path) -> None:
    """No answer within the one total deadline: unknown, and not sent again."""
    raw.play(answers.stall(raw))
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=home, timeout=0.5) as client:
        with pytest.raises(errors.OutcomeUnknownError, match=r"0\.5 s"):
            client.generate("a lighthouse")
    assert len(raw.requests) == 1
    assert states(home) == ["sending", "unknown"]


def test_the_deadline_is_total(raw: Any, home: Path) -> None:
    """A server that sends a byte now and then does not outlive the deadline."""

    def dribble(connection: Any, request: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not raw.release.wait(0.05):
            connection.sendall(b" ")

    raw.play(dribble)
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=home, timeout=0.6) as client:
        with pytest.raises(errors.OutcomeUnknownError, match=r"0\.6 s"):
            client.generate("a lighthouse")


def test_unknown_broken_http(client: Any, raw: Any, answers: Any, home: Path) -> None:
    """What is not HTTP is not asked for again."""
    raw.play(answers.raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"))
    with pytest.raises(errors.OutcomeUnknownError):
        client.generate("a lighthouse")
    assert len(raw.requests) == 1
    assert states(home)[-1] == "unknown"


@pytest.mark.parametrize(
    "document",
    [{"data": []}, {"created": 1}, {"data": [{"b64_json": ""}]}, {"data": None}, {"ok": True}, []],
)
def test_paid_without_picture(client: Any, raw: Any, answers: Any, home: Path, document: Any) -> None:
    """200 without a picture is paid: an error that says what came, kept to be read again."""
    raw.play(answers.json(200, document))
    with pytest.raises(errors.NoImageError):
        client.generate("a lighthouse")
    assert len(raw.requests) == 1
    assert states(home)[-1] == "paid-unread"
    assert leftovers(home)


def test_paid_html_page(client: Any, raw: Any, answers: Any, home: Path) -> None:
    """An HTML page with status 200 is not a picture."""
    raw.play(answers.http(200, b"<html><title>Just a moment</title></html>", media_type="text/html"))
    with pytest.raises(errors.NoImageError, match="Just a moment"):
        client.generate("a lighthouse")
    assert states(home)[-1] == "paid-unread"


def test_paid_truncated_picture(client: Any, raw: Any, answers: Any, home: Path) -> None:
    """A picture that ends too early is an error; its bytes are kept."""
    answers.png = answers.png[:-20]
    raw.play(answers.picture())
    with pytest.raises(errors.ImageDecodeError):
        client.generate("a lighthouse")
    assert states(home)[-1] == "paid-unread"
    assert any(path.read_bytes() == answers.png for path in leftovers(home))


def test_error_inside_200(client: Any, raw: Any, answers: Any) -> None:
    """An error object in an answer with status 200 is told in its own words."""
    raw.play(answers.json(200, {"error": {"message": "the balance is empty", "code": "insufficient_quota"}}))
    with pytest.raises(errors.ImgcellError, match="the balance is empty"):
        client.generate("a lighthouse")
    assert len(raw.requests) == 1


def test_redirects_of_a_paid_request_are_not_followed(client: Any, raw: Any, answers: Any, home: Path) -> None:
    """A redirect would send prompt and key on to somebody else."""
    raw.play(answers.http(307, b"", {"Location": "http://127.0.0.1:9/elsewhere"}))
    with pytest.raises(errors.InvalidRequestError, match=r"127\.0\.0\.1:9"):
        client.generate("a lighthouse")
    assert len(raw.requests) == 1
    assert states(home) == ["sending", "refused"]


def test_quota_stops_the_rest(raw: Any, answers: Any, home: Path) -> None:
    """After a refusal for money, the parts that are still in line are not sent."""
    raw.play(answers.error(429, "quota is used up", "insufficient_quota"))
    with imgcell.Client("apiyi", base_url=raw.base_url, api_key="sk-x", library=home, max_in_flight=1) as client:
        with pytest.raises(errors.QuotaExceededError):
            client.generate("a lighthouse", n=6)
    assert len(raw.requests) == 1


def test_some_of_many(raw: Any, answers: Any, home: Path) -> None:
    """When some parts fail, the pictures of the others are returned, with the errors beside them."""
    raw.play(answers.picture(), answers.error(400, "no such thing"), answers.picture())
    with imgcell.Client("apiyi", base_url=raw.base_url, api_key="sk-x", library=home, max_in_flight=1) as client:
        with pytest.warns(UserWarning, match="1 of 3"):
            sheet = client.generate("a lighthouse", n=3)
    assert len(sheet) == 2
    assert len(sheet.errors) == 1


def test_gzip_answer(client: Any, raw: Any, answers: Any) -> None:
    """A gateway that compresses what was not to be compressed is understood."""
    import base64
    import gzip

    body = json.dumps({"data": [{"b64_json": base64.b64encode(answers.png).decode()}]}).encode()
    raw.play(answers.http(200, gzip.compress(body), {"Content-Encoding": "gzip"}))
    assert client.generate("a lighthouse")[0].data == answers.png
    assert raw.requests[0].headers["accept-encoding"] == "identity"


def test_gzip_bomb(client: Any, raw: Any, answers: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressed answer that unpacks without end is cut off at the cap."""
    import gzip

    from imgcell.transport import receive

    monkeypatch.setattr(receive, "MAX_BODY", 3_000_000)
    raw.play(answers.http(200, gzip.compress(b"[" + b" " * 50_000_000), {"Content-Encoding": "gzip"}))
    with pytest.raises(errors.OutcomeUnknownError, match="larger"):
        client.generate("a lighthouse")


def test_ledger_before_the_request(raw: Any, answers: Any, home: Path) -> None:
    """When a request arrives, the ledger has it already."""
    found: list[list[str]] = []

    def look(connection: Any, request: Any) -> None:
        found.append(states(home))
        answers.picture()(connection, request)

    raw.play(look)
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=home) as client:
        client.generate("a lighthouse")
    assert found == [["sending"]]


def test_nothing_is_sent_without_room(raw: Any, answers: Any, tmp_path: Path) -> None:
    """Where nothing could be kept, nothing is sent."""
    raw.play(answers.picture())
    (tmp_path / "file").write_text("not a folder")
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=tmp_path / "file" / "library") as client:
        with pytest.raises(errors.StorageError):
            client.generate("a lighthouse")
    assert raw.requests == []


def test_in_flight_limit(raw: Any, answers: Any, home: Path) -> None:
    """No more requests are under way at a time than max_in_flight says."""
    import threading

    lock, now, most = threading.Lock(), [0], [0]

    def count(connection: Any, request: Any) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        raw.release.wait(0.05)
        with lock:
            now[0] -= 1
        answers.picture()(connection, request)

    raw.play(count)
    with imgcell.Client("apiyi", base_url=raw.base_url, api_key="sk-x", library=home, max_in_flight=3) as client:
        assert len(client.generate("a lighthouse", n=9)) == 9
    assert most[0] == 3


def test_an_upload_that_has_gone(raw: Any, answers: Any, home: Path, tmp_path: Path) -> None:
    """A picture that disappears between being checked and being sent: nothing is sent, and the error names the file."""
    file = tmp_path / "a.png"
    file.write_bytes(answers.png)
    busy = answers.error(429, "busy", None, {"Retry-After": "0"})

    def remove(connection: Any, request: Any) -> None:
        file.unlink()
        busy(connection, request)

    raw.play(remove, answers.picture())
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-x", library=home) as client:
        with pytest.raises(errors.InvalidJobError, match=r"a\.png"):
            client.edit("make it night", images=[file])
    assert len(raw.requests) == 1
    assert states(home) == ["sending", "turned-away", "sending", "not-sent"]


@pytest.mark.parametrize("asked", [1, 2])
def test_a_picture_that_came_whole_before_the_answer_broke_off(raw: Any, answers: Any, home: Path, asked: int) -> None:
    """It is paid for and in the spool: the user has it at once, and only what is missing is an error; nothing is sent again."""
    import base64
    import io
    import os

    from PIL import Image

    buffer = io.BytesIO()
    Image.frombytes("RGB", (300, 300), os.urandom(270_000)).save(buffer, "PNG")
    body = json.dumps({"data": [{"b64_json": base64.b64encode(buffer.getvalue()).decode()}] * asked}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    raw.play(answers.raw(head + body[: -2 if asked == 1 else -100_000]))
    with imgcell.Client("openai", base_url=raw.base_url, api_key="sk-test-secret-key", library=home, timeout=20) as client:
        if asked == 1:
            sheet = client.generate("a lighthouse")
        else:
            with pytest.warns(UserWarning, match="1 of 2 pictures did not come: The answer of openai broke off"):
                sheet = client.generate("a lighthouse", n=2)
    assert [picture.data for picture in sheet] == [buffer.getvalue()]
    assert len(raw.requests) == 1
    assert states(home)[-1] == ("done" if asked == 1 else "unknown")
    assert (home / "records" / f"{sheet[0].record.id}.json").is_file()


def test_a_whole_picture_does_not_wait_in_memory_for_what_stands_behind_it(client: Any, raw: Any, answers: Any, home: Path) -> None:
    """The answer stalls two bytes before its end: were the process killed now, the picture would be in the spool."""
    import base64
    import os
    import time

    picture = os.urandom(300_000)
    body = json.dumps({"data": [{"b64_json": base64.b64encode(picture).decode()}]}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    raw.play(answers.stall(raw, head + body[:-2]))
    run = client.submit(imgcell.Generate("a lighthouse"))
    deadline = time.monotonic() + 20
    while not (came := [file for file in leftovers(home) if file.name.endswith(".bin")]) and time.monotonic() < deadline:
        run.wait(0.01)
    while came and came[0].stat().st_size < len(picture) and time.monotonic() < deadline:
        run.wait(0.01)
    assert [file.read_bytes() for file in came] == [picture]
    assert not run.done
    run.cancel()
    run.cancel()
    assert run.wait(20)
