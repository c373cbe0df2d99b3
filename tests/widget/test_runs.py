"""Running, cancelling, retrying: every picture in its card, every request at the provider counted."""

from __future__ import annotations

import io
import threading

import pytest
from PIL import Image

import imgcell


def test_a_run_fills_its_cards(page, run, studio, server):
    """The cards are there at once, and are filled with what came: sizes asked and got, seconds, cost; the trait follows."""
    (key,) = run("a lighthouse 灯塔")
    card = page.until_state(key, "done")
    assert (card["prompt"], card["provider"], card["model"], card["kind"]) == ("a lighthouse 灯塔", "openai", "gpt-image-1", "generate")
    assert card["asked"]["size"] == "1024x1024"
    assert (card["got"]["width"], card["got"]["format"]) == (1024, "PNG")
    assert card["cost"]["currency"] == "USD"
    assert card["cost"]["amount"] > 0
    assert card["began"] > 1_700_000_000_000
    assert (card["error"], card["message"], card["stars"], card["deleted"]) == (None, "", 0, False)
    page.until(lambda: [one["state"] for one in page.state("cards")] == ["done"])
    assert page.state("busy") == {"calls": [], "pictures": 0, "done": 0, "began": None, "message": ""}
    assert studio.last.record.id == card["id"]
    assert len(server.posts) == 1


def test_pixels_travel_in_messages_and_never_in_traits(page, run, comms):
    """Thumbnails and originals come by hash; no trait holds anything of that size."""
    (key,) = run()
    card = page.until_state(key, "done")
    fields, small = page.ask_bytes("fetch-image", sha=card["sha"], box=256, base64=False)
    assert fields == {"media_type": "image/jpeg", "data": None}
    assert max(Image.open(io.BytesIO(small)).size) == 256
    fields, original = page.ask_bytes("fetch-image", sha=card["sha"], box="original", base64=False)
    assert (fields["media_type"], len(original)) == ("image/png", card["got"]["bytes"])
    import base64

    text = page.ask("fetch-image", sha=card["sha"], box=256, base64=True)["data"]
    assert base64.b64decode(text) == small
    for data, buffers in comms[-1].sent:
        if data.get("method") != "custom":
            assert not buffers
            assert len(str(data)) < 60_000


def test_a_stream_sharpens_in_place(page, run):
    """Partial pictures come as messages of their own before the final one, small enough for a grid."""
    (key,) = run("a lighthouse", stream=3)
    page.until_state(key, "done")
    previews = [(content, buffers) for content, buffers in page.said("preview")]
    assert previews
    assert {content["card"] for content, _ in previews} == {key}
    for content, (data,) in previews:
        assert max(Image.open(io.BytesIO(data)).size) <= 512
        assert content["media_type"] in ("image/jpeg", "image/png")


def test_a_nonce_runs_once(page, draft, server):
    """The same nonce again, from this page or another, sends nothing and names the same cards."""
    first = page.ask("run", draft=draft(), nonce="once")
    again = page.ask("run", draft=draft("something else", n=3), nonce="once")
    assert first == again
    page.until_state(first["cards"][0], "done")
    assert page.ask("run", draft=draft(), nonce="once") == first
    assert len(server.posts) == 1


def test_a_refused_run_may_be_tried_again_with_its_nonce(page, draft, server):
    """What raises has sent nothing, and makes no cards."""
    assert page.refused("run", draft=draft("  "), nonce="again")["kind"] == "DraftError"
    assert page.state("cards") == []
    page.until_state(page.ask("run", draft=draft(), nonce="again")["cards"][0], "done")
    assert len(server.posts) == 1


def test_a_sweep_is_every_combination_and_says_which_is_which(page, run, server):
    """Two sizes and two qualities are four pictures, labelled with what differs."""
    keys = run(sizes=["1024x1024", "1536x1024"], qualities=["low", "medium"])
    cards = [page.until_state(key, "done") for key in keys]
    assert [card["label"] for card in cards] == ["1024x1024 · low", "1024x1024 · medium", "1536x1024 · low", "1536x1024 · medium"]
    assert [card["got"]["width"] for card in cards] == [1024, 1024, 1536, 1536]
    assert len(server.posts) == 4


