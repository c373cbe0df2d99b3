"""Where pictures are found, what errors are made of answers, and what is shown of texts."""

from __future__ import annotations

import base64
import json
import pickle
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcell import errors
from imgcell.wire.answers import display_text, facts_in, pictures_in, redact, request_id, usage_in
from imgcell.wire.base64text import MemoryExtract
from imgcell.wire.flow import Reply
from imgcell.wire.problems import Problem, problem_in
from imgcell.wire.refusals import classify, error_from, retry_after

PNG = b"\x89PNG\r\n\x1a\n picture"
B64 = base64.b64encode(PNG).decode()
URL = "https://cdn.example/a.png"

# FACTS.md section 7.2, in its order.
PLACES = {
    "data[].b64_json": {"data": [{"b64_json": B64, "url": ""}]},
    "data[].b64_json already taken out": {"data": [{"b64_json": MemoryExtract(PNG)}]},
    "data[].b64_json with prefix": {"data": [{"b64_json": "data:image/png;base64," + B64}]},
    "data[].b64_json wrapped": {"data": [{"b64_json": B64[:10] + "\n" + B64[10:]}]},
    "data[].b64_json url-safe, unpadded": {"data": [{"b64_json": B64.replace("+", "-").replace("/", "_").rstrip("=")}]},
    "data[].url": {"data": [{"b64_json": "", "url": URL, "revised_prompt": ""}]},
    "data[].url http": {"data": [{"url": "http://127.0.0.1/a.png"}]},
    "data[].url data": {"data": [{"url": "data:image/webp;base64," + B64}]},
    "data[].url data, taken out": {"data": [{"url": MemoryExtract(PNG)}]},
    "data[].url relative": {"data": [{"url": "/files/a.png"}]},
    "data object": {"data": {"url": URL}},
    "data object around a list": {"data": {"images": [{"url": URL}]}},
    "data string": {"data": URL},
    "top-level list": [{"url": URL}],
    "top-level list of strings": [URL],
    "images[].url": {"images": [{"url": URL}]},
    "images[].b64_json": {"images": [{"b64_json": B64}]},
    "images[] strings": {"images": [B64]},
    "output": {"output": [URL]},
    "output string": {"output": URL},
    "result.data": {"result": {"data": [{"url": URL}]}},
    "choices[0].message.images": {"choices": [{"message": {"content": "", "images": [{"type": "image_url", "image_url": {"url": URL}}]}}]},
    "choices[0] markdown": {"choices": [{"message": {"content": f"Here:\n![猫]({URL})\n[download]({URL})"}}]},
    "choices[0] bare link": {"choices": [{"message": {"content": f"完成，见 {URL}。"}}]},
    "choices[0] data url": {"choices": [{"message": {"content": f"![x](data:image/png;base64,{B64})"}}]},
    "choices[0] parts": {
        "choices": [{"message": {"content": [{"type": "text", "text": "ok"}, {"type": "image_url", "image_url": {"url": URL}}]}}]
    },
    "responses output": {"output": [{"type": "reasoning"}, {"type": "image_generation_call", "result": B64}]},
    "responses output object": {"output": [{"type": "image_generation_call", "result": {"b64_json": B64}}]},
    "completed event": {"type": "image_edit.completed", "b64_json": B64},
    "completed event with url": {"type": "image_generation.completed", "url": URL, "b64_json": ""},
    "data wrapper in an event": {"object": "image.generation.result", "data": [{"b64_json": B64}]},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_picture_is_found_wherever_relays_put_it(place):
    """Each place gives one picture: its bytes, or its address."""
    good = [found for found in pictures_in(PLACES[place]) if not found.problem]
    assert len(good) == 1
    assert good[0].image.read() == PNG if good[0].image is not None else good[0].url


def test_bytes_come_before_addresses_and_keep_them():
    """With both, the bytes count and the address is kept; with broken bytes, the address counts."""
    both, broken = pictures_in({"data": [{"url": URL, "b64_json": B64}, {"url": URL, "b64_json": "not base64!"}]})
    assert (both.image.read(), both.url) == (PNG, URL)
    assert (broken.image, broken.url) == (None, URL)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([B64, URL, "data:image/png;base64,AAAA"]),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(
            st.text(max_size=3)
            | st.sampled_from(
                ["data", "b64_json", "url", "images", "choices", "message", "content", "output", "error", "code", "detail", "type"]
            ),
            children,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(document=json_values)
def test_any_json_is_searched_without_an_accident(document):
    """Any value gives pictures or reasons, facts and usage, never an exception."""
    for found in pictures_in(document):
        assert found.image is not None or found.url or found.problem
    facts_in(document)
    usage_in(document)


@settings(max_examples=100, deadline=None)
@given(items=st.lists(st.sampled_from([{"b64_json": B64}, {"url": URL}, {"b64_json": "?"}, {}, {"url": ""}, None, 3]), max_size=6))
def test_no_item_is_dropped(items):
    """Pictures and problems together are as many as the items."""
    assert len(pictures_in({"data": items})) == len(items)


# FACTS.md section 7.6.
MESSAGES = {
    "error.message": ({"error": {"message": "m", "type": "t", "param": None, "code": None}}, "m"),
    "error string": ({"error": "m"}, "m"),
    "message": ({"message": "m", "code": 4001}, "m"),
    "msg": ({"msg": "m", "code": "E1"}, "m"),
    "detail": ({"detail": "m"}, "m"),
    "detail list": ({"detail": [{"msg": "Field required", "loc": ["body", "image"]}]}, "image: Field required"),
    "detail error": ({"detail": {"error": "m"}}, "m"),
    "detail error object": ({"detail": {"error": {"message": "m"}}}, "m"),
    "err": ({"err": "m"}, "m"),
    "error_msg": ({"error_msg": "m"}, "m"),
    "response.error.message": ({"response": {"error": {"message": "m"}}}, "m"),
    "header.message": ({"header": {"message": "m", "code": 10013}}, "m"),
}


@pytest.mark.parametrize("place", MESSAGES)
def test_the_message_is_found_wherever_relays_put_it(place):
    """Each envelope gives its message."""
    document, message = MESSAGES[place]
    assert problem_in(Reply(400, document=document)).message == message
    assert message in error_from(Reply(400, document=document)).message


def test_html_text_and_empty_bodies_have_words_too():
    """An HTML page gives its title, a text itself, an empty body the status."""
    page = Reply(524, text="<html><head><title>a timeout occurred | 524 &amp; more</title></head><body>x</body></html>")
    assert "a timeout occurred | 524 & more" in error_from(page).message
    assert "upstream gone" in error_from(Reply(400, text="upstream gone")).message
    assert "429" in error_from(Reply(429)).message


REFUSALS = [
    (400, {"error": {"message": "bad", "code": "invalid_value", "type": "invalid_request_error"}}, {}, errors.InvalidRequestError),
    (400, {"error": {"message": "x", "code": "moderation_blocked", "type": "image_generation_user_error"}}, {}, errors.ModerationError),
    (400, {"error": {"message": "safety_violations=[violence]", "code": None}}, {}, errors.ModerationError),
    (400, {"error": {"message": "limit", "code": "billing_hard_limit_reached"}}, {}, errors.QuotaExceededError),
    (401, {"error": {"message": "Incorrect API key provided"}}, {}, errors.AuthenticationError),
    (402, None, {}, errors.QuotaExceededError),
    (403, {"error": {"message": "region"}}, {}, errors.PermissionDeniedError),
    (403, {"error": {"message": "余额不足", "code": "insufficient_user_quota"}}, {}, errors.QuotaExceededError),
    (404, {"error": {"message": "The model does not exist", "code": "model_not_found"}}, {}, errors.InvalidRequestError),
    (405, None, {}, errors.InvalidRequestError),
    (413, None, {}, errors.InvalidRequestError),
    (415, None, {}, errors.InvalidRequestError),
    (422, {"detail": [{"msg": "Field required", "loc": ["body", "prompt"]}]}, {}, errors.InvalidRequestError),
    (451, None, {}, errors.PermissionDeniedError),
    (501, {"error": {"message": "API not implemented", "code": "api_not_implemented"}}, {}, errors.InvalidRequestError),
    (501, None, {}, errors.ServerError),
    (302, None, {}, errors.InvalidRequestError),
    (
        429,
        {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}},
        {"retry-after": "1"},
        errors.QuotaExceededError,
    ),
    (429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, {"retry-after": "3"}, errors.RateLimitError),
    (429, None, {}, errors.RateLimitError),
    (503, {"error": {"message": "busy", "code": "server_is_overloaded"}}, {"retry-after": "2"}, errors.RateLimitError),
    (503, {"error": {"message": "busy", "code": "server_is_overloaded"}}, {}, errors.OutcomeUnknownError),
    (503, {"error": {"message": "busy"}}, {"retry-after": "2"}, errors.OutcomeUnknownError),
    (
        503,
        {"error": {"message": "分组 G 下模型 M 无可用渠道", "code": "model_not_found"}},
        {"retry-after": "2"},
        errors.InvalidRequestError,
    ),
    (503, {"error": {"message": "No available channel for model M under group G"}}, {}, errors.InvalidRequestError),
    (500, {"error": {"message": "x", "type": "new_api_error", "code": "invalid_request"}}, {}, errors.InvalidRequestError),
    (500, {"error": {"message": "x", "code": "sensitive_words_detected"}}, {}, errors.ModerationError),
    (500, {"error": {"message": "x", "code": "do_request_failed"}}, {"x-should-retry": "true"}, errors.OutcomeUnknownError),
    (521, None, {"server": "cloudflare", "cf-ray": "8abc"}, errors.RateLimitError),
    (521, None, {"server": "cloudflare"}, errors.OutcomeUnknownError),
    (523, None, {"server": "nginx", "cf-ray": "8abc"}, errors.OutcomeUnknownError),
    (522, None, {"server": "cloudflare", "cf-ray": "8abc"}, errors.OutcomeUnknownError),
    *[(status, None, {}, errors.OutcomeUnknownError) for status in (408, 409, 500, 502, 504, 520, 524, 529, 599, 499, 199, 600)],
    # Errors under 200 (FACTS.md section 3.2): known to be refused, or unknown.
    (200, {"error": {"message": "x", "code": "moderation_blocked"}}, {}, errors.ModerationError),
    (200, {"error": {"message": "upstream failed"}}, {}, errors.OutcomeUnknownError),
    (200, {"code": 500, "msg": "failed", "data": None}, {}, errors.OutcomeUnknownError),
    (200, {"error": {"message": "slow", "code": "rate_limit_exceeded"}}, {"retry-after": "1"}, errors.OutcomeUnknownError),
]


@pytest.mark.parametrize(("status", "document", "headers", "kind"), REFUSALS)
def test_each_row_of_the_retry_table_has_its_error(status, document, headers, kind):
    """RELIABILITY.md section 1.5: the class of the error says what it means for the bill; hint and status are there."""
    error = error_from(Reply(status, headers, document=document))
    assert type(error) is kind
    assert error.status == status
    assert error.hint


def test_an_answer_with_pictures_is_no_error():
    """A 200 with data is read for pictures, whatever code it carries; status 200 without an error too."""
    assert error_from(Reply(200, document={"code": 0, "message": "success", "data": [{"url": URL}]})) is None
    assert error_from(Reply(200, document={"data": []})) is None
    assert error_from(Reply(200, image=MemoryExtract(PNG))) is None


@settings(max_examples=400, deadline=None)
@given(
    status=st.integers(0, 1100),
    code=st.text() | st.sampled_from(["insufficient_quota", "server_is_overloaded", "rate_limit_exceeded", "model_not_found"]),
    message=st.text(),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "server", "cf-ray", "retry-after-ms", "date"]), st.text() | st.sampled_from(["1", "cloudflare"])
    ),
    stated=st.booleans(),
)
def test_classification_is_total_and_only_the_certain_is_sent_again(status, code, message, headers, stated):
    """Anything gets a class, and only 429, 503, 521 and 523 can be turned away."""
    what = classify(status, headers, Problem(message, code, stated=stated))
    assert what in ("made", "turned-away", "refused", "unknown")
    if what == "turned-away":
        assert status in (429, 503, 521, 523)
    if what == "made":
        assert status == 200


