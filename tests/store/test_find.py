"""Which pictures: by words, by facts, by time, newest first."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from imgcell.errors import ImageDecodeError, InvalidJobError
from imgcell.jobs import InputImage


@pytest.fixture
def prompts(library):
    """Ask the library and return the prompts of what it finds."""
    return lambda *words, **settings: [record.prompt for record in library.find(*words, **settings)]


def test_words_are_found_in_prompts_and_what_became_of_them(made, prompts):
    """In the prompt, in the prompt as revised; all words must be there, anywhere in it."""
    made("黄昏海边的老灯塔")
    made("a cat", revised_prompt="A photorealistic tabby cat on a sill")
    made("a dog")
    assert prompts("灯塔") == ["黄昏海边的老灯塔"]
    assert prompts("塔 海") == ["黄昏海边的老灯塔"]
    assert prompts("tabby") == ["a cat"]
    assert prompts("cat sill") == ["a cat"]
    assert prompts("cat dog") == []
    assert prompts("  ") == prompts(None) == ["a dog", "a cat", "黄昏海边的老灯塔"]


def test_punctuation_alone_is_looked_for_as_it_is(made, prompts):
    """There is no word in it; still it is no error and finds where it stands."""
    made("why?")
    made("because!")
    assert prompts("?") == ["why?"]
    assert prompts('"') == []
    assert prompts("!", limit=0) == []


def test_facts_narrow_what_is_found(made, prompts):
    """Provider, model, kind, notebook, alone and together with words."""
    made("one", provider="a", model="m1", kind="generate", notebook="x.ipynb")
    made("two", provider="a", model="m2", kind="edit", notebook="y.ipynb")
    made("one two", provider="b", model="m2", kind="generate", notebook="x.ipynb")
    assert prompts(provider="a") == ["two", "one"]
    assert prompts(model="m2", kind="edit") == ["two"]
    assert prompts("two", provider="b") == ["one two"]
    assert prompts(notebook="x.ipynb", limit=1) == ["one two"]
    assert prompts("one", provider="'; DROP TABLE pictures; --") == []


def test_a_notebook_is_found_by_its_path_and_by_the_end_of_it(made, prompts):
    """Servers name notebooks by their whole path, people by their names; a part of a name is no name."""
    made("linux", notebook="/home/user/ads/cover 100%.ipynb")
    made("windows", notebook="C:\\ads\\cover 100%.ipynb")
    made("other", notebook="/home/user/ads/recover 100%.ipynb")
    assert prompts(notebook="cover 100%.ipynb") == prompts(notebook="ads/cover 100%.ipynb") == ["windows", "linux"]
    assert prompts(notebook="/home/user/ads/cover 100%.ipynb") == ["linux"]
    assert prompts(notebook="C:\\ads\\cover 100%.ipynb") == ["windows"]
    assert prompts(notebook="%.ipynb") == prompts(notebook="ipynb") == prompts(notebook="") == []


def test_time_narrows_what_is_found(made, library, prompts):
    """Since and until: times, days (until includes the day), spans, and text of all of these."""
    now = dt.datetime.now(dt.timezone.utc)
    for days in (400, 40, 4, 0):
        made(f"{days} days ago", created=now - dt.timedelta(days=days))
    assert prompts(since="7d") == prompts(since=dt.timedelta(days=7)) == ["0 days ago", "4 days ago"]
    assert prompts(since="1w", until="2d") == ["4 days ago"]
    day = (now - dt.timedelta(days=40)).astimezone().date()
    assert prompts(since=day, until=day) == prompts(since=day.isoformat(), until=day.isoformat()) == ["40 days ago"]
    assert prompts("days", until=day - dt.timedelta(days=1)) == ["400 days ago"]
    assert prompts(since="today") == ["0 days ago"]
    moment = now - dt.timedelta(days=40)
    assert prompts(since=moment.isoformat(), limit=1, until=moment + dt.timedelta(seconds=1)) == ["40 days ago"]
    assert prompts(since=moment.isoformat().replace("+00:00", "Z"), until="30d") == ["40 days ago"]
    assert prompts(since=moment.astimezone().replace(tzinfo=None), until="30d") == ["40 days ago"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "the day before"},
        {"until": 17},
        {"since": "2026-13-01"},
        {"since": dt.date.max, "until": dt.date.max},
        {"rating": 6},
        {"rating": True},
        {"rating": "5"},
        {"limit": -1},
        {"limit": "all"},
        {"limit": 10**30},
        {"provider": 3},
        {"text": 3},
        {"tag": [3]},
        {"tag": 3},
        {"tag": b"cover"},
    ],
    ids=repr,
)
def test_bad_values_are_refused_in_words(library, made, wrong):
    """... and lose nothing."""
    record = made()
    with pytest.raises(InvalidJobError):
        library.find(**wrong)
    assert library.find() == [record]


def test_surrogates_in_a_question_are_no_error(library, made):
    """A lone surrogate matches nothing; nothing breaks."""
    made()
    assert library.find("\ud800", provider="\ud800", tag="\udfff") == []
    assert library.by_job("\ud800") == []
    assert library.children("\ud800") == []


def test_pictures_of_a_job(library, made):
    """By its digest, newest first, without those that were deleted."""
    first, second, _ = made("a", job="1" * 64), made("a", job="1" * 64), made("b", job="2" * 64)
    assert library.by_job("1" * 64) == [second, first]
    library.delete(second.id)
    assert library.by_job("1" * 64) == [first]
    library.restore(second.id)
    assert library.by_job("1" * 64) == [second, first]


def test_children_are_direct_edits_by_name_or_by_the_same_bytes(library, made):
    """An edit of an edit is no child; a file with the picture's bytes that was given from outside is the picture."""
    root = made("root")
    child = made("child", parents=(root.id,), kind="edit")
    foreign = made("of the file", parents=(f"sha256:{root.sha256}",), kind="edit")
    made("grandchild", parents=(child.id,), kind="edit")
    both = made("of both", parents=("p-x", root.id), kind="edit")
    assert library.children(root.id) == [both, foreign, child]
    library.delete(child.id)
    assert library.children(root.id) == [both, foreign]
    assert library.children("p-nobody") == []


