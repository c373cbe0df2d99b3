"""imgcell.compare in a notebook, and the comparison of what is selected in a Studio."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

COMPARED = """
from PIL import Image
colors = {'red': (200, 0, 0), '绿': (0, 200, 0), 'blue': (0, 0, 200)}
comparison = imgcell.compare({name: Image.new('RGB', (300, 300), color) for name, color in colors.items()})
comparison
"""
#: The middle of every pane, as its canvas has it.
MIDDLES = """() => [...document.querySelectorAll('.ic-compare .ic-pane canvas')].map(
    canvas => [...canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.slice(0, 3)].join(' '))"""


def until_drawn(lab, *colors):
    """Wait until the panes show these colors."""
    lab.page.wait_for_function(f"(wanted) => JSON.stringify(({MIDDLES})()) === JSON.stringify(wanted)", arg=list(colors))


def shown(lab, code=COMPARED):
    """Run a cell that shows a comparison; return it."""
    lab.cell(f"import imgcell\n{code}")
    found = lab.page.locator(".ic-compare")
    found.wait_for()
    return found


def test_a_comparison_is_looked_at_in_a_cell(lab):
    """Pixels come from the kernel; keys are the comparison's and not the notebook's; Python knows the baseline."""
    made = shown(lab)
    until_drawn(lab, "200 0 0", "0 200 0", "0 0 200")
    assert made.locator(".ic-called").all_inner_texts() == ["red", "绿", "blue"]
    cells = len(lab.cells())
    made.locator(".ic-pane").nth(1).focus()
    lab.page.keyboard.press("b")
    lab.until("comparison.baseline.getpixel((0, 0)) == (0, 200, 0)")
    # In a notebook's command mode d d deletes the cell, and b adds one.
    lab.page.keyboard.press("d")
    lab.page.keyboard.press("d")
    made.get_by_text("100 % differ").first.wait_for()
    assert len(lab.cells()) == cells
    # The static sheet under it is not seen while the page is there.
    assert lab.page.locator(".imgcell-studio-static").first.is_hidden()


def test_a_second_view_shows_the_same_and_a_reload_keeps_it(lab):
    """One state for all views of a comparison."""
    made = shown(lab)
    made.get_by_role("button", name="Slider", exact=True).click()
    made.get_by_role("slider", name="Line between").wait_for()
    lab.cell("comparison")
    lab.page.wait_for_function("() => document.querySelectorAll('.ic-compare [role=slider]').length === 2")
    lab.until("comparison.widget.look['mode'] == 'slider'")


def test_what_comes_later_is_shown(lab):
    """refresh() looks at the sheet again."""
    made = shown(
        lab,
        """
from PIL import Image
from imgcell.comparison.lineup import lineup
sheet = imgcell.Sheet(running=True, expected=2)
one, two = lineup([Image.new('RGB', (64, 64), (200, 0, 0)), Image.new('RGB', (64, 64), (0, 200, 0))]).pictures
sheet._add(one)
comparison = imgcell.compare(sheet)
comparison""",
    )
    until_drawn(lab, "200 0 0")
    made.get_by_text("Not there yet").wait_for()
    lab.run("sheet._add(two)\nsheet._finish()\ncomparison.refresh()")
    until_drawn(lab, "200 0 0", "0 200 0")


def test_it_is_dark_where_the_notebook_is_and_chinese_where_its_reader_is(lab):
    """Without being shown anew."""
    made = shown(lab)
    until_drawn(lab, "200 0 0", "0 200 0", "0 0 200")
    lab.theme(dark=True)
    lab.page.locator('.imgcell[data-scheme="dark"] .ic-compare').wait_for()
    made.get_by_role("button", name="简体中文").click()
    made.get_by_role("button", name="并排").wait_for()
    made.get_by_role("button", name="English").click()


def test_the_selected_pictures_of_a_studio_are_compared(lab, sandbox):
    """Two cards, one click: the comparison lies over the page; Escape gives the Studio back as it was."""
    studio = lab.show("studio = imgcell.Studio(prompt='a cat')\nstudio.draft = imgcell.Generate('a cat', n=3)\nstudio.run()\nstudio")
    studio.wait_for_pictures(3)
    boxes = studio.root.get_by_role("checkbox", name="Select")
    boxes.nth(0).check(force=True)
    assert studio.root.locator('button[aria-label="Compare"]').get_attribute("aria-disabled") == "true"
    boxes.nth(1).check(force=True)
    studio.root.locator('button[aria-label="Compare"]:not([aria-disabled])').click()
    window = lab.page.get_by_role("dialog", name="Comparison")
    window.locator(".ic-pane canvas").nth(1).wait_for()
    lab.page.wait_for_function(
        f"() => {{ const found = ({MIDDLES})(); return found.length === 2 && found.every(one => one !== '0 0 0'); }}"
    )
    window.get_by_role("button", name="Difference", exact=True).click()
    window.locator(".ic-chip-of.ic-right").wait_for()
    lab.page.keyboard.press("Escape")
    window.wait_for(state="detached")
    studio.root.get_by_text("2 selected").wait_for()
