"""What the magics remember between cells: the provider in use, its clients, and requests that an interrupt left under way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgcell.client import Client, Run
    from imgcell.magics.swept import Going

__all__ = ["Session", "session"]


@dataclass
class Session:
    """One for the process, as there is one shell in it.

    Attributes:
        provider: What ``%imgcell use`` named, or ``None`` for the client's own choice.
        model, size, quality: Its companions; they hold for that provider only.
        latest: The client in use when it was last asked for: good enough for a Tab, which must not search keyrings.
        replay: ``"auto"``, ``"always"`` or ``"never"``: when a cell shows what the library has (:mod:`imgcell.magics.replay`).
        ran: (digest of a job, id of the cell) -> (the first run of that cell, how often it asked for that job).
        told: What is mentioned once in a kernel and has been.
        deleted: Ids of the pictures that ``%imgcell delete`` took away, the last ones last.
        left: Runs that go on in the background after an interrupt or ``--later``.
    """

    provider: str | None = None
    model: str | None = None
    size: str | None = None
    quality: str | None = None
    replay: str = "auto"
    ran: dict[tuple[str, str | None], tuple[str | None, int]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    deleted: list[tuple[str, ...]] = field(default_factory=list)
    left: list[Run | Going] = field(default_factory=list)
    latest: Client | None = None
    _clients: dict[str, tuple[tuple[Any, ...], Client]] = field(default_factory=dict)

    def client(self, name: str | None, names: Mapping[str, Any]) -> Client:
        """Return the client for provider *name* (``None``: the one in use), kept between cells for its connections.

        A variable of *names* that holds a :class:`imgcell.Client` may stand for a provider: the way to a key or an
        address that is in no profile.

        Raises:
            InvalidJobError: For a provider that does not exist.
        """
        if name is not None:
            return self._kept(name, names)
        self.latest = self._kept(self.provider, names)
        return self.latest

    def _kept(self, name: str | None, names: Mapping[str, Any]) -> Client:
        from imgcell.client import Client

        given = names.get(name) if name is not None else None
        if isinstance(given, Client):
            return given
        client = Client(name)
        known = client.provider
        # A client holds on to the address and the folder it found; a change of either takes a new one.
        found_by = (os.environ.get("IMGCELL_HOME"), *(os.environ.get(variable) for variable in known.url_variables))
        kept = self._clients.get(known.name)
        if kept is not None and kept[0] == found_by and kept[1].provider is known:
            return kept[1]
        self._clients[known.name] = (found_by, client)
        return client

    def clients(self) -> list[Client]:
        """Return the clients that were used so far."""
        return [client for _, client in self._clients.values()]

    def under_way(self) -> list[Run | Going]:
        """Return the runs that are still received in the background."""
        self.left = [run for run in self.left if not run.done]
        return list(self.left)


session = Session()
