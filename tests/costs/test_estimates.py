"""What is known of money: estimates hold in the worst case, bills follow the answer, unknown is never zero."""

from __future__ import annotations

import pytest

from imgcell import costs, providers
from imgcell.jobs import Edit, Generate
from imgcell.providers.prices import Cost
from imgcell.providers.profile import Model

GPT = providers.get("openai-compatible").model("gpt-image-2")


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ({"size": "1024x1024", "quality": "low"}, 0.006),
        ({"size": "1024x1024", "quality": "medium"}, 0.053),
        ({"size": "1536x1024", "quality": "high"}, 0.165),
        ({"size": "1024x1536", "quality": "low", "n": 3}, 0.015),
        ({"size": "1024x1024"}, 0.211),
        ({"quality": "auto", "size": "1536x1024"}, 0.165),
        ({}, 0.211),
    ],
)
def test_estimates_follow_document_004_and_assume_the_worst(words, amount):
    """The printed table times n; where the provider chooses, the dearest entry."""
    assert costs.estimate(Generate("x", **words), GPT) == Cost(amount, "USD", "estimated")


def test_unknown_prices_are_unknown():
    """No table, an unlisted size or an unknown model: None, not zero."""
    assert costs.estimate(Generate("x", size="2048x2048", quality="low"), GPT) is None
    assert costs.estimate(Generate("x"), providers.get("apiyi").model(None)) is None
    assert costs.bill({"output_tokens": 5, "input_tokens": 5}, Model("m"), Generate("x"), 1) is None
    assert costs.estimate(Generate("x"), providers.get("openai").model("gpt-image-9")) is None


def test_the_sandbox_is_free():
    """Free is known, and it is nothing."""
    model = providers.get("sandbox").model(None)
    assert costs.estimate(Generate("x", n=9), model) == Cost(0.0, "USD", "free")
    assert costs.bill({"output_tokens": 10**6, "input_tokens": 1}, model, Generate("x"), 1) == Cost(0.0, "USD", "free")
    assert costs.estimate(Generate("x"), providers.get("sandbox").model("gpt-image-9")).basis == "free"


def test_a_bill_is_tokens_times_list_prices():
    """Document 004: 5 a million text tokens in, 8 image in, 30 image out."""
    usage = {"input_tokens": 150, "output_tokens": 1000, "input_tokens_details": {"text_tokens": 50, "image_tokens": 100}}
    assert costs.bill(usage, GPT, Edit("x", images=["a"]), 1) == Cost((50 * 5 + 100 * 8 + 1000 * 30) / 1e6, "USD", "computed")
    assert costs.bill(usage, GPT, Edit("x", images=["a"]), 2).amount == pytest.approx(0.031050 / 2)


def test_cached_tokens_cost_less():
    """Cached text tokens at 1.25 instead of 5."""
    details = {"text_tokens": 100, "image_tokens": 0, "cached_tokens_details": {"text_tokens": 80, "image_tokens": 0}}
    usage = {"input_tokens": 100, "output_tokens": 0, "input_tokens_details": details}
    assert costs.bill(usage, GPT, Generate("x"), 1).amount == pytest.approx((20 * 5 + 80 * 1.25) / 1e6)


def test_without_details_the_dearer_reading_counts():
    """An edit's unexplained tokens are taken for pictures, a generation's for text."""
    usage = {"input_tokens": 100, "output_tokens": 0}
    assert costs.bill(usage, GPT, Generate("x"), 1).amount == pytest.approx(100 * 5 / 1e6)
    assert costs.bill(usage, GPT, Edit("x", images=["a"]), 1).amount == pytest.approx(100 * 8 / 1e6)


def test_a_named_sum_is_believed_first_and_nonsense_never():
    """usage.cost is the bill; negative, infinite or textual sums are not."""
    assert costs.bill({"cost": 0.04}, Model("m"), Generate("x"), 1) == Cost(0.04, "USD", "billed")
    for nonsense in (-1, float("nan"), float("inf"), "much", True):
        assert costs.bill({"cost": nonsense}, Model("m"), Generate("x"), 1) is None


def test_without_usage_the_table_stands_in():
    """No usage: the estimate for one picture."""
    assert costs.bill(None, GPT, Generate("x", size="1024x1024", quality="high", n=2), 2) == Cost(0.211, "USD", "estimated")
