"""The first five minutes of a person, in a real JupyterLab: open the quickstart, Run All, look."""

from __future__ import annotations

import shutil

import lab_in_chromium
import pytest

pytestmark = pytest.mark.browser


def quickstart(project, folder):
    """Put a copy of the quickstart where it may be changed."""
    shutil.copy(project / "notebooks" / "quickstart.ipynb", folder / "quickstart.ipynb")
    return "quickstart.ipynb"


def outputs(cells, kind):
    """All outputs of that kind."""
    return [output for cell in cells for output in cell["outputs"] if output["output_type"] == kind]


def test_run_all_shows_pictures_that_stay(browser, project, tmp_path, pictures):
    """Every cell runs, every picture is drawn, and all of them are still there when the page is loaded again."""
    with (
        lab_in_chromium.running_server(tmp_path) as server,
        lab_in_chromium.opened_notebook(browser, server, quickstart(project, server.folder)) as page,
    ):
        page.screenshot(path=pictures / "quickstart-before.png")
        cells = lab_in_chromium.run_all(page)
        page.screenshot(path=pictures / "quickstart-after.png")
        assert not [output["evalue"] for output in outputs(cells, "error")]
        with_pictures = [o for o in outputs(cells, "display_data") if {"image/png", "image/jpeg"} & set(o["data"])]
        assert len(with_pictures) >= 5
        sizes = lab_in_chromium.wait_for_pictures(page, len(with_pictures))
        assert all(0 < size["shown"] <= 1280 for size in sizes), "a picture is wider than the window"

        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        assert (server.folder / "quickstart.ipynb").stat().st_size < 15_000_000
        page.reload()
        again = lab_in_chromium.wait_for_pictures(page, len(sizes))
        assert [(s["width"], s["height"]) for s in again] == [(s["width"], s["height"]) for s in sizes]


def test_a_dark_and_narrow_window_shows_them_too(browser, project, tmp_path, pictures):
    """In the dark theme, on half a screen, no output is wider than its cell."""
    with (
        lab_in_chromium.running_server(tmp_path, dark=True) as server,
        lab_in_chromium.opened_notebook(browser, server, quickstart(project, server.folder), width=700, height=1000) as page,
    ):
        cells = lab_in_chromium.run_all(page)
        assert not [output["evalue"] for output in outputs(cells, "error")]
        sizes = lab_in_chromium.wait_for_pictures(page, 5)
        page.screenshot(path=pictures / "quickstart-dark-narrow.png")
        assert all(0 < size["shown"] <= 700 for size in sizes)


def test_notebook_7_shows_them_as_well(browser, project, tmp_path, pictures):
    """The same notebook in Notebook 7."""
    pytest.importorskip("notebook")
    with (
        lab_in_chromium.running_server(tmp_path, app="notebook") as server,
        lab_in_chromium.opened_notebook(browser, server, quickstart(project, server.folder), app="notebook") as page,
    ):
        cells = lab_in_chromium.run_all(page)
        assert not [output["evalue"] for output in outputs(cells, "error")]
        lab_in_chromium.wait_for_pictures(page, 5)
        page.screenshot(path=pictures / "quickstart-notebook-7.png")
