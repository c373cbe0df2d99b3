"""The plan of a sweep: what each combination would send, its price and time, and why some are impossible."""

from __future__ import annotations

import datetime as dt

import pytest
from PIL import Image

import imgcell
from imgcell.errors import InvalidJobError, MissingKeyError
from imgcell.sweeps.timing import spoken


@pytest.fixture
def openai(monkeypatch):
    """A key for a provider that is only planned for."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planned-only-0000000000")


def test_nothing_is_sent_and_nothing_is_kept(client, server, imgcell_home):
    """A plan counts cells and requests, and leaves neither a request nor a file behind."""
    sweep = imgcell.sweep(["a", ("b", "bluer")], images=Image.new("RGB", (64, 64)), provider=client, quality=["low", "high"], n=3)
    plan = sweep.plan()
    assert (plan.pictures, plan.requests, plan.impossible, len(plan.cells)) == (12, 18, 0, 4)
    assert not server.requests
    assert not (imgcell_home / "sweeps").exists()
    assert "Nothing was sent." in str(plan)


def test_it_shows_what_is_really_sent(openai):
    """Of each combination the fields as the provider gets them, adapted and noted as a single job's plan says it."""
    plan = imgcell.sweep("a cat", provider="openai", model="gpt-image-1", quality=["low", "high"], size="1024x1024").plan()
    (low, high) = plan.cells
    single = imgcell.Client("openai").plan(imgcell.Generate("a cat", model="gpt-image-1", quality="low", size="1024x1024"))
    assert low.sends == {name: value for name, value in single.calls[0]["body"] if name != "prompt"}
    assert low.url == single.calls[0]["url"]
    assert low.cost == single.cost
    assert high.sends["quality"] == "high"


def test_prices_add_up_and_unknown_ones_are_counted(openai):
    """The sum is that of the single jobs; what has no price is counted, never taken for nothing."""
    plan = imgcell.sweep(
        "a cat", provider="openai", model=["gpt-image-1", "a-model-of-tomorrow"], quality="low", size="1024x1024", n=2
    ).plan()
    one = imgcell.Client("openai").estimate(imgcell.Generate("a cat", model="gpt-image-1", quality="low", size="1024x1024"))
    assert plan.costs == {"USD": pytest.approx(2 * one.amount)}
    assert plan.unpriced == 2
    assert plan.cells[1].cost is None
    assert "The price of 2 of them is not known." in str(plan)


def test_impossible_combinations_say_why(openai, monkeypatch):
    """A value that the model does not take, a missing key, a chain that the model cannot edit: each in its row, with its reason."""
    monkeypatch.delenv("APIYI_API_KEY", raising=False)
    plan = imgcell.sweep(["x", ("x", "y")], provider=["openai", "apiyi"], model="dall-e-3", size=["1024x1024", "333x444"]).plan()
    problems = {tuple(cell.values.values()): cell.problem for cell in plan.cells}
    assert problems["x", "openai", "1024x1024"] is None
    assert "333x444" in str(problems["x", "openai", "333x444"])
    assert "Step 2" in str(problems["x → y", "openai", "1024x1024"])
    assert isinstance(problems["x", "apiyi", "1024x1024"], MissingKeyError)
    assert (plan.pictures, plan.impossible) == (1, 7)
    assert "Impossible: 7." in str(plan)
    assert str(plan).count("Set it before Jupyter starts") == 1  # advice is given once


def test_the_table_is_safe_and_reads_chinese(client):
    """As HTML every text is escaped; as text the columns hold although Chinese letters are wide."""
    plan = imgcell.sweep(["<script>alert(1)</script>", "一只猫在屋顶上"], provider=client, quality=["low", "high"]).plan()
    page = plan._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "一只猫在屋顶上" in page
    assert "一只猫在屋顶上" in str(plan)
    assert [row["quality"] for row in plan.rows()] == ["low", "high"] * 2


def test_a_large_plan_is_shown_in_part(client):
    """Of hundreds of combinations the first are shown and the others counted; ``cells`` has them all."""
    plan = imgcell.sweep([str(number) for number in range(200)], provider=client).plan()
    assert len(plan.cells) == 200
    assert len(str(plan).splitlines()) < 70
    assert "140" in str(plan)


def test_what_was_sent_is_left_out(client):
    """Of a sweep that has run, only what is missing is planned."""
    sweep = imgcell.sweep(["a", "b [[fault:moderation]]"], provider=client, size="256x256")
    with pytest.warns(UserWarning, match="did not come"):
        sweep.run()
    plan = sweep.plan()
    assert (plan.pictures, plan.there) == (0, 2)
    assert "Not sent again: 2." in str(plan)


def test_the_time_is_that_of_the_slowest(client, imgcell_home):
    """What the library has of the same kind says how long a picture takes; nothing known is said so."""
    sweep = imgcell.sweep([str(number) for number in range(8)], provider=client, size="256x256")
    assert sweep.plan().seconds is None
    assert "not known yet" in str(sweep.plan())
    seconds = sorted(client.generate("a", size="256x256")[0].record.seconds for _ in range(3))
    plan = sweep.plan()
    assert plan.cells[0].seconds == seconds[1]
    assert plan.seconds == pytest.approx(max(8 * seconds[1] / 4, seconds[1]))
    assert not plan.at_least


def test_a_stated_rate_decides_where_it_is_slower(client, monkeypatch):
    """A provider that takes six pictures a minute needs a minute more for every six, however fast each is."""
    from imgcell.transport.pace import Limit

    monkeypatch.setattr("imgcell.sweeps.timing.limit_of", lambda client: Limit(6, 60.0))
    plan = imgcell.sweep([str(number) for number in range(13)], provider=client, size="256x256").plan()
    assert plan.seconds == 120.0
    assert plan.at_least
    assert "at least 2 min" in str(plan)


def test_edit_fields_without_a_picture_are_impossible(client):
    """A mask where there is nothing to edit makes those combinations impossible, and no others."""
    mask = Image.new("L", (64, 64), 255)
    plan = imgcell.sweep("x", provider=client, images={"with": Image.new("RGB", (64, 64)), "without": None}, mask=mask).plan()
    assert [type(cell.problem) for cell in plan.cells] == [type(None), InvalidJobError]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (59, "59 s"), (100, "2 min"), (dt.timedelta(hours=3).total_seconds(), "3.0 h")]
)
def test_durations_as_people_say_them(seconds, words):
    """Seconds, minutes, hours."""
    assert spoken(seconds) == words


@pytest.mark.filterwarnings("ignore:.*did not come")
def test_what_is_there_is_not_impossible(server, monkeypatch):
    """Without its key a sweep that was found again counts as impossible only what it has not got."""
    with imgcell.Client("openai", base_url=server.base_url, api_key="sk-good") as client:
        sweep = imgcell.sweep(["a", ""], provider=client, quality="low", n=2)
        sweep.run(yes=True)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    plan = imgcell.Sweep.load(sweep.id).plan()
    assert (plan.pictures, plan.impossible, plan.there) == (0, 2, 2)
