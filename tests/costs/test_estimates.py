"""What is known of money: estimates hold in the worst case, bills follow the answer, unknown is never zero."""

from __future__ import annotations

from dataclasses import replace

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


@pytest.mark.parametrize("quality", ["low", "medium", "high"])
def test_other_sizes_are_priced_by_their_area_where_that_is_known(quality):
    """OpenAI's gpt-image-2 takes any size: what gives the printed prices of the listed sizes prices the others too."""
    model = providers.get("openai").model("gpt-image-2")
    unlisted = replace(model, prices=replace(model.prices, pictures={}))
    for size in ("1024x1024", "1536x1024", "1024x1536"):
        job = Generate("x", size=size, quality=quality)
        assert round(costs.estimate(job, unlisted).amount, 3) == costs.estimate(job, model).amount
    large = costs.estimate(Generate("x", size="3840x2160", quality=quality), model).amount
    assert large > costs.estimate(Generate("x", size="2560x1440", quality=quality), model).amount
    assert costs.estimate(Generate("x", size="3840x2160", quality="high"), model).amount == pytest.approx(13341 * 30 / 1e6, rel=1e-3)
    assert (
        costs.estimate(Generate("x", size="2048x2048"), model).amount
        == costs.estimate(Generate("x", size="2048x2048", quality="high"), model).amount
    )
    for size in ("16:9", "0x5", "1x1", "999999x999999", "x"):
        assert costs.estimate(Generate("x", size=size, quality=quality), model) is None


def test_a_bill_is_tokens_times_list_prices():
    """Document 004: 5 a million text tokens in, 8 image in, 30 image out."""
    usage = {"input_tokens": 150, "output_tokens": 1000, "input_tokens_details": {"text_tokens": 50, "image_tokens": 100}}
    assert costs.bill(usage, GPT, Edit("x", images=["a"]), 1) == Cost((50 * 5 + 100 * 8 + 1000 * 30) / 1e6, "USD", "computed")
    assert costs.bill(usage, GPT, Edit("x", images=["a"]), 2).amount == pytest.approx(0.031050 / 2)


def test_cached_tokens_cost_less():
    """Cached text tokens at 1.25 instead of 5."""
    details = {"text_tokens": 100, "image_tokens": 0, "cached_tokens_details": {"text_tokens": 80, "image_tokens": 0}}
    usage = {"input_tokens": 100, "output_tokens": 10, "input_tokens_details": details}
    assert costs.bill(usage, GPT, Generate("x"), 1).amount == pytest.approx((20 * 5 + 80 * 1.25 + 10 * 30) / 1e6)


def test_without_details_the_dearer_reading_counts():
    """An edit's unexplained tokens are taken for pictures, a generation's for text."""
    usage = {"input_tokens": 100, "output_tokens": 10}
    assert costs.bill(usage, GPT, Generate("x"), 1).amount == pytest.approx((100 * 5 + 300) / 1e6)
    assert costs.bill(usage, GPT, Edit("x", images=["a"]), 1).amount == pytest.approx((100 * 8 + 300) / 1e6)


def test_a_count_or_a_sum_of_nothing_is_no_bill():
    """Relays that count nothing (all zeros, a cost of 0) have not said that it was free: the table stands in."""
    listed = Cost(0.211, "USD", "estimated")
    for usage in ({"input_tokens": 0, "output_tokens": 0}, {"input_tokens": 9, "output_tokens": 0}, {"cost": 0}, {"cost": 0.0}):
        assert costs.bill(usage, GPT, Generate("x"), 1) == listed, usage


@pytest.mark.parametrize("figure", [10**400, -(10**400), 10**12, 1e300, -5, "7", [7], {}, None, True, float("nan"), float("inf")])
def test_a_figure_that_cannot_be_is_not_believed(figure):
    """Whatever a server puts where its figures go: no exception, no sum out of it."""
    listed = Cost(0.211, "USD", "estimated")
    assert costs.bill({"cost": figure}, GPT, Generate("x"), 1) == listed
    assert costs.bill({"total_cost": figure}, GPT, Generate("x"), 1) == listed
    assert costs.bill({"input_tokens": 5, "output_tokens": figure}, GPT, Generate("x"), 1) == listed
    assert costs.bill({"input_tokens": figure, "output_tokens": 5}, GPT, Generate("x"), 1) == listed


def test_a_bill_is_shared_by_the_pictures_that_came():
    """Three pictures of one bill add up to it, to the last digit that counts."""
    one = costs.bill({"cost": 0.04}, GPT, Generate("x", n=4), 3)
    assert costs.total([one, one, one]) == Cost(0.04, "USD", "billed")


def test_an_edit_s_inputs_are_part_of_its_estimate():
    """Input pictures and the mask are read at the price of picture tokens, for every picture that is made."""
    plain = costs.estimate(Generate("x", size="1024x1024", quality="low", n=2), GPT).amount
    edit = Edit("x", images=["a", "b"], mask="m", size="1024x1024", quality="low", n=2)
    assert costs.estimate(edit, GPT).amount == pytest.approx(plain + 2 * 3 * 1600 * 8 / 1e6)
    assert costs.estimate(edit, GPT, 1).amount == pytest.approx(plain + 2 * 1600 * 8 / 1e6)


