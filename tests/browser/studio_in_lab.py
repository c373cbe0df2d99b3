"""A Studio in a real notebook page, as a story needs it: a fresh notebook, code in its kernel, the page's parts by their names.

The conftest of the folder ``studio`` makes fixtures of it; the pictures and the benchmarks of the Studio are taken with it too.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lab_in_chromium

__all__ = ["Lab", "Studio", "kernel_specs", "opened_lab"]

_PANEL = "window.jupyterapp.shell.currentWidget"


class Studio:
    """What a page shows of one Studio: the parts by the names that a screen reader says too.

    Args:
        page: The page.
        at: Which of the Studios on it.
    """

    def __init__(self, page: Any, at: int = 0) -> None:
        self.page = page
        self.root = page.locator(".imgcell").nth(at)
        #: Brings its state about again where a change of the window has ended it.
        self.settle: Callable[[], object] = int

    def button(self, name: str) -> Any:
        """The button of that name."""
        return self.root.get_by_role("button", name=name, exact=True)

    @property
    def prompt(self) -> Any:
        """The box for the prompt."""
        return self.root.get_by_role("textbox", name="Prompt", exact=True)

    def cards(self, state: str = "") -> Any:
        """The cards in the grid, or those in one state."""
        return self.root.locator(f".ic-card.ic-is-{state}" if state else ".ic-card")

    @property
    def width(self) -> int:
        """How wide it is, in CSS pixels."""
        return round(self.root.bounding_box()["width"])

    def language(self, other: str) -> None:
        """Switch to English (``"English"``) or Chinese (``"简体中文"``), also while a dialog lies over the switch."""
        button = self.root.locator(f'button[aria-label="{other}"]')
        if button.count():
            button.dispatch_event("click")
            button.wait_for(state="detached")

    def wait_until_drawn(self) -> None:
        """Wait until every picture of it is there and nothing moves any more."""
        self.page.wait_for_function(
            """(root) => [...root.querySelectorAll('img')].every(one => one.complete && one.naturalWidth > 0)
                && document.getAnimations().every(one => one.playState !== 'running' || one.effect?.getTiming().iterations === Infinity)""",
            arg=self.root.element_handle(),
        )

    def photograph(self, path: Path) -> None:
        """Take a picture of it: of the window, where a dialog covers that."""
        if self.root.get_by_role("dialog").count():
            self.page.screenshot(path=path)
        else:
            self.root.screenshot(path=path)

    def choose(self, field: str, *values: str, add: bool = False) -> None:
        """Choose values in one of the form's fields; with *add* to what is chosen there."""
        tile = self.root.get_by_role("button", name=field)
        tile.click()
        for value in values:
            option = self.root.get_by_role("option", name=value, exact=True)
            if add or len(values) > 1:
                option.locator(".ic-tick").click()
            else:
                option.click()
        if add or len(values) > 1:
            self.page.keyboard.press("Escape")

    def wait_for_pictures(self, number: int, *, seconds: float = 30) -> None:
        """Wait until so many finished cards are there, with their pixels drawn."""
        self.page.wait_for_function(
            """([root, number]) => {
                const drawn = [...root.querySelectorAll('.ic-card.ic-is-done img')].filter(one => one.complete && one.naturalWidth > 0);
                return root.querySelectorAll('.ic-card.ic-is-done').length === number && drawn.length >= number;
            }""",
            arg=[self.root.element_handle(), number],
            timeout=seconds * 1000,
        )


