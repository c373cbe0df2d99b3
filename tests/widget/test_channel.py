"""Whatever a page sends: one reply, or none; nothing else happens."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgcell.language import current
from imgcell.widget import protocol

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_KINDS = st.sampled_from(sorted(protocol.REQUESTS)) | st.text(max_size=20)
#: Fields by the names that some request has, with values of any kind or nearly right ones.
_NEARLY = ["c1", "r1", "m1", "u1", "p-20260101-000000-abcdefg-0", "a" * 64, "../../etc/passwd", 0, 256, 1 << 40, -1, True, []]
_VALUES = _JSON | st.sampled_from(_NEARLY)
_NAMES = st.sampled_from(sorted({name for asked in protocol.REQUESTS.values() for name in asked.__annotations__} | {"x"}))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """One Studio for a thousand messages, without a provider that could be asked."""
    from unittest import mock

    import comm

    import imgcell

    opened = []

    class Comm:
        comm_id, kernel = "fuzzed", object()

        def on_msg(self, callback):
            self.callback = callback

        def send(self, data=None, buffers=None, **_):
            opened.append(data)

        def close(self, *_, **__):
            pass

    made = Comm()
    with mock.patch.object(comm, "create_comm", return_value=made):
        studio = imgcell.Studio(client=imgcell.Client("sandbox", library=tmp_path_factory.mktemp("fuzzed")), names={"number": 5})
        # Where keys are is looked up on another thread; until it is done the providers' facts change by themselves.
        _until(lambda: all(one["key"] or "keyring" in one["key_hint"] for one in studio.widget.providers))
        yield studio, made, opened
        studio.close()


_MESSAGES = _JSON | st.fixed_dictionaries({"kind": _KINDS, "call": st.text(max_size=80) | _JSON})
_FIELDS = st.dictionaries(_NAMES, _VALUES, max_size=6)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(content=_MESSAGES, fields=_FIELDS, buffers=st.lists(st.binary(max_size=40), max_size=3))
def test_any_message_has_one_reply_or_none_and_changes_nothing_else(fuzzed, content, fields, buffers):
    """Fuzzed messages: a kind and a call that can be sent back get one reply, the others none; no card, no money, no trait."""
    studio, comm, sent = fuzzed
    message = {**fields, **content} if isinstance(content, dict) else content
    before = {name: getattr(studio.widget, name) for name in ("cards", "draft", "view", "providers")}
    del sent[:]
    comm.callback({"content": {"data": {"method": "custom", "content": message}}, "buffers": buffers})
    kind, call = (message.get("kind"), message.get("call")) if isinstance(message, dict) else (None, None)
    answerable = all(isinstance(one, str) and 0 < len(one) <= 64 and one.isprintable() for one in (kind, call))
    channel = studio._inside._channel
    _until(lambda: channel._waiting == 0)
    expected = [f"{kind}-reply"] if answerable else []
    _until(lambda: len(_replies(sent)) >= len(expected))
    assert [data["content"]["kind"] for data in _replies(sent)] == expected
    assert {name: getattr(studio.widget, name) for name in before} == before
    assert studio.widget.busy["calls"] == []


def _replies(sent):
    return [data for data in list(sent) if data.get("method") == "custom" and "call" in data["content"]]


def _until(happened):
    import time

    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.001)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=st.dictionaries(st.sampled_from([*protocol.TRAITS, "_esm", "_css", "layout", "comm", "x"]), _JSON, max_size=4))
def test_no_trait_changes_by_what_is_no_form_and_no_view(fuzzed, state):
    """Fuzzed trait updates: what the page may not write, or is not what it should be, stays as it was."""
    studio, comm, _ = fuzzed
    names = [*protocol.TRAITS, "_esm", "_css"]
    before = {name: getattr(studio.widget, name) for name in names}
    comm.callback({"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []})
    assert {name: getattr(studio.widget, name) for name in names} == before


def test_what_cannot_be_answered_is_dropped(page):
    """No kind, no call, not even a mapping: nothing comes back."""
    for content in (None, 5, "run", [], {}, {"kind": "ready"}, {"call": "1"}, {"kind": 1, "call": "1"}, {"kind": "run", "call": ""}):
        page.post(content)
    page.post({"kind": "run", "call": "x" * 65})
    page.post({"kind": "run", "call": "a\nb"})
    page.ask("references")
    assert [content["kind"] for content, _ in page.said()] == ["ready-reply", "references-reply"]


@pytest.mark.parametrize("kind", ["__init__", "format-disk", "readyy", "suggest", "changed", "ready-reply"])
def test_unknown_kinds_are_refused(page, kind):
    """Also those that only the kernel says."""
    call = page.start_asking(kind)
    ((content, _),) = page.until(lambda: page.replies(call))
    assert content["error"]["kind"] == "InvalidJobError"


def test_bytes_where_none_belong_and_too_many_are_refused(page, painted):
    """Buffers come with the kinds that have them, one of them, and no larger than allowed."""
    assert "bytes" in page.refused("references", b"x")["message"]
    begun = page.ask("upload-start", name="x", size=3_000_000, sha256=None)["upload"]
    assert page.refused("upload-piece", b"x", b"y", upload=begun, offset=0, data=None)
    assert "1048577" in page.refused("upload-piece", bytes((1 << 20) + 1), upload=begun, offset=0, data=None)["message"]
    assert page.refused("upload-piece", upload=begun, offset=0, data="no base64 !")
    assert page.refused("upload-piece", b"x", upload=begun, offset=0, data="eA==")
    assert page.ask("upload-piece", upload=begun, offset=0, data="eHl6") == {"received": 3}


def test_traits_have_one_writer(page, studio):
    """What the page writes into the kernel's traits is put right there, whatever comes with it is taken."""
    before = [one["name"] for one in studio.widget.providers]
    view = {**studio.widget.view, "text": "灯塔"}
    page.write(cards=[{"key": "c9"}], providers=[], facts={}, view=view)
    assert studio.widget.cards == []
    assert [one["name"] for one in studio.widget.providers] == before
    assert studio.widget.view["text"] == "灯塔"
    assert page.state("cards") == []
    assert page.state("facts")["version"]
    page.write(view={**view, "selected": "all"})
    assert studio.widget.view == view
    assert page.state("view") == view