@settings(max_examples=300, deadline=None)
@given(status=st.integers(0, 1100), document=json_values, text=st.text())
def test_any_answer_becomes_a_named_error_or_none(status, document, text):
    """Any body under any status: an ImgcellError that can be pickled and shown, or None for what may hold pictures."""
    error = error_from(Reply(status, document=document, text=text))
    if error is not None:
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
        error.message.encode()
    else:
        assert 200 <= status < 300


@settings(max_examples=200, deadline=None)
@given(text=st.text(), date=st.text())
def test_retry_after_is_a_sensible_number_or_none(text, date):
    """Any header gives 0 to a day, or None."""
    wait = retry_after({"retry-after": text, "date": date})
    assert wait is None or 0 <= wait <= 86_400


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({}, None),
    ],
)
def test_retry_after_in_its_forms(headers, wait):
    """Seconds, milliseconds and dates, a date against the answer's own."""
    assert retry_after(headers) == wait
    error = error_from(Reply(429, headers))
    assert isinstance(error, errors.RateLimitError)
    assert error.retry_after == wait


def test_the_request_id_comes_from_headers_or_the_message():
    """The headers that relays use, else what the message says."""
    assert request_id({"x-oneapi-request-id": "r-1"}) == "r-1"
    assert request_id({"x-request-id": "a", "cf-ray": "b"}) == "a"
    error = error_from(Reply(400, document={"error": {"message": "no (request id: 20260101abc)"}}))
    assert error.request_id == "20260101abc"


