"""Providers whose pictures have a price, played by the sandbox."""

from __future__ import annotations

import pytest

import imgcell

PROVIDERS = """
[priced]                              # ten cents a picture, one picture a request
like = "sandbox"
[priced.defaults]
pictures_per_call = 1
[priced.defaults.prices]
date = "2026-11-21"
[priced.defaults.prices.pictures]
"" = 0.10

[tokens]                              # document 004's prices, all pictures of a job in one request
like = "sandbox"
[tokens.defaults.prices]
date = "2026-11-21"
tokens = { text_input = 5.00, text_input_cached = 1.25, image_input = 8.00, image_output = 30.00 }
[tokens.defaults.prices.pictures]
".low" = 0.006
".medium" = 0.053

[yuan]
like = "priced"
[yuan.defaults.prices]
date = "2026-11-21"
currency = "CNY"
[yuan.defaults.prices.pictures]
"" = 0.50

[blind]                               # nobody knows what it costs
like = "priced"
[blind.defaults]
prices = false
"""


@pytest.fixture
def shop(server, imgcell_home):
    """Return a function that makes clients of the providers above: ``shop("priced")``."""
    (imgcell_home / "providers.toml").write_text(PROVIDERS, encoding="utf-8")
    made = []

    def client(provider, **settings):
        made.append(imgcell.Client(provider, base_url=server.url("sandbox"), **settings))
        return made[-1]

    client.server = server
    yield client
    for one in made:
        one.close()


@pytest.fixture
def small():
    """The words of a small picture."""
    return {"size": "1024x1024"}
