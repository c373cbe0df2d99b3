"""``%imgcell`` by itself: where one stands, and what to type next."""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING, Any

from imgcell.language import tr
from imgcell.magics.session import session
from imgcell.magics.tables import facts, show
from imgcell.options import home
from imgcell.pictures.words import clean, clip

if TYPE_CHECKING:
    from imgcell.client import Client

__all__ = ["found_key", "status"]


def status(ipython: Any) -> None:
    """Show provider, key, library, money, what is under way, and what to type next."""
    from imgcell import __version__

    client = session.client(None, ipython.user_ns)
    provider = client.provider
    model = session.model or provider.default_model
    found, key = found_key(client)
    folder = home()
    rows = [
        ("imgcell", __version__),
        (tr("provider"), f"{provider.name} ({provider.title})" if provider.title and provider.title != provider.name else provider.name),
        (tr("model"), model or tr("the provider's own choice")),
        *((name, value) for name, value in ((tr("size"), session.size), (tr("quality"), session.quality)) if value),
        (tr("key"), key),
        (tr("library"), f"{folder} · {tr('pictures: {count}', count=_count(folder))}"),
        *_money(folder),
    ]
    if session.replay != "auto":
        rows.append((tr("replay"), session.replay))
    left = session.under_way()
    if left:
        rows.append((tr("under way"), tr("jobs in the background: {count}; `%imgcell stop` lets go of them", count=len(left))))
    if client.paused:
        rows.append((tr("paused"), tr("the last requests may have been charged for nothing; `%imgcell resume` sends again")))
    markup, text = facts(rows)
    steps = _next(found, provider.name)
    listed = "".join(f"<div><code>{html.escape(what)}</code> &nbsp;{html.escape(why)}</div>" for what, why in steps)
    width = max(len(what) for what, _ in steps)
    show(
        f'{markup}<div style="margin-top:6px">{listed}</div>',
        text + "\n\n" + "\n".join(f"{what:<{width}}  {why}" for what, why in steps),
    )


def _money(folder: os.PathLike[str]) -> list[tuple[str, str]]:
    """Return what was spent, what is left and what is not settled; nothing of it may keep the status from being shown."""
    if not os.path.isdir(folder):
        return []
    rows = []
    for row in (_spent, _budget, _not_settled):
        try:
            rows += row()
        except Exception as error:  # noqa: BLE001 - somebody with a broken index or bill needs the rest of the status most of all
            rows.append((tr("problem"), clip(clean(str(error) or type(error).__name__), 160)))
    return rows


def _spent() -> list[tuple[str, str]]:
    import imgcell

    return [(tr("spent"), imgcell.spend().head())]


def _budget() -> list[tuple[str, str]]:
    import imgcell
    from imgcell.costs.amounts import money

    said = {"session": tr("this session"), "day": tr("today, all kernels"), "cell": tr("each cell")}
    return [
        (
            tr("budget"),
            tr("{left} of {limit} left ({scope})", left=money(b.left, b.currency), limit=money(b.limit, b.currency), scope=said[b.scope]),
        )
        for b in imgcell.budget()
    ]


def _not_settled() -> list[tuple[str, str]]:
    """Mention, once in a kernel, what may have been charged."""
    if "unsettled" in session.told:
        return []
    session.told.add("unsettled")
    import imgcell

    count = len(imgcell.unsettled())
    said = tr("requests that may have been charged: {count}; `%imgcell unsettled` lists them", count=count)
    return [(tr("not settled"), said)] if count else []


def _next(found: bool, name: str) -> list[tuple[str, str]]:
    steps = [
        ("%%imagine cat", tr("and a prompt on the next line: makes a picture and calls it cat")),
        ("%%imgedit -i cat", tr("and what to change on the next line")),
        ("%imgcell history", tr("what was made before")),
        ("%imagine --help", tr("all options")),
    ]
    if not found:
        steps.insert(0, ("%imgcell use sandbox", tr("try everything here and now, without a key and free of charge")))
    elif name == "sandbox":
        steps.append(("%imgcell providers", tr("the real providers and the names of their keys")))
    return steps


def found_key(client: Client) -> tuple[bool, str]:
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
