"""A sweep on executors of the standard library: threads, processes, and what is left when one of those is killed."""

from __future__ import annotations

import collections
import concurrent.futures
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import pytest

import imgcell
from imgcell import costs
from imgcell.costs.amounts import exact
from imgcell.errors import AuthenticationError, BudgetExceededError, InvalidJobError, MissingKeyError, NotSentError
from imgcell.ledger.reading import read_ledger

pytestmark = pytest.mark.filterwarnings("ignore:.*did not come")

#: In each process of a pool: be on a machine that has other disks.
BLIND = "import os, tempfile, imgcell.sweeps.worker as w; w.seen = lambda folder: False; os.environ['IMGCELL_HOME'] = {home!r}"


@pytest.fixture
def processes():
    """Makes pools of two new processes."""
    pools = []

    def make(said="", workers=2, start="spawn"):
        pool = concurrent.futures.ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context(start), initializer=exec, initargs=(said,)
        )
        pools.append(pool)
        return pool

    yield make
    for pool in pools:
        pool.shutdown(wait=True, cancel_futures=True)


@pytest.fixture
def threads():
    """A pool of three threads."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        yield pool


def asked(server):
    """How often each prompt was sent."""
    return collections.Counter(request.json["prompt"] for request in server.posts)


def sender(home, request):
    """Return the process that sent *request*."""
    name = request.headers["x-client-request-id"]
    return next(line["pid"] for line in read_ledger(home) if line["attempt"] == name and line["state"] == "sending")


def test_threads_use_the_client_that_is_there(threads, server):
    """In threads of this process the client's own key is used, and its one gate."""
    with imgcell.Client("openai", base_url=server.url("openai"), api_key="sk-mine") as client:
        sweep = imgcell.sweep(["a", "b", "c"], provider=client, quality=["low", "high"], size="1024x1024")
        sheet = sweep.run(executor=threads)
    assert [cell.outcome for cell in sheet.cells] == ["picture"] * 6
    assert {request.headers["authorization"] for request in server.posts} == {"Bearer sk-mine"}
    assert len(server.posts) == 6
    assert sheet == imgcell.Sweep.load().sheet


def test_threads_keep_in_memory_what_is_to_be_kept_nowhere(threads, server, imgcell_home):
    """library=False leaves nothing on the disk, not even the claims."""
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), library=False) as client:
        sheet = imgcell.sweep(["a", "b"], provider=client, size="256x256", library=False).run(executor=threads)
    assert len(sheet) == 2
    assert list(imgcell_home.iterdir()) == []


def test_a_budget_for_the_cell_holds_in_threads(threads, server):
    """All cells of a sweep are one cell's money, whoever makes them."""
    imgcell.options.assumed_price = 0.10
    imgcell.budget(cell=0.25)
    with imgcell.Client("openai-compatible", base_url=server.base_url, api_key="sk-x") as client:
        sheet = imgcell.sweep([*"abcde"], provider=client, model="unheard-of", size="1024x1024").run(executor=threads, yes=True)
    assert len(sheet) == len(server.posts) == 2
    assert {type(error) for error in sheet.errors} == {BudgetExceededError}


