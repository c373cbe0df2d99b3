"""Lines that are added to a folder: durable, in order, one file a process, whatever happened to the file meanwhile."""

from __future__ import annotations

import json
import threading

import pytest

from imgcell.files import disk
from imgcell.files.appended import Appended


def lines(folder):
    """What all files of a folder say, by time."""
    found = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines() if line.startswith("{")]
    return sorted(found, key=lambda line: line["time"])


def test_lines_of_many_threads_are_whole_and_have_times_of_their_own(tmp_path):
    """Nothing is torn or lost, and no two have the same time."""
    added = Appended(tmp_path / "folder", "line")

    def say(name):
        for number in range(10):
            added.append({"name": name, "number": number})

    threads = [threading.Thread(target=say, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = lines(tmp_path / "folder")
    assert len({line["time"] for line in told}) == len(told) == 40
    assert all([line["number"] for line in told if line["name"] == name] == list(range(10)) for name in "abcd")
    assert len(list((tmp_path / "folder").glob("*.jsonl"))) == 1


def test_every_file_begins_with_its_head(tmp_path):
    """Also one that is made because the first is gone."""
    added = Appended(tmp_path, "line", {"head": True})
    added.append({"number": 1})
    assert [line.get("head") for line in lines(tmp_path)].count(True) == 1
    (first,) = tmp_path.glob("*.jsonl")
    first.unlink()
    added.append({"number": 2})
    assert [(line.get("head"), line.get("number")) for line in lines(tmp_path)] == [(True, None), (None, 2)]


def test_what_could_not_be_written_is_an_error_and_the_next_line_is_whole(tmp_path, monkeypatch):
    """A disk that takes half a line: that one is an error, the next one stands by itself."""
    added = Appended(tmp_path, "line")
    added.append({"number": 1})
    write = disk._write

    def half(descriptor, data):
        write(descriptor, bytes(data)[:7])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(disk, "_write", half)
        with pytest.raises(OSError, match="No space"):
            added.append({"number": 2})
    added.append({"number": 3})
    whole = [line for path in tmp_path.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert [json.loads(line)["number"] for line in whole if line.endswith("}")] == [1, 3]
