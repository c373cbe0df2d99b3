"""The report itself: a page that holds everything and does no harm, a folder of Markdown, settings without keys."""

import csv
import html as markup
import json
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

import imgcell
from imgcell.errors import InvalidJobError, StorageError
from imgcell.pictures.words import clean
from imgcell.votes import Votes

HOSTILE = "<script>alert(1)</script>\"'><img src=http://evil/x onerror=alert(2)> | ![x](http://evil) `code` \u202edrow\x00 {{7*7}} 灯塔"


class _Elements(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.found, self.text = [], []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def _parsed(page):
    parser = _Elements()
    parser.feed(page)
    parser.close()
    return parser


@pytest.fixture
def votes():
    """Ten votes, more of them for the first."""
    rows = [{"left": "a", "right": "b", "choice": "left", "rater": "anna"}] * 6 + [
        {"left": "b", "right": "a", "choice": "left", "rater": "李雷"}
    ] * 2
    return Votes([*rows, *[{"left": "a", "right": "b", "choice": "tie", "rater": "anna"}] * 2])


def test_the_page_has_all_that_was_asked_for(study, votes):
    """Question, ranking, figures, pictures, reasons, settings, methods."""
    sheet = study({"a": ["picture", "refused"], "b": ["picture", "failed"]}, prompts=["a fox", "一只狐狸"])
    page = imgcell.report(sheet, votes=votes, question="Which draws foxes?\n哪个画得好？", notes="One.\n\nTwo.").to_html()
    heads = re.findall(r"<h2>(.*?)</h2>", page)
    assert heads == [
        "In short", "Which was preferred", "Figures", "Pictures", "What did not come", "To do it again", "How these figures come about",
    ]  # fmt: skip
    assert page.count("<img ") == 4
    assert page.count('class="none"') == 4
    for text in (
        "Which draws foxes?<br>哪个画得好？",
        "<p>One.</p>",
        "<p>Two.</p>",
        "一只狐狸",
        "Bradley and Terry",
        "10 blind votes about pairs by 2 raters",
    ):
        assert text in page
    assert page.count("<svg") == 3


def test_the_page_needs_nothing_and_runs_nothing(study):
    """No script, no link, no address but data: of pictures; a policy that allows nothing else."""
    page = imgcell.report(study({"a": ["picture"]})).to_html()
    parsed = _parsed(page)
    assert {tag for tag, _ in parsed.found} & {"script", "link", "iframe", "object", "a", "base", "form"} == set()
    assert all(attrs["src"].startswith("data:image/") for tag, attrs in parsed.found if tag == "img")
    assert not re.search(r"url\(|@import", page)
    policy = next(attrs["content"] for tag, attrs in parsed.found if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "style" not in {name for _, attrs in parsed.found for name in attrs}


def test_hostile_texts_are_letters(study, votes):
    """Whatever prompts, models, errors, questions, titles and raters say is shown, not done."""
    sheet = study({HOSTILE: ["picture", "failed"]}, prompts=[HOSTILE], said=HOSTILE)
    report = imgcell.report(
        sheet, votes=Votes([{"left": HOSTILE, "right": "b", "choice": "left"}]), question=HOSTILE, title=HOSTILE, notes=HOSTILE
    )
    page = report.to_html()
    parsed = _parsed(page)
    assert "script" not in {tag for tag, _ in parsed.found}
    assert not [attrs for _, attrs in parsed.found if any(name.startswith("on") for name in attrs)]
    assert len([tag for tag, _ in parsed.found if tag == "img"]) == 1
    assert "<script>alert(1)</script>" in "".join(parsed.text)
    assert "\u202e" not in page
    assert "\x00" not in page
    assert "<script>" not in report._repr_html_()


def test_the_folder_has_markdown_pictures_plots_tables_and_settings(study, votes, tmp_path):
    """Every picture that the text names is there and opens; tables can be read; the second time writes over the first."""
    sheet = study({"a": ["picture", "refused"], "b": ["picture", "picture"]}, prompts=["x", "一只狐狸"])
    report = imgcell.report(sheet, votes=votes, question="Which?")
    for _ in range(2):
        folder = report.export(tmp_path / "研究")
    text = (folder / "report.md").read_text(encoding="utf-8")
    named = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    assert len([name for name in named if name.startswith("pictures/")]) == 6 == len(list((folder / "pictures").iterdir()))
    assert len([name for name in named if name.startswith("charts/")]) == 3
    for name in named:
        if name.startswith("pictures/"):
            Image.open(folder / name).load()
        else:
            assert "<svg" in (folder / name).read_text(encoding="utf-8")
    with (folder / "data" / "figures.csv").open(encoding="utf-8-sig", newline="") as file:
        figures = list(csv.DictReader(file))
    assert [(row["name"], row["pictures"], row["refused"]) for row in figures] == [("a", "2", "2"), ("b", "4", "0")]
    with (folder / "data" / "votes.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 10
    with (folder / "data" / "pictures.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["outcome"] for row in csv.DictReader(file)].count("picture") == 6
    assert json.loads((folder / "settings.json").read_text(encoding="utf-8"))["versions"]["imgcell"] == imgcell.__version__


def test_hostile_texts_are_letters_in_the_folder_too(study, tmp_path):
    """Markdown makes nothing of them, and a spreadsheet no formula."""
    markdown = pytest.importorskip("mistune")
    sheet = study({HOSTILE: ["picture", "failed"]}, prompts=["=HYPERLINK(1)"], said=HOSTILE)
    folder = imgcell.report(sheet, question=HOSTILE, notes="# no head\n- no list\n1. no number\n" + HOSTILE).export(tmp_path / "study")
    text = (folder / "report.md").read_text(encoding="utf-8")
    parsed = _parsed(markdown.create_markdown(escape=False, plugins=["table"])(text))
    assert {tag for tag, _ in parsed.found} <= {
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "img",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "blockquote",
        "strong",
        "pre",
        "code",
    }
    assert all(re.match(r"(pictures|charts)/", attrs["src"]) for tag, attrs in parsed.found if tag == "img")
    assert "<script>alert(1)</script>" in "".join(parsed.text)
    assert "# no head" in "".join(parsed.text)
    with (folder / "data" / "pictures.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["prompt"] for row in csv.DictReader(file)} == {"'=HYPERLINK(1)"}


def test_settings_say_what_it_takes_and_never_a_key(server, imgcell_home):
    """Models, fields, order, seed and the sweep as Python; keys of clients, addresses and extra fields are not in it."""
    address = server.url("sandbox").replace("http://", "http://me:hunter22@") + "?token=verysecret1"
    client = imgcell.Client("sandbox", base_url=server.url("sandbox"), api_key="sk-secret123456")
    client._given_url = address
    sweep = imgcell.sweep(
        ["key-frame of a fox", "一只狐狸"], provider=client, model=["one", "two"], size="256x256", order="random", seed=11,
        extra={"api_key": "abcdefghij", "seed": 5}, library=imgcell_home,
    )  # fmt: skip
    report = imgcell.report(sweep.run(yes=True))
    made = report.settings["sweep"]
    assert (made["order"], made["seed"], made["n"]) == ("random", 11, 1)
    everything = json.dumps(report.settings, ensure_ascii=False) + report.code + report.to_html() + str(report)
    for secret in ("sk-secret123456", "hunter22", "verysecret1", "abcdefghij"):
        assert secret not in everything
    assert "'key-frame of a fox'" in report.code
    assert "order='random', seed=11" in report.code
    again = eval(report.code, {"imgcell": imgcell})  # our own text, and what it is for
    assert again.axes == sweep.axes
    assert again.design.sequence() == sweep.design.sequence()


def test_a_report_shows_in_a_cell_without_its_pictures(study):
    """The figures as a table, in HTML and as text; the notebook stays small."""
    report = imgcell.report(study({"a": ["picture"], "b": ["refused"]}))
    assert "<img" not in report._repr_html_()
    assert "refusals" in report._repr_html_()
    assert "1 (100 %)" in str(report)
    assert repr(report) == "<Report 'A comparison by model: a, b': 2 groups, 1 pictures>"


def test_what_is_compared_can_be_chosen(study):
    """An axis, a fact of the pictures, or whatever has several values; a name that there is not is told with those there are."""
    sheet = study({"a": ["picture"], "b": ["picture"]}, prompts=["x", "y", "z"])
    assert [group.name for group in imgcell.report(sheet).groups] == ["a", "b"]
    assert [group.name for group in imgcell.report(sheet, by="prompt").groups] == ["x", "y", "z"]
    assert [group.name for group in imgcell.report(sheet, by="provider").groups] == ["somebody"]
    with pytest.raises(InvalidJobError, match="quartz") as caught:
        imgcell.report(sheet, by="quartz")
    assert "prompt, model" in caught.value.hint


@pytest.mark.parametrize("wrong", ["a.png", 5, [], ["a.png"]])
def test_what_is_no_study_is_refused(wrong):
    """With a sentence that says what a report takes."""
    with pytest.raises(InvalidJobError):
        imgcell.report(wrong)


def test_wrong_votes_and_acceptance_are_refused(study):
    """Before anything is computed from them."""
    sheet = study({"a": ["picture"]})
    with pytest.raises(InvalidJobError, match="votes="):
        imgcell.report(sheet, votes=[1, 2])
    with pytest.raises(InvalidJobError, match="accepted="):
        imgcell.report(sheet, accepted=True)


def test_other_endings_and_places_that_cannot_be_written_are_told(study, tmp_path):
    """Nothing is guessed from an ending, and the system's reason is in the message."""
    report = imgcell.report(study({"a": ["picture"]}))
    with pytest.raises(InvalidJobError, match=r"\.docx"):
        report.export(tmp_path / "study.docx")
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="cannot be written"):
        report.export(tmp_path / "file" / "study.html")


def test_long_prompts_are_shown_whole(study):
    """A sheet's label ends early; the report has all of it."""
    prompt = "a fox that " + "runs and " * 30 + "sleeps"
    sheet = study({"a": ["picture"], "b": ["picture"]}, prompts=["a fox that runs and…"])
    for picture in sheet:
        object.__setattr__(picture.record, "prompt", prompt)
    assert f"</span>{prompt}</h3>" in imgcell.report(sheet).to_html()


def test_a_report_speaks_the_language_in_force(study, fresh_options):
    """The page says which one it is in."""
    sheet = study({"a": ["picture"]})
    assert '<html lang="en">' in imgcell.report(sheet).to_html()
    fresh_options.language = "zh-CN"
    assert '<html lang="zh-CN">' in imgcell.report(sheet).to_html()
    assert markup.escape("模型") in imgcell.report(sheet).to_html()


def test_a_name_as_long_as_a_book_fills_no_table(study):
    """Tables, title and sentences show its beginning; the data frame has all of it."""
    long = "a fox that " + "runs and " * 5000
    report = imgcell.report(study({"a": ["picture"]}, prompts=[long, "猫"]))
    assert report.by == "prompt"
    assert max(map(len, str(report).splitlines())) < 400
    assert len(report.title) < 200
    assert clean(long) in list(report.to_pandas().index)