def test_a_picture_comes_back_with_its_pixels_and_its_archive(library, made):
    """By id: a Picture that knows the library's archive; None for what is not there, an error for a lost file."""
    record = made("灯塔")
    library.archive = archive = object()
    picture = library.picture(record.id)
    assert picture.record == record
    assert picture.size == (1, 1)
    assert picture._archive is archive
    assert library.picture("p-nobody") is None
    assert library.picture("../../etc/passwd") is None
    assert library.picture(None) is None
    library._blob_path(record.sha256).unlink()
    with pytest.raises(ImageDecodeError, match="gone"):
        library.picture(record.id)


def test_a_sheet_has_what_can_be_shown_and_says_what_cannot(library, made):
    """In the order asked for; a damaged or lost file is an error in its place."""
    records = [made(f"{number}") for number in range(4)]
    library._blob_path(records[1].sha256).unlink()
    library._blob_path(records[2].sha256).write_bytes(b"no picture")
    sheet = library.sheet(library.find())
    assert [picture.record for picture in sheet] == [records[3], records[0]]
    assert [cell.position for cell in sheet.cells if cell.error is not None] == [1, 2]
    assert sheet.done
    assert library.sheet([]).done


def test_inputs_are_kept_once_and_only_as_they_were_sent(library, home, tmp_path, made, monkeypatch):
    """Bytes from memory or a file under their digest; not a file that was changed, not an address; no fault is raised."""
    import hashlib

    data = b"what was sent"
    digest = hashlib.sha256(data).hexdigest()
    library.keep_input(InputImage(data=data, sha256=digest, size=len(data)))
    blob = library.blob(digest)
    assert blob.read() == data
    before = blob.path.stat().st_mtime_ns
    library.keep_input(InputImage(data=data, sha256=digest, size=len(data)))
    assert blob.path.stat().st_mtime_ns == before
    file = tmp_path / "mask.png"
    file.write_bytes(b"a mask")
    mask = InputImage(path=file, sha256=hashlib.sha256(b"a mask").hexdigest(), size=6)
    file.write_bytes(b"a change")
    library.keep_input(mask)
    assert library.blob(mask.sha256) is None
    file.write_bytes(b"a mask")
    library.keep_input(mask)
    file.write_bytes(b"a change")
    assert library.blob(mask.sha256).read() == b"a mask"
    library.keep_input(InputImage(url="https://example.com/x.png", sha256=hashlib.sha256(b"https://example.com/x.png").hexdigest()))
    library.keep_input(InputImage(path=tmp_path / "gone", sha256="0" * 64, size=1))
    library.keep_input(InputImage(data=b"x", sha256="../../evil", size=1))
    assert len([path for path in (home / "blobs").rglob("*") if path.is_file()]) == 2


def test_inputs_on_a_full_disk_are_let_go(library, home, faults, full):
    """Nothing was paid for them."""
    import hashlib

    for call in ("_open", "_write", "_mkdir", "_rename", "_fsync"):
        faults.inject(call, full, at=0, forever=True)
        library.keep_input(InputImage(data=b"x", sha256=hashlib.sha256(b"x").hexdigest(), size=1))
        faults.end()
    assert not list(home.rglob(".tmp-*"))


def test_a_record_that_a_later_version_wrote_is_read(library, made):
    """Fields that this version does not know are left alone."""
    import json

    record = made("later")
    path = library.home / "records" / f"{record.id}.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "v": 9, "mood": "good"}))
    assert library.record(record.id) == record
    library.rebuild()
    assert library.find() == [dataclasses.replace(record)]
