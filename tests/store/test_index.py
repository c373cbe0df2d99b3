"""The index: made from the files by whoever asks, up to date with all processes, thrown away when anything is wrong."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import warnings

import pytest

from imgcell.errors import ConfigurationError
from imgcell.ledger import Ledger, read_ledger
from imgcell.store import Library, index, ingest, schema


def ids(records):
    """The ids of *records*, in order."""
    return [record.id for record in records]


def lines_read(monkeypatch):
    """Count the lines that the index reads from now on; returns the list that they are put into."""
    seen = []
    real = ingest.attempts.save
    monkeypatch.setattr(ingest.attempts, "save", lambda connection, lines: (seen.extend(lines), real(connection, lines))[1])
    return seen


def test_what_is_made_is_found_newest_first(library, made):
    """At once, by the process that made it and by another reader."""
    records = [made(f"picture {number}") for number in range(3)]
    assert library.find() == records[::-1]
    assert Library(library.home).find() == records[::-1]
    last = made("one more")
    assert library.find(limit=2) == [last, records[2]]


def test_only_what_is_new_is_read(library, home, made, monkeypatch):
    """Each file of lines from where it was read last; nothing at all when nothing was appended."""
    made()
    library.find()
    seen = lines_read(monkeypatch)
    library.find()
    assert seen == []
    made("two")
    assert len(library.find()) == 2
    assert {line["state"] for line in seen} == {"sending", "answered", "done"}
    assert len(seen) == 3
    Library(home).find()
    assert len(seen) == 3


def test_a_torn_line_waits_for_its_rest(library, home, made):
    """What another process is writing is read when it is whole."""
    record = made()
    (path,) = (home / "ledger").glob("*.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert library.requests()[0]["state"] == "answered"
    with path.open("ab") as file:
        file.write(whole[-20:])
    assert library.requests()[0]["state"] == "done"
    assert ids(library.find()) == [record.id]


@pytest.mark.parametrize("longer", [False, True], ids=["shorter", "longer"])
def test_a_file_that_was_replaced_is_read_again(library, home, made, longer):
    """By its name alone it would be taken as read."""
    made("first")
    library.find()
    (path,) = (home / "ledger").glob("*.jsonl")
    other = json.dumps(
        {"v": 1, "attempt": "a-other", "state": "sending", "time": "2026-01-01T00:00:00+00:00", "pad": "x" * (5000 if longer else 1)}
    )
    if longer:
        path.with_suffix(".new").write_text(other + "\n")
        os.replace(path.with_suffix(".new"), path)
    else:
        path.write_text(other + "\n")
    assert "a-other" in {request["attempt"] for request in library.requests()}


def test_lines_that_are_none_spoil_no_others(library, home, made):
    """Half lines, other JSON, wrong types, depth, huge numbers: left out; the rest is read."""
    record = made()
    bad = [
        b'{"half',
        b"[]",
        b"17",
        b"\xff\xfe{}",
        b"{" + b'"a":[' * 5000,
        b'{"attempt": "a-deep", "state": "done", "x": ' + b"[" * 200 + b"]" * 200 + b"}",
        json.dumps({"attempt": "../../x", "state": "done"}).encode(),
        json.dumps({"attempt": "a-1", "state": "no such state"}).encode(),
        json.dumps({"attempt": "a-1", "state": ["done"]}).encode(),
        json.dumps({"attempt": ["a"], "state": "done"}).encode(),
        json.dumps({"attempt": "a-2", "state": "done", "records": ["../../../etc/passwd", 7, None], "cost": {"amount": "x"}}).encode(),
        b'{"attempt": "a-3", "state": "done", "time": 7, "provider": "\\ud800", "cost": {"amount": 1e400, "currency": "USD"}}',
        json.dumps({"attempt": "a-4", "state": "done", "cost": {"amount": 10**400, "currency": "\ud800", "basis": "billed"}}).encode(),
        json.dumps({"attempt": "a-5", "state": "done", "time": "0001-01-01T00:00:00+00:00", "records": "p-1", "pictures": 10**30}).encode(),
    ]
    (home / "ledger" / "20260101-1-00000000.jsonl").write_bytes(b"\n".join(bad) + b"\n")
    assert ids(library.find()) == [record.id]
    assert {request["attempt"] for request in library.requests()} == {record.attempt, "a-2", "a-3", "a-4", "a-5"}
    assert sum(total.amount for total in library.totals()) == 0.04


def test_sidecars_that_are_none_spoil_no_others(library, home, made):
    """Wrong types and lone surrogates in a record: left out, or kept where they do no harm."""
    record = made()
    good = json.loads((home / "records" / f"{record.id}.json").read_bytes())
    wrong = [
        {"prompt": 7},
        {"cost": {"amount": -1, "currency": "USD", "basis": "free"}},
        {"size": ["a", 2]},
        {"created": "yesterday"},
        {"id": "p-x"},
    ]
    wrong += [
        {"requested": [1]},
        {"parents": [1]},
        {"sha256": "../.."},
        {"seconds": "1"},
        {"bytes": 10**400},
        {"v": "2"},
        {"usage": 3},
        {"notes": 3},
    ]
    for number, change in enumerate(wrong):
        (home / "records" / f"p-wrong-{number}.json").write_text(json.dumps({**good, "id": f"p-wrong-{number}", **change}))
    (home / "records" / "p-odd.json").write_text(
        json.dumps({**good, "id": "p-odd", "prompt": "odd \ud800", "provider": "\udfff", "v": 3, "new": 1})
    )
    (home / "records" / "p-deep.json").write_text('{"requested": ' + '{"a":' * 3000)
    found = Library(home).find()
    assert ids(found) == ["p-odd", record.id] or ids(found) == [record.id, "p-odd"]
    assert ids(Library(home).find("odd")) == ["p-odd"]


def test_records_without_a_ledger_are_there_too(library, home, made):
    """The first index is made from the folder of records as well, and a later process compares the two."""
    first = made("old")
    shutil.rmtree(home / "ledger")
    assert library.find() == [first]
    second = dataclasses.replace(first, id="p-from-elsewhere", prompt="copied here")
    (home / "records" / "p-from-elsewhere.json").write_text(json.dumps({"v": 2, **second.to_json()}))
    assert {record.id for record in Library(home).find()} == {first.id, "p-from-elsewhere"}
    (home / "records" / "p-from-elsewhere.json").unlink()
    assert Library(home).find() == [first]


def test_pictures_of_a_request_that_goes_on_are_there(library, made, home):
    """The record is found before the ledger tells of its request's end."""
    record = made()
    library.find()
    (path,) = (home / "ledger").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    other = dataclasses.replace(record, id="p-running-0", prompt="running")
    library._store_record(other)
    assert path.read_bytes().splitlines(keepends=True) == lines
    assert {found.id for found in library.find()} == {record.id, "p-running-0"}


