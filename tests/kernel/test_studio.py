"""The Studio in real kernels: its page's messages while cells run, its outputs, its variables."""

from __future__ import annotations

import json
import time

import pytest

VIEW = "application/vnd.jupyter.widget-view+json"


class Page:
    """A page as JupyterLab is one: comm messages, on a subshell where the kernel has them."""

    def __init__(self, kernel):
        self.kernel, self.client = kernel, kernel._client
        self.state, self.said, self.comm, self.calls = {}, [], None, 0
        self.subshell = self._subshell()
        take = kernel._take

        def taken(message):
            self._take(message)
            take(message)

        kernel._take = taken

    def _subshell(self):
        self.client.kernel_info()
        info = self.client.get_shell_msg(timeout=60)
        while info["msg_type"] != "kernel_info_reply":
            info = self.client.get_shell_msg(timeout=60)
        if "kernel subshells" not in info["content"].get("supported_features", []):
            return None
        request = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(request)
        while True:
            reply = self.client.get_control_msg(timeout=60)
            if reply["parent_header"].get("msg_id") == request["header"]["msg_id"]:
                return reply["content"]["subshell_id"]

    def _take(self, message):
        kind, content = message["msg_type"], message["content"]
        if kind == "comm_open" and "draft" in content["data"].get("state", {}):
            self.comm, self.state = content["comm_id"], dict(content["data"]["state"])
        elif kind == "comm_msg" and content["comm_id"] == self.comm:
            data = content["data"]
            if data["method"] in ("update", "echo_update"):
                self.state.update(data["state"])
            elif data["method"] == "custom":
                self.said.append((data["content"], [bytes(one) for one in message["buffers"]]))
        elif kind == "update_display_data" and message["parent_header"].get("msg_id") not in self.kernel._outcomes:
            # A page goes by the display's id: what changed it was no cell, but a message of its own.
            home, at = self.kernel._display_ids[content["transient"]["display_id"]]
            home.displays[at] = content["data"]

    def send(self, data, buffers=()):
        """Send to the widget."""
        content = {"comm_id": self.comm, "data": data}
        header = self.client.session.msg_header("comm_msg")
        if self.subshell is not None:
            header["subshell_id"] = self.subshell
        message = self.client.session.msg("comm_msg", content, header=header)
        message["buffers"] = list(buffers)
        self.client.session.send(self.client.shell_channel.socket, message, buffers=list(buffers))

    def start(self, kind, *buffers, **fields):
        """Ask; return the call."""
        self.calls += 1
        self.send({"method": "custom", "content": {"kind": kind, "call": f"k{self.calls}", **fields}}, buffers)
        return f"k{self.calls}"

    def reply(self, call):
        """Return the reply to a call if it is there."""
        return next((one for one, _ in self.said if one.get("call") == call), None)

    def ask(self, kind, *buffers, **fields):
        """Ask and wait for ``ok``."""
        call = self.start(kind, *buffers, **fields)
        self.until(lambda: self.reply(call))
        assert "ok" in self.reply(call), self.reply(call)
        return self.reply(call)["ok"]

    def until(self, happened, timeout=60):
        """Read until something has happened."""
        self.kernel._read(lambda: bool(happened()), timeout)

    def form(self, prompt, **fields):
        """Return the form with a prompt."""
        return {**self.state["draft"], "prompt": prompt, **fields}


@pytest.fixture
def page(notebook):
    """A page that shows what the kernel opens."""
    made = Page(notebook)
    yield made
    del notebook._take


@pytest.fixture
def shown(notebook, page, server):
    """A Studio at the test's own sandbox, displayed, with its page there; returns what its cell displayed."""
    made = notebook.run(
        f"import imgcell\nclient = imgcell.Client('openai', api_key='sk-anything', base_url={server.base_url!r})\n"
        "studio = imgcell.Studio(client=client, bind='images')\nstudio"
    )
    assert made.status == "ok", made.traceback
    page.until(lambda: page.comm)
    assert page.ask("ready", b"\1\2\3", version="1", buffers_probe=True, base64=False)["buffers"] is True
    return made


def test_it_is_shown_by_a_widget_and_a_static_output(shown, page, notebook):
    """Displaying it makes two outputs: the view, and what stands there without a page; no script, no pixels in traits."""
    view, static = shown.displays
    assert view[VIEW]["model_id"] == page.comm
    assert 'class="imgcell-studio-static"' in static["text/html"]
    assert page.state["facts"]["bound"] == "images"
    assert {one["name"] for one in page.state["providers"]} >= {"openai", "sandbox"}


