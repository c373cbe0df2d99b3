"""One vote: who was asked, what stood on which side, and what was said."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.pictures.words import clean

__all__ = ["CHOICES", "Ballot", "Choice", "ballot_of", "check_choice", "check_text"]

Choice: TypeAlias = Literal["left", "right", "tie", "bad"]
#: What can be said of a pair; "bad" is: neither is any good.
CHOICES: tuple[Choice, ...] = ("left", "right", "tie", "bad")
#: Characters of a name, of whatever kind.
_LONGEST = 500
_REQUIRED = ("left", "right", "choice")


@dataclass(frozen=True)
class Ballot:
    """One vote.

    Attributes:
        left: Entry (a model, a quality, …) that stood on the left.
        right: Entry on the right.
        choice: ``"left"``, ``"right"``, ``"tie"`` (as good as each other) or ``"bad"`` (neither is any good).
        rater: Who said it; ``""`` if nobody was named.
        context: What both had in common, such as the prompt; ``""`` if that is not known.
        left_picture: Id of the picture on the left; ``""`` if it is not known.
        right_picture: Id of the picture on the right.
        seconds: How long the rater took; ``None`` if it is not known.
        seen: Whether the rater had looked at the results before.
        time: When it was said, UTC, ISO 8601; ``""`` if it is not known.
        id: Name of this vote in the library.
    """

    left: str
    right: str
    choice: Choice
    rater: str = ""
    context: str = ""
    left_picture: str = ""
    right_picture: str = ""
    seconds: float | None = None
    seen: bool = False
    time: str = ""
    id: str = ""

    @property
    def winner(self) -> str | None:
        """The entry that was preferred; ``None`` if neither was."""
        return self.left if self.choice == "left" else self.right if self.choice == "right" else None


_FIELDS = tuple(field.name for field in dataclasses.fields(Ballot))


def ballot_of(row: Mapping[Any, Any]) -> Ballot:
    """Return the vote that a row (of a table, a file) tells; columns that a vote does not have are not looked at.

    Raises:
        InvalidJobError: ``left``, ``right`` or ``choice`` is missing, or a value is none that it can have.
    """
    missing = [name for name in _REQUIRED if _nothing(row.get(name))]
    if missing:
        raise InvalidJobError(
            tr("A vote lacks {names}.", names=", ".join(missing)),
            hint=tr("Each row has left, right and choice: two entries, and one of {choices}.", choices=", ".join(CHOICES)),
        )
    given = {name: row[name] for name in _FIELDS if not _nothing(row.get(name))}
    texts = {name: check_text(str(value), name) for name, value in given.items() if name not in ("choice", "seconds", "seen")}
    if texts["left"] == texts["right"]:
        raise InvalidJobError(tr("A vote is about two different entries, not twice about {name}.", name=repr(texts["left"])))
    return Ballot(
        choice=check_choice(given["choice"]), seconds=_seconds(given.get("seconds")), seen=_truth(given.get("seen", False)), **texts
    )


def check_choice(value: object) -> Choice:
    """Return *value* as a choice; ``"both bad"`` is one, too.

    Raises:
        InvalidJobError: It is none.
    """
    said = value.strip().lower() if isinstance(value, str) else value
    for choice in CHOICES:
        if said == choice or (choice == "bad" and said == "both bad"):
            return choice
    raise InvalidJobError(tr("A choice is one of {choices}, not {value}.", choices=", ".join(CHOICES), value=repr(value)[:80]))


def check_text(value: str, name: str) -> str:
    """Return a name as it is kept: one line, nothing invisible in it.

    Raises:
        InvalidJobError: It is too long.
    """
    if len(value) > _LONGEST:
        raise InvalidJobError(tr("{field} is too long: at most {most}.", field=name, most=_LONGEST))
    return clean(value)


def _nothing(value: object) -> bool:
    # What pandas has for an empty cell is not equal to itself.
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)  # type: ignore[arg-type]  # whatever a table holds
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise InvalidJobError(tr("The seconds of a vote are a number from 0 on, not {value}.", value=repr(value)[:80]))
    return number


def _truth(value: object) -> bool:
    if isinstance(value, str):
        if value.strip().lower() in ("true", "1", "yes", "false", "0", "no"):
            return value.strip().lower() in ("true", "1", "yes")
    elif value in (0, 1):  # also numpy's own truth values
        return bool(value)
    raise InvalidJobError(tr("Whether the results were seen is true or false, not {value}.", value=repr(value)[:80]))
