"""What all conversations of one client share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imgcell.ledger import Ledger, MemoryLedger
    from imgcell.transport.fetch import Downloads
    from imgcell.transport.gate import Gate
    from imgcell.transport.http import Pool
    from imgcell.transport.keys import Key

__all__ = ["Endpoint"]


class Endpoint:
    """Where a client's requests go, and by what.

    Args:
        name: Of the provider.
        base_url: Its address.
        key: The key, if it needs one.
        pool: The client's connections.
        downloads: How pictures are fetched.
        gate: What all clients of this provider and key wait at.
        ledger: Where requests are written down.
        max_in_flight: How many of this client's requests may be under way.
    """

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        key: Key | None,
        pool: Pool,
        downloads: Downloads,
        gate: Gate,
        ledger: Ledger | MemoryLedger,
        max_in_flight: int,
    ) -> None:
        self.name = name
        self.base_url = base_url.rstrip("/")
        self.key = key
        self.pool = pool
        self.downloads = downloads
        self.gate = gate
        self.ledger = ledger
        self.max_in_flight = max_in_flight

    async def close(self) -> None:
        """Close all connections."""
        await self.pool.close()
        await self.downloads.close()

    def secrets(self) -> tuple[str, ...]:
        """Return what must not be shown or stored."""
        return (self.key.reveal(),) if self.key is not None else ()
