"""The Studio in marimo, which has cells of another kind, no magics, and a widget manager of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys

import pytest
import studio_in_lab

pytestmark = pytest.mark.browser

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    import imgcell

    studio = imgcell.Studio(prompt="a cat in marimo")
    return imgcell, studio


@app.cell
def _(studio):
    studio
    return
"""


@contextlib.contextmanager
def marimo(folder, environment):
    """Serve the notebook; yield its address."""
    notebook = folder / "cats.py"
    notebook.write_text(NOTEBOOK, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "marimo", "run", str(notebook), "--headless", "--no-token", "--host", "127.0.0.1", "--port", str(port)]
    surroundings = {**os.environ, **environment, "IMGCELL_HOME": str(folder / "home"), "HOME": str(folder)}
    with subprocess.Popen(command, env=surroundings, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while True:
                # It says its address before it listens there; the test's own limit of time holds.
                assert process.poll() is None, "marimo ended"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def test_a_prompt_becomes_a_picture_in_marimo(chromium, sandbox, environment, tmp_path, pictures):
    """Served by marimo the Studio is there with its prompt, runs, and shows the picture; nothing is fetched from elsewhere."""
    pytest.importorskip("marimo")
    with marimo(tmp_path, environment) as address:
        context = chromium.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
        context.route(lambda url: not url.startswith(address), lambda route: route.abort())
        with contextlib.closing(context):
            page = context.new_page()
            page.set_default_timeout(60_000)
            page.goto(address)
            studio = studio_in_lab.Studio(page)
            studio.prompt.wait_for()
            assert studio.prompt.input_value() == "a cat in marimo"
            studio.button("Run").click()
            studio.wait_for_pictures(1)
            page.screenshot(path=pictures / "studio-marimo.png")
    assert [request.json["prompt"] for request in sandbox.posts] == ["a cat in marimo"]
    assert len(list((tmp_path / "home" / "records").glob("*.json"))) == 1
