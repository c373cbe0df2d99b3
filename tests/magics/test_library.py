"""The words of %imgcell that look through the library, put it in order and tell the bill; on the sandbox."""

from __future__ import annotations

import json

import pytest

import imgcell
from imgcell.errors import BudgetExceededError, InvalidJobError
from imgcell.pictures import Sheet

IMAGE_TYPES = {"image/png", "image/jpeg"}


@pytest.fixture
def made(cell, sandbox):
    """Three pictures in the library, and the shell that has them as `cat`, `boat` and `tower`."""
    for name, prompt in (("cat", "a cat on a mat"), ("boat", "a boat in the rain"), ("tower", "黄昏海边的老灯塔")):
        assert cell(f"%%imagine {name} -s 256x256\n{prompt}").error is None
    return cell


def words_of(ran):
    """What a cell showed and printed, as text."""
    return "\n".join([ran.out, *(bundle["text/plain"] for bundle in ran.bundles)])


def test_history(made):
    """A grid of all pictures, the newest first, which `_images` then is; one static image."""
    ran = made("%imgcell history")
    assert ran.error is None
    (bundle,) = ran.bundles
    assert set(bundle) - {"text/plain"} <= IMAGE_TYPES
    sheet = ran.names["_images"]
    assert [record.prompt for record in sheet.records] == ["黄昏海边的老灯塔", "a boat in the rain", "a cat on a mat"]
    assert "_images[0]" in ran.out


@pytest.mark.parametrize(
    ("line", "prompts"),
    [
        ("灯塔", ["黄昏海边的老灯塔"]),
        ("rain boat", ["a boat in the rain"]),
        ("-n 2", ["黄昏海边的老灯塔", "a boat in the rain"]),
        ("cat --since today -p sandbox", ["a cat on a mat"]),
        ("--rating 4", ["a boat in the rain"]),
        ("--tag wet", ["a boat in the rain"]),
    ],
)
def test_history_of_some(made, line, prompts):
    """Words of the prompt in any script, and options, choose."""
    made("%imgcell star boat 4\n%imgcell tag boat wet")
    ran = made(f"%imgcell history {line}")
    assert ran.error is None
    assert [record.prompt for record in ran.names["_images"].records] == prompts


def test_history_without_a_picture(cell, sandbox, made):
    """Nothing found is said in a line, and binds nothing."""
    before = made("x = 1").names["_images"]
    ran = made("%imgcell history zebra")
    assert ran.bundles == []
    assert "no such picture" in ran.out
    assert ran.names["_images"] is before


def test_an_empty_library(cell, sandbox):
    """A new library is said to be empty, and nothing else happens."""
    assert "empty" in cell("%imgcell history").out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("history --since sometime", "no time"),
        ("history -n many", "whole number"),
        ("history --nonsense", "--since"),
        ("history -n 0", "from 1 on"),
        ("history --rating 9", "stars"),
        ("star", "takes a picture"),
        ("star cat 6", "0 to 5"),
        ("star nobody", "nobody"),
        ("star p-20260101-000000-zzzzzzz-0", "no picture"),
        ("star photo", "no picture of the library"),
        ("delete", "takes a picture"),
        ("spend weekday", "weekday"),
        ("budget much", "much"),
        ("budget day", "amount"),
        ("budget 5 6", "6"),
        ("budget -5", "-5"),
        ("budget ¥5 USD", "USD"),
        ("budget USD ¥5", "¥5"),
        ("unsettled now", "now"),
        ("resume now", "now"),
        ("undo this", "this"),
    ],
)
def test_bad_words(made, line, said):
    """Each is one clear error."""
    made("import PIL.Image\nphoto = PIL.Image.new('RGB', (8, 8))")
    ran = made(f"%imgcell {line}")
    assert isinstance(ran.error, InvalidJobError), ran.error
    assert said in ran.out + ran.err
    assert len((ran.out + ran.err).strip().splitlines()) <= 3


def test_stars_tags_and_notes(made):
    """They are kept with the picture, by its variable or its id, and can be read and taken away again."""
    name = made("x = 1").names["cat"].record.id
    assert "★★★" in made("%imgcell star cat 3").out
    assert "★★★★★" in made(f"%imgcell star {name}").out
    assert "soft, wool" in made("%imgcell tag cat soft wool").out
    made("%imgcell tag cat -wool red")
    assert "soft, red" in made("%imgcell tag cat").out
    made("%imgcell note cat 给妈妈  “the best” one")
    assert "给妈妈  “the best” one" in made("%imgcell note cat").out
    said = imgcell.library().annotation(name)
    assert (said.rating, tuple(said.tags), said.note) == (5, ("soft", "red"), "给妈妈  “the best” one")
    made("%imgcell star cat 0")
    assert not imgcell.library().annotation(name).rating