def test_two_pictures_of_one_moment_are_two(library, made):
    """The key is the time of making; a second picture of the same microsecond gets the next one."""
    record = made()
    twins = [dataclasses.replace(record, id=f"p-twin-{number}") for number in range(3)]
    for twin in twins:
        library._store_record(twin)
    assert {found.id for found in library.find()} == {record.id, *ids(twins)}
    library.rebuild()
    assert len(library.find()) == 4


def test_an_index_that_is_made_anew_says_the_same(library, home, made):
    """After rebuild(), and after the file was removed."""
    records = [made(f"猫 {number}", parents=("p-parent",)) for number in range(5)]
    made(state="unknown")
    library.annotate(records[0].id, rating=4, tags=["夜"], note="good")
    library.delete(records[1].id)

    def everything():
        return (
            *(
                library.find(),
                library.find("猫"),
                library.trash(),
                library.totals(("provider",)),
                library.requests(),
                library.children("p-parent"),
            ),
            library.annotation(records[0].id),
        )

    before = everything()
    library.rebuild()
    assert everything() == before
    (home / index.NAME).unlink()
    assert everything() == before
    assert len(before[0]) == 4


# -- an index that is damaged, or cannot be ----------------------------------------------------------------------------


def page(path, number, data):
    """Overwrite a page of the file."""
    with path.open("r+b") as file:
        file.seek(number * 4096)
        file.write(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"not a database, but long enough to be looked at" * 500),
        lambda path: path.write_bytes(path.read_bytes()[: 4096 * 3]),
        lambda path: page(path, 1, os.urandom(4096)),
        lambda path: [page(path, number, bytes(4096)) for number in range(1, path.stat().st_size // 4096)],
        lambda path: page(path, 0, path.read_bytes()[:100] + b"\xff" * 3000),
        lambda path: sql(path, "DROP TABLE pictures"),
        lambda path: sql(path, "DROP TABLE words"),
        lambda path: sql(path, "UPDATE pictures SET document = 'x'"),
        lambda path: sql(path, "DELETE FROM meta"),
    ],
    ids=["garbage", "cut", "one-page", "zeros", "schema-page", "no-table", "no-words", "no-documents", "no-generation"],
)
def test_a_damaged_index_is_set_aside_and_made_anew(library, home, made, damage):
    """Whatever is wrong with it: every question is answered, and what was damaged is kept for whoever wants to look."""
    records = [made(f"猫 {number}") for number in range(30)]
    assert len(library.find("猫")) == 30
    damage(home / index.NAME)
    for reader in (Library(home), library):
        assert reader.find("猫") == records[::-1]
        assert reader.find(provider="box", limit=3) == records[:-4:-1]
        assert reader.verify().ok
    assert (home / index.NAME).stat().st_size > 4096


