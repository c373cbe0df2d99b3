"""What a person does with a Studio, in a real JupyterLab: every click and key as theirs, every result looked at in Python."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_a_prompt_becomes_a_picture_in_the_cell_and_in_the_kernel(lab, sandbox, pictures):
    """Type, press Ctrl+Enter: the picture is drawn in the page, and `studio.last` is the very same."""
    studio = lab.show()
    studio.prompt.fill("一只戴墨镜的猫")
    studio.root.locator(".ic-estimate strong").wait_for()
    studio.page.keyboard.press("Control+Enter")
    studio.wait_for_pictures(1)
    studio.page.screenshot(path=pictures / "studio-generate.png")
    assert [request.json["prompt"] for request in sandbox.posts] == ["一只戴墨镜的猫"]
    assert lab.value("[studio.last.record.prompt, len(studio.sheet), list(studio.last.size)]") == ["一只戴墨镜的猫", 1, [1024, 1024]]
