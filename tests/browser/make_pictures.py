"""Take the pictures of the README: notebooks, run in a real JupyterLab on the sandbox.

``make pictures`` runs it; the results are in docs/pictures/.  Name notebooks to take only theirs.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import lab_in_chromium

ROOT = Path(__file__).resolve().parent.parent.parent

#: Notebook -> file name -> the cell that it shows; or a page that the notebook writes, of which it shows the first screen.
PICTURES = {
    "quickstart": {"imagine.jpg": "imagine", "edit.jpg": "mask-edit"},
    "history_and_costs": {"lineage.jpg": "lineage"},
    "studio": {"masks.jpg": "mask"},
    "compare_providers": {"side-by-side.jpg": "compare", "vote.jpg": "vote", "report.jpg": "posters.html"},
    "trusted_edits": {"changes.jpg": "changes", "drift.jpg": "drift"},
}
#: Whether everything that draws by itself has drawn: what is not on the screen waits until it is.
DRAWN = """(cell) => [...cell.querySelectorAll('.ic-pane canvas')].every(canvas => canvas.width > 0
    && canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3] > 0)"""


def main() -> int:
    """Run the notebooks and photograph the cells."""
    target = ROOT / "docs" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        lab_in_chromium.running_server(Path(place)) as server,
        lab_in_chromium.launched_browser() as browser,
    ):
        for notebook in sys.argv[1:] or PICTURES:
            source = ROOT / "notebooks" / f"{notebook}.ipynb"
            ids = [cell["id"] for cell in json.loads(source.read_text(encoding="utf-8"))["cells"]]
            shutil.copy(source, server.folder)
            with lab_in_chromium.opened_notebook(browser, server, source.name, width=1100, height=1400) as page:
                page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
                cells = lab_in_chromium.run_all(page)
                failed = [output["evalue"] for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
                if failed:
                    print(*failed, sep="\n", file=sys.stderr)
                    return 1
                lab_in_chromium.wait_for_pictures(page, 3)
                for name, shown in PICTURES[notebook].items():
                    if shown in ids:
                        photograph_cell(page, ids.index(shown), target / name)
                    else:
                        photograph_page(browser, server.folder / shown, target / name)
                    print(target / name)
    return 0


def photograph_cell(page: Any, at: int, path: Path) -> None:
    """Photograph a cell of the notebook that is open."""
    page.evaluate("(at) => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = at; }", at)
    cell = page.locator(".jp-Notebook-cell").nth(at)
    cell.scroll_into_view_if_needed()
    if cell.locator(".ic-compare").count():
        # So that three models by two fit.
        page.set_viewport_size({"width": 1240, "height": 1400})
        cell.get_by_role("button", name="Smaller squares").click()
    page.wait_for_function(DRAWN, arg=cell.element_handle())
    cell.screenshot(path=path, type="jpeg", quality=88)


def photograph_page(browser: Any, page: Path, path: Path) -> None:
    """Photograph the first screen of a page in a file."""
    tab = browser.new_page(viewport={"width": 1100, "height": 900}, color_scheme="light")
    tab.goto(page.as_uri())
    tab.evaluate("() => Promise.all([...document.images].map(image => image.decode()))")
    tab.screenshot(path=path, type="jpeg", quality=88)
    tab.close()


if __name__ == "__main__":
    sys.exit(main())
