"""A sweep that was interrupted goes on from what the ledger says: nothing is lost, and nothing is paid for twice."""

from __future__ import annotations

import collections
import json
import signal
import subprocess
import sys
import threading
import time

import pytest
from PIL import Image

import imgcell
from imgcell.errors import InvalidJobError, ModerationError, NotSentError, OutcomeUnknownError, StorageError
from imgcell.ledger.reading import read_ledger

pytestmark = pytest.mark.filterwarnings("ignore:.*did not come", "ignore:More pictures came")

CHILD = """
import sys, warnings, PIL.Image, imgcell
warnings.simplefilter("ignore")
client = imgcell.Client("sandbox", base_url=sys.argv[1])
prompts = [f"cat {number}" for number in range(10)]
sweep = imgcell.sweep([*prompts, ("a house", "at night")], provider=client, quality=["low", "high"], n=2, size="256x256",
                      images=PIL.Image.new("RGB", (64, 64), "red"), order="random", seed=7)
print(sweep.id, flush=True)
sweep.run()
"""


def attempts(home):
    """Places and steps -> states of each of their requests that may have been charged or were, from the ledger's own lines."""
    states: dict[str, list[str]] = collections.defaultdict(list)
    cells = {}
    for line in read_ledger(home):
        states[line["attempt"]].append(line["state"])
        if line["state"] == "sending":
            cells[line["attempt"]] = (line["place"], line["step"])
    free = {"not-sent", "turned-away", "refused"}
    found = collections.defaultdict(list)
    for attempt, cell in cells.items():
        if not free & set(states[attempt]):
            found[cell].append(states[attempt][-1])
    return found


def until(condition, seconds=60):
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_every_cell_of_200_is_accounted_for_exactly_once(imgcell_home):
    """With one request in ten failing in some way, every cell ends with its picture or its reason, and no request is lost or doubled."""
    with imgcell.sandbox.serve(faults=0.1, seed=11) as server:
        client = imgcell.Client("sandbox", base_url=server.url("sandbox"), timeout=5, max_in_flight=8)
        prompts = [f"cat {number}" for number in range(10)]
        sweep = imgcell.sweep(prompts, provider=client, quality=["low", "high"], size=["256x256", "512x512"], n=5)
        sheet = sweep.run()
        while client.paused:  # three in a row without an answer: the user looks, and goes on
            client.resume()
            sheet = sweep.resume()
        counted = collections.Counter(cell.outcome for cell in sheet.cells)
        assert sum(counted.values()) == len(sheet.cells) == 200
        assert counted["waiting"] == counted["not sent"] == 0
        assert counted["picture"] == len(sheet) > 150
        assert 0 < len(sheet.errors) == 200 - len(sheet)
        # Each picture is of the cell in whose place it stands, and stands there only.
        assert [cell.picture.record.place for cell in sheet.cells if cell.picture is not None] == [
            cell.position for cell in sheet.cells if cell.picture is not None
        ]
        assert len({picture.record.id for picture in sheet}) == len(sheet)
        # By the ledger: at most one request a cell that was or may have been charged, and one for every picture.
        paid = attempts(imgcell_home)
        assert all(len(states) == 1 for states in paid.values())
        assert {place for (place, _), states in paid.items() if states == ["done"]} == {
            cell.position for cell in sheet.cells if cell.picture is not None
        }
        # By the server: it was asked as often as the ledger says, and no more.
        assert len(server.requests) == len({line["attempt"] for line in read_ledger(imgcell_home) if line["state"] == "sending"})
        # Asked again, the same errors stand there, and nothing is sent.
        before = len(server.requests)
        again = imgcell.Sweep.load(clients={"sandbox": client}).resume()
        assert len(server.requests) == before
        assert [cell.outcome for cell in again.cells] == [cell.outcome for cell in sheet.cells]
        assert [type(error) for error in again.errors] == [type(error) for error in sheet.errors]
        client.close()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_kernel_pays_for_no_cell_twice(server, imgcell_home):
    """After SIGKILL in the middle, another process finds the sweep, its inputs and what was sent, and sends the rest only."""
    server.latency = 0.15
    child = subprocess.Popen([sys.executable, "-c", CHILD, server.url("sandbox")], stdout=subprocess.PIPE, text=True)
    try:
        name = child.stdout.readline().strip()
        until(lambda: len(server.requests) >= 13)
        child.send_signal(signal.SIGKILL)
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    server.latency = 0.0
    sweep = imgcell.Sweep.load(name[:20])
    assert (sweep.id, len(sweep), dict(sweep.axes)["quality"]) == (name, 44, ("low", "high"))
    came = len(sweep.sheet)
    assert 0 < came < 44
    plan = sweep.plan()
    assert plan.pictures == 44 - came - sum(isinstance(error, OutcomeUnknownError) for error in sweep.sheet.errors)
    sheet = sweep.resume()
    lost = [cell for cell in sheet.cells if cell.outcome == "unknown"]
    assert 0 < len(lost) <= 6  # what was in flight
    assert len(sheet) == 44 - len(lost)
    assert all(len(states) == 1 for states in attempts(imgcell_home).values())
    assert all(picture.record.inputs for picture in sheet)
    # What may have been charged is sent again only when that is said.
    before = len(server.requests)
    assert len(sweep.resume()) == 44 - len(lost)
    assert len(server.requests) == before
    assert len(sweep.resume(unknown=True)) == 44
    doubled = {place for (place, _), states in attempts(imgcell_home).items() if len(states) > 1}
    assert doubled == {cell.position for cell in lost}


