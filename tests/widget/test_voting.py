"""The vote's kernel side, by its messages: blind, counted once, kept, taken back; whatever a page sends."""

from __future__ import annotations

import io
import json
import random

import pytest
from PIL import Image

import imgcell
from imgcell.errors import InvalidJobError
from imgcell.files import disk
from imgcell.pictures.picture import Picture
from imgcell.pictures.record import Record
from imgcell.pictures.source import MemorySource
from imgcell.widget.voting_messages import REPLIES, REQUESTS

MODELS = ("secret-model-甲", "secret-model-b", "secret-model-c")


def picture(model, color, size):
    """A picture of a model, with its name in the file as well."""
    from PIL import PngImagePlugin

    note = PngImagePlugin.PngInfo()
    note.add_text("model", model.encode("ascii", "replace").decode())
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "PNG", pnginfo=note)
    source = MemorySource(buffer.getvalue())
    record = Record(id=f"p-{model}-{color}", sha256=source.sha256, prompt="secret prompt", provider="secret-provider", model=model)
    return Picture(source, record)


@pytest.fixture
def pictures():
    """One picture of each model, of different sizes."""
    return [
        picture(model, color, (60 + 20 * at, 60)) for at, (model, color) in enumerate(zip(MODELS, ("red", "lime", "blue"), strict=True))
    ]


@pytest.fixture
def vote(comms, pictures):
    """A vote among three models."""
    made = imgcell.vote(pictures, by="model", question="哪一张更像猫？")
    yield made
    made.close()


@pytest.fixture
def booth(vote, page_of):
    """A page of it that has said it is ready; ``booth.turn`` is what it is asked."""
    page = page_of(REPLIES)
    page.turn = ready(page)["turn"]
    return page


def ready(page, **fields):
    """Say that the page is there."""
    asked = {"version": "1", "buffers_probe": True, "base64": False, "language": "en", "rater": None, **fields}
    return page.ask("ready", b"\1\2\3", **asked)


def cast(page, choice="left", rater="", **fields):
    """Vote on the pair that the page was asked; return what it is asked then."""
    asked = {"pair": page.turn["pair"], "choice": choice, "ms": 1500, "rater": rater, "language": "en", **fields}
    page.turn = page.ask("vote", **asked)["turn"]
    return page.turn


def color_of(page, side):
    """The color that the page is given for a side."""
    ok, data = page.ask_bytes("picture", token=page.turn[side]["token"], base64=False)
    assert ok == {"media_type": "image/png", "data": None}
    image = Image.open(io.BytesIO(data))
    assert image.size == (page.turn[side]["width"], page.turn[side]["height"])
    assert not image.info
    return image.getpixel((0, 0))


def test_every_request_has_a_reply_and_somebody_who_answers(vote):
    """Requests, replies and handlers are about the same kinds."""
    assert REQUESTS.keys() == REPLIES.keys() == vote.widget._channel._handlers.keys()


def test_the_page_is_told_nothing_that_names_what_it_shows(vote, booth, comms):
    """Neither state nor messages nor pixels hold a model, a provider, a prompt, an id or a hash, before results are asked for."""
    tokens = set()
    for choice in ("left", "right", "tie", "bad") * 3:
        for side in ("left", "right"):
            color_of(booth, side)
            tokens.add(booth.turn[side]["token"])
        cast(booth, choice)
    assert len(tokens) == 24, "a token that comes again could be recognized"
    said = json.dumps([data for data, _ in comms[-1].sent], ensure_ascii=False) + json.dumps(comms[-1].opened["state"], ensure_ascii=False)
    script = vote.widget._esm
    told = said.replace(json.dumps(script, ensure_ascii=False), "")
    secrets = [
        "secret",
        *(one.picture.record.id for one in vote.study._candidates),
        *(p.record.sha256 for p in (one.picture for one in vote.study._candidates)),
    ]
    assert not [secret for secret in secrets if secret in told]
    assert not [buffer for _, buffers in comms[-1].sent for buffer in buffers if b"secret" in buffer]
    assert "secret" not in repr(vote)


def test_both_pictures_have_the_same_long_side(booth):
    """Of any pair, whatever the originals were."""
    for _ in range(3):
        long = {max(booth.turn[side]["width"], booth.turn[side]["height"]) for side in ("left", "right")}
        assert len(long) == 1
        cast(booth)


def test_the_vote_that_is_counted_is_on_what_was_seen(vote, booth):
    """By the pixels: the side that the rater saw is the entry that wins."""
    entry = {(255, 0, 0): MODELS[0], (0, 255, 0): MODELS[1], (0, 0, 255): MODELS[2]}
    for choice in ("left", "right", "left", "tie", "bad", "right"):
        seen = {side: entry[color_of(booth, side)] for side in ("left", "right")}
        cast(booth, choice, rater="")
        ballot = vote.votes[-1]
        assert (ballot.left, ballot.right, ballot.choice) == (seen["left"], seen["right"], choice)
        assert ballot.seconds == 1.5
        assert ballot.context == "secret prompt"