@pytest.mark.parametrize("start", ["spawn", pytest.param("fork", marks=pytest.mark.skipif(os.name == "nt", reason="Windows has none"))])
def test_processes_make_them(processes, client, server, imgcell_home, start):
    """Pictures are made in other processes and are the library's own; session budgets count them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, from Python 3.12 on
        pool = processes(start=start)
        sheet = imgcell.sweep(["a", "b", "c"], provider=client, quality=["low", "high"], size="256x256").run(executor=pool)
    assert [cell.outcome for cell in sheet.cells] == ["picture"] * 6
    assert asked(server) == {"a": 2, "b": 2, "c": 2}
    assert os.getpid() not in {sender(imgcell_home, request) for request in server.posts}
    assert sheet[0].source.path.is_relative_to(imgcell_home)


def test_a_killed_process_takes_its_pool_with_it(processes, client, server, imgcell_home):
    """What the pool had sent may have been charged and is not sent again; what it had not sent goes to the next pool."""
    server.play("stall", 2, seconds=600)
    sweep = imgcell.sweep([*"abcdef"], provider=client, size="256x256")
    sheet = sweep.start(executor=processes())
    server.wait_for(2, 60)
    os.kill(sender(imgcell_home, server.posts[0]), signal.SIGKILL)
    assert sheet.wait(60)
    sent = {request.json["prompt"] for request in server.posts}
    told = {cell.values["prompt"]: cell.outcome for cell in sheet.cells}
    assert len(sent) == 2
    assert told == {prompt: "unknown" if prompt in sent else "not sent" for prompt in "abcdef"}
    assert {type(cell.error) for cell in sheet.cells if cell.outcome == "not sent"} == {NotSentError}
    assert len(imgcell.unsettled()) == 2
    again = imgcell.Sweep.load().resume(executor=processes())
    assert {cell.values["prompt"]: cell.outcome for cell in again.cells} == {p: "unknown" if p in sent else "picture" for p in "abcdef"}
    assert asked(server) == collections.Counter("abcdef")
    assert len(imgcell.Sweep.load().resume(executor=processes(), unknown=True)) == 6
    assert asked(server) == collections.Counter("abcdef") + collections.Counter(sent)


CHILD = """
import concurrent.futures, multiprocessing, sys, warnings, imgcell
if __name__ == "__main__":
    warnings.simplefilter("ignore")
    client = imgcell.Client("sandbox", base_url=sys.argv[1])
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        imgcell.sweep([*"abcdef"], provider=client, size="256x256").run(executor=pool)
"""


def test_a_killed_kernel_leaves_its_workers_at_work(server, imgcell_home, tmp_path):
    """What they had sent is not sent again by a resume meanwhile, and is there when they have it; nothing else goes out of them."""
    server.latency = 3.0
    (tmp_path / "child.py").write_text(CHILD)
    kernel = subprocess.Popen([sys.executable, str(tmp_path / "child.py"), server.url("sandbox")])
    try:
        server.wait_for(2, 60)
        sent = {request.json["prompt"] for request in server.posts}
        server.latency = 0.0
    finally:
        kernel.kill()
        kernel.wait()
    sheet = imgcell.Sweep.load().resume()
    assert {cell.values["prompt"] for cell in sheet.cells if cell.outcome == "picture"} >= set("abcdef") - sent
    end = time.monotonic() + 60
    while len(imgcell.Sweep.load().sheet) < 6:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert asked(server) == collections.Counter("abcdef")


def test_far_away_nobody_knows_what_a_killed_process_had_sent(processes, client, server, imgcell_home, tmp_path):
    """A pool of which nothing is to be seen: every cell that it had been given may have been charged, no other."""
    server.play("stall", 2, seconds=600)
    sweep = imgcell.sweep([*"abcd"], provider=client, size="256x256")
    sheet = sweep.start(executor=processes(BLIND.format(home=str(tmp_path))))
    server.wait_for(2, 60)
    os.kill(sender(tmp_path / "away", server.posts[0]), signal.SIGKILL)
    assert sheet.wait(60)
    counted = collections.Counter(cell.outcome for cell in sheet.cells)
    assert counted == {"unknown": 2, "not sent": 2}
    assert {row["state"] for row in imgcell.library(imgcell_home).requests() if row["open"]} == {"unknown"}
    assert len(imgcell.Sweep.load().resume(executor=processes(BLIND.format(home=str(tmp_path))))) == 2
    assert asked(server) == collections.Counter("abcd")


def test_pictures_of_processes_far_away_come_by_value(processes, client, server, imgcell_home, tmp_path):
    """They are in this library, and in the worker's own folder."""
    pool = processes(BLIND.format(home=str(tmp_path)))
    sheet = imgcell.sweep(["a", "b"], provider=client, size="256x256").run(executor=pool)
    assert [cell.outcome for cell in sheet.cells] == ["picture"] * 2
    assert all(picture.source.path.is_relative_to(imgcell_home) for picture in sheet)
    away = imgcell.library(tmp_path / "away")
    assert {record.id for record in away.records()} == {picture.record.id for picture in sheet}
    assert not imgcell.library(imgcell_home).verify().problems


class Twice(concurrent.futures.Executor):
    """Does everything twice, as an executor may that thinks that it lost the first answer."""

    def __init__(self, pool):
        self._pool = pool

    def submit(self, function, /, *arguments, **named):
        """Return the second answer."""
        self._pool.submit(function, *arguments, **named).result(60)
        return self._pool.submit(function, *arguments, **named)