def test_an_interrupt_lands_at_once_and_what_was_sent_still_comes(server, monkeypatch, capsys):
    """Ctrl-C ends run() although requests are out; they are received, and resume() sends the others."""
    server.latency = 0.4
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), max_in_flight=3) as client:
        sweep = imgcell.sweep([str(number) for number in range(12)], provider=client, size="256x256")

        def interrupt():
            until(lambda: len(server.requests) >= 2)
            signal.raise_signal(signal.SIGINT)

        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt) as stopped:
            sweep.run()
        assert len(stopped.traceback) == 2  # here and run(): not where it waited
        assert not sweep.sheet.done  # it did not wait for what was out
        assert "Requests already sent" in capsys.readouterr().err
        server.latency = 0.0
        first = sweep.sheet
        assert first.wait(30)
        asked = len(server.requests)
        assert len(first) == asked
        assert all(isinstance(error, NotSentError) for error in first.errors)
        assert len(sweep.resume()) == 12
        assert len(server.requests) == 12


def test_resuming_at_once_waits_for_what_is_out(server, imgcell_home):
    """resume() right after stop() does not send again what is still being received."""
    server.latency = 0.3
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), max_in_flight=3) as client:
        sweep = imgcell.sweep([str(number) for number in range(9)], provider=client, size="256x256")
        sweep.start()
        until(lambda: len(server.requests) >= 3)
        sweep.stop()
        sheet = sweep.resume()
    assert len(sheet) == 9
    assert len(server.requests) == 9
    assert all(states == ["done"] for states in attempts(imgcell_home).values())


def test_a_chain_goes_on_with_the_step_that_is_missing(client, server):
    """A chain that broke off in the middle edits the picture that is there; its first step is not paid for again."""
    server.latency = 0.3
    sweep = imgcell.sweep([("a house", "make it night", "snow")], provider=client, size="256x256")
    sheet = sweep.start()
    until(lambda: len(server.requests) == 1)
    sweep.stop()
    assert sheet.wait(30)
    assert sheet.errors[0].message.startswith("Step 2: Stopped")
    again = imgcell.Sweep.load(sweep.id, clients={"sandbox": client})
    assert again.plan().requests == 2
    assert len(again.resume()) == 1
    assert [request.path.rsplit("/", 1)[1] for request in server.requests] == ["generations", "edits", "edits"]


