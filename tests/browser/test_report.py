"""A report in a real browser: everything is in the one file, nothing runs, it fits wide and narrow, and it prints."""

from __future__ import annotations

import re

import pytest

import imgcell
from imgcell.sandbox import Habit

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> a fox"

#: Fits, is dark or light as it was asked to be, and every picture is there.
LOOK = """async () => {
    await Promise.all([...document.images].map(image => image.decode()));
    return {
        over: document.documentElement.scrollWidth - innerWidth,
        ground: getComputedStyle(document.body).backgroundColor,
        pictures: [...document.images].filter(image => image.naturalWidth > 0).length,
        narrowest: Math.min(...[...document.images].map(image => image.getBoundingClientRect().width)),
    };
}"""


@pytest.fixture
def page_of_a_study(server, tmp_path):
    """A report of two models and two prompts, of which one would do harm; one picture was refused."""
    server.habits["quick"] = Habit(size="512x256")
    client = imgcell.Client(base_url=server.url("sandbox"), provider="sandbox", api_key="sk-any")
    server.play("moderation")
    sweep = imgcell.sweep([HOSTILE, "黄昏海边的老灯塔"], provider=client, model=["careful", "quick"], size="256x256", n=2)
    with pytest.warns(UserWarning, match="did not come"):
        sheet = sweep.run(yes=True)
    votes = imgcell.Votes([{"left": "careful", "right": "quick", "choice": "left", "rater": "李雷"}] * 5)
    return imgcell.report(sheet, votes=votes, question="哪个更好？ " + HOSTILE).export(tmp_path / "报告.html")


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (400, "dark")])
def test_a_report_is_whole_harmless_and_fits(browser, page_of_a_study, pictures, width, scheme):
    """Seven pictures, no message in the console, no request but the page itself, no dialog, nothing beyond the edge."""
    tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    heard, asked = [], []
    tab.on("console", lambda message: heard.append(message.text))
    tab.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    tab.on("pageerror", lambda error: heard.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(page_of_a_study.as_uri())
    seen = tab.evaluate(LOOK)
    tab.screenshot(path=pictures / f"report-{scheme}-{width}.png", full_page=True)
    assert heard == []
    assert [url for url in asked if not url.startswith("data:")] == [page_of_a_study.as_uri()]
    assert seen["pictures"] == 7
    assert seen["over"] <= 0
    assert seen["narrowest"] > 120
    assert (sum(map(int, re.findall(r"\d+", seen["ground"])[:3])) < 150) == (scheme == "dark")
    assert HOSTILE in tab.inner_text("main")


def test_a_report_prints_on_light_pages(browser, page_of_a_study):
    """On paper it is light even where the screen is dark, and no figure is cut in two."""
    tab = browser.new_page(color_scheme="dark")
    tab.goto(page_of_a_study.as_uri())
    assert tab.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    tab.emulate_media(media="print", color_scheme="dark")
    ground, avoid = tab.evaluate(
        "[getComputedStyle(document.body).backgroundColor, [...document.querySelectorAll('figure, tr, .question')]"
        ".every(one => getComputedStyle(one).breakInside === 'avoid')]"
    )
    assert ground == "rgb(255, 255, 255)"
    assert avoid
