"""The cell that asks for a picture: read by the magics' own parser, it is the same job again."""

from __future__ import annotations

import ast
from types import SimpleNamespace

import pytest
from IPython.core.inputtransformer2 import TransformerManager

import imgcell
from imgcell.errors import InvalidJobError
from imgcell.magics.grid import arrange
from imgcell.magics.parse import parse


@pytest.fixture
def job_of_cell(client):
    """A function that makes a cell's text into its job, as the magics do, and names its inputs by digest."""

    class Session:
        provider, model, size, quality = "another", "another-model", "1x1", "high"

        def client(self, name, names):
            assert name == "sandbox"
            return client

    def read(text):
        ran = []
        shell = SimpleNamespace(run_cell_magic=lambda *words: ran.append(words))
        exec(TransformerManager().transform_cell(text), {"get_ipython": lambda: shell})
        ((magic, line, body),) = ran
        arguments = parse(magic, line, body)
        task = arrange(magic, arguments, {"name": "WRONG"}, Session())
        return arguments.name, task.client.ready(task.job)

    return read


def same(client, job_of_cell, picture, name=None):
    """Whether the picture's cell asks for the job that made the picture."""
    bound, ready = job_of_cell(picture.as_cell(name))
    return bound == name and ready.digest == picture.record.job and ready.job.prompt == picture.record.prompt


PROMPTS = [
    "a lighthouse",
    "横版 16:9 黄昏海边的老灯塔",
    "several\nlines\n\nwith an empty one",
    "  indented, with spaces behind  ",
    "%%imagine is no magic here\n%time neither",
    "-n 3 -m other --yes -- is a prompt",
    "\"quotes\" and 'apostrophes' and \\backslashes\\ and $HOME and `ticks`",
    "{name} is not looked up, {{nor}} are these, } nor { this",
    '{"subject": "a JSON prompt", "palette": ["red", "blue"]}',
    "ends with a question?",
    "!ls\n?help\n#comment",
    "tab\there, vertical\x0btab, separator\u2028line",
]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_comes_back(client, job_of_cell, prompt):
    """Whatever the prompt holds, the cell's text is read as the same job."""
    picture = client.generate(prompt, size="512x512")[0]
    assert picture.as_cell().startswith("%%imagine ")
    assert same(client, job_of_cell, picture, "lighthouse")
    assert ("--raw" in picture.as_cell().partition("\n")[0]) == ("{" in prompt or "}" in prompt)


FIELDS = [
    {"n": 2},
    {"quality": "low", "background": "transparent", "output_format": "png", "moderation": "low"},
    {"output_format": "jpeg", "output_compression": 80},
    {"partial_images": 2},
    {"model": "gpt-image-2", "user": "12345"},
    {"extra": {"seed": 7, "strength": 0.5, "tags": ["a b", "猫"], "deep": {"on": True, "off": None}, "text": "two words", "digits": "42"}},
]


@pytest.mark.parametrize("fields", FIELDS, ids=",".join)
def test_options_come_back(client, job_of_cell, fields):
    """Everything that was said stands on the line, with its type."""
    picture = client.generate("a lighthouse", **{"size": "512x512", **fields})[0]
    assert picture.as_cell().startswith("%%imagine ")
    assert same(client, job_of_cell, picture)


def test_an_edit_names_its_inputs(client, job_of_cell, photo):
    """Pictures go by their ids, given ones and changed ones by the digest of what was sent; the same for masks."""
    from PIL import Image

    base = client.generate("a lighthouse", size="512x512")[0]
    mask = Image.new("L", base.size, 255)
    edit = client.edit("make it night", images=[base, photo, base.rotate(90)], mask=mask, size="512x512")[0]
    line = edit.as_cell("night").partition("\n")[0]
    assert line.startswith(f"%%imgedit night -i {base.record.id} -i sha256:")
    assert "--mask sha256:" in line
    assert same(client, job_of_cell, edit, "night")


UNSAYABLE = [
    ("\n\nbegins with empty lines", {}),
    ("ends with one\n", {}),
    ("carriage\rreturn", {}),
    ("a lighthouse", {"user": "with a\nline end"}),
    ("a lighthouse", {"user": "a -- b"}),
    ("a lighthouse", {"extra": {"a=b": 1}}),
    ("a lighthouse", {"extra": {"-x": 1}}),
]


@pytest.mark.parametrize(("prompt", "fields"), UNSAYABLE, ids=repr)
def test_what_a_line_cannot_say_is_python(client, server, prompt, fields, monkeypatch):
    """A job that the magics cannot read back becomes a cell of Python that asks for the same."""
    picture = client.generate(prompt, size="512x512", **fields)[0]
    text = picture.as_cell("again")
    ast.parse(text)
    names = {}
    monkeypatch.setattr(imgcell, "Client", lambda name: imgcell.client.Client(name, base_url=server.url("sandbox")))
    exec(text, names)
    assert names["again"].record.job == picture.record.job
    assert names["again"].record.id != picture.record.id


def test_python_for_edits(client, server, photo, monkeypatch):
    """The Python cell of an edit takes its inputs and its mask from the library."""
    from PIL import Image

    base = client.generate("a lighthouse", size="512x512")[0]
    edit = client.edit("\nlong prompt\n" * 12, images=[base, photo], mask=Image.new("L", base.size, 255), n=2, size="512x512")[0]
    names = {}
    monkeypatch.setattr(imgcell, "Client", lambda name: imgcell.client.Client(name, base_url=server.url("sandbox")))
    exec(edit.as_cell(), names)
    assert [record.job for record in names["sheet"].records] == [edit.record.job] * 2


@pytest.mark.parametrize("name", ["2cats", "a b", "class", "", "x=1"])
def test_names_that_are_none(shelf, name):
    """A name that nothing can be bound to is refused."""
    with pytest.raises(InvalidJobError, match="not a name"):
        shelf.add("p-a").as_cell(name)


def test_nothing_of_the_cell_breaks_out(shelf):
    """Names from a library that somebody else wrote stay words on the line, or the cell becomes Python."""
    hostile = shelf.add("p-a", provider="x -o evil=1\n%%bash", model="a,b")
    text = hostile.as_cell()
    assert not text.startswith("%%")
    compile(text, "cell", "exec")
    spaced = shelf.add("p-b", provider="two words", model="$(ls)")
    assert spaced.as_cell().partition("\n")[0] == "%%imagine -p 'two words' -m '$(ls)'"
