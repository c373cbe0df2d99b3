"""Real ipykernels: the one that is installed here, or those that ``IMGCELL_KERNELS`` names (``make test`` gives three)."""

from __future__ import annotations

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


class Kernel:
    """A running kernel and a client of it."""

    def __init__(self, manager, client):
        self.manager = manager
        self._client = client
        self._outcomes = {}
        self._display_ids = {}
        self._idle = set()
        self._replied = set()

    def submit(self, code):
        """Queue a cell; return its id."""
        identity = self._client.execute(code, stop_on_error=False)
        self._outcomes[identity] = Outcome()
        return identity

    def outcome(self, identity, timeout=60):
        """Wait until that cell is done; return what came of it."""
        self._read(lambda: identity in self._idle and identity in self._replied, timeout)
        return self._outcomes[identity]

    def run(self, code, timeout=60):
        """Run a cell; return what came of it."""
        return self.outcome(self.submit(code), timeout)

    def until_printed(self, identity, text, timeout=60):
        """Wait until that cell, still running, has printed or shown *text*."""
        seen = lambda: text in self._outcomes[identity].stdout + json.dumps(self._outcomes[identity].displays, ensure_ascii=False)  # noqa: E731
        self._read(lambda: seen() or identity in self._idle, timeout)
        assert seen(), self._outcomes[identity]

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


@pytest.fixture(params=PYTHONS, ids=lambda python: python.split(os.sep)[-3] if ".venv-kernels" in python else "installed")
def kernel(request, tmp_path, imgcell_home):
    """A fresh kernel with the extension loaded, its library in the test's own folder."""
    client_module = pytest.importorskip("jupyter_client")
    spec = tmp_path / "kernels" / "tested"
    spec.mkdir(parents=True)
    argv = [request.param, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "tested", "language": "python"}), encoding="utf-8")
    specs = client_module.kernelspec.KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")])
    manager = client_module.KernelManager(kernel_name="tested", kernel_spec_manager=specs)
    manager.start_kernel(cwd=str(tmp_path), env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "COLUMNS": "120"})
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
