"""Budgets over real requests: what does not fit is not sent, what was sent counts, and nothing is set aside for ever."""

from __future__ import annotations

import base64
import io
import json
import threading
import warnings
from decimal import Decimal

import pytest
from PIL import Image

import imgcell
from imgcell import costs
from imgcell.errors import BudgetExceededError, ImgcellError
from imgcell.ledger.reading import read_ledger
from imgcell.providers.prices import Cost


def spent(currency="USD"):
    """(spent, reserved) of this session."""
    sums = costs.purse().sums[currency]
    return float(sums.total), float(sums.reserved)


def test_what_does_not_fit_is_refused_before_anything_is_sent(shop, small, imgcell_home):
    """No request, no line in the ledger, nothing set aside; the error names the sums and the provider."""
    costs.budget(0.05)
    with pytest.raises(BudgetExceededError, match=r"could cost \$0\.10; of the session's budget of \$0\.05") as caught:
        shop("priced").generate("x", **small)
    assert caught.value.provider == "priced"
    assert shop.server.requests == []
    assert list(read_ledger(imgcell_home)) == []
    assert costs.purse().sums == {}


def test_the_price_can_be_asked_for_before(shop, small):
    """client.estimate and the plan say the same, None where no price is known; nothing is sent."""
    job = imgcell.Generate("x", n=3, **small)
    assert shop("priced").estimate(job) == shop("priced").plan(job).cost == Cost(0.3, "USD", "estimated")
    assert shop("blind").estimate(job) is None
    assert "Price: unknown" in str(shop("blind").plan(job))
    assert shop.server.requests == []


def test_the_parts_that_fit_are_sent_in_order_and_the_rest_fails_clearly(shop, small):
    """Eight pictures, money for three: the first three places of the sheet, each of the others with its error."""
    costs.budget(0.3)
    client = shop("priced")
    with pytest.warns(UserWarning, match="5 of 8 pictures did not come: This request could cost"):
        sheet = client.generate("x", n=8, **small)
    assert len(shop.server.posts) == 3
    assert [cell.picture is not None for cell in sheet.cells] == [True] * 3 + [False] * 5
    assert all(isinstance(error, BudgetExceededError) for error in sheet.errors)
    assert spent() == (0.3, 0.0)


def test_a_slow_check_does_not_lose_its_turn(shop, small, monkeypatch):
    """The thread that checks the first picture is held up; the money is still the first picture's."""
    costs.budget(0.1)
    reserve, second, calls = costs.Purse._reserve, threading.Event(), []

    def held_up(*arguments, **named):
        calls.append(1)
        if len(calls) > 1:
            second.set()
        else:
            second.wait(0.3)  # in vain, if the turns are kept
        return reserve(*arguments, **named)

    monkeypatch.setattr(costs.Purse, "_reserve", held_up)
    with pytest.warns(UserWarning, match="3 of 4"):
        sheet = shop("priced").generate("x", n=4, **small)
    assert [cell.picture is not None for cell in sheet.cells] == [True, False, False, False]