def test_a_chain_in_memory_goes_on_too(server):
    """Without a library, what was made of a chain is in memory, and not paid for again."""
    server.latency = 0.3
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), library=False) as client:
        sweep = imgcell.sweep([("a house", "make it night")], provider=client, size="256x256")
        sheet = sweep.start()
        until(lambda: len(server.requests) == 1)
        sweep.stop()
        assert sheet.wait(30)
        assert len(sweep.resume()) == 1
    assert [request.path.rsplit("/", 1)[1] for request in server.requests] == ["generations", "edits"]


def test_a_key_that_is_set_meanwhile_is_found(monkeypatch, server):
    """What was impossible for want of a key is sent when it is there."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url("openai"))
    sweep = imgcell.sweep("x", provider=["openai", "sandbox"], model=["gpt-image-1"], quality="low", size="1024x1024")
    assert sweep.plan().impossible == 1
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-of-these-tests")
    assert sweep.plan().impossible == 0


def test_after_three_without_an_answer_it_goes_on_when_that_is_said(server):
    """A provider that is paused is asked about, and yes=True says it beforehand."""
    server.play("close", times=3)
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), max_in_flight=1) as client:
        sweep = imgcell.sweep([str(number) for number in range(6)], provider=client, size="256x256")
        first = sweep.run()
        assert collections.Counter(cell.outcome for cell in first.cells) == {"unknown": 3, "not sent": 3}
        with pytest.raises(InvalidJobError, match="ended without an answer"):
            sweep.resume()
        again = sweep.resume(yes=True)
    assert collections.Counter(cell.outcome for cell in again.cells) == {"unknown": 3, "picture": 3}


def test_refusals_are_answers(client, server):
    """A refusal on grounds of content is not sent again, in another kernel either, unless that is said."""
    sweep = imgcell.sweep(["a", "b [[fault:moderation]]"], provider=client, size="256x256")
    sweep.run()
    again = imgcell.Sweep.load(sweep.id, clients={"sandbox": client})
    assert [type(error) for error in again.sheet.errors] == [ModerationError]
    assert "safety system" in str(again.sheet.errors[0])
    again.resume()
    assert len(server.requests) == 2
    again.resume(refused=True)
    assert len(server.requests) == 3


def test_what_the_user_settled_counts(client, server):
    """A request of which the user says that it was not charged is sent again; of which they say that it was, is not."""
    sweep = imgcell.sweep(["a [[fault:close]]", "b [[fault:cut-body]]"], provider=client, size="256x256")
    assert len(sweep.run()) == 0
    for one in imgcell.unsettled():
        one.settle(charged=one.prompt.startswith("b"))
    assert sweep.plan().pictures == 1
    sweep.resume()
    assert [request.json["prompt"][0] for request in server.requests].count("b") == 1
    assert [request.json["prompt"][0] for request in server.requests].count("a") == 2


def test_a_deleted_picture_was_paid_for(client, server):
    """The cell of a picture that the user deleted says so and is not made again by itself."""
    sweep = imgcell.sweep(["a", "b"], provider=client, size="256x256")
    sheet = sweep.run()
    imgcell.library().delete(sheet[0].record.id)
    again = imgcell.Sweep.load(sweep.id, clients={"sandbox": client})
    assert isinstance(again.sheet.errors[0], StorageError)
    again.resume()
    assert len(server.requests) == 2
    imgcell.library().restore(sheet[0].record.id)
    assert len(imgcell.Sweep.load(sweep.id, clients={"sandbox": client}).sheet) == 2


def test_once_takes_what_the_library_has(client, server):
    """once=True sends only what nobody has made; each repeat takes a picture of its own, also in the sweep's own memory."""
    first = imgcell.sweep(["a", "b"], provider=client, size="256x256", n=2).run()
    more = imgcell.sweep(["a", "b", "c"], provider=client, size="256x256", n=3)
    assert more.plan(once=True).pictures == 5
    sheet = more.run(once=True)
    assert sheet.replayed == 4
    assert len(server.requests) == 4 + 5
    assert {p.record.id for p in first} <= {p.record.id for p in sheet}
    assert len({p.record.id for p in sheet}) == 9
    again = imgcell.Sweep.load(more.id, clients={"sandbox": client})
    assert len(again.resume()) == 9
    assert len(server.requests) == 9


