"""Whether something is what :mod:`imgcell.widget.protocol` says it should be.  Whatever comes from a page is untrusted."""

from __future__ import annotations

import types
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.widget.limits import Most, Span

__all__ = ["check"]


def check(value: Any, hint: Any, where: str = "") -> Any:
    """Return *value* as *hint* describes it: a copy with no lone surrogates in its texts.

    Args:
        value: Anything that JSON can say.
        hint: A type of the protocol.
        where: What to call it in a message.

    Raises:
        InvalidJobError: It is something else, too long, out of range, or has fields that nobody knows.
    """
    if is_typeddict(hint):
        return _fields(value, hint, where)
    kind, inner = get_origin(hint), get_args(hint)
    if kind is Annotated:
        return _bounded(check(value, inner[0], where), inner[1:], where)
    if kind is Literal:
        # True == 1, and 1.0 == 1: the type counts as well.
        if not any(type(value) is type(one) and value == one for one in inner):
            raise _wrong(where)
        return value
    if kind in (Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        (rest,) = [one for one in inner if one is not type(None)]
        return check(value, rest, where)
    if kind is list:
        if not isinstance(value, list) or len(value) > 1000:
            raise _wrong(where)
        return [check(item, inner[0], f"{where}[{place}]") for place, item in enumerate(value)]
    if hint is str and isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if hint is bool and isinstance(value, bool):
        return value
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    # JavaScript has one kind of number.
    if hint is int and isinstance(value, float) and value.is_integer():
        return int(value)
    raise _wrong(where)


def _fields(value: Any, hint: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(where)
    wanted = _hints(hint)
    if value.keys() != wanted.keys():
        names = sorted(str(name)[:40] for name in value.keys() ^ wanted.keys())
        raise InvalidJobError(tr("The page sent a message with other fields than expected: {names}.", names=", ".join(names)[:200]))
    return {name: check(value[name], one, f"{where}.{name}" if where else name) for name, one in wanted.items()}


@cache
def _hints(hint: Any) -> dict[str, Any]:
    return get_type_hints(hint, include_extras=True)


def _bounded(value: Any, bounds: tuple[Any, ...], where: str) -> Any:
    for bound in bounds:
        if isinstance(bound, Span):
            if not bound.low <= value <= bound.high:
                raise InvalidJobError(
                    tr(
                        "{field} is a whole number from {low} to {high}, not {value}.",
                        field=where,
                        low=bound.low,
                        high=bound.high,
                        value=value,
                    )
                )
        elif bound.count < (len(value) if isinstance(bound, Most) else max(map(len, value), default=0)):
            raise _long(where, bound.count)
    return value


def _wrong(where: str) -> InvalidJobError:
    return InvalidJobError(tr("The page sent something unexpected as {field}.", field=where or "?"))


def _long(where: str, most: int) -> InvalidJobError:
    return InvalidJobError(tr("{field} is too long: at most {most}.", field=where, most=most))
