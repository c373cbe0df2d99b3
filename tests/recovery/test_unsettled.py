"""What may have been charged is listed until it is fetched or settled."""

from __future__ import annotations

import os

import pytest

import imgcell
from imgcell.client.recovery import recover
from imgcell.client.unsettled import unsettled
from imgcell.errors import DownloadError, ImageDecodeError, InvalidJobError, OutcomeUnknownError, StorageError
from imgcell.files import disk
from imgcell.transport.fetch import Downloads

STORY = """
import sys
import imgcell
base_url, home, prompt, count = sys.argv[1:5]
client = imgcell.Client("openai", base_url=base_url, api_key="sk-secret", library=home)
client.generate(prompt, model="gpt-image-1", quality="low", size="1024x1024", n=int(count))
"""


@pytest.fixture
def client(box, tmp_path):
    """A client of the server, with a library of its own."""
    with imgcell.Client("openai", base_url=box.base_url, api_key="sk-secret", library=tmp_path / "library") as client:
        yield client


@pytest.fixture
def pending(client, box, monkeypatch):
    """A request whose picture was made and could not be fetched."""
    monkeypatch.setattr(Downloads.__init__, "__kwdefaults__", {"pauses": (0.0, 0.0)})
    box.broken = True
    with pytest.raises(DownloadError):
        client.generate("url", model="gpt-image-1", quality="low", size="1024x1024")
    (one,) = unsettled(client._home)
    return one


def test_nothing_is_unsettled(tmp_path):
    """Also where there is no library; nothing is made by asking."""
    found = unsettled(tmp_path / "nowhere")
    assert found == []
    assert str(found) == "Nothing is unsettled."
    assert "Nothing is unsettled." in found._repr_html_()
    assert not (tmp_path / "nowhere").exists()


def test_a_dead_request_is_listed_with_all_that_is_known(box, story, tmp_path):
    """Time, provider, model, prompt, what it may have cost."""
    story(STORY, box.base_url, tmp_path, "b64 <b>一只猫</b>", 2).tell(crash_at="part.before")
    (one,) = unsettled(tmp_path)
    assert (one.attempt, one.state, one.provider, one.model, one.pictures) == (
        box.requests[0].attempt,
        "unknown",
        "openai",
        "gpt-image-1",
        2,
    )
    assert one.prompt == "b64 <b>一只猫</b>"
    assert one.url is None
    assert one.estimate is not None
    assert one.time.tzinfo is not None
    shown = unsettled(tmp_path)
    assert "may have been charged" in str(shown)
    assert "一只猫" in str(shown)
    assert "<b>" not in shown._repr_html_()
    with pytest.raises(OutcomeUnknownError, match="nothing to fetch"):
        one.fetch()
    assert len(unsettled(tmp_path)) == 1


def test_fetching_again_is_free(pending, box, client, look):
    """The address is asked once more, the picture is in the library, and the request is settled."""
    assert (pending.state, pending.url.startswith(f"http://127.0.0.1:{box.port}/")) == ("paid-pending", True)
    with pytest.raises(DownloadError):
        pending.fetch()
    assert len(unsettled(client._home)) == 1
    box.broken = False
    (picture,) = pending.fetch()
    assert picture.record.sha256 == box.requests[0].digests[0]
    assert look(client._home).pictures() == {pending.attempt: box.requests[0].digests}
    assert len(box.requests) == 1
    assert unsettled(client._home) == []
    assert look(client._home).spool() == []


def test_one_of_two_is_fetched_later(client, box, look, monkeypatch):
    """What came at once keeps its name; what comes later gets another."""
    monkeypatch.setattr(Downloads.__init__, "__kwdefaults__", {"pauses": (0.0, 0.0)})
    answer = box._get

    def first_is_gone(connection, path):
        box.broken = path.endswith("-0.png")
        answer(connection, path)

    monkeypatch.setattr(box, "_get", first_is_gone)
    with pytest.warns(UserWarning, match="did not come"):
        (came,) = client.generate("url x2", model="gpt-image-1", n=2)
    assert came.record.index == 0
    monkeypatch.setattr(box, "_get", answer)
    box.broken = False
    gets = box.gets
    (one,) = unsettled(client._home)
    assert len(one.fetch()) == 2
    assert box.gets == gets + 1
    assert set(look(client._home).pictures()[one.attempt]) == set(box.requests[0].digests)
    assert client_record(client, came.record.id).sha256 == came.record.sha256
    assert unsettled(client._home) == []