def test_a_vote_that_comes_twice_counts_once(vote, booth):
    """A page that sends again, or two pages of one rater, get the next pair; nothing is counted."""
    pair = booth.turn["pair"]
    after = cast(booth)
    booth.turn = {"pair": pair}
    assert cast(booth) == after
    assert len(vote.votes) == 1


def test_undo_brings_the_pair_back_under_new_names(vote, booth):
    """The same colors on the same sides; the vote is gone, in the library as well."""
    colors = [color_of(booth, side) for side in ("left", "right")]
    before = booth.turn
    cast(booth)
    booth.turn = booth.ask("undo", rater="", language="en")["turn"]
    assert len(vote.votes) == 0
    assert booth.turn["done"] == 0
    assert booth.turn["pair"] != before["pair"]
    assert [color_of(booth, side) for side in ("left", "right")] == colors
    assert "no vote to take back" in booth.refused("undo", rater="", language="en")["message"]
    cast(booth, "tie")
    assert [one.choice for one in imgcell.vote([one.picture for one in vote.study._candidates], by="model").votes] == ["tie"]


def test_several_raters_have_a_turn_of_their_own(vote, booth, page_of):
    """Two pages, two names: own pairs, own progress, common count; one's pair is not the other's to vote on."""
    other = page_of(REPLIES)
    other.turn = ready(other, rater="王芳")["turn"]
    cast(booth)
    cast(other, "right", rater="王芳")
    assert (booth.turn["done"], other.turn["done"], other.turn["votes"], other.turn["raters"]) == (1, 1, 2, 2)
    assert vote.votes.raters == ("", "王芳")
    refused = other.refused("vote", pair=booth.turn["pair"], choice="left", ms=1, rater="王芳", language="zh-CN")
    assert refused["message"]
    assert len(vote.votes) == 2
    booth.turn = booth.ask("turn", rater="  Ann ", language="en")["turn"]
    assert booth.turn["rater"] == "Ann"
    assert booth.turn["done"] == 0


def test_results_come_on_wish_and_mark_the_votes_after_them(vote, booth):
    """Names are told then and not before; who has seen them votes on, marked."""
    for _ in range(6):
        cast(booth)
    assert booth.turn["seen"] is False
    answer = booth.ask("results", rater="", language="en")
    results = answer["results"]
    assert {one["entry"] for one in results["standings"]} == set(MODELS)
    assert sum(map(sum, results["wins"])) == 6
    assert results["votes"] == 6
    assert answer["turn"]["seen"] is True
    cast(booth)
    assert [one.seen for one in vote.votes] == [False] * 6 + [True]
    assert len(vote.votes.where(seen=False)) == 6
    # Somebody else has not.
    assert booth.ask("turn", rater="Ann", language="en")["turn"]["seen"] is False


def test_another_kernel_goes_on_where_this_one_was(vote, booth, pictures, page_of):
    """Votes, progress and the pair of a vote on the same pictures, made anew."""
    for choice in ("left", "right"):
        cast(booth, choice)
    colors = [color_of(booth, side) for side in ("left", "right")]
    again = imgcell.vote(pictures, by="model")
    page = page_of(REPLIES)
    page.turn = ready(page)["turn"]
    assert (page.turn["done"], page.turn["votes"]) == (2, 2)
    assert [color_of(page, side) for side in ("left", "right")] == colors
    assert list(again.votes) == list(vote.votes)


