"""When a cell shows what the library has instead of sending; on a provider without a wire and a library in memory."""

from __future__ import annotations

import pytest

from imgcell.errors import InvalidJobError, StorageError
from imgcell.magics.place import Place
from imgcell.origin import session as this_session

JOB = "a cat None"  # as the fake client names the job of `a cat`


@pytest.fixture
def at(monkeypatch):
    """Say which cell the next ones are, and which run of it."""

    def is_at(cell_id, execution=None):
        monkeypatch.setattr("imgcell.magics.cell.place", lambda ipython: Place(None, cell_id, execution))

    return is_at


def test_the_first_run_in_a_kernel_shows_what_the_library_has(cell, provider):
    """Nothing is sent, one line says so and how to make new ones, and the name is bound."""
    kept = provider.shelf.add(JOB, 0)
    ran = cell("%%imagine cat\na cat")
    assert ran.error is None
    assert provider.jobs == []
    assert ran.names["cat"] is kept
    (line,) = ran.out.strip().splitlines()
    assert "From the library" in line
    assert "nothing was sent" in line
    assert "--again" in line
    assert ran.err == ""
    assert len(ran.bundles) == 1


def test_run_again_it_makes_new_ones(cell, provider):
    """The second run in the same kernel is meant: it sends, without searching the library."""
    provider.shelf.add(JOB, 0)
    cell("%%imagine cat\na cat")
    provider.recalled.clear()
    ran = cell("%%imagine cat\na cat")
    assert len(provider.jobs) == 1
    assert provider.recalled == []
    assert "library" not in ran.out


def test_nothing_in_the_library_is_no_word_about_it(cell, provider):
    """A job that was never made is sent as ever."""
    ran = cell("%%imagine cat\na cat")
    assert (len(provider.jobs), ran.out) == (1, "")


def test_pictures_of_this_kernel_do_not_count(cell, provider):
    """What this kernel made is not shown again by itself, also in another cell; a person asks for it with --once."""
    provider.shelf.add(JOB, 0, session=this_session())
    cell("%%imagine cat\na cat")
    assert len(provider.jobs) == 1
    ran = cell("%%imagine --once\na cat")
    assert len(provider.jobs) == 1
    assert "From the library" in ran.out


def test_each_cell_gets_its_own_picture(cell, provider, at):
    """Two cells with the same words get back what each made; a third, copied, gets the newest."""
    first = provider.shelf.add(JOB, 0, cell="A")
    second = provider.shelf.add(JOB, 0, cell="B")
    for name, shown in (("A", first), ("B", second), ("C", second)):
        at(name)
        assert cell("%%imagine cat\na cat").names["cat"] is shown
    assert provider.jobs == []
    at("A")
    cell("%%imagine cat\na cat")
    assert len(provider.jobs) == 1


def test_a_loop_in_one_run_of_a_cell(cell, provider, at):
    """Each turn gets a picture of its own as long as there are any; the cell's next run makes new ones."""
    kept = [provider.shelf.add(JOB, 0, cell="A") for _ in range(2)]
    at("A", "run 1")
    ran = cell("made = []\nfor _ in range(3):\n    %imagine a cat\n    made += _images")
    assert len(provider.jobs) == 1
    assert {picture.record.id for picture in ran.names["made"][:2]} == {picture.record.id for picture in kept}
    assert ran.names["made"][2] not in kept
    at("A", "run 2")
    cell("%imagine a cat")
    assert len(provider.jobs) == 2


def test_only_what_is_missing_is_made(cell, provider):
    """Part of it from the library, the rest new; the line says how many, and only the rest is asked about."""
    provider.shelf.add(f"{JOB}", 1)
    ran = cell("%%imagine cats -n 9\na cat")
    assert ran.error is None, ran.err  # eight are not more than are made without asking
    assert len(provider.jobs) == 1
    assert "1 of 9 pictures" in ran.out
    assert ran.names["cats"][1].record.id == "p-kept-0"
    assert len(ran.names["cats"]) == 9


def test_again(cell, provider):
    """--again makes new ones, whatever there is."""
    provider.shelf.add(JOB, 0)
    ran = cell("%%imagine --again\na cat")
    assert (len(provider.jobs), ran.out, provider.recalled) == (1, "", [])


@pytest.mark.parametrize(("policy", "sent"), [("auto", [0, 1]), ("always", [0, 0]), ("never", [1, 2])])
def test_policies(cell, provider, policy, sent):
    """`%imgcell replay` says when the library is asked, and what it says is in force; a line's own word goes first."""
    provider.shelf.add(JOB, 0)
    assert cell(f"%imgcell replay {policy}").out.startswith(policy)
    assert cell("%imgcell replay").out.startswith(policy)
    for count in sent:
        cell("%%imagine\na cat")
        assert len(provider.jobs) == count
    cell("%%imagine --once\na cat")
    assert len(provider.jobs) == sent[-1]
    cell("%%imagine --again\na cat")
    assert len(provider.jobs) == sent[-1] + 1


