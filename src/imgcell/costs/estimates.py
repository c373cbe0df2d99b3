"""What a job will probably cost, and what an answer did cost.

Prices are list prices as the documents state them, with their date (``providers/*.toml``); relays sell at their own.
Unknown is ``None``, never zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from imgcell.costs.amounts import MOST, assumed
from imgcell.jobs import Edit, Job
from imgcell.providers.prices import Cost, Prices
from imgcell.providers.profile import Model

__all__ = ["bill", "estimate", "worst"]

_SIZE = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})")
#: Output tokens of one partial picture (OpenAI's guide, FACTS.md section 2.7).
_PARTIAL = 100
#: Tokens around the words of a prompt, and those that come with every input picture: a little more than is seen.
_AROUND, _AROUND_INPUT = 10, 40
#: Tokens in one answer, at most: more is a mistake of whoever counted.
_MOST_TOKENS = 1_000_000_000
#: Times the listed price that an answer's bill may be.
BELIEVED = 100


def estimate(job: Job, model: Model, inputs: int | None = None) -> Cost | None:
    """Return what *job* will cost in all, as far as can be told before, or ``None`` if no price is known.

    Where size or quality is left to the provider, the dearest price of the table that fits counts; the input pictures
    of an edit count as many tokens as the model reads at most.  Without a price ``imgcell.options.assumed_price`` stands in.

    Args:
        job: What is wanted.
        model: What is known of the model, prices among it.
        inputs: How many pictures go in, the mask among them; ``None`` counts what *job* holds.
    """
    prices = model.prices
    if prices is not None and prices.free:
        return Cost(0.0, prices.currency, "free")
    each = _each(job, model, inputs)
    if prices is None or each is None:
        return assumed(job.n)
    return Cost(_rounded(each * job.n), prices.currency, "estimated")


def worst(job: Job, model: Model, inputs: int | None = None) -> Cost | None:
    """Return what *job* can cost at most: what a budget sets aside before it is sent (RELIABILITY.md section 6).

    That is :func:`estimate` and the words of the prompt, of which a token is at least a byte, for every picture.
    """
    likely = estimate(job, model, inputs)
    prices = model.prices
    if likely is None or likely.basis == "free" or prices is None or "image_output" not in prices.tokens:
        return likely
    if _each(job, model, inputs) is None:
        return likely  # what the user assumes is all there is
    words = len(job.prompt.encode("utf-8", "replace")) + _AROUND + _AROUND_INPUT * _inputs(job, inputs)
    return Cost(_rounded(likely.amount + job.n * words * prices.tokens.get("text_input", 0.0) / 1_000_000), likely.currency, "estimated")


def bill(usage: Mapping[str, Any] | None, model: Model, job: Job, pictures: int) -> Cost | None:
    """Return what one of *pictures* pictures of an answer cost: the answer's bill, shared equally.

    Args:
        usage: Token counts as the answer states them, or ``None``.  Whoever counts nothing at all, or a sum of zero, has
            not said what it costs.
        model: What is known of the model, prices among it.
        job: What was asked for.
        pictures: For how many pictures *usage* is, from 1; not how many were asked for.

    Returns:
        ``billed`` if the answer names a sum (in the currency of the prices, if it names one), ``computed`` from its
        tokens, else ``estimated`` from the table, or ``None``.  A sum of more than :data:`BELIEVED` times the table's price is
        a mistake of the server's: believed, it would stand in the way of every budget.
    """
    prices = model.prices
    share = max(1, pictures)
    if prices is not None and prices.free:
        return Cost(0.0, prices.currency, "free")
    each = _each(job, model, None)
    most = each * share * BELIEVED if each is not None else math.inf
    if usage:
        named = _amount(usage.get("cost", usage.get("total_cost")))
        currency = _currency(usage.get("currency"), prices)
        if named is not None and currency is not None and named <= most:
            return Cost(_rounded(named / share), currency, "billed")
        computed = _from_tokens(usage, prices.tokens, isinstance(job, Edit)) if prices is not None else None
        if computed is not None and prices is not None and computed <= most:
            return Cost(_rounded(computed / share), prices.currency, "computed")
    if prices is None or each is None:
        return assumed(1)
    return Cost(_rounded(each), prices.currency, "estimated")


def _each(job: Job, model: Model, inputs: int | None) -> float | None:
    """Return the price of one picture with what goes in for it, without the prompt."""
    prices = model.prices
    listed = _listed(job, model, prices) if prices is not None else None
    if listed is None or prices is None:
        return None
    tokens = prices.tokens
    partials = _PARTIAL * (job.partial_images or 0) * tokens.get("image_output", 0.0)
    fidelity = _said(job.input_fidelity, model, "input_fidelity") if isinstance(job, Edit) else None
    each = prices.input_tokens.get(fidelity or "high", 0) * tokens.get("image_input", tokens.get("text_input", 0.0))
    return listed + (partials + each * _inputs(job, inputs)) / 1_000_000


def _inputs(job: Job, known: int | None) -> int:
    if not isinstance(job, Edit):
        return 0
    return known if known is not None else len(job.images) + (job.mask is not None)


def _listed(job: Job, model: Model, prices: Prices) -> float | None:
    """Return the listed price of one picture by size and quality, the dearest one where they are open."""
    size = _said(job.size, model, "size")
    quality = _said(job.quality, model, "quality")
    fitting: list[float] = []
    for key, price in prices.pictures.items():
        listed_size, _, listed_quality = key.partition(".")
        if _fits(listed_size, size) and _fits(listed_quality, quality):
            fitting.append(price)
    return max(fitting) if fitting else _by_area(size, quality, prices)


def _by_area(size: str | None, quality: str | None, prices: Prices) -> float | None:
    """Return the price of one picture of a size that is not listed, where the tokens follow from its area."""
    cells = [count for name, count in prices.grid.items() if quality in (None, name)]
    measures = _SIZE.fullmatch(size or "")
    if not cells or measures is None or "image_output" not in prices.tokens:
        return None
    width, height = sorted(map(int, measures.groups()), reverse=True)
    across = (2 * max(cells) * height + width) // (2 * width)
    tokens = max(cells) * across * (2_000_000 + width * height) / 4_000_000
    return math.ceil(tokens) * prices.tokens["image_output"] / 1_000_000


def _fits(listed: str, wanted: str | None) -> bool:
    return wanted is None or listed in ("", wanted)


def _said(value: str | None, model: Model, word: str) -> str | None:
    """Return the value that applies, or ``None`` where the provider chooses."""
    if value is None:
        field = model.fields.get(word)
        value = field.default if field is not None else None
    return None if value == "auto" else value


def _from_tokens(usage: Mapping[str, Any], prices: Mapping[str, float], edit: bool) -> float | None:
    if "image_output" not in prices:
        return None
    output = _count(usage.get("output_tokens"))
    read = _count(usage.get("input_tokens"))
    if not output or read is None:
        return None  # a picture came, so no tokens means: not counted
    details = usage.get("input_tokens_details")
    images = texts = None
    if isinstance(details, Mapping):
        images, texts = _count(details.get("image_tokens")), _count(details.get("text_tokens"))
    if images is None and texts is None:
        # Which tokens were pictures is not said: an edit's count at the price of pictures, which is the higher one.
        images, texts = (read, 0) if edit else (0, read)
    image_price = prices.get("image_input", prices.get("text_input", 0.0))
    text_price = prices.get("text_input", 0.0)
    total = (images or 0) * image_price + (texts or 0) * text_price + output * prices["image_output"]
    cached = details.get("cached_tokens_details") if isinstance(details, Mapping) else None
    if isinstance(cached, Mapping):
        total -= min(_count(cached.get("text_tokens")) or 0, texts or 0) * (text_price - prices.get("text_input_cached", text_price))
        total -= min(_count(cached.get("image_tokens")) or 0, images or 0) * (image_price - prices.get("image_input_cached", image_price))
    return total / 1_000_000


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS else None


def _amount(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= MOST or not math.isfinite(value):
        return None
    return float(value)


def _currency(stated: Any, prices: Prices | None) -> str | None:
    """Return the currency of a sum that an answer names; ``None`` if it is not the one of the prices, which budgets count in."""
    if stated is None:
        return prices.currency if prices is not None else "USD"
    code = stated.strip().upper() if isinstance(stated, str) else ""
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        return None
    return code if prices is None or code == prices.currency else None


def _rounded(amount: float) -> float:
    # Without the dust of binary fractions; three thirds still add up to what they are thirds of, at ten digits.
    return round(amount, 12)
