"""Small facts that several processes keep together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imgcell.files import lock
from imgcell.files.shared import change, look

_COUNT = """
import sys
from pathlib import Path
from imgcell.files.shared import change

def one_more(facts):
    facts["count"] = facts.get("count", 0) + 1

for _ in range(50):
    change(Path(sys.argv[1]), one_more, wait=30)
"""


def test_changes_of_several_processes_all_count(tmp_path: Path) -> None:
    """Four processes count to fifty each: two hundred, and nothing else is left behind."""
    path = tmp_path / "folder" / "count.json"
    counting = [subprocess.Popen([sys.executable, "-c", _COUNT, str(path)]) for _ in range(4)]
    assert [process.wait(60) for process in counting] == [0, 0, 0, 0]
    assert look(path) == {"count": 200}
    assert sorted(file.name for file in path.parent.iterdir()) == ["count.json", "count.json.lock"]


def test_what_edit_returns_is_returned(tmp_path: Path) -> None:
    """And the file says what was changed; it is for the user alone."""
    path = tmp_path / "x.json"
    assert change(path, lambda facts: facts.setdefault("a", 7), wait=1) == 7
    assert json.loads(path.read_text()) == {"a": 7}
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_whoever_does_not_get_the_lock_is_told(tmp_path: Path) -> None:
    """TimeoutError, with the file as it was."""
    path = tmp_path / "x.json"
    change(path, lambda facts: facts.update(a=1), wait=1)
    held = lock.hold(tmp_path / "x.json.lock")
    assert held is not None
    with held, pytest.raises(TimeoutError):
        change(path, lambda facts: facts.update(a=2), wait=0.05)
    assert look(path) == {"a": 1}


def test_an_edit_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The error comes through, the file stays, and the lock is free again."""
    path = tmp_path / "x.json"
    change(path, lambda facts: facts.update(a=1), wait=1)
    with pytest.raises(ZeroDivisionError):
        change(path, lambda facts: facts.update(a=1 // 0), wait=1)
    assert change(path, dict, wait=1) == {"a": 1}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'{"a": "' + b"x" * 300_000 + b'"}'])
def test_what_cannot_be_read_counts_as_nothing(tmp_path: Path, content: bytes) -> None:
    """Damaged, foreign or far too large: an empty mapping, and the next change makes it whole."""
    path = tmp_path / "x.json"
    path.write_bytes(content)
    assert look(path) == {}
    change(path, lambda facts: facts.update(a=1), wait=1)
    assert look(path) == {"a": 1}
