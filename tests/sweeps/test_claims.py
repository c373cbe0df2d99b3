"""Who may send a cell: one of many, and whoever is certainly dead and had certainly sent nothing loses the right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

import imgcell
from imgcell.client import recovery
from imgcell.errors import NotSentError, OutcomeUnknownError
from imgcell.jobs import Generate
from imgcell.ledger import Ledger
from imgcell.origin import Origin
from imgcell.sweeps import judging
from imgcell.sweeps.claims import FolderClaims, RunFolder, TakenError, left_by, seen
from imgcell.sweeps.judging import judge
from imgcell.sweeps.task import Outcome, Task

CHILD = """
import sys
from pathlib import Path
from imgcell.origin import Origin
from imgcell.sweeps.claims import FolderClaims
FolderClaims(Path(sys.argv[1]), 0).take(Origin("s", step=int(sys.argv[2])))
print("taken", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(imgcell_home):
    """The folder of a run."""
    return RunFolder(imgcell_home / "sweeps" / "sweep-1.claims" / "r-1")


@pytest.fixture
def worker(folder):
    """Starts processes that take the right to send a step of cell 0 and live until they are ended."""
    children = []

    def start(step=0):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(folder.path), str(step)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        children.append(child)
        assert child.stdout.readline().strip() == "taken"
        return child

    yield start
    for child in children:
        end(child)


def end(child):
    """End a process as the system does when there is no more memory."""
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()


def task(steps=1, done=0):
    """Return a cell."""
    return Task("sweep-1", 0, "sandbox", None, Generate("a"), ("then",) * (steps - 1), done=done)


def written(home, state=None, step=0, **facts):
    """Write into the ledger that cell 0 is sent, as this process, and how it ended; return the request's id."""
    attempt = Ledger(home).open({"provider": "sandbox", "prompt": "a", "sweep": "sweep-1", "place": 0, "step": step, **facts}, room=1)
    if state is not None:
        attempt.finish(state)
    return attempt.id


def test_of_many_threads_one_takes_it(folder):
    """However many ask at once, one gets the right."""
    barrier, got = threading.Barrier(16), []

    def ask():
        claims = FolderClaims(folder.path, 0)
        barrier.wait()
        try:
            claims.take(Origin("s"))
        except TakenError:
            return
        got.append(claims)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    # Whoever has it may ask again: a request that was turned away is sent once more.
    got[0].take(Origin("s"))
    assert FolderClaims(folder.path, 0).held(0)
    assert not got[0].held(0)


def test_steps_and_cells_are_apart(folder):
    """The right to one step of one cell is none to another."""
    FolderClaims(folder.path, 0).take(Origin("s", step=0))
    other = FolderClaims(folder.path, 0)
    other.take(Origin("s", step=1))
    FolderClaims(folder.path, 1).take(Origin("s"))
    with pytest.raises(TakenError):
        other.take(Origin("s", step=0))


def test_what_is_given_back_can_be_taken(folder):
    """A request that was certainly not charged leaves the right to whoever comes next."""
    first, second = FolderClaims(folder.path, 0), FolderClaims(folder.path, 0)
    first.take(Origin("s"))
    second.give_back(Origin("s"))  # it is not the second one's to give
    with pytest.raises(TakenError):
        second.take(Origin("s"))
    first.give_back(Origin("s"))
    second.take(Origin("s"))


def test_a_barred_cell_is_nobodys(folder, worker):
    """Whoever gives the cells away can take the right itself; unless a worker was first."""
    claims = FolderClaims(folder.path, 0)
    assert claims.bar(0)
    assert claims.bar(0)
    with pytest.raises(TakenError):
        FolderClaims(folder.path, 0).take(Origin("s"))
    worker(1)
    assert not claims.bar(1)


def test_a_stopped_run_sends_nothing_more(folder):
    """After a stop nobody takes anything, and is told why."""
    folder.stop()
    folder.stop()
    with pytest.raises(NotSentError, match="Stopped"):
        FolderClaims(folder.path, 0).take(Origin("s"))


def test_a_worker_from_the_dead_finds_its_run_gone(folder, worker):
    """When the folder of the run is gone nothing can be claimed in it, by whoever had been there before, either."""
    claims = FolderClaims(folder.path, 1)
    claims.take(Origin("s"))
    assert seen(folder.path)
    folder.close()
    assert not seen(folder.path)
    with pytest.raises(TakenError, match="over"):
        FolderClaims(folder.path, 2).take(Origin("s"))
    with pytest.raises(TakenError, match="over"):
        claims.take(Origin("s", step=1))
    assert not folder.path.parent.exists()


def test_who_is_dead_is_known_at_once(folder, worker):
    """While the process lives it may be at work; killed, it is not, and its right is free where it wrote nothing."""
    child = worker()
    claims = FolderClaims(folder.path, 0)
    assert claims.working(1)
    assert not claims.free(0)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert not claims.working(1)
    assert claims.free(0)
    claims.take(Origin("s"))


def test_of_another_machine_nothing_is_certain(folder, worker, monkeypatch):
    """Its files may be seen late here: that no line is to be seen does not say that none was written."""
    child = worker()
    end(child)
    monkeypatch.setattr("imgcell.sweeps.claims.host", lambda: "another")
    assert not FolderClaims(folder.path, 0).working(1)
    assert not FolderClaims(folder.path, 0).free(0)


def test_an_earlier_run_is_swept_away(folder, worker, imgcell_home):
    """A new run removes the folders of those before, and hears of the cells that a living worker is about to send."""
    worker()
    runs = folder.path.parent
    dead = FolderClaims(RunFolder(runs / "r-2").path, 5)
    dead.bar(0)
    assert left_by(runs) == {0}
    assert not runs.exists()
    assert left_by(runs) == set()


# -- what became of a cell ---------------------------------------------------------------------------------------------


def test_a_cell_that_nobody_took_can_be_made(folder, imgcell_home):
    """Nobody has the right, the ledger knows nothing: it was not sent."""
    library = imgcell.library(imgcell_home)
    assert judge(task(), library, FolderClaims(folder.path, 0)) == task()
    assert judge(task(), None, FolderClaims(folder.path, 0)) == task()


def test_a_cell_in_good_hands_is_waited_for(folder, worker, imgcell_home, monkeypatch):
    """As long as the process lives: before its line, and after."""
    monkeypatch.setattr(judging, "_PATIENCE", 0.2)  # the ledger's file is this process's, which never ends the request
    library = imgcell.library(imgcell_home)
    child = worker()
    claims = FolderClaims(folder.path, 0)
    assert judge(task(), library, claims) is None
    written(imgcell_home)
    assert judge(task(), library, claims) is None
    end(child)
    outcome = judge(task(), library, claims)
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.error, OutcomeUnknownError)


