"""A blind vote in a real JupyterLab: by keys and by mouse, several raters, undo, results on wish, a kernel that restarts."""

from __future__ import annotations

import importlib.resources
import json

import pytest

pytestmark = pytest.mark.browser

MAKE = """
import imgcell
client = imgcell.Client()
made = [client.generate('a lighthouse', quality=quality, size=size)[0]
        for quality, size in (('low', '1024x1024'), ('medium', '1536x1024'), ('high', '1024x1536'))]
"""
SHOW = "vote = imgcell.vote(made, by='quality', question='哪一张更好看？')\nvote"
#: What must not be on the page: what a rater could tell an entry by.
SECRETS = ("low", "medium", "high", "quality", "gpt-image", "sandbox", "p-2")


class Booth:
    """What a page shows of one vote."""

    def __init__(self, lab, at=0):
        self.lab, self.page = lab, lab.page
        self.root = lab.page.locator(".imgcell:has(.ic-vote)").nth(at)
        self.root.wait_for()
        # Only what is on the screen is drawn.
        self.root.scroll_into_view_if_needed()
        self.wait()

    def button(self, name):
        """The button of that name."""
        return self.root.get_by_role("button", name=name, exact=True)

    def wait(self):
        """Wait until there is a pair to vote on, drawn."""
        self.page.wait_for_function(
            """(root) => {
                const panes = [...root.querySelectorAll('.ic-pane > canvas')];
                const drawn = (canvas) => canvas.width > 0
                    && canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3] > 0;
                const off = root.querySelector('.ic-vote-choices .ic-button')?.getAttribute('aria-disabled');
                return panes.length === 2 && off !== 'true' && panes.every(drawn);
            }""",
            arg=self.root.element_handle(),
        )

    def press(self, key, expected):
        """Press a key; wait until the kernel has so many votes, and the page the next pair."""
        self.page.keyboard.press(key)
        self.lab.until(f"len(vote.votes) == {expected}")
        self.wait()

    @property
    def foot(self):
        """What is said of the progress."""
        return self.root.locator(".ic-vote-foot p").inner_text()


@pytest.fixture
def booth(lab):
    """A vote on three pictures, in the page."""
    lab.page.evaluate("() => ['imgcell.rater', 'imgcell.language'].forEach(name => localStorage.removeItem(name))")
    lab.run(MAKE)
    lab.cell(SHOW)
    return Booth(lab)


def choices(lab):
    """The votes so far, as the kernel has them."""
    return [one[0] for one in lab.value("[(ballot.choice, ballot.rater) for ballot in vote.votes]")]


def test_a_vote_by_keys_alone(booth, lab):
    """Arrows and letters, each what it says; a key that is held is one vote; Backspace takes back; the notebook takes none of them."""
    cells = lab.cells()
    booth.root.locator("h2").click()
    for number, key in enumerate(("ArrowLeft", "d", "ArrowDown", "x", "a", "ArrowRight"), 1):
        booth.press(key, number)
    assert choices(lab) == ["left", "right", "tie", "bad", "left", "right"]
    booth.press("Backspace", 5)
    booth.press("z", 4)
    booth.press("s", 5)
    assert choices(lab) == ["left", "right", "tie", "bad", "tie"]
    assert "Round 2" in booth.foot
    assert lab.cells() == cells, "a key did something to the notebook"