def test_a_page_is_answered_in_its_language(page, studio, draft):
    """Refusals, estimates and what goes wrong on the way are said in Chinese to a page that speaks it; cells keep their own."""
    page.write(view={**studio.widget.view, "language": "zh-CN"})
    assert "内核" in page.refused("juggle")["message"]
    assert "\u4e00" <= page.ask("estimate", draft=draft("灯塔", extra="{"))["problems"][0]["message"][0] <= "\u9fff"
    assert current() == "en"
    page.write(view={**studio.widget.view, "language": "tlh"})
    assert "request" in page.refused("juggle")["message"]


def test_a_failing_handler_is_one_error(page, studio, monkeypatch):
    """Whatever goes wrong in the kernel, the page is told it in a sentence."""

    def broken():
        raise ZeroDivisionError("1/0")

    monkeypatch.setattr(studio._inside.names, "listed", broken)
    error = page.refused("variables")
    assert error["kind"] == "ZeroDivisionError"
    assert "1/0" in error["message"]
    assert page.ask("references") == {"references": []}


def test_a_page_that_is_gone_harms_nothing(page, studio, comms, run, monkeypatch):
    """When sending fails, the picture still comes."""

    def gone(*_, **__):
        raise OSError("closed")

    keys = run()
    monkeypatch.setattr(comms[-1], "send", gone)
    _until(lambda: len(studio.sheet) == 1)
    assert studio._inside.board.get(keys[0]).picture is not None


