"""How pictures get into the tray of a Studio, and that what arrives in the kernel is what was given."""

from __future__ import annotations

import base64
import hashlib
import io
import os

import pytest
from PIL import Image

pytestmark = pytest.mark.browser


def png(image):
    """The picture as the bytes of a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def chips(studio):
    """The pictures in the tray, in their order."""
    return studio.root.locator(".ic-chip:not(.ic-coming)")


def test_a_picture_is_pasted(lab, sandbox):
    """Copied elsewhere and pasted into the prompt with Ctrl+V, a picture is image 1 of the edit, pixel for pixel."""
    given = Image.effect_noise((64, 48), 80).convert("RGB")
    studio = lab.show("studio = imgcell.Studio()\nstudio")
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lab.page.evaluate(
        """async (text) => {
            const blob = await (await fetch('data:image/png;base64,' + text)).blob();
            await navigator.clipboard.write([new ClipboardItem({'image/png': blob})]);
        }""",
        base64.b64encode(png(given)).decode(),
    )
    studio.prompt.focus()
    lab.page.keyboard.press("Control+V")
    chips(studio).first.wait_for()
    studio.prompt.fill("the same as a woodcut")
    studio.button("Run").click()
    studio.wait_for_pictures(1)
    (sent,) = sandbox.posts[-1].files
    assert Image.open(io.BytesIO(sent.data)).convert("RGB").tobytes() == given.tobytes()


def test_twelve_megabytes_are_uploaded(lab, sandbox):
    """A file of more than 12 MB arrives in pieces, with its progress said, and is the very file in the kernel."""
    data = png(Image.frombytes("RGB", (2100, 2000), os.urandom(2100 * 2000 * 3)))
    assert len(data) > 12_000_000
    studio = lab.show("studio = imgcell.Studio()\nstudio")
    studio.root.locator("input[type=file]").set_input_files({"name": "噪声.png", "mimeType": "image/png", "buffer": data})
    chips(studio).first.wait_for()
    assert chips(studio).first.get_by_role("button").first.get_attribute("aria-label").startswith("Image 1: 噪声.png")
    studio.prompt.fill("less noise")
    studio.button("Run").click()
    studio.wait_for_pictures(1)
    (sent,) = sandbox.posts[-1].files
    assert hashlib.sha256(sent.data).digest() == hashlib.sha256(data).digest()


def test_several_are_ordered_and_removed_by_keys(lab, sandbox):
    """Shift and an arrow moves a picture, Delete takes it out; the kernel has the same order."""
    studio = lab.show(
        "from PIL import Image\nred, green = Image.new('RGB', (40, 40), 'red'), Image.new('RGB', (40, 40), 'green')\n"
        "studio = imgcell.Studio(prompt='a flag', references=[red, green])\nstudio"
    )
    lab.run("def colors(): return [list(one.getpixel((0, 0))) for one in studio.references]")
    chips(studio).nth(1).get_by_role("button").first.focus()
    lab.page.keyboard.press("Shift+ArrowLeft")
    lab.until("colors() == [[0, 128, 0], [255, 0, 0]]")
    chips(studio).first.get_by_role("button").first.focus()
    lab.page.keyboard.press("Delete")
    lab.until("colors() == [[255, 0, 0]]")
    assert chips(studio).count() == 1


def test_a_result_is_dragged_onto_the_tray(lab, sandbox):
    """A card dropped on the tray is a reference; the edit's record names it as its parent."""
    studio = lab.show("studio = imgcell.Studio(prompt='a cat')\nstudio")
    studio.button("Run").click()
    studio.wait_for_pictures(1)
    studio.root.locator(".ic-open").first.drag_to(studio.root.get_by_role("group", name="References"))
    chips(studio).first.wait_for()
    studio.button("Run").click()
    studio.wait_for_pictures(2)
    assert lab.value("studio.last.record.parents") == lab.value("[studio.sheet[0].record.id]")


def test_what_is_no_picture_is_refused_with_its_reason(lab, sandbox):
    """A text that calls itself a PNG, under a name that is a script, is said to be none; nothing is in the tray or on the page."""
    studio = lab.show("studio = imgcell.Studio()\nstudio")
    name = "<img src=x onerror=alert(1)>.png"
    studio.root.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/png", "buffer": b"no picture at all"})
    studio.root.locator(".ic-refused").wait_for()
    assert chips(studio).count() == 0
    assert studio.root.locator("img[onerror], img[src=x]").count() == 0
    assert lab.value("len(studio.references)") == 0
