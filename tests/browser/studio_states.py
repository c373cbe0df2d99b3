"""The main states of a Studio, each brought about by clicks: for axe, which looks whether all can use them, and for the photographs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from studio_in_lab import Lab, Studio

__all__ = ["STATES", "Hold", "held"]


class Hold:
    """Answers of the sandbox that wait until the story lets them go: nothing depends on how fast a page is.

    A streamed answer waits before each of its pictures, partial ones too.
    """

    def __init__(self) -> None:
        self._free = threading.Semaphore(0)

    def go(self, many: int = 1) -> None:
        """Let so many of them go."""
        self._free.release(many)

    async def pause(self, delivery: Any) -> bool:
        """Stand in for the sandbox's pause: whether the client left meanwhile."""
        while not self._free.acquire(blocking=False):
            try:
                # There is no event that an asyncio loop and a test's thread could both wait for.
                await asyncio.wait_for(delivery._handler.gone.wait(), 0.02)
            except asyncio.TimeoutError:
                continue
            return True
        return False


@contextlib.contextmanager
def held(sandbox: Any) -> Iterator[Hold]:
    """Hold every answer of a sandbox of this process until ``go()``."""
    from imgcell.sandbox import playing

    hold, before = Hold(), playing.Delivery.pause
    playing.Delivery.pause = lambda delivery, seconds: hold.pause(delivery)  # type: ignore[assignment]
    sandbox.latency = 1
    try:
        yield hold
    finally:
        sandbox.latency = 0
        playing.Delivery.pause = before  # type: ignore[method-assign]


@contextlib.contextmanager
def _empty(lab: Lab, sandbox: Any) -> Iterator[Studio]:
    studio = lab.show("studio = imgcell.Studio()\nstudio")
    studio.root.get_by_text("begin with one of these").wait_for()
    yield studio


@contextlib.contextmanager
def _under_way(lab: Lab, sandbox: Any) -> Iterator[Studio]:
    """One finished, one sharpening, two waiting."""
    studio = lab.show("studio = imgcell.Studio()\nstudio.draft = imgcell.Generate('a lighthouse at dawn, thin fog')\nstudio")
    studio.button("Run").click()
    studio.wait_for_pictures(1)
    with held(sandbox) as hold:
        lab.run("studio.draft = imgcell.Generate('a night train on a viaduct, flat colors', partial_images=2)")
        lab.until("studio.draft.partial_images == 2")
        studio.button("Run").click()
        hold.go()
        studio.cards("partial").locator("img").wait_for()
        lab.run("studio.draft = imgcell.Generate('a celadon teapot on linen, window light', n=2)")
        lab.until("studio.draft.n == 2")
        studio.root.get_by_text("2 pictures", exact=True).wait_for()
        studio.button("Run another").click()
        studio.cards().nth(3).wait_for()
        yield studio


@contextlib.contextmanager
def _pictures(lab: Lab, sandbox: Any) -> Iterator[Studio]:
    """Several pictures of several shapes, one starred, two selected."""
    lab.run(
        "import imgcell\nclient = imgcell.Client()\n"
        "for prompt, size in [('a lighthouse at dawn, thin fog over the sea', '1536x1024'), ('一只戴墨镜的橘猫坐在窗台上', '1024x1024'),\n"
        "    ('a night train crossing a viaduct, flat colors', '1024x1536'), ('a celadon teapot on linen', '1024x1024')]:\n"
        "    client.generate(prompt, size=size)"
    )
    studio = lab.show(
        "studio = imgcell.Studio(prompt='the same in the light of a winter evening')\n"
        "for prompt in ['a fox in fresh snow', 'a paper boat in the rain', '雨中的纸船', 'a small observatory under the Milky Way']:\n"
        "    studio.draft = imgcell.Generate(prompt)\n"
        "    studio.run()\n"
        "studio"
    )
    studio.wait_for_pictures(8)
    studio.button("Star").first.click()
    studio.button("Remove the star").wait_for()
    for number in (1, 2):
        studio.root.get_by_role("checkbox", name="Select").nth(number).click()
    studio.root.get_by_text("2 selected").wait_for()
    yield studio


@contextlib.contextmanager
def _trouble(lab: Lab, sandbox: Any) -> Iterator[Studio]:
    """A refusal, an unknown outcome and a cancelled job."""
    studio = lab.show("studio = imgcell.Studio(prompt='a cat')\nstudio")
    sandbox.play("moderation")
    studio.button("Run").click()
    studio.cards("failed").wait_for()
    sandbox.play("close")
    studio.button("Run").click()
    studio.cards("unknown").wait_for()
    yield studio


@contextlib.contextmanager
def _choices(lab: Lab, sandbox: Any) -> Iterator[Studio]:
    """The list of sizes, two of them ticked."""
    studio = lab.show("studio = imgcell.Studio(prompt='a cat')\nstudio")
    studio.choose("Size", "1024x1024", "1536x1024")

    def again() -> None:
        # It closes when the window changes.
        if not studio.root.get_by_role("listbox").count():
            studio.root.locator(".ic-tile[aria-haspopup=listbox]").nth(2).click()
        studio.root.get_by_role("listbox").wait_for()

    studio.settle = again
    again()
    yield studio


@contextlib.contextmanager
def _viewer(lab: Lab, sandbox: Any) -> Iterator[Studio]:
    """A picture at full size, with the chain of edits that led to it."""
    studio = lab.show(
        "studio = imgcell.Studio(prompt='a fox in fresh snow')\n"
        "first = studio.run()[0]\n"
        "second = imgcell.Client().edit('at night, with stars', images=first)\n"
        "studio.draft = imgcell.Edit('add a small tent with a light in it', images=[second[0]])\n"
        "third = studio.run()\n"
        "studio"
    )
    studio.cards("done").nth(1).wait_for()
    studio.root.locator(".ic-open").first.click()
    dialog = studio.page.get_by_role("dialog")
    dialog.get_by_role("listitem").nth(2).wait_for()
    dialog.locator("img.ic-shown").first.wait_for()
    yield studio


@contextlib.contextmanager
def _references(lab: Lab, sandbox: Any) -> Iterator[Studio]:
    """Two pictures in the tray, with a mask for the first."""
    studio = lab.show(
        "from PIL import Image, ImageDraw\n"
        "client = imgcell.Client()\n"
        "cat, boat = client.generate('a cat on a sofa')[0], client.generate('a paper boat')[0]\n"
        "mask = Image.new('L', cat.size)\n"
        "ImageDraw.Draw(mask).ellipse((300, 300, 700, 700), fill=255)\n"
        "studio = imgcell.Studio(prompt='the cat sails in the boat', references=[cat, boat], mask=mask)\n"
        "studio"
    )
    studio.root.locator(".ic-chip img").nth(1).wait_for()
    studio.root.get_by_text("Mask on image 1").wait_for()
    yield studio


@contextlib.contextmanager
def _mask(lab: Lab, sandbox: Any) -> Iterator[Studio]:
    """The mask editor, with a mask in it."""
    with _references(lab, sandbox) as studio:
        studio.button("Edit the mask").click()
        lab.page.get_by_role("application").wait_for()
        lab.page.get_by_role("dialog").get_by_text("% is edited").first.wait_for()
        yield studio


#: Name of a state -> what brings it about, in an empty notebook.
STATES: dict[str, Callable[[Lab, Any], contextlib.AbstractContextManager[Studio]]] = {
    "empty": _empty,
    "under-way": _under_way,
    "pictures": _pictures,
    "trouble": _trouble,
    "choices": _choices,
    "references": _references,
    "mask": _mask,
    "viewer": _viewer,
}
