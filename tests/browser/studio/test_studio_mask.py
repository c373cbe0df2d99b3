"""A mask, from wherever it comes: what is sent, and that nothing else of the picture changed."""

from __future__ import annotations

import io

import pytest
from PIL import Image

pytestmark = pytest.mark.browser

#: A picture in the tray, and a question for later: whether anything outside of the mask differs.
PREPARED = """
from PIL import Image, ImageChops, ImageDraw
first = imgcell.Client().generate('a lighthouse')[0]
studio = imgcell.Studio(prompt='a paper boat', references=first)
def outside(picture, mask):
    changed = ImageChops.difference(picture.convert('RGB'), first.convert('RGB')).convert('L').point(lambda value: 255 * (value > 8))
    return ImageChops.multiply(changed, mask.point(lambda value: 255 * (value == 0))).getbbox()
studio
"""


def test_a_mask_from_python_is_shown_and_sent(lab, sandbox):
    """A mask set in a cell is named under the tray, sent in the provider's convention and exact size, and holds."""
    studio = lab.show(PREPARED)
    lab.cell("mask = Image.new('L', first.size)\nImageDraw.Draw(mask).ellipse((300, 300, 700, 700), fill=255)\nstudio.mask = mask")
    studio.root.get_by_text("Mask on image 1: 12 % is edited").wait_for()
    studio.button("Run").click()
    studio.wait_for_pictures(2)  # with the one that was there before
    sent = Image.open(io.BytesIO(sandbox.posts[-1].files[-1].data))
    assert sent.size == (1024, 1024)
    # Where to edit is where the mask of this document is transparent.
    assert [sent.getchannel("A").getpixel(at) for at in ((500, 500), (20, 20))] == [0, 255]
    assert lab.value("outside(studio.last, mask)") is None
    assert lab.value("outside(studio.last, Image.new('L', first.size))") is not None
    studio.button("Remove the mask").click()
    lab.until("studio.mask is None")


def test_a_mask_is_painted_and_holds(lab, sandbox):
    """Strokes with the mouse are `studio.mask`, in the picture's own pixels; the edit changes nothing outside of them."""
    studio = lab.show(PREPARED)
    studio.button("Paint a mask").click()
    editor = lab.page.get_by_role("dialog", name="Mask for image 1")
    stage = editor.get_by_role("application")
    stage.wait_for()
    editor.get_by_role("button", name="Rectangle").click()
    # The picture lies in the middle of the stage, as large as it fits.
    box = stage.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse = lab.page.mouse
    mouse.move(middle[0] - 40, middle[1] - 40)
    mouse.down()
    mouse.move(middle[0] + 40, middle[1] + 40, steps=4)
    mouse.up()
    editor.get_by_role("button", name="Brush").click()
    mouse.move(middle[0] - 90, middle[1])
    mouse.down()
    mouse.move(middle[0] + 90, middle[1], steps=12)
    mouse.up()
    editor.get_by_role("button", name="Use this mask").click()
    editor.wait_for(state="detached")
    lab.until("studio.mask is not None")
    mask = "studio.mask"
    assert lab.value(f"[type({mask}).__name__, list({mask}.size)]") == ["Image", [1024, 1024]]
    assert lab.value(f"[{mask}.getpixel((512, 512)) > 250, {mask}.getpixel((10, 10))]") == [True, 0]
    # Wider than high: the stroke goes beyond the rectangle on both sides.
    left, top, right, bottom = lab.value(f"{mask}.getbbox()")
    assert abs((left + right) / 2 - 512) < 12
    assert abs((top + bottom) / 2 - 512) < 12
    assert right - left > 1.5 * (bottom - top)
    lab.run("painted = studio.mask")
    studio.prompt.fill("a paper boat, painted in")
    lab.until("studio.draft.prompt.endswith('in')")
    assert lab.value("studio.mask is not None"), "the mask stays when the prompt changes"
    studio.button("Run").click()
    studio.wait_for_pictures(2)  # with the one that was there before
    sent = Image.open(io.BytesIO(sandbox.posts[-1].files[-1].data))
    assert sent.size == (1024, 1024)
    assert [sent.getchannel("A").getpixel(at) for at in ((512, 512), (10, 10))] == [0, 255]
    assert lab.value("outside(studio.last, painted)") is None
    assert lab.value("outside(studio.last, Image.new('L', first.size))") is not None


def test_a_mask_is_stamped_with_the_keyboard_alone(lab, sandbox):
    """Arrows move the stamp, Enter marks, X erases, Ctrl+Z takes back: a mask without a mouse."""
    studio = lab.show(PREPARED)
    studio.button("Paint a mask").focus()
    keys, cells = lab.page.keyboard, lab.cells()
    keys.press("Enter")
    editor = lab.page.get_by_role("dialog", name="Mask for image 1")
    editor.get_by_role("application").focus()
    keys.press("ArrowRight")
    keys.press("Enter")
    keys.press("Shift+ArrowLeft")
    keys.press("Enter")
    keys.press("Control+z")
    keys.press("Enter")
    editor.get_by_role("button", name="Use this mask").focus()
    keys.press("Enter")
    editor.wait_for(state="detached")
    lab.until("studio.mask is not None and studio.mask.getbbox() is not None")
    assert lab.cells() == cells, "the notebook took keys for its own"
