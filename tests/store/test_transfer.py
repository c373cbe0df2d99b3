"""Moving a library: out and in again, twice, over what is there, and out of folders that somebody prepared."""

from __future__ import annotations

import dataclasses
import json
import os
import warnings

import pytest

from imgcell.errors import InvalidJobError, StorageError
from imgcell.jobs import InputImage
from imgcell.ledger import pending
from imgcell.store import Annotation, Library


@pytest.fixture
def other(tmp_path):
    """Another library, empty."""
    return Library(tmp_path / "other")


def tree(folder):
    """All files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_library_goes_out_and_comes_in_whole(library, made, other, tmp_path):
    """Pictures, what they were made from, the bill, stars; no key, no settings, no trash."""
    import hashlib

    sent = hashlib.sha256(b"a photograph").hexdigest()
    library.keep_input(InputImage(data=b"a photograph", sha256=sent, size=12))
    first, second = made("灯塔"), made("夜", inputs=(f"sha256:{sent}",), parents=(f"sha256:{sent}",))
    gone = made("gone")
    made(state="unknown")
    library.annotate(first.id, rating=5, tags=["t"])
    library.delete(gone.id)
    (library.home / "providers.toml").write_text("[secret]")
    folder = library.export(tmp_path / "out")
    assert folder == tmp_path / "out"
    assert {name.split("/")[0] for name in tree(folder)} == {"blobs", "records", "ledger", "annotations"}
    assert other.import_(folder) == 2
    assert other.find() == library.find() == [second, first]
    assert other.find("灯塔", rating=5) == [first]
    assert other.annotation(first.id) == Annotation(5, ("t",), "")
    assert other.blob(sent).read() == b"a photograph"
    assert other.totals(("provider",)) == library.totals(("provider",))
    assert other.verify().ok


def test_votes_go_along_and_count_once(library, other, made, tmp_path):
    """Votes of a study, what was taken back, and what both libraries have already; a line that says otherwise changes nothing here."""
    from imgcell.votes import Votes
    from imgcell.votes.keeping import Box

    made("one")
    study = "0123456789abcdef"
    votes = Votes(box=Box(library.home, study, {"name": "style", "entries": {}}))
    for choice in ("left", "right", "tie"):
        votes.add("a", "b", choice, rater="Ann")
    votes.undo()
    library.export(tmp_path / "out")
    (tmp_path / "out" / "votes" / "not ours").mkdir()
    for _ in range(2):
        other.import_(tmp_path / "out")
        assert [one.choice for one in Votes.open("style", library=other.home)] == ["left", "right"]
    votes.add("a", "b", "bad")
    library.export(tmp_path / "out")
    (own,) = (tmp_path / "out" / "votes" / study).glob("*.jsonl")
    with own.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"v": 1, "vote": votes[0].id, "time": votes[0].time, "left": "b", "right": "a", "choice": "left"}) + "\n")
    other.import_(tmp_path / "out")
    assert list(Votes.open("style", library=other.home)) == list(votes)
    assert len(Votes.open("style", library=other.home)) == 3


def test_doing_it_again_is_harmless_and_brings_what_is_new(library, made, other, tmp_path):
    """Into the same folder, out of it twice, with more pictures in between."""
    made("one")
    library.export(tmp_path / "out")
    before = tree(tmp_path / "out")
    library.export(tmp_path / "out")
    assert tree(tmp_path / "out") == before
    assert other.import_(tmp_path / "out") == 1
    files = tree(other.home)
    assert other.import_(tmp_path / "out") == 0
    assert {name: data for name, data in tree(other.home).items() if "index" not in name} == {
        name: data for name, data in files.items() if "index" not in name
    }
    second = made("two")
    library.annotate(second.id, note="later")
    library.export(tmp_path / "out")
    assert other.import_(tmp_path / "out") == 1
    assert other.find() == library.find()
    assert other.annotation(second.id).note == "later"
    assert other.totals() == library.totals()


def test_coming_home_changes_nothing(library, made, other, tmp_path):
    """Out, in elsewhere, out from there, in here: what is here stays as it is."""
    record = made("one")
    made(state=None)
    library.annotate(record.id, rating=3)
    other.import_(library.export(tmp_path / "out"))
    library.annotate(record.id, rating=4)
    before = library.totals(), library.requests()
    assert library.import_(other.export(tmp_path / "back")) == 0
    assert (library.totals(), library.requests()) == before
    assert library.annotation(record.id).rating == 4


def test_another_librarys_own_folder_comes_in(library, made, other):
    """It need not be exported first; what is in the trash here is not brought back."""
    first, second = made("one"), made("two")
    assert other.import_(library.home) == 2
    other.delete(first.id)
    assert other.import_(library.home) == 0
    assert other.find() == [second]


def test_what_was_under_way_comes_in_as_unknown(library, made, other, tmp_path):
    """Nothing is fetched or recovered because a folder from outside says so; the money counts."""
    attempt = made(state=None)
    assert other.import_(library.export(tmp_path / "out")) == 0
    (request,) = other.requests()
    assert (request["attempt"], request["state"], request["open"]) == (attempt, "unknown", 1)
    assert pending(other.home) == []
    assert other.totals() == library.totals()


def test_a_request_that_ended_since_is_told_its_end(library, home, made, other):
    """First brought in while it was under way, then again."""
    record = made("one")
    (path,) = (home / "ledger").glob("*.jsonl")
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    other.import_(home)
    assert [request["state"] for request in other.requests()] == ["unknown"]
    path.write_bytes(whole)
    other.import_(home)
    assert [request["state"] for request in other.requests()] == ["done"]
    assert other.find() == [record]
    assert other.totals()[0].open == 0


def test_lines_on_ones_own_requests_are_not_taken_from_others(library, home, made, other):
    """Whoever prepares a folder cannot settle what is owed here."""
    attempt = made(state="unknown")
    (other.home / "records").mkdir(parents=True)
    (other.home / "ledger").mkdir()
    line = {"v": 1, "attempt": attempt, "state": "settled", "time": "2030-01-01T00:00:00+00:00", "charged": False}
    (other.home / "ledger" / "x.jsonl").write_text(json.dumps(line) + "\n")
    before = library.totals()
    library.import_(other.home)
    assert library.totals() == before
    assert before[0].open == 1


@pytest.fixture
def prepared(library, made, tmp_path):
    """An exported folder with one good picture, for somebody to prepare; and that picture's record."""
    record = made("good")
    return library.export(tmp_path / "prepared"), record


