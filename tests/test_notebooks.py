"""The notebooks run from the first cell to the last, on the sandbox, with no key."""

from __future__ import annotations

import json
from pathlib import Path

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


def run(path, folder, before="", after=""):
    """Execute a copy in *folder*, with a cell of its own before and after it; return the executed notebook."""
    notebook = nbformat.read(path, as_version=4)
    for at, code in ((0, before), (len(notebook.cells) + bool(before), after)):
        if code:
            notebook.cells.insert(at, nbformat.v4.new_code_cell(code))
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_pictures(path, tmp_path):
    """Run All gives no error, shows pictures, stores no widget and keeps the file small."""
    notebook = run(path, tmp_path)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    data = [output.data for output in outputs if output.output_type in ("display_data", "execute_result")]
    pictures = [d for d in data if {"image/png", "image/jpeg"} & set(d)]
    assert len(pictures) >= 5
    assert all("text/plain" in d for d in pictures)
    assert not [d for d in data if "application/vnd.jupyter.widget-view+json" in d]
    assert len(nbformat.writes(notebook)) < 15_000_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_executed_notebook_keeps_its_pictures_as_a_page(path, tmp_path):
    """Exported to HTML with nbconvert, which needs no kernel, every picture is still there."""
    nbconvert = pytest.importorskip("nbconvert")
    notebook = run(path, tmp_path)
    shown = sum(
        bool({"image/png", "image/jpeg", "text/html"} & set(output.get("data", ())))
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    page, _ = nbconvert.HTMLExporter(template_name="basic").from_notebook_node(notebook)
    assert page.count("<img") >= shown - page.count("<table") > 0


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_run_all_after_a_restart_sends_nothing(path, tmp_path, imgcell_home):
    """Restart and Run All: the first time everything is made, the second time all of it comes from the library."""

    def sending():
        lines = [line for file in imgcell_home.rglob("ledger/*.jsonl") for line in file.read_text(encoding="utf-8").splitlines()]
        return sum(json.loads(line)["state"] == "sending" for line in lines)

    def pictures(notebook):
        data = [output.data for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
        return sum(bool({"image/png", "image/jpeg"} & set(d)) for d in data)

    first = run(path, tmp_path, COUNTING, COUNTED)
    sent = int(first.cells[-1].outputs[0].text.removeprefix("sent:"))
    assert sent > 0
    assert sending() == sent
    second = run(path, tmp_path, COUNTING, COUNTED)
    assert second.cells[-1].outputs[0].text == "sent: 0\n"
    assert sending() == sent
    assert pictures(second) == pictures(first)
    assert not [output for cell in second.cells for output in cell.get("outputs", ()) if output.output_type == "error"]
