"""Restart and Run All in a real JupyterLab, which tells the kernel the ids of its cells."""

from __future__ import annotations

import json

import lab_in_chromium
import pytest

pytestmark = pytest.mark.browser

CELLS = {
    "load": "%load_ext imgcell",
    "one": "%%imagine first -s 256x256\na cat",
    "two": "%%imagine second -s 256x256\na cat",
    "ids": "print(first.record.id, second.record.id)",
}


def test_restart_and_run_all_makes_nothing_new(browser, tmp_path):
    """Two cells with the same words get back what each made; the records name cell and notebook."""
    nbformat = pytest.importorskip("nbformat")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    notebook.cells = [nbformat.v4.new_code_cell(code, id=name) for name, code in CELLS.items()]

    def printed(cells):
        return "".join(output["text"] for output in cells[-1]["outputs"])

    with lab_in_chromium.running_server(tmp_path) as server:
        nbformat.write(notebook, server.folder / "猫.ipynb")
        with lab_in_chromium.opened_notebook(browser, server, "猫.ipynb") as page:
            first = printed(lab_in_chromium.run_all(page))
            assert len(set(first.split())) == 2
            page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
            page.wait_for_function("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'")
            cells = lab_in_chromium.run_all(page)
            assert printed(cells) == first
            said = [output["text"] for cell in cells[1:3] for output in cell["outputs"] if output["output_type"] == "stream"]
            assert ["nothing was sent" in text for text in said] == [True, True]
    records = [json.loads(file.read_text(encoding="utf-8")) for file in (tmp_path / "home" / "records").glob("*.json")]
    assert sorted(record["cell"] for record in records) == ["one", "two"]
    assert all(record["notebook"].endswith("猫.ipynb") for record in records)
