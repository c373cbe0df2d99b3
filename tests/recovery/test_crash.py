"""The whole client, ended at every named step of a request, then recovery in another process: nothing answered is lost."""

from __future__ import annotations

import hashlib
import threading
from collections import deque

import pytest

from imgcell.client.recovery import recover

#: Writes that may stop in the middle.
TORN = ("part", "extract", "record-write", "blob-write", "ledger-sending", "ledger-answered", "ledger-url", "ledger-done")


def digests_in(home):
    """Digests of all that lies in spool and blobs."""
    paths = [*(home / "spool").glob("*.bin"), *(home / "blobs").rglob("?" * 64)]
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.mark.parametrize("prompt", ["b64 x2", "url", "edit b64 large", "edit url", "stream"])
def test_every_step_may_be_the_last(box, nurseries, look, tmp_path, prompt):
    """Whatever was whole on the disk, or had its address there, is a picture with its record afterwards; the rest is unknown."""
    points = nurseries[0].run("once", tmp_path / "whole", prompt, listing=True)
    assert len(points) > 30
    points += [f"{step}.torn" for step in TORN if f"{step}.after" in points]
    waiting = deque(points)
    outcomes = {}
    failures = []

    def work(nursery):
        while waiting and not failures:
            point = waiting.popleft()
            try:
                outcomes[point] = check(point, nursery)
            except Exception as error:  # noqa: BLE001 - shown below, with its point
                failures.append(AssertionError(f"{point}: {error!r}"))

    def check(point, nursery):
        home = tmp_path / point
        nursery.run("once", home, prompt, point)
        before = look(home)
        begun = before.states()
        (attempt,) = begun or (None,)
        there = digests_in(home)
        known = {line["state"] for line in before.lines()}
        nursery.run("recover", home)
        after = look(home)
        after.sound()
        if attempt is None:
            assert not after.states()
            return "nothing"
        sent = box.by_attempt().get(attempt)
        pictures = after.pictures().get(attempt, [])
        state = after.states()[attempt]
        assert state is not None
        if sent is None:
            assert state == "unknown"
            return state
        assert [digest for digest in sent.digests if digest in pictures] == pictures
        if known & {"answered", "url", "done"}:
            assert pictures == sent.digests
        assert there & set(sent.digests) <= set(pictures)
        assert (state == "done") == (pictures == sent.digests)
        if state == "done":
            assert after.spool() == []
        # The index says what the files say.
        library = after.library
        assert [record.sha256 for record in sorted(library.find(), key=lambda record: record.index)] == pictures
        (row,) = library.requests()
        assert (row["attempt"], row["state"], row["came"]) == (attempt, state, len(pictures))
        lines = len(after.lines())
        recover(home)
        assert len(look(home).lines()) == lines
        return state

    threads = [threading.Thread(target=work, args=(nursery,)) for nursery in nurseries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    # The proof is worth something only if it saw all of them.
    assert set(outcomes.values()) >= {"nothing", "unknown", "done"}