KEY = "relay-K3y_with/odd+chars="


@settings(max_examples=200, deadline=None)
@given(before=st.text(max_size=20), after=st.text(max_size=20), how=st.sampled_from(["plain", "percent", "json", "markup", "entities"]))
def test_a_key_is_in_no_text(before, after, how):
    """Plain, percent-encoded, JSON-escaped, split by markup: the key is not in what is shown."""
    spelled = {
        "plain": KEY,
        "percent": urllib.parse.quote(KEY, safe=""),
        "json": json.dumps(KEY).strip('"').replace("/", "\\u002f"),
        "markup": "<b>".join(KEY),
        "entities": KEY.replace("/", "&#47;"),
    }[how]
    shown = redact(f"{before} {spelled} {after}", [KEY])
    assert spelled not in shown
    assert KEY not in shown


def test_foreign_keys_and_base64_are_hidden_too():
    """A relay echoes keys and pictures: neither is shown."""
    assert "abcdef" not in redact("Incorrect API key provided: sk-abcdef1234567890.")
    assert "tok123" not in redact("Authorization: Bearer tok123")
    assert len(redact("x " + "QUJD" * 1000)) < 10


def test_what_is_too_short_for_a_key_spoils_no_words():
    """Local servers are given "none" or "EMPTY" for a key; ordinary sentences stay as they are."""
    assert redact("There are none: the room is EMPTY.", ["none", "EMPTY", "x"]) == "There are none: the room is EMPTY."
    assert redact("The key is seesaw.", ["seesaw"]) == "The key is ****."


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet=st.characters(), max_size=200))
def test_displayed_text_is_clean_and_stays_so(text):
    """No control, direction or surrogate characters, and cleaning twice changes nothing."""
    shown = display_text(text)
    shown.encode()
    assert display_text(shown) == shown
    assert not any(ord(character) < 32 and character not in "\t\n" for character in shown)
    assert not any(character in shown for character in "\u202e\u2066\x9b\x7f\u200f")


def test_displayed_text_has_an_end():
    """ANSI sequences vanish whole, and long texts are cut."""
    assert display_text("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link") == "red link"
    assert len(display_text("x" * 5000)) == 2000
    assert display_text(display_text("x" * 5000)) == display_text("x" * 5000)
