"""A sweep runs: every combination, side by side, each failure by itself."""

from __future__ import annotations

import asyncio
import collections
import pickle

import pytest
from PIL import Image

import imgcell
from imgcell.errors import (
    AuthenticationError,
    BudgetExceededError,
    InvalidJobError,
    ModerationError,
    NotSentError,
    OutcomeUnknownError,
)
from imgcell.sweeps import Task, perform

# What did not come is told as a warning, which is not what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*did not come")


def test_a_sweep_is_a_sheet_with_axes(client, server, sent):
    """Every combination runs n times; each picture stands at its values and says which sweep and place it is of."""
    sweep = imgcell.sweep(["a cat", "一只猫"], provider=client, quality=["low", "high"], n=2, size="256x256")
    sheet = sweep.run()
    assert dict(sheet.axes) == {"prompt": ("a cat", "一只猫"), "quality": ("low", "high")}
    assert len(sheet) == 8
    assert sheet.done
    assert not sheet.errors
    for cell in sheet.cells:
        record = cell.picture.record
        assert record.prompt == cell.values["prompt"]
        assert record.requested["quality"] == cell.values["quality"]
        assert (record.sweep, record.place, record.step) == (sweep.id, cell.position, 0)
        assert cell.repeat == cell.position % 2
    assert [request.json.get("n", 1) for request in server.requests] == [1] * 8
    assert sent() == [(place, 0, "done") for place in range(8)]


def test_a_part_of_it_can_be_chosen(client):
    """``sel`` takes values off an axis; ``grid`` says which axes go down and across."""
    sheet = imgcell.sweep(["a", "b"], provider=client, quality=["low", "high"], size=["256x256", "512x512"]).run()
    low = sheet.sel(quality="low", prompt=["b"])
    assert dict(low.axes) == {"prompt": ("b",), "size": ("256x256", "512x512")}
    assert [(p.record.prompt, p.record.requested["quality"], p.width) for p in low] == [("b", "low", 256), ("b", "low", 512)]
    grid = sheet.grid(rows="size", columns=["prompt", "quality"])
    assert list(grid.axes) == ["size", "prompt", "quality"]
    assert [p.width for p in grid] == [256] * 4 + [512] * 4
    with pytest.raises(InvalidJobError, match="no axis"):
        sheet.sel(model="m")
    with pytest.raises(InvalidJobError, match="'low'"):
        sheet.sel(quality="lo")


def test_one_failure_is_not_the_others(client):
    """A refusal and an answer that never came stand in their places; all others have their pictures."""
    prompts = ["a", "b [[fault:moderation]]", "c [[fault:close]]", "d"]
    with pytest.warns(UserWarning, match="2 of 4 pictures did not come"):
        sheet = imgcell.sweep(prompts, provider=client, size="256x256").run()
    assert [cell.outcome for cell in sheet.cells] == ["picture", "refused", "unknown", "picture"]
    assert [type(error) for error in sheet.errors] == [ModerationError, OutcomeUnknownError]
    assert len(sheet.sel(prompt=prompts[1:]).errors) == 2


def test_impossible_combinations_are_errors_in_their_places(client, server):
    """What cannot be sent is not sent, and says why; everything else runs."""
    sheet = imgcell.sweep("x", provider=client, quality=["low", "high"], background=["transparent", "opaque"], output_format="jpeg").run()
    assert [cell.outcome for cell in sheet.cells] == ["not sent", "picture", "not sent", "picture"]
    assert all(isinstance(error, InvalidJobError) for error in sheet.errors)
    assert len(server.requests) == 2


def test_a_sweep_of_nothing_but_impossible_cells_is_an_error(client, server):
    """Where not one cell can be sent, run() says so instead of returning a sheet of errors."""
    with pytest.raises(InvalidJobError, match="prompt is empty"):
        imgcell.sweep(provider=client, quality=["low", "high"]).run()
    assert not server.requests


