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
    studio.wait_for_pictures(1)
    sent = Image.open(io.BytesIO(sandbox.posts[-1].files[-1].data))
    assert sent.size == (1024, 1024)
    # Where to edit is where the mask of this document is transparent.
    assert [sent.getchannel("A").getpixel(at) for at in ((500, 500), (20, 20))] == [0, 255]
    assert lab.value("outside(studio.last, mask)") is None
    assert lab.value("outside(studio.last, Image.new('L', first.size))") is not None
    studio.button("Remove the mask").click()
    lab.until("studio.mask is None")
