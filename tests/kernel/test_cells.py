"""Cells in real kernels: pictures are made, nothing that waits its turn is lost, Stop stops."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.kernel


def until(condition, timeout=30):
    """Wait for something that happens in another process and tells nobody."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_cell_makes_a_picture_and_binds_it(kernel):
    """%%imagine binds a PIL picture and leaves a static image, no widget."""
    made = kernel.run("%%imagine lighthouse\n横版 16:9 黄昏海边的老灯塔")
    assert made.status == "ok", made.traceback
    assert made.stderr == ""
    assert any({"image/png", "image/jpeg"} & set(data) for data in made.displays)
    assert not any("application/vnd.jupyter.widget-view+json" in data for data in made.displays)
    assert (
        kernel.run("import PIL.Image; isinstance(lighthouse, PIL.Image.Image), lighthouse.getpixel((0, 0)) is not None").result
        == "(True, True)"
    )
    assert kernel.run("_images[0] is lighthouse").result == "True"


def test_cells_that_wait_their_turn_are_all_run_in_order(kernel):
    """Run All: while one cell waits for its picture, those behind it stay in the queue and run."""
    first = kernel.submit("%%imagine a\na kite")
    rest = [kernel.submit(f"print('cell {number}', a.size)") for number in range(4)]
    last = kernel.submit("%%imagine b\na boat")
    assert kernel.outcome(first).status == "ok", kernel.outcome(first).traceback
    for number, identity in enumerate(rest):
        assert kernel.outcome(identity).stdout.startswith(f"cell {number} (")
    assert kernel.outcome(last).status == "ok"
    assert kernel.run("b.size == a.size").result == "True"


def test_the_blocking_client_works_in_a_cell(kernel):
    """generate() in a cell, where the kernel's own loop is running, and agenerate() awaited."""
    done = kernel.run("import imgcell; client = imgcell.Client(); len(client.generate('a kite', n=2))")
    assert done.result == "2", done.traceback
    assert kernel.run("len(await client.agenerate('a kite'))").result == "1"


def test_a_callback_may_call_the_blocking_client(kernel):
    """on_partial= may generate: our private loop is re-entrant, the kernel's is left alone, queued cells are run."""
    code = """
import imgcell
client, inner = imgcell.Client(), []
def partial(step):
    if not inner:
        inner.append(client.generate("a picture from within"))
outer = client.generate("a kite", partial_images=1, on_partial=partial)
print(len(outer), len(inner), len(inner[0]))
"""
    first = kernel.submit(code)
    rest = [kernel.submit(f"print({number})") for number in range(3)]
    assert kernel.outcome(first).stdout.strip() == "1 1 1", kernel.outcome(first)
    assert [kernel.outcome(identity).stdout.strip() for identity in rest] == ["0", "1", "2"]
    untouched = "import asyncio; getattr(type(asyncio.get_event_loop()), '_nest_patched', False) or hasattr(asyncio.run, '_nest_patched')"
    assert kernel.run(untouched).result == "False"


def test_stop_ends_the_cell_and_what_was_sent_is_kept(kernel, imgcell_home):
    """Stop returns while the provider is still at it; the picture that was paid for arrives in the library afterwards."""
    import imgcell.sandbox

    with imgcell.sandbox.serve(latency=4.0) as server:
        kernel.run(f"import imgcell; client = imgcell.Client('openai-compatible', base_url={server.base_url!r}, api_key='sk-anything')")
        running = kernel.submit("client.generate('a slow lighthouse')")
        until(lambda: len(server.requests) == 1)
        kernel.interrupt()
        stopped = kernel.outcome(running)
        assert stopped.status == "error"
        assert not list((imgcell_home / "records").rglob("*.json")), "the answer was there already: nothing was interrupted"
        assert kernel.run("1 + 1").result == "2"
        until(lambda: list((imgcell_home / "records").rglob("*.json")))
        assert len(server.requests) == 1


def test_an_error_is_a_few_lines(kernel):
    """What went wrong and what to do next, without a traceback; %tb has it."""
    failed = kernel.run("%%imagine -p opnai\na kite")
    assert failed.status == "error"
    assert failed.error == "InvalidJobError"
    assert "openai" in failed.traceback
    assert "Traceback" not in failed.traceback
    assert len(failed.traceback.strip().splitlines()) <= 4