def test_a_vote_by_mouse_and_what_is_counted_is_what_was_seen(booth, lab):
    """Each button; what the panes showed is what the vote names, by the pictures' shapes."""
    shapes = {"low": 1.0, "medium": 1.5, "high": 2 / 3}
    for number, (name, choice) in enumerate(
        (("Left", "left"), ("Right", "right"), ("As good as each other", "tie"), ("Both bad", "bad")), 1
    ):
        seen = booth.root.evaluate(
            """(root) => [...root.querySelectorAll('.ic-pane > canvas')].map((canvas) => {
                const {width, height} = canvas;
                const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
                const there = (x, y) => data[(y * width + x) * 4 + 3] > 0;
                let across = 0, down = 0;
                for (let x = 0; x < width; x += 1) across += there(x, height >> 1);
                for (let y = 0; y < height; y += 1) down += there(width >> 1, y);
                return across / down;
            })"""
        )
        booth.button(name).click()
        lab.until(f"len(vote.votes) == {number}")
        booth.wait()
        ballot = lab.value("(vote.votes[-1].left, vote.votes[-1].right, vote.votes[-1].choice)")
        assert [shapes[ballot[0]], shapes[ballot[1]]] == pytest.approx(seen, rel=0.03)
        assert ballot[2] == choice


def test_nothing_on_the_page_names_what_is_compared(booth, lab):
    """No text, attribute, address or message holds an entry, a model, a provider or an id; the pixels have no name either."""
    heard = lab.page.evaluate(
        """() => {
            window.heard = [];
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            kernel.anyMessage.connect((_, {msg}) => {
                if (!msg.header.msg_type.startsWith('comm_')) return;
                window.heard.push(JSON.stringify(msg.content));
                for (const buffer of msg.buffers ?? []) window.heard.push(new TextDecoder('latin1').decode(buffer));
            });
            return true;
        }"""
    )
    assert heard
    booth.root.locator("h2").click()
    for number, key in enumerate(("a", "d", "s"), 1):
        booth.press(key, number)
    html = booth.root.evaluate("(root) => root.outerHTML")
    told = lab.page.evaluate("() => window.heard")
    assert any("picture-reply" in one for one in told)
    for secret in SECRETS:
        assert secret not in html.replace("ic-vote", "")
        assert not [one[:200] for one in told if secret in one]
    booth.button("Results").click()
    booth.button("Show them").click()
    booth.root.get_by_role("rowheader", name="medium").first.wait_for()


def test_results_come_only_on_wish(booth, lab):
    """Asked once more; then a ranking with intervals and a matrix; votes after that are marked as cast by somebody who knew."""
    booth.root.locator("h2").click()
    booth.press("a", 1)
    booth.press("d", 2)
    booth.button("Results").click()
    assert booth.root.get_by_role("table").count() == 0
    booth.button("Not yet").click()
    booth.button("Left").wait_for()
    # The button that had the focus is gone: keys are still those of the vote.
    booth.press("a", 3)
    booth.button("Results").click()
    booth.button("Show them").click()
    table = booth.root.get_by_role("table").first
    table.wait_for()
    assert booth.root.get_by_role("rowheader").count() == 6
    assert booth.root.get_by_role("img").count() == 3
    booth.page.keyboard.press("a")
    booth.button("Back to voting").click()
    booth.wait()
    booth.press("d", 4)
    assert lab.value("[ballot.seen for ballot in vote.votes]") == [False] * 3 + [True]
    assert "You have seen the results" in booth.foot


def test_two_raters_each_with_a_name_of_their_own(booth, lab):
    """The name changes who is asked; a Chinese name is kept; each has an own count, and both are in the agreement."""
    name = booth.root.get_by_role("textbox", name="Your name")
    name.fill("Ann")
    name.press("Enter")
    booth.wait()
    booth.root.locator("h2").click()
    for number, key in enumerate("ads", 1):
        booth.press(key, number)
    name.fill("王芳")
    name.press("Enter")
    lab.page.wait_for_function("(foot) => foot.textContent.includes('1 of 3')", arg=booth.root.locator(".ic-vote-foot p").element_handle())
    booth.wait()
    booth.root.locator("h2").click()
    for number, key in enumerate("dd", 4):
        booth.press(key, number)
    assert lab.value("vote.votes.raters") == ["Ann", "王芳"]
    assert "5 votes, 2 raters" in booth.foot
    booth.press("Backspace", 4)
    assert lab.value("[ballot.rater for ballot in vote.votes]") == ["Ann", "Ann", "Ann", "王芳"]
    # Letters in the name are no votes.
    name.click()
    booth.page.keyboard.type("add")
    assert lab.value("len(vote.votes)") == 4


