"""A real JupyterLab (or Notebook 7) in a real Chromium, on loopback, with nothing of the user's in it.

The conftest beside this file makes fixtures of it; ``make_pictures.py`` takes the pictures of the README with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Server", "chromium_path", "launched_browser", "opened_notebook", "run_all", "running_server", "wait_for_pictures"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)


def chromium_path() -> str | None:
    """The machine's own Chromium or Chrome, or None."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    return next((place for place in _PLACES if os.path.exists(place)), None)


@dataclass(frozen=True)
class Server:
    """A Jupyter server: its address, the folder it serves, and where its settings are."""

    url: str
    folder: Path
    settings: Path


@contextlib.contextmanager
def running_server(place: Path, *, app: str = "lab", dark: bool = False, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """Start ``jupyter lab`` or ``jupyter notebook`` below *place*, with configuration, data and library of its own.

    *environment* is added to what its kernels see.

    Raises:
        RuntimeError: If it ends before it says where it is; with what it printed.
    """
    folder, settings = place / "work", place / "settings"
    for part in (folder, settings):
        part.mkdir(parents=True, exist_ok=True)
    _set(settings, "apputils-extension", "themes", {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"})
    _set(settings, "apputils-extension", "notification", {"fetchNews": "false", "checkForUpdates": False})
    surroundings = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(place / "config"),
        "JUPYTER_DATA_DIR": str(place / "data"),
        "JUPYTER_RUNTIME_DIR": str(place / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(place / "workspaces"),
        "IPYTHONDIR": str(place / "ipython"),
        "IMGCELL_HOME": str(place / "home"),
        "MPLCONFIGDIR": str(place / "matplotlib"),
        "PYTHONUNBUFFERED": "1",
        **(environment or {}),
    }
    command = [
        sys.executable,
        "-m",
        "jupyter",
        app,
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={_free_port()}",
    ]
    command += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={folder}", "--expose-app-in-browser"]
    with subprocess.Popen(
        command,
        env=surroundings,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        printed: list[str] = []
        try:
            assert process.stderr is not None
            for line in process.stderr:
                printed.append(line)
                if found := re.search(r"(http://127\.0\.0\.1:\d+)/", line):
                    break
            else:
                raise RuntimeError(f"jupyter {app} did not start:\n{''.join(printed)}")
            # Whoever does not read a pipe stops the process that writes it.
            threading.Thread(target=printed.extend, args=(process.stderr,), daemon=True).start()
            yield Server(found[1], folder, settings)
        except BaseException:
            # What the server said tells more than the browser's time-out.
            print("".join(printed[-60:]), file=sys.stderr)
            raise
        finally:
            process.terminate()  # the server ends its kernels itself
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def launched_browser() -> Iterator[Any]:
    """Start Chromium headless, as any user, keeping its own background traffic off."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"]
    arguments += ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--font-render-hinting=none"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def opened_notebook(
    browser: Any, server: Server, name: str, *, app: str = "lab", width: int = 1280, height: int = 900, **settings: Any
) -> Iterator[Any]:
    """Open the notebook *name* of the server's folder; yield the page once its kernel is idle.  *settings* are Playwright's.

    Any request of the page beyond the server is refused: a notebook must look right without the internet.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=1, **settings)
    context.route(lambda url: not url.startswith(server.url), lambda route: route.abort())
    page = context.new_page()
    page.set_default_timeout(60_000)
    try:
        page.goto(f"{server.url}/lab/tree/{name}?reset" if app == "lab" else f"{server.url}/notebooks/{name}")
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'", timeout=90_000
        )
        yield page
    finally:
        context.close()


def run_all(page: Any, *, seconds: float = 240) -> list[dict[str, Any]]:
    """Run all cells and wait until the last is done; return the code cells as nbformat has them.

    Raises:
        playwright.sync_api.TimeoutError: If they are not done in time.
    """
    page.evaluate(
        """() => {
            window.allDone = false;
            window.jupyterapp.commands.execute('notebook:run-all-cells').finally(() => { window.allDone = true; });
        }"""
    )
    page.wait_for_function(
        """() => {
            const cells = window.jupyterapp.shell.currentWidget.content.model.toJSON().cells.filter(cell => cell.cell_type === 'code');
            const failed = cells.some(cell => cell.outputs.some(output => output.output_type === 'error'));
            return failed || (window.allDone && cells.every(cell => cell.execution_count !== null));
        }""",
        timeout=seconds * 1000,
    )
    cells = page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells")
    return [cell for cell in cells if cell["cell_type"] == "code"]


def wait_for_pictures(page: Any, at_least: int) -> list[dict[str, float]]:
    """Wait until so many pictures are in the outputs and every one of them is drawn; return their sizes in CSS pixels."""
    page.wait_for_function(
        """(wanted) => {
            const pictures = [...document.querySelectorAll('.jp-OutputArea img')];
            return pictures.length >= wanted && pictures.every(picture => picture.complete && picture.naturalWidth > 0);
        }""",
        arg=at_least,
        timeout=60_000,
    )
    sizes: list[dict[str, float]] = page.evaluate(
        """() => [...document.querySelectorAll('.jp-OutputArea img')].map(
            picture => ({width: picture.naturalWidth, height: picture.naturalHeight, shown: picture.getBoundingClientRect().width}))"""
    )
    return sizes


def _set(settings: Path, extension: str, plugin: str, values: dict[str, Any]) -> None:
    folder = settings / "@jupyterlab" / extension
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{plugin}.jupyterlab-settings").write_text(json.dumps(values), encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
