"""Since when, until when: as people say it."""

from __future__ import annotations

import datetime as dt
import re

from imgcell.errors import InvalidJobError
from imgcell.language import tr

__all__ = ["Moment", "since_microseconds", "until_microseconds"]

#: A time (without a zone: the user's own), a day, how long ago, or text: ISO 8601, or "7d", "12h", "2w", "today", "yesterday".
Moment = dt.datetime | dt.date | dt.timedelta | str

_AGO = re.compile(r"(\d{1,6})\s*([hdw])")
_UNITS = {"h": dt.timedelta(hours=1), "d": dt.timedelta(days=1), "w": dt.timedelta(weeks=1)}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)


def since_microseconds(value: Moment | None) -> int | None:
    """Return the first moment that *value* includes, in microseconds since 1970.

    Raises:
        InvalidJobError: It says no time.
    """
    return _microseconds(value, 0) if value is not None else None


def until_microseconds(value: Moment | None) -> int | None:
    """Return the first moment after *value*: of a day, the next day's first.

    Raises:
        InvalidJobError: It says no time.
    """
    return _microseconds(value, 1) if value is not None else None


def _microseconds(value: Moment, days: int) -> int:
    try:
        return (_moment(value, days) - _EPOCH) // dt.timedelta(microseconds=1)
    except (ValueError, OverflowError, OSError, TypeError):
        raise InvalidJobError(
            tr("{value} is no time.", value=repr(value)),
            hint=tr('Say a day ("2026-05-01"), a time ("2026-05-01T14:30"), or how long ago ("7d", "12h", or a timedelta).'),
        ) from None


def _moment(value: Moment, days: int) -> dt.datetime:
    now = dt.datetime.now(dt.timezone.utc)
    if isinstance(value, str):
        text = value.strip().lower()
        ago = _AGO.fullmatch(text)
        if ago is not None:
            return now - int(ago[1]) * _UNITS[ago[2]]
        if text in ("today", "yesterday"):
            value = now.astimezone().date() - dt.timedelta(days=text == "yesterday")
        elif len(text) == 10:
            value = dt.date.fromisoformat(text)
        else:
            value = dt.datetime.fromisoformat(text.replace("z", "+00:00").upper())
    if isinstance(value, dt.timedelta):
        return now - abs(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.timezone.utc)
    if isinstance(value, dt.date):
        return dt.datetime.combine(value + dt.timedelta(days=days), dt.time()).astimezone(dt.timezone.utc)
    raise TypeError
