"""``imgcell.budget()``: setting, lifting, seeing what is left."""

from __future__ import annotations

import json
import os
from decimal import Decimal

import pytest

import imgcell
from imgcell import costs
from imgcell.costs.amounts import Limit
from imgcell.errors import BudgetExceededError, ConfigurationError, InvalidJobError


def test_without_arguments_it_only_tells(shop, small):
    """What is set, spent, set aside and left, in one value that can be printed and compared."""
    assert not costs.budget()
    assert "No budget is set" in str(costs.budget())
    assert "No budget is set" in costs.budget()._repr_html_()
    costs.budget(0.5, day=2, cell="0.25")
    shop("priced").generate("x", n=2, **small)
    budgets = costs.budget()
    assert [(one.scope, float(one.limit), float(one.spent), float(one.left)) for one in budgets] == [
        ("session", 0.5, 0.2, 0.3),
        ("day", 2.0, 0.2, 1.8),
        ("cell", 0.25, 0.0, 0.25),
    ]
    assert budgets.left() == Decimal("0.25")
    assert budgets.left("CNY") is None
    assert budgets == costs.budget()
    for text in (str(budgets), budgets._repr_html_()):
        assert "$0.30" in text
        assert "$1.80" in text


def test_a_budget_is_lifted_with_none_or_off(imgcell_home):
    """... each by itself; the day's file goes with it."""
    costs.budget(1, day=2, cell=3)
    assert json.loads((imgcell_home / "budget.json").read_text())["day"] == {"amount": "2", "currency": "USD"}
    assert [one.scope for one in costs.budget(session=None)] == ["day", "cell"]
    assert [one.scope for one in costs.budget(day="off")] == ["cell"]
    assert not (imgcell_home / "budget.json").exists()
    assert not costs.budget(cell="OFF")


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf"), "five", "", True, False, [5], 10**9, "1e99", "5 USD"])
def test_what_is_no_sum_changes_nothing(wrong):
    """A clear error; the budgets that were set stay as they were."""
    costs.budget(1, day=2)
    before = costs.budget()
    for scope in ("session", "day", "cell"):
        with pytest.raises(InvalidJobError, match="budget"):
            costs.budget(**{"session": 7, "day": 7, scope: wrong})
    assert costs.budget() == before


@pytest.mark.parametrize("wrong", ["dollars", "", "US", "€", 5, None, "12A"])
def test_a_currency_is_three_letters(wrong):
    """A budget in a currency that does not exist would hold nothing back."""
    with pytest.raises(InvalidJobError, match="is no currency"):
        costs.budget(5, currency=wrong)
    assert costs.budget(5, currency=" cny ").session.currency == "CNY"


def test_zero_lets_nothing_paid_through(shop, small):
    """A budget of nothing is a budget."""
    costs.budget(0)
    with pytest.raises(BudgetExceededError):
        shop("priced").generate("x", **small)
    assert shop.server.requests == []


def test_what_was_spent_before_it_was_set_counts(shop, small):
    """A session's budget is for the session, not for what is left of it."""
    shop("priced").generate("x", n=3, **small)
    costs.budget(0.3)
    with pytest.raises(BudgetExceededError, match=r"\$0\.30 is spent"):
        shop("priced").generate("x", **small)


def test_the_day_s_budget_holds_in_a_new_session_and_the_session_s_does_not(shop, small):
    """A restart of the kernel forgets the one and keeps the other."""
    costs.budget(0.1, day=0.2)
    shop("priced").generate("x", **small)
    costs.forget()
    shop("priced").generate("y", **small)
    with pytest.raises(BudgetExceededError, match="today's budget") as caught:
        shop("priced").generate("z", **small)
    assert caught.value.scope == "day"
    assert len(shop.server.posts) == 2


def test_a_day_s_budget_counts_what_is_only_in_memory_and_in_other_libraries(shop, small, tmp_path):
    """library=False and library=FOLDER are no way around it."""
    costs.budget(day=0.3)
    shop("priced", library=False).generate("a", **small)
    shop("priced", library=tmp_path / "other").generate("b", **small)
    shop("priced").generate("c", **small)
    for library in (False, tmp_path / "other", None):
        with pytest.raises(BudgetExceededError, match="today's budget"):
            shop("priced", library=library).generate("d", **small)
    assert len(shop.server.posts) == 3
    assert costs.budget().day.left == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"day": {"amount": "lots", "currency": "USD"}}', '{"day": {"amount": "5"}}', "\0" * 50])
