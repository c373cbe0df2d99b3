"""What answers the page of a vote: pairs under tokens, votes, the way back, and, when asked, the results."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.language import LANGUAGES, tr
from imgcell.pictures.blinded import blinded, sizes
from imgcell.widget.channel import Answer, Handler, encoded
from imgcell.widget.limits import VERSION

if TYPE_CHECKING:
    from imgcell.pictures.preview import Shown
    from imgcell.votes.study import Pair, Study

__all__ = ["Booth"]

_PROBE = b"\x01\x02\x03"
#: Pairs whose tokens are known, for pages that are slow or come back.
_MOST = 64
#: Pairs whose pixels are kept: the one that is asked, of some raters.
_KEPT = 4


@dataclass
class _Asked:
    """A pair that was shown, under names that say nothing."""

    pair: Pair
    token: str
    sides: tuple[str, str]
    over: bool = False


class Booth:
    """One vote's answers; for all threads.

    Args:
        study: What is asked.
        question: What stands above the pair; ``None`` is the page's own.
        rater: Whoever sits there until the page says otherwise.
    """

    def __init__(self, study: Study, question: str | None, rater: str) -> None:
        self._study, self._question, self.rater = study, question, rater
        self._lock = threading.RLock()
        self._asked: OrderedDict[str, _Asked] = OrderedDict()
        self._shown: OrderedDict[str, list[Shown]] = OrderedDict()
        self._curious: set[str] = set()
        self.language: str | None = None
        self.handlers = {
            "ready": Handler(self._ready, "in turn"),
            "turn": Handler(self._turn, "in turn"),
            "picture": Handler(self._picture, "beside"),
            "vote": Handler(self._vote, "in turn"),
            "undo": Handler(self._undo, "in turn"),
            "results": Handler(self._results, "in turn"),
        }

    def _ready(self, ask: Mapping[str, Any], probe: bytes | None) -> Answer:
        self._speak(ask)
        warning = None
        if ask["version"] != VERSION:
            warning = tr("This page was made by another version of imgcell than the kernel has. Run the cell again, and reload the page.")
        rater = self.rater if ask["rater"] is None else ask["rater"]
        told = {"version": VERSION, "buffers": probe == _PROBE, "question": self._question, "warning": warning}
        return {**told, "turn": self._told(rater)}, _PROBE

    def _turn(self, ask: Mapping[str, Any]) -> Answer:
        self._speak(ask)
        return {"turn": self._told(ask["rater"])}

    def _picture(self, ask: Mapping[str, Any]) -> Answer:
        with self._lock:
            asked = next((one for one in self._asked.values() if ask["token"] in one.sides), None)
        if asked is None:
            raise InvalidJobError(tr("This picture is no longer there."))
        shown = self._pixels(asked)[asked.sides.index(ask["token"])]
        if ask["base64"]:
            return {"media_type": shown.media_type, "data": encoded(shown.data)}
        return {"media_type": shown.media_type, "data": None}, shown.data

    def _vote(self, ask: Mapping[str, Any]) -> Answer:
        self._speak(ask)
        with self._lock:
            asked = self._asked.get(ask["pair"])
            if asked is None or asked.pair.rater != _name(ask["rater"]):
                raise InvalidJobError(
                    tr("This pair is no longer asked, and the vote was not counted."), hint=tr("Vote on the pair that is shown now.")
                )
            if not asked.over:
                self._study.cast(asked.pair, ask["choice"], seconds=ask["ms"] / 1000, seen=self._has_seen(asked.pair.rater))
                asked.over = True
        return {"turn": self._told(ask["rater"])}

    def _undo(self, ask: Mapping[str, Any]) -> Answer:
        self._speak(ask)
        if self._study.undo(_name(ask["rater"])) is None:
            raise InvalidJobError(tr("There is no vote to take back."))
        return {"turn": self._told(ask["rater"])}

    def _results(self, ask: Mapping[str, Any]) -> Answer:
        self._speak(ask)
        rater = _name(ask["rater"])
        with self._lock:
            self._curious.add(rater)
        votes = self._study.votes[:]
        ranking, wins = votes.ranking(), votes.wins()
        names = [one.entry for one in ranking]
        standings = [asdict(one) for one in ranking]
        results = {
            "standings": standings,
            "wins": [[0 if one == other else wins.preferred(one, other) for other in names] for one in names],
            "ties": [[0 if one == other else wins.ties(one, other) + wins.bad(one, other) for other in names] for one in names],
            "percent": ranking.confidence * 100,
            "votes": len(votes),
            "raters": len(votes.raters),
            "outlook": ranking.outlook(),
            "agreement": str(votes.agreement()) if len(votes.raters) > 1 else "",
        }
        return {"results": results, "turn": self._told(rater)}

    # -- inside ------------------------------------------------------------------------------------------------

    def _told(self, rater: str) -> dict[str, Any]:
        """Return what a rater is asked now, as the page is told it."""
        rater = _name(rater)
        study = self._study
        with self._lock:
            pair, progress = study.pair(rater), study.progress(rater)
            asked = next((one for one in reversed(self._asked.values()) if one.pair == pair and not one.over), None)
            if asked is None:
                asked = _Asked(pair, secrets.token_hex(8), (secrets.token_hex(8), secrets.token_hex(8)))
                self._asked[asked.token] = asked
                while len(self._asked) > _MOST:
                    self._asked.popitem(last=False)
            seen = self._has_seen(rater)
        left, right = sizes([pair.left.picture, pair.right.picture])
        sides = [{"token": token, "width": size[0], "height": size[1]} for token, size in zip(asked.sides, (left, right), strict=True)]
        return {
            "rater": rater,
            "pair": asked.token,
            "left": sides[0],
            "right": sides[1],
            "done": progress.done,
            "votes": progress.votes,
            "raters": progress.raters,
            "round": progress.round,
            "place": progress.place,
            "pairs": progress.pairs,
            "more": study.votes.ranking().more_votes,
            "seen": seen,
        }

    def _pixels(self, asked: _Asked) -> list[Shown]:
        # Both sides at once: which of them takes longer must not tell anything either.
        with self._lock:
            shown = self._shown.get(asked.token)
            if shown is None:
                shown = self._shown[asked.token] = self._made(asked.pair)
                while len(self._shown) > _KEPT:
                    self._shown.popitem(last=False)
            return shown

    def _made(self, pair: Pair) -> list[Shown]:
        try:
            return blinded([pair.left.picture, pair.right.picture])
        except (ImgcellError, OSError):
            for one in (pair.left, pair.right):
                try:
                    blinded([one.picture])
                except (ImgcellError, OSError):
                    self._study.leave_out(one.id)
            raise InvalidJobError(tr("A picture of this pair cannot be read; it is left out, and another pair is asked.")) from None

    def _has_seen(self, rater: str) -> bool:
        return rater in self._curious or any(ballot.seen for ballot in self._study.votes if ballot.rater == rater)

    def _speak(self, ask: Mapping[str, Any]) -> None:
        self.language = ask["language"] if ask["language"] in LANGUAGES else None


def _name(rater: str) -> str:
    from imgcell.votes.ballot import check_text

    return check_text(rater, "rater")