def test_a_vote_that_cannot_be_kept_is_not_counted_and_the_pair_stays(vote, booth, monkeypatch):
    """The page is told why, and may press again."""
    with monkeypatch.context() as patched:
        patched.setattr(disk, "_fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        refused = booth.refused("vote", pair=booth.turn["pair"], choice="left", ms=1, rater="", language="en")
    assert "could not be kept" in refused["message"]
    assert "vote again" in refused["hint"]
    assert len(vote.votes) == 0
    cast(booth, "right")
    assert [one.choice for one in vote.votes] == ["right"]


def test_a_picture_that_cannot_be_read_is_left_out(comms, page_of):
    """Another pair is asked; without any other pair it is said, and nothing is counted."""
    good = [picture(model, color, (60, 60)) for model, color in (("a", "red"), ("b", "lime"), ("c", "blue"))]
    whole = good[2].data
    good[2].source = MemorySource(whole[: len(whole) // 2] + b"\0" * (len(whole) // 2))
    made = imgcell.vote(good, by="model", library=False)
    page = page_of(REPLIES)
    page.turn = ready(page)["turn"]
    for _ in range(3):
        content, _ = page.answer(page.start_asking("picture", token=page.turn["left"]["token"], base64=False))
        if "error" in content:
            assert "left out" in content["error"]["message"]
            page.turn = page.ask("turn", rater="", language="en")["turn"]
        cast(page)
    assert {one for ballot in made.votes for one in (ballot.left_picture, ballot.right_picture)} <= {"p-a-red", "p-b-lime"}
    with pytest.raises(InvalidJobError, match="no pair left"):
        made.study.leave_out("p-a-red")


@pytest.mark.parametrize(
    "kind, fields",
    [
        ("vote", {"pair": "00", "choice": "left", "ms": 1, "rater": "", "language": "en"}),
        ("vote", {"choice": "left", "ms": 1, "rater": "", "language": "en"}),
        ("vote", {"pair": "…", "choice": "north", "ms": 1, "rater": "", "language": "en"}),
        ("vote", {"pair": "…", "choice": ["left"], "ms": 1, "rater": "", "language": "en"}),
        ("vote", {"pair": "…", "choice": "left", "ms": -1, "rater": "", "language": "en"}),
        ("vote", {"pair": "…", "choice": "left", "ms": 1e300, "rater": "", "language": "en"}),
        ("vote", {"pair": "…", "choice": "left", "ms": float("nan"), "rater": "", "language": "en"}),
        ("vote", {"pair": "…", "choice": "left", "ms": 1, "rater": "x" * 101, "language": "en"}),
        ("vote", {"pair": "…", "choice": "left", "ms": 1, "rater": "", "language": "../../etc"}),
        ("vote", {"pair": "…", "choice": "left", "ms": 1, "rater": "", "language": "en", "seen": False}),
        ("picture", {"token": "../../secret", "base64": False}),
        ("picture", {"token": {"$gt": ""}, "base64": False}),
        ("results", {"rater": None, "language": "en"}),
        ("undo", {"rater": "", "language": "en", "id": "x"}),
        ("ready", {"version": "1"}),
        ("fetch-image", {"sha": "0" * 64, "box": 256, "base64": False}),
        ("part", {"part": "mask"}),
        ("run", {}),
    ],
)
def test_messages_that_are_none_change_nothing(vote, booth, kind, fields):
    """Unknown tokens, kinds of other pages, wrong types, values out of range: an error reply, no vote, and it goes on."""
    sent = {name: booth.turn["pair"] if value == "…" else value for name, value in fields.items()}
    assert booth.refused(kind, **sent)["message"]
    assert len(vote.votes) == 0
    cast(booth)
    assert len(vote.votes) == 1


def test_a_storm_of_nonsense_leaves_the_vote_as_it_was(vote, booth):
    """Whatever arrives as a message or as state, nothing is counted, and the next vote is."""
    chance = random.Random(1)
    scraps = [None, True, -1, 1e400, "x" * 5000, "\ud800", [], {}, [[]], b"x", booth.turn["pair"], "vote", "left"]
    for _ in range(300):
        names = chance.sample(["kind", "call", "pair", "choice", "ms", "rater", "language", "token", "data"], chance.randrange(9))
        booth.post({name: chance.choice(scraps) for name in names})
        booth.post(chance.choice(scraps))
    state = dict(vote.widget.facts)
    booth.write(facts={"rater": "eve"}, _esm="alert(1)", nothing=1)
    assert vote.widget.facts == state
    assert "alert(1)" not in vote.widget._esm
    cast(booth)
    assert len(vote.votes) == 1


def test_errors_are_told_in_the_pages_language(booth, fresh_options):
    """A Chinese page on an English kernel is answered in Chinese where there are words; and the other way round."""
    fresh_options.language = "zh-CN"
    english = booth.refused("undo", rater="", language="en")["message"]
    assert english == "There is no vote to take back."


def test_without_buffers_the_pixels_come_as_text(vote, page_of):
    """Where a host loses buffers: base64 in the reply."""
    import base64

    page = page_of(REPLIES)
    turn = ready(page, base64=True)["turn"]
    ok = page.ask("picture", token=turn["left"]["token"], base64=True)
    assert Image.open(io.BytesIO(base64.b64decode(ok["data"]))).size == (turn["left"]["width"], turn["left"]["height"])


def test_python_names_the_rater_and_the_question(comms, pictures, page_of):
    """What is given stands in the first turn; nonsense is refused at once."""
    made = imgcell.vote(pictures, by="model", rater="Ann", question="更好？", active=True, library=False)
    page = page_of(REPLIES)
    answer = ready(page)
    assert (answer["turn"]["rater"], answer["question"]) == ("Ann", "更好？")
    assert made.entries == MODELS
    page.turn = answer["turn"]
    cast(page, rater="Ann")
    assert made.votes.raters == ("Ann",)
    assert repr(made) == "Vote(entries=3, votes=1, raters=1)"
    for wrong in ({"rater": 3}, {"question": "x" * 301}, {"rater": "x" * 101}, {"by": "nothing"}):
        with pytest.raises(InvalidJobError):
            imgcell.vote(pictures, **{"by": "model", **wrong})
