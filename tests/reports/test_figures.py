"""The figures of a report: shares, percentiles, sums, and what an accepted picture costs; unknown is never zero."""

import math

import pytest

import imgcell
from imgcell.errors import OutcomeUnknownError
from imgcell.pictures import Sheet
from imgcell.reports.figures import Bill, quantile, wilson
from imgcell.reports.tables import causes


def test_percentiles_are_those_of_numpy():
    """Type 7 of Hyndman and Fan, as numpy computes them."""
    np = pytest.importorskip("numpy")
    values = [3.2, 0.4, 9.9, 1.5, 1.5, 7.0, 2.2]
    for share in (0, 0.05, 0.37, 0.5, 0.95, 1):
        assert quantile(values, share) == pytest.approx(np.quantile(values, share))
    assert quantile([], 0.5) is None


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_of_shares_are_the_published_ones(count, total, low, high):
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(count, total) == pytest.approx((low, high), abs=0.00006)


def test_a_share_of_nothing_has_no_interval():
    """Where nothing was answered there is nothing to say."""
    assert wilson(0, 0) is None


def test_a_study_is_counted_by_what_is_compared(study):
    """Places, pictures, refusals and failures of each model; latency of those that brought a picture."""
    sheet = study({"a": ["picture", "picture", "picture", "refused"], "b": ["picture", "failed", "unknown", "picture"]}, prompts=["x", "y"])
    one, two = imgcell.report(sheet).groups
    assert (one.name, one.places, one.pictures, one.refused, one.failed, one.requests) == ("a", 8, 6, 2, 0, 8)
    assert (two.name, two.places, two.pictures, two.refused, two.failed, two.requests) == ("b", 8, 4, 0, 4, 8)
    assert sorted(one.seconds) == [1, 1, 2, 2, 3, 3]
    assert sorted(two.seconds) == [1, 1, 4, 4]


def test_the_price_of_an_accepted_picture_is_all_that_was_paid_by_what_is_accepted(study):
    """Three pictures at 0.04 of which one is accepted: 0.12."""
    sheet = study({"a": ["picture", "picture", "picture", "refused"]})
    first = sheet[0]
    for accepted in (lambda picture: picture is first, [first], [first.record.id]):
        (group,) = imgcell.report(sheet, accepted=accepted, by="model").groups
        assert group.accepted == 1
        assert group.price.amount == pytest.approx(0.12)
        assert (group.price.currency, group.price.basis) == ("USD", "billed")


def test_none_accepted_has_no_price(study):
    """Not zero, not infinite: there is none."""
    (group,) = imgcell.report(study({"a": ["picture"]}), accepted=[]).groups
    assert (group.accepted, group.price) == (0, None)


def test_what_may_have_been_charged_makes_the_price_unknown(study):
    """A request of which nobody knows what it cost is said, and no price is made of the rest."""
    report = imgcell.report(study({"a": ["picture", "unknown"]}))
    (group,) = report.groups
    assert group.bill.total is None
    assert group.price is None
    assert group.bill.text() == "$0.04 and 1 of unknown cost"
    assert "Of one request nobody knows what it cost." in report.to_html()


def test_one_cause_is_one_line_whatever_its_requests_are_called():
    """What a hint says of one request (its journal id, its time) does not make several causes of one."""
    sheet = Sheet(running=True, expected=3)
    for place, attempt in enumerate(("a-1", "a-2", "a-3")):
        sheet._fail(OutcomeUnknownError("No answer.", hint=f"Sent at 12:0{place} (journal {attempt}).", attempt=attempt), place)
    sheet._finish()
    assert causes(sheet) == [("No answer.", 3)]


def test_pictures_without_a_known_cost_are_unknown_not_free(study):
    """Nothing is known, and the report says so."""
    report = imgcell.report(study({"a": ["picture", "picture"]}, cost=None))
    (group,) = report.groups
    assert (group.bill.text(), group.price) == ("unknown", None)
    assert report.to_pandas()["cost"].isna().all()


def test_free_is_free():
    """What costs nothing is called so."""
    bill = Bill()
    bill.add(0.0, "USD", "free")
    assert (bill.text(), bill.total.amount) == ("free", 0.0)