def test_a_restarted_kernel_goes_on_with_all_votes(booth, lab, tmp_path):
    """After a restart the pictures come from the library, the votes from its folder, and the pair is the one that was asked."""
    booth.root.locator("h2").click()
    for number, key in enumerate(("a", "s", "x", "d"), 1):
        booth.press(key, number)
    before = lab.value("[(b.left, b.right, b.choice, b.left_picture) for b in vote.votes]")
    pair = lab.value("[one.entry for one in (vote.study.pair().left, vote.study.pair().right)]")
    lab.restart()
    lab.run(f"import os\nos.environ['IMGCELL_HOME'] = {str(tmp_path / 'home')!r}")
    lab.cell("import imgcell\nmade = sorted(imgcell.history(), key=lambda picture: picture.record.created)\n" + SHOW)
    booth = Booth(lab, -1)
    assert lab.value("[(b.left, b.right, b.choice, b.left_picture) for b in vote.votes]") == before
    assert lab.value("[one.entry for one in (vote.study.pair().left, vote.study.pair().right)]") == pair
    assert "4 votes" in booth.foot
    booth.root.locator("h2").click()
    booth.press("a", 5)
    booth.press("Backspace", 4)
    booth.press("Backspace", 3)
    files = [json.loads(line) for path in (tmp_path / "home" / "votes").rglob("*.jsonl") for line in path.read_text().splitlines()]
    assert len([line for line in files if "vote" in line]) == 5
    assert len([line for line in files if "undo" in line]) == 2


def test_both_panes_zoom_together(booth, lab):
    """A wheel over one zooms both around the same point; the next pair begins fitted."""
    pane = booth.root.get_by_role("group", name="Left picture")
    shot = "(root) => [...root.querySelectorAll('.ic-pane > canvas')].map((canvas) => canvas.toDataURL().length)"
    fitted = booth.root.evaluate(shot)
    pane.click()
    pane.press("+")
    pane.press("+")
    lab.page.wait_for_function(
        """([root, before]) => {
            const now = [...root.querySelectorAll('.ic-pane > canvas')].map((canvas) => canvas.toDataURL().length);
            return now.every((one, at) => one !== before[at]);
        }""",
        arg=[booth.root.element_handle(), fitted],
    )
    # Zoomed in, arrows pan and letters vote.
    pane.press("ArrowLeft")
    assert lab.value("len(vote.votes)") == 0
    booth.press("a", 1)


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious_in_a_vote(booth, lab, dark):
    """Names, roles and contrast of the vote and of its results, in both themes, wide and narrow, English and Chinese."""
    pytest.importorskip("axe_playwright_python")
    axe = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    lab.theme(dark=dark)
    booth.root.locator("h2").click()
    booth.press("a", 1)
    booth.press("d", 2)

    def serious():
        lab.page.evaluate("(axe) => { if (!window.axe) window.eval(axe); }", axe)
        return lab.page.evaluate(
            """() => window.axe.run({include: [['.imgcell']]}, {resultTypes: ['violations']}).then(({violations}) => violations
                .filter(one => one.impact === 'serious' || one.impact === 'critical')
                .map(one => [one.id, one.nodes.map(node => node.html)]))"""
        )

    assert not serious()
    booth.button("简体中文").click()
    lab.page.set_viewport_size({"width": 700, "height": 900})
    assert not serious()
    booth.button("结果").click()
    booth.button("查看").click()
    booth.root.get_by_role("table").first.wait_for()
    assert not serious()
    booth.button("English").click()
    lab.page.evaluate("() => localStorage.removeItem('imgcell.language')")
