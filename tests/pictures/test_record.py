"""Records, as a person meets them."""

from __future__ import annotations

from imgcell.pictures.record import Record


def test_shown_in_a_cell():
    """A cell shows one fact a line and leaves out what is not known; nothing in it can move the cursor or turn the text."""
    from IPython.lib.pretty import pretty

    record = Record(id="p-1", sha256="ab", prompt="灯塔\x1b[2J\u202eabc", provider="sandbox", model=None, size=(3, 2))
    lines = pretty(record).splitlines()
    assert (lines[0], lines[-1]) == ("Record(", ")")
    assert r"    prompt = '灯塔\x1b[2J\u202eabc'," in lines
    assert "    size = (3, 2)," in lines
    assert not any(word in line for line in lines for word in ("model", "cost", "notes", "usage"))
