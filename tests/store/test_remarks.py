"""Stars, tags and notes: kept for good, found again, never lost to another kernel."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from imgcell.errors import InvalidJobError, StorageError
from imgcell.store import Annotation, Library


def test_what_was_said_is_kept_and_the_rest_left(library, home, made):
    """Each word by itself; another reader has it, and so has an index that is made anew."""
    record = made("灯塔")
    assert library.annotation(record.id) == Annotation()
    library.annotate(record.id, rating=4, tags=["夜", " Best  of "], note="for the cover\n")
    library.annotate(record.id, rating=5)
    library.annotate(record.id, note="")
    expected = Annotation(5, ("夜", "Best of"), "")
    assert library.annotation(record.id) == Library(home).annotation(record.id) == expected
    library.rebuild()
    assert library.annotation(record.id) == expected
    library.annotate(record.id, rating=0, tags=())
    assert library.annotation(record.id) == Annotation()


def test_many_are_asked_for_at_once(library, made, monkeypatch):
    """One question to the index for all of a page's pictures; what nobody said anything of is there, empty."""
    first, second = made("一"), made("二")
    library.annotate(first.id, rating=3)
    asked = []
    ask = library._index.ask
    monkeypatch.setattr(library._index, "ask", lambda question: asked.append(1) or ask(question))
    assert library.annotations([first.id, second.id, "p-none"]) == {
        first.id: Annotation(3),
        second.id: Annotation(),
        "p-none": Annotation(),
    }
    assert len(asked) == 1


def test_pictures_are_found_by_what_was_said(library, made):
    """By stars (at least so many), by tags (all of them, in any case), by words of tags and notes."""
    first, second, third = made("一"), made("二"), made("三")
    library.annotate(first.id, rating=5, tags=["Cover", "夜色"], note="客户最喜欢的")
    library.annotate(second.id, rating=3, tags=["cover"])
    library.annotate(third.id, note="nice")
    assert library.find(rating=3) == [second, first]
    assert library.find(rating=4) == [first]
    assert library.find(rating=0) == [third, second, first]
    assert library.find(tag="COVER") == [second, first]
    assert library.find(tag=["cover", "夜色"]) == [first]
    assert library.find("喜欢") == [first]
    assert library.find("夜色 客户") == [first]
    assert library.find("nice") == [third]
    assert library.find("cover", rating=5) == [first]
    library.annotate(first.id, note="", tags=["other"])
    assert library.find("喜欢") == library.find("夜色") == []
    assert library.find(tag="cover") == [second]


@pytest.mark.parametrize(
    "wrong",
    [
        *({"rating": value} for value in (6, -1, True, 2.5)),
        *({"tags": value} for value in ([""], ["x" * 101], [3], 3, [str(number) for number in range(101)], {"a": 1}, b"x")),
        *({"note": value} for value in (3, "x" * 10_001)),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_bad_words_are_refused_and_nothing_is_written(library, home, made, wrong):
    """In words; what was said before stands."""
    record = made()
    with pytest.raises(InvalidJobError):
        library.annotate(record.id, **wrong)
    assert not (home / "annotations").exists()


def test_only_pictures_that_are_there_are_annotated(library, made):
    """An id that the library does not have is an error that says what to do."""
    with pytest.raises(InvalidJobError, match="p-nobody") as caught:
        library.annotate("p-nobody", rating=3)
    assert "history" in caught.value.hint
    assert library.annotation("p-nobody") == Annotation()


def test_odd_text_is_kept_as_text(library, made):
    """Quotes, new lines, lone surrogates, emoji."""
    record = made()
    library.annotate(record.id, tags=['"; DROP', "🐱"], note="a\nb\ud800")
    assert library.annotation(record.id) == Annotation(0, ('"; DROP', "🐱"), "a\nb?")
    assert library.find(tag="🐱") == library.find("🐱") == [record]


def test_lines_that_are_none_are_left_out(library, home, made):
    """... and a piece of a line does not spoil the next one."""
    record = made()
    library.annotate(record.id, rating=2)
    (path,) = (home / "annotations").glob("*.jsonl")
    with path.open("ab") as file:
        for bad in (
            17,
            {},
            {"picture": record.id},
            {"picture": 7, "time": "x"},
            {"picture": record.id, "time": "2999-01-01T00:00:00+00:00", "rating": 9},
        ):
            file.write(json.dumps(bad).encode() + b"\n")
        file.write(b'{"picture": "' + record.id.encode())
    library.annotate(record.id, rating=3)
    assert library.annotation(record.id) == Annotation(3)
    assert Library(home).annotation(record.id) == Annotation(3)


def test_several_kernels_do_not_overwrite_each_other(library, home, made):
    """One gives stars while another gives tags, again and again: all of it stands."""
    records = [made(f"{number}") for number in range(20)]
    code = (
        "import sys\nfrom pathlib import Path\nfrom imgcell.store import Library\nlibrary = Library(Path(sys.argv[1]))\n"
        "said = {'rating': {'rating': 4}, 'tags': {'tags': ['t']}, 'note': {'note': 'n'}}[sys.argv[2]]\n"
        "for name in sys.argv[3:]:\n    library.annotate(name, **said)"
    )
    names = [record.id for record in records]
    workers = [subprocess.Popen([sys.executable, "-c", code, str(home), word, *names]) for word in ("rating", "tags", "note")]
    for worker in workers:
        assert worker.wait(60) == 0
    assert {library.annotation(name) for name in names} == {Annotation(4, ("t",), "n")}


def test_a_fault_of_the_disk_is_told(library, made, faults, full):
    """What could not be written is not claimed to be."""
    record = made()
    library.annotate(record.id, rating=2)
    faults.inject("_write", full, at=0, forever=True)
    with pytest.raises(StorageError, match="space"):
        library.annotate(record.id, rating=5)
    faults.end()
    assert library.annotation(record.id).rating == 2
    library.annotate(record.id, rating=4)
    assert library.annotation(record.id).rating == 4