@pytest.mark.parametrize("text", ["%imgcell replay sometimes", "%imgcell replay auto never", "%%imagine --once --again\na cat"])
def test_words_that_make_no_sense(cell, provider, text):
    """Each is one clear error, and nothing is sent."""
    assert isinstance(cell(text).error, InvalidJobError)
    assert provider.jobs == []


def test_a_sweep_of_which_some_is_there(cell, provider):
    """Each job of a sweep is looked for by itself."""
    provider.shelf.add("a cat a", 0)
    ran = cell("%%imagine grid -m a,b\na cat")
    assert [job.model for job in provider.jobs] == ["b"]
    assert next(picture.record.id for picture in ran.names["grid"]) == "p-kept-0"
    assert "1 of 2 pictures" in ran.out


def test_the_plan_counts_what_would_be_sent(cell, provider):
    """--plan says how many come from the library, and does not count as a run."""
    provider.shelf.add(JOB, 0)
    (bundle,) = cell("%%imagine --plan -n 3\na cat").bundles
    assert "Pictures: 2" in bundle["text/plain"]
    assert "≈ $0.08" in bundle["text/plain"]
    assert "From the library, free of charge: 1." in bundle["text/plain"]
    cell("%%imagine\na cat")
    assert provider.jobs == []


def test_a_broken_index(cell, provider):
    """It does not stop work, which one line says; with --once, nothing is sent."""
    provider.shelf = StorageError("The index is broken.")
    ran = cell("%%imagine\na cat")
    assert ran.error is None
    assert len(provider.jobs) == 1
    assert "The index is broken." in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    refused = cell("%%imagine --once\na cat")
    assert isinstance(refused.error, StorageError)
    assert len(provider.jobs) == 1


def test_later_with_what_is_there(cell, provider):
    """--later binds a sheet that holds the found ones already."""
    provider.held = True
    kept = provider.shelf.add(JOB, 0)
    ran = cell("%%imagine cats -n 2 --later\na cat")
    assert list(ran.names["cats"]) == [kept]
    provider.runs[0].end()
    assert ran.names["cats"].wait(5)
    assert len(ran.names["cats"]) == 2


def test_a_paused_provider_needs_a_yes(cell, provider, monkeypatch):
    """After requests that may have been charged for nothing a cell asks before it sends again; a yes lifts the pause."""
    provider.paused = True
    assert isinstance(cell("%%imagine\nx").error, InvalidJobError)
    assert provider.jobs == []
    monkeypatch.setattr("imgcell.magics.confirm.takes_input", lambda ipython: True)
    questions = []
    monkeypatch.setattr("builtins.input", lambda question: questions.append(question) or "y")
    assert cell("%%imagine\nx").error is None
    assert "may have been charged" in questions[0]
    assert not provider.paused
    provider.paused = True
    assert cell("%%imagine --yes\nx").error is None
    assert not provider.paused


def test_what_an_earlier_kernel_may_have_paid_for_needs_a_yes(cell, provider, monkeypatch):
    """Run All after a crash does not pay twice by itself; --yes does, and so does running the cell again in the same kernel."""
    provider.shelf.unsettled.append({"job": JOB, "session": "s-earlier"})
    refused = cell("%%imagine\na cat")
    assert "may have been charged" in str(refused.error)
    assert "--yes" in refused.error.hint
    assert cell("%%imagine --once\na cat").error is not None
    assert provider.jobs == []
    assert cell("%%imagine\na dog").error is None
    with monkeypatch.context() as asked:
        asked.setattr("imgcell.magics.confirm.takes_input", lambda ipython: True)
        asked.setattr("builtins.input", lambda question: "y" if "may have been charged" in question else "n")
        assert cell("%%imagine\na cat").error is None
    assert cell("%%imagine\na cat").error is None
    assert cell("%%imagine --once --yes\na cat").error is None
    assert len(provider.jobs) == 4


def test_what_needs_no_request_asks_nothing(cell, provider):
    """However many pictures, and though the provider is paused: from the library they are free."""
    provider.paused = True
    for slot in range(10):
        provider.shelf.add(JOB, slot)
    ran = cell("%%imagine cats -n 10\na cat")
    assert ran.error is None
    assert len(ran.names["cats"]) == 10
    assert provider.paused


def test_unknown_prices_ask_from_five_pictures_on(cell, provider):
    """Where no price is known, fewer pictures are made without asking."""
    provider.unpriced = True
    assert cell("%%imagine -n 4\nx").error is None
    refused = cell("%%imagine -n 5\nx")
    assert isinstance(refused.error, InvalidJobError)
    assert "price unknown" in refused.err + refused.out


def test_a_large_part_of_a_budget_asks(cell, provider):
    """What takes more than a quarter of what is left of a budget is asked about."""
    cell("%imgcell budget 0.30")
    try:
        assert cell("%%imagine\nx").error is None
        assert isinstance(cell("%%imagine -n 2\nx").error, InvalidJobError)
    finally:
        cell("%imgcell budget off")
