"""Masks that are kept: under a name, in a variable, and the one in use when the editor is opened again."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

PREPARED = """
from PIL import Image, ImageDraw
first = imgcell.Client().generate('a lighthouse')[0]
sky = Image.new('L', first.size)
ImageDraw.Draw(sky).rectangle((0, 0, 1023, 511), fill=255)
other = Image.new('L', (64, 64), 255)
studio = imgcell.Studio(references=first)
studio
"""


def test_a_mask_is_loaded_from_a_variable_saved_under_a_name_and_loaded_again(lab, sandbox):
    """Only what fits is offered; what is loaded, inverted and saved is the same to the pixel when it comes back."""
    studio = lab.show(PREPARED)
    studio.button("Paint a mask").click()
    editor = lab.page.get_by_role("dialog", name="Mask for image 1")
    editor.get_by_role("button", name="Load a mask").click()
    assert editor.get_by_role("menuitem", name="Variable: other").count() == 0
    editor.get_by_role("menuitem", name="Variable: sky").click()
    editor.get_by_text("50 % is edited").first.wait_for()
    editor.get_by_role("button", name="Use this mask").click()
    editor.wait_for(state="detached")
    lab.until("studio.mask is not None and imgcell.Mask(studio.mask) == imgcell.Mask(sky)")
    # Again: it goes on with the mask in use.
    studio.button("Edit the mask").click()
    editor.get_by_text("50 % is edited").first.wait_for()
    editor.get_by_role("button", name="Invert").click()
    editor.get_by_role("textbox", name="Save under a name").fill("陆地 <b>")
    editor.get_by_role("button", name="Save", exact=True).click()
    editor.get_by_text("Saved as").wait_for(state="attached")
    editor.get_by_role("button", name="Clear").click()
    editor.get_by_text("Nothing is marked yet").wait_for()
    editor.get_by_role("button", name="Load a mask").click()
    editor.get_by_role("menuitem", name="Saved:").click()
    editor.get_by_text("50 % is edited").first.wait_for()
    editor.get_by_role("button", name="Use this mask").click()
    editor.wait_for(state="detached")
    lab.until("studio.mask is not None and imgcell.Mask(studio.mask) == ~imgcell.Mask(sky)")


def test_what_was_painted_is_not_lost_by_a_key(lab, sandbox):
    """Escape asks before it throws a painting away; nothing of it reaches the kernel unless it is used."""
    studio = lab.show(PREPARED)
    studio.button("Paint a mask").click()
    editor = lab.page.get_by_role("dialog", name="Mask for image 1")
    editor.get_by_role("application").wait_for()
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.press("Escape")
    editor.get_by_role("button", name="Keep painting").click()
    assert editor.is_visible()
    lab.page.keyboard.press("Escape")
    editor.get_by_role("button", name="Discard").click()
    editor.wait_for(state="detached")
    assert lab.value("studio.mask is None")
