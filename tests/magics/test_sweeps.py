"""Comma lists and ``%imgcell sweeps``, against the sandbox."""

from __future__ import annotations

import pytest

import imgcell
from imgcell.errors import InvalidJobError


@pytest.fixture(autouse=True)
def _sandboxed(sandbox):
    """The sandbox is the provider in use."""


def test_a_comma_list_is_a_sweep_of_the_library(cell, sandbox):
    """Each picture is a request of its own, says its place, and the sweep is found again with its axes."""
    ran = cell("%%imagine grid -q low,high -s 256x256 -n 2\na cat")
    sheet = ran.names["grid"]
    assert dict(sheet.axes) == {"quality": ("low", "high")}
    assert [picture.record.place for picture in sheet] == [0, 1, 2, 3]
    sweep = imgcell.Sweep.load()
    assert {picture.record.sweep for picture in sheet} == {sweep.id}
    assert sweep.sheet == sheet
    assert len(sandbox.requests) == 4


def test_a_variable_in_the_list_of_providers(cell, shell, sandbox):
    """A client that a variable holds may stand among them; what `%imgcell use` said holds for its own provider alone."""
    shell.user_ns["box"] = imgcell.Client("sandbox", base_url=sandbox.url("sandbox"))
    cell("%imgcell use sandbox -q low")
    sheet = cell("%%imagine grid -p sandbox,box -s 256x256\na cat").names["grid"]
    assert dict(sheet.axes) == {"provider": ("sandbox", "box")}
    assert [picture.record.requested.get("quality") for picture in sheet] == ["low", None]


def test_the_plan_of_a_comma_list(cell, sandbox):
    """--plan shows each combination, sends nothing, and leaves out what the library has."""
    text = cell("%%imagine -q low,high -s 256x256 -n 2 --plan\na cat").bundles[0]["text/plain"]
    assert "Pictures: 4, requests: 4, free of charge." in text
    assert "images/generations · " in text
    assert not sandbox.requests


def test_run_all_in_a_new_kernel_sends_nothing(cell, sandbox, monkeypatch):
    """The cell of an earlier kernel shows its pictures again, each repeat its own; run again, it makes new ones."""
    import imgcell.origin

    first = cell("%%imagine grid -q low,high -s 256x256 -n 2\na cat").names["grid"]
    monkeypatch.setattr(imgcell.origin, "_session", None)
    monkeypatch.setattr(imgcell.magics.session.session, "ran", {})
    ran = cell("%%imagine grid -q low,high -s 256x256 -n 2\na cat")
    assert {picture.record.id for picture in ran.names["grid"]} == {picture.record.id for picture in first}
    assert "all 4 pictures; nothing was sent" in ran.out
    assert len(sandbox.requests) == 4
    assert len(imgcell.Sweep.all()) == 1  # what sends nothing is no sweep of its own
    cell("%%imagine grid -q low,high -s 256x256 -n 2\na cat")
    assert len(sandbox.requests) == 8


def test_sweeps_are_listed_shown_and_gone_on_with(cell, sandbox):
    """`%imgcell sweeps` lists them, with an id shows one, and `resume` sends what is missing."""
    assert "no sweep" in cell("%imgcell sweeps").bundles[0]["text/plain"]
    sandbox.play("401", times=1)
    cell("%%imagine grid -q low,high -s 256x256\na cat")
    (sweep,) = imgcell.Sweep.all()
    assert sweep.id in cell("%imgcell sweeps").bundles[0]["text/plain"]
    ran = cell(f"%imgcell sweeps resume {sweep.id}")
    assert ran.error is None
    assert len(ran.names["_images"]) == 2
    assert dict(cell(f"%imgcell sweeps {sweep.id[:20]}").names["_images"].axes) == {"quality": ("low", "high")}
    assert isinstance(cell("%imgcell sweeps nothing").error, InvalidJobError)
    assert isinstance(cell("%imgcell sweeps resume a b").error, InvalidJobError)


def test_tab_knows_the_sweeps(cell):
    """Behind `%imgcell sweeps` stand `resume` and the ids that there are."""
    from imgcell.magics.completion import Place, complete

    names = cell("%%imagine grid -q low,high -s 256x256\na cat").names
    (sweep,) = imgcell.Sweep.all()
    assert [text for text, _ in complete(Place("imgcell", "sweeps ", ""), names)[1]] == ["resume", sweep.id]
    assert [text for text, _ in complete(Place("imgcell", "sweeps resume sw", ""), names)[1]] == [sweep.id]


def test_later(cell, sandbox):
    """--later returns at once with the sheet, which fills; the status counts it, and `%imgcell stop` lets go of it."""
    sandbox.latency = 0.3
    sheet = cell("%%imagine grid -q low,high -s 256x256 --later\na cat").names["grid"]
    assert "jobs in the background: 1" in cell("%imgcell").bundles[0]["text/plain"]
    assert sheet.wait(30)
    assert len(sheet) == 2
    assert "Nothing is under way" in cell("%imgcell stop").out