def test_several_providers_and_the_models_that_they_have(page, draft, monkeypatch, server):
    """A ticked model goes to the providers that describe it, a free name to all; who is left without any says so."""
    monkeypatch.setenv("APIYI_API_KEY", "sk-anything")
    monkeypatch.setenv("APIYI_BASE_URL", server.url("apiyi"))
    two = page.ask("estimate", draft=draft(providers=["openai", "apiyi"], models=["gpt-image-1", "gpt-image-2-all"], qualities=[]))
    assert (two["problems"], two["requests"]) == ([], 2)
    without = page.ask("estimate", draft=draft(providers=["openai", "apiyi"], models=["gpt-image-1"], qualities=[]))
    assert [problem["field"] for problem in without["problems"]] == ["targets"]
    assert "API易" in without["problems"][0]["message"]
    free = page.ask("estimate", draft=draft(providers=["openai", "apiyi"], models=["brand-new"], qualities=[]))
    assert (free["problems"], free["requests"]) == ([], 2)
    assert free["amount"] is None
    unknown = page.ask("estimate", draft=draft(providers=["nobody"]))
    assert [problem["field"] for problem in unknown["problems"]] == ["targets"]


def test_an_estimate_is_the_clients_own(page, draft, client, server):
    """Price, pictures, requests and notes are those of the plan; nothing is sent."""
    estimate = page.ask("estimate", draft=draft(n=2))
    plan = client.plan(imgcell.Generate("a lighthouse", model="gpt-image-1", size="1024x1024", quality="low", n=2))
    assert (estimate["amount"], estimate["currency"]) == (plan.cost.amount, plan.cost.currency)
    assert (estimate["pictures"], estimate["requests"], estimate["replayed"]) == (2, len(plan.calls), 0)
    assert estimate["price"]
    assert estimate["ask"] is None
    assert server.posts == []


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("prompt", {"prompt": " \n "}),
        ("extra", {"extra": "{no json"}),
        ("extra", {"extra": "[1]"}),
        ("extra", {"extra": '{"a": NaN}'}),
        ("n", {"n": 10, "sizes": [f"{side}x1024" for side in range(16, 16 * 13, 16)]}),
        ("references", {"references": ["r99"]}),
    ],
)
def test_a_problem_names_its_field(page, draft, field, fields):
    """What is wrong with a form is said at the field that it is about, and nothing is priced."""
    form = draft(**fields)
    estimate = page.ask("estimate", draft=form)
    assert [problem["field"] for problem in estimate["problems"]] == [field]
    assert estimate["problems"][0]["message"]
    assert (estimate["amount"], estimate["pictures"]) == (None, 0)
    assert page.refused("run", draft=form, nonce=f"n-{field}")["message"]


def test_a_large_run_has_a_question(page, draft, fresh_options):
    """Above the user's own thresholds the page is given something to ask first."""
    assert "10 pictures" in page.ask("estimate", draft=draft(n=10))["ask"]
    fresh_options.ask_over_pictures = 20
    fresh_options.ask_over_cost = 0.001
    assert page.ask("estimate", draft=draft(n=1))["ask"]


def test_a_missing_key_is_a_problem_before_anything_is_sent(page, draft, studio):
    """The form says where a key is looked for; so do the providers' facts."""
    estimate = page.ask("estimate", draft=draft(providers=["ezmodel"], models=[], sizes=[], qualities=[]))
    assert [problem["field"] for problem in estimate["problems"]] == ["targets"]
    assert "API key" in estimate["problems"][0]["message"]
    facts = {one["name"]: one for one in page.until(lambda: studio.widget.providers)}
    assert facts["openai"]["key"] is True
    assert facts["ezmodel"]["key"] is False
    assert facts["ezmodel"]["key_hint"]
    assert facts["sandbox"]["key"] is True
    assert facts["sandbox"]["free"] is True


def test_errors_stand_in_their_place_and_can_be_retried(page, run, server, studio):
    """A refusal is shown in its card, with kind and hint; Retry asks again for that picture, in the same card, once a nonce."""
    server.play("moderation")
    (key,) = run()
    card = page.until_state(key, "failed")
    assert card["error"]["kind"] == "ModerationError"
    assert card["error"]["message"]
    assert len(studio.sheet) == 0
    assert page.ask("retry", card=key, nonce="r1") == {"cards": [key]}
    assert page.ask("retry", card=key, nonce="r1") == {"cards": [key]}
    assert page.until_state(key, "done")["error"] is None
    assert len(server.posts) == 2
    assert "nothing to ask again" in page.refused("retry", card=key, nonce="r2")["message"]
    assert len(page.state("cards")) == 1


