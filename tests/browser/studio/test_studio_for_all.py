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
            lab.theme(dark=dark)
            studio.language("简体中文" if chinese else "English")
            lab.make_wide(studio, 480 if narrow else 1100)
            name = f"{state}, {'dark' if dark else 'light'}, {'480' if narrow else '1100'}, {'zh' if chinese else 'en'}"
            found[name] = violations(lab.page, axe)
        assert not any(found.values()), {name: some for name, some in found.items() if some}
