"""The ranking that votes make: a strength for each entry, how sure it is, and what is left to find out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from imgcell.errors import InvalidJobError
from imgcell.language import joined, tr
from imgcell.pictures.frames import needs_pandas
from imgcell.pictures.showing import Column, as_html, as_text
from imgcell.votes.outlook import Gap, gaps
from imgcell.votes.strengths import Method, fit, groups

if TYPE_CHECKING:
    from imgcell.charts import Chart
    from imgcell.votes.matrix import Wins

__all__ = ["Intervals", "Ranking", "Standing", "rank"]

Intervals: TypeAlias = Literal["information", "bootstrap", "raters"]
#: Raters, at least, of whom more can be drawn.
_FEWEST = 5
_MOST_RESAMPLES = 100_000


@dataclass(frozen=True)
class Standing:
    """One entry of a ranking.

    Attributes:
        entry: Its name.
        strength: Log-odds against an entry of average strength, 0; ``None`` while no votes connect it with the others.
        low: Lower end of the strength's interval; ``None`` with *strength*.
        high: Upper end.
        rank: Place, from 1; ``None`` with *strength*.
        best: The best place that its differences to the others allow, as far as the confidence goes.
        worst: The worst such place.
        wins: How often it was preferred.
        losses: How often the other one was.
        ties: How often both were as good as each other.
        bad: How often neither was any good.
    """

    entry: str
    strength: float | None
    low: float | None
    high: float | None
    rank: int | None
    best: int | None
    worst: int | None
    wins: int
    losses: int
    ties: int
    bad: int

    @property
    def votes(self) -> int:
        """In how many votes it stood."""
        return self.wins + self.losses + self.ties + self.bad

    @property
    def share(self) -> float | None:
        """How often it would be preferred to an average entry where one of the two is: 0 to 1."""
        import math

        return None if self.strength is None else 1 / (1 + math.exp(-self.strength))


class Ranking(Sequence[Standing]):
    """Entries, the strongest first; a table and a plot in a cell.

    Attributes:
        standings: One for each entry; those that no votes connect with the others stand last.
        gaps: What lies between neighbors: :class:`imgcell.votes.outlook.Gap`.
        votes: How many votes it was made from.
        confidence: Of all intervals, such as 0.95.
        intervals: ``"information"``, ``"bootstrap"`` or ``"raters"``.
        method: ``"firth"`` or ``"likelihood"`` (:mod:`imgcell.votes.strengths`).
        tie: Davidson's nu: how readily two equal entries are called a tie; 0 where there never was one.
    """

    def __init__(
        self,
        standings: Sequence[Standing],
        gaps: Sequence[Gap],
        *,
        votes: int,
        confidence: float,
        intervals: Intervals,
        method: Method,
        tie: float,
        errors: Mapping[tuple[str, str], float],
    ) -> None:
        self.standings = tuple(standings)
        self.gaps = tuple(gaps)
        self.votes = votes
        self.confidence = confidence
        self.intervals = intervals
        self.method = method
        self.tie = tie
        self._errors = dict(errors)

    @property
    def more_votes(self) -> int | None:
        """About how many more votes until all neighbors' intervals are apart, if things stay as they look; 0: they are.

        ``None``: that cannot be said yet (nobody voted, somebody was in no vote), or two are as good as equal.
        """
        return self._most([gap.more for gap in self.gaps])

    @property
    def more_votes_to_decide(self) -> int | None:
        """As :attr:`more_votes`, until each neighbors' difference is decided: its own interval leaves out 0."""
        return self._most([gap.more_to_decide for gap in self.gaps])

    def probability(self, entry: str, other: str) -> float | None:
        """Return how likely *entry* is preferred to *other* where one of the two is; ``None`` where that is not known.

        Raises:
            InvalidJobError: There is no such entry.
        """
        import math

        one, two = self._one(entry).strength, self._one(other).strength
        return None if one is None or two is None else 1 / (1 + math.exp(two - one))

    def gain(self, entry: str, other: str) -> float:
        """Return how much one more vote on these two would tell: the variance of their difference times that of the outcome.

        ``inf`` where nothing is known of one of them.

        Raises:
            InvalidJobError: There is no such entry.
        """
        import math

        one, two = self._one(entry).strength, self._one(other).strength
        if one is None or two is None:
            return math.inf
        up, down = math.exp((one - two) / 2), math.exp((two - one) / 2)
        total = up + down + self.tie
        outcome = ((up + down) / total - ((up - down) / total) ** 2) / 4
        return outcome * self._errors[entry, other] ** 2

    def to_pandas(self) -> Any:
        """Return a data frame: one row an entry (its index), strongest first.

        Raises:
            ImportError: pandas is not installed.
        """
        names = ("rank", "strength", "low", "high", "best", "worst", "share", "wins", "losses", "ties", "bad", "votes")
        rows = [[getattr(one, name) for name in names] for one in self.standings]
        pd = needs_pandas()
        return pd.DataFrame(rows, columns=list(names), index=pd.Index([one.entry for one in self.standings], name="entry"))

    def __len__(self) -> int:
        return len(self.standings)

    def __getitem__(self, index: Any) -> Any:
        return self._one(index) if isinstance(index, str) else self.standings[index]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ranking):
            return NotImplemented
        return (self.standings, self.gaps) == (other.standings, other.gaps)

    __hash__ = None  # type: ignore[assignment]  # as sequences of results have none

    # -- showing -----------------------------------------------------------------------------------------------

    def plot(self, *, width: int = 640) -> Chart:
        """Return the strengths and their intervals as a plot (SVG), *width* pixels wide."""
        from imgcell.charts import intervals

        rows = [(one.entry, one.strength, one.low, one.high) for one in self.standings]
        percent = f"{self.confidence * 100:g}"
        return intervals(rows, label=tr("strength (log-odds), {percent} % intervals", percent=percent), reference=0.0, width=width)

    def outlook(self) -> str:
        """Return in a sentence what is left to find out."""
        if any(one.strength is None for one in self.standings) or not self.gaps:
            return tr("Some entries were not compared with the others yet.") if self.votes else tr("Nobody has voted yet.")
        more, decide = self.more_votes, self.more_votes_to_decide
        if more == 0:
            return tr("All intervals are apart.")
        if more == 1:
            return tr("About one more vote until the intervals separate, if it goes on like this.")
        if more is not None:
            return tr("About {count} more votes until the intervals separate, if it goes on like this.", count=_about(more))
        close = next(gap for gap in self.gaps if gap.more is None)
        said = tr(
            "{one} and {other} look equal so far: whether more votes will part them cannot be said.", one=close.above, other=close.below
        )
        if decide == 1:
            said = joined(said, tr("About one more vote decides which of two neighbors is stronger."))
        elif decide:
            said = joined(said, tr("About {count} more votes decide which of two neighbors is stronger.", count=_about(decide)))
        return said

    def __repr__(self) -> str:
        return f"<Ranking {len(self.standings)} entries, {self.votes} votes>"

    def __str__(self) -> str:
        return "\n".join([as_text(*self.table()), self.outlook()])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        chart = self.plot().svg if any(one.strength is not None for one in self.standings) else ""
        return as_html(*self.table()) + f'<div style="margin:4px 0 8px">{escape(self.outlook())}</div>{chart}'

    def table(self) -> tuple[list[Column], list[list[str]]]:
        """Return heads and rows as people read them, for tables of any kind."""
        interval = tr("{percent} % interval", percent=f"{self.confidence * 100:g}")
        heads = [
            Column(tr("rank"), right=True),
            Column(tr("entry"), whole=True),
            Column(tr("strength"), right=True),
            Column(interval, right=True),
        ]
        heads += [Column(tr("preferred"), right=True), Column(tr("other preferred"), right=True)]
        heads += [Column(tr("tie"), right=True), Column(tr("both bad"), right=True)]
        rows = []
        for one in self.standings:
            place = "–" if one.rank is None else str(one.rank) + (f" ({one.best}–{one.worst})" if one.best != one.worst else "")
            ends = "–" if one.low is None or one.high is None else f"{_signed(one.low)} … {_signed(one.high)}"
            strength = "–" if one.strength is None else _signed(one.strength)
            rows.append([place, one.entry, strength, ends, *map(str, (one.wins, one.losses, one.ties, one.bad))])
        return heads, rows

    def _one(self, entry: str) -> Standing:
        for one in self.standings:
            if one.entry == entry:
                return one
        names = ", ".join(one.entry for one in self.standings)
        raise InvalidJobError(tr("There is no entry {name}.", name=repr(entry)), hint=tr("There are {names}.", names=names))

    def _most(self, counts: Sequence[int | None]) -> int | None:
        known = [count for count in counts if count is not None]
        whole = bool(self.standings) and all(one.strength is not None for one in self.standings)
        return max(known, default=None) if whole and len(known) == len(counts) else None


