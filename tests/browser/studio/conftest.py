"""One JupyterLab, one sandbox and one page for the stories of a module; each story has an empty notebook and library."""

from __future__ import annotations

import lab_in_chromium
import pytest
import studio_in_lab


@pytest.fixture(scope="module")
def chromium():
    """Chromium for a module (its event loop counts as running on this thread: nothing else may run meanwhile)."""
    pytest.importorskip("playwright.sync_api")
    if lab_in_chromium.chromium_path() is None:
        pytest.skip("no Chromium or Chrome on this machine; `make test` installs one where it may")
    with lab_in_chromium.launched_browser() as running:
        yield running


@pytest.fixture(scope="module")
def provider():
    """The sandbox of a module, which the kernels know as their provider `sandbox`; it is on this side, so that tests can look."""
    import imgcell.sandbox

    with imgcell.sandbox.serve() as running:
        yield running


@pytest.fixture(scope="module")
def environment(provider):
    """What the kernels of the stories see."""
    return {"IMGCELL_SANDBOX_URL": provider.url("sandbox"), "IMGCELL_PROVIDER": "sandbox"}


@pytest.fixture(scope="module")
def shared_lab(chromium, environment, tmp_path_factory):
    """A page with an empty notebook in JupyterLab."""
    place = tmp_path_factory.mktemp("lab")
    with lab_in_chromium.running_server(place, environment=environment) as server:
        with studio_in_lab.opened_lab(chromium, server) as lab:
            lab.page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
            yield lab


@pytest.fixture
def sandbox(provider):
    """The module's sandbox as a new one: fast, without faults, with nothing arrived."""
    provider.latency = 0
    provider._faults.clear()
    provider.clear()
    return provider


@pytest.fixture
def lab(shared_lab, sandbox, tmp_path):
    """The module's page with an empty notebook, no variables and an empty library."""
    shared_lab.clear(tmp_path / "home")
    return shared_lab
