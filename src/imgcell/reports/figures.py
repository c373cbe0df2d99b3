"""The figures of a study, for each of what is compared: requests, cost, latency, failures, sizes, price of an accepted picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imgcell.costs.amounts import money
from imgcell.language import tr
from imgcell.pictures.words import clean, clip
from imgcell.providers.prices import Cost
from imgcell.wire.texts import redact

__all__ = ["Bill", "Group", "groups", "median", "named", "quantile", "said", "wilson"]

#: Columns of a terminal that a name takes at most, where people read it.
_NAME = 80
#: How sure a sum is, from the surest on: a sum is as sure as the least sure part of it.
_BASES = ("free", "billed", "computed", "estimated")


def said(text: object) -> str:
    """Return *text* as one line fit for any page: no control characters, no keys."""
    return clean(redact(str(text)))


#: What the user's own words are: "key-frame" in a prompt is no key.
_OWN = ("prompt", "model", "provider", "variant")


def named(axis: str, value: object) -> str:
    """Return what a value of *axis* is called in a report."""
    if value is None or value == "":
        return tr("(not known)")
    return clean(str(value)) if axis in _OWN else said(value)


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which *share* of *values* lie, between two of them in proportion (Hyndman and Fan's type 7, 1996).

    ``None`` without values.
    """
    if not values:
        return None
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Sequence[float]) -> float | None:
    """Return the median; ``None`` without values."""
    return quantile(values, 0.5)


def wilson(count: int, total: int, z: float = 1.959964) -> tuple[float, float] | None:
    """Return the interval of a share of *count* in *total* (Wilson 1927, without continuity correction); ``None`` for a total of 0."""
    if not total:
        return None
    share = count / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass
class Bill:
    """What a number of requests cost.

    Attributes:
        sums: By currency.
        basis: Of the least sure of them; ``None`` where nothing is known.
        unknown: How many requests were, or may have been, charged a sum that nobody knows.
    """

    sums: dict[str, float] = field(default_factory=dict)
    basis: str | None = None
    unknown: int = 0

    def add(self, amount: float | None, currency: str | None, basis: str | None) -> None:
        """Count a request or a picture."""
        if amount is None or currency is None or basis not in _BASES:
            self.unknown += 1
            return
        self.sums[currency] = round(self.sums.get(currency, 0.0) + amount, 10)
        self.basis = max(self.basis or _BASES[0], basis, key=_BASES.index)

    def merge(self, other: Bill) -> None:
        """Count all that *other* counted."""
        for currency, amount in other.sums.items():
            self.sums[currency] = round(self.sums.get(currency, 0.0) + amount, 10)
        if other.basis is not None:
            self.basis = max(self.basis or _BASES[0], other.basis, key=_BASES.index)
        self.unknown += other.unknown

    @property
    def total(self) -> Cost | None:
        """The sum, if all of it is known and in one currency."""
        if self.unknown or len(self.sums) != 1 or self.basis is None:
            return None
        (currency, amount), *_ = self.sums.items()
        return Cost(amount, currency, self.basis)  # type: ignore[arg-type]  # one of the four by construction

    def text(self) -> str:
        """Return the sums as people write them; what is not known is said."""
        if self.basis == "free" and not self.unknown:
            return tr("free")
        about = "≈ " if self.basis == "estimated" else ""
        parts = [about + money(amount, currency) for currency, amount in sorted(self.sums.items()) if amount or len(self.sums) == 1]
        if not parts:
            return tr("unknown") if self.unknown else "–"
        if self.unknown:
            return tr("{sum} and {count} of unknown cost", sum=" + ".join(parts), count=self.unknown)
        return " + ".join(parts)


