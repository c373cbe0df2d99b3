"""The sandbox's own limits: pictures in a time, and requests at once."""

import http.client
import json

import pytest

from imgcell.sandbox import serve
from imgcell.sandbox.documents import DOCUMENTS
from imgcell.sandbox.orders import Refusal
from imgcell.sandbox.rates import Rate

RELAY, OPENAI = DOCUMENTS["apiyi"], DOCUMENTS["openai"]


def test_a_sliding_window():
    """Three in ten seconds; the fourth is told when the first no longer counts, and is not counted itself."""
    rate = Rate(3, 10.0)
    for now in (0.0, 1.0, 2.0):
        assert rate.check(OPENAI, 1, now) == {}
    with pytest.raises(Refusal) as refused:
        rate.check(OPENAI, 1, 4.5)
    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": "6", "retry-after-ms": "5500"}
    assert rate.check(OPENAI, 1, 10.0) == {}
    with pytest.raises(Refusal):
        rate.check(OPENAI, 2, 11.0)
    assert rate.turned_away == 2


def test_pictures_count_not_requests():
    """A request for four is refused where there is room for three."""
    rate = Rate(5, 10.0)
    rate.check(OPENAI, 2, 0.0)
    with pytest.raises(Refusal) as refused:
        rate.check(OPENAI, 4, 1.0)
    assert refused.value.headers["retry-after-ms"] == "9000"
    assert rate.check(OPENAI, 3, 1.0) == {}


def test_an_account_that_is_told():
    """Every answer says the limit, what is left, and when all of it is there again."""
    rate = Rate(3, 10.0, told=True)
    rate.check(OPENAI, 1, 0.0)
    assert rate.check(OPENAI, 1, 4.0) == {
        "x-ratelimit-limit-images": "3",
        "x-ratelimit-remaining-images": "1",
        "x-ratelimit-reset-images": "10.000s",
    }


def test_each_platform_says_it_in_its_words():
    """OpenAI in English, a relay in Chinese."""
    for document, words in ((OPENAI, "Rate limit reached"), (RELAY, "请求数限制")):
        rate = Rate(1, 10.0)
        rate.check(document, 1, 0.0)
        with pytest.raises(Refusal, match=words):
            rate.check(document, 1, 1.0)


def test_a_served_limit():
    """Over HTTP: with one place, whoever comes while it is taken is refused without a time to wait."""
    body = {"model": "gpt-image-2", "prompt": "a lighthouse"}
    with serve(rate=Rate(at_once=1), latency=30) as server:

        def post():
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            headers = {"Authorization": "Bearer sk-any", "Content-Type": "application/json"}
            connection.request("POST", "/v1/images/generations", json.dumps(body), headers)
            return connection

        first = post()
        server.wait_for(1)
        second = post()
        answer = second.getresponse()
        assert answer.status == 429
        assert answer.getheader("Retry-After") is None
        assert json.loads(answer.read())["error"]["code"] == "rate_limit_exceeded"
        assert (server.rate.turned_away, server.rate.working) == (1, 1)
        first.close()
        second.close()


def test_serve_takes_a_pair():
    """``serve(rate=(10, 60))``."""
    with serve(rate=(10, 60.0)) as server:
        assert (server.rate.images, server.rate.window) == (10, 60.0)