def test_delete_and_undo(made, sandbox):
    """What is deleted is not shown and not replayed; undo brings back the last ones, and the ones before."""
    name = made("x = 1").names["cat"].record.id
    assert "2" in made("%imgcell delete cat boat").out
    made("%imgcell delete tower")
    assert "empty" in made("%imgcell history").out
    made("%imgcell undo")
    assert len(made("%imgcell history").names["_images"]) == 1
    made("%imgcell undo")
    assert len(made("%imgcell history").names["_images"]) == 3
    assert "Nothing was deleted" in made("%imgcell undo").out
    made("%%imagine --once -s 256x256\na cat on a mat")
    assert made("x = 1").names["_images"][0].record.id == name
    assert len(sandbox.posts) == 3


def test_pictures_by_id(made, sandbox):
    """-i and --mask take the id of a picture of the library."""
    name, other = (made("x = 1").names[variable].record.id for variable in ("cat", "boat"))
    made("%%imagine hole -s 256x256 -o background=transparent -o output_format=png\na hole")
    mask = made("x = 1").names["hole"].record.id
    ran = made(f"%%imgedit night -i {name} -i {other} --mask {mask}\nmake it night")
    assert ran.error is None, ran.err
    assert ran.names["night"].record.parents == (name, other)
    assert ran.names["night"].record.mask is not None
    missing = made("%%imgedit night -i p-20260101-000000-zzzzzzz-0\nmake it night")
    assert isinstance(missing.error, InvalidJobError)
    assert "no picture p-20260101" in missing.out + missing.err
    assert len(sandbox.posts) == 5


def test_the_bill(made):
    """spend shows a table, by whatever is said; the status says today's sum and this session's."""
    ran = made("%imgcell spend provider day")
    assert set(ran.bundles[0]) == {"text/html", "text/plain"}
    assert "sandbox" in ran.bundles[0]["text/plain"]
    assert made("%imgcell spend --since 7d").error is None
    assert "today" in made("%imgcell").bundles[0]["text/plain"]


def test_budgets(made, sandbox):
    """A budget is set, shown, obeyed before anything is sent, and taken away; the status says what is left."""
    try:
        assert "$5.00" in words_of(made("%imgcell budget 5"))
        assert "¥20.00" in words_of(made("%imgcell budget 20 day cny"))
        assert "¥30.00" in words_of(made("%imgcell budget ¥30 cell"))  # and not 30 dollars
        assert "€20.00" in words_of(made("%imgcell budget €20 cell EUR"))
        made("%imgcell budget off cell")
        status = words_of(made("%imgcell"))
        assert "$5.00 of $5.00 left" in status
        assert "¥20.00 of ¥20.00 left" in status
        made("%imgcell budget off day")
        assert "¥" not in words_of(made("%imgcell budget"))
        made("%imgcell budget 0")
        ran = made(f"import imgcell\nbox = imgcell.Client('openai', api_key='sk-x', base_url={sandbox.url('openai')!r})\n")
        refused = made("%%imagine --yes -p box -m gpt-image-1 -s 1024x1024\na cat")
        assert isinstance(refused.error, BudgetExceededError), ran.error
        assert len(sandbox.posts) == 3
    finally:
        made("%imgcell budget off")
    assert "No budget" in words_of(made("%imgcell budget"))


def test_one_cell_is_one_cell_however_many_jobs_it_has(made, sandbox):
    """The budget for cells holds for a sweep as a whole."""
    made(f"import imgcell\nbox = imgcell.Client('openai', api_key='sk-x', base_url={sandbox.url('openai')!r})\n")
    price = made("p = box.plan(imgcell.Generate('a cat', model='gpt-image-1', size='1024x1024', quality='low'))").names["p"].cost.amount
    try:
        made(f"%imgcell budget {price * 1.5:.6f} cell")
        ran = made("%%imagine grid --yes -p box -m gpt-image-1 -s 1024x1024,1536x1024 -q low\na cat")
        assert len(sandbox.posts) == 4
        assert [type(error) for error in ran.names["grid"].errors] == [BudgetExceededError]
    finally:
        made("%imgcell budget off")


def test_what_may_have_been_charged_is_mentioned_once(made, sandbox):
    """A request that ended without an answer is in the list, and in the status the first time only."""
    sandbox.play("reset")
    assert made("%%imagine lost\na cat that was never seen").error is not None
    listed = words_of(made("%imgcell unsettled"))
    assert "a cat that was never seen" in listed
    assert "%imgcell unsettled" in words_of(made("%imgcell"))
    assert "%imgcell unsettled" not in words_of(made("%imgcell"))
    assert "may have been charged" in str(made("%%imagine lost --once\na cat that was never seen").error)
    again = made("%%imagine lost --once --yes\na cat that was never seen")
    assert "may have been charged" in again.err
    assert len(again.err.strip().splitlines()) == 1
    imgcell.unsettled()[0].settle(charged=False)
    assert "a cat that was never seen" not in words_of(made("%imgcell unsettled"))


