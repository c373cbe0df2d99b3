"""Real ipykernels: the one that is installed here, or those that ``IMGCELL_KERNELS`` names (``make test`` gives three)."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import sys
import time
from dataclasses import dataclass, field

import pytest

PYTHONS = [python for python in os.environ.get("IMGCELL_KERNELS", "").split(",") if python] or [sys.executable]


@dataclass
class Outcome:
    """What came of one cell."""

    status: str = ""
    error: str = ""
    message: str = ""
    traceback: str = ""
    stdout: str = ""
    stderr: str = ""
    displays: list = field(default_factory=list)  # mime bundles as they stand at the end, updates applied
    result: str = ""
    started: int = 0  # the how-manieth cell of the kernel it was
    updates: int = 0  # how often something displayed was changed


class Kernel:
    """A running kernel and a client of it."""

    def __init__(self, manager, client):
        self.manager = manager
        self._client = client
        self._outcomes = {}
        self._display_ids = {}
        self._idle = set()
        self._replied = set()

    def submit(self, code, *, ask=False, cell=None):
        """Queue a cell; return its id.  With *ask* there is somebody who answers its questions.

        *cell* is the id of the cell in its notebook, as Jupyter's pages send it; a plain client sends none.
        """
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": ask, "stop_on_error": False}
        message = self._client.session.msg("execute_request", content, metadata={} if cell is None else {"cellId": cell})
        self._client.shell_channel.send(message)
        identity = message["header"]["msg_id"]
        self._outcomes[identity] = Outcome()
        return identity

    def outcome(self, identity, timeout=60):
        """Wait until that cell is done; return what came of it."""
        self._read(lambda: identity in self._idle and identity in self._replied, timeout)
        return self._outcomes[identity]

    def run(self, code, timeout=60, *, cell=None):
        """Run a cell; return what came of it."""
        return self.outcome(self.submit(code, cell=cell), timeout)

    def until_printed(self, identity, text, timeout=60):
        """Wait until that cell, still running, has printed or shown *text*."""
        seen = lambda: text in self._outcomes[identity].stdout + json.dumps(self._outcomes[identity].displays, ensure_ascii=False)  # noqa: E731
        self._read(lambda: seen() or identity in self._idle, timeout)
        assert seen(), self._outcomes[identity]

    def answer(self, text):
        """Answer the question that a cell asks; return the question."""
        question = self._client.get_stdin_msg(timeout=60)["content"]["prompt"]
        self._client.input(text)
        return question

    def complete(self, code):
        """Press Tab at the end of *code*; return what is offered and the text that it replaces."""
        content = self._client.complete(code, len(code), reply=True, timeout=60)["content"]
        return content["matches"], code[content["cursor_start"] : content["cursor_end"]]

    def restart(self):
        """As the Restart button does, at once."""
        self.manager.restart_kernel(now=True)
        self._client.wait_for_ready(timeout=60)

    def interrupt(self):
        """As the Stop button does."""
        self.manager.interrupt_kernel()

    def _read(self, done, timeout):
        end = time.monotonic() + timeout
        while not done():
            assert time.monotonic() < end, f"no answer in {timeout} s: {self._outcomes}"
            for channel in (self._client.iopub_channel, self._client.shell_channel):
                try:
                    self._take(channel.get_msg(timeout=0.05))
                except queue.Empty:
                    continue

    def _take(self, message):
        identity = message["parent_header"].get("msg_id")
        outcome = self._outcomes.get(identity)
        if outcome is None:
            return
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            setattr(outcome, content["name"], getattr(outcome, content["name"]) + content["text"])
        elif kind == "execute_input":
            outcome.started = content["execution_count"]
        elif kind == "execute_result":
            outcome.result = content["data"].get("text/plain", "")
        elif kind in ("display_data", "update_display_data"):
            name = content.get("transient", {}).get("display_id")
            if kind == "update_display_data":
                home, at = self._display_ids[name]
                home.displays[at] = content["data"]
                home.updates += 1
            else:
                outcome.displays.append(content["data"])
                self._display_ids[name] = (outcome, len(outcome.displays) - 1)
        elif kind == "error":
            outcome.traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(content["traceback"]))
        elif kind == "execute_reply":
            outcome.status, outcome.error, outcome.message = content["status"], content.get("ename", ""), content.get("evalue", "")
            self._replied.add(identity)
        elif kind == "status" and content["execution_state"] == "idle":
            self._idle.add(identity)


def _name(python):
    return python.split(os.sep)[-3] if ".venv-kernels" in python else "installed"


@contextlib.contextmanager
def _running(python, folder, **environment):
    """Start a kernel of *python* in *folder*, load the extension, and end it however busy it is."""
    client_module = pytest.importorskip("jupyter_client")
    spec = folder / "kernels" / "tested"
    spec.mkdir(parents=True)
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "tested", "language": "python"}), encoding="utf-8")
    specs = client_module.kernelspec.KernelSpecManager(kernel_dirs=[str(folder / "kernels")])
    manager = client_module.KernelManager(kernel_name="tested", kernel_spec_manager=specs)
    manager.start_kernel(cwd=str(folder), env={**os.environ, "IPYTHONDIR": str(folder / "ipython"), "COLUMNS": "120", **environment})
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        running = Kernel(manager, client)
        loaded = running.run("%load_ext imgcell")
        assert loaded.status == "ok", loaded.traceback
        yield running
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


@pytest.fixture(params=PYTHONS, ids=_name)
def kernel(request, tmp_path, imgcell_home):
    """A fresh kernel with the extension loaded, its library in the test's own folder."""
    with _running(request.param, tmp_path) as running:
        yield running


@pytest.fixture(params=PYTHONS, ids=_name)
def counted(request, tmp_path, imgcell_home, server):
    """A fresh kernel whose sandbox is the test's own `server`, after every restart too."""
    with _running(request.param, tmp_path, IMGCELL_SANDBOX_URL=server.url("sandbox"), IMGCELL_PROVIDER="sandbox") as running:
        yield running


@pytest.fixture(scope="module", params=PYTHONS, ids=_name)
def shared_kernel(request, tmp_path_factory):
    """One kernel for all tests of a module, with a library of its own."""
    folder = tmp_path_factory.mktemp("shared")
    with _running(request.param, folder, IMGCELL_HOME=str(folder / "home")) as running:
        yield running


@pytest.fixture
def notebook(shared_kernel):
    """The shared kernel with no variables and the sandbox in use, as after a restart."""
    cleared = shared_kernel.run("%reset -f\n%reload_ext imgcell\n%imgcell use sandbox")
    assert cleared.status == "ok", cleared.traceback
    return shared_kernel


@pytest.fixture
def slow(notebook, server):
    """The test's own sandbox, known in the kernel as the client `slow`; its `latency` is the test's to set."""
    bound = notebook.run(
        f"import imgcell\nslow = imgcell.Client('openai', api_key='sk-anything', base_url={server.base_url!r}, max_in_flight=1)"
    )
    assert bound.status == "ok", bound.traceback
    return server
