"""``%imgcell spend``, ``budget``, ``unsettled``, ``resume``: what it cost, what it may cost, what is not settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.magics.parse import parse_words
from imgcell.magics.session import session
from imgcell.magics.tables import show

if TYPE_CHECKING:
    from imgcell.client import Client

__all__ = ["GROUPS", "SCOPES", "budget", "resume", "spend", "unsettled"]

#: What ``%imgcell spend`` sums by.
GROUPS = ("day", "provider", "model", "notebook", "session", "kind")
#: What ``%imgcell budget`` limits.
SCOPES = ("session", "day", "cell")
#: As prices are written (imgcell.pictures.words.cost_text).
_SIGNS = {"$": "USD", "¥": "CNY", "€": "EUR", "£": "GBP"}


def spend(rest: str) -> None:
    """``%imgcell spend [BY…] [--since WHEN]``: show what pictures cost and how that is known."""
    import imgcell

    words, values = parse_words("spend", rest)
    groups: Any = {"by": tuple(words)} if words else {}
    _shown(imgcell.spend(**groups, since=values["since"]))


def budget(rest: str) -> None:
    """``%imgcell budget [AMOUNT|off] [session|day|cell] [CURRENCY]``: set a limit or take it away, and show what is left."""
    import imgcell

    words, _ = parse_words("budget", rest)
    settings: dict[str, Any] = {}
    amount: float | str | None = None
    scopes = [word for word in words if word in SCOPES]
    for word in words:
        if word in SCOPES:
            continue
        if word.lower() == "off" and amount is None:
            amount = "off"
        elif _amount(word) is not None and amount is None and _fits(_SIGNS.get(word[0]), settings):
            amount = _amount(word)
            settings.update({"currency": _SIGNS[word[0]]} if word[0] in _SIGNS else {})
        elif len(word) == 3 and word.isalpha() and _fits(word.upper(), settings):
            settings["currency"] = word.upper()
        else:
            raise InvalidJobError(tr("`%imgcell budget` does not know {word}.", word=repr(word)), hint=_usage())
    if amount is None:
        if words:
            raise InvalidJobError(tr("A budget needs an amount, or `off`."), hint=_usage())
        _shown(imgcell.budget())
        return
    for scope in scopes or (SCOPES if amount == "off" else ("session",)):
        settings[scope] = amount
    _shown(imgcell.budget(**settings))


def _fits(currency: str | None, settings: dict[str, Any]) -> bool:
    """Whether *currency* does not contradict the one that was said already."""
    return currency is None or settings.get("currency", currency) == currency


def _amount(word: str) -> float | None:
    try:
        return float(word[1:] if word[:1] in _SIGNS else word)
    except ValueError:
        return None


def _usage() -> str:
    return "%imgcell budget 5   %imgcell budget 20 day CNY   %imgcell budget off"


def unsettled() -> None:
    """``%imgcell unsettled``: show what may have been charged without bringing a picture."""
    import imgcell

    _shown(imgcell.unsettled())


def resume(client: Client) -> None:
    """``%imgcell resume``: send again after requests that ended without an answer."""
    waiting = [one for one in {id(client): client, **{id(other): other for other in session.clients()}}.values() if one.paused]
    for one in waiting:
        one.resume()
    if waiting:
        print(tr("Requests to {names} are sent again.", names=", ".join(dict.fromkeys(one.provider.name for one in waiting))))
    else:
        print(tr("Nothing is paused."))


def _shown(value: Any) -> None:
    """Display what has both faces."""
    show(value._repr_html_(), str(value))
