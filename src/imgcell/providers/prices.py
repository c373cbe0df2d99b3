"""Price tables as the provider files state them, and the value type for what something cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["INPUT_TOKENS", "TOKENS", "Basis", "Cost", "Prices"]

#: Where the file says nothing: OpenAI counts 65 + 129 a tile of 512 pixels, and 4,160 or 6,240 more at high fidelity.
INPUT_TOKENS: Mapping[str, int] = {"low": 1000, "high": 7000}
#: What a price per 1,000,000 tokens can be for.
TOKENS = ("text_input", "text_input_cached", "image_input", "image_input_cached", "image_output")

Basis: TypeAlias = Literal["billed", "computed", "estimated", "free"]


@dataclass(frozen=True)
class Cost:
    """An amount of money and how it is known.  Unknown cost is ``None`` in its place, never a zero.

    Attributes:
        amount: In *currency*.
        currency: ISO 4217, for example ``"USD"``.
        basis: ``"billed"`` (the answer names the sum), ``"computed"`` (token counts of the answer times list
            prices), ``"estimated"`` (a table of prices per picture), or ``"free"`` (the provider charges nothing).
    """

    amount: float
    currency: str
    basis: Basis


@dataclass(frozen=True)
class Prices:
    """Dated list prices of a model.

    Attributes:
        date: Day (ISO 8601) on which the prices were read from the document.
        currency: ISO 4217.
        free: True if the provider charges nothing.
        tokens: Price per 1,000,000 tokens: ``text_input``, ``text_input_cached``, ``image_input``,
            ``image_input_cached``, ``image_output``.
        pictures: Price per picture by ``"<size>.<quality>"``, ``"<size>"``, ``".<quality>"`` or ``""``.
        grid: By quality, cells along the long side of a picture, for sizes that *pictures* does not list: a picture of
            width × height pixels is (cells × cells along the short side, rounded) × (2,000,000 + width × height) /
            4,000,000 output tokens.
        input_tokens: How many tokens one input picture counts at most, by input fidelity (``"low"``, ``"high"``).
    """

    date: str
    currency: str = "USD"
    free: bool = False
    tokens: Mapping[str, float] = field(default_factory=dict)
    pictures: Mapping[str, float] = field(default_factory=dict)
    grid: Mapping[str, int] = field(default_factory=dict)
    input_tokens: Mapping[str, int] = field(default_factory=lambda: dict(INPUT_TOKENS))
