"""The protocol is one thing, said once."""

from __future__ import annotations

import pytest

from imgcell.errors import InvalidJobError
from imgcell.widget import generate, protocol
from imgcell.widget.checking import check
from imgcell.widget.drafts import blank
from imgcell.widget.form import Draft


@pytest.mark.parametrize("name", generate.FILES)
def test_the_pages_types_are_those_of_the_kernel(project, name):
    """``js/src/protocol.ts``, and the vote's, are what the generator makes of the Python."""
    written = (project / name).read_text(encoding="utf-8")
    assert written == generate.FILES[name](), "stale: python -m imgcell.widget.generate"


def test_every_request_has_a_reply_and_somebody_who_answers(studio):
    """Requests, replies and handlers are about the same kinds."""
    assert protocol.REQUESTS.keys() == protocol.REPLIES.keys() == studio._inside._channel._handlers.keys()


def test_the_traits_of_the_widget_are_those_of_the_protocol(studio):
    """Beside anywidget's own, the widget shares exactly the protocol's traits, and no picture's bytes."""
    own = {name for name in studio.widget.keys if not name.startswith("_")} - {"layout", "tabbable", "tooltip"}
    assert own == set(protocol.TRAITS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", 2), ("v", True), ("prompt", 5), ("prompt", "x" * 100_001), ("n", 0), ("n", 11), ("n", True), ("n", "1"), ("n", 1.5),
        ("n", float("nan")), ("stream", 4), ("output_compression", 101), ("references", ["r1"] * 17), ("references", [1]),
        ("references", "r1"), ("mask", "m" * 101), ("once", 1), ("extra", "x" * 20_001), ("background", ["opaque"]),
        ("targets", {}), ("targets", {"providers": ["x"] * 33, "models": [], "sizes": [], "qualities": []}),
        ("targets", {"providers": [], "models": ["x" * 201], "sizes": [], "qualities": []}),
    ],
)  # fmt: skip
def test_a_form_out_of_bounds_is_refused(field, value):
    """Kinds, lengths and ranges of a form are those that the protocol says."""
    with pytest.raises(InvalidJobError):
        check({**blank("sandbox"), field: value}, Draft)


@pytest.mark.parametrize("change", [{"unknown": 1}, {"api_key": "sk-1"}, None])
def test_fields_that_nobody_knows_and_fields_that_lack_are_refused(change):
    """A message has exactly the fields that the protocol says."""
    form = dict(blank("sandbox"))
    if change is None:
        del form["once"]
    else:
        form |= change
    with pytest.raises(InvalidJobError, match="fields"):
        check(form, Draft)


def test_texts_are_put_right_and_whole_numbers_may_look_like_javascripts():
    """A lone surrogate, which nothing can store, is replaced; 3.0 is 3."""
    checked = check({**blank("sandbox"), "prompt": "a\ud800b", "n": 3.0}, Draft)
    assert checked["prompt"] == "a?b"
    assert checked["n"] == 3
    assert type(checked["n"]) is int


def test_what_the_kernel_says_by_itself_is_as_the_protocol_says(page, studio, run, upload, painted, as_said, server):
    """Every event and every trait of a session with previews, failures, suggestions and references has exactly the fields said."""
    reference = upload(painted((256, 256)))
    # A preview that is made after its picture came is not told: the server waits before each of its events.
    server.latency = 6.0
    streamed = run("a lighthouse", stream=2)
    page.until(lambda: page.said("preview"))
    server.latency = 0.0
    server.play("moderation")
    keys = [*streamed, *run("refused"), *run("a boat", references=[reference["key"]])]
    for key in keys:
        page.until_state(key, "done", "failed")
    studio.draft = studio._inside.board.get(keys[2]).errand.job
    page.until(lambda: page.said("suggest"))
    page.until(lambda: len(page.state("cards")) == 3 and all(card["state"] in ("done", "failed") for card in page.state("cards")))
    studio._inside._channel.tell("variables-changed", {"count": 1})
    heard = set()
    for content, _ in page.said():
        if content["kind"] in protocol.EVENTS:
            heard.add(content["kind"])
            fields = {name: value for name, value in content.items() if name != "kind"}
            assert as_said(fields, protocol.EVENTS[content["kind"]]), content
    assert heard == set(protocol.EVENTS)
    for name, (_, hint) in protocol.TRAITS.items():
        assert as_said(page.state(name), hint), (name, page.state(name))
