"""Asking leave right before a request goes out."""

from __future__ import annotations

import threading

import pytest

from imgcell import errors
from imgcell.client.guarding import guarded
from imgcell.errors import OutcomeUnknownError
from imgcell.origin import for_sweep


class Notes:
    """A guard that writes down what it is asked."""

    def __init__(self, refuses=False):
        self.told = []
        self.threads = set()
        self._refuses = refuses

    def take(self, origin):
        """Note the question."""
        self.threads.add(threading.current_thread().name)
        self.told.append(("take", origin.sweep, origin.place, origin.step))
        if self._refuses:
            raise OutcomeUnknownError("taken")

    def give_back(self, origin):
        """Note the answer."""
        self.told.append(("back", origin.sweep, origin.place, origin.step))


def test_asked_before_a_request_and_told_nothing_more_when_it_was_paid(client, server):
    """One question for one request, with the place it is for; what is paid for is not given back."""
    notes = Notes()
    with guarded(notes), for_sweep("w-1", 3, 1):
        client.generate("a lighthouse")
    assert notes.told == [("take", "w-1", 3, 1)]
    assert len(server.posts) == 1


def test_a_refusal_of_the_guard_sends_nothing(client, server, imgcell_home):
    """Where somebody else has the right, not a byte goes out, and no line says that one did."""
    with guarded(Notes(refuses=True)), pytest.raises(OutcomeUnknownError):
        client.generate("a lighthouse")
    assert len(server.posts) == 0
    assert client.library.requests() == []


def test_what_was_certainly_not_charged_is_given_back(client, server):
    """A refusal by the provider leaves the right to whoever tries it next."""
    server.play("quota")
    notes = Notes()
    with guarded(notes), for_sweep("w-1", 0), pytest.raises(errors.QuotaExceededError):
        client.generate("a lighthouse")
    assert notes.told == [("take", "w-1", 0, 0), ("back", "w-1", 0, 0)]


def test_what_cannot_be_written_down_is_given_back(client, server, monkeypatch):
    """The ledger refuses after the guard agreed: nothing was sent, so the right is free again."""
    from imgcell.ledger import Ledger

    def full(self, facts, *, room):
        raise errors.StorageError("full")

    monkeypatch.setattr(Ledger, "open", full)
    notes = Notes()
    with guarded(notes), pytest.raises(errors.StorageError):
        client.generate("a lighthouse")
    assert [verb for verb, *_ in notes.told] == ["take", "back"]
    assert len(server.posts) == 0


def test_nobody_waits_on_the_loop_for_a_guard(server):
    """A guard may ask another machine: even where nothing is kept on a disk it is not asked on the loop's own thread."""
    import imgcell
    from imgcell.portal import portal

    notes = Notes()
    with imgcell.Client("sandbox", base_url=server.url("sandbox"), library=False) as client, guarded(notes):
        client.generate("a lighthouse")
        loop = next(thread.name for thread in threading.enumerate() if thread.ident == portal()._thread.ident)
    assert notes.threads
    assert loop not in notes.threads


def test_outside_of_the_block_nobody_is_asked(client):
    """The guard is asked for what is made within, and for nothing else."""
    notes = Notes()
    with guarded(notes):
        pass
    client.generate("a lighthouse")
    assert notes.told == []