def test_a_chain_edits_the_picture_of_the_step_before(client, server, sent):
    """A tuple of prompts makes a picture and edits it; the cell shows the last one, and its parents are the others."""
    sheet = imgcell.sweep([("a house", "make it night", "add snow"), "a cat"], provider=client, size="256x256", n=2).run()
    last = sheet.sel(prompt="a house → make it night → add snow")[1]
    night = last.parents[0]
    assert [night.parents[0].record.prompt, night.record.prompt, last.record.prompt] == ["a house", "make it night", "add snow"]
    assert last.record.step == 2
    assert sorted(request.path.rsplit("/", 1)[1] for request in server.requests) == ["edits"] * 4 + ["generations"] * 4
    assert sent() == sorted([(place, step, "done") for place in (0, 1) for step in range(3)] + [(place, 0, "done") for place in (2, 3)])


def test_a_step_that_fails_ends_its_chain(client, server):
    """The error says which step it was; nothing is sent after it."""
    sheet = imgcell.sweep([("a house", "x [[fault:moderation]]", "add snow")], provider=client, size="256x256").run()
    assert isinstance(sheet.errors[0], ModerationError)
    assert sheet.errors[0].message.startswith("Step 2: ")
    assert imgcell.Sweep.load().sheet.errors[0].message == sheet.errors[0].message
    assert len(server.requests) == 2


def test_inputs_of_every_kind_are_swept(client, server, tmp_path):
    """Pictures in memory and in files, several a job, and none: each combination gets its own, kept in the library."""
    red, path = Image.new("RGB", (64, 64), "red"), tmp_path / "blue.png"
    Image.new("RGB", (64, 64), "blue").save(path)
    sheet = imgcell.sweep("x", provider=client, images={"one": red, "two": [red, path], "none": None}, size="256x256").run()
    assert [len(picture.record.inputs) for picture in sheet] == [1, 2, 0]
    assert [picture.record.kind for picture in sheet] == ["edit", "edit", "generate"]
    assert all(imgcell.library().blob(name[7:]) is not None for picture in sheet for name in picture.record.inputs)


def test_a_refused_key_stops_the_rest_of_its_provider(server):
    """After one refusal of the key nothing more is sent to that provider with it; another provider goes on."""
    server.play("401", times=1)
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), max_in_flight=1) as one:
        sheet = imgcell.sweep([str(number) for number in range(12)], provider=one, size="256x256").run()
    assert len(server.requests) == 1
    assert sum(isinstance(error, AuthenticationError) for error in sheet.errors) == 1
    assert sum(isinstance(error, NotSentError) for error in sheet.errors) == 11


def test_a_budget_holds_for_all_cells_together(client, monkeypatch):
    """A budget for cells lets as many through as fit; the others say that they were not sent."""
    monkeypatch.setattr(imgcell.options, "assumed_price", 1.0)
    monkeypatch.setattr("imgcell.costs.estimates.estimate", lambda job, model, inputs=None: imgcell.costs.estimates.assumed(job.n))
    imgcell.budget(cell=3)
    sheet = imgcell.sweep([str(number) for number in range(5)], provider=client, size="256x256").run(yes=True)
    assert collections.Counter(type(error) for error in sheet.errors) == {BudgetExceededError: 2}


def test_nobody_there_to_ask_is_a_no(client, monkeypatch, server):
    """What costs more than the user's threshold is not sent where nobody can be asked; yes=True says it beforehand."""
    monkeypatch.setattr(imgcell.options, "ask_over_cost", 0.5)
    monkeypatch.setattr("imgcell.sweeps.asking.bill", lambda cells, tasks: ({"USD": 0.6}, 0))
    monkeypatch.setattr("sys.stdin", None)
    sweep = imgcell.sweep("x", provider=client, size="256x256")
    with pytest.raises(InvalidJobError, match="nobody can be asked"):
        sweep.run()
    assert not server.requests
    assert len(sweep.run(yes=True)) == 1


