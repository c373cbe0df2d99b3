"""``python tests/benchmarks/library.py``: the library in figures: questions at 10k to 1M pictures, durable records, bytes.

Figures belong to the machine, its disk and the day.  Questions are asked of an index whose rows are made here, without
their files (a million files would measure the file system); what is measured with files says so.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import itertools
import json
import os
import platform
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from imgcell.files import disk
from imgcell.ledger import Ledger
from imgcell.pictures.record import Record
from imgcell.providers.prices import Cost
from imgcell.store import Library, schema
from imgcell.store import ingest as storing

WORDS = 5000
RUNS = "海边黄昏老灯塔水彩画一只猫坐在窗台上夜色城市霓虹雨后街道山谷晨雾竹林小溪古镇石桥春天樱花飘落少女撑伞"


def prompts(seed: int) -> Iterator[str]:
    """Yield prompts without end: two of three English (15 to 45 words, Zipf), one of three Chinese (20 to 60 characters)."""
    dice = random.Random(seed)
    english = [
        f"{''.join(dice.choice('aeiou') + dice.choice('bcdfghklmnprstvw') for _ in range(dice.randint(1, 4)))}" for _ in range(WORDS)
    ]
    english[:6] = ["lighthouse", "light", "night", "sea", "watercolor", "cat"]
    weights = [1 / (rank + 1) for rank in range(WORDS)]
    han = [chr(code) for code in range(0x4E00, 0x4E00 + 2500)]
    while True:
        if dice.random() < 1 / 3:
            start = dice.randrange(len(RUNS) - 8)
            known = RUNS[start : start + dice.randint(2, 8)]
            yield known + "，" + "".join(dice.choices(han, k=dice.randint(15, 50)))
        else:
            yield " ".join(dice.choices(english, weights, k=dice.randint(15, 45)))


def record(number: int, prompt: str, began: dt.datetime) -> Record:
    """Return the *number*-th record, a minute after the one before."""
    name = f"{number:012x}"
    return Record(
        id=f"p-{name}-0",
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        prompt=prompt,
        provider=("openai", "apiyi", "ezmodel")[number % 3],
        model=("gpt-image-2", "gpt-image-2-all", "dall-e-3", "seedream-5")[number % 4],
        requested={"size": "1024x1024", "quality": "high"},
        effective={"size": "1024x1024", "output_format": "png"},
        created=began + dt.timedelta(minutes=number),
        cost=Cost(0.042, "USD", "computed"),
        usage={"input_tokens": 40, "output_tokens": 4160, "total_tokens": 4200},
        attempt=f"a-{name}",
        size=(1024, 1024),
        format="PNG",
        bytes=1_800_000,
        job=hashlib.sha256(prompt.encode()).hexdigest(),
        session="s-1-00000000",
        notebook=f"notebook-{number % 40}.ipynb",
        cell=f"{number % 400:08x}",
    )


def fill(home: Path, rows: int) -> float:
    """Make an index of *rows* pictures and requests; return how many it took in a second."""
    library = Library(home)
    library.find(limit=1)
    for folder in ("records", "ledger"):
        (home / folder).mkdir(exist_ok=True)
    os.utime(home / "records", (1_700_000_000, 1_700_000_000))
    began = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
    # Of so many that no list of hits is like another; to think of a million would take longer than to store them.
    pool, dice = list(itertools.islice(prompts(7), 20_000)), random.Random(11)
    connection = sqlite3.connect(home / "index.sqlite3", isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -64000")
    clock = time.perf_counter()
    for start in range(0, rows, 5000):
        with storing.transaction(connection):
            touched = []
            for number in range(start, min(rows, start + 5000)):
                made = record(number, dice.choice(pool), began)
                storing.put(connection, made, None)
                touched.append(made.attempt)
            storing.attempts.reckon(connection, touched)
    took = time.perf_counter() - clock
    # There are no files, which the first look would take for deleted ones.
    marks = storing._marks((home / "records", home / "trash" / "records"))
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('compared', ?)", (marks,))
    connection.close()
    return rows / took


def timed(once: Callable[[], Any], repetitions: int = 15) -> float:
    """Return the median of milliseconds."""
    once()
    times = []
    for _ in range(repetitions):
        clock = time.perf_counter()
        once()
        times.append((time.perf_counter() - clock) * 1000)
    return statistics.median(times)


def questions(library: Library) -> dict[str, Callable[[], Any]]:
    """Return what is asked, by its name."""
    return {
        "newest 50": library.find,
        "newest 50 of one model": lambda: library.find(model="dall-e-3"),
        "newest 50 of one notebook": lambda: library.find(notebook="notebook-7.ipynb"),
        "English, very common word (lighthouse)": lambda: library.find("lighthouse"),
        "English, its beginning (lig)": lambda: library.find("lig"),
        "English, its beginning (light)": lambda: library.find("light"),
        "English, three words": lambda: library.find("lighthouse night sea"),
        "English, no hit": lambda: library.find("zzzz"),
        "Chinese, one character (海)": lambda: library.find("海"),
        "Chinese, two characters (灯塔)": lambda: library.find("灯塔"),
        "Chinese, six characters (黄昏老灯塔水)": lambda: library.find("黄昏老灯塔水"),
        "Chinese, rare pair": lambda: library.find("一丁"),
        "word and model": lambda: library.find("night", model="seedream-5"),
        "word within a week": lambda: library.find("cat", since="2020-01-03", until="2020-01-09"),
        "bill by day and model": lambda: library.totals(("day", "model")),
        "bill of one day": lambda: library.totals(("provider",), since="2020-01-03", until="2020-01-03"),
    }


def ask(folder: Path, sizes: list[int]) -> None:
    """Print how long questions take."""
    columns: dict[int, dict[str, float]] = {}
    notes = []
    for rows in sizes:
        home = folder / f"rows-{rows}"
        rate = fill(home, rows)
        library = Library(home)
        columns[rows] = {name: timed(once) for name, once in questions(library).items()}
        size = (home / "index.sqlite3").stat().st_size
        notes.append(f"{rows} rows: made at {rate:.0f} rows/s, index {size / 1e6:.1f} MB, {size / rows:.0f} bytes a picture")
        shutil.rmtree(home)
    print("| question, median ms, 50 records each | " + " | ".join(f"{rows:,} rows" for rows in sizes) + " |")
    print("|---|" + "---|" * len(sizes))
    for name in columns[sizes[0]]:
        print(f"| {name} | " + " | ".join(f"{columns[rows][name]:.2f}" for rows in sizes) + " |")
    print()
    for note in notes:
        print("- " + note)


def durable(folder: Path, pictures: int) -> None:
    """Print how many pictures of 100 kB are kept in a second, beside what one fsync takes here."""
    file = os.open(folder / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    data = [os.urandom(100_000) for _ in range(16)]
    for threads in (1, 8):
        home = folder / f"durable-{threads}"
        ledger, library = Ledger(home), Library(home)

        def work(count: int, ledger: Ledger = ledger, library: Library = library) -> None:
            for number in range(count):
                keep(ledger, library, data[number % 16][:-8] + os.urandom(8), "黄昏海边的老灯塔")

        work(3)
        # Just before: a disk's pace changes from minute to minute.
        sync = timed(lambda: (os.write(file, bytes(4096)), os.fsync(file)), 100)
        new = timed(lambda: disk.store(folder / "floor-file", bytes(4096), "floor"), 100)
        print(f"- write of 4 kB and fsync: {sync:.2f} ms; a new file of 4 kB (fsync, rename, fsync of the folder): {new:.2f} ms")
        clock = time.perf_counter()
        workers = [threading.Thread(target=work, args=(pictures // threads,)) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        each = (time.perf_counter() - clock) / (pictures // threads * threads) * 1000
        speed = f"{each:.2f} ms each, as {each / sync:.1f} fsyncs or {each / new:.1f} new files; {1000 / each:.0f} a second"
        print(f"- whole requests, {threads} at once (line, answer, blob, record, last line): {speed}")
    os.close(file)


def keep(ledger: Ledger, library: Library, data: bytes, prompt: str) -> Record:
    """Do for one picture what a client does for it."""
    facts = {"provider": "openai", "model": "m", "kind": "generate", "prompt": prompt, "pictures": 1}
    attempt = ledger.open({**facts, "estimate": {"amount": 0.05, "currency": "USD", "basis": "estimated"}}, room=300_000)
    attempt.receive(200, {"content-type": "application/json"})
    extract = attempt.extract()
    extract.write(data)
    attempt.sync()
    attempt.note("answered")
    made = Record(
        id=f"p-{attempt.id[2:]}-0",
        sha256=extract.sha256,
        bytes=len(data),
        prompt=prompt,
        provider="openai",
        model="m",
        attempt=attempt.id,
        cost=Cost(0.04, "USD", "computed"),
        size=(1024, 1024),
        format="PNG",
        job="0" * 64,
    )
    kept = library.keep(extract, made)
    assert kept.problem is None, kept.problem
    attempt.finish("done", records=[made.id], cost={"amount": 0.04, "currency": "USD", "basis": "computed"})
    return made


def catching_up(folder: Path, records: int) -> None:
    """Print what the first look, an ordinary look and a look after one more picture take, with files."""
    home = folder / "files"
    library = Library(home)
    source = prompts(3)
    for number in range(300):
        keep(Ledger(home), library, b"%d" % number, next(source))
    # What a library of years looks like: records of old, their ledgers in few files.
    lines = []
    for number in range(records):
        made = record(number, next(source), dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc))
        (home / "records" / f"{made.id}.json").write_bytes(json.dumps({"v": 2, **made.to_json()}).encode())
        facts = {"v": 1, "attempt": made.attempt, "time": made.created.isoformat()}
        cost = {"amount": 0.042, "currency": "USD", "basis": "computed"}
        lines += [json.dumps({**facts, "state": "sending", "provider": "openai", "prompt": made.prompt, "pictures": 1, "estimate": cost})]
        lines += [json.dumps({**facts, "state": "done", "records": [made.id], "cost": cost})]
    (home / "ledger" / "20200101-1-00000000.jsonl").write_text("\n".join(lines) + "\n")
    clock = time.perf_counter()
    library.find(limit=1)
    first = time.perf_counter() - clock
    print(f"- first look at {records + 300:,} records and 301 ledger files: {first:.2f} s ({(records + 300) / first:.0f} records/s)")
    print(f"- a look with nothing new: {timed(lambda: library.find(limit=1)):.2f} ms")
    print(f"- the first look of another process, nothing new: {timed(lambda: Library(home).find(limit=1)):.2f} ms")
    ledger = Ledger(home)
    times = []
    for number in range(20):
        keep(ledger, library, b"new %d" % number, next(source))
        clock = time.perf_counter()
        library.find(limit=1)
        times.append((time.perf_counter() - clock) * 1000)
    print(f"- a look after one more picture: {statistics.median(times):.2f} ms")
    sizes = {name: sum(f.stat().st_size for f in (home / name).rglob("*") if f.is_file()) for name in ("records", "ledger")}
    index = (home / "index.sqlite3").stat().st_size
    count = records + 320
    each = {name: f"{size / count:.0f}" for name, size in {**sizes, "index": index}.items()}
    print(f"- bytes a picture beside its own: record {each['records']}, ledger {each['ledger']}, index {each['index']}")


def main() -> int:
    """Run it and return 0: a benchmark does not fail because a machine is slow."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks/library.py", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000], help="sizes of the index (1000000 takes minutes)")
    parser.add_argument("--pictures", type=int, default=200, help="pictures that are kept durably")
    parser.add_argument("--records", type=int, default=10_000, help="records with files")
    parser.add_argument("--folder", type=Path, help="where libraries are kept meanwhile: the disk to be measured")
    options = parser.parse_args()
    print(f"CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()}, index version {schema.VERSION}\n")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        if options.rows:
            ask(Path(name), sorted(options.rows))
        if options.pictures:
            durable(Path(name), options.pictures)
        if options.records:
            catching_up(Path(name), options.records)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
