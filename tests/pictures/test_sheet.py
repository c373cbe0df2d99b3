"""A Sheet is a sequence that may still be filling."""

from __future__ import annotations

import pickle
import sys
import threading
import time
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest

from imgcell.errors import ModerationError, OutcomeUnknownError
from imgcell.pictures import Picture, Sheet


@pytest.fixture
def three(make_picture):
    """A finished sheet of three pictures."""
    return Sheet([make_picture(prompt=f"number {n}") for n in range(3)])


def test_it_is_a_sequence(three):
    """Length, indexing from both ends, iteration, membership, reversal; slices are Sheets."""
    assert isinstance(three, Sequence)
    assert len(three) == 3
    assert three[0] is next(iter(three))
    assert three[-1] is three[2]
    assert three[1] in three
    part = three[1:]
    assert isinstance(part, Sheet)
    assert part.done
    assert [record.prompt for record in part.records] == ["number 1", "number 2"]
    assert isinstance(three[:0], Sheet)
    assert three[:0].done
    assert [picture.record.prompt for picture in reversed(three)] == ["number 2", "number 1", "number 0"]
    first, *rest = three
    assert isinstance(first, Picture)
    assert len(rest) == 2


def test_an_index_too_far_says_what_there_is(three):
    """IndexError names the count, whether it is running, and what went wrong."""
    with pytest.raises(IndexError, match="has 3 pictures"):
        three[3]
    running = Sheet()
    with pytest.raises(IndexError, match="still running"):
        running[0]
    running._fail(ModerationError("The prompt was refused."))
    running._finish()
    with pytest.raises(IndexError, match=r"The prompt was refused\."):
        running[0]


def test_it_fills_from_another_thread(make_picture):
    """wait() returns False at its timeout, True once finished; what came is there before that."""
    sheet = Sheet()
    assert not sheet.done
    assert not sheet.wait(0)
    go = threading.Event()

    def fill():
        sheet._add(make_picture())
        go.wait()
        sheet._finish()

    thread = threading.Thread(target=fill)
    thread.start()
    assert not sheet.wait(0.05)
    go.set()
    assert sheet.wait(10)
    thread.join()
    assert sheet.done
    assert len(sheet) == 1


