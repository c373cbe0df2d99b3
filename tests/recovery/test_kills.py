"""Processes killed at random moments around the answers that they get: nothing that was answered is lost."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import time

import pytest

from imgcell.client.recovery import recover

#: SIGKILLs.
ROUNDS = int(os.environ.get("IMGCELL_KILLS", "300"))
#: Seconds after the answer's last byte within which the process is killed.
WITHIN = 0.060
KINDS = ("b64", "url", "edit b64", "edit url", "stream", "edit stream", "b64 x2", "raw", "b64 large", "url large", "url x2")


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL there")
def test_killed_around_the_answer(box, nurseries, look, tmp_path, record_testsuite_property):
    """In one library, while other kernels work in it and others recover it: what had come is a picture, the rest is told of."""
    home = tmp_path / "library"
    dice = random.Random(20261121)
    plans = [(number, dice.sample(KINDS, 4), dice.randint(1, 3), dice.uniform(0, WITHIN)) for number in range(ROUNDS)]
    lock = threading.Lock()
    failures = []

    def wait_for_answers(number, count):
        with box.arrived:
            assert box.arrived.wait_for(
                lambda: sum(sent.answered for sent in box.requests if f"round{number}." in sent.words) >= count, 60
            ), "no answer was asked for"

    def work(nursery):
        while not failures:
            with lock:
                if not plans:
                    return
                number, kinds, count, delay = plans.pop()
            try:
                process = nursery.start("loop", home, ",".join(f"{kind} round{number}." for kind in kinds))
                wait_for_answers(number, count)
                time.sleep(delay)
                os.kill(process, signal.SIGKILL)
                assert nursery.end() == -signal.SIGKILL
                if number % 10 == 0:
                    recover(home)
            except Exception as error:  # noqa: BLE001 - shown below
                failures.append(error)

    threads = [threading.Thread(target=work, args=(nursery,)) for nursery in nurseries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    recover(home)

    shelf = look(home)
    shelf.sound()
    states, pictures = shelf.states(), shelf.pictures()
    said = {}
    for line in shelf.lines():
        said.setdefault(line["attempt"], set()).add(line["state"])
    assert None not in states.values()
    in_spool = {hashlib.sha256((home / "spool" / name).read_bytes()).hexdigest() for name in shelf.spool()}
    answered = lost = on_the_way = 0
    stories = []
    for sent in box.requests:
        # Everything that reached the server is in the ledger, with its end.
        assert sent.attempt in states
        if not sent.answered:
            continue
        answered += len(sent.digests)
        if pictures.get(sent.attempt) == sent.digests:
            assert states[sent.attempt] == "done"
            continue
        # The process was killed before it had taken all of the answer from the network: the request is listed.
        assert states[sent.attempt] in ("unknown", "paid-unread", "paid-pending"), (sent.words[:300], said[sent.attempt])
        missing = set(sent.digests) - set(pictures.get(sent.attempt, ()))
        if said[sent.attempt] & {"answered", "url"} or in_spool & missing:
            lost += len(missing)
            stories.append((sent.words[-300:], states[sent.attempt], said[sent.attempt], [n for n in shelf.spool() if sent.attempt in n]))
        else:
            on_the_way += len(missing)
    record_testsuite_property(
        "figures", f"{ROUNDS} kills, {len(box.requests)} requests, {answered} pictures answered, {on_the_way} on the way, {lost} lost"
    )
    assert lost == 0, stories
    assert answered > ROUNDS
    # What was shown is there, and the index says what the files say.
    shown = set((home.with_suffix(".shown")).read_text().split())
    assert shown <= {digest for digests in pictures.values() for digest in digests}
    assert {row["attempt"]: row["state"] for row in shelf.library.requests()} == states
    assert sorted(record.id for record in shelf.library.find(limit=10_000)) == sorted(record.id for record in shelf.library.records())