def test_fidelity_and_partial_pictures_are_part_of_an_estimate():
    """gpt-image-1 reads more of a picture at high fidelity; every partial picture is a hundred tokens."""
    model = providers.get("openai").model("gpt-image-1")
    words = {"images": ["a"], "size": "1024x1024", "quality": "low"}
    low, high = (costs.estimate(Edit("x", input_fidelity=how, **words), model).amount for how in ("low", "high"))
    assert high - low == pytest.approx((7000 - 1000) * 10 / 1e6)
    streamed = costs.estimate(Generate("x", size="1024x1024", quality="low", partial_images=3), GPT)
    assert streamed.amount == pytest.approx(0.006 + 3 * 100 * 30 / 1e6)


@pytest.mark.parametrize("prompt", ["x", "灯塔" * 400, "a lighthouse at dusk " * 100, "🙂" * 50])
def test_the_worst_case_covers_the_words_of_the_prompt(prompt):
    """What is set aside is never less than what the sandbox then counts: a token is at least a byte."""
    for quality, output in (("low", 200), ("medium", 1767), ("high", 7033)):
        job = Generate(prompt, size="1024x1024", quality=quality)
        counted = {"input_tokens": len(prompt), "output_tokens": output}
        assert costs.bill(counted, GPT, job, 1).amount <= costs.worst(job, GPT).amount
        assert costs.estimate(job, GPT).amount <= costs.worst(job, GPT).amount


def test_where_no_price_is_known_the_user_may_assume_one(fresh_options):
    """options.assumed_price stands in, before and after, in the currency that it names; never where a price is known."""
    blind = providers.get("apiyi").model(None)
    fresh_options.assumed_price = 0.05
    assert costs.estimate(Generate("x", n=3), blind) == costs.worst(Generate("x", n=3), blind) == Cost(0.15, "USD", "estimated")
    fresh_options.assumed_price = "0.30 CNY"
    assert costs.bill(None, blind, Generate("x", n=3), 3) == Cost(0.3, "CNY", "estimated")
    assert costs.estimate(Generate("x", quality="low", size="1024x1024"), GPT) == Cost(0.006, "USD", "estimated")
    assert costs.bill({"cost": 0.07}, blind, Generate("x"), 1) == Cost(0.07, "USD", "billed")


@pytest.mark.parametrize("wrong", [0, -1, True, "0.3", "0.3 yuan", "x CNY", "0.3 cny", "-1 USD", "nan USD", float("nan"), 1e9, [], ""])
def test_an_assumed_price_is_a_price(fresh_options, wrong):
    """Nothing else is taken, zero least of all."""
    with pytest.raises(ValueError, match="assumed_price"):
        fresh_options.assumed_price = wrong


def test_a_named_sum_is_believed_first_and_nonsense_never():
    """usage.cost is the bill; negative, infinite or textual sums are not."""
    assert costs.bill({"cost": 0.04}, Model("m"), Generate("x"), 1) == Cost(0.04, "USD", "billed")
    for nonsense in (-1, float("nan"), float("inf"), "much", True):
        assert costs.bill({"cost": nonsense}, Model("m"), Generate("x"), 1) is None


@pytest.mark.parametrize("currency", ["EUR", "credits", 7, ""])
def test_a_sum_in_another_currency_than_the_prices_is_no_bill(currency):
    """It can be compared with no budget and is no sum of dollars: the tokens, or the table, say what it cost."""
    job = Generate("x", size="1024x1024", quality="high")
    assert costs.bill({"cost": 0.5, "currency": currency}, GPT, job, 1) == Cost(0.211, "USD", "estimated")
    assert costs.bill({"cost": 0.5, "currency": "usd"}, GPT, job, 1) == Cost(0.5, "USD", "billed")


def test_where_there_are_no_prices_the_answer_s_currency_counts():
    """A relay that bills in yuan is not believed to bill in dollars."""
    assert costs.bill({"cost": 0.5, "currency": "CNY"}, Model("m"), Generate("x"), 1) == Cost(0.5, "CNY", "billed")
    assert costs.bill({"cost": 0.5, "currency": "credits"}, Model("m"), Generate("x"), 1) is None


def test_a_sum_far_beyond_the_price_is_a_mistake():
    """A lying bill of a million, or of a billion tokens, counts as the table's price; twenty times the price is believed."""
    job = Generate("x", size="1024x1024", quality="low")
    assert costs.bill({"cost": 999_999}, GPT, job, 1) == Cost(0.006, "USD", "estimated")
    assert costs.bill({"input_tokens": 10, "output_tokens": 900_000_000}, GPT, job, 1) == Cost(0.006, "USD", "estimated")
    assert costs.bill({"cost": 0.12}, GPT, job, 1) == Cost(0.12, "USD", "billed")
    assert costs.bill({"cost": 999_999}, Model("m"), job, 1) == Cost(999_999.0, "USD", "billed")


def test_without_usage_the_table_stands_in():
    """No usage: the estimate for one picture."""
    assert costs.bill(None, GPT, Generate("x", size="1024x1024", quality="high", n=2), 2) == Cost(0.211, "USD", "estimated")


def test_a_sum_is_known_as_well_as_its_worst_known_part():
    """Computed and estimated make estimated; unknown makes unknown; two currencies make no sum; free adds nothing."""
    billed, guessed = Cost(0.1, "USD", "billed"), Cost(0.2, "USD", "estimated")
    assert costs.total([billed, guessed]) == Cost(0.3, "USD", "estimated")
    assert costs.total([billed, None]) is None
    assert costs.total([]) is None
    assert costs.total([billed, Cost(0.2, "CNY", "billed")]) is None
    assert costs.total([Cost(0.0, "USD", "free"), Cost(0.2, "CNY", "billed")]) == Cost(0.2, "CNY", "billed")
    assert costs.total([Cost(0.0, "USD", "free")] * 2) == Cost(0.0, "USD", "free")
