"""Published data, and raters whose opinion is known."""

from __future__ import annotations

import numpy as np
import pytest

from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.source import MemorySource
from imgcell.votes import Votes

TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
#: Games of the American League's eastern division, 1987: A. Agresti, Categorical Data Analysis, 2nd edition (2002), table 10.10.
GAMES = ((0, 7, 9, 7, 7, 9, 11), (6, 0, 7, 5, 11, 9, 9), (4, 6, 0, 7, 7, 8, 12), (6, 8, 6, 0, 6, 7, 10), (6, 2, 6, 7, 0, 7, 12))
GAMES += ((4, 4, 5, 6, 6, 0, 6), (2, 4, 1, 3, 1, 7, 0))
#: Brands of chocolate pudding: R. R. Davidson, JASA 65 (1970) 317-328, example 2; i, j, preferred i, preferred j, neither.
PUDDINGS = ((1, 2, 19, 22, 16), (1, 3, 16, 19, 12), (2, 3, 19, 19, 10), (1, 4, 18, 23, 13), (2, 4, 23, 19, 9), (3, 4, 19, 20, 15))
PUDDINGS += ((1, 5, 13, 19, 18), (2, 5, 16, 20, 12), (3, 5, 16, 15, 17), (4, 5, 17, 14, 16), (1, 6, 18, 21, 12), (2, 6, 22, 20, 12))
PUDDINGS += ((3, 6, 13, 18, 10), (4, 6, 14, 19, 18), (5, 6, 11, 21, 12))


@pytest.fixture(scope="session")
def baseball():
    """Every game as a vote; the winner stands on the left and on the right by turns."""
    rows = []
    for one, row in zip(TEAMS, GAMES, strict=True):
        for other, won in zip(TEAMS, row, strict=True):
            rows += [
                {"left": one, "right": other, "choice": "left"} if at % 2 else {"left": other, "right": one, "choice": "right"}
                for at in range(won)
            ]
    return Votes(rows)


@pytest.fixture(scope="session")
def puddings():
    """Every tasting as a vote."""
    rows = []
    for one, other, won, lost, tied in PUDDINGS:
        for choice, count in (("left", won), ("right", lost), ("tie", tied)):
            rows += [{"left": f"brand {one}", "right": f"brand {other}", "choice": choice}] * count
    return Votes(rows)


@pytest.fixture(scope="session")
def tally():
    """Counts that raters of known strengths make: ``tally(strengths, log_nu, votes, chance)`` -> wins, ties."""

    def make(strengths, tie, votes, chance):
        strengths = np.asarray(strengths, float)
        first, second = np.triu_indices(len(strengths), 1)
        up = np.exp((strengths[first] - strengths[second]) / 2)
        shares = np.stack([up, 1 / up, np.full(len(up), np.exp(tie))], axis=1)
        shares /= shares.sum(axis=1, keepdims=True)
        wins, ties = np.zeros((2, len(strengths), len(strengths)))
        for at, share in enumerate(shares):
            counts = chance.multinomial(votes // len(shares) + (at < votes % len(shares)), share)
            one, other = first[at], second[at]
            wins[one, other], wins[other, one] = counts[0], counts[1]
            ties[one, other] = ties[other, one] = counts[2]
        return wins, ties

    return make


@pytest.fixture
def painted():
    """Makes a picture: ``painted(color, size=…, **facts of its record)``."""
    import io

    from PIL import Image

    count = iter(range(1, 1000))

    def make(color="teal", size=(64, 48), kind="PNG", mode="RGB", params=None, **facts):
        buffer = io.BytesIO()
        Image.new(mode, size, color).save(buffer, kind, **(params or {}))
        source = MemorySource(buffer.getvalue())
        said = {"id": f"p-{next(count):04d}", "sha256": source.sha256, "prompt": "a cat", "provider": "sandbox", "model": "m", **facts}
        return Picture(source, Record(**said))

    return make
