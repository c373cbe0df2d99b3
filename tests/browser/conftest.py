"""The browser, once for the session."""

from __future__ import annotations

from pathlib import Path

import lab_in_chromium
import pytest


@pytest.fixture(scope="session")
def browser():
    """Chromium, or a skip that says what is missing."""
    pytest.importorskip("playwright.sync_api")
    if lab_in_chromium.chromium_path() is None:
        pytest.skip("no Chromium or Chrome on this machine; `make test` installs one where it may")
    with lab_in_chromium.launched_browser() as running:
        yield running


@pytest.fixture(scope="session")
def pictures():
    """The folder for what the tests have seen; git does not see it."""
    folder = Path(__file__).resolve().parent / "pictures"
    folder.mkdir(exist_ok=True)
    return folder
