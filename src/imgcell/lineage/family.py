"""Who belongs to a picture: its ancestors, its descendants, and the main line between the first of them and itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from imgcell.lineage.holdings import State, is_given

if TYPE_CHECKING:
    from imgcell.lineage.holdings import Holdings
    from imgcell.pictures.record import Record

__all__ = ["MOST", "Family", "Input", "Member", "asked_for", "inputs_of", "main_line", "trace"]

#: Pictures of a family that are looked up at most.
MOST = 200
#: ... and steps of a main line; numbers of steps begin there.
_LONGEST = 10_000


@dataclass(frozen=True)
class Input:
    """One input picture of an edit.

    Attributes:
        id: Of the picture that it is or was made from: ``"p-…"``, or ``"sha256:…"`` for one of the user's own.
        sent: ``"sha256:…"`` of the bytes as sent; ``None`` if an early version did not note it.
        modified: Whether the user's own code changed it in between.
    """

    id: str
    sent: str | None
    modified: bool = False


@dataclass(frozen=True)
class Member:
    """One picture of a family.

    Attributes:
        id: Its id.
        state: What is there of it.
        record: How it was made; ``None`` where only the id is known, and for given pictures.
        inputs: What it was made from, in order.
        main: The input below which it stands in the tree; ``None`` if it was made from words.
    """

    id: str
    state: State
    record: Record | None
    inputs: tuple[Input, ...] = ()
    main: Input | None = None


@dataclass(frozen=True)
class Family:
    """A picture's relatives.

    Attributes:
        id: The picture.
        members: All that were found, by id.
        line: Ids of the main line, oldest first, the picture last; only pictures that imgcell made.
        complete: Whether nobody was left out for there being too many.
    """

    id: str
    members: dict[str, Member] = field(default_factory=dict)
    line: tuple[str, ...] = ()
    complete: bool = True

    def below(self) -> tuple[list[str], dict[str, list[str]]]:
        """Return the roots (the main line's first) and, by id, who stands below whom; every member exactly once."""
        children: dict[str, list[str]] = {name: [] for name in self.members}
        roots: list[str] = []
        for name in sorted(self.members, key=self._age):
            main = self.members[name].main
            if main is not None and main.id in self.members and main.id != name and not self._circular(name):
                children[main.id].append(name)
            else:
                roots.append(name)
        first = next((name for name in self.line if name in self.members), self.id)
        seen = {first}
        while (main := self.members[first].main) is not None and main.id in self.members and main.id not in seen and first not in roots:
            first = main.id
            seen.add(first)
        return sorted(roots, key=lambda name: name != first), children

    def _age(self, name: str) -> tuple[bool, float, str]:
        record = self.members[name].record
        return (record is None, record.created.timestamp() if record is not None else 0.0, name)

    def _circular(self, name: str) -> bool:
        """Whether going up from *name* comes back to it: only files that somebody wrote by hand do that."""
        at: str | None = name
        seen: set[str] = set()
        while at is not None and at in self.members and at not in seen:
            seen.add(at)
            main = self.members[at].main
            at = main.id if main is not None else None
        return at is not None and at in seen


def inputs_of(record: Record) -> tuple[Input, ...]:
    """Return what a picture was made from."""
    sent = [*record.inputs, *[None] * len(record.parents)]
    return tuple(
        Input(name, sent[place] or (name if is_given(name) else None), place in record.modified)
        for place, name in enumerate(record.parents)
    )


def asked_for(record: Record, holdings: Holdings) -> Record:
    """Return the record of what was asked of a provider: of a picture whose rest was kept that of the result as it came.

    Mended and as it came are one step: a job makes both.
    """
    of = record.kept.get("of") if record.kept is not None else None
    return (holdings.record(of) if isinstance(of, str) else None) or record


def main_line(name: str, holdings: Holdings) -> tuple[str, ...]:
    """Return the ids of the main line that ends in *name*, oldest first.

    From a picture it goes on to the first of its inputs that imgcell made, for as long as it is known how.  Where the rest of a
    picture was kept, the result as the provider sent it is no step of its own.
    """
    line: dict[str, None] = {}  # a set that keeps its order
    at: str | None = name
    while at is not None and at not in line and len(line) < _LONGEST:
        line[at] = None
        record = holdings.record(at)
        found = _main(inputs_of(asked_for(record, holdings))) if record is not None else None
        at = found.id if found is not None and not is_given(found.id) and holdings.record(found.id) is not None else None
    return tuple(reversed(line))


def trace(name: str, holdings: Holdings, most: int = MOST) -> Family:
    """Return the family of a picture: ancestors first, then descendants, at most *most*."""
    members: dict[str, Member] = {}
    same: dict[str, str] = {}
    line = main_line(name, holdings)
    complete = True

    def add(found: str) -> Member:
        record = holdings.record(found)
        inputs = inputs_of(record) if record is not None and not is_given(found) else ()
        # A picture that was saved and handed in as a file is still that picture.
        inputs = tuple(replace(one, id=same[one.id]) if one.id in same else one for one in inputs)
        if record is not None and not is_given(found):
            same.setdefault(f"sha256:{record.sha256}", found)
        member = members[found] = Member(found, holdings.state(found), record, inputs, _main(inputs))
        return member

    waiting = deque([*reversed(line), name])
    while waiting:
        found = waiting.popleft()
        if found in members:
            continue
        if len(members) >= most:
            complete = False
            break
        member = add(found)
        for one in member.inputs:
            # A picture of the user's own has a place in the tree if an edit begins with it; else the edge shows it.
            if one.id not in members and (not is_given(one.id) or one is member.main):
                waiting.append(one.id)
    waiting = deque([name])
    while waiting:
        for record in holdings.children(waiting.popleft()):
            if record.id in members:
                continue
            if len(members) >= most:
                complete = False
                waiting.clear()
                break
            add(record.id)
            waiting.append(record.id)
    return Family(name, members, line, complete)


def _main(inputs: tuple[Input, ...]) -> Input | None:
    # Whether or not it is still there: steps keep their numbers when a picture is deleted.
    return next((one for one in inputs if not is_given(one.id)), next(iter(inputs), None))