def test_reloading_begins_with_ready_and_probes_buffers(page, another_page):
    """The handshake says whether buffers came through, both ways, and warns of a page of another version."""
    other = another_page()
    content, buffers = other.answer(other.start_asking("ready", b"\1\2\3", version="1", buffers_probe=True, base64=False))
    assert buffers == [b"\1\2\3"]
    assert content["ok"]["buffers"] is True
    assert content["ok"]["warning"] is None
    lost = other.ask("ready", version="0", buffers_probe=True, base64=True)
    assert lost["buffers"] is False
    assert "version" in lost["warning"]


def test_a_digest_is_a_digest(page):
    """A path is no digest, and what nobody has is not there."""
    for sha in ("../../../etc/passwd", "", "0" * 63, hashlib.sha256(b"nothing").hexdigest()):
        assert page.refused("fetch-image", sha=sha, box=256, base64=False)["message"] == "This picture is no longer there."
    assert page.refused("fetch-image", sha="a" * 64, box=300, base64=False)
    assert page.refused("fetch-image", sha="a" * 64, box=True, base64=False)


_USUAL = ["1024x1024", "auto", "low", "png", "jpeg", "transparent", "high", "sandbox", "openai", "gpt-image-1"]
_WORDS = st.text(max_size=12) | st.sampled_from(_USUAL)
_EXTRAS = ["", "{}", '{"seed": 1}', '{"model": 5}', '{"n": "x"}', "[", "null", '{"prompt": []}']
_MAYBE = st.none() | _WORDS
_FORMS = st.fixed_dictionaries(
    {
        "v": st.just(1),
        "prompt": st.text(max_size=40),
        "targets": st.fixed_dictionaries(
            {
                "providers": st.lists(st.sampled_from(["sandbox", "openai", "apiyi", "nobody", ""]), max_size=3),
                "models": st.lists(_WORDS, max_size=3),
                "sizes": st.lists(_WORDS, max_size=3),
                "qualities": st.lists(_WORDS, max_size=3),
            }
        ),
        "n": st.integers(1, 10),
        "background": _MAYBE,
        "output_format": _MAYBE,
        "output_compression": st.none() | st.integers(0, 100),
        "moderation": _MAYBE,
        "style": _MAYBE,
        "input_fidelity": _MAYBE,
        "stream": st.none() | st.integers(0, 3),
        "extra": st.sampled_from(["", "{}", '{"seed": 1}', '{"model": 5}', '{"n": "x"}', "[", "null", '{"prompt": []}'])
        | st.text(max_size=12),
        "references": st.lists(st.sampled_from(["r1", "r2", ""]), max_size=3),
        "mask": st.none() | st.sampled_from(["m1", ""]),
        "keep": st.booleans(),
        "once": st.booleans(),
    }
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(form=_FORMS)
def test_every_form_that_the_protocol_allows_has_an_estimate(fuzzed, as_said, form):
    """Whatever is in a form of the right shape: a price or problems in words, never an error of ours."""
    _, comm, sent = fuzzed
    del sent[:]
    comm.callback({"content": {"data": {"method": "custom", "content": {"kind": "estimate", "call": "1", "draft": form}}}, "buffers": []})
    _until(lambda: _replies(sent))
    (reply,) = [data["content"] for data in _replies(sent)]
    assert "ok" in reply, reply
    assert as_said(reply["ok"], protocol.REPLIES["estimate"])
    assert bool(reply["ok"]["problems"]) != bool(reply["ok"]["pictures"] or reply["ok"]["replayed"])


def test_parts_that_few_need_are_fetched_when_they_are_wanted(page, studio):
    """The mask editor's bundle is no part of the Studio's own; nothing but the parts there are can be asked for."""
    part = page.ask("part", part="mask")
    assert "mount" in part["script"]
    assert ".ic-mask" in part["style"]
    assert len(part["script"]) > 10_000
    assert part["script"] not in studio.widget._esm
    for other in ("../studio", "studio", ""):
        assert page.refused("part", part=other)