def test_currencies_are_not_added_to_each_other():
    """Each sum stands for itself, and there is no total."""
    bill = Bill()
    bill.add(1.0, "USD", "billed")
    bill.add(2.0, "CNY", "estimated")
    assert bill.total is None
    assert bill.text() == "≈ ¥2.00 + ≈ $1.00"
    other = Bill()
    other.merge(bill)
    other.merge(bill)
    assert other.sums == {"USD": 2.0, "CNY": 4.0}


def test_sizes_that_were_not_kept_are_counted_and_not_accepted(study):
    """Without a word on it, a picture in another size than asked for is not accepted."""
    sheet = study({"a": ["picture", "picture"]}, asked="1024x1024")
    report = imgcell.report(sheet)
    assert report.groups[0].sized == [False, False]
    assert report.groups[0].accepted == 0
    assert "a: 2 of 2 pictures came in another size than asked for." in report.to_html()
    assert imgcell.report(study({"a": ["picture", "picture"]}, asked="64x48")).groups[0].accepted == 2


def test_stars_can_be_what_accepts(picture, monkeypatch):
    """A number is the least of stars."""
    pictures = [picture(number) for number in range(4)]
    stars = {"p-0": 5, "p-1": 3, "p-2": None, "p-3": 4}
    monkeypatch.setattr(type(pictures[0]), "rating", property(lambda self: stars[self.record.id]))
    assert imgcell.report(pictures, accepted=4).groups[0].accepted == 2
    assert "accepted from 4 stars on" in imgcell.report(pictures, accepted=4).to_html()
    assert "accepted from one star on" in imgcell.report(pictures, accepted=1).to_html()


def test_measures_become_medians(study):
    """Numbers by the picture's id are columns; what is no number is left out."""
    sheet = study({"a": ["picture", "picture", "picture"], "b": ["picture", "picture", "picture"]})
    numbers = {picture.record.id: {"score": float(at), "name": "x", "bad": math.nan} for at, picture in enumerate(sheet)}
    report = imgcell.report(sheet, measures=numbers)
    table = report.to_pandas()
    assert table["median.score"].tolist() == [1.0, 4.0]
    assert "median.bad" not in table
    assert [row["id"] for row in imgcell.measure(sheet, "sharpness")] == list(numbers)
    measured = imgcell.report(sheet, measures=imgcell.measure(sheet, "sharpness"))
    assert measured.to_pandas()["median.sharpness"].notna().all()
    assert "score, median" in report.to_html()


def test_medians_are_written_as_people_write_numbers(study):
    """Large ones with all their digits, others with three that count."""
    sheet = study({"a": ["picture"]})
    page = imgcell.report(sheet, measures={sheet[0].record.id: {"bytes": 703390, "ssim": 0.82294}}).to_html()
    assert all(f">{text}<" in page for text in ("703,390", "0.823"))


def test_requests_of_a_sweep_come_from_the_ledger(server, imgcell_home):
    """A request that failed and was repeated is counted, and so are the steps of a chain; the places are what was asked for."""
    client = imgcell.Client(base_url=server.url("openai-compatible"), api_key="sk-any")
    sweep = imgcell.sweep(
        [("a fox", "make it night")], provider=client, model=["gpt-image-2", "gpt-image-1"], size="1024x1024", quality="low"
    )
    server.play("403")
    with pytest.warns(UserWarning, match="did not come"):
        sweep.run(yes=True)
    sheet = sweep.resume(yes=True)
    for given in (sweep, sheet):
        report = imgcell.report(given, by="model")
        assert report.ledger
        assert sum(group.requests for group in report.groups) == 5 == len(server.posts)
        assert [group.places for group in report.groups] == [1, 1]
        both = sum(record.cost.amount for record in imgcell.history(model="gpt-image-2").records)
        assert report.groups[0].bill.total.amount == pytest.approx(both)
        assert both > sheet[0].record.cost.amount
    alone = imgcell.report(list(sheet))
    assert not alone.ledger
    assert sum(group.requests for group in alone.groups) == 2


def test_answers_without_a_picture_count_as_paid(picture):
    """An answer came, so that it is paid for: without a ledger nobody knows how much."""
    from imgcell.errors import NoImageError

    sheet = imgcell.Sheet(running=True)
    sheet._add(picture(0))
    sheet._fail(NoImageError("no picture in it"))
    sheet._finish()
    found = {group.name: group for group in imgcell.report(sheet).groups}
    assert found["(not known)"].bill.unknown == 1
