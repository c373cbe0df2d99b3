"""The notebooks run from the first cell to the last, on the sandbox, with no key; run again, they pay for nothing again."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.kernel

#: Put before a notebook: the sandbox of its kernel keeps what arrives, ...
COUNTING = """
import os
from imgcell.sandbox import local
from imgcell.sandbox.server import Server
local._server, local._owner = Server(), os.getpid()
"""
#: ... and behind it: how many requests that would be paid for arrived.
COUNTED = "print('sent:', len(local._server.posts))"


@dataclass
class Executed:
    """A notebook after Run All, the folder it ran in, which has its library too, and what was sent."""

    path: Path
    folder: Path
    notebook: Any

    @property
    def sent(self):
        """How many paid requests arrived at the sandbox."""
        return int(self.notebook.cells[-1].outputs[0].text.removeprefix("sent:"))

    @property
    def outputs(self):
        """All outputs of the notebook's own cells."""
        return [output for cell in self.notebook.cells[1:-1] if cell.cell_type == "code" for output in cell.outputs]

    @property
    def pictures(self):
        """The outputs' data that have a picture."""
        data = [output.data for output in self.outputs if output.output_type in ("display_data", "execute_result")]
        return [d for d in data if {"image/png", "image/jpeg"} & set(d)]

    @property
    def written(self):
        """How many requests the ledgers of its library say were sent."""
        lines = [line for file in self.folder.rglob("ledger/*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
        return sum(json.loads(line)["state"] == "sending" for line in lines)


def run(path, folder):
    """Execute a copy in *folder*, in a kernel of its own."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [nbformat.v4.new_code_cell(COUNTING), *notebook.cells, nbformat.v4.new_code_cell(COUNTED)]
    client = nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    client.execute(env={**os.environ, "IMGCELL_HOME": str(folder / "home")})
    return Executed(path, folder, notebook)


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def executed(request, tmp_path_factory):
    """Each of the notebooks after its first Run All."""
    return run(request.param, tmp_path_factory.mktemp(request.param.stem))


def test_a_notebook_runs_and_shows_pictures(executed):
    """Run All gives no error, shows pictures, stores no widget without what stands in for it, and keeps the file small."""
    outputs = executed.outputs
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert len(executed.pictures) >= 5
    assert all("text/plain" in d for d in executed.pictures)
    data = [output.get("data", {}) for output in outputs]
    # A Studio is a widget, and says nothing in a notebook that is opened without its kernel; the output below it is a plain sheet.
    widgets = [at for at, d in enumerate(data) if "application/vnd.jupyter.widget-view+json" in d]
    assert all(re.search(r"imgcell-\w+-static", data[at + 1]["text/html"]) for at in widgets)
    assert len(nbformat.writes(executed.notebook)) < 15_000_000


def test_an_executed_notebook_keeps_its_pictures_as_a_page(executed):
    """Exported to HTML with nbconvert, which needs no kernel, every picture is still there."""
    nbconvert = pytest.importorskip("nbconvert")
    data = [output.get("data", {}) for output in executed.outputs]
    shown = sum(bool({"image/png", "image/jpeg"} & set(d)) or "<img" in d.get("text/html", "") for d in data)
    page, _ = nbconvert.HTMLExporter(template_name="basic").from_notebook_node(executed.notebook)
    assert page.count("<img") >= shown > 0


def test_run_all_after_a_restart_sends_nothing(executed):
    """Restart and Run All: the first time everything is made, the second time all of it comes from the library."""
    assert executed.sent > 0
    assert executed.written == executed.sent
    again = run(executed.path, executed.folder)
    assert again.sent == 0
    assert again.written == executed.sent
    assert len(again.pictures) == len(executed.pictures)
    assert not [output for output in again.outputs if output.output_type == "error"]
    assert not [output.text for output in again.outputs if output.output_type == "stream" and output.name == "stderr"]
