"""The whole client, ended at every step of a request: what the server answered is found again."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from imgcell.files import disk
from imgcell.ledger import pending, read_ledger
from imgcell.store import Library

STORY = """
import sys
from imgcell.files import disk

if "--list" in sys.argv:
    points = []
    disk.reach = lambda point: points.append(point)

import imgcell

base_url, home = sys.argv[1:3]
client = imgcell.Client("json-images", base_url=base_url, api_key="sk-x", library=home)
client.generate("a lighthouse")
print(*(dict.fromkeys(points) if "--list" in sys.argv else ["shown"]))
"""


def tell(raw: Any, home: Path, *flags: str, crash_at: str = "") -> tuple[int, str]:
    """Run the story in a process of its own; return its status and its words."""
    result = subprocess.run(
        [sys.executable, "-c", STORY, raw.base_url, str(home), *flags],
        env={**os.environ, "IMGCELL_CRASH_AT": crash_at},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode in (0, disk.CRASH_STATUS), result.stderr
    return result.returncode, result.stdout.strip()


def kept(home: Path) -> set[str]:
    """Return the digests of what is whole in spool and blobs."""
    paths = [*(home / "spool").glob("*.bin"), *(home / "blobs").rglob("?" * 64)]
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.parametrize("kind", ["b64", "url"])
def test_ended_at_every_step(raw: Any, answers: Any, tmp_path: Path, kind: str) -> None:
    """After the answer is in, its picture (or its address) is on disk whatever happens; before, the ledger knows of it."""
    answer = answers.picture()
    reference = answers.url(f"http://127.0.0.1:{raw.port}/a.png")

    def serve(connection: Any, request: Any) -> None:
        if request.line.startswith("GET"):
            answers.image()(connection, request)
        else:
            (answer if kind == "b64" else reference)(connection, request)

    raw.play(serve)
    status, said = tell(raw, tmp_path / "whole", "--list")
    assert status == 0
    points = said.split()
    assert len(points) > 20
    digest = hashlib.sha256(answers.png).hexdigest()

    def check(point: str) -> None:
        home = tmp_path / point
        status, _ = tell(raw, home, crash_at=point)
        assert status == disk.CRASH_STATUS, f"{point} was not reached"
        lines = list(read_ledger(home))
        states = {line["state"] for line in lines}
        if kind == "b64" and "answered" in states:
            assert digest in kept(home), point
        if "url" in states:
            assert any(line.get("url", "").endswith("/a.png") for line in lines), point
        if "done" in states:
            blob = Library(home).blob(digest)
            assert blob is not None, point
            assert blob.read() == answers.png, point
            assert len(list(Library(home).records())) == 1, point
        elif states:
            assert len(pending(home)) == 1, point

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(check, points))


def test_killed_while_waiting(raw: Any, answers: Any, tmp_path: Path) -> None:
    """A process that is killed while the provider works leaves a request in the ledger that has no end."""
    raw.play(answers.stall(raw))
    process = subprocess.Popen([sys.executable, "-c", STORY, raw.base_url, str(tmp_path)])
    killer = threading.Thread(target=lambda: (raw.wait_for(1), process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)))
    killer.start()
    assert process.wait(30) != 0
    killer.join()
    (attempt,) = pending(tmp_path)
    assert attempt["prompt"] == "a lighthouse"
    assert attempt["attempt"] == raw.requests[0].headers["x-client-request-id"]
