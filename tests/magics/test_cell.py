"""Cells from text to names and outputs, on a provider without a wire."""

from __future__ import annotations

import re

import pytest

from imgcell.errors import InvalidJobError, ModerationError, RateLimitError
from imgcell.options import options
from imgcell.pictures import Picture, Sheet

IMAGE_TYPES = {"image/png", "image/jpeg"}


def test_one_picture(cell, provider):
    """One picture asked for: NAME is the Picture, `_images` the sheet, the output one image and text."""
    ran = cell("%%imagine cat\na cat\non a mat")
    assert ran.error is None
    assert isinstance(ran.names["cat"], Picture)
    assert isinstance(ran.names["_images"], Sheet)
    assert provider.jobs[0].prompt == "a cat\non a mat"
    (bundle,) = ran.bundles
    assert "text/plain" in bundle
    assert set(bundle) - {"text/plain"} <= IMAGE_TYPES
    assert len(bundle) == 2


def test_several_pictures(cell, provider):
    """With -n 2 NAME is a Sheet, shown as one image."""
    ran = cell("%%imagine cats -n 2\ncats")
    assert isinstance(ran.names["cats"], Sheet)
    assert len(ran.names["cats"]) == 2
    assert len(ran.bundles) == 1


def test_line_form(cell, provider):
    """`%imagine` takes its prompt from the line, with lookups and without evaluation."""
    ran = cell("animal = 'fox'\n%imagine -s 1024x1024 a {animal} and {open('x', 'w')}")
    assert ran.error is None
    assert provider.jobs[0].prompt == "a fox and {open('x', 'w')}"
    assert provider.jobs[0].size == "1024x1024"


def test_nothing_is_evaluated(cell, provider, tmp_path):
    """Neither IPython nor the magic runs an expression, in the line or in the body."""
    ran = cell("%%imagine -o note={open('made','w')}\n{open('made','w')} $HOME {animal_}".replace(" {animal_}", ""))
    assert ran.error is None
    assert not (tmp_path / "made").exists()
    assert provider.jobs[0].prompt == "{open('made','w')} $HOME"
    assert provider.jobs[0].extra == {"note": "{open(made,w)}"}


def test_fields(cell, provider):
    """-o reaches the job's own field, or else `extra`, as JSON where it is JSON."""
    cell("%%imagine -o background=transparent -o seed=7 -o user=123 -o 'list=[1, \"a\"]' -o output_compression=50 --stream 2\nx")
    (job,) = provider.jobs
    assert (job.background, job.user, job.output_compression, job.partial_images) == ("transparent", "123", 50, 2)
    assert job.extra == {"seed": 7, "list": [1, "a"]}


def test_sweep(cell, provider):
    """Comma lists run every combination; the sheet knows its axes; all of it is one picture in the output."""
    ran = cell("%%imagine grid -m a,b -q low,high -s 1024x1024\nx")
    sheet = ran.names["grid"]
    assert [(job.model, job.quality, job.size) for job in provider.jobs] == [(m, q, "1024x1024") for m in "ab" for q in ("low", "high")]
    assert dict(sheet.axes) == {"model": ("a", "b"), "quality": ("low", "high")}
    assert [picture.record.model for picture in sheet] == ["a", "a", "b", "b"]
    assert len(ran.bundles) == 1


def test_sweep_with_a_failure(cell, provider):
    """A failure is a place in the table; the rest is bound and shown, and the cell goes on."""
    provider.outcomes["b"] = ModerationError("Refused.", hint="Say it otherwise.")
    ran = cell("%%imagine grid -m a,b,c\nx")
    assert ran.error is None
    assert len(ran.names["grid"]) == 2
    assert [type(place.error) for place in ran.names["grid"].cells] == [type(None), ModerationError, type(None)]
    assert "Refused." in ran.err
    assert "Refused." in ran.bundles[0]["text/plain"]


def test_sweep_with_an_impossible_combination(cell, provider):
    """What cannot be sent stands in its place with the reason; everything else is made."""
    provider.outcomes["b"] = (InvalidJobError("No such size."),)
    ran = cell("%%imagine grid -m a,b\nx")
    assert ran.error is None
    assert [job.model for job in provider.jobs] == ["a"]
    assert isinstance(ran.names["grid"].cells[1].error, InvalidJobError)
    assert "No such size." in ran.err


def test_sweep_of_which_nothing_is_possible(cell, provider):
    """Where not one combination can be sent, the cell fails with the reason, and nothing is sent."""
    provider.outcomes.update(a=(InvalidJobError("No such size."),), b=(InvalidJobError("No such size."),))
    ran = cell("%%imagine grid -m a,b\nx")
    assert isinstance(ran.error, InvalidJobError)
    assert provider.jobs == []


