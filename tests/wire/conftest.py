"""Pictures to hand in, and a driver for flows."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from imgcell.jobs import InputImage
from imgcell.wire.flow import Call, Event, Final, Flow, NextEvent, Partial, Pause, Reply


def run_flow(flow: Flow, *answers: Reply | Event | BaseException | None) -> SimpleNamespace:
    """Drive *flow*, handing out *answers* to its calls and requests for events, in order."""
    told = SimpleNamespace(calls=[], finals=[], partials=[], error=None, asked_events=0)
    waiting = iter(answers)
    value: Any = None
    failure: BaseException | None = None
    try:
        while True:
            step = flow.throw(failure) if failure is not None else flow.send(value)
            value = failure = None
            if isinstance(step, (Call, NextEvent)):
                if isinstance(step, Call):
                    told.calls.append(step)
                else:
                    told.asked_events += 1
                answer = next(waiting)
                if isinstance(answer, BaseException):
                    failure = answer
                else:
                    value = answer
            elif isinstance(step, Final):
                told.finals.append(step)
            elif isinstance(step, Partial):
                told.partials.append(step)
            else:
                assert isinstance(step, Pause)
    except StopIteration:
        told.left = list(waiting)
    except Exception as error:  # noqa: BLE001 - the test looks at it
        told.error = error
        told.left = list(waiting)
    return told


@pytest.fixture
def drive():
    """The driver of flows."""
    return run_flow


@pytest.fixture
def pictures():
    """Return a function that makes some input pictures: small ones, in memory."""

    def make(count: int) -> Iterable[InputImage]:
        return [
            InputImage("image/png", data=b"\x89PNG\r\n\x1a\n" + bytes([number]) * 20, width=64, height=64, size=28, sha256=f"{number:064x}")
            for number in range(1, count + 1)
        ]

    return make
