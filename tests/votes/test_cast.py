"""Raw votes: from rows, tables and files; added, taken back, and kept in the library."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from imgcell.errors import InvalidJobError, StorageError
from imgcell.files import disk
from imgcell.votes import Ballot, Votes
from imgcell.votes.keeping import Box, boxes

STUDY = "0123456789abcdef"
ROWS = [
    {"left": "a", "right": "b", "choice": "left", "rater": "Ann", "context": "一只猫", "seconds": 2.5},
    {"left": "b", "right": "a", "choice": "tie", "rater": "王芳", "seen": True},
    {"left": "a", "right": "c", "choice": "both bad"},
]


def test_votes_come_from_rows_frames_and_files(tmp_path):
    """The same votes by way of mappings, a data frame and a CSV file, Chinese names included."""
    pd = pytest.importorskip("pandas")
    votes = Votes(ROWS)
    assert votes.entries == ("a", "b", "c")
    assert votes.raters == ("Ann", "王芳", "")
    assert votes[2] == Ballot("a", "c", "bad")
    assert Votes(votes.to_pandas()) == votes
    assert Votes(votes.to_csv(tmp_path / "票.csv")) == votes
    # A table of somebody else's, with columns that a vote does not have and empty cells.
    frame = pd.DataFrame([{"left": "a", "right": "b", "choice": "right", "seconds": None, "colour": "red"}])
    assert list(Votes(frame)) == [Ballot("a", "b", "right")]
    (tmp_path / "excel.csv").write_text("left,right,choice\r\na,b,Left\r\n", encoding="utf-8-sig")
    assert list(Votes(tmp_path / "excel.csv")) == [Ballot("a", "b", "left")]


@pytest.mark.parametrize(
    "row, said",
    [
        ({"left": "a", "right": "b"}, "Row 2: A vote lacks choice."),
        ({"left": "a", "right": "a", "choice": "left"}, "two different entries"),
        ({"left": "a", "right": "b", "choice": "north"}, "A choice is one of left, right, tie, bad"),
        ({"left": "a", "right": "b", "choice": "left", "seconds": -1}, "seconds"),
        ({"left": "a", "right": "b", "choice": "left", "seconds": "soon"}, "seconds"),
        ({"left": "a", "right": "b", "choice": "left", "seen": "maybe"}, "true or false"),
        ({"left": "a" * 501, "right": "b", "choice": "left"}, "too long"),
        ("left", "A vote is a mapping"),
    ],
)
def test_a_row_that_is_no_vote_is_named(row, said):
    """What is wrong, and in which row."""
    with pytest.raises(InvalidJobError, match=r"Row 2: ") as caught:
        Votes([ROWS[0], row])
    assert said in str(caught.value)


@pytest.mark.parametrize("given", [3, {"left": "a"}, None])
def test_what_is_no_table_is_refused(given):
    """A number, one mapping, nothing."""
    with pytest.raises(InvalidJobError, match="Votes are rows"):
        Votes(given)


def test_a_file_that_is_none_is_refused(tmp_path):
    """A missing file and one in another encoding say so."""
    with pytest.raises(InvalidJobError, match="cannot be read"):
        Votes(tmp_path / "nothing.csv")
    (tmp_path / "utf16.csv").write_bytes("left,right,choice\na,b,left\n".encode("utf-16"))
    with pytest.raises(InvalidJobError, match="no CSV file in UTF-8"):
        Votes(tmp_path / "utf16.csv")


def test_invisible_characters_do_not_stay_in_names():
    """A name that would turn a line around, or break it, is kept as one plain line."""
    (ballot,) = Votes([{"left": "a\u202eb\n", "right": "\ud800c", "choice": "left"}])
    assert (ballot.left, ballot.right) == ("ab", "?c")


def test_votes_are_added_and_taken_back():
    """The last one of a rater goes, or the last one of all; then there is nothing left."""
    votes = Votes()
    votes.add("a", "b", "left", rater="Ann")
    votes.add("a", "b", "right", rater="Bo")
    votes.add("b", "c", "tie", rater="Ann", seconds=1)
    assert votes.undo("Bo").choice == "right"
    assert votes.undo().choice == "tie"
    assert votes.undo("Bo") is None
    assert [one.choice for one in votes] == ["left"]
    with pytest.raises(InvalidJobError):
        votes.add("a", "a", "left")
    assert len(votes) == 1


def test_votes_are_chosen_by_rater_context_entry_and_blindness():
    """where() keeps what it is asked for, and the entries that take part."""
    votes = Votes(ROWS, entries=["a", "b", "c", "d"])
    assert len(votes.where(rater="Ann")) == 1
    assert len(votes.where(context="一只猫")) == 1
    assert len(votes.where(entry="b")) == 2
    assert len(votes.where(seen=False)) == 2
    assert votes.where(rater="nobody").entries == ("a", "b", "c", "d")
    assert [len(part) for part in (votes[:2], votes + votes)] == [2, 6]


def test_a_kept_vote_is_there_when_the_library_is_opened_again(tmp_path):
    """Votes and their taking back, in order, by another process that opens the folder."""
    box = Box(tmp_path, STUDY, {"name": "画风", "entries": {"a": ["p-1"]}})
    votes = Votes(box=box)
    for choice in ("left", "right", "tie"):
        votes.add("a", "b", choice, rater="王芳", context="灯塔", seconds=1.5)
    votes.undo("王芳")
    votes.add("a", "b", "bad")
    again = boxes(tmp_path)[STUDY]
    assert [one.choice for one in again.read()] == ["left", "right", "bad"]
    assert again.read() == list(votes)
    assert again.about() == {"name": "画风", "entries": {"a": ["p-1"]}}
    # A second kernel writes a file of its own; both count, by time.
    Votes(again.read(), box=Box(tmp_path, STUDY)).add("a", "c", "left")
    assert [one.choice for one in again.read()] == ["left", "right", "bad", "left"]
    assert len(list(again.folder.glob("*.jsonl"))) == 2


def test_the_library_says_which_studies_it_has_votes_of(imgcell_home):
    """By name or id, without the pictures; what is added then is kept as well; an unknown name is an error that lists them."""
    assert Votes.kept() == []
    with pytest.raises(InvalidJobError, match="no votes called") as caught:
        Votes.open("画风")
    assert "imgcell.vote" in caught.value.hint
    Votes(box=Box(imgcell_home, STUDY, {"name": "画风", "entries": {"a": [], "b": []}})).add("a", "b", "left", rater="Ann")
    Votes(box=Box(imgcell_home, "f" * 16, {"name": None, "entries": ["hostile"]})).add("c", "d", "tie")
    assert [(one.id, one.name, one.entries, one.votes, one.raters) for one in Votes.kept()] == [
        ("f" * 16, None, ("c", "d"), 1, ("",)),
        (STUDY, "画风", ("a", "b"), 1, ("Ann",)),
    ]
    Votes.open("画风").add("b", "a", "right")
    assert [one.choice for one in Votes.open(STUDY)] == ["left", "right"]
    assert Votes.open(STUDY, library=imgcell_home).entries == ("a", "b")
    assert Votes.kept()[0].name == "画风"
    with pytest.raises(InvalidJobError) as caught:
        Votes.open("nothing")
    assert "画风" in caught.value.hint


def test_a_process_that_is_killed_loses_no_vote_and_the_torn_line_no_others(tmp_path):
    """Killed in the middle of the third write: two votes are there, and the next one goes behind the piece of a line."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom imgcell.votes import Votes\nfrom imgcell.votes.keeping import Box\n"
        "from imgcell.files import disk\n"
        f"votes = Votes(box=Box(Path({str(tmp_path)!r}), {STUDY!r}))\n"
        "votes.add('a', 'b', 'left'); votes.add('a', 'b', 'right')\n"
        "disk._POINT = 'vote.torn'\nvotes.add('a', 'b', 'tie')\nsys.exit('it went on')\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == disk.CRASH_STATUS
    box = Box(tmp_path, STUDY)
    assert [one.choice for one in box.read()] == ["left", "right"]
    (file,) = box.folder.glob("*.jsonl")
    assert not file.read_bytes().endswith(b"\n")
    box._lines._path, box._lines._pid = file, os.getpid()
    box.add(Ballot("a", "b", "bad"))
    assert [one.choice for one in box.read()] == ["left", "right", "bad"]