def test_who_makes_good_what_a_dead_worker_left_is_waited_for(folder, worker, imgcell_home, monkeypatch):
    """Another process has the dead worker's file and is about to write the end: that end counts, not that there was none yet."""
    end(worker())
    attempt = Ledger(imgcell_home).open({"provider": "sandbox", "prompt": "a", "sweep": "sweep-1", "place": 0, "step": 0}, room=1)
    looked, asked = threading.Event(), recovery.is_somebodys

    def is_somebodys(home, name):
        looked.set()
        return asked(home, name)

    monkeypatch.setattr(recovery, "is_somebodys", is_somebodys)
    other = threading.Thread(target=lambda: looked.wait(60) and attempt.finish("not-sent"))
    other.start()
    assert judge(task(), imgcell.library(imgcell_home), FolderClaims(folder.path, 0)) == task()
    other.join()


def test_a_dead_worker_without_a_line_had_not_sent(folder, worker, imgcell_home):
    """On this machine; and without a ledger that can be seen nobody knows."""
    end(worker())
    claims = FolderClaims(folder.path, 0)
    outcome = judge(task(), None, claims)
    assert isinstance(outcome, Outcome)
    assert outcome.state == "unknown"
    assert judge(task(), imgcell.library(imgcell_home), claims) == task()


@pytest.mark.parametrize(
    ("state", "expected"), [("unknown", "unknown"), ("paid-unread", "unknown"), ("not-sent", None), ("turned-away", None)]
)
def test_what_the_ledger_says_is_so(folder, imgcell_home, state, expected):
    """An end in the ledger decides, whoever holds the right; what was certainly not charged can be made."""
    claims = FolderClaims(folder.path, 0)
    if expected is not None:
        FolderClaims(folder.path, 0).take(Origin("s"))
    name = written(imgcell_home, state)
    library = imgcell.library(imgcell_home)
    found = judge(task(), library, claims)
    if expected is None:
        assert found == task()
    else:
        assert isinstance(found, Outcome)
        assert found.state == expected
        assert found.error.attempt == name
        # A request of an earlier run, which the user knows of and asked to be sent again.
        claims.free(0)
        assert judge(task(), library, FolderClaims(folder.path, 1), [name]) == task()


def test_a_chain_goes_on_where_it_was(folder, client, imgcell_home):
    """The steps that are made are not made again: what is left begins with the last picture."""
    from imgcell.origin import for_sweep

    with for_sweep("sweep-1", 0, 0):
        made = client.generate("a", size="256x256")[0]
    left = judge(task(steps=3), client.library, FolderClaims(folder.path, 0))
    assert isinstance(left, Task)
    assert (left.done, left.given.name) == (1, made.record.id)
    with for_sweep("sweep-1", 0, 1):
        client.edit("then", made, size="256x256")
    FolderClaims(folder.path, 0).take(Origin("s", step=2))
    # The third step is claimed by a process that lives: this one.
    assert judge(task(steps=3), client.library, FolderClaims(folder.path, 0)) is None


def test_a_picture_is_collected(folder, client):
    """What the ledger has of the cell comes from the library."""
    from imgcell.origin import for_sweep

    with for_sweep("sweep-1", 0, 0):
        made = client.generate("a", size="256x256")[0]
    FolderClaims(folder.path, 0).take(Origin("s"))
    assert judge(task(), client.library, FolderClaims(folder.path, 0)).picture.record.id == made.record.id