def test_an_unknown_outcome_is_a_state_of_its_own(page, run, server):
    """A connection that breaks after sending is neither done nor failed: it may have been charged."""
    server.play("close")
    (key,) = run()
    card = page.until_state(key, "unknown")
    assert card["error"]["kind"] == "OutcomeUnknownError"
    assert card["error"]["hint"]


def test_cancel_says_what_is_sent_and_a_second_one_lets_go(page, draft, server, monkeypatch):
    """What is not sent is cancelled; what is sent is still received, unless the user lets go of that as well."""
    server.latency = 30
    call = page.start_asking("run", draft=draft(n=1, sizes=["1024x1024", "1536x1024", "1024x1536"], qualities=["low", "medium"]), nonce="n")
    keys = page.answer(call)[0]["ok"]["cards"]
    server.wait_for(4)
    busy = page.until(lambda: page.state("busy")["calls"] and page.state("busy"))
    assert busy["calls"] == [call]
    assert busy["pictures"] == 6
    monkeypatch.setattr("imgcell.widget.orders.DOUBLE_CLICK", 0)
    cancelled = page.ask("cancel", target=call)
    assert cancelled["sent"] == 4
    assert "4" in cancelled["message"]
    page.until(lambda: [page.card(key)["state"] for key in keys].count("cancelled") == 2)
    page.ask("cancel", target=None)
    page.until(lambda: [page.card(key)["state"] for key in keys].count("unknown") == 4)
    page.until(lambda: page.state("busy")["calls"] == [])
    assert page.ask("cancel", target="nobody") == page.ask("cancel", target=None)
    assert len(server.posts) == 4


def test_a_reload_brings_everything_back(page, another_page, draft, server, studio, monkeypatch):
    """A page that comes while something is under way knows cards, form, tray and partial pictures, and hears of the end."""
    server.play("stall-stream", after=2, seconds=20)
    form = draft("a lighthouse", stream=2)
    page.write(draft=form)
    (key,) = page.ask("run", draft=form, nonce="n")["cards"]
    page.until_state(key, "partial")
    page.until(lambda: page.said("preview"))
    other = another_page()
    other.ready()
    assert other.until(lambda: other.card(key))["state"] == "partial"
    assert other.until(lambda: other.said("preview"))[0][0]["card"] == key
    assert other.state("draft")["prompt"] == "a lighthouse"
    assert other.state("busy")["calls"]
    assert [card["key"] for card in studio.widget.get_state()["cards"]] == [key]
    monkeypatch.setattr("imgcell.widget.orders.DOUBLE_CLICK", 0)
    other.ask("cancel", target=other.state("busy")["calls"][0])
    other.ask("cancel", target=other.state("busy")["calls"][0])
    for one in (page, other):
        assert one.until_state(key, "unknown", "done")


def test_two_views_agree(page, another_page, run, studio):
    """What one page writes the other is told, and cards, stars and deletions are the same in both."""
    other = another_page()
    other.ready()
    page.write(view={**studio.widget.view, "text": "sea"})
    assert other.state("view")["text"] == "sea"
    (key,) = run()
    identity = page.until_state(key, "done")["id"]
    other.until_state(key, "done")
    other.ask("star", id=identity, stars=4)
    page.until(lambda: page.card(key)["stars"] == 4)
    page.ask("delete", cards=[key])
    other.until(lambda: other.card(key)["deleted"] is True)


def test_budgets_hold(page, run, server):
    """A Studio's requests are reserved like all others: beyond a limit nothing is sent, and the card says why."""
    imgcell.budget(session=0.000001)
    (key,) = run()
    assert page.until_state(key, "failed")["error"]["kind"] == "BudgetExceededError"
    assert server.posts == []


def test_replayed_pictures_cost_nothing_and_say_so(page, run, server):
    """With "once" what the library has is shown again."""
    (first,) = run("the same", once=True)
    page.until_state(first, "done")
    (again,) = run("the same", once=True)
    card = page.until_state(again, "done")
    assert card["replayed"] is True
    assert card["id"] == page.card(first)["id"]
    assert len(server.posts) == 1


