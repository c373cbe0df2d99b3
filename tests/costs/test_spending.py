"""``imgcell.spend()``: from the ledgers of all kernels, split as asked for, and how it is known."""

from __future__ import annotations

import datetime as dt
import html.parser
import sys
import warnings

import pytest

import imgcell
from imgcell import costs
from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.origin import from_cell
from imgcell.pictures.showing import Column, as_html, as_text
from imgcell.transport.fetch import Downloads


@pytest.fixture
def spent(shop, small, fresh_options):
    """Pictures of every kind of price, from two notebooks; one request without an answer."""
    with from_cell("work/sea.ipynb", "c1"):
        shop("tokens").generate("a", quality="low", size="1024x1024")
        shop("priced").generate("b", n=2, **small)
    with from_cell("home/灯塔.ipynb", "c2"):
        shop("yuan").generate("c", **small)
        shop("blind").generate("d", **small)
        shop.server.play("500")
        with pytest.raises(ImgcellError):
            shop("priced").generate("e", **small)
    shop("sandbox").generate("f")
    return costs.spend()


COMPUTED = (200 * 30 + 5) / 1e6


def test_rows_and_total_by_provider(spent):
    """Each provider with its currency and basis; open ones counted with their estimate, unknown ones in no sum."""
    rows = {row.keys["provider"]: row for row in spent}
    assert list(rows) == ["yuan", "priced", "tokens", "blind", "sandbox"]  # the dearest first
    assert float(rows["yuan"].amounts["CNY"].estimated) == 0.5
    assert (float(rows["priced"].amounts["USD"].estimated), rows["priced"].requests, rows["priced"].pictures, rows["priced"].open) == (
        0.3,
        3,
        2,
        1,
    )
    assert float(rows["tokens"].amounts["USD"].computed) == pytest.approx(COMPUTED)
    assert (rows["blind"].amounts, rows["blind"].unknown) == ({}, 1)
    assert (rows["sandbox"].amounts, rows["sandbox"].text(), rows["sandbox"].pictures) == ({}, "free", 1)
    assert float(spent.total.amounts["USD"].total) == pytest.approx(0.3 + COMPUTED)
    assert (spent.total.requests, spent.total.pictures, spent.total.open, spent.total.unknown) == (7, 6, 1, 1)


def test_today_and_this_session_are_in_its_head(spent, shop, small):
    """... whatever was asked for; a new session has spent nothing, what is only in memory is the session's alone."""
    assert spent.head() == "today ≈ ¥0.50 + ≈ $0.306 + unknown · this session ≈ ¥0.50 + ≈ $0.306 + unknown"
    costs.forget()
    later = costs.spend("day", until=dt.date(2000, 1, 1))
    assert later.head() == "today ≈ ¥0.50 + ≈ $0.306 + unknown · this session nothing"
    assert (len(later), later.total.requests) == (0, 0)
    assert "Nothing was paid for" in str(later)
    assert "Nothing was paid for" in later._repr_html_()
    shop("priced", library=False).generate("x", **small)
    assert costs.spend().session.text() == "≈ $0.10"
    assert float(costs.spend().today.amounts["USD"].total) == pytest.approx(0.3 + COMPUTED)


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("notebook", [("home/灯塔.ipynb",), ("work/sea.ipynb",), (None,)]),
        ("kind", [("generate",)]),
        (("notebook", "provider"), [("home/灯塔.ipynb", "yuan"), ("work/sea.ipynb", "priced"), ("home/灯塔.ipynb", "priced")]),
        ((), [()]),
    ],
)
def test_it_is_split_as_asked_for(spent, by, keys):
    """One word or several; the sums stay the same."""
    split = costs.spend(by)
    assert [tuple(row.keys.values()) for row in split][: len(keys)] == keys
    assert split.total == spent.total


def test_days_are_the_user_s_own_and_the_newest_is_first(spent):
    """Local days in ISO form."""
    rows = costs.spend(["day", "provider"])
    today = dt.datetime.now().astimezone().date().isoformat()
    assert {row.keys["day"] for row in rows} == {today}
    assert rows[0].keys["provider"] == "yuan"


def test_since_and_until_bound_the_rows(spent):
    """A span back from now, a date, a moment to come."""
    assert len(costs.spend(since=dt.timedelta(hours=1))) == 5
    assert len(costs.spend(since=dt.datetime.now() + dt.timedelta(hours=1))) == 0
    assert len(costs.spend(until=dt.date.today())) == 5  # that day, too
    assert len(costs.spend(until=dt.date.today() - dt.timedelta(days=1))) == 0


@pytest.mark.parametrize("wrong", ["week", ["provider", "price"], [5], "providers", 5, None])
def test_what_it_cannot_be_split_by_is_named(wrong):
    """... together with what it can."""
    with pytest.raises(InvalidJobError, match="not summed by") as caught:
        costs.spend(wrong)
    assert "notebook" in caught.value.hint


def test_a_picture_that_is_deleted_was_paid_for_all_the_same(spent, imgcell_home):
    """The bill is the ledger's, not the library's."""
    library = imgcell.library()
    for record in library.find(provider="priced"):
        library.delete(record.id)
    assert costs.spend().total == spent.total


