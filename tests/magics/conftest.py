"""A shell without a kernel, and a provider without a wire: cells run, nothing is sent."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import threading

import pytest
from PIL import Image

from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.source import MemorySource
from imgcell.pictures.steps import Final, Progress
from imgcell.providers.prices import Cost, Prices
from imgcell.providers.profile import Field, Model, Provider


def make_picture(prompt: str, number: int, model: str | None = None) -> Picture:
    """A small picture that needs no provider."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), (40 * number % 256, 90, 160)).save(buffer, "PNG")
    source = MemorySource(buffer.getvalue())
    return Picture(source, Record(id=f"p-{number}", sha256=source.sha256, prompt=prompt, provider="fake", model=model))


class Shelf:
    """A library of pictures that are in memory."""

    def __init__(self):
        self.pictures, self.unsettled = {}, []

    def add(self, digest, slot, *, session="s-earlier", cell=None):
        """Have one more picture of a job."""
        number = len(self.pictures)
        made = make_picture(digest, number + 1)
        at = dt.datetime(2026, 11, 1, 12, number, tzinfo=dt.timezone.utc)
        facts = {"id": f"p-kept-{number}", "job": digest, "slot": slot, "session": session, "cell": cell, "created": at}
        picture = Picture(made.source, dataclasses.replace(made.record, bytes=made.source.size, **facts))
        self.pictures[picture.record.id] = picture
        return picture

    def by_job(self, digest):
        """As the real one: the newest first."""
        return [picture.record for picture in reversed(self.pictures.values()) if picture.record.job == digest]

    def requests(self, states):
        """As the real one: those of `unsettled`."""
        return self.unsettled

    def picture(self, name):
        """As the real one."""
        return self.pictures.get(name)


class FakeRun:
    """Ends when it is told to, as a real one does on its own thread."""

    def __init__(self, sheet, job, places, on_step, outcome):
        self.sheet, self.job, self.places, self.on_step, self.outcome = sheet, job, places, on_step, outcome
        self.errors, self.warnings, self.cancels = (), [], 0
        self._done, self._callbacks = threading.Event(), []

    @property
    def done(self):
        """Whether nothing more will come."""
        return self._done.is_set()

    def end(self):
        """Answer now."""
        if isinstance(self.outcome, Exception):
            self.errors = (self.outcome,)
            for place in self.places:
                self.sheet._fail(self.outcome, place)
        else:
            for place in self.places:
                picture = make_picture(self.job.prompt, place, self.job.model)
                self.sheet._add(picture, place)
                self.on_step(Final(picture))
        self._done.set()
        for function in self._callbacks:
            function()

    def wait(self, timeout=None):
        """As the real one."""
        if self.outcome == "interrupt":
            raise KeyboardInterrupt
        return self._done.wait(timeout)

    def cancel(self):
        """As the real one; one request was sent."""
        self.cancels += 1
        return 1

    def add_done_callback(self, function):
        """As the real one."""
        if self.done:
            function()
        else:
            self._callbacks.append(function)


