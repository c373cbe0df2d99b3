"""The same Studio in Notebook 7."""

from __future__ import annotations

import lab_in_chromium
import pytest
import studio_in_lab

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shared_lab(chromium, environment, tmp_path_factory):
    """A page with an empty notebook in Notebook 7."""
    pytest.importorskip("notebook")
    with lab_in_chromium.running_server(tmp_path_factory.mktemp("notebook"), app="notebook", environment=environment) as server:
        with studio_in_lab.opened_lab(chromium, server, app="notebook", width=1100) as lab:
            yield lab


def test_a_prompt_becomes_a_picture_in_notebook_7(lab, sandbox, pictures):
    """Type, press Run: the picture is drawn in the page and is in the kernel; after a reload it is still there."""
    studio = lab.show()
    studio.prompt.fill("a cat in Notebook 7")
    studio.button("Run").click()
    studio.wait_for_pictures(1)
    studio.page.screenshot(path=pictures / "studio-notebook-7.png")
    assert lab.value("studio.last.record.prompt") == "a cat in Notebook 7"
    lab.reload()
    lab.studio().wait_for_pictures(1)
    assert len(sandbox.posts) == 1
