"""What is said and drawn of a sweep while it runs."""

from __future__ import annotations

import threading

import pytest

import imgcell
from imgcell.errors import InvalidJobError, ModerationError, OutcomeUnknownError
from imgcell.pictures.steps import Progress
from imgcell.sweeps.asking import somebody_there
from imgcell.sweeps.progress import Board, drawn
from imgcell.sweeps.task import Outcome


@pytest.fixture
def board():
    """Six of eight cells are sent: one each refused and unknown, two under way, one waiting, one in line."""
    made = Board(8, [0, 1, 2, 3, 5, 7])
    for place, state in ((0, "sending"), (1, "working"), (5, "working"), (3, "waiting"), (2, "queued")):
        made.tell(place, Progress(state, 0.0, "…", 0))
    made.take(Outcome(0, error=ModerationError("Refused.")))
    made.take(Outcome(2, error=OutcomeUnknownError("No answer.")))
    return made


def test_the_line_counts_every_state(board):
    """What is done, under way, waiting for a limit, refused and uncertain; nothing of what there is none of."""
    line = board.line()
    assert line.startswith("2 of 6 done")
    for words in ("under way: 2", "waiting for the provider's limit: 1", "refused: 1", "may have been charged: 1"):
        assert words in line
    assert "not sent" not in line


def test_each_cell_is_a_square(board):
    """One for each that is sent, in the order of the places, its state in its title; none for what was there before."""
    page = drawn(board)
    assert page.count("<i ") == 6
    assert [page.index(f'title="{place}: ') for place in (1, 2, 3, 4, 6, 8)] == sorted(
        page.index(f'title="{place}: ') for place in (1, 2, 3, 4, 6, 8)
    )
    assert 'title="1: refused"' in page
    assert len(drawn(Board(10_000, range(10_000)))) < 200_000


def test_steps_reach_the_board(client):
    """While a sweep runs, its board knows every cell; at the end each has its outcome."""
    sweep = imgcell.sweep(["a", "b"], provider=client, size="256x256")
    sweep.run()
    assert sweep.board.states == {0: "picture", 1: "picture"}
    assert sweep.board.line().startswith("2 of 2 done")


def test_only_the_main_thread_asks(client, monkeypatch):
    """A kernel's channel for questions is the main thread's: another one gets a no instead of an answer meant for somebody else."""
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    asked = []
    thread = threading.Thread(target=lambda: asked.append(somebody_there()))
    thread.start()
    thread.join()
    assert (somebody_there(), asked) == (True, [False])


@pytest.mark.parametrize(("answer", "sent"), [("y", 1), ("是", 1), ("", 0), ("n", 0)])
def test_the_question_before_much_is_spent(client, server, monkeypatch, answer, sent):
    """It names count and price; only a yes sends."""
    questions = []
    monkeypatch.setattr("imgcell.sweeps.asking.somebody_there", lambda: True)
    monkeypatch.setattr("imgcell.sweeps.asking.bill", lambda cells, tasks: ({"USD": 3.5}, 0))
    monkeypatch.setattr("builtins.input", lambda text: questions.append(text) or answer)
    sweep = imgcell.sweep("x", provider=client, size="256x256")
    if sent:
        assert len(sweep.run()) == 1
    else:
        with pytest.raises(InvalidJobError, match="Nothing was sent"):
            sweep.run()
        assert not imgcell.Sweep.all()
    assert len(server.requests) == sent
    assert "one picture, ≈ $3.50" in questions[0]
