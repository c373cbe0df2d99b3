"""``%imgcell`` and its words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgcell import providers
from imgcell.errors import InvalidJobError
from imgcell.language import joined, tr
from imgcell.magics.lookup import near
from imgcell.magics.parse import parse_use, split
from imgcell.magics.session import session
from imgcell.magics.table import docstring
from imgcell.magics.tables import show, table

__all__ = ["WORDS", "run"]

_HELP = ("help", "--help", "-h", "?")


def run(ipython: Any, line: str) -> None:
    """Run ``%imgcell``.

    Raises:
        InvalidJobError: For a word that it does not know, or for what stands behind one.
    """
    word, _, rest = line.strip().partition(" ")
    if word in _HELP:
        print(docstring("imgcell"))
        return
    obey = _OBEYED.get(word or "status")
    if obey is None:
        raise InvalidJobError(
            tr("%imgcell does not know {word}.", word=repr(word)),
            hint=near(word, dict.fromkeys(WORDS)) or tr("It knows {words}.", words=", ".join(WORDS)),
        )
    obey(ipython, rest)


def _nothing_more(rest: str) -> None:
    if rest.strip():
        raise InvalidJobError(tr("This takes nothing more; {words} is too much.", words=" ".join(split(rest))))


def _status(ipython: Any, rest: str) -> None:
    from imgcell.magics.status import status

    _nothing_more(rest)
    status(ipython)


def _use(ipython: Any, rest: str) -> None:
    from imgcell.magics.status import found_key

    name, values = parse_use(rest)
    client = session.client(name, ipython.user_ns)
    session.provider, session.model, session.size, session.quality = name, values["model"], values["size"], values["quality"]
    session.latest = client
    said = [client.provider.name, *(f"{key} {value}" for key, value in values.items() if value)]
    text = tr("The magics now use {what}.", what=", ".join(said))
    found, key = found_key(client)
    print(text if found else joined(text, key))


def _providers(ipython: Any, rest: str) -> None:
    from imgcell.client import Client
    from imgcell.magics.status import found_key

    _nothing_more(rest)
    rows = []
    for name in providers.names():
        client = Client(name)
        provider = client.provider
        models = [model for model in provider.models if model] or [provider.default_model or ""]
        found, _ = found_key(client)
        key = " / ".join(provider.key_variables) or tr("none needed")
        # A few are enough here, and Tab knows them all: with more a terminal's lines would wrap.
        rows.append([name, provider.title, ", ".join(models[:3]) + (" …" if len(models) > 3 else ""), key, "✓" if found else "–"])
    markup, text = table([tr("name"), tr("provider"), tr("models"), tr("key variable"), tr("found")], rows)
    show(markup, text)


def _stop(ipython: Any, rest: str) -> None:
    _nothing_more(rest)
    runs = session.under_way()
    for one in runs:
        one.cancel()
        one.cancel()  # the second call lets go of what was sent
    session.left.clear()
    if runs:
        print(tr("Jobs let go of: {count}. What had been sent may have been charged.", count=len(runs)))
    else:
        print(tr("Nothing is under way."))


def _replay(ipython: Any, rest: str) -> None:
    from imgcell.magics.replay import POLICIES

    words = split(rest)
    if len(words) > 1 or (words and words[0] not in POLICIES):
        raise InvalidJobError(
            tr("`%imgcell replay` does not know {word}.", word=repr(" ".join(words))),
            hint=tr("It knows {words}.", words=", ".join(POLICIES)),
        )
    if words:
        session.replay = words[0]
    meaning = {
        "auto": tr(
            "auto: the first run of a cell in a new kernel shows what the library has for the same job; run again, it makes new pictures."
        ),
        "always": tr("always: a cell shows what the library has for the same job, and only sends what is missing."),
        "never": tr("never: every run of a cell makes new pictures."),
    }
    print(meaning[session.replay])


def _history(ipython: Any, rest: str) -> None:
    from imgcell.magics.collection import history

    history(ipython, rest)


def _star(ipython: Any, rest: str) -> None:
    from imgcell.magics.collection import star

    star(ipython, rest)


def _tag(ipython: Any, rest: str) -> None:
    from imgcell.magics.collection import tag

    tag(ipython, rest)


def _note(ipython: Any, rest: str) -> None:
    from imgcell.magics.collection import note

    note(ipython, rest)


def _delete(ipython: Any, rest: str) -> None:
    from imgcell.magics.collection import delete

    delete(ipython, rest)


def _undo(ipython: Any, rest: str) -> None:
    from imgcell.magics.collection import undo

    _nothing_more(rest)
    undo()


def _masks(ipython: Any, rest: str) -> None:
    from imgcell.magics.masks import show as show_masks

    _nothing_more(rest)
    show_masks()


def _sweeps(ipython: Any, rest: str) -> None:
    from imgcell.magics.sweeps import sweeps

    sweeps(ipython, rest)


def _spend(ipython: Any, rest: str) -> None:
    from imgcell.magics.bill import spend

    spend(rest)


def _budget(ipython: Any, rest: str) -> None:
    from imgcell.magics.bill import budget

    budget(rest)


def _unsettled(ipython: Any, rest: str) -> None:
    from imgcell.magics.bill import unsettled

    _nothing_more(rest)
    unsettled()


def _resume(ipython: Any, rest: str) -> None:
    from imgcell.magics.bill import resume

    _nothing_more(rest)
    resume(session.client(None, ipython.user_ns))


_OBEYED: dict[str, Callable[[Any, str], None]] = {
    "status": _status,
    "use": _use,
    "providers": _providers,
    "history": _history,
    "star": _star,
    "tag": _tag,
    "note": _note,
    "delete": _delete,
    "undo": _undo,
    "masks": _masks,
    "sweeps": _sweeps,
    "spend": _spend,
    "budget": _budget,
    "unsettled": _unsettled,
    "replay": _replay,
    "resume": _resume,
    "stop": _stop,
}
#: What may stand behind ``%imgcell``.
WORDS = (*_OBEYED, "help")