def test_a_disk_that_fails_costs_that_vote_only_and_says_so(tmp_path, monkeypatch):
    """The vote that cannot be kept does not count; the one after it does."""
    votes = Votes(box=Box(tmp_path, STUDY))
    votes.add("a", "b", "left")

    def full(descriptor, data):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(disk, "_write", full)
        with pytest.raises(StorageError, match="could not be kept") as caught:
            votes.add("a", "b", "right")
        with pytest.raises(StorageError):
            votes.undo()
    assert "vote again" in caught.value.hint
    assert len(votes) == 1
    votes.add("a", "b", "tie")
    assert [one.choice for one in Box(tmp_path, STUDY).read()] == ["left", "tie"]


def test_foreign_lines_in_the_folder_are_left_out(tmp_path):
    """What is no vote (torn, of another version, hostile) hides no other."""
    box = Box(tmp_path, STUDY)
    good = box.add(Ballot("a", "b", "left"))
    vote = {"v": 1, "vote": "x", "time": good.time, "left": "a", "right": "b", "choice": "left"}
    lines = [
        {**vote, "left": "b"},
        {**vote, "choice": ["left"]},
        {**vote, "time": "soon"},
        {**vote, "vote": 3},
        {"undo": ["x"]},
        {"undo": "y"},
    ]
    hostile = ["[" * 5000, "null", "#", *map(json.dumps, lines)]
    (box.folder / "other.jsonl").write_text("\n".join(hostile) + "\n", encoding="utf-8")
    assert box.read() == [good]
    (tmp_path / "votes" / "not ours").mkdir()
    assert list(boxes(tmp_path)) == [STUDY]
