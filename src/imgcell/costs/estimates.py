"""What a job will probably cost, and what an answer did cost.

Prices are list prices as the documents state them, with their date (``providers/*.toml``); relays sell at their own.
Unknown is ``None``, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from imgcell.jobs import Edit, Job
from imgcell.providers.prices import Cost, Prices
from imgcell.providers.profile import Model

__all__ = ["bill", "estimate"]


def estimate(job: Job, model: Model) -> Cost | None:
    """Return what *job* will cost in all, at most, or ``None`` if no price is known.

    Where size or quality is left to the provider, the dearest price of the table that fits counts: a budget that is
    kept must hold in the worst case (RELIABILITY.md section 6).
    """
    prices = model.prices
    if prices is None:
        return None
    if prices.free:
        return Cost(0.0, prices.currency, "free")
    each = _listed(job, model, prices)
    return Cost(_rounded(each * job.n), prices.currency, "estimated") if each is not None else None


def bill(usage: Mapping[str, Any] | None, model: Model, job: Job, pictures: int) -> Cost | None:
    """Return what one of *pictures* pictures of an answer cost: the answer's bill, shared equally.

    Args:
        usage: Token counts as the answer states them, for all of its pictures, or ``None``.
        model: What is known of the model, prices among it.
        job: What was asked for.
        pictures: How many pictures the answer brought, from 1.

    Returns:
        ``billed`` if the answer names a sum, ``computed`` from its tokens, else ``estimated`` from the table, or ``None``.
    """
    prices = model.prices
    share = max(1, pictures)
    if prices is not None and prices.free:
        return Cost(0.0, prices.currency, "free")
    if usage:
        named = _amount(usage.get("cost", usage.get("total_cost")))
        if named is not None:
            return Cost(_rounded(named / share), prices.currency if prices is not None else "USD", "billed")
        computed = _from_tokens(usage, prices.tokens, isinstance(job, Edit)) if prices is not None else None
        if computed is not None and prices is not None:
            return Cost(_rounded(computed / share), prices.currency, "computed")
    if prices is None:
        return None
    each = _listed(job, model, prices)
    return Cost(_rounded(each), prices.currency, "estimated") if each is not None else None


def _listed(job: Job, model: Model, prices: Prices) -> float | None:
    """Return the price of one picture by size and quality, the dearest one where they are open."""
    size = _said(job.size, model, "size")
    quality = _said(job.quality, model, "quality")
    fitting: list[float] = []
    for key, price in prices.pictures.items():
        listed_size, _, listed_quality = key.partition(".")
        if _fits(listed_size, size) and _fits(listed_quality, quality):
            fitting.append(price)
    return max(fitting) if fitting else None


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
    if output is None or read is None:
        return None
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
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _amount(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        return None
    return float(value)


def _rounded(amount: float) -> float:
    # A tenth of a millionth: sums of prices per million tokens, without the dust of binary fractions.
    return round(amount, 10)
