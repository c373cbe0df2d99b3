"""Sweeps in a real kernel: progress, Stop, and going on."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.kernel


def until(condition, seconds=60):
    """Wait for something that the kernel does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_stop_ends_the_cell_and_resume_sends_the_rest(notebook, slow):
    """While it runs each cell is shown; Stop ends it before the answers come, what is out is received, and nothing is sent twice."""
    slow.latency = 1.5
    cell = notebook.submit("sweep = imgcell.sweep([str(n) for n in range(4)], provider=slow, size='1024x1024')\nsweep.run(yes=True)")
    until(lambda: len(slow.requests) == 2)
    notebook.interrupt()
    reply = notebook.outcome(cell)
    assert reply.status == "error"
    assert "Requests already sent: 1." in reply.stderr
    assert reply.updates >= 1
    assert "of 4 done" in reply.displays[-1]["text/plain"]
    assert notebook.run("print(sweep.sheet.done)").stdout == "False\n"
    assert notebook.run("print(sweep.sheet.wait(60), len(sweep.sheet))").stdout == "True 2\n"
    slow.latency = 0.0
    resumed = notebook.run("print(len(imgcell.Sweep.load(sweep.id, clients={'openai': slow}).resume(yes=True)))")
    assert resumed.stdout == "4\n", resumed.traceback
    assert len(slow.requests) == 4


def test_nobody_to_ask_in_a_notebook_that_runs_by_itself(notebook, slow):
    """What may cost more than the threshold is not sent where the front end takes no input; one that does is asked."""
    notebook.run("imgcell.options.ask_over_cost = 0.0001\nsweep = imgcell.sweep(['a', 'b'], provider=slow, size='1024x1024')")
    assert "nobody can be asked" in notebook.run("sweep.run()").message
    assert not slow.requests
    assert notebook.run("print(len(sweep.run(yes=True)))\nimgcell.options.ask_over_cost = 1.0").stdout == "2\n"


def test_awaited_in_a_cell(notebook, slow):
    """``await sweep.arun()`` works in the kernel's own loop."""
    reply = notebook.run("sheet = await imgcell.sweep(['a', 'b'], provider=slow, size='1024x1024').arun(yes=True)\nprint(len(sheet))")
    assert reply.stdout == "2\n", reply.traceback