def test_it_reads_well_as_text(spent):
    """Aligned lines in columns, sums on lines of their own; the notebook by its name."""
    lines = str(costs.spend("notebook")).splitlines()
    assert lines[0].startswith("Today ≈ ¥0.50")
    assert lines[2].split() == ["notebook", "spent", "pictures", "requests", "how", "it", "is", "known"]
    assert [line.split()[:3] for line in lines[4:7]] == [
        ["灯塔.ipynb", "≈", "¥0.50"],
        ["≈", "$0.10", "estimated"],
        ["unknown", "unknown:", "1"],
    ]
    assert "may have been charged: 1" in lines[7]
    assert any(line.startswith("sea.ipynb") for line in lines)
    assert "< $" not in "".join(lines)


class Checker(html.parser.HTMLParser):
    """Collects tags, attributes and text, and the tags that are open at the end."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], set(), [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note it."""
        self.tags.add(tag)
        self.attributes += attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Match it."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Keep it."""
        self.text.append(data)


def test_its_table_is_sound_and_foreign_text_is_only_text(shop, small):
    """A notebook may be called anything: it stays a text, in the cell and in its title; no colour of its own."""
    with from_cell('x"><script>alert(1)</script>.ipynb', None):
        shop("priced").generate("a", **small)
    page = Checker(costs.spend("notebook")._repr_html_())
    assert page.open == []
    assert page.tags == {"div", "table", "thead", "tbody", "tr", "th", "td"}
    assert {name for name, _ in page.attributes} == {"style", "title"}
    assert not any("color:" in value.replace("background", "") for name, value in page.attributes if name == "style")
    assert any("<script>" in value for name, value in page.attributes if name == "title")


def test_tables_take_lines_and_wide_letters():
    """A text of several lines takes several; Chinese letters count two columns."""
    table = [Column("名称"), Column("n", right=True)]
    assert as_text(table, [["灯塔\nb", "1"], ["c", "10\n20"]], ["合计", "31"]).splitlines() == [
        "名称   n",
        "────  ──",
        "灯塔   1",
        "b",
        "c     10",
        "      20",
        "────  ──",
        "合计  31",
    ]
    assert "灯塔<br>&lt;b&gt;" in as_html(table, [["灯塔\n<b>", "1"]])


def test_it_becomes_a_data_frame(spent):
    """One row for each key and currency, amounts as numbers; unknown is a missing number, never zero."""
    frame = costs.spend().to_pandas().set_index("provider")
    assert frame.loc["priced", "estimated"] == 0.3
    assert frame.loc["yuan", "currency"] == "CNY"
    assert frame.loc["tokens", "total"] == pytest.approx(COMPUTED)
    assert bool(frame["total"].isna().loc["blind"])
    assert frame.loc["priced", "open"] == 1
    assert list(costs.spend(["day", "kind"], until=dt.date(2000, 1, 1)).to_pandas().columns)[:3] == ["day", "kind", "currency"]


def test_without_pandas_it_says_what_to_install(spent, monkeypatch):
    """A data frame needs pandas; nothing else does."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        spent.to_pandas()


def test_many_rows_are_cut_in_a_cell_and_whole_in_the_data(shop, small):
    """Fifty rows are shown; the value has all of them."""
    spend = costs.Spend(["model"], [costs.SpendRow({"model": f"m{n}"}, requests=1) for n in range(60)], *[costs.SpendRow({})] * 3)
    assert (len(spend), spend[59].keys["model"]) == (60, "m59")
    assert "… and 10 more" in str(spend)
    assert "… and 10 more" in spend._repr_html_()
    assert "m55" not in str(spend)


def test_the_sums_of_settled_requests_follow(spent, shop):
    """What the user finds on the provider's page takes the place of the estimate."""
    waiting = imgcell.unsettled()
    assert len(waiting) == 1
    waiting[0].settle(charged=False)
    after = costs.spend()
    priced = next(row for row in after if row.keys["provider"] == "priced")
    assert (float(priced.amounts["USD"].total), priced.open) == (0.2, 0)
    assert float(after.session.amounts["USD"].total) == pytest.approx(0.2 + COMPUTED)


def test_what_is_fetched_later_is_settled_with_what_it_cost(shop, small, monkeypatch):
    """The address did not work and works now: the session's sum follows the picture's bill."""
    monkeypatch.setattr(Downloads.__init__, "__kwdefaults__", {"pauses": (0.0, 0.0)})
    shop.server.play("flaky-url", fails=3)
    with pytest.raises(ImgcellError):
        shop("priced").generate("e", response_format="url", **small)
    sums = costs.purse().sums["USD"]
    assert (float(sums.total), sums.open) == (0.1, 1)
    assert len(imgcell.unsettled()[0].fetch()) == 1
    assert (float(sums.total), sums.open) == (0.1, 0)
    assert costs.spend().total.open == 0


def test_a_sum_from_the_provider_s_page_takes_the_place_of_the_estimate(shop, small):
    """The answer held no picture; the page says four cents: so do the session and the bill."""
    shop.server.play("empty")
    with pytest.raises(ImgcellError):
        shop("priced").generate("e", **small)
    imgcell.unsettled()[0].settle(charged=True, amount=0.04, currency="USD")
    sums = costs.purse().sums["USD"]
    assert (float(sums.total), sums.open) == (0.04, 0)
    assert float(costs.spend().total.amounts["USD"].billed) == 0.04


def test_an_empty_library_has_an_empty_bill():
    """Nothing was ever made: no error, and nothing is written down."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert costs.spend().head() == "today nothing · this session nothing"