def sql(path, statement):
    """Run a statement in the index."""
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_what_was_damaged_is_kept(library, home, made):
    """Under another name, with its journal."""
    made()
    library.find()
    (home / index.NAME).write_bytes(b"garbage" * 1000)
    assert len(library.find()) == 1
    (aside,) = [path for path in home.glob(f"{index.NAME}.damaged-*") if not path.name.endswith("-journal")]
    assert aside.read_bytes() == b"garbage" * 1000


def test_an_index_of_an_earlier_version_is_made_anew(library, home, made):
    """Its tables are another version's."""
    record = made()
    library.find()
    connection = sqlite3.connect(home / index.NAME)
    connection.executescript("DROP TABLE pictures; CREATE TABLE pictures (x); PRAGMA user_version = 0")
    connection.close()
    assert library.find() == [record]


def test_an_index_of_a_later_version_is_left_alone(library, home, made):
    """Two versions of imgcell share a library: the earlier one makes its index in memory, and says so once."""
    record = made()
    library.find()
    sql(home / index.NAME, f"PRAGMA user_version = {schema.VERSION + 1}")
    before = (home / index.NAME).read_bytes()
    other = Library(home)
    with pytest.warns(UserWarning, match="later version"):
        assert other.find() == [record]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Library(home).find() == [record]
    assert (home / index.NAME).read_bytes() == before
    second = made("second")
    assert other.find() == [second, record]


@pytest.fixture
def read_only(home):
    """Make the library's folder one that nothing can be written to; tests run as root are spared."""
    changed = []

    def make():
        for path in (*home.rglob("*"), home):
            path.chmod(0o500 if path.is_dir() else 0o400)
            changed.append(path)
        if os.access(home, os.W_OK):
            pytest.skip("whoever runs this may write anywhere")

    yield make
    for path in reversed(changed):
        path.chmod(0o700)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("known", [False, True], ids=["no-index", "index"])
def test_a_library_that_cannot_be_written_is_read(library, home, made, read_only, known):
    """A home for reading only: the index is in memory, one warning says why."""
    record = made("灯塔")
    if known:
        library.find()
    read_only()
    with pytest.warns(UserWarning, match="in memory"):
        assert Library(home).find("灯塔") == [record]


@pytest.mark.parametrize(
    "message",
    [
        "attempt to write a readonly database",
        "unable to open database file",
        "disk I/O error",
        "database or disk is full",
        "locking protocol",
    ],
)
def test_where_sqlite_cannot_work_the_index_is_in_memory(library, home, made, monkeypatch, message):
    """Read-only homes, network folders, full disks: one warning, right answers, also for what comes later."""
    record = made("灯塔")
    real = sqlite3.connect

    class Refusing(sqlite3.Connection):
        def execute(self, statement, *values):
            if statement.startswith("BEGIN"):
                raise sqlite3.OperationalError(message)
            return super().execute(statement, *values)

    def connect(where, **settings):
        return real(where, **settings, **({} if where == ":memory:" else {"factory": Refusing}))

    monkeypatch.setattr(index.sqlite3, "connect", connect)
    other = Library(home)
    with pytest.warns(UserWarning, match=message) as told:
        assert other.find("灯塔") == [record]
    assert len(told) == 1
    second = made("灯塔二")
    assert other.find("灯塔") == [second, record]
    other.annotate(record.id, rating=5)
    assert other.find(rating=5) == [record]
    other.delete(second.id)
    assert other.find() == [record]


def test_a_damaged_index_that_cannot_be_set_aside_is_left(library, home, made, monkeypatch):
    """Another program holds the file (Windows): the index is in memory, and the file stays as it is."""
    record = made("灯塔")
    library.find()
    page(home / index.NAME, 1, os.urandom(4096 * 8))
    before = (home / index.NAME).read_bytes()

    def held(*paths):
        raise PermissionError(13, "held by another program")

    monkeypatch.setattr(index.os, "replace", held)
    with pytest.warns(UserWarning, match="in memory"):
        assert Library(home).find("灯塔") == [record]
    assert (home / index.NAME).read_bytes() == before


