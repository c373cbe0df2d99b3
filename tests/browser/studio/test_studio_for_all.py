"""What axe-core finds in each main state of a Studio, light and dark, wide and narrow, English and Chinese; and the keyboard alone."""

from __future__ import annotations

import importlib.resources

import pytest
import studio_states

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def axe():
    """The text of axe-core, which a package of the test extra brings along."""
    pytest.importorskip("axe_playwright_python")
    return importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page, axe):
    """What axe finds in the Studios on the page: rule, how bad, and where."""
    page.evaluate("(axe) => { if (!window.axe) window.eval(axe); }", axe)
    found = page.evaluate(
        """() => window.axe.run({include: [['.imgcell']]}, {resultTypes: ['violations']}).then(({violations}) => violations.map(one => [
            one.impact, one.id, one.nodes.slice(0, 4).map(node => [node.target.join(' '), node.any.map(why => why.message).join(' ')])]))"""
    )
    return [one for one in found if one[0] in ("serious", "critical")]


@pytest.mark.parametrize("state", studio_states.STATES)
def test_axe_finds_nothing_serious(lab, sandbox, axe, state):
    """In every main state there is no serious violation, in four appearances that have every theme, width and language in them."""
    with studio_states.STATES[state](lab, sandbox) as studio:
        found = {}
        for dark, narrow, chinese in [(False, False, False), (True, False, True), (False, True, True), (True, True, False)]:
            lab.look(studio, dark=dark, width=480 if narrow else 1100, language="简体中文" if chinese else "English")
            name = f"{state}, {'dark' if dark else 'light'}, {'480' if narrow else '1100'}, {'zh' if chinese else 'en'}"
            found[name] = violations(lab.page, axe)
        assert not any(found.values()), {name: some for name, some in found.items() if some}


def test_the_keyboard_is_enough(lab, sandbox):
    """From the prompt to a picture at full size and back, its star and the way through the grid, without a mouse."""
    studio = lab.show("studio = imgcell.Studio()\nstudio")
    keys, cells = lab.page.keyboard, lab.cells()
    studio.prompt.focus()
    keys.type("a cat")
    keys.press("Control+Enter")
    studio.wait_for_pictures(1)
    lab.page.keyboard.press("Control+A")
    keys.type("a dog")
    keys.press("Control+Enter")
    studio.wait_for_pictures(2)
    studio.root.locator("[data-main]").first.focus()
    keys.press("ArrowRight")
    lab.page.wait_for_function("() => document.activeElement.getAttribute('aria-label') === 'Done: a cat'")
    keys.press("s")
    lab.until("studio.sheet[0].rating == 5")
    keys.press("Enter")
    dialog = lab.page.get_by_role("dialog", name="a cat")
    dialog.wait_for()
    keys.press("ArrowLeft")
    lab.page.get_by_role("dialog", name="a dog").wait_for()
    keys.press("Escape")
    lab.page.get_by_role("dialog").wait_for(state="detached")
    assert lab.page.evaluate("() => document.querySelector('.imgcell').contains(document.activeElement)")
    assert lab.cells() == cells, "the notebook took keys for its own"