def refuse(other, folder, match):
    """Bring in a folder and expect the warning."""
    with pytest.warns(UserWarning, match=match):
        return other.import_(folder)


def test_wrong_bytes_stay_outside(prepared, other):
    """A blob that is not what its name says: neither it nor its record comes in; nor does it go out."""
    folder, record = prepared
    blob = folder / "blobs" / record.sha256[:2] / record.sha256
    blob.write_bytes(b"x" * record.bytes)
    assert refuse(other, folder, record.id) == 0
    assert not (other.home / "blobs").exists()
    with pytest.warns(UserWarning, match=record.id):
        Library(folder).export(folder.parent / "again")


def test_huge_files_stay_outside(prepared, other, monkeypatch):
    """Longer than any picture or record: not read into memory, not copied."""
    folder, record = prepared
    blob = folder / "blobs" / record.sha256[:2] / record.sha256
    with blob.open("r+b") as file:
        file.truncate(300_000_000)  # of holes: it takes no room
    with (folder / "records" / "p-huge.json").open("wb") as file:
        file.truncate(300_000_000)
    assert refuse(other, folder, "2 things") == 0


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
@pytest.mark.parametrize("what", ["blob", "blobs", "record", "ledger", "annotations", "ledger-file"])
def test_links_are_not_followed(prepared, other, tmp_path, library, what):
    """Whatever they point to: what they name is left out."""
    folder, record = prepared
    library.annotate(record.id, rating=5)
    library.export(folder)
    paths = {
        "blob": folder / "blobs" / record.sha256[:2] / record.sha256,
        "blobs": folder / "blobs" / record.sha256[:2],
        "record": folder / "records" / f"{record.id}.json",
        "ledger": folder / "ledger",
        "annotations": folder / "annotations",
        "ledger-file": next((folder / "ledger").iterdir()),
    }
    paths[what].rename(tmp_path / "moved")
    paths[what].symlink_to(tmp_path / "moved")
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        count = other.import_(folder)
    assert count == (0 if what.startswith(("blob", "record")) else 1)
    told = [request for request in other.requests() if "prompt" in request]  # a record alone tells of its request, too
    assert bool(told) == (not what.startswith("ledger"))
    assert other.annotation(record.id).rating == (5 if count and what != "annotations" else 0)