def test_resume(made, sandbox):
    """After three requests without an answer nothing more is sent until the user says so."""
    sandbox.play("reset", times=3)
    for number in range(3):
        assert made(f"%%imagine\na lost cat {number}").error is not None
    paused = made("%%imagine\na cat")
    assert isinstance(paused.error, InvalidJobError)
    assert "paused" in words_of(made("%imgcell"))
    assert len(sandbox.posts) == 6
    assert "sandbox" in made("%imgcell resume").out
    assert "Nothing is paused" in made("%imgcell resume").out
    assert made("%%imagine\na cat").error is None
    assert len(sandbox.posts) == 7


def test_a_broken_library_does_not_hide_the_status(made, imgcell_home, monkeypatch):
    """Whatever is wrong with bill or index is a row of the status, not its end."""

    def broken(*args, **settings):
        raise OSError("the disk is on fire")

    monkeypatch.setattr("imgcell.store.Library.totals", broken)
    status = words_of(made("%imgcell"))
    assert "the disk is on fire" in status
    assert "%%imagine cat" in status


def test_the_records_say_where_they_come_from(made, imgcell_home, monkeypatch):
    """A cell's pictures know notebook and cell, which nobody outside can make anything else of than text."""
    from imgcell.magics.place import Place

    monkeypatch.setattr("imgcell.magics.cell.place", lambda ipython: Place("a\x00b.ipynb", "c" * 1000, None))
    ran = made("%%imagine dog -s 256x256\na dog")
    record = ran.names["dog"].record
    assert (record.notebook, record.cell) == ("ab.ipynb", "c" * 500)
    (found,) = imgcell.history(notebook="ab.ipynb").records
    assert found.id == record.id


@pytest.mark.parametrize(
    ("message", "cell", "execution"),
    [
        ({"metadata": {"cellId": "a-1"}, "header": {"msg_id": "m-1"}}, "a-1", "m-1"),
        ({"metadata": {}, "header": {"msg_id": "m-1"}}, None, "m-1"),
        ({"metadata": {"cellId": 7}, "header": None}, None, None),
        ({"metadata": ["cellId"], "header": {"msg_id": ""}}, None, None),
        (None, None, None),
        ("text", None, None),
    ],
)
def test_what_the_front_end_says(shell, monkeypatch, message, cell, execution):
    """The ids are taken from the message if they are there and text; anything else is nothing."""
    from imgcell.magics.place import Place, place

    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    monkeypatch.setattr(shell, "get_parent", lambda: message, raising=False)
    assert place(shell) == Place(None, cell, execution)
    shell.user_ns["__vsc_ipynb_file__"] = 7
    assert place(shell).notebook is None


def test_completion_knows_the_words_and_the_ids(made):
    """Tab offers the words of %imgcell, their values, and ids of the last pictures where one begins."""
    from imgcell.magics.completion import Place, complete

    names = made("x = 1").names
    last = imgcell.history(limit=1).records[0].id
    offers = {
        "hist": ["history"],
        "replay a": ["auto", "always"],
        "spend provider m": ["model"],
        "budget 5 d": ["day"],
        "history --since y": ["yesterday"],
        "history -p sand": ["sandbox"],
        "star bo": ["boat"],
        f"delete {last[:-3]}": [last],
    }
    for head, expected in offers.items():
        assert [text for text, _ in complete(Place("imgcell", head, ""), names)[1]] == expected, head
    assert last in [text for text, _ in complete(Place("imgedit", "-i p-", ""), names)[1]]
    assert [text for text, _ in complete(Place("imagine", "--onc", ""), names)[1]] == ["--once"]


def test_history_is_a_sheet_with_dates(made, imgcell_home):
    """imgcell.history() gives pictures that can be used, captioned with their local time; what is gone is an error in its place."""
    sheet = imgcell.history("a cat")
    assert isinstance(sheet, Sheet)
    assert sheet[0].getpixel((3, 3)) is not None
    (label,) = sheet.labels
    assert label == f"{sheet[0].record.created.astimezone():%Y-%m-%d %H:%M}"
    blob = imgcell.library().blob(sheet[0].record.sha256)
    blob.path.unlink()
    gone = imgcell.history("a cat")
    assert len(gone) == 0
    assert len(gone.errors) == 1
    assert json.loads((imgcell_home / "records" / f"{sheet[0].record.id}.json").read_bytes())["id"] == sheet[0].record.id
