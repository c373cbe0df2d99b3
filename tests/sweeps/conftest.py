"""Clients of a sandbox of the test's own, and what the ledger says that was sent."""

from __future__ import annotations

import pytest

import imgcell


@pytest.fixture
def client(server):
    """A client that speaks every shape."""
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), timeout=20) as made:
        yield made


@pytest.fixture
def sent(imgcell_home):
    """The places of the sweep's requests as the ledger has them, with how each ended: (place, step, state)."""

    def read(name=None):
        rows = imgcell.library(imgcell_home).requests()
        return sorted((row["place"], row["step"], row["state"]) for row in rows if "sweep" in row and name in (None, row["sweep"]))

    return read
