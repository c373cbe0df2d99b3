"""Take the pictures of the README: notebooks, run in a real JupyterLab on the sandbox.

``make pictures`` runs it; the results are in docs/pictures/.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import lab_in_chromium

ROOT = Path(__file__).resolve().parent.parent.parent

#: Notebook -> file name -> the cell that it shows.
PICTURES = {
    "quickstart": {"imagine.jpg": "imagine", "edit.jpg": "mask-edit", "compare.jpg": "sweep"},
    "history_and_costs": {"lineage.jpg": "lineage"},
    "studio": {"masks.jpg": "mask"},
}


def main() -> int:
    """Run the notebooks and photograph the cells."""
    target = ROOT / "docs" / "pictures"
    target.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        lab_in_chromium.running_server(Path(place)) as server,
        lab_in_chromium.launched_browser() as browser,
    ):
        for notebook, pictures in PICTURES.items():
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
                for name, cell in pictures.items():
                    page.evaluate("(at) => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = at; }", ids.index(cell))
                    shown = page.locator(".jp-Notebook-cell").nth(ids.index(cell))
                    shown.scroll_into_view_if_needed()
                    shown.screenshot(path=target / name, type="jpeg", quality=88)
                    print(target / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
