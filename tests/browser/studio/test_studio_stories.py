"""What a person does with a Studio, in a real JupyterLab: every click and key as theirs, every result looked at in Python."""

from __future__ import annotations

import pytest

from imgcell.sandbox import Habit

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


def test_two_pictures_are_edited_together(lab, sandbox):
    """Two results are taken as references from their menus; the request carries both, in that order, and the chain is kept."""
    studio = lab.show("studio = imgcell.Studio(prompt='a cat')\nstudio.draft = imgcell.Generate('a cat', n=2)\nstudio")
    studio.button("Run").click()
    studio.wait_for_pictures(2)
    for number in range(2):
        studio.cards("done").nth(number).get_by_role("button", name="Actions").click()
        studio.page.get_by_role("menuitem", name="Use as reference").click()
        lab.until(f"len(studio.references) == {number + 1}")
    studio.prompt.fill("both cats on one sofa")
    studio.button("One picture fewer").click()
    studio.button("Run").click()
    studio.wait_for_pictures(3)
    edit = sandbox.posts[-1]
    assert len(edit.files) == 2
    assert lab.value("studio.last.record.parents") == lab.value("[picture.record.id for picture in studio.sheet][:2]")
    studio.cards("done").first.get_by_role("button", name="Done:").click()
    chain = studio.page.get_by_role("dialog").get_by_role("listitem")
    chain.first.wait_for()
    studio.page.keyboard.press("Escape")


def test_a_sweep_over_sizes_and_qualities(lab, sandbox):
    """Two sizes and two qualities, ticked in the form, are four requests and four cards, each with what it was asked."""
    studio = lab.show("studio = imgcell.Studio(prompt='a cat')\nstudio")
    studio.choose("Size", "1024x1024", "1536x1024")
    studio.choose("Quality", "low", "high")
    studio.root.get_by_text("4 pictures", exact=True).wait_for()
    studio.button("Run").click()
    studio.wait_for_pictures(4)
    asked = sorted((request.json["size"], request.json["quality"]) for request in sandbox.posts)
    assert asked == [("1024x1024", "high"), ("1024x1024", "low"), ("1536x1024", "high"), ("1536x1024", "low")]
    assert lab.value("sorted(list(picture.size) for picture in studio.sheet)") == [[1024, 1024]] * 2 + [[1536, 1024]] * 2


def test_a_picture_sharpens_in_its_place(lab, sandbox, hold):
    """Partial pictures of a stream are shown in the card while it is under way, and the final one takes their place."""
    studio = lab.show(
        "studio = imgcell.Studio(prompt='a lighthouse')\nstudio.draft = imgcell.Generate('a lighthouse', partial_images=2)\nstudio"
    )
    studio.button("Run").click()
    hold.go()
    studio.cards("partial").locator("img").wait_for()
    assert lab.value("len(studio.sheet)") == 0
    hold.go(2)
    studio.wait_for_pictures(1)


def test_the_page_is_loaded_again_in_the_middle_of_a_job(lab, sandbox, hold):
    """After a reload the card is still under way with its clock, and is finished in the new page; nothing is sent twice."""
    studio = lab.show("studio = imgcell.Studio(prompt='a slow cat')\nstudio")
    studio.button("Run").click()
    sandbox.wait_for(1)
    studio.cards("working").wait_for()
    lab.reload()
    studio = lab.studio()
    studio.cards("working").wait_for()
    assert studio.button("Cancel").is_visible()
    assert studio.prompt.input_value() == "a slow cat"
    hold.go()
    studio.wait_for_pictures(1)
    assert len(sandbox.posts) == 1
    assert lab.value("len(studio.sheet)") == 1


def test_two_views_of_one_studio_agree(lab, sandbox, tall_window):
    """What is typed in one view stands in the other; a picture comes in both; a star and a selection show in both."""
    # JupyterLab takes what is far outside of the window off the page.
    tall_window()
    one = lab.show("studio = imgcell.Studio()\nstudio")
    two = lab.show("studio")
    one.prompt.fill("a cat in two places")
    lab.page.wait_for_function("(box) => box.value === 'a cat in two places'", arg=two.prompt.element_handle())
    two.button("Run").click()
    one.wait_for_pictures(1)
    two.wait_for_pictures(1)
    one.button("Star").click()
    two.button("Remove the star").wait_for()
    two.root.get_by_role("checkbox", name="Select").click()
    lab.page.wait_for_function("(box) => box.checked", arg=two.root.get_by_role("checkbox", name="Select").element_handle())
    one.root.get_by_text("1 selected").wait_for()
    lab.until("len(studio.selected) == 1 and studio.last.rating == 5")
    assert len(sandbox.posts) == 1


