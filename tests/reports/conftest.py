"""Sheets as studies leave them, without a server: pictures of a known time and price, refusals, and what may have been charged."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from PIL import Image

from imgcell.errors import ModerationError, OutcomeUnknownError, ServerError
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.source import MemorySource
from imgcell.providers.prices import Cost

ERRORS = {"refused": ModerationError, "failed": ServerError, "unknown": OutcomeUnknownError}


@pytest.fixture
def picture():
    """``picture(number, model=…, seconds=…, cost=…, asked=…, size=…, **record)`` returns one."""

    def make(number, *, model="a", seconds=1.0, cost=None, asked=None, size=(64, 48), prompt="a fox", **record):
        out = io.BytesIO()
        Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, 120)).save(out, "PNG")
        source = MemorySource(out.getvalue())
        facts = {"provider": "somebody", "attempt": f"a-{number}", "created": dt.datetime(2026, 5, 1, tzinfo=dt.timezone.utc)}
        requested = {"size": asked} if asked else {}
        made = Record(
            **{
                **facts, "id": f"p-{number}", "sha256": source.sha256, "prompt": prompt, "model": model, "seconds": seconds, "cost": cost,
                "requested": requested, "size": size, "format": "PNG", "bytes": source.size, **record,
            }
        )  # fmt: skip
        return Picture(source, made)

    return make


@pytest.fixture
def study(picture):
    """``study({"a": ["picture", "refused", …]}, prompts=…)``: a sheet by model and prompt; pictures cost 0.04 and take 1, 2, 3, … s."""

    def make(outcomes, *, prompts=("a fox",), cost=0.04, currency="USD", basis="billed", said="it went wrong", **fields):
        models = list(outcomes)
        axes = {"prompt": list(prompts), "model": models}
        each = len(outcomes[models[0]])
        sheet = Sheet(
            axes=axes,
            labels=[m for _ in prompts for m in models for _ in range(each)],
            running=True,
            expected=each * len(models) * len(prompts),
        )
        place = 0
        for prompt in prompts:
            for model in models:
                for number, outcome in enumerate(outcomes[model]):
                    if outcome == "picture":
                        price = None if cost is None else Cost(cost, currency, basis)
                        sheet._add(picture(place, model=model, prompt=prompt, seconds=number + 1.0, cost=price, **fields), place)
                    else:
                        sheet._fail(ERRORS[outcome](said), place)
                    place += 1
        sheet._finish()
        return sheet

    return make