def test_waiting_can_be_interrupted(monkeypatch):
    """wait() waits in slices, so that an interrupt lands on every platform."""
    sheet = Sheet()
    waited = []

    def interrupted(seconds):
        waited.append(seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr(sheet._changed, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sheet.wait()
    assert max(waited) <= 0.1


def test_order_is_that_of_the_positions(make_picture):
    """Parallel parts come in any order; the sheet has them in the order in which they were asked for."""
    sheet = Sheet(expected=4)
    for position in (2, 0, 3):
        sheet._add(make_picture(prompt=f"number {position}"), position)
    assert [cell.picture is not None for cell in sheet.cells] == [True, False, True, True]
    sheet._fail(OutcomeUnknownError("Cut."), 1)
    sheet._finish()
    assert [record.prompt for record in sheet.records] == ["number 0", "number 2", "number 3"]
    assert [type(cell.error) for cell in sheet.cells if cell.error] == [OutcomeUnknownError]
    assert [str(error) for error in sheet.errors] == ["Cut."]


def test_no_picture_is_dropped(make_picture):
    """More pictures for one position than were asked for are all kept."""
    sheet = Sheet()
    for _ in range(3):
        sheet._add(make_picture(), 0)
    assert len(sheet) == 3


def test_a_finished_sheet_takes_no_more(three, make_picture):
    """Adding to a sheet that is done is a mistake of the program."""
    with pytest.raises(RuntimeError):
        three._add(make_picture())


def test_many_threads_fill_one_sheet(make_picture):
    """Nothing is lost and iteration never fails while it fills."""
    sheet, pictures = Sheet(), [make_picture() for _ in range(40)]
    threads = [threading.Thread(target=lambda at=at: [sheet._add(p) for p in pictures[at::4]]) for at in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert len(list(sheet)) <= 40
        time.sleep(0)
    assert len(sheet) == 40
    assert {id(p) for p in sheet} == {id(p) for p in pictures}


def test_records_and_equality(three):
    """Records are those of the pictures; pickling keeps pictures, errors and labels."""
    assert three.records == [picture.record for picture in three]
    twin = pickle.loads(pickle.dumps(three))
    assert twin == three
    assert twin[0].data == three[0].data
    assert three[:2] != three


def test_labels_follow_their_pictures_into_slices(make_picture):
    """A slice of a comparison keeps its captions."""
    sheet = Sheet([make_picture(), make_picture()], labels=["low", "high"])
    assert [cell.label for cell in sheet[1:].cells] == ["high"]


# -- as text, table, data frame ------------------------------------------------------------------------------------


def test_the_terminal_shows_a_line_a_picture(make_picture):
    """Count, failures, prompt once when shared, size, model, cost, and what went wrong."""
    sheet = Sheet(expected=4)
    sheet._add(make_picture())
    sheet._add(make_picture())
    sheet._fail(ModerationError("Refused.", hint="Change it."))
    text = repr(sheet)
    assert "2 pictures" in text
    assert "1 failed" in text
    assert "still running" in text
    assert text.count("横版 16:9 黄昏海边的老灯塔") == 1
    assert "[1] 64×48 · PNG · m-1 · 1.5 s · ≈ $0.04" in text
    assert "Refused. Change it." in text


def test_a_long_sheet_is_cut_in_the_terminal(make_picture):
    """A thousand pictures are not a thousand lines."""
    picture = make_picture()
    assert len(repr(Sheet([picture] * 1000)).splitlines()) < 30


def test_foreign_text_is_cleaned(make_picture):
    """Control characters, direction overrides and lone surrogates do not reach a terminal."""
    line = repr(make_picture(prompt="a\x1b[31mred\u202egnp.exe\ud800\nnext"))
    assert "\x1b" not in line
    assert "\u202e" not in line
    assert "\n" not in line
    line.encode()


def test_to_pandas(make_picture):
    """One row a picture, with prompt, size, cost and the picture itself, which stays undecoded."""
    pandas = pytest.importorskip("pandas")
    sheet = Sheet([make_picture(prompt=p, requested={"size": s}, notes=("n",)) for p, s in (("一", "auto"), ("two", None))])
    frame = sheet.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.index) == [record.id for record in sheet.records]
    assert list(frame["prompt"]) == ["一", "two"]
    assert list(frame["width"]) == [64, 64]
    assert list(frame["cost"]) == [0.04, 0.04]
    assert frame["requested.size"].iloc[0] == "auto"
    assert frame["picture"].iloc[1] is sheet[1]
    assert not sheet[1].loaded
    assert Sheet(running=False).to_pandas().empty


def test_without_pandas_the_error_says_what_to_install(three, monkeypatch):
    """Pandas is an extra."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        three.to_pandas()


def test_html_escapes_everything(make_picture):
    """Prompts, labels, models and errors are text; there is no script, link or handler."""
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    sheet = Sheet(labels=[evil, evil], axes={evil: [evil, "b"]})
    sheet._add(make_picture(prompt=evil, model=evil), 0)
    sheet._fail(ModerationError(evil), 1)
    sheet._finish()
    html = sheet.to_html()
    found = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.append((tag, {name for name, _ in attrs}))

    Reader().feed(html)
    assert {tag for tag, _ in found} == {"table", "tr", "th", "td", "img", "br", "small", "span", "b"}
    assert [names for tag, names in found if tag == "img"] == [{"alt", "title", "src"}]
    assert {name for _, names in found for name in names} == {"alt", "title", "src", "style", "class", "colspan"}
    assert [tag for tag, _ in found].count("th") == 4
