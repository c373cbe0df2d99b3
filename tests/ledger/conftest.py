"""A ledger in a folder of its own."""

from __future__ import annotations

import pytest

from imgcell.ledger import Ledger


@pytest.fixture
def home(tmp_path):
    """A library's folder that is not there yet."""
    return tmp_path / "library"


@pytest.fixture
def ledger(home):
    """A ledger in it."""
    return Ledger(home)