def test_pausing_is_told_and_can_be_ended(page, run, server):
    """After three unknown outcomes in a row nothing is sent until the user says so."""
    server.play("close", times=3)
    for number in range(3):
        page.until_state(run(f"number {number}")[0], "unknown")
    page.until(lambda: page.state("facts")["paused"])
    assert page.until_state(run("after")[0], "failed")["error"]["kind"] == "NotSentError"
    assert page.ask("resume", provider="openai") == {}
    assert page.state("facts")["paused"] is False
    page.until_state(run("again")[0], "done")


def test_nothing_is_decoded_and_nobody_waits_on_the_kernels_own_thread(page, draft, server, studio, monkeypatch):
    """Messages return at once: the work is done on other threads."""
    here = threading.current_thread()
    seen = []
    real = studio._inside.place
    monkeypatch.setattr(studio._inside, "place", lambda *given: (seen.append(threading.current_thread()), real(*given))[1])
    (key,) = page.ask("run", draft=draft(), nonce="n")["cards"]
    card = page.until_state(key, "done")
    real_fetch = studio._inside.pixels.fetch
    monkeypatch.setattr(studio._inside.pixels, "fetch", lambda *given: (seen.append(threading.current_thread()), real_fetch(*given))[1])
    page.ask_bytes("fetch-image", sha=card["sha"], box=512, base64=False)
    assert len(seen) == 2
    assert here not in seen


def test_more_than_a_trait_can_bear_goes_to_the_library(studio, client):
    """The oldest cards leave the trait; their pictures stay in the library."""
    from imgcell.widget import board
    from imgcell.widget.drafts import Errand

    made = board.Board(lambda changed: None, lambda cards: None)
    errand = Errand(client, imgcell.Generate("x"))
    keys = [made.add(errand, "call") for _ in range(board.MOST)]
    for key in keys:
        made.failed(key, imgcell.errors.NotSentError("no"))
    made.add(errand, "call")
    assert len(made.told()) == board.MOST
    assert made.told()[0]["key"] == keys[1]


def test_one_press_of_cancel_never_lets_go_of_what_is_paid_for(page, draft, server, studio, monkeypatch):
    """A double click is one press; so is a press that has also interrupted the cell by the page's other path."""
    server.latency = 1
    monkeypatch.setattr("imgcell.widget.orders.DOUBLE_CLICK", 60)
    call = page.start_asking("run", draft=draft(), nonce="n")
    (key,) = page.answer(call)[0]["ok"]["cards"]
    server.wait_for(1)
    assert [page.ask("cancel", target=call)["sent"] for _ in range(3)] == [1, 1, 1]
    page.until_state(key, "done")
    form = draft("another")
    page.write(draft=form)
    studio.run(wait=False)
    server.wait_for(2)
    assert studio.cancel() == 1  # what studio.run() does when its cell is interrupted
    assert page.ask("cancel", target=None)["sent"] == 1
    page.until(lambda: [card["state"] for card in page.state("cards")] == ["done", "done"])


def test_an_estimate_converts_a_large_reference_once(page, draft, studio, upload, monkeypatch, server):
    """What an endpoint cannot take is converted for the first estimate only, and the note stays with every one."""
    import os
    from io import BytesIO

    from imgcell.widget import tray

    monkeypatch.setenv("APIYI_API_KEY", "sk-anything")
    monkeypatch.setenv("APIYI_BASE_URL", server.url("apiyi"))
    buffer = BytesIO()
    Image.frombytes("RGB", (1900, 1900), os.urandom(1900 * 1900 * 3)).save(buffer, "PNG", compress_level=0)
    reference = upload(buffer.getvalue(), "large.png")
    converted = []
    real = tray.load_image
    monkeypatch.setattr(tray, "load_image", lambda *given: (converted.append(given), real(*given))[1])
    form = draft(providers=["apiyi"], models=[], sizes=[], qualities=[], references=[reference["key"]])
    notes = [page.ask("estimate", draft={**form, "prompt": f"a boat {number}"})["notes"] for number in range(3)]
    assert any("large.png" in note or "re-encoded" in note for note in notes[0]), notes
    assert notes[0] == notes[1] == notes[2]
    assert len(converted) == 1


def test_a_million_combinations_are_counted_and_not_made(page, draft):
    """Thirty-two of everything ticked is refused at once, with the number."""
    many = [f"name{number}" for number in range(32)]
    problems = page.ask("estimate", draft=draft(models=many, sizes=many, qualities=many, n=10))["problems"]
    assert problems == [{"field": "n", "message": "That would be 327680 pictures; one run makes 100 at most."}]