class FakeClient:
    """Answers by model name: what `outcomes` says, else a picture."""

    def __init__(self, name):
        fields = {"size": Field("size", values=("1024x1024", "1536x1024")), "quality": Field("quality", values=("low", "high"))}
        model = Model("standard", fields=fields, pictures_per_call=10)
        self.provider = Provider(
            name, name.title(), "http://127.0.0.1/v1", "openai", "standard", {"standard": model}, model, ("FAKE_API_KEY",)
        )
        self.outcomes, self.jobs, self.runs, self.planned, self.recalled = {}, [], [], [], []
        self.held, self.paused, self.unpriced, self.shelf = False, False, False, Shelf()
        # As a client with library=False has them.
        self._home, self._given_url, self.base_url, self.library = None, None, "http://127.0.0.1/v1", None
        self._timeout, self._connect_timeout, self._max_in_flight = 600.0, 10.0, 4

    def ready(self, job):
        """The job, its price known; what is the same job follows from prompt and model."""
        from imgcell.client.part import Prepared
        from imgcell.client.replaying import Ready

        prices = None if self.unpriced else Prices("2026-11-01", pictures={"": 0.04})
        model = dataclasses.replace(self.provider.defaults, prices=prices)
        return Ready(Prepared(job, (), None, model, self.provider, ()), f"{job.prompt} {job.model}")

    def recall(self, ready, *, cell=None, but=None, nth=0):
        """What `shelf` has, as `records` of the newest first; or the error that it is."""
        from imgcell.client.replaying import look_up

        if isinstance(self.shelf, Exception):
            raise self.shelf
        self.recalled.append(ready.job)
        return look_up(self.shelf, ready, cell=cell, but=but, nth=nth)

    def plan(self, ready):
        """What would be sent, or the error in a 1-tuple of `outcomes`."""
        job = ready.job
        self.planned.append(job)
        outcome = self.outcomes.get(job.model)
        if isinstance(outcome, tuple):
            raise outcome[0]
        from imgcell.client.plan import Plan

        call = {"method": "POST", "url": "http://127.0.0.1/v1/images/generations", "encoding": "json", "body": (("prompt", job.prompt),)}
        cost = Cost(0.04 * ready.missing, "USD", "estimated")
        return Plan(self.provider.name, job.model or "standard", (call,) * bool(ready.missing), ready.missing, cost)

    def resume(self):
        """Send again."""
        self.paused = False

    def key(self):
        """There is none."""
        return

    def required_key(self):
        """There is none, and none is required."""
        return

    def submit(self, ready, *, on_step=None, sheet=None, position=0):
        """Start a run, which ends at once unless `held`; what was found is in the sheet already and not sent for."""
        job = ready.job
        for slot, picture in ready.found.items():
            sheet._add(picture, position + slot)
            on_step(Final(picture))
        if ready.missing:
            self.jobs.append(job)
        missing = [position + slot for slot in range(job.n) if slot not in ready.found]
        run = FakeRun(sheet, job, missing, on_step, self.outcomes.get(job.model))
        self.runs.append(run)
        on_step(Progress("waiting", 0.0, "waiting"))
        if not self.held and run.outcome != "interrupt":
            run.end()
        return run


@pytest.fixture
def provider(monkeypatch):
    """The one fake client, whatever provider is named; its `outcomes`, `jobs` and `runs` can be looked at."""
    import imgcell.magics.session as remembered

    clients = {}

    def client(self, name, names):
        return clients.setdefault(name or self.provider or "fake", FakeClient(name or self.provider or "fake"))

    monkeypatch.setattr(remembered.Session, "client", client)
    for name, value in vars(remembered.Session()).items():
        monkeypatch.setattr(remembered.session, name, value)
    clients["fake"] = FakeClient("fake")
    clients["fake"].others = clients
    return clients["fake"]


@pytest.fixture
def sandbox(monkeypatch, server):
    """The sandbox of the test's own, as the provider in use of a kernel that has just been started."""
    import imgcell.magics.session as remembered

    monkeypatch.setenv("IMGCELL_SANDBOX_URL", server.url("sandbox"))
    monkeypatch.setenv("IMGCELL_PROVIDER", "sandbox")
    for name, value in vars(remembered.Session()).items():
        monkeypatch.setattr(remembered.session, name, value)
    return server


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """An IPython shell with the extension loaded, in a folder of its own."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    instance = InteractiveShell.instance(config=config)
    instance.run_line_magic("load_ext", "imgcell")
    yield instance
    instance.run_line_magic("unload_ext", "imgcell")
    instance.restore_sys_module_state()
    InteractiveShell.clear_instance()


@pytest.fixture
def cell(shell):
    """Run a cell's text; return what it displayed (MIME bundles), wrote, and failed with."""
    from IPython.utils.capture import capture_output

    class Ran:
        def __init__(self, text):
            with capture_output() as captured:
                self.result = shell.run_cell(text)
            self.error = self.result.error_before_exec or self.result.error_in_exec
            self.bundles = [output.data for output in captured.outputs]
            self.out, self.err = captured.stdout, captured.stderr
            self.names = shell.user_ns

    return Ran