def test_failure_fails_the_cell(cell, provider, shell):
    """Nothing came: the cell fails, binds nothing, and says it in a few lines; %tb has the traceback."""
    provider.outcomes[None] = RateLimitError("Too many requests.", hint="Wait a minute.", provider="fake", status=429, request_id="req-1")
    ran = cell("%%imagine cat\nx")
    assert isinstance(ran.error, RateLimitError)
    assert "cat" not in ran.names
    assert "_images" not in ran.names
    text = ran.out + ran.err
    assert "RateLimitError: Too many requests." in text
    assert "Wait a minute." in text
    assert "req-1" in text
    assert "Traceback" not in text
    assert len(text.strip().splitlines()) <= 4
    assert ran.bundles == []
    later = cell("%tb")
    assert "Traceback" in later.out + later.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("%%imagine\na {nmae}", "name"),
        ("%%imagine --sise 1\nx", "--size"),
        ("%%imagine -i cat\nx", "-i"),
        ("%%imgedit\nx", "-i"),
        ("%%imgedit -i nmae\nx", "name"),
        ("%%imgedit -i number\nx", "not a picture"),
        ("%%imgedit -i missing.png\nx", "missing.png"),
        ("%%imgedit -i 'my picure.png'\nx", "my picture.png"),
        ("%%imgedit -i name.nothing\nx", "nothing"),
        ("%%imagine -n 11\nx", "1 to 10"),
        ("%%imagine -o n=2\nx", "-n"),
        ("%%imagine -o seed=1 -o seed=2\nx", "twice"),
        ("%%imagine -o prompt=y\nx", "below the line"),
        ("%%imagine -o encoding=json\nx", "imgedit"),
        ("%imgcell statsu", "status"),
    ],
)
def test_bad_input(cell, provider, tmp_path, text, said):
    """Each is one clear error, and nothing is sent."""
    (tmp_path / "my picture.png").write_bytes(b"x")
    cell("name = 'x'; number = 3")
    ran = cell(text)
    assert isinstance(ran.error, InvalidJobError)
    assert said in ran.out + ran.err
    assert provider.jobs == []


def test_edit_inputs(cell, provider, tmp_path):
    """-i takes variables, parts of them, sheets, paths with spaces and URLs, in order."""
    (tmp_path / "my picture.png").write_bytes(b"x")
    cell("%%imagine cats -n 3\ncats")
    ran = cell('%%imgedit night -i cats[2] -i "my picture.png" -i https://127.0.0.1/x.png -i cats[0:2] --mask cats[1]\nmake it night')
    cats = ran.names["cats"]
    job = provider.jobs[-1]
    assert job.images[0] is cats[2]
    assert job.images[1:3] == ("my picture.png", "https://127.0.0.1/x.png")
    assert job.images[3] is cats[0]
    assert job.images[4] is cats[1]
    assert job.mask is cats[1]


def test_raw(cell, provider):
    """--raw leaves braces alone."""
    cell("%%imagine --raw\n{nmae} {{x}}")
    assert provider.jobs[0].prompt == "{nmae} {{x}}"


def test_plan_sends_nothing(cell, provider):
    """--plan shows requests and price, binds and sends nothing."""
    ran = cell("%%imagine grid -m a,b --plan\na <script>")
    assert provider.jobs == []
    assert "grid" not in ran.names
    (bundle,) = ran.bundles
    assert "images/generations" in bundle["text/plain"]
    assert "≈ $0.08" in bundle["text/plain"]
    assert "<script>" not in bundle["text/html"]


def test_many_pictures_need_a_yes(cell, provider, monkeypatch):
    """More pictures than allowed need --yes or an answer; where nobody can be asked it is an error."""
    ran = cell("%%imagine -n 9\nx")
    assert isinstance(ran.error, InvalidJobError)
    assert "--yes" in ran.out + ran.err
    assert provider.jobs == []
    assert cell("%%imagine -n 9 --yes\nx").error is None
    options.ask_over_cost = 0.01
    assert isinstance(cell("%%imagine\nx").error, InvalidJobError)


@pytest.mark.parametrize(("answer", "jobs"), [("y", 1), ("", 0), ("no", 0)])
def test_answering(cell, provider, monkeypatch, answer, jobs):
    """The question names number and price, and only a yes is a yes."""
    asked = []
    monkeypatch.setattr("imgcell.magics.confirm.takes_input", lambda ipython: True)
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or answer)
    cell("%%imagine -n 9\nx")
    assert "9 pictures" in asked[0]
    assert "≈ $0.36" in asked[0]
    assert len(provider.jobs) == jobs