def test_a_run_of_the_page_fills_variables_and_the_static_output(shown, page, notebook):
    """What the page runs is a sheet in the kernel; afterwards the static output holds a contact sheet."""
    card = page.ask("run", draft=page.form("a lighthouse 灯塔"), nonce="n1")["cards"][0]
    page.until(lambda: [one["state"] for one in page.state["cards"]] == ["done"])
    assert page.state["cards"][0]["key"] == card
    assert notebook.run("len(images), studio.last.record.prompt, studio.sheet[0].size").result == "(1, 'a lighthouse 灯塔', (1024, 1024))"
    page.until(lambda: "image/jpeg" in shown.displays[1])
    assert shown.displays[0][VIEW]["model_id"] == page.comm
    fields = page.ask("fetch-image", sha=page.state["cards"][0]["sha"], box=256, base64=False)
    assert fields["media_type"] == "image/jpeg"
    assert len(page.said[-1][1][0]) < 64_000


def test_setting_it_from_a_cell_tells_the_page_and_variables_are_announced(shown, page, notebook):
    """``studio.draft = …`` is a suggestion; a new picture in a variable is announced after its cell."""
    assert notebook.run("studio.draft = imgcell.Generate('from Python', n=2)").status == "ok"
    page.until(lambda: [one for one, _ in page.said if one["kind"] == "suggest"])
    assert next(one for one, _ in page.said if one["kind"] == "suggest")["draft"]["n"] == 2
    assert notebook.run("from PIL import Image\npicture = Image.new('RGB', (64, 48))").status == "ok"
    page.until(lambda: [one for one, _ in page.said if one["kind"] == "variables-changed"])
    assert {one["name"] for one in page.ask("variables")["variables"]} == {"picture"}


def test_cancelling_a_running_cell_by_its_two_paths(shown, page, notebook, server):
    """While ``studio.run()`` blocks, Cancel is heard on a subshell; where the kernel has none, an interrupt does it.

    Either way the cell ends, and the next one runs.
    """
    server.latency = 60
    # A second press lets go at once here; elsewhere, so soon, it would be a double click.
    assert notebook.run("import imgcell.widget.orders\nimgcell.widget.orders.DOUBLE_CLICK = 0").status == "ok"
    page.send({"method": "update", "state": {"draft": page.form("slow")}, "buffer_paths": []})
    page.until(lambda: page.state["draft"]["prompt"] == "slow")
    cell = notebook.submit("studio.run()")
    server.wait_for(1)
    after = notebook.submit("'the next cell'")
    call = page.start("cancel", target=None)
    end = time.monotonic() + 10
    if page.subshell is not None:
        page.until(lambda: page.reply(call), 10)
        assert page.reply(call)["ok"]["sent"] == 1
        again = page.start("cancel", target=None)
        page.until(lambda: page.reply(again), 10)
        outcome = notebook.outcome(cell, 20)
        assert outcome.error == "OutcomeUnknownError", outcome.traceback
    else:
        notebook.interrupt()
        outcome = notebook.outcome(cell, 20)
        assert outcome.error == "KeyboardInterrupt", outcome.traceback
    assert time.monotonic() < end
    assert notebook.outcome(after, 20).result == "'the next cell'"
    assert notebook.run("studio.cancel(); studio.cancel(); len(studio.sheet)").result == "0"


def test_a_page_is_answered_while_a_cell_computes(shown, page, notebook):
    """On kernels with subshells a page that looks at a busy kernel still gets its pixels and its estimates."""
    if page.subshell is None:
        pytest.skip("this kernel hears nothing while a cell runs")
    cell = notebook.submit("import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.01)")
    notebook.until_printed(cell, "begun")
    assert page.ask("estimate", draft=page.form("while busy"))["pictures"] == 1
    assert not notebook._outcomes[cell].status
    notebook.interrupt()
    assert notebook.outcome(cell).error == "KeyboardInterrupt"


def test_a_page_that_never_comes_is_missed(notebook, page):
    """Without an answer the static output says what is probably wrong: anywidget's version in the server."""
    made = notebook.run("import imgcell.widget.inside\nimgcell.widget.inside.PATIENCE = 0.2\nimgcell.Studio('sandbox')")
    page.until(lambda: "anywidget" in made.displays[1]["text/html"])
    assert "anywidget" in made.displays[1]["text/plain"]
    page.ask("ready", b"\1\2\3", version="1", buffers_probe=True, base64=False)
    page.until(lambda: "anywidget" not in made.displays[1]["text/html"])  # it was only late
    assert notebook.run("imgcell.widget.inside.PATIENCE = 10.0").status == "ok"


def test_a_notebook_that_is_executed_without_a_page_has_the_contact_sheet(notebook, page):
    """nbconvert and friends: the run is Python's, the static output shows what came, and no trait holds pixels."""
    made = notebook.run("import imgcell\nstudio = imgcell.Studio('sandbox', prompt='a lighthouse')\nstudio")
    assert notebook.run("len(studio.run())").result == "1"
    assert "image/jpeg" in made.displays[1]  # before the cell's end: whoever executes notebooks may stop the kernel then
    assert "a lighthouse" in made.displays[1]["text/plain"]
    assert len(json.dumps({name: value for name, value in page.state.items() if not name.startswith("_")})) < 60_000
