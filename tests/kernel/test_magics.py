"""The magics in real kernels, on the sandbox."""

from __future__ import annotations

import json
import time

import pytest

from imgcell.sandbox import Habit

pytestmark = pytest.mark.kernel

IMAGE_TYPES = {"image/png", "image/jpeg"}


def until(condition, timeout=30):
    """Wait for something that happens in another process and tells nobody."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_first_picture(notebook):
    """The shortest way: a prompt, a picture, a static output and a PIL image in a variable."""
    reply = notebook.run("%%imagine cat\na cat on a mat")
    assert reply.status == "ok", reply.traceback
    (bundle,) = reply.displays
    assert "text/plain" in bundle
    assert len(set(bundle) & IMAGE_TYPES) == 1
    assert len(bundle) == 2
    looked = notebook.run("import PIL.Image\nprint(isinstance(cat, PIL.Image.Image), cat.size, len(_images), _images[0] is cat)")
    assert looked.stdout.startswith("True (")
    assert looked.stdout.rstrip().endswith("1 True")


def test_editing_what_was_made(notebook):
    """-i takes the variable, and the result knows its parent."""
    notebook.run("%%imagine cat\na cat")
    reply = notebook.run("%%imgedit night -i cat\nmake it night")
    assert reply.status == "ok", reply.traceback
    assert notebook.run("print(night.record.parents == (cat.record.id,), night.record.kind)").stdout == "True edit\n"


def test_progress_leaves_no_trace(notebook, slow):
    """While it runs there is progress with partial pictures; at the end only the picture is left, and no widget."""
    slow.latency = 2.0
    reply = notebook.run("%%imagine cat -p slow --stream 2\na cat")
    assert reply.status == "ok", reply.traceback
    assert reply.updates >= 1
    (bundle,) = reply.displays
    assert set(bundle) - {"text/plain"} <= IMAGE_TYPES
    assert len(bundle) == 2


def test_sweep(notebook):
    """A comma list runs every combination and shows one picture of all of them."""
    reply = notebook.run("%%imagine grid -q low,high\na lighthouse")
    assert reply.status == "ok", reply.traceback
    assert len(reply.displays) == 1
    assert notebook.run("print(len(grid), dict(grid.axes))").stdout == "2 {'quality': ('low', 'high')}\n"


def test_errors_are_short_and_fail_the_cell(notebook):
    """A wrong cell fails in a few lines without a traceback; the queued cells behind it are called off; %tb has it all."""
    reply = notebook.run("%%imagine cat\na {nmae}")
    assert (reply.status, reply.error) == ("error", "InvalidJobError")
    text = reply.traceback
    assert "Traceback" not in text
    assert len(text.splitlines()) <= 4
    traced = notebook.run("%tb")
    assert "Traceback" in traced.traceback + traced.stdout + traced.stderr
    assert notebook.run("'cat' in globals()").result == "False"


def test_missing_key_is_no_dead_end(notebook):
    """Without a key the message names the variable, the other ways and the sandbox."""
    reply = notebook.run("%%imagine -p apiyi\na cat")
    assert (reply.status, reply.error) == ("error", "MissingKeyError")
    text = reply.traceback
    for said in ("APIYI_API_KEY", "keyring", "api_key=", "sandbox"):
        assert said in text


def test_nothing_is_run(notebook):
    """Expressions in line and prompt stay text."""
    reply = notebook.run("%%imagine cat -o note={__import__('os').getpid()}\na {__import__('os').getpid()} $HOME")
    assert reply.status == "ok" or "note" in reply.message
    printed = notebook.run("%%imagine cat\na {__import__('os').getpid()} $HOME\n")
    assert printed.status == "ok", printed.traceback
    assert notebook.run("print(cat.record.prompt)").stdout == "a {__import__('os').getpid()} $HOME\n"


def test_capture_and_time(notebook):
    """%%capture keeps exactly the result; %%time works around a cell."""
    reply = notebook.run("%%capture kept\n%%imagine cat\na cat")
    assert (reply.status, reply.displays) == ("ok", [])
    assert notebook.run("print(len(kept.outputs), sorted(kept.outputs[0].data))").stdout.startswith("1 ['image/")
    timed = notebook.run("%%time\n%%imagine dog\na dog")
    assert timed.status == "ok"
    assert "Wall time" in timed.stdout
    assert len(timed.displays) == 1


def test_plan_and_status(notebook):
    """--plan and %imgcell answer as HTML and text, and nothing is made."""
    planned = notebook.run("%%imagine -n 3 --plan\na cat")
    assert planned.status == "ok", planned.traceback
    assert set(planned.displays[0]) == {"text/html", "text/plain"}
    assert "_images" not in notebook.run("print(list(globals()))").stdout
    status = notebook.run("%imgcell")
    assert "sandbox" in status.displays[0]["text/plain"]
    listed = notebook.run("%imgcell providers")
    assert "APIYI_API_KEY" in listed.displays[0]["text/plain"]


def test_many_without_a_yes(notebook):
    """Where nobody can be asked, many pictures are an error and nothing is made."""
    reply = notebook.run("%%imagine -n 9\na cat")
    assert reply.status == "error"
    assert "--yes" in reply.traceback


def test_many_with_a_yes(notebook):
    """Where somebody can be asked, a cell asks, with the number, and goes on after a yes."""
    cell = notebook.submit("%%imagine kites -n 9 -s 1024x1024\na kite", ask=True)
    assert "9 pictures" in notebook.answer("y")
    assert notebook.outcome(cell).status == "ok", notebook.outcome(cell).traceback
    assert notebook.run("len(kites)").result == "9"


def test_later(notebook, slow):
    """--later returns while the picture is being made; waiting for the sheet brings it."""
    slow.latency = 1.0
    reply = notebook.run("%%imagine cats -p slow --later\na cat")
    assert reply.status == "ok", reply.traceback
    assert notebook.run("print(cats.wait(60), len(cats))").stdout == "True 1\n"


def test_later_with_another_size(notebook, slow):
    """A picture that came with another size than asked for is marked in the place of a cell that ended long ago."""
    slow.habits = {"own-way": Habit(size="768x512")}
    reply = notebook.run("%%imagine cats -p slow -m own-way -s 1024x1024 --later\na cat")
    assert reply.status == "ok", reply.traceback
    # What comes for a cell that has ended is read with what comes for the next ones.
    until(lambda: notebook.run("cats.wait(10)").status == "ok" and set(reply.displays[-1]) & IMAGE_TYPES)
    assert "≠ 1024×1024" in reply.displays[-1]["text/plain"]


def test_interrupt(notebook, slow):
    """Stop ends the cell before the answer comes; what was sent is received all the same; nothing more is sent."""
    slow.latency = 5.0
    cell = notebook.submit("%%imagine cats -p slow -q low,high\na cat")
    until(lambda: len(slow.requests) == 1)
    notebook.interrupt()
    reply = notebook.outcome(cell)
    assert reply.status == "error"
    assert "Requests already sent: 1." in reply.stderr
    assert notebook.run("print(len(_images), _images.done, 'cats' in globals())").stdout == "0 False False\n"
    assert notebook.run("print(_images.wait(60), len(_images))").stdout == "True 1\n"
    assert len(slow.requests) == 1


def test_interrupt_of_an_awaiting_cell(notebook, slow):
    """Stop ends a cell that awaits before the answer comes, and says what goes on; what was sent is received all the same."""

    def kept():
        return int(notebook.run("from imgcell.options import home\nprint(len(list((home() / 'records').rglob('*.json'))))").stdout)

    slow.latency = 5.0
    before = kept()
    cell = notebook.submit("await slow.agenerate('a cat')")
    until(lambda: len(slow.requests) == 1)
    notebook.interrupt()
    reply = notebook.outcome(cell)
    assert reply.status == "error"
    assert "Requests already sent: 1." in reply.stderr
    assert kept() == before
    until(lambda: kept() == before + 1)


def test_restart_in_mid_request_leaves_its_line(kernel, imgcell_home):
    """A kernel that dies while a request is out has written down what it sent."""
    import imgcell.sandbox

    with imgcell.sandbox.serve(latency=60.0) as server:
        kernel.run(f"import imgcell\nslow = imgcell.Client('openai', api_key='sk-anything', base_url={server.base_url!r})")
        kernel.submit("%%imagine cat -p slow\na cat that was never seen")
        until(lambda: len(server.requests) == 1)
        kernel.restart()
    lines = [json.loads(line) for file in (imgcell_home / "ledger").iterdir() for line in file.read_text(encoding="utf-8").splitlines()]
    assert any(line["state"] == "sending" and "a cat that was never seen" in json.dumps(line) for line in lines)
    assert not any(line["state"] == "done" for line in lines)


@pytest.fixture(params=[True, False], ids=["jedi", "no jedi"])
def completing(request, notebook):
    """A kernel with jedi on or off."""
    notebook.run(f"%config IPCompleter.use_jedi = {request.param}")
    yield notebook
    notebook.run("%config IPCompleter.use_jedi = True")


@pytest.mark.parametrize(
    ("text", "offered", "fragment"),
    [
        ("%%imagine cat --si", ["--size"], "--si"),
        ("%%imagine -p ap", ["apiyi"], "ap"),
        ("%%imagine -p openai,ap", ["apiyi"], "ap"),
        ("%%imagine -p apiyi -m gpt-im", ["gpt-image-2-all"], "gpt-im"),
        ("%%imagine -p ezmodel -m dall-e-3 -s 1792", ["1792x1024"], "1792"),
        ("%imgedit -i pho", ["photo", "photos.png"], "pho"),
        ("%imgcell use ezm", ["ezmodel"], "ezm"),
        ("%imgcell pro", ["providers"], "pro"),
        ("%imgcell replay al", ["always"], "al"),
        ("%%imagine cat --on", ["--once"], "--on"),
        ("%%imagine cat\na portrait of {subj", ["subject"], "subj"),
    ],
)
def test_completion(completing, text, offered, fragment):
    """Tab completes options, values, names of pictures and of variables, and nothing else."""
    completing.run("subject = 'a fox'\nimport PIL.Image\nphoto = PIL.Image.new('RGB', (8, 8))\nphoto.save('photos.png')")
    assert completing.complete(text) == (offered, fragment)


def test_prose_is_left_alone(completing):
    """In the prompt Tab offers no Python."""
    completing.run("lighthouse = 1")
    assert completing.complete("%%imagine cat\na lighth")[0] == []
    assert "lighthouse" in completing.complete("lighth")[0]