def test_once_takes_chains_step_by_step(client, server):
    """Of a chain, the steps that the library has are taken and the others made."""
    imgcell.sweep([("a house", "make it night")], provider=client, size="256x256").run()
    sheet = imgcell.sweep([("a house", "make it night", "snow")], provider=client, size="256x256").run(once=True)
    assert len(sheet) == 1
    assert len(server.requests) == 3


def test_a_sweep_runs_in_one_kernel_at_a_time(client, server):
    """While it runs, another value of the same sweep is refused, so that no cell is sent from both."""
    server.latency = 0.2
    sweep = imgcell.sweep(["a", "b"], provider=client, size="256x256")
    sheet = sweep.start()
    with pytest.raises(InvalidJobError, match="already"):
        imgcell.Sweep.load(sweep.id, clients={"sandbox": client}).run()
    assert sheet.wait(30)
    assert len(server.requests) == 2


def test_inputs_outlive_their_variables(client, server, tmp_path):
    """A file that changed or is gone since goes out again as it was; a picture of the library by its name."""
    path = tmp_path / "red.png"
    Image.new("RGB", (32, 32), "red").save(path)
    made = client.generate("a cat", size="256x256")[0]
    server.play("401", times=1)
    sweep = imgcell.sweep("x", images={"file": path, "made": made}, mask=None, provider=client, size="256x256", order="listed")
    sweep.run()
    digest = sweep.design.axes[0].choices[0].value[0].name
    path.unlink()
    sheet = imgcell.Sweep.load(sweep.id, clients={"sandbox": client}).resume()
    assert sheet.sel(images="file")[0].record.inputs == (digest,)
    assert sheet.sel(images="made")[0].record.parents == (made.record.id,)


def test_the_kept_rest_is_found_again(client, server):
    """Where the rest of a picture is kept, the mended picture stands in the cell in another kernel, too, and goes into the next step."""
    mask = Image.new("L", (64, 64), 0)
    mask.paste(255, (16, 16, 48, 48))
    sweep = imgcell.sweep(["x", ("x", "y")], images=Image.new("RGB", (64, 64), "red"), mask=mask, keep=4, provider=client, size="256x256")
    first = sweep.run()
    again = imgcell.Sweep.load(sweep.id, clients={"sandbox": client}).sheet
    assert first.cells[0].picture.record.kept["feather"] == 4
    assert [picture.record.id for picture in again] == [picture.record.id for picture in first]
    assert again[1].parents[0].record.kept["feather"] == 4
    assert len(server.requests) == 3


def test_once_knows_pictures_that_were_edited_before(client, server):
    """A picture in memory is the same input to a sweep as to the client."""
    red = Image.new("RGB", (64, 64), "red")
    client.edit("x", [red], size="256x256")
    assert imgcell.sweep("x", images=red, provider=client, size="256x256").run(once=True).replayed == 1
    assert len(server.requests) == 1


