"""Locks between processes: held as long as the process lives, never longer."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from imgcell.files.lock import hold

HOLDER = """
import sys
from pathlib import Path
from imgcell.files.lock import hold
held = hold(Path(sys.argv[1]))
assert held is not None
print("held", flush=True)
sys.stdin.read()
"""


def test_one_holder_at_a_time(tmp_path):
    """A second one gets nothing, also in the same process; after the release it does."""
    path = tmp_path / "x.lock"
    with hold(path):
        assert hold(path) is None
    again = hold(path)
    assert again is not None
    again.release()
    again.release()


def test_a_killed_process_holds_nothing(tmp_path):
    """The lock of a living process is not to be had; that of one which was killed is."""
    path = tmp_path / "x.lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    assert hold(path) is None
    holder.kill()
    holder.communicate()
    with hold(path) as held:
        assert held is not None


def test_whoever_waits_gets_it_when_it_is_free(tmp_path):
    """Within the seconds that it is willing to wait."""
    path = tmp_path / "x.lock"
    first = hold(path)
    threading.Timer(0.1, first.release).start()
    with hold(path, wait=20) as second:
        assert second is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_cannot_let_go_of_its_parents_lock(tmp_path):
    """Whatever the child does with the object it inherited, and however it ends, the parent still holds the lock."""
    script = """
import os, sys
from pathlib import Path
from imgcell.files.lock import hold
held = hold(Path(sys.argv[1]))
child = os.fork()
if child == 0:
    try:
        held.release()
    finally:
        del held
        sys.exit(0)
os.waitpid(child, 0)
assert hold(Path(sys.argv[1])) is None
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script, str(tmp_path / "x.lock")], check=True, timeout=60)


def test_no_folder_no_lock(tmp_path):
    """Where no file can be made the caller is told."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        hold(tmp_path / "file" / "x.lock")