@dataclass
class Group:
    """One of what is compared.

    Attributes:
        name: What it is called.
        places: How many pictures were asked for.
        requests: How many requests were sent, repeated ones and the steps of chains included.
        outcomes: How many places ended how (:data:`imgcell.pictures.rows.OUTCOMES`).
        bill: What all of them cost.
        seconds: How long each request that brought a picture took.
        sized: Whether each picture has the size that was asked for; only those for which one was.
        honored: Whether each picture is what was asked for in every respect that can be checked.
        accepted: How many pictures count as accepted.
        numbers: Further measures: their values by name.
    """

    name: str
    places: int = 0
    requests: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    bill: Bill = field(default_factory=Bill)
    seconds: list[float] = field(default_factory=list)
    sized: list[bool] = field(default_factory=list)
    honored: list[bool] = field(default_factory=list)
    accepted: int = 0
    numbers: dict[str, list[float]] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """Its name in a table or a sentence: a prompt may be as long as a book."""
        return clip(self.name, _NAME)

    @property
    def pictures(self) -> int:
        """How many pictures came."""
        return self.outcomes.get("picture", 0)

    @property
    def refused(self) -> int:
        """How many the provider refused to make."""
        return self.outcomes.get("refused", 0)

    @property
    def failed(self) -> int:
        """How many failed otherwise; those of which nobody knows whether they were charged count, too."""
        return self.outcomes.get("failed", 0) + self.outcomes.get("unknown", 0)

    @property
    def answered(self) -> int:
        """How many ended with a picture, a refusal or a failure: what shares are of."""
        return self.pictures + self.refused + self.failed

    @property
    def price(self) -> Cost | None:
        """What an accepted picture cost: all that was paid, failures included, by the pictures that are accepted; ``None``: unknown."""
        total = self.bill.total
        if total is None or not self.accepted:
            return None
        return Cost(total.amount / self.accepted, total.currency, total.basis)


def groups(
    rows: Iterable[Mapping[str, Any]],
    by: str,
    names: Iterable[str],
    *,
    accepted: Callable[[Any], bool],
    charged: Collection[int] = (),
    requests: Collection[Mapping[str, Any]] | None = None,
    place_of: Mapping[int, str] | None = None,
    measures: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Group]:
    """Return the figures of each value of *by*, in the order of *names*, others behind.

    Args:
        rows: Of a sheet, failed places included: :func:`imgcell.pictures.rows.rows`.
        by: A name of a column.
        names: Values that are to be there, whether they have rows or not.
        accepted: Which pictures are.
        charged: Positions without a picture that were, or may have been, charged for.
        requests: All that the ledger knows of (:meth:`imgcell.store.library.Library.requests`); ``None``: the pictures must do.
        place_of: Which value of *by* a place of the sweep belongs to, for requests that brought no picture.
        measures: Further numbers by the picture's id.
    """
    found = {name: Group(name) for name in dict.fromkeys(named(by, name) for name in names)}
    lines = list(rows)
    of_attempt: dict[str, Group] = {}
    for line in lines:
        name = named(by, line.get(by))
        group = found.setdefault(name, Group(name))
        group.places += 1
        group.outcomes[line["outcome"]] = group.outcomes.get(line["outcome"], 0) + 1
        if line["picture"] is None:
            continue
        _count(group, line, accepted, (measures or {}).get(line["id"], {}))
        attempt = line["attempt"]
        if attempt is None or attempt not in of_attempt:
            group.seconds += [line["seconds"]] if line["seconds"] else []
        if attempt is not None:
            of_attempt[attempt] = group
    if requests is None:
        _from_pictures(found, lines, by, charged)
    else:
        _from_ledger(found, requests, of_attempt, {place: named(by, name) for place, name in (place_of or {}).items()})
    return list(found.values())


def _count(group: Group, line: Mapping[str, Any], accepted: Callable[[Any], bool], numbers: Mapping[str, Any]) -> None:
    shapes = [line[name] for name in ("honored.size", "honored.ratio") if line.get(name) is not None]
    if shapes:
        group.sized.append(all(shapes))
    if line["honored"] is not None:
        group.honored.append(bool(line["honored"]))
    group.accepted += bool(accepted(line["picture"]))
    for name, value in numbers.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            group.numbers.setdefault(str(name), []).append(float(value))


def _from_pictures(found: Mapping[str, Group], lines: Iterable[Mapping[str, Any]], by: str, charged: Collection[int]) -> None:
    """Without a ledger: a request for each answer that brought pictures, and one for each place that failed."""
    seen = set()
    for line in lines:
        group = found[named(by, line.get(by))]
        if line["picture"] is not None:
            if line["attempt"] is None or line["attempt"] not in seen:
                group.requests += 1
            seen.add(line["attempt"])
            group.bill.add(line["cost"], line["currency"], line["basis"])
        elif line["outcome"] in ("refused", "failed", "unknown"):
            group.requests += 1
            if line["position"] in charged:
                group.bill.add(None, None, None)


def _from_ledger(
    found: Mapping[str, Group], requests: Iterable[Mapping[str, Any]], of_attempt: Mapping[str, Group], place_of: Mapping[int, str]
) -> None:
    for request in requests:
        group = of_attempt.get(request["attempt"]) or found.get(place_of.get(request.get("place", -1), ""))
        if group is None or request["state"] == "not-sent":
            continue
        group.requests += 1
        if request.get("counts"):
            group.bill.add(request.get("amount"), request.get("currency"), request.get("basis"))
