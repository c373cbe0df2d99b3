"""The bill: what every request cost or may have cost, by the ledger."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import time

import pytest

from imgcell.errors import InvalidJobError
from imgcell.store import Library, Total

SENT = {"provider": "a", "model": "m", "kind": "generate", "pictures": 2, "prompt": "灯塔", "session": "s-1", "notebook": "n.ipynb"}
ESTIMATE = {"amount": 0.5, "currency": "USD", "basis": "estimated"}
COST = {"amount": 0.3, "currency": "USD", "basis": "computed"}


@pytest.fixture
def ledger(home):
    """Write lines into a file of the ledger: (attempt, state, facts), a second apart."""
    (home / "ledger").mkdir(parents=True)
    numbers, seconds = itertools.count(), itertools.count()
    start = dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone.utc)

    def write(*lines, at=None):
        path = home / "ledger" / f"20260301-1-{next(numbers):08x}.jsonl"
        with path.open("w") as file:
            for attempt, state, facts in lines:
                moment = (at or start) + dt.timedelta(seconds=next(seconds))
                file.write(json.dumps({"v": 1, "attempt": attempt, "state": state, "time": moment.isoformat(), **facts}) + "\n")
        return path

    return write


def row(total):
    """What a total says of money, as a tuple."""
    return (total.amount, total.currency, total.basis, total.requests, total.pictures, total.open)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([("done", {"records": ["p-1-0", "p-1-1"], "cost": COST})], (0.3, "USD", "computed", 1, 2, 0)),
        ([("done", {"records": ["p-1-0"], "cost": None})], (0, None, "unknown", 1, 1, 0)),
        ([], (0.5, "USD", "estimated", 1, 0, 1)),
        ([("answered", {})], (0.5, "USD", "estimated", 1, 0, 1)),
        ([("url", {"url": "https://x"})], (0.5, "USD", "estimated", 1, 0, 1)),
        ([("unknown", {})], (0.5, "USD", "estimated", 1, 0, 1)),
        ([("paid-unread", {})], (0.5, "USD", "estimated", 1, 0, 1)),
        ([("paid-pending", {"records": ["p-1-0"], "cost": COST})], (0.5, "USD", "estimated", 1, 1, 1)),
        ([("not-sent", {})], None),
        ([("turned-away", {})], None),
        ([("refused", {})], None),
        ([("unknown", {}), ("settled", {"charged": False})], None),
        ([("unknown", {}), ("settled", {"charged": True, "amount": 0.7, "currency": "CNY"})], (0.7, "CNY", "billed", 1, 0, 0)),
        ([("unknown", {}), ("settled", {"charged": True})], (0.5, "USD", "estimated", 1, 0, 0)),
        ([("settled", {"charged": False}), ("settled", {"charged": True})], (0.5, "USD", "estimated", 1, 0, 0)),
        ([("unknown", {}), ("done", {"records": ["p-1-0"], "cost": COST})], (0.3, "USD", "computed", 1, 1, 0)),
    ],
    ids=lambda value: "+".join(state for state, _ in value) or "sending" if isinstance(value, list) else "",
)
def test_every_end_counts_as_it_should(library, ledger, states, expected):
    """What was made costs what it cost, what may have been charged its estimate, what was refused nothing."""
    ledger(("a-1", "sending", {**SENT, "estimate": ESTIMATE}), *(("a-1", state, facts) for state, facts in states))
    assert [row(total) for total in library.totals()] == ([expected] if expected else [])


def test_without_an_estimate_the_amount_is_unknown_and_said_to_be(library, ledger):
    """Never a silent zero: a row of its own, with its requests."""
    ledger(("a-1", "sending", {**SENT, "estimate": None}), ("a-1", "unknown", {}))
    ledger(("a-2", "sending", SENT))
    assert library.totals() == [Total({}, None, 0, "unknown", 2, 0, 2)]


def test_rows_are_split_by_what_is_asked_for(library, ledger):
    """Keys in their order, currencies and bases apart."""
    for number, (provider, model, currency) in enumerate([("a", "m", "USD"), ("a", "n", "USD"), ("b", "m", "CNY"), ("a", "m", "USD")]):
        facts = {**SENT, "provider": provider, "model": model}
        done = {"records": [], "cost": {"amount": 1, "currency": currency, "basis": "billed"}}
        ledger((f"a-{number}", "sending", facts), (f"a-{number}", "done", done))
    assert [(t.keys, t.amount, t.currency) for t in library.totals(("provider", "model"))] == [
        ({"provider": "a", "model": "m"}, 2, "USD"),
        ({"provider": "a", "model": "n"}, 1, "USD"),
        ({"provider": "b", "model": "m"}, 1, "CNY"),
    ]
    assert [(t.keys, t.amount) for t in library.totals("kind")] == [({"kind": "generate"}, 1), ({"kind": "generate"}, 3)]
    assert [t.keys for t in library.totals(("notebook", "session"))] == [{"notebook": "n.ipynb", "session": "s-1"}] * 2
    with pytest.raises(InvalidJobError):
        library.totals(("day", "mood"))
    with pytest.raises(InvalidJobError):
        library.totals((), since="whenever")


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of a process cannot be set here")
def test_days_are_the_users_own(library, ledger, monkeypatch):
    """Half past eleven in the evening UTC is the next day in Shanghai and the same one in New York."""
    late = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.timezone.utc)
    ledger(("a-1", "sending", {**SENT, "estimate": ESTIMATE}), at=late)
    try:
        for zone, day in (("Asia/Shanghai", "2026-03-02"), ("America/New_York", "2026-03-01")):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert [total.keys for total in library.totals(("day",))] == [{"day": day}]
            assert library.totals(since=day, until=day)
            assert library.totals(since=dt.date.fromisoformat(day) + dt.timedelta(days=1)) == []
            assert library.totals(until=dt.date.fromisoformat(day) - dt.timedelta(days=1)) == []
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_order_of_the_files_does_not_matter(library, home, ledger):
    """A request that was begun, recovered and settled by three processes: in any order in which their files are read."""
    lines = [
        [("a-1", "sending", {**SENT, "estimate": ESTIMATE})],
        [("a-1", "unknown", {"reason": "killed"})],
        [("a-1", "done", {"records": ["p-1-0"], "cost": COST})],
        [("a-1", "settled", {"charged": True, "amount": 0.4, "currency": "USD"})],
    ]
    paths = [ledger(*each) for each in lines]
    data = [path.read_bytes() for path in paths]
    for number, order in enumerate(itertools.permutations(range(4))):
        other = Library(home.parent / f"other-{number}")
        (other.home / "ledger").mkdir(parents=True)
        for step in order:
            (other.home / "ledger" / paths[step].name).write_bytes(data[step])
            other.totals()
        assert [row(total) for total in other.totals(("provider",))] == [(0.4, "USD", "billed", 1, 1, 0)]
        (request,) = other.requests()
        assert (request["state"], request["prompt"], request["reason"], request["settled"]["amount"]) == ("settled", "灯塔", "killed", 0.4)


def test_requests_are_told_with_all_that_is_known(library, ledger):
    """What the ledger says in one, newest first, by state and time."""
    ledger(("a-1", "sending", {**SENT, "estimate": ESTIMATE}), ("a-1", "unknown", {"message": "reset"}))
    ledger(("a-2", "sending", SENT), ("a-2", "refused", {}))
    ledger(("a-3", "sending", SENT))
    assert [request["attempt"] for request in library.requests()] == ["a-3", "a-2", "a-1"]
    (request,) = library.requests(("unknown",))
    assert (request["prompt"], request["message"], request["estimate"], request["open"]) == ("灯塔", "reset", ESTIMATE, 1)
    assert dt.datetime.fromtimestamp(request["began"] / 1e6, dt.timezone.utc).year == 2026
    assert [request["attempt"] for request in library.requests("sending")] == ["a-3"]
    assert library.requests(()) == []
    assert library.requests(since=dt.datetime(2027, 1, 1)) == []


def test_a_request_of_which_only_the_end_is_known_has_its_day(library, ledger):
    """The file with its beginning is lost: it counts when it was last heard of."""
    ledger(("a-1", "done", {"provider": "a", "records": [], "cost": COST}))
    assert [total.keys for total in library.totals(("day",), since="2026-02-01", until="2026-04-01")] == [{"day": "2026-03-01"}]


def test_deleting_pictures_does_not_change_the_bill(library, made):
    """... nor does removing them for good, or making the index anew."""
    records = [made(cost=0.04) for _ in range(3)]
    before = library.totals(("provider",))
    library.delete(records[0].id)
    library.delete(records[1].id)
    os.utime(library.home / "trash" / "records" / f"{records[0].id}.json", (0, 0))
    assert library.empty_trash() == 1
    assert library.totals(("provider",)) == before
    library.rebuild()
    assert library.totals(("provider",)) == before
    assert before[0].amount == 0.12


def test_records_whose_ledger_is_gone_are_on_the_bill(library, home, made):
    """They say themselves what they cost."""
    made(cost=0.04, attempt="a-lost")
    made(cost=None, attempt="a-lost-too")
    for path in (home / "ledger").glob("*.jsonl"):
        path.unlink()
    assert [row(total) for total in library.totals()] == [(0, None, "unknown", 1, 1, 0), (0.04, "USD", "computed", 1, 1, 0)]