@pytest.mark.parametrize("kind", ["session", "day", "cell"])
@pytest.mark.parametrize("library", [None, False])
def test_concurrent_requests_cannot_pass_a_budget_together(shop, small, kind, library):
    """Ten threads with ten clients at once, money for four: four requests reach the server, whatever is kept where."""
    costs.budget(**{kind: 0.4})
    shop.server.latency = 0.02
    clients = [shop("priced", library=library) for _ in range(10)]
    begin = threading.Barrier(10)
    made, refused = [], []

    def make(client):
        begin.wait()
        try:
            made.append(client.generate("x", **small))
        except BudgetExceededError as error:
            refused.append(error)

    with costs.one_cell():
        import contextvars

        threads = [threading.Thread(target=contextvars.copy_context().run, args=(make, client)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (len(shop.server.posts), len(made), len(refused)) == (4, 4, 6)
    assert {error.scope for error in refused} == {kind}


def test_one_call_is_one_cell_and_several_can_be(shop, small):
    """The cell's budget begins anew with every call, unless the calls are said to be one cell."""
    costs.budget(cell=0.2)
    client = shop("priced")
    client.generate("a", n=2, **small)
    client.generate("b", n=2, **small)
    with costs.one_cell():
        client.generate("c", n=2, **small)
        with pytest.raises(BudgetExceededError, match="the cell's budget"):
            client.generate("d", **small)
    assert len(shop.server.posts) == 6


def test_the_bill_settles_what_was_set_aside(shop):
    """Tokens that were counted take the place of the worst case, so that more fits than it looked like."""
    client = shop("tokens")
    costs.budget(0.1)
    for _ in range(3):  # the dearest of the table is 0.053 each; with low quality they come at 0.006
        picture = client.generate("x", size="1024x1024", quality="low")[0]
        assert picture.record.cost.basis == "computed"
    assert spent()[0] == pytest.approx(3 * (200 * 30 + 5) / 1e6)
    assert spent()[1] == 0


@pytest.mark.parametrize(
    ("fault", "settings", "counted", "open_"),
    [
        ("401", {}, 0.0, 0),
        ("quota", {}, 0.0, 0),
        ("moderation", {}, 0.0, 0),
        ("500", {}, 0.1, 1),
        ("reset", {}, 0.1, 1),
        ("cut-body", {}, 0.1, 1),
        ("empty", {}, 0.1, 1),
        ("text-picture", {}, 0.1, 1),
    ],
)
def test_what_may_have_been_charged_counts_and_a_refusal_does_not(shop, small, fault, settings, counted, open_):
    """N-classes give the money back; unknown and paid but unusable keep it, as the ledger does."""
    shop.server.play(fault, **settings)
    with pytest.raises(ImgcellError):
        shop("priced").generate("x", **small)
    assert spent() == (counted, 0.0)
    assert costs.purse().sums["USD"].open == open_
    total = costs.spend().total
    assert (float(total.amounts["USD"].total) if total.amounts else 0.0, total.open) == (counted, open_)


def test_no_connection_gives_the_money_back(shop, small):
    """Nobody listens: nothing was sent, nothing counts."""
    client = shop("priced")
    shop.server.close()
    with pytest.raises(ImgcellError):
        client.generate("x", **small)
    assert spent() == (0.0, 0.0)


def test_turned_away_and_sent_again_counts_once(shop, small):
    """Each try sets money aside anew, after the one before has given it back."""
    costs.budget(0.1)
    shop.server.play("429", retry_after=0)
    shop("priced").generate("x", **small)
    assert len(shop.server.posts) == 2
    assert spent() == (0.1, 0.0)


def test_a_refused_field_that_is_sent_again_counts_once(shop):
    """The conversation asks a second time by itself: one price."""
    costs.budget(0.06)
    shop.server.play("refuse-response-format")
    shop("tokens").generate("x", quality="medium", size="1024x1024", response_format="url")
    assert len(shop.server.posts) == 2
    assert spent()[0] == pytest.approx(0.053, abs=1e-3)
    assert spent()[1] == 0


def test_fewer_pictures_than_asked_for_share_the_whole_bill(shop):
    """Four asked for, three came: the records of the three add up to what the answer says, and so does the session."""
    shop.server.play("fewer")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sheet = shop("tokens").generate("x", n=4, quality="low", size="1024x1024")
    assert len(sheet) == 3
    usage = next(picture.record.usage for picture in sheet if picture.record.usage)
    bill = (usage["input_tokens_details"]["text_tokens"] * 5 + usage["output_tokens"] * 30) / 1e6
    assert sum(picture.record.cost.amount for picture in sheet) == pytest.approx(bill, abs=1e-9)
    assert spent()[0] == pytest.approx(bill, abs=1e-9)
    assert float(costs.spend().total.amounts["USD"].computed) == pytest.approx(bill, abs=1e-9)


def test_each_picture_of_a_stream_has_its_own_count(shop):
    """A streamed picture is counted by its own event, not by a share of it."""
    one = shop("tokens").generate("x", quality="low", size="1024x1024", partial_images=0)
    two = shop("tokens").generate("x", n=2, quality="low", size="1024x1024", partial_images=0)
    assert {picture.record.cost.amount for picture in two} == {one[0].record.cost.amount}


def png():
    """A small picture in base64."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    ("provider", "usage", "cost"),
    [
        ("blind", {"cost": 0.07}, Cost(0.07, "USD", "billed")),
        ("yuan", {"cost": 0.07, "input_tokens": 5, "output_tokens": 5}, Cost(0.07, "CNY", "billed")),
        ("tokens", {"input_tokens": 100, "output_tokens": 200}, Cost(0.0065, "USD", "computed")),
        ("tokens", {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}, Cost(0.006, "USD", "estimated")),
        ("priced", {"cost": 0}, Cost(0.1, "USD", "estimated")),
        ("priced", {"cost": 10**400, "output_tokens": 10**400}, Cost(0.1, "USD", "estimated")),
        ("priced", {"cost": [], "input_tokens_details": "none"}, Cost(0.1, "USD", "estimated")),
        ("blind", {}, None),
    ],
)
def test_each_basis_reaches_the_record_the_ledger_and_the_bill(shop, imgcell_home, provider, usage, cost):
    """Billed, computed, estimated, unknown: the same in all three, whatever the server puts where its figures go."""
    answer = {"created": 1, "data": [{"b64_json": png()}], "usage": usage}
    shop.server.play("status", status=200, body=json.dumps(answer), type="application/json")
    picture = shop(provider).generate("x", quality="low", size="1024x1024")[0]
    assert picture.record.cost == cost
    done = next(line for line in read_ledger(imgcell_home) if line["state"] == "done")
    assert done["cost"] == (None if cost is None else {"amount": cost.amount, "currency": cost.currency, "basis": cost.basis})
    total = costs.spend().total
    if cost is None:
        assert (total.amounts, total.unknown) == ({}, 1)
    else:
        assert {name: float(getattr(total.amounts[cost.currency], name)) for name in ("billed", "computed", "estimated")} == {
            **dict.fromkeys(("billed", "computed", "estimated"), 0.0),
            cost.basis: cost.amount,
        }


def test_an_unknown_price_is_none_and_is_shown_as_unknown(shop, small):
    """No table, no tokens: the record says None, caption and bill say "unknown"; never zero."""
    picture = shop("blind").generate("x", **small)[0]
    assert picture.record.cost is None
    assert "cost unknown" in repr(picture)
    total = costs.spend().total
    assert (total.amounts, total.unknown, total.text()) == ({}, 1, "unknown")
    assert costs.purse().unknown == 1


def test_an_assumed_price_is_set_aside_and_counted(shop, small, fresh_options):
    """Where the user says what to assume, a budget can be kept."""
    client = shop("blind")
    costs.budget(0.12)
    with pytest.raises(BudgetExceededError, match="is not known"):
        client.generate("x", **small)
    fresh_options.assumed_price = 0.05
    with pytest.warns(UserWarning, match="1 of 3"):
        assert len(client.generate("x", n=3, **small)) == 2
    assert len(shop.server.posts) == 2
    assert spent() == (0.1, 0.0)


def test_the_sandbox_is_never_refused(server, small):
    """What is free passes a budget of nothing."""
    costs.budget(0, day=0, cell=0)
    with imgcell.Client("sandbox", base_url=server.url("sandbox")) as client:
        assert len(client.generate("x", n=2)) == 2


def test_a_stopped_run_leaves_nothing_set_aside(shop, small):
    """Cancelled twice while the answer is awaited: it may be charged, so it is kept; what was not sent is not."""
    shop.server.play("stall", seconds=20)
    client = shop("priced", max_in_flight=1)
    run = client.submit(imgcell.Generate("x", n=3, **small))
    shop.server.wait_for(1)
    run.cancel()
    run.cancel()
    assert run.wait(10)
    assert spent() == (0.1, 0.0)
    assert costs.purse().sums["USD"].open == 1


def test_a_full_disk_gives_the_money_back(shop, small, imgcell_home, monkeypatch):
    """The check passed, the ledger could not be written: nothing was sent and nothing counts."""
    from imgcell.files import disk

    monkeypatch.setattr(disk, "free", lambda folder: (0, None))
    with pytest.raises(imgcell.errors.StorageError):
        shop("priced").generate("x", **small)
    assert spent() == (0.0, 0.0)
    assert shop.server.requests == []


def test_without_a_day_s_budget_no_request_asks_the_library_what_was_spent(shop, small, monkeypatch):
    """The way to the picture stays free of SQLite and of lock files; with one it is asked, in a thread that may wait."""
    from imgcell.costs import days

    asked, waited, main = [], [], threading.get_ident()
    monkeypatch.setattr(days, "library_in", lambda home: asked.append(threading.current_thread()) or imgcell.library(home))
    real = days.hold
    monkeypatch.setattr(days, "hold", lambda path, wait: waited.append(threading.current_thread()) or real(path, wait))
    costs.budget(5, cell=5)
    shop("priced").generate("x", n=2, **small)
    shop("priced", library=False).generate("x", **small)
    assert asked == waited == []
    costs.budget(day=5)
    asked.clear()
    for library in (None, False):
        shop("priced", library=library).generate("x", **small)
    assert len(waited) == 2
    assert {thread.name.partition("_")[0] for thread in waited} == {"asyncio"}
    assert all(thread.ident != main for thread in asked)


def test_the_ledger_says_the_worst_case(shop, imgcell_home):
    """What an attempt without an end counts with is what was set aside for it."""
    shop("tokens").generate("x" * 100, size="1024x1024", quality="low")
    sending = next(line for line in read_ledger(imgcell_home) if line["state"] == "sending")
    assert Decimal(repr(sending["estimate"]["amount"])) == Decimal("0.006") + Decimal(110 * 5) / 1_000_000
