"""A Studio with a page that is played by the test: a comm that keeps what the kernel sends."""

from __future__ import annotations

import itertools
import threading
import time
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

import imgcell
from imgcell.widget import protocol


class FakeComm:
    """What ipywidgets talks to instead of a kernel's comm."""

    def __init__(self, comm_id="comm", data=None, **_):
        self.comm_id = comm_id
        self.kernel = object()
        self.opened = data
        self.sent = []
        self.news = threading.Condition()
        self.closed = False

    def on_msg(self, callback):
        """Remember who takes what the page sends."""
        self.callback = callback

    def send(self, data=None, buffers=None, **_):
        """Keep what the kernel sends."""
        with self.news:
            self.sent.append((data, [bytes(one) for one in buffers or ()]))
            self.news.notify_all()

    def close(self, *_, **__):
        """Note that it is over."""
        self.closed = True


class Page:
    """One page that looks at a Studio, or at something with a protocol of its own (*speaks*: its replies)."""

    def __init__(self, comm, state, speaks=protocol.REPLIES):
        self._speaks = speaks
        self.comm = comm
        self.start = len(comm.sent)
        self._state = dict(state)
        self._calls = itertools.count(1)
        self.name = f"page{id(self)}"

    def post(self, content, *buffers):
        """Send a custom message, whatever it is."""
        self.comm.callback({"content": {"data": {"method": "custom", "content": content}}, "buffers": list(buffers)})

    def write(self, **state):
        """Write traits."""
        self.comm.callback({"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []})

    def said(self, kind=None):
        """Every custom message since the page is there: (content, buffers)."""
        found = [(data["content"], buffers) for data, buffers in self.comm.sent[self.start :] if data.get("method") == "custom"]
        return [one for one in found if kind is None or one[0]["kind"] == kind]

    def replies(self, call):
        """Return what came for a call."""
        return [one for one in self.said() if one[0].get("call") == call]

    def until(self, happened, timeout=20):
        """Wait until *happened* returns something true, and return it."""
        end = time.monotonic() + timeout
        with self.comm.news:
            while not (found := happened()):
                left = end - time.monotonic()
                assert left > 0, [content for content, _ in self.said()][-5:]
                self.comm.news.wait(min(left, 0.2))
        return found

    def start_asking(self, kind, *buffers, **fields):
        """Ask; return the call."""
        call = f"{self.name}-{next(self._calls)}"
        self.post({"kind": kind, "call": call, **fields}, *buffers)
        return call

    def answer(self, call):
        """Wait for the one reply to a call; return it and its buffers, checked against the protocol."""
        ((content, buffers),) = self.until(lambda: self.replies(call))
        kind = content["kind"].removesuffix("-reply")
        assert set(content) in ({"kind", "call", "ok"}, {"kind", "call", "error"})
        if "ok" in content:
            assert conforms(content["ok"], self._speaks[kind]), (kind, content["ok"])
        else:
            assert set(content["error"]) == {"message", "hint", "kind"}
        return content, buffers

    def ask(self, kind, *buffers, **fields):
        """Ask and return ``ok``; the test fails if it is an error."""
        content, _ = self.answer(self.start_asking(kind, *buffers, **fields))
        assert "ok" in content, content
        return content["ok"]

    def ask_bytes(self, kind, **fields):
        """As :meth:`ask`, with the reply's buffer."""
        content, (buffer,) = self.answer(self.start_asking(kind, **fields))
        return content["ok"], buffer

    def refused(self, kind, *buffers, **fields):
        """Ask and return the error; the test fails if there is none."""
        content, _ = self.answer(self.start_asking(kind, *buffers, **fields))
        assert "error" in content, content
        return content["error"]

    def state(self, name):
        """What a trait holds as far as the page knows: what was opened, then every update."""
        value = self._state[name]
        for data, _ in list(self.comm.sent):
            if data.get("method") in ("update", "echo_update") and name in data["state"]:
                value = data["state"][name]
        return value

    def ready(self, **fields):
        """Say that the page is there."""
        asked = {"version": "1", "buffers_probe": True, "base64": False, **fields}
        return self.ask("ready", b"\1\2\3", **asked)

    def card(self, key):
        """The latest that the page knows of a card."""
        found = [card for card in self.state("cards") if card["key"] == key]
        found += [card for content, _ in self.said("changed") for card in content["cards"] if card["key"] == key]
        return found[-1] if found else None

    def until_state(self, key, *states):
        """Wait until a card is in one of these states; return it."""
        return self.until(lambda: (card := self.card(key)) is not None and card["state"] in states and card)


def conforms(value, hint):
    """Whether *value* is what a type of the protocol says, every key there and none too many."""
    if is_typeddict(hint):
        hints = get_type_hints(hint, include_extras=True)
        return isinstance(value, dict) and value.keys() == hints.keys() and all(conforms(value[name], one) for name, one in hints.items())
    kind, inner = get_origin(hint), get_args(hint)
    if kind is Annotated:
        return conforms(value, inner[0])
    if kind is Literal:
        return any(type(value) is type(one) and value == one for one in inner)
    if kind in (Union, types.UnionType):
        return any(conforms(value, one) for one in inner)
    if kind is list:
        return isinstance(value, list) and all(conforms(one, inner[0]) for one in value)
    if kind is dict:
        return isinstance(value, dict) and all(isinstance(name, str) and conforms(one, inner[1]) for name, one in value.items())
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return hint is Any or type(value) is (type(None) if hint is None else hint)


@pytest.fixture
def as_said():
    """Whether a value is what a type of the protocol says."""
    return conforms


@pytest.fixture
def comms(monkeypatch):
    """Every comm that a widget opens, as a fake."""
    import comm

    opened = []

    def create(**given):
        opened.append(FakeComm(**{"comm_id": f"comm{len(opened)}", **given}))
        return opened[-1]

    monkeypatch.setattr(comm, "create_comm", create)
    return opened


@pytest.fixture
def client(server):
    """A client of the test's own sandbox, as it is billed by OpenAI's list."""
    with imgcell.Client("openai", api_key="sk-anything", base_url=server.base_url) as made:
        yield made


@pytest.fixture
def studio(comms, client):
    """A Studio whose variables are a mapping of the test's own (`studio_names`)."""
    made = imgcell.Studio(client=client, names={})
    yield made
    made.cancel()
    made.cancel()
    made.close()


@pytest.fixture
def page(studio, comms):
    """A page that looks at the Studio and has said that it is ready."""
    made = Page(comms[-1], comms[-1].opened["state"])
    made.ready()
    return made


@pytest.fixture
def another_page(comms):
    """Opens one more page on the same Studio."""
    return lambda: Page(comms[-1], comms[-1].opened["state"])


@pytest.fixture
def page_of(comms):
    """Opens a page on the widget that was made last: ``page_of(its replies)``."""
    return lambda speaks: Page(comms[-1], comms[-1].opened["state"], speaks)


@pytest.fixture
def draft():
    """Makes a form: ``draft("a prompt", n=2, models=["m"])``."""

    def make(prompt="a lighthouse", **fields):
        from imgcell.widget.drafts import blank

        made = blank("openai", prompt)
        made["targets"]["models"] = ["gpt-image-1"]
        made["targets"]["sizes"] = ["1024x1024"]
        made["targets"]["qualities"] = ["low"]
        for name, value in fields.items():
            if name in made["targets"]:
                made["targets"][name] = value
            else:
                assert name in made
                made[name] = value
        return made

    return make


@pytest.fixture
def run(page, draft):
    """Runs a form and returns its cards' keys."""
    count = itertools.count(1)

    def send(prompt="a lighthouse", **fields):
        return page.ask("run", draft=draft(prompt, **fields), nonce=f"nonce-{next(count)}")["cards"]

    return send


@pytest.fixture
def painted():
    """Makes a PNG of one colour (or a mask with a white square in it)."""
    import io

    from PIL import Image

    def make(size=(64, 48), mode="RGB", colour="teal", square=None, kind="PNG"):
        image = Image.new(mode, size, colour)
        if square is not None:
            image.paste(255 if mode == "L" else "white", square)
        buffer = io.BytesIO()
        image.save(buffer, kind)
        return buffer.getvalue()

    return make


@pytest.fixture
def upload(page):
    """Sends a file in pieces; returns the reference."""
    import hashlib

    def send(data, name="file.png", piece=1 << 20):
        begun = page.ask("upload-start", name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        if begun["reference"] is not None:
            return begun["reference"]
        for offset in range(0, len(data), piece):
            part = data[offset : offset + piece]
            assert page.ask("upload-piece", part, upload=begun["upload"], offset=offset, data=None) == {"received": offset + len(part)}
        return page.ask("upload-end", upload=begun["upload"])["reference"]

    return send