def rank(
    won: Wins,
    *,
    confidence: float = 0.95,
    method: Method = "firth",
    intervals: Intervals = "information",
    bad: Literal["tie", "drop"] = "tie",
    resamples: int = 1000,
    seed: int = 0,
    raters: Sequence[Wins] = (),
) -> Ranking:
    """Return the ranking; see :meth:`imgcell.votes.Votes.ranking`.  *raters* are the wins of each, with the same entries."""
    if not 0 < confidence < 1:
        raise InvalidJobError(tr("A confidence is a number between 0 and 1, such as 0.95, not {value}.", value=repr(confidence)))
    for name, value, known in (
        ("method", method, ("firth", "likelihood")),
        ("intervals", intervals, ("information", "bootstrap", "raters")),
        ("bad", bad, ("tie", "drop")),
    ):
        if value not in known:
            raise InvalidJobError(tr("{name} is one of {words}, not {value}.", name=name, words=", ".join(known), value=repr(value)))
    if not 0 < resamples <= _MOST_RESAMPLES:
        raise InvalidJobError(
            tr(
                "{field} is a whole number from {low} to {high}, not {value}.",
                field="resamples",
                low=1,
                high=_MOST_RESAMPLES,
                value=resamples,
            )
        )
    if intervals == "raters" and len(raters) < _FEWEST:
        raise InvalidJobError(
            tr("From one rater nothing can be said of others: it takes {most} at least.", most=_FEWEST)
            if len(raters) == 1
            else tr("From {count} raters nothing can be said of others: it takes {most} at least.", count=len(raters), most=_FEWEST),
            hint=tr('Take intervals="information": those hold for these raters.'),
        )
    names = list(won.entries)
    wins, ties = won.arrays(names, bad_as_ties=bad == "tie")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    group = groups(wins, ties)[0] if names else []
    if len(group) < 2:
        unknown = [_standing(won, name, None, None, None) for name in names]
        return Ranking(unknown, [], votes=0, confidence=confidence, intervals=intervals, method=method, tie=0.0, errors={})

    def redrawn() -> Any:
        import numpy as np

        from imgcell.votes.bootstrap import bootstrap
        from imgcell.votes.tastes import by_raters

        place = np.ix_(group, group)
        if intervals == "bootstrap":
            return bootstrap(wins[place], ties[place], method, confidence, resamples, seed)
        tables = [one.arrays(names, bad_as_ties=bad == "tie") for one in raters]
        return by_raters([(their_wins[place], their_ties[place]) for their_wins, their_ties in tables], method, confidence)

    return _ranked(won, names, group, (wins, ties), z, confidence, method, intervals, redrawn)


