"""Prices are dated data: every one that a document states is in its file, and the user's come before them."""

from __future__ import annotations

import pytest

from imgcell import costs, providers
from imgcell.errors import ConfigurationError
from imgcell.jobs import Generate
from imgcell.providers.prices import Cost


def test_every_price_of_document_004_is_in_its_file():
    """Four prices a million tokens, nine a picture, in dollars, with the day on which they were read."""
    prices = providers.get("openai-compatible").model("gpt-image-2").prices
    assert prices.tokens == {"text_input": 5.0, "text_input_cached": 1.25, "image_input": 8.0, "image_output": 30.0}
    square, oblong = {"low": 0.006, "medium": 0.053, "high": 0.211}, {"low": 0.005, "medium": 0.041, "high": 0.165}
    printed = {"1024x1024": square, "1024x1536": oblong, "1536x1024": oblong}
    assert prices.pictures == {f"{size}.{quality}": price for size, row in printed.items() for quality, price in row.items()}
    assert (prices.currency, prices.date, prices.free) == ("USD", "2026-11-21", False)


@pytest.mark.parametrize("name", ["apiyi", "ezmodel", "json-images"])
def test_documents_that_state_no_price_have_none(name):
    """Documents 000 to 003 say nothing about money, so it is unknown, whatever other relays charge for the same model."""
    provider = providers.get(name)
    assert all(model.prices is None for model in (*provider.models.values(), provider.defaults))


def test_every_price_in_the_files_is_dated_and_in_a_currency():
    """No list of prices without the day and the currency; only the sandbox is free."""
    for name in providers.names():
        provider = providers.get(name)
        for model in (*provider.models.values(), provider.defaults):
            if model.prices is not None:
                assert len(model.prices.date) == 10
                assert len(model.prices.currency) == 3
                assert model.prices.free == (name == "sandbox")


def test_the_user_s_prices_come_before_the_files(imgcell_home):
    """A provider of providers.toml has its own list, in its own currency, for one model or for all."""
    (imgcell_home / "providers.toml").write_text(
        """
[relay]
like = "openai-compatible"
base_url = "https://relay.example/v1"
[relay.defaults.prices]
date = 2026-11-01
currency = "CNY"
[relay.defaults.prices.pictures]
"" = 0.30
[relay.models.gpt-image-2.prices]
date = "2026-11-02"
currency = "CNY"
pictures = { "1024x1024" = 0.5 }

[openai-compatible.models.gpt-image-2.prices]
date = "2026-11-03"
tokens = { text_input = 2.5, image_output = 15 }
""",
        encoding="utf-8",
    )
    relay = providers.get("relay")
    assert costs.estimate(Generate("x", n=2), relay.model("anything")) == Cost(0.6, "CNY", "estimated")
    assert costs.estimate(Generate("x", size="1024x1024", quality="high"), relay.model("gpt-image-2")) == Cost(0.5, "CNY", "estimated")
    usage = {"input_tokens": 100, "output_tokens": 1000}
    # Of the relay's own list only: the dollars a token of the list below it are not taken for yuan.
    assert costs.bill(usage, relay.model("gpt-image-2"), Generate("x", size="1024x1024"), 1) == Cost(0.5, "CNY", "estimated")
    built_in = providers.get("openai-compatible").model("gpt-image-2")
    assert costs.bill(usage, built_in, Generate("x"), 1) == Cost((100 * 2.5 + 1000 * 15) / 1e6, "USD", "computed")
    assert costs.estimate(Generate("x", size="1024x1024", quality="low"), built_in) is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('date = "yesterday"', "day"),
        ('date = "2026-11-21"\ncurrency = "yuan"', "three capital letters"),
        ('date = "2026-11-21"\ncurrency = "cny"', "three capital letters"),
        ('date = "2026-11-21"\ntokens = { image_ouput = 30.0 }', "image_ouput"),
        ('date = "2026-11-21"\ntokens = { image_output = inf }', "price of 0 or more"),
        ('date = "2026-11-21"\npictures = { "" = -0.1 }', "price of 0 or more"),
        ('date = "2026-11-21"\ninput_tokens = { middle = 5 }', "unknown key 'middle'"),
        ('date = "2026-11-21"\ninput_tokens = { low = 1.5 }', "whole number"),
        ('date = "2026-11-21"\ngrid = { low = -1 }', "whole number"),
    ],
)
def test_a_mistake_in_prices_is_named_with_its_file(imgcell_home, lines, said):
    """A misspelled price never reads as an unknown one."""
    (imgcell_home / "providers.toml").write_text(
        f'[relay]\nlike = "openai-compatible"\n[relay.defaults.prices]\n{lines}\n', encoding="utf-8"
    )
    with pytest.raises(ConfigurationError, match=said) as caught:
        providers.get("relay")
    assert "providers.toml" in str(caught.value)