def test_the_file_holds_no_key_and_survives_bad_hands(server, imgcell_home):
    """What is kept of a sweep names provider and address, no key; a file that is damaged is a clear error, not a crash."""
    with imgcell.Client("openai-compatible", base_url=server.url("openai"), api_key="sk-secret-key-123456") as client:
        sweep = imgcell.sweep("x", provider={"mine": client}, model=["m"], extra=[{"a": 1}, {"b": 2}])
        sweep.run(yes=True)
    file = imgcell_home / "sweeps" / f"{sweep.id}.json"
    text = file.read_text()
    assert "secret" not in text
    assert json.loads(text)["axes"][0]["choices"][0]["value"] == {
        "provider": "openai-compatible",
        "base_url": server.url("openai"),
        "label": "mine",
    }
    for damage in ("", "{", "[]", '{"id": "x"}', text.replace('"axes"', '"axis"'), text.replace('"n": 1', '"n": -1'), "[" * 100_000):
        file.write_text(damage)
        with pytest.raises(StorageError, match="cannot be read"):
            imgcell.Sweep.load(sweep.id)
        assert imgcell.Sweep.all() == []


def test_the_sweeps_of_a_library_are_listed(client):
    """The newest first, with what became of their cells; one is found by the beginning of its name, or none by a wrong one."""
    one = imgcell.sweep(["a", "b [[fault:moderation]]"], provider=client, size="256x256")
    one.run()
    listed = imgcell.Sweep.all()
    assert [sweep.id for sweep in listed] == [one.id]
    assert one.id in str(listed)
    assert "<table" in listed._repr_html_()
    assert imgcell.Sweep.load().id == imgcell.Sweep.load(one.id[:18]).id == one.id
    with pytest.raises(InvalidJobError, match="no sweep"):
        imgcell.Sweep.load("sweep-1999")


def test_sweeps_of_one_second_are_listed_in_their_order(client):
    """The latest is the latest, however soon it was begun after the one before it."""
    begun = []
    for prompt in "abcdef":
        begun.append(imgcell.sweep(prompt, provider=client, size="256x256"))
        begun[-1].run()
    assert [sweep.id for sweep in imgcell.Sweep.all()] == [sweep.id for sweep in reversed(begun)]
    assert imgcell.Sweep.load().id == begun[-1].id


def test_variants_are_found_again(client, server):
    """What belongs together, clients among it, is in the file, and the sweep goes on with it."""
    server.play("401", times=1)
    variants = {"small": {"provider": client, "size": "256x256"}, "large": {"provider": client, "size": "512x512", "quality": "high"}}
    sweep = imgcell.sweep("x", variants=variants)
    sweep.run()
    again = imgcell.Sweep.load(sweep.id)
    assert again.axes == {"variant": ("small", "large")}
    sheet = again.resume()
    assert [picture.width for picture in sheet] == [256, 512]
    assert sheet.sel(variant="large")[0].record.requested["quality"] == "high"


def test_what_was_impossible_is_not_made_possible_by_the_file(client, server):
    """A step that is no text is not sent by the sweep that was found again either."""
    sweep = imgcell.sweep({"good": "a", "bad": ("a house", 3)}, provider=client, size="256x256")
    assert len(sweep.run()) == 1
    again = imgcell.Sweep.load(sweep.id, clients={"sandbox": client})
    assert [cell.outcome for cell in again.resume().cells] == ["picture", "not sent"]
    assert len(server.requests) == 1


def test_a_provider_that_is_gone_takes_only_its_own_cells_along(client, imgcell_home):
    """The plan of a sweep shows the cells of a provider that is not known any more as impossible, and all others."""
    sweep = imgcell.sweep("a", provider={"here": client, "there": client}, size="256x256")
    sweep.run()
    path = imgcell_home / "sweeps" / f"{sweep.id}.json"
    document = json.loads(path.read_text(encoding="ascii"))
    document["axes"][0]["choices"][1]["value"] = {"label": "there", "provider": "gone", "base_url": None}
    path.write_text(json.dumps(document), encoding="ascii")
    plan = imgcell.Sweep.load(sweep.id, clients={"here": client}).plan()
    assert [(cell.provider, cell.problem is None) for cell in plan.cells] == [("sandbox", True), ("there", False)]
    assert "'gone'" in str(plan)