@pytest.mark.parametrize("kind", ["shared", "far away"])
def test_work_that_is_given_twice_is_done_once(processes, client, server, tmp_path, kind):
    """The second worker finds what the first made, in the common library or in its machine's own folder."""
    pool = Twice(processes(BLIND.format(home=str(tmp_path)) if kind == "far away" else ""))
    sheet = imgcell.sweep(["a", "b"], provider=client, size="256x256").run(executor=pool)
    assert [cell.outcome for cell in sheet.cells] == ["picture"] * 2
    assert asked(server) == {"a": 1, "b": 1}


def test_a_busy_pool_is_waited_for_and_can_be_stopped(client, server):
    """Its threads do something else: nothing is sent, nothing hangs, and a stop ends it at once."""
    free = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(free.wait)
        sweep = imgcell.sweep(["a", "b"], provider=client, size="256x256")
        sheet = sweep.start(executor=pool)
        assert not sheet.wait(0.3)
        sweep.stop()
        assert sheet.wait(60)
        assert [cell.outcome for cell in sheet.cells] == ["not sent"] * 2
        sheet = sweep.start(executor=pool)
        free.set()
        assert sheet.wait(60)
    assert len(sheet) == len(server.posts) == 2


def test_a_pool_that_is_shut_down_takes_nothing(server, client):
    """Every cell says so; nothing was sent."""
    pool = concurrent.futures.ThreadPoolExecutor(1)
    pool.shutdown()
    sheet = imgcell.sweep(["a", "b"], provider=client, size="256x256").run(executor=pool)
    assert {type(error) for error in sheet.errors} == {NotSentError}
    assert len(sheet.errors) == 2
    assert server.posts == []


def test_keys_of_processes_are_their_own(processes, server, monkeypatch):
    """A key that was typed here is not theirs; one in the environment that they were started with is."""
    url = server.url("openai")
    with imgcell.Client("openai", base_url=url, api_key="sk-typed") as client:
        sheet = imgcell.sweep(["a"], provider=client, size="1024x1024").run(executor=processes(workers=1))
        assert isinstance(sheet.errors[0], MissingKeyError)
        assert server.posts == []
        monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
        sheet = imgcell.sweep(["a"], provider=client, size="1024x1024").run(executor=processes(workers=1))
        assert isinstance(sheet.errors[0], AuthenticationError)
        assert "sk-wrong" not in str(sheet.errors[0])
    assert [request.headers["authorization"] for request in server.posts] == ["Bearer sk-wrong"]


def test_settings_of_the_session_go_along(processes, server, monkeypatch):
    """What a session takes a picture to cost is so on its workers, too."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    imgcell.options.assumed_price = 0.07
    with imgcell.Client("openai-compatible", base_url=server.base_url) as client:
        sheet = imgcell.sweep(["a"], provider=client, model="unheard-of", size="1024x1024").run(executor=processes(workers=1))
    assert sheet[0].record.cost.amount == 0.07
    assert costs.purse().sums["USD"].total == exact(0.07)


def test_stopped_twice_it_waits_for_nothing(threads, client, server):
    """The second stop lets go of what was sent: it may have been charged, and its picture is in the library when it comes."""
    server.latency = 3.0
    sweep = imgcell.sweep([*"abcdef"], provider=client, size="256x256")
    sheet = sweep.start(executor=threads)
    server.wait_for(3, 60)
    assert sweep.stop() == 3
    sweep.stop()
    assert sheet.wait(60)
    assert collections.Counter(cell.outcome for cell in sheet.cells) == {"unknown": 3, "not sent": 3}
    threads.shutdown(wait=True)
    assert len(imgcell.Sweep.load().sheet) == 3
    assert len(server.posts) == 3


def test_progress_is_told(threads, client):
    """Each cell is said to be with a worker before it has its outcome."""
    sweep = imgcell.sweep(["a", "b"], provider=client, size="256x256")
    sweep.run(executor=threads)
    assert sweep.board.over == 2
    assert sweep.board.states == {0: "picture", 1: "picture"}


def test_what_is_no_executor_is_refused(client, server):
    """It says what can be given."""
    with pytest.raises(InvalidJobError, match="ProcessPoolExecutor"):
        imgcell.sweep(["a"], provider=client).run(executor=4)
    assert server.posts == []


def test_no_threads_are_left(threads, client):
    """What gave the cells away ends with the last of them."""
    imgcell.sweep(["a"], provider=client, size="256x256").run(executor=threads)
    for thread in [one for one in threading.enumerate() if one.name == "imgcell-spread"]:
        thread.join(10)
        assert not thread.is_alive()
