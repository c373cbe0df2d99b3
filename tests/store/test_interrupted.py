"""Deleting, bringing back, emptying, moving a library, making the index: the process may end at any step."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import pytest

from imgcell.files.disk import CRASH_STATUS
from imgcell.store import Library

_CALL = """
import sys
from pathlib import Path
from imgcell.store import Library
library = Library(Path(sys.argv[1]))
library.find()
verb, *arguments = sys.argv[2:]
if verb == "empty_trash":
    import datetime
    arguments = [datetime.timedelta(0)]
getattr(library, verb)(*arguments)
"""


def end_at(point, *words):
    """Do something with a library in a process that ends at *point*."""
    environment = {**os.environ, "IMGCELL_CRASH_AT": point}
    done = subprocess.run([sys.executable, "-c", _CALL, *map(str, words)], env=environment, timeout=60, check=False)
    assert done.returncode == CRASH_STATUS, point


@pytest.mark.parametrize("point", ["trash-record.before", "trash-record.after", "trash-blob.before", "trash-blob.after"])
def test_deleting_may_end_at_any_step(library, home, made, point):
    """The picture is here or in the trash, whole; deleting and bringing back go on from there."""
    record, other = made("灯塔"), made("海边")
    library.find()
    end_at(point, home, "delete", record.id)
    after = Library(home)
    assert after.verify().ok
    deleted = point != "trash-record.before"
    assert after.find() == ([other] if deleted else [other, record])
    assert after.trash() == ([record] if deleted else [])
    if not deleted:
        after.delete(record.id)
    after.restore(record.id)
    assert after.find("灯塔") == [record]
    assert after.picture(record.id).record == record
    assert after.verify().ok


@pytest.mark.parametrize("point", ["restore-blob.before", "restore-blob.after", "restore-record.before", "restore-record.after"])
def test_bringing_back_may_end_at_any_step(library, home, made, point):
    """So may that."""
    record = made("灯塔")
    library.delete(record.id)
    end_at(point, home, "restore", record.id)
    after = Library(home)
    assert after.verify().ok
    back = point == "restore-record.after"
    assert after.find("灯塔") == ([record] if back else [])
    if not back:
        after.restore(record.id)
    assert after.picture(record.id).record == record
    assert after.verify().ok


@pytest.mark.parametrize(
    "point", ["annotation-create.after", "annotation.torn", "annotation.after", "trash-empty-remove.before", "trash-empty-remove.after"]
)
def test_emptying_may_end_at_any_step(library, home, made, point):
    """What is removed has been written down before; bytes that are needed are never removed."""
    record, kept = made("gone", data=b"the same"), made("kept", data=b"the same")
    lone = made("lone")
    for each in (record, lone):
        library.delete(each.id)
    end_at(point, home, "empty_trash")
    after = Library(home)
    assert after.verify().ok
    assert after.find() == [kept]
    assert after.blob(kept.sha256).read() == b"the same"


_POINTS = ["transfer-blob-create.after", "transfer-blob-write.torn", "transfer-blob.before", "transfer-blob.after"]
_POINTS += ["transfer-record-write.torn", "transfer-record.after", "transfer-lines-write.torn", "transfer-lines.after"]


@pytest.mark.parametrize("point", _POINTS)
def test_bringing_in_may_end_at_any_step(library, home, made, tmp_path, point):
    """What came is whole; bringing in again brings the rest."""
    records = [made("灯塔"), made("海边")]
    made(state="unknown")
    other = tmp_path / "other"
    end_at(point, other, "import_", home)
    after = Library(other)
    assert after.verify().ok
    assert all(after.blob(found.sha256).read() == library.blob(found.sha256).read() for found in after.find())
    after.import_(home)
    assert after.find() == records[::-1]
    assert after.totals() == library.totals()
    assert after.verify().ok


@pytest.mark.parametrize("point", ["transfer-blob-write.torn", "transfer-record.before", "export-write.torn", "export.after"])
def test_writing_out_may_end_at_any_step(library, home, made, tmp_path, point):
    """What is outside is whole; writing out again completes it."""
    made("灯塔"), made("海边")
    end_at(point, home, "export", tmp_path / "out")
    library.export(tmp_path / "out")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copy = Library(tmp_path / "out")
        assert copy.find() == library.find()
        assert copy.verify().ok
    assert library.verify().ok


_REBUILD = """
import sys
from pathlib import Path
from imgcell.store import Library
library = Library(Path(sys.argv[1]))
while True:
    print("again", flush=True)
    library.rebuild()
"""


def test_making_the_index_may_end_at_any_moment(library, home, made):
    """Killed again and again while it is made: the next one who asks has everything, with nothing set aside."""
    records = [made(f"灯塔 {number}") for number in range(60)]
    for number in range(12):
        worker = subprocess.Popen([sys.executable, "-c", _REBUILD, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in range(1 + number // 4):
            worker.stdout.readline()
        try:
            worker.wait(0.002 * number)
        except subprocess.TimeoutExpired:
            worker.kill()
        worker.communicate()
        assert Library(home).find("灯塔", limit=None) == records[::-1]
    assert Library(home).verify().ok
    assert not list(home.glob("*damaged*"))