def test_later(cell, provider):
    """--later binds a Sheet at once, also for one picture, which fills on its own."""
    provider.held = True
    ran = cell("%%imagine cat --later\nx")
    sheet = ran.names["cat"]
    assert isinstance(sheet, Sheet)
    assert not sheet.done
    assert len(sheet) == 0
    provider.runs[0].end()
    assert sheet.wait(5)
    assert len(sheet) == 1


def test_interrupt(cell, provider, monkeypatch):
    """An interrupt sends nothing more, leaves what was sent to fill `_images`, binds no NAME and ends the cell."""
    provider.held = True

    def interrupted(runs, watch, screen):
        while len(provider.runs) < 2:
            runs[0].wait(0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr("imgcell.magics.cell.wait", interrupted)
    ran = cell("%%imagine grid -m a,b\nx")
    assert isinstance(ran.error, KeyboardInterrupt)
    assert [run.cancels for run in provider.runs] == [1, 1]
    assert "Requests already sent: 2." in ran.err
    assert "grid" not in ran.names
    for run in provider.runs:
        run.end()
    assert ran.names["_images"].wait(5)
    assert len(ran.names["_images"]) == 2


def test_interrupt_of_one_job(cell, provider):
    """So does the interrupt of a cell that asks for one thing."""
    provider.outcomes[None] = "interrupt"
    provider.held = True
    ran = cell("%%imagine cat\nx")
    assert isinstance(ran.error, KeyboardInterrupt)
    assert [run.cancels for run in provider.runs] == [1]
    assert "cat" not in ran.names


def test_stop(cell, provider):
    """`%imgcell stop` lets go of what an interrupt or --later left under way; the status counts it."""
    assert "Nothing is under way" in cell("%imgcell stop").out
    provider.held = True
    cell("%%imagine cat --later\nx")
    assert "jobs in the background: 1" in cell("%imgcell").bundles[0]["text/plain"]
    assert "Jobs let go of: 1" in cell("%imgcell stop").out
    assert provider.runs[0].cancels == 2
    provider.runs[0].end()


def test_help(cell, provider):
    """--help prints the table of options, and so does the docstring."""
    ran = cell("%imagine --help")
    assert "--stream" in ran.out
    assert "NAME" in ran.out
    assert "--mask" in cell("%imgedit -h").out
    assert "use PROVIDER" in cell("%imgcell help").out


def test_help_that_is_named_is_there(cell, provider):
    """What the status and the help say to type for more works as a cell of its own."""
    named = cell("%imgcell").bundles[0]["text/plain"] + cell("%imgcell help").out
    commands = set(re.findall(r"%+\w+ --help", named))
    assert len(commands) == 2
    for command in commands:
        assert "--stream" in cell(command).out


def test_use(cell, provider):
    """`%imgcell use` sets provider, model and size for the cells that do not say; another provider does not inherit them."""
    cell("%imgcell use other --model big -s 1024x1024")
    cell("%%imagine\nx")
    (job,) = provider.others["other"].jobs
    assert (job.model, job.size) == ("big", "1024x1024")
    cell("%%imagine -p third\nx")
    (job,) = provider.others["third"].jobs
    assert (job.model, job.size) == (None, None)


def test_status(cell, provider, imgcell_home):
    """The status names provider, key, library and next steps, as HTML and as text."""
    (imgcell_home / "records").mkdir()
    (imgcell_home / "records" / "p-1.json").write_text("{}")
    (bundle,) = cell("%imgcell").bundles
    assert set(bundle) == {"text/html", "text/plain"}
    for said in ("fake", "FAKE_API_KEY", str(imgcell_home), "pictures: 1", "%%imagine", "use sandbox"):
        assert said in bundle["text/plain"]


def test_capture_holds_only_the_result(cell, provider):
    """Under %%capture there is one output, the result, and %%time works around a cell."""
    ran = cell("%%capture kept\n%%imagine cat\nx")
    assert ran.error is None
    assert ran.bundles == []
    (output,) = ran.names["kept"].outputs
    assert set(output.data) & IMAGE_TYPES
    timed = cell("%%time\n%%imagine dog\nx")
    assert isinstance(timed.names["dog"], Picture)
    assert len(timed.bundles) == 1


def test_loading_twice_and_unloading(cell, provider, shell):
    """Loading again changes nothing; unloading takes magics and completer away."""
    cell("%reload_ext imgcell")
    assert sum(getattr(matcher, "_imgcell", False) for matcher in shell.Completer.custom_matchers) == 1
    cell("%unload_ext imgcell")
    assert shell.find_cell_magic("imagine") is None
    assert shell.find_line_magic("imgcell") is None
    assert not any(getattr(matcher, "_imgcell", False) for matcher in shell.Completer.custom_matchers)
    cell("%load_ext imgcell")