class Lab:
    """A notebook page and its kernel.

    Args:
        page: A page with an empty notebook, the kernel idle.
        server: The server that it belongs to.
    """

    def __init__(self, page: Any, server: lab_in_chromium.Server) -> None:
        self.page = page
        self.server = server

    def run(self, code: str) -> str:
        """Run code in the kernel, in no cell; return what it printed.

        Raises:
            AssertionError: It raised something; with the traceback.
        """
        return str(self.page.evaluate(_RUN, code)["printed"])

    def value(self, expression: str) -> Any:
        """Return what an expression is in the kernel, as JSON has it."""
        return json.loads(self.run(f"import json as _json\nprint(_json.dumps({expression}))"))

    def begin(self, code: str) -> None:
        """Run code in the kernel and do not wait for its end."""
        self.page.evaluate(f"(code) => {{ {_PANEL}.sessionContext.session.kernel.requestExecute({{code}}); }}", code)

    def cell(self, code: str) -> None:
        """Add a cell at the end of the notebook and run it to its end.

        Raises:
            AssertionError: It raised something.
        """
        failed = self.page.evaluate(
            f"""async (code) => {{
                const notebook = {_PANEL}.content;
                const cells = notebook.model.sharedModel;
                cells.insertCell(cells.cells.length, {{cell_type: 'code', source: code, metadata: {{}}}});
                notebook.activeCellIndex = cells.cells.length - 1;
                await window.jupyterapp.commands.execute('notebook:run-cell');
                const made = cells.cells[cells.cells.length - 1].toJSON().outputs.find(one => one.output_type === 'error');
                return made ? made.traceback.join('\\n') : null;
            }}""",
            code,
        )
        assert failed is None, failed

    def cells(self) -> list[str]:
        """The code in the notebook's cells."""
        found: list[str] = self.page.evaluate(f"() => {_PANEL}.content.model.sharedModel.cells.map(cell => cell.source)")
        return found

    def show(self, code: str = "studio = imgcell.Studio()\nstudio") -> Studio:
        """Run a cell that shows a Studio; return it, ready for a click."""
        before = self.page.locator(".imgcell").count()
        self.cell(f"import imgcell\n{code}")
        return self.studio(before)

    def clear(self, home: Path) -> None:
        """Empty the notebook and the kernel's variables; what follows has its library in *home*."""
        self.page.evaluate(
            f"""() => {{
                const cells = {_PANEL}.content.model.sharedModel;
                cells.transact(() => cells.deleteCellRange(0, cells.cells.length));
            }}"""
        )
        self.run(f"%reset -f\nimport os\nos.environ['IMGCELL_HOME'] = {str(home)!r}")

    def studio(self, at: int = 0) -> Studio:
        """Return one of the Studios on the page, once it is there."""
        studio = Studio(self.page, at)
        studio.prompt.wait_for()
        return studio

    def until(self, condition: str) -> None:
        """Wait until an expression is true in the kernel, which the page tells of what was done a quarter of a second later.

        Raises:
            AssertionError: It is not within ten seconds.
        """
        code = (
            f"import time as _time\n_end = _time.monotonic() + 0.2\nwhile not ({condition}) and _time.monotonic() < _end: _time.sleep(0.01)"
        )
        for _ in range(50):
            # In pieces: between them the kernel takes what the page says.
            if self.run(f"{code}\nprint(bool({condition}))").strip() == "True":
                return
        raise AssertionError(f"not in ten seconds: {condition}")

    def theme(self, *, dark: bool) -> None:
        """Switch JupyterLab's theme."""
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", _THEMES[dark])
        self.page.wait_for_function("(light) => document.body.dataset.jpThemeLight === light", arg="false" if dark else "true")

    def look(self, studio: Studio, *, dark: bool, width: int, language: str, height: int = 1400) -> None:
        """Have a Studio look so: the theme, its own width in CSS pixels, its language."""
        self.theme(dark=dark)
        studio.language(language)
        for _ in range(4):
            window = self.page.viewport_size["width"]
            if studio.width == width:
                break
            self.page.set_viewport_size({"width": window + width - studio.width, "height": height})
            self.page.evaluate("() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
        studio.settle()

    def reload(self) -> None:
        """Save, and load the page again."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.reload()
        self.wait_for_kernel()

    def restart(self) -> None:
        """Restart the kernel, as the button does."""
        self.page.evaluate(f"() => {_PANEL}.sessionContext.session.kernel.restart()")
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")


_THEMES = {False: "JupyterLab Light", True: "JupyterLab Dark"}
_RUN = f"""async (code) => {{
    const printed = [], failed = [];
    const run = {_PANEL}.sessionContext.session.kernel.requestExecute({{code, stop_on_error: false, store_history: false}});
    run.onIOPub = ({{header, content}}) => {{
        if (header.msg_type === 'stream') printed.push(content.text);
        if (header.msg_type === 'error') failed.push(content.traceback.join('\\n'));
    }};
    await run.done;
    if (failed.length) throw new Error(failed.join('\\n'));
    return {{printed: printed.join('')}};
}}"""


def kernel_specs(server_place: Path, pythons: list[str]) -> dict[str, str]:
    """Make Jupyter kernels of these pythons known to a server that is started below *server_place*; return their names."""
    names = {}
    for number, python in enumerate(pythons):
        name = f"tested-{number}"
        spec = server_place / "data" / "kernels" / name
        spec.mkdir(parents=True)
        argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": "python"}), encoding="utf-8")
        names[python] = name
    return names


@contextlib.contextmanager
def opened_lab(
    browser: Any, server: lab_in_chromium.Server, *, name: str = "studio.ipynb", kernel: str = "python3", app: str = "lab", **window: Any
) -> Iterator[Lab]:
    """Open an empty notebook with a kernel; the page complains of nothing while it is used."""
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    empty = {"cells": [], "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (server.folder / name).write_text(json.dumps(empty), encoding="utf-8")
    with lab_in_chromium.opened_notebook(browser, server, name, app=app, **window) as page:
        if app == "lab":
            page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        complaints: list[str] = []
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield Lab(page, server)
        if complaints:
            print("The page complained:", *complaints, sep="\n", file=sys.stderr)
