"""Which function it was: a cell that is run again defines its functions anew, and what they found before still holds.

A function is the same if its code, its defaults and everything that it reaches from outside of itself are: plain values by
what they are, functions by their own code, and any other object (a model, a client) only if it is that very object.
"""

from __future__ import annotations

import hashlib
import types
import weakref
from typing import Any

__all__ = ["Same", "fingerprint"]

_PLAIN = (str, bytes, int, float, complex, bool, type(None))
#: How far is looked along functions that call functions.
_DEEP = 6


class Same:
    """An object that equals only itself, and nothing once it is gone: its place in memory may be another's then."""

    __slots__ = ("_hash", "_held")

    def __init__(self, value: object) -> None:
        self._hash = id(value)
        try:
            self._held: Any = weakref.ref(value)
        except TypeError:
            self._held = lambda: value  # what cannot be referred to weakly is kept

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and (mine := self._held()) is not None and mine is other._held()

    def __hash__(self) -> int:
        return self._hash


def fingerprint(function: Any) -> tuple[Any, ...]:
    """Return what stands for *function* in the memory of what was measured; it can be hashed and compared."""
    return _of(function, _DEEP, set())


def _of(value: Any, deep: int, seen: set[int]) -> tuple[Any, ...]:
    if isinstance(value, _PLAIN):
        return (type(value).__name__, repr(value))
    if isinstance(value, types.ModuleType):
        return ("module", value.__name__)
    if id(value) in seen:
        return ("again",)
    if isinstance(value, (tuple, list, frozenset, set, dict)) and len(value) <= 1000 and deep:
        # A list may be changed behind our back: it is what it holds now.
        items = value.items() if isinstance(value, dict) else sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
        return (type(value).__name__, *(_of(item, deep - 1, seen | {id(value)}) for item in items))
    if isinstance(value, types.FunctionType) and deep:
        return _function(value, deep - 1, seen | {id(value)})
    if isinstance(value, types.MethodType) and deep:
        return ("method", _of(value.__func__, deep - 1, seen), Same(value.__self__))
    if isinstance(value, types.BuiltinFunctionType) and value.__module__:
        return ("builtin", value.__module__, value.__qualname__)
    return ("object", Same(value))


def _function(function: types.FunctionType, deep: int, seen: set[int]) -> tuple[Any, ...]:
    code = function.__code__
    outside = []
    for name in sorted(_names(code)):
        if name in function.__globals__:
            outside.append((name, _of(function.__globals__[name], deep, seen)))
    cells = []
    for cell in function.__closure__ or ():
        try:
            cells.append(_of(cell.cell_contents, deep, seen))
        except ValueError:
            cells.append(("empty",))
    defaults = _of((function.__defaults__, function.__kwdefaults__), deep, seen)
    return ("function", function.__qualname__, _digest(code), defaults, tuple(outside), tuple(cells))


def _names(code: types.CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return set(code.co_names).union(*(_names(one) for one in inner))


def _digest(code: types.CodeType) -> str:
    digest = hashlib.sha256(code.co_code)
    digest.update(repr((code.co_names, code.co_varnames, code.co_freevars, code.co_argcount, code.co_kwonlyargcount)).encode())
    for constant in code.co_consts:
        digest.update((_digest(constant) if isinstance(constant, types.CodeType) else repr(constant)).encode() + b"\0")
    return digest.hexdigest()
