"""One JupyterLab and one sandbox for all stories, one page for those of a module; each story has an empty notebook and library."""

from __future__ import annotations

import os
import sys

import lab_in_chromium
import pytest
import studio_in_lab
import studio_states

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Keep whether a story failed, for its photograph."""
    report = yield
    if call.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="module")
def chromium():
    """Chromium for a module (its event loop counts as running on this thread: nothing else may run meanwhile)."""
    pytest.importorskip("playwright.sync_api")
    if lab_in_chromium.chromium_path() is None:
        pytest.skip("no Chromium or Chrome on this machine; `make test` installs one where it may")
    with lab_in_chromium.launched_browser() as running:
        yield running


@pytest.fixture(scope="session")
def provider():
    """The sandbox of the stories, which the kernels know as their provider `sandbox`; it is on this side, so that tests can look."""
    import imgcell.sandbox

    with imgcell.sandbox.serve() as running:
        yield running


@pytest.fixture(scope="session")
def environment(provider):
    """What the kernels of the stories see."""
    return {"IMGCELL_SANDBOX_URL": provider.url("sandbox"), "IMGCELL_PROVIDER": "sandbox"}


@pytest.fixture(scope="session")
def served(environment, tmp_path_factory):
    """A JupyterLab, and its kernels by their pythons: those that ``IMGCELL_KERNELS`` names, and the one that is installed here."""
    place = tmp_path_factory.mktemp("lab")
    pythons = [python for python in os.environ.get("IMGCELL_KERNELS", "").split(",") if python]
    kernels = {sys.executable: "python3", **studio_in_lab.kernel_specs(place, pythons)}
    with lab_in_chromium.running_server(place, environment=environment) as server:
        yield server, kernels


@pytest.fixture(scope="module")
def shared_lab(chromium, served):
    """A page with an empty notebook in JupyterLab."""
    with studio_in_lab.opened_lab(chromium, served[0]) as lab:
        yield lab


@pytest.fixture
def sandbox(provider):
    """The module's sandbox as a new one: fast, without faults, with nothing arrived."""
    provider.latency = 0
    provider._faults.clear()
    provider.clear()
    return provider


@pytest.fixture
def hold(sandbox):
    """Holds every answer of the sandbox until the story says `hold.go()`."""
    with studio_states.held(sandbox) as held:
        yield held


@pytest.fixture
def lab(shared_lab, sandbox, tmp_path, request, pictures):
    """The module's page with an empty notebook, no variables and an empty library; photographed if the story fails."""
    shared_lab.clear(tmp_path / "home")
    window = shared_lab.page.viewport_size
    yield shared_lab
    if request.node.stash.get(FAILED, False):
        shared_lab.page.screenshot(path=pictures / f"failed-{request.node.name}.png")
    shared_lab.page.set_viewport_size(window)
    shared_lab.theme(dark=False)
    shared_lab.page.evaluate("() => localStorage.removeItem('imgcell-language')")


@pytest.fixture
def tall_window(lab):
    """Makes the window so high that JupyterLab shows two Studios at once."""
    return lambda: lab.page.set_viewport_size({"width": 1280, "height": 2600})