def test_names_from_outside_reach_no_file(prepared, other, tmp_path):
    """Ids with dots and slashes, records under other names, digests that are paths: left out, nothing is written elsewhere."""
    folder, record = prepared
    good = json.loads((folder / "records" / f"{record.id}.json").read_bytes())
    for name, change in {
        "p-evil-0": {"id": "../../evil"},
        "p-evil-1": {"id": "p-somebody-else"},
        "p-evil-2": {"id": "p-evil-2", "sha256": "../../../../etc/passwd"},
        "p-evil-3": {"id": "p-evil-3", "prompt": ["x"]},
        "p-evil-4": {"id": "p-evil-4", "v": "x"},
    }.items():
        (folder / "records" / f"{name}.json").write_text(json.dumps({**good, **change}))
    (folder / "records" / "p-evil-5.json").write_text("[" * 100_000)
    (folder / "records" / "..json").write_text("{}")
    (folder / "records" / "p-inputs.json").write_text(
        json.dumps({**good, "id": "p-inputs", "inputs": ["sha256:../../x"], "mask": "sha256:/etc/passwd"})
    )
    before = set(tmp_path.rglob("*"))
    assert refuse(other, folder, "7 things") == 2
    new = {path for path in set(tmp_path.rglob("*")) - before if other.home not in (path, *path.parents)}
    assert new == set()
    assert {found.id for found in other.find()} == {record.id, "p-inputs"}
    assert other.verify().ok


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_pipes_and_folders_in_the_place_of_files_do_not_hang(prepared, other):
    """A pipe that nobody writes to would hold a reader for ever."""
    folder, record = prepared
    blob = folder / "blobs" / record.sha256[:2] / record.sha256
    blob.unlink()
    os.mkfifo(blob)
    os.mkfifo(folder / "records" / "p-pipe.json")
    (folder / "records" / "p-folder.json").mkdir()
    os.mkfifo(folder / "ledger" / "pipe.jsonl")
    (folder / "annotations").mkdir()
    os.mkfifo(folder / "annotations" / "pipe.jsonl")
    assert refuse(other, folder, "3 things") == 0


def test_what_is_here_is_not_replaced(prepared, other):
    """Another record under an id that this library has: this library's stays."""
    folder, record = prepared
    other.import_(folder)
    path = folder / "records" / f"{record.id}.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "prompt": "forged"}))
    assert other.import_(folder) == 0
    assert other.find() == [record]
    assert other.record(record.id) == record


def test_stars_from_the_future_or_for_nobody_are_left_out(prepared, other):
    """A word of the year 2999 would outlast all later ones; removals are nobody else's business."""
    folder, record = prepared
    (folder / "annotations").mkdir(exist_ok=True)
    lines = [
        {"v": 1, "picture": record.id, "time": "2999-01-01T00:00:00+00:00", "rating": 1},
        {"v": 1, "picture": "p-nobody", "time": "2026-01-01T00:00:00+00:00", "rating": 1},
        {"v": 1, "picture": record.id, "time": "2026-01-01T00:00:00+00:00", "removed": True},
        {"v": 1, "picture": record.id, "time": "2026-01-01T00:00:00+00:00", "rating": 4},
    ]
    (folder / "annotations" / "x.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    other.import_(folder)
    assert other.annotation(record.id) == Annotation(4)
    assert len([line for path in (other.home / "annotations").iterdir() for line in path.read_text().splitlines()]) == 1


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_what_cannot_be_is_refused_in_words(library, home, made, tmp_path):
    """A folder in the library, the library itself, a folder that is none."""
    made()
    for folder in (home, home / "records" / "x"):
        with pytest.raises(InvalidJobError):
            library.export(folder)
    with pytest.raises(InvalidJobError):
        library.import_(home)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "records").symlink_to(home / "records")
    for folder in (tmp_path / "nothing", tmp_path, tmp_path / "linked"):
        with pytest.raises(InvalidJobError, match="no library"):
            library.import_(folder)


def test_a_full_disk_in_the_middle_loses_nothing(prepared, other, faults, full):
    """The error is raised; bringing in again goes on from there."""
    folder, record = prepared
    for at in range(4):
        faults.inject("_write", full, at=at, forever=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                other.import_(folder)
            except StorageError:
                pass
        faults.end()
    other.import_(folder)
    assert other.find() == [dataclasses.replace(record)]
    assert other.verify().ok
