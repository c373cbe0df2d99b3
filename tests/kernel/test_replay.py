"""Restarted kernels show what was paid for instead of paying again."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.kernel

IMAGE_TYPES = {"image/png", "image/jpeg"}


def restarted(kernel):
    """Restart the kernel and load the extension, as the first cell of a notebook does."""
    kernel.restart()
    assert kernel.run("%load_ext imgcell").status == "ok"


def name_of(kernel, variable):
    """The id of the picture in a variable."""
    return kernel.run(f"print({variable}.record.id)").stdout.strip()


def test_run_all_after_a_restart(counted, server):
    """Every cell gets its pictures back, edits of pictures too, in static outputs with one line; run again, a cell sends."""
    cells = [
        "%%imagine cat -s 512x512\na cat",
        "%%imagine boats -n 2 -s 512x512\nboats",
        "%%imgedit night -i cat -i boats[1]\nmake it night",
    ]
    for code in cells:
        assert counted.run(code).status == "ok"
    names = [name_of(counted, variable) for variable in ("cat", "boats[0]", "boats[1]", "night")]
    assert len(server.posts) == 3
    restarted(counted)
    for code in cells:
        shown = counted.run(code)
        assert (shown.status, shown.stderr) == ("ok", ""), shown.traceback
        assert shown.stdout.count("\n") == 1
        assert "nothing was sent" in shown.stdout
        (bundle,) = shown.displays
        assert len(set(bundle) & IMAGE_TYPES) == 1
        assert set(bundle) == {"text/plain", *(set(bundle) & IMAGE_TYPES)}
    assert [name_of(counted, variable) for variable in ("cat", "boats[0]", "boats[1]", "night")] == names
    assert len(server.posts) == 3
    assert counted.run(cells[0]).stdout == ""
    assert len(server.posts) == 4
    assert name_of(counted, "cat") != names[0]


def test_cells_with_the_same_text(counted, server):
    """With the cells' ids, each of two cells with the same text gets back what it made; the records say where they come from."""
    code = "%%imagine cat -s 512x512\na cat"
    counted.run("__vsc_ipynb_file__ = '/home/me/猫.ipynb'")
    made = {}
    for cell in ("cell-a", "cell-b"):
        assert counted.run(code, cell=cell).status == "ok"
        made[cell] = name_of(counted, "cat")
    assert len(server.posts) == 2
    assert counted.run("print(cat.record.cell, cat.record.notebook)").stdout == "cell-b /home/me/猫.ipynb\n"
    restarted(counted)
    for cell in ("cell-a", "cell-b"):
        assert "nothing was sent" in counted.run(code, cell=cell).stdout
        assert name_of(counted, "cat") == made[cell]
    assert len(server.posts) == 2
    counted.run(code, cell="cell-a")
    assert len(server.posts) == 3


def test_without_ids_the_second_of_two_equal_cells_sends(counted, server):
    """A front end that tells no ids cannot tell a second cell from a second run, which is meant."""
    code = "%%imagine cat -s 512x512\na cat"
    counted.run(code)
    restarted(counted)
    assert "nothing was sent" in counted.run(code).stdout
    assert counted.run(code).stdout == ""
    assert len(server.posts) == 2
    assert "nothing was sent" in counted.run(code.replace("cat -s", "cat --once -s")).stdout
    assert counted.run("%imgcell replay always\n%imagine -s 512x512 a cat").stdout.count("nothing was sent") == 1
    assert len(server.posts) == 2
