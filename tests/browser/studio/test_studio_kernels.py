"""Cancel by its two paths, on every ipykernel that is tested: each routes what a page says differently."""

from __future__ import annotations

import os
import sys

import pytest
import studio_in_lab

pytestmark = pytest.mark.browser

PYTHONS = [python for python in os.environ.get("IMGCELL_KERNELS", "").split(",") if python] or [sys.executable]


def name_of(python):
    """The kernel's name as `make test` says it."""
    return python.split(os.sep)[-3] if ".venv-kernels" in python else "installed"


@pytest.fixture(scope="module", params=PYTHONS, ids=name_of)
def shared_lab(request, chromium, served):
    """A page with a notebook of each of the kernels."""
    server, kernels = served
    name = kernels[request.param]
    with studio_in_lab.opened_lab(chromium, server, name=f"{name}.ipynb", kernel=name) as lab:
        yield lab


def cancel(studio):
    """Press Cancel, and press it again once the kernel no longer takes that for a double click."""
    from imgcell.widget.orders import DOUBLE_CLICK

    studio.button("Cancel").click()
    # The kernel has taken it (a busy one does after its interrupt), and says what is still under way.
    studio.root.locator(".ic-notice").wait_for()
    pressed = studio.page.evaluate("() => performance.now()")
    studio.page.wait_for_function("(then) => performance.now() > then", arg=pressed + 1100 * DOUBLE_CLICK)
    studio.button("Stop waiting").click()


def test_a_running_job_is_cancelled(lab, sandbox, hold):
    """Cancel sends nothing more, and pressed again lets go of what was sent; the cell that holds the kernel goes on."""
    studio = lab.show("studio = imgcell.Studio(prompt='a slow cat')\nstudio")
    studio.button("Run").click()
    sandbox.wait_for(1)
    studio.cards("working").wait_for()
    cancel(studio)
    studio.cards("working").wait_for(state="detached")
    assert studio.cards("cancelled").count() + studio.cards("unknown").count() == 1
    assert len(sandbox.posts) == 1
    lab.until("not studio.widget.busy['calls']")


def test_a_job_is_cancelled_while_a_cell_runs(lab, sandbox, hold):
    """With the kernel busy, Cancel comes through beside the cell where the kernel can, and interrupts it where it cannot."""
    studio = lab.show("studio = imgcell.Studio(prompt='a slow cat')\nstudio")
    studio.button("Run").click()
    sandbox.wait_for(1)
    studio.cards("working").wait_for()
    lab.begin("import time\nprint('holding')\ntime.sleep(60)")
    lab.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'")
    cancel(studio)
    studio.cards("working").wait_for(state="detached")
    assert studio.cards("cancelled").count() + studio.cards("unknown").count() == 1
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt()")
    lab.wait_for_kernel()
    assert lab.value("1 + 1") == 2