def client_record(client, name):
    """The record with that id."""
    return imgcell.library(client._home).record(name)


def test_an_answer_that_cannot_be_read_stays(client, box, monkeypatch):
    """Its bytes are kept, and may be read again by a later version."""
    monkeypatch.setattr(box, "_answer", broken_picture(box._answer))
    with pytest.raises(ImageDecodeError):
        client.generate("raw", model="gpt-image-1")
    (one,) = unsettled(client._home)
    assert one.state == "paid-unread"
    with pytest.raises(ImageDecodeError):
        one.fetch()
    assert len(unsettled(client._home)) == 1


def broken_picture(answer):
    """Answers with half of the picture as if it were whole."""
    return lambda connection, body, *rest: answer(connection, body[: len(body) // 2], *rest)


@pytest.mark.parametrize(
    ("verdict", "open_", "amounts"),
    [((False,), 0, {}), ((True, 0.25, "EUR"), 0, {"EUR": 0.25}), ((True,), 0, {"USD": None})],
)
def test_what_the_user_says_counts(pending, client, verdict, open_, amounts):
    """Not listed any more; the bill has what was said, or the estimate."""
    library = imgcell.library(client._home)
    assert sum(total.open for total in library.totals()) == 1
    pending.settle(*verdict)
    assert unsettled(client._home) == []
    totals = library.totals()
    assert sum(total.open for total in totals) == open_
    assert {total.currency: total.amount for total in totals if total.requests} == {
        currency: amount if amount is not None else pending.estimate.amount for currency, amount in amounts.items()
    }


@pytest.mark.parametrize(
    "wrong",
    [("yes",), (1,), (True, -1), (True, float("nan")), (True, "5"), (True, True), (False, 1.0), (True, 1.0, "dollars"), (True, 1.0, 5)],
)
def test_a_verdict_that_means_nothing_changes_nothing(pending, client, wrong):
    """A clear error, and the request stays in the list."""
    with pytest.raises(InvalidJobError):
        pending.settle(*wrong)
    assert len(unsettled(client._home)) == 1


def test_a_verdict_that_cannot_be_written_is_told(pending, client, monkeypatch):
    """The disk is full: the request stays in the list, and the user is told."""

    def full(*arguments):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(disk, "_write", full)
        with pytest.raises(StorageError, match="No space"):
            pending.settle(False)
    assert len(unsettled(client._home)) == 1


def test_pictures_that_were_put_elsewhere_come_home(client, box, look, monkeypatch, story, tmp_path):
    """The library's disk failed while the picture came: it stayed in the spool, and the next process puts it into the library."""
    script = """
import errno, os, sys, warnings
warnings.simplefilter("ignore")
import imgcell
from imgcell.files import disk
from imgcell.transport.fetch import Downloads
def fails(*a): raise OSError(errno.EIO, os.strerror(errno.EIO))
client = imgcell.Client("openai", base_url=sys.argv[1], api_key="x", library=sys.argv[2])
real = disk._open
disk._open = lambda path, *a: fails() if "/blobs/" in str(path) else real(path, *a)
disk._link = fails
(picture,) = client.generate("b64", model="gpt-image-1")
print(picture.source.path)
"""
    home = tmp_path / "other"
    place = story(script, box.base_url, home).tell()
    assert "/spool/" in place
    assert look(home).states() == {box.requests[0].attempt: "done"}
    assert not look(home).pictures()
    assert len(recover(home).pictures) == 1
    assert look(home).pictures() == {box.requests[0].attempt: box.requests[0].digests}
    assert look(home).spool() == []
    assert not recover(home)
