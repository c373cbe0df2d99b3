"""Clients of a sandbox of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import imgcell


@pytest.fixture
def client(server: Any) -> Iterator[imgcell.Client]:
    """A client that speaks every shape."""
    with imgcell.Client("sandbox", base_url=server.url("sandbox")) as made:
        yield made
