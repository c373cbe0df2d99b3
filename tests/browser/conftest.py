"""The browser, and where to look at what it saw."""

from __future__ import annotations

from pathlib import Path

import lab_in_chromium
import pytest


@pytest.fixture
def browser():
    """Chromium, or a skip that says what is missing.

    Not for the session: while Playwright is up, its event loop counts as running on this thread, and asyncio.run()
    in whatever test comes next would be refused.
    """
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