def test_a_damaged_file_stops_spending_until_it_is_set_again(shop, small, imgcell_home, text):
    """What it limited is not known, so nothing paid is sent; setting or lifting it mends it."""
    (imgcell_home / "budget.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"budget\.json") as caught:
        shop("priced").generate("x", **small)
    assert "imgcell.budget(day=" in caught.value.hint
    assert shop.server.requests == []
    costs.budget(day=None)
    shop("priced").generate("x", **small)
    assert len(shop.server.posts) == 1


def test_another_kernel_s_budget_is_noticed(shop, small, imgcell_home, monkeypatch):
    """The file appears, changes and goes while this kernel lives; it is looked at again after a second."""
    from imgcell.costs import days

    monkeypatch.setattr(days, "_FRESH", 0.0)
    client = shop("priced")
    client.generate("x", **small)
    (imgcell_home / "budget.json").write_text('{"v": 1, "day": {"amount": "0.15", "currency": "USD"}}')
    with pytest.raises(BudgetExceededError, match="today's budget"):
        client.generate("y", **small)
    (imgcell_home / "budget.json").unlink()
    client.generate("z", **small)


def test_another_kernel_s_budget_holds_for_what_waits_in_line(shop, small, imgcell_home, monkeypatch):
    """Submitted before, sent after the file appeared: it is looked at again when a request is about to go out."""
    from imgcell.costs import days

    monkeypatch.setattr(days, "_FRESH", 0.0)
    shop.server.play("stall", seconds=0.5)
    run = shop("priced", max_in_flight=1).submit(imgcell.Generate("x", n=3, **small))
    shop.server.wait_for(1)
    (imgcell_home / "budget.json").write_text('{"v": 1, "day": {"amount": "0.25", "currency": "USD"}}')
    run.wait(20)
    assert len(shop.server.posts) == 2
    assert isinstance(run.errors[-1], BudgetExceededError)


def test_sums_that_cannot_be_read_stop_spending(shop, small, monkeypatch):
    """A day's budget whose sum nobody knows lets nothing through, and says how to go on."""
    costs.budget(day=5)
    monkeypatch.setattr(costs.purse().day, "_read", lambda home: 1 / 0)
    with pytest.raises(BudgetExceededError, match="cannot be read") as caught:
        shop("priced").generate("x", **small)
    assert "day=None" in caught.value.hint
    assert shop.server.requests == []


def test_a_file_in_the_place_of_the_folder_says_so(imgcell_home, monkeypatch):
    """The day's budget needs a file; the session's does not, and the error says so."""
    (imgcell_home / "file").write_text("")
    monkeypatch.setenv("IMGCELL_HOME", str(imgcell_home / "file"))
    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        costs.budget(day=5)
    assert "session" in caught.value.hint


def test_without_locks_the_day_s_budget_still_holds_here(shop, small, monkeypatch):
    """A network folder that knows no locks: this kernel keeps the limit on what it sees."""
    from imgcell.costs import days

    def refuse(path, wait):
        raise OSError("no locks available")

    monkeypatch.setattr(days, "hold", refuse)
    costs.budget(day=0.2)
    with pytest.warns(UserWarning, match="2 of 4"):
        assert len(shop("priced").generate("x", n=4, **small)) == 2


def test_a_kernel_that_hangs_with_the_lock_is_waited_for_once(shop, small, imgcell_home, monkeypatch):
    """The wait is bounded, and the requests after it do not wait again; the limit is kept all the same."""
    from imgcell.costs import days

    waits = []
    real = days.hold
    monkeypatch.setattr(days, "hold", lambda path, wait: waits.append(wait) or real(path, min(wait, 0.05)))
    costs.budget(day=0.2)
    with real(imgcell_home / "budget.json.lock"), pytest.warns(UserWarning, match="1 of 3"):
        assert len(shop("priced").generate("x", n=3, **small)) == 2
    assert waits == [5.0, 0.0, 0.0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_its_parent_s_budgets_and_a_purse_of_its_own():
    """What the parent spent is not what the child spends; its limits hold for it too."""
    parent = costs.purse()
    parent.session, parent.cell = Limit(Decimal(5), "USD"), Limit(Decimal(1), "USD")
    parent.unknown = 3
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        own = costs.purse()
        os.write(write, repr((own is parent, own.session == parent.session, own.cell == parent.cell, own.unknown)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read) as pipe:
        assert pipe.read() == "(False, True, True, 0)"
