"""A library that the first version wrote is read fully, and is not changed by reading.

``oldest/`` was written by that version's client at the sandbox: a job of two pictures, an edit of one of them, an edit of a
foreign picture with a mask, a picture of a model without a price, a refusal, and a request whose answer never came.
"""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest

from imgcell.store import Library
from imgcell.store.migrations import STEPS, VERSION, migrate


def files(home):
    """The files that are the truth, with their bytes."""
    names = ("blobs", "records", "ledger")
    return {path.relative_to(home): path.read_bytes() for name in names for path in (home / name).rglob("*") if path.is_file()}


def test_all_of_it_is_found(oldest):
    """Pictures with their pixels, words, children."""
    before = files(oldest)
    library = Library(oldest)
    records = library.find()
    assert [record.prompt for record in records] == [
        *("a model without a price", "再加一只猫", "make it night", "黄昏海边的老灯塔", "黄昏海边的老灯塔"),
    ]
    assert [record.prompt for record in library.find("灯塔")] == ["黄昏海边的老灯塔"] * 2
    second, first = records[3:]
    assert (first.index, first.slot, second.index, second.slot) == (0, 0, 1, 1)
    assert library.children(first.id) == [records[2]]
    assert library.children(second.id) == []
    assert [picture.size for picture in library.sheet(records)] == [record.size for record in records]
    for record in records:
        assert hashlib.sha256(library.blob(record.sha256).read()).hexdigest() == record.sha256
        assert (record.job, record.session, record.notebook, record.cell, record.modified) == (None, None, None, None, ())
    assert records[2].inputs == ()
    assert records[1].inputs == records[1].parents
    assert records[1].mask.startswith("sha256:")
    assert files(oldest) == before


def test_its_bill_is_right(oldest):
    """What its ledger lacks the records say; what never had a price is unknown, what may have been charged an estimate."""
    library = Library(oldest)
    totals = {total.basis: total for total in library.totals()}
    assert set(totals) == {"computed", "unknown", "estimated"}
    costs = [record.cost.amount for record in library.find() if record.cost is not None]
    assert totals["computed"].amount == pytest.approx(sum(costs))
    assert (totals["computed"].requests, totals["computed"].pictures) == (3, 4)
    assert (totals["unknown"].requests, totals["unknown"].amount, totals["unknown"].currency) == (1, 0, None)
    assert (totals["estimated"].requests, totals["estimated"].open) == (1, 1)
    assert totals["estimated"].amount > 0
    (request,) = library.requests(("unknown",))
    assert request["prompt"].endswith("a storm")
    assert len(library.requests(("refused",))) == 1


def test_it_is_whole_and_stays_so(oldest):
    """Verified, made anew, deleted from, brought back, annotated: as a library of today."""
    library = Library(oldest)
    assert library.verify().ok
    before = library.totals(("provider", "model"))
    record = library.find()[2]
    library.delete(record.id)
    library.rebuild()
    assert library.totals(("provider", "model")) == before
    library.restore(record.id)
    library.annotate(record.id, rating=5)
    assert library.find(rating=5) == [record]
    assert library.verify().ok


def test_its_bill_outlives_its_pictures(oldest, tmp_path):
    """Only the records say what they cost: that is written down before one is removed for good, or stays behind in the trash."""
    library = Library(oldest)
    before = library.totals(("provider", "model"))
    for record in library.find("灯塔"):
        library.delete(record.id)
    other = Library(tmp_path / "other")
    assert other.import_(library.export(tmp_path / "out")) == 3
    assert other.totals(("provider", "model")) == before
    assert library.empty_trash(dt.timedelta(0)) == 2
    library.rebuild()
    assert library.totals(("provider", "model")) == before
    assert library.verify().ok


def test_today_and_then_live_together(oldest, tmp_path):
    """A library of today brings the old one in, its records as they are."""
    library = Library(tmp_path / "today")
    assert library.import_(oldest) == 5
    assert library.find() == Library(oldest).find()
    assert library.totals(("provider",)) == Library(oldest).totals(("provider",))
    for path in (tmp_path / "today" / "records").iterdir():
        assert path.read_bytes() == (oldest / "records" / path.name).read_bytes()


def test_every_version_has_a_step_to_the_next():
    """... that is named and says what it does."""
    assert sorted(STEPS) == list(range(1, VERSION))
    assert all(step.__doc__ for step in STEPS.values())


@pytest.mark.parametrize("version", [0, -1, True, "1", 1.0, None])
def test_a_version_that_is_none_is_refused(version):
    """... rather than guessed at."""
    with pytest.raises(ValueError, match="version"):
        migrate({"v": version, "id": "p-1"})


def test_what_a_record_says_already_is_not_overwritten():
    """A record that calls itself the first version and has a later one's fields keeps them."""
    document = {"v": 1, "id": "p-1", "index": 1, "slot": 7, "inputs": ["sha256:x"], "parents": ["p-0"]}
    assert migrate(document) == {**document, "v": 2, "job": None, "session": None, "notebook": None, "cell": None, "modified": []}