def test_awaited_it_is_the_same(client):
    """``await sweep.arun()`` returns the same sheet."""
    sheet = asyncio.run(imgcell.sweep(["a", "b"], provider=client, size="256x256").arun())
    assert [picture.record.prompt for picture in sheet] == ["a", "b"]


def test_a_sweep_that_is_cancelled_sends_nothing_more(server):
    """Cancelling ``arun`` stops what has not been sent; what was sent is received, and the rest says that it was not."""
    server.latency = 0.3
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), max_in_flight=2) as client:
        sweep = imgcell.sweep([str(number) for number in range(10)], provider=client, size="256x256")

        async def cancelled():
            task = asyncio.create_task(sweep.arun())
            while not server.requests:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(cancelled())
        assert sweep.sheet.wait(30)
    counted = collections.Counter(cell.outcome for cell in sweep.sheet.cells)
    assert counted["picture"] == len(server.requests) <= 4
    assert counted["not sent"] == 10 - len(server.requests)


def test_later_fills_the_sheet(client):
    """``start`` returns at once; the sheet fills, and asking again while it runs gives the same sheet."""
    sweep = imgcell.sweep(["a", "b", "c"], provider=client, size="256x256")
    sheet = sweep.start()
    assert sweep.start() is sheet or sheet.done
    assert sheet.wait(30)
    assert len(sheet) == 3


def test_without_a_library_it_runs_and_resumes_in_memory(server):
    """``library=False`` keeps nothing: it runs, and runs again in the same kernel for what is missing only."""
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), library=False) as client:
        server.play("401", times=1)
        sweep = imgcell.sweep(["a", "b", "c [[fault:moderation]]"], images=Image.new("RGB", (64, 64)), provider=client, size="256x256")
        first = sweep.run()
        before = len(server.requests)
        again = sweep.run()
        assert [cell.outcome for cell in again.cells] == ["picture", "picture", "refused"]
        assert len(server.requests) - before == 3 - len(first) - any(cell.outcome == "refused" for cell in first.cells)
    assert sweep.home is None


def test_a_task_travels(client, server, imgcell_home):
    """A task is pickled without a key and performed elsewhere by whoever finds a key there; what comes back can be pickled."""
    task = Task("sweep-20261121-000000-00000000", 3, "sandbox", server.url("sandbox"), imgcell.Generate("cat", size="256x256"), ("bluer",))
    assert pickle.loads(pickle.dumps(task)) == task
    outcome = perform(task, imgcell_home)
    assert outcome.state == "picture"
    assert (outcome.picture.record.place, outcome.picture.record.step) == (3, 1)
    assert pickle.loads(pickle.dumps(outcome)).picture.data == outcome.picture.data


def test_performing_never_raises_for_a_cell(server, imgcell_home):
    """What is wrong with one cell is its outcome, whatever it is."""
    task = Task("sweep-20261121-000000-00000000", 0, "sandbox", server.url("sandbox"), imgcell.Generate("x [[fault:moderation]]"))
    assert perform(task, imgcell_home).state == "refused"
    assert perform(Task("s", 0, "nobody", None, imgcell.Generate("x")), imgcell_home).state == "not sent"


def test_a_refused_key_stops_only_who_has_it(server):
    """Two keys of one provider at one address: what is refused to the one is sent all the same with the other."""
    with (
        imgcell.Client("openai", base_url=server.base_url, api_key="sk-wrong", max_in_flight=1) as bad,
        imgcell.Client("openai", base_url=server.base_url, api_key="sk-good", max_in_flight=1) as good,
    ):
        sheet = imgcell.sweep([str(number) for number in range(6)], provider={"bad": bad, "good": good}, quality="low").run(yes=True)
    assert [cell.outcome for cell in sheet.sel(provider="good").cells] == ["picture"] * 6
    assert {type(error) for error in sheet.sel(provider="bad").errors} == {AuthenticationError, NotSentError}
