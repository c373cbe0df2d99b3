"""Which function it was, across runs of the cell that defines it."""

from __future__ import annotations

import functools
import gc

import numpy as np

from imgcell.measures.fingerprint import fingerprint

CELL = """
import math
threshold = {threshold}
def part(value):
    return value * {factor}
def judge(picture, scale={scale}):
    return part(math.sqrt(picture)) * scale > threshold
"""


def defined(**values):
    """What a cell defines that was run with these values."""
    names = {}
    exec(CELL.format(**{"threshold": 1, "factor": 2, "scale": 3, **values}), names)
    return names["judge"]


def test_the_same_cell_run_again_is_the_same_function():
    """Another object with the same code, defaults and surroundings is known again."""
    one, other = defined(), defined()
    assert one is not other
    assert fingerprint(one) == fingerprint(other)
    assert hash(fingerprint(one)) == hash(fingerprint(other))


def test_whatever_changes_what_it_would_say_makes_it_another():
    """Its defaults, the plain values that it reads, and the functions that it calls are part of it."""
    own = fingerprint(defined())
    assert fingerprint(defined(scale=4)) != own
    assert fingerprint(defined(threshold=2)) != own
    assert fingerprint(defined(factor=5)) != own


def test_what_it_closes_over_is_part_of_it():
    """The same text with another model name is another judge."""

    def make(model, extra):
        return lambda picture: (model, extra, picture)

    assert fingerprint(make("a", [1])) == fingerprint(make("a", [1]))
    assert fingerprint(make("a", [1])) != fingerprint(make("b", [1]))
    assert fingerprint(make("a", [1])) != fingerprint(make("a", [2]))


def test_an_object_is_only_itself():
    """A model that was loaded again may have learned; one that is gone is nobody's equal."""

    class Model:
        def judge(self, picture):
            return 1

    def make(model):
        return lambda picture: model

    first, second = Model(), Model()
    assert fingerprint(make(first)) == fingerprint(make(first))
    assert fingerprint(make(first)) != fingerprint(make(second))
    gone = fingerprint(make(Model()))
    gc.collect()
    assert gone != fingerprint(make(first))
    assert fingerprint(first.judge) == fingerprint(first.judge) != fingerprint(second.judge)


def test_anything_that_can_be_called_has_one():
    """Builtins, partials, ufuncs, classes, functions that call themselves."""

    def itself(value):
        return itself(value) if value else value

    for function in (len, functools.partial(max, 2), np.sqrt, int, itself, str.upper):
        assert fingerprint(function) == fingerprint(function)
        hash(fingerprint(function))
