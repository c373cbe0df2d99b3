"""``%imgcell``: status, ``use``, ``providers``, ``stop``, ``help``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from imgcell import providers
from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.magics.lookup import near
from imgcell.magics.parse import parse_use, split
from imgcell.magics.session import session
from imgcell.magics.table import docstring
from imgcell.magics.tables import facts, show, table
from imgcell.options import home

if TYPE_CHECKING:
    from imgcell.client import Client

__all__ = ["run"]

_WORDS = ("status", "use", "providers", "stop", "help")


def run(ipython: Any, line: str) -> None:
    """Run ``%imgcell``.

    Raises:
        InvalidJobError: For a word that it does not know.
    """
    word, _, rest = line.strip().partition(" ")
    if word in ("help", "--help", "-h", "?"):
        print(docstring("imgcell"))
    elif word in ("", "status"):
        _nothing_more(rest)
        _status(ipython)
    elif word == "use":
        _use(ipython, rest)
    elif word == "providers":
        _nothing_more(rest)
        _providers()
    elif word == "stop":
        _nothing_more(rest)
        _stop()
    else:
        raise InvalidJobError(
            tr("%imgcell does not know {word}.", word=repr(word)),
            hint=near(word, dict.fromkeys(_WORDS)) or tr("It knows {words}.", words=", ".join(_WORDS)),
        )


def _nothing_more(rest: str) -> None:
    if rest.strip():
        raise InvalidJobError(tr("This takes nothing more; {words} is too much.", words=" ".join(split(rest))))


def _use(ipython: Any, rest: str) -> None:
    name, values = parse_use(rest)
    client = session.client(name, ipython.user_ns)
    session.provider, session.model, session.size, session.quality = name, values["model"], values["size"], values["quality"]
    session.latest = client
    said = [client.provider.name, *(f"{key} {value}" for key, value in values.items() if value)]
    text = tr("The magics now use {what}.", what=", ".join(said))
    if _key(client)[0]:
        print(text)
    else:
        print(text + " " + _key(client)[1])


def _stop() -> None:
    runs = session.under_way()
    for one in runs:
        one.cancel()
        one.cancel()  # the second call lets go of what was sent
    session.left.clear()
    if runs:
        print(tr("Jobs let go of: {count}. What had been sent may have been charged.", count=len(runs)))
    else:
        print(tr("Nothing is under way."))


def _status(ipython: Any) -> None:
    from imgcell import __version__

    client = session.client(None, ipython.user_ns)
    provider = client.provider
    model = session.model or provider.default_model
    found, key = _key(client)
    folder = home()
    rows = [
        ("imgcell", __version__),
        (tr("provider"), f"{provider.name} ({provider.title})" if provider.title and provider.title != provider.name else provider.name),
        (tr("model"), model or tr("the provider's own choice")),
        *((name, value) for name, value in ((tr("size"), session.size), (tr("quality"), session.quality)) if value),
        (tr("key"), key),
        (tr("library"), f"{folder} · {tr('pictures: {count}', count=_count(folder))}"),
    ]
    left = session.under_way()
    if left:
        rows.append((tr("under way"), tr("jobs in the background: {count}; `%imgcell stop` lets go of them", count=len(left))))
    markup, text = facts(rows)
    import html

    steps = _next(found, provider.name)
    listed = "".join(f"<div><code>{html.escape(what)}</code> &nbsp;{html.escape(why)}</div>" for what, why in steps)
    width = max(len(what) for what, _ in steps)
    show(
        f'{markup}<div style="margin-top:6px">{listed}</div>',
        text + "\n\n" + "\n".join(f"{what:<{width}}  {why}" for what, why in steps),
    )


def _next(found: bool, name: str) -> list[tuple[str, str]]:
    steps = [
        ("%%imagine cat", tr("and a prompt on the next line: makes a picture and calls it cat")),
        ("%%imgedit -i cat", tr("and what to change on the next line")),
        ("%imagine --help", tr("all options")),
    ]
    if not found:
        steps.insert(0, ("%imgcell use sandbox", tr("try everything here and now, without a key and free of charge")))
    elif name == "sandbox":
        steps.append(("%imgcell providers", tr("the real providers and the names of their keys")))
    return steps


def _key(client: Client) -> tuple[bool, str]:
    """Return whether the provider can be used, and where its key was found or can be put; never the key."""
    key = client.key()
    if key is not None:
        return True, tr("found ({source})", source=key.source)
    variables = client.provider.key_variables
    if not variables:
        return True, tr("none needed")
    return False, tr(
        "not found: set {variable} before Jupyter starts, or store it with `keyring set imgcell {provider}`",
        variable=" / ".join(variables),
        provider=client.provider.name,
    )


def _providers() -> None:
    from imgcell.client import Client

    rows = []
    for name in providers.names():
        client = Client(name)
        provider = client.provider
        models = [model for model in provider.models if model] or [provider.default_model or ""]
        found, _ = _key(client)
        key = " / ".join(provider.key_variables) or tr("none needed")
        # A few are enough here, and Tab knows them all: with more a terminal's lines would wrap.
        rows.append([name, provider.title, ", ".join(models[:3]) + (" …" if len(models) > 3 else ""), key, "✓" if found else "–"])
    markup, text = table([tr("name"), tr("provider"), tr("models"), tr("key variable"), tr("found")], rows)
    show(markup, text)


def _count(folder: os.PathLike[str]) -> int:
    """Return how many pictures the library holds: each has one sidecar."""
    total = 0
    pending = [os.path.join(folder, "records")]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    elif entry.name.endswith(".json"):
                        total += 1
        except OSError:
            continue
    return total