def test_an_index_that_somebody_keeps_locked_is_not_waited_for_for_ever(library, home, made, monkeypatch):
    """After a while the index is made in memory."""
    record = made("灯塔")
    library.find()
    monkeypatch.setattr(index, "PATIENCE", 0.05)
    holder = sqlite3.connect(home / index.NAME, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.warns(UserWarning, match="locked"):
        assert Library(home).find("灯塔") == [record]
    holder.execute("ROLLBACK")
    holder.close()
    assert library.find("灯塔") == [record]


def test_a_python_without_full_text_search_is_told_so(library, made, monkeypatch):
    """In words; what was made is kept."""
    record = made()
    monkeypatch.setattr(schema, "_TABLES", schema._TABLES.replace("fts5", "fts_none"))
    with pytest.raises(ConfigurationError, match="FTS5"):
        library.find()
    assert list(library.records()) == [record]
    monkeypatch.undo()
    assert library.find() == [record]


def test_a_home_that_is_no_folder_is_an_empty_library(tmp_path):
    """... of which a warning tells."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.warns(UserWarning, match="in memory"):
        assert Library(tmp_path / "file").find() == []


# -- at once -----------------------------------------------------------------------------------------------------------


_WORK = """
import os, sys
from pathlib import Path
from imgcell.ledger import Ledger
from imgcell.pictures.record import Record
from imgcell.store import Library
home, count = Path(sys.argv[1]), int(sys.argv[2])
ledger, library = Ledger(home), Library(home)
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    attempt = ledger.open({"prompt": "灯塔", "provider": "box", "pictures": 1}, room=1000)
    extract = attempt.extract()
    extract.write(os.urandom(200))
    attempt.sync()
    known = {"prompt": f"灯塔 {number}", "provider": "box", "model": None, "attempt": attempt.id}
    record = Record(id=f"p-{attempt.id[2:]}-0", sha256=extract.sha256, bytes=extract.size, **known)
    assert library.keep(extract, record).problem is None
    attempt.finish("done", records=[record.id], cost={"amount": 0.01, "currency": "USD", "basis": "billed"})
    if number % 25 == 24:
        # Every writer asks as well, and finds what it has just made.
        assert library.find("灯塔", limit=1000)[0].created >= record.created
        assert record.id in {found.id for found in library.find(limit=1000)}
"""


def test_eight_processes_write_a_thousand_records_while_others_ask(home):
    """None is lost, none is there twice, no question fails or is held up for good, the bill is right."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _WORK, str(home), "125"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    library, seen = Library(home), 0
    while any(worker.poll() is None for worker in workers):
        found = len(library.find("灯塔", limit=None))
        assert found >= seen
        seen = found
        try:
            workers[0].wait(0.2)
        except subprocess.TimeoutExpired:
            pass
        else:
            break
    for worker in workers:
        worker.communicate(timeout=120)
        assert worker.returncode == 0
    records = library.find(limit=None)
    assert len(records) == len({record.id for record in records}) == 1000
    assert len(library.find("灯塔", limit=None)) == 1000
    (total,) = library.totals()
    assert (total.requests, total.pictures, total.open, total.amount) == (1000, 1000, 0, 10.0)
    assert library.verify().ok
    done = [line for line in read_ledger(home) if line["state"] == "done"]
    assert {name for line in done for name in line["records"]} == {record.id for record in records}


def test_threads_ask_while_pictures_are_made(library, home, made):
    """One index for all threads of a process."""
    problems = []

    def ask():
        try:
            for _ in range(20):
                library.find("猫")
                library.totals(("day",))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test is to say so
            problems.append(error)

    def make(ledger):
        for number in range(10):
            made(f"猫 {number}", ledger=ledger)

    threads = [threading.Thread(target=ask) for _ in range(3)] + [threading.Thread(target=make, args=(Ledger(home),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(library.find("猫")) == 30


def test_an_interrupt_in_the_middle_leaves_an_index_that_goes_on(library, home, made, monkeypatch):
    """Ctrl-C while the index is being made: what was read is kept or undone as a whole."""
    records = [made(f"猫 {number}") for number in range(5)]
    real, count = ingest.put, 0

    def interrupted(*arguments):
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(ingest, "put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        library.find()
    assert library.find() == records[::-1]
    assert library.verify().ok


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_asks_for_itself(library, home, made):
    """No connection is carried over."""
    record = made()
    assert library.find() == [record]
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom imgcell.store import Library\n"
        "library = Library(Path(sys.argv[1]))\nassert len(library.find()) == 1\npid = os.fork()\n"
        "assert len(library.find()) == 1\n"
        "if pid == 0: os._exit(0)\n"
        "assert os.waitpid(pid, 0)[1] == 0"
    )
    subprocess.run([sys.executable, "-c", code, str(home)], check=True, timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_index_is_for_the_user_alone(library, home, made):
    """Mode 0600, its journal as well, whatever the umask."""
    before = os.umask(0)
    try:
        made()
        library.find()
        library.annotate(library.find()[0].id, rating=1)
    finally:
        os.umask(before)
    for path in home.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_asking_loads_sqlite_only_then():
    """Neither importing the store nor keeping a picture brings sqlite3."""
    code = (
        "import sys\nfrom pathlib import Path\nimport tempfile\nfrom imgcell.store import Library\n"
        "library = Library(Path(tempfile.mkdtemp()))\nlist(library.records())\nassert 'sqlite3' not in sys.modules\n"
        "library.find()\nassert 'sqlite3' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