def test_python_and_the_page_write_one_form(lab, sandbox):
    """`studio.draft` fills the form, the form is read back as a job, and `studio.run()` shows its picture in the page."""
    studio = lab.show("studio = imgcell.Studio()\nstudio")
    lab.run("studio.draft = imgcell.Generate('from Python', size='1536x1024')")
    lab.page.wait_for_function("(box) => box.value === 'from Python'", arg=studio.prompt.element_handle())
    studio.prompt.fill("from the page")
    lab.until("studio.draft.prompt == 'from the page' and studio.draft.size == '1536x1024'")
    lab.cell("made = studio.run()")
    studio.wait_for_pictures(1)
    assert lab.value("list(made[0].size)") == [1536, 1024]


def test_a_failure_says_why_and_is_tried_again_in_its_place(lab, sandbox):
    """A refused request is a card that says so with a hint; Retry makes the picture in the same place."""
    sandbox.play("moderation")
    studio = lab.show("studio = imgcell.Studio(prompt='a cat')\nstudio")
    studio.button("Run").click()
    studio.cards("failed").wait_for()
    assert studio.cards("failed").locator(".ic-why p").first.inner_text().strip()
    studio.button("Retry").click()
    studio.wait_for_pictures(1)
    assert studio.cards().count() == 1
    assert len(sandbox.posts) == 2


def test_what_came_otherwise_is_marked(lab, sandbox):
    """A model with a size of its own that rewrites prompts: the card is marked, the viewer sets asked and got beside each other."""
    sandbox.habits = {"dall-e-3": Habit(size="768x512")}
    try:
        studio = lab.show(
            "studio = imgcell.Studio()\nstudio.draft = imgcell.Generate('a red kite', model='dall-e-3', size='1024x1024')\nstudio"
        )
        studio.button("Run").click()
        studio.wait_for_pictures(1)
    finally:
        sandbox.habits = {}
    assert studio.cards("done").locator(".ic-broken").inner_text() == "≠ Size, Ratio"
    studio.cards("done").get_by_role("button", name="Done:").click()
    viewer = studio.page.get_by_role("dialog")
    assert viewer.locator("dd .ic-broken").all_inner_texts() == ["≠ 1024×1024 → 768×512", "≠ 1:1 → 3:2"]
    assert "a red kite" in viewer.locator(".ic-text", has=viewer.page.locator("ins")).inner_text()
    studio.page.keyboard.press("Escape")
    assert lab.value("studio.last.record.effective['ratio']") == "3:2"


def test_a_deleted_picture_is_undone(lab, sandbox):
    """Delete takes a picture from the page and from `studio.sheet`; Undo brings it back to both."""
    studio = lab.show("studio = imgcell.Studio(prompt='a cat')\nstudio")
    studio.button("Run").click()
    studio.wait_for_pictures(1)
    studio.button("Actions").click()
    studio.page.get_by_role("menuitem", name="Delete").click()
    studio.button("Undo").wait_for()
    lab.until("len(studio.sheet) == 0")
    assert studio.cards().count() == 0
    studio.button("Undo").click()
    studio.wait_for_pictures(1)
    lab.until("len(studio.sheet) == 1")


def test_a_kernel_that_restarts(lab, sandbox):
    """After a restart the page says that the kernel is gone; the cell run again works, with the earlier picture in its history."""
    studio = lab.show("studio = imgcell.Studio(prompt='before')\nstudio")
    studio.button("Run").click()
    studio.wait_for_pictures(1)
    home = lab.value("os.environ['IMGCELL_HOME']")
    lab.restart()
    studio.root.get_by_role("alert").wait_for()
    lab.clear(home)
    studio = lab.show("studio = imgcell.Studio(prompt='after')\nstudio")
    studio.root.get_by_role("heading", name="Earlier").wait_for()
    studio.wait_for_pictures(1)
    studio.button("Run").click()
    studio.wait_for_pictures(2)
    assert lab.value("[picture.record.prompt for picture in studio.sheet]") == ["after"]