def _ranked(
    won: Wins,
    names: Sequence[str],
    group: Sequence[int],
    counted: tuple[Any, Any],
    z: float,
    confidence: float,
    method: Method,
    intervals: Intervals,
    redrawn: Callable[[], Any],
) -> Ranking:
    import numpy as np

    wins, ties = (table[np.ix_(group, group)] for table in counted)
    found = fit(wins, ties, method)
    spread = np.sqrt(np.maximum(np.diag(found.covariance), 0))
    ends = np.stack([found.strengths - z * spread, found.strengths + z * spread])
    if intervals != "information":
        ends = redrawn()
    order = [int(at) for at in np.argsort(-found.strengths, kind="stable")]
    here = [names[at] for at in group]
    variance = np.diag(found.covariance)
    apart = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * found.covariance, 0))
    errors = {(one, other): float(apart[at, to]) for at, one in enumerate(here) for to, other in enumerate(here)}
    best, worst = _places(found.strengths, z * apart)
    standings = []
    for place, at in enumerate(order, 1):
        sure = (float(ends[0, at]), float(ends[1, at]))
        standings.append(_standing(won, here[at], float(found.strengths[at]), sure, (place, best[at], worst[at])))
    standings += [_standing(won, name, None, None, None) for name in names if name not in here]
    votes = int(counted[0].sum() + np.triu(counted[1], 1).sum())
    return Ranking(
        standings,
        gaps(found, order, here, z),
        votes=votes,
        confidence=confidence,
        intervals=intervals,
        method=method,
        tie=float(np.exp(found.tie)),
        errors=errors,
    )


def _places(strengths: Any, reach: Any) -> tuple[list[int], list[int]]:
    """Return the best and the worst place of each: one more than how many are surely stronger; how many are not surely weaker."""
    import numpy as np

    surely_above = (strengths[:, None] - strengths[None, :] > reach) & ~np.eye(len(strengths), dtype=bool)
    return [int(one) + 1 for one in surely_above.sum(axis=0)], [len(strengths) - int(one) for one in surely_above.sum(axis=1)]


def _about(count: int) -> int:
    """Return an estimate with no more digits than it deserves: two."""
    digits = len(str(count)) - 2
    return round(count, -digits) if digits > 0 else count


def _standing(
    won: Wins, name: str, strength: float | None, ends: tuple[float, float] | None, places: tuple[int, int, int] | None
) -> Standing:
    low, high = ends if ends is not None else (None, None)
    place, best, worst = places if places is not None else (None, None, None)
    counts = (won.preferred(name), won.passed_over(name), won.ties(name), won.bad(name))
    return Standing(name, strength, low, high, place, best, worst, *counts)


def _signed(value: float) -> str:
    """Return a strength with its sign; nothing is less than nothing (``-0.00``)."""
    return f"{round(value, 2) + 0.0:+.2f}"
