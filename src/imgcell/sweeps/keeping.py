"""A sweep as a file of the library: ``<home>/sweeps/<id>.json``, and its pictures as blobs beside all others.

The file says what the sweep consists of, never a key, and never what became of it: that is in the ledger.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgcell.client.client import Client
from imgcell.errors import InvalidJobError, StorageError
from imgcell.files import disk
from imgcell.files.lock import Held as Lock
from imgcell.files.lock import hold
from imgcell.language import tr
from imgcell.pictures.showing import Column, as_html, as_text
from imgcell.pictures.words import clean, clip
from imgcell.sweeps.axes import FIELDS, MOST, VARIANT, Axis, Choice, Design, Together
from imgcell.sweeps.task import Held

if TYPE_CHECKING:
    from imgcell.sweeps.holding import Holder
    from imgcell.sweeps.sweeping import Sweep

__all__ = ["SweepList", "claim", "clients", "held", "listed", "load", "names_in", "release", "save"]

_NAME = re.compile(r"sweep-[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
_MOST_BYTES = 20_000_000
#: Sweeps that a list shows: what became of the cells of each is looked up in the ledger.
_LISTED = 20


def clients(home: Path | None, given: Mapping[str, Client] | None = None) -> Callable[[Any], Client]:
    """Return what makes a client of what is given as ``provider=``: one for each value, however often it is asked for."""
    made: dict[str | None, Client] = {}

    def client(value: Any) -> Client:
        if isinstance(value, Client):
            return value
        if isinstance(value, Address):
            if given is not None and value.label in given:
                return given[value.label]
            name = json.dumps([value.provider, value.base_url])
            if name not in made:
                made[name] = Client(value.provider, base_url=value.base_url, library=home if home is not None else False)
            return made[name]
        if value is not None and not isinstance(value, str):
            raise InvalidJobError(tr("provider must be a name or a Client, not {value}.", value=repr(value)))
        if given is not None and value is not None and value in given:
            return given[value]
        if value not in made:
            made[value] = Client(value, library=home if home is not None else False)
        return made[value]

    return client


@dataclasses.dataclass(frozen=True)
class Address:
    """A provider at an address of its own, as the file of a sweep names it."""

    label: str
    provider: str
    base_url: str | None


def held(design: Design, holder: Holder) -> Design:
    """Return *design* with its pictures and masks in the library.

    Raises:
        InvalidJobError: One of them is no picture.
        StorageError: One of them could not be kept.
    """

    def kept(name: str, value: Any) -> Any:
        if value is None:
            return None
        if name == "images":
            return holder.images(value)
        if name == "mask":
            return holder.image(value)
        if isinstance(value, Together):
            return Together({field: kept(field, one) for field, one in value.items()})
        return value

    axes = tuple(Axis(a.name, tuple(Choice(c.label, _tolerant(kept, a.name, c.value)) for c in a.choices)) for a in design.axes)
    return dataclasses.replace(design, axes=axes, fixed={name: kept(name, value) for name, value in design.fixed.items()})


def _tolerant(kept: Callable[[str, Any], Any], name: str, value: Any) -> Any:
    """Return what is kept; what is no picture stays as it is, and makes its own cells impossible, not all of them."""
    try:
        return kept(name, value)
    except InvalidJobError:
        return value


def save(sweep: Sweep) -> None:
    """Write the file of *sweep*, durably.

    Raises:
        StorageError: It could not be written; nothing may be sent.
        InvalidJobError: A value cannot be written as JSON.
    """
    assert sweep.home is not None
    design = sweep.design
    document = {
        "v": 1,
        "id": sweep.id,
        "created": sweep.created.isoformat(),
        "n": design.n,
        "order": design.order,
        "seed": design.seed,
        "axes": [
            {"name": axis.name, "choices": [{"label": one.label, "value": _plain(axis.name, one.value, one.label)} for one in axis.choices]}
            for axis in design.axes
        ],
        "fixed": {name: _plain(name, value, "") for name, value in design.fixed.items()},
        "replayed": {str(place): name for place, name in sorted(sweep._replayed.items())},
    }
    try:
        data = json.dumps(document, ensure_ascii=True, indent=1).encode("ascii") + b"\n"
    except (TypeError, ValueError) as error:
        raise InvalidJobError(
            tr("A value of this sweep cannot be written down: {reason}.", reason=str(error)),
            hint=tr("extra= takes what JSON has: texts, numbers, lists, mappings."),
        ) from None
    try:
        disk.make_folder(sweep.home / "sweeps")
        disk.store(_path(sweep.home, sweep.id), data, "sweep")
    except OSError as error:
        raise StorageError(
            tr(
                "The sweep cannot be kept in {folder} ({reason}), so nothing was sent.",
                folder=str(sweep.home),
                reason=error.strerror or str(error),
            ),
            hint=tr("Make the folder writable, or name another with library= or IMGCELL_HOME; library=False keeps nothing."),
        ) from error


def load(kind: type[Sweep], home: Path, name: str | None, given: Mapping[str, Client]) -> Sweep:
    """See :meth:`Sweep.load`."""
    names = names_in(home)
    found = [one for one in names if name is None or one.startswith(name)]
    if not found:
        raise InvalidJobError(
            tr("The library has no sweep {name}.", name=repr(name)) if name is not None else tr("The library has no sweep."),
            hint=tr("imgcell.Sweep.all() lists those that it has."),
        )
    if name is not None and len(found) > 1:
        raise InvalidJobError(tr("{name} is the beginning of several sweeps: {names}.", name=repr(name), names=", ".join(found[:5])))
    document = _read(home, found[0])
    try:
        return kind(
            _design(document),
            clients(home, given),
            home,
            id=document["id"],
            created=dt.datetime.fromisoformat(document["created"]),
            replayed={int(place): str(one) for place, one in document.get("replayed", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _broken(home, found[0], f"{type(error).__name__}: {error}") from error


def _design(document: Mapping[str, Any]) -> Design:
    axes = tuple(
        Axis(axis["name"], tuple(Choice(str(one["label"]), _value(axis["name"], one["value"])) for one in axis["choices"]))
        for axis in document["axes"]
    )
    if any(axis.name not in (*FIELDS, VARIANT) or not axis.choices for axis in axes) or not set(document["fixed"]) <= set(FIELDS):
        raise ValueError(tr("it names a field that there is not"))
    order, n = document["order"], document["n"]
    if order not in ("interleaved", "random", "listed") or type(n) is not int or n < 1:
        raise ValueError(tr("wrong values: {names}", names="n, order"))
    made = Design(axes, {name: _value(name, value) for name, value in document["fixed"].items()}, n, order, int(document["seed"]))
    if made.places > MOST:
        raise ValueError(tr("wrong values: {names}", names="axes"))
    return made


def _plain(name: str, value: Any, label: str) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Held):
        return {"picture": value.name, "parent": value.parent}
    if isinstance(value, Client):
        return {"provider": value.provider.name, "base_url": value._given_url, "label": label or value.provider.name}
    if isinstance(value, Address):
        return dataclasses.asdict(value)
    if isinstance(value, Together):
        return {"together": {field: _plain(field, one, label) for field, one in value.items()}}
    if name == "prompt" and isinstance(value, tuple):
        return {"chain": list(value)}
    if name in ("images", "mask"):
        if isinstance(value, list):
            return [_plain(name, one, label) for one in value]
        return value if isinstance(value, str) or value is None else {"unusable": clip(clean(repr(value)), 80)}
    if isinstance(value, Mapping):
        return dict(value)
    return value


def _value(name: str, value: Any) -> Any:
    """Return what :func:`_plain` wrote."""
    if name in (VARIANT, "provider") and isinstance(value, Mapping) and "together" in value:
        return Together({field: _value(field, one) for field, one in value["together"].items() if field in FIELDS})
    if name == "images" and isinstance(value, list):
        return [_value(name, one) for one in value]
    if name in ("images", "mask") and isinstance(value, Mapping) and "picture" in value:
        parent = value.get("parent")
        return Held(str(value["picture"]), str(parent) if parent is not None else None)
    if name == "provider" and isinstance(value, Mapping):
        url = value.get("base_url")
        return Address(str(value["label"]), str(value["provider"]), str(url) if url is not None else None)
    if name == "prompt" and isinstance(value, Mapping):
        return tuple(value["chain"])  # a step that is no text stays impossible
    return value


# -- one run at a time ---------------------------------------------------------------------------------------------------


def claim(home: Path | None, name: str) -> Lock | None:
    """Take the right to run the sweep *name*, for as long as it is held or the process lives.

    Raises:
        InvalidJobError: Another kernel runs it, or this one, through another value.
    """
    if home is None:
        return None
    try:
        disk.make_folder(home / "sweeps")
        lock = hold(home / "sweeps" / f"{name}.lock")
    except OSError:
        return None  # no locks here, or no right to write: saving it says so
    if lock is None:
        raise InvalidJobError(
            tr("This sweep is being run already, here or in another kernel."),
            hint=tr("Wait for it, or stop it there; imgcell.Sweep.load({name}).sheet shows what it has.", name=repr(name)),
        )
    return lock


def release(lock: Lock | None) -> None:
    """Give back what :func:`claim` took."""
    if lock is not None:
        lock.release()


# -- which there are -----------------------------------------------------------------------------------------------------


class SweepList(list["Sweep"]):
    """Sweeps of a library, the newest first; a table in a cell."""

    def __str__(self) -> str:
        return "\n".join([as_text(_columns(), self._rows()), *self._more()]) if self else tr("The library has no sweep.")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self:
            return f"<p>{html.escape(str(self))}</p>"
        return as_html(_columns(), self._rows()) + "".join(f"<div>{html.escape(line)}</div>" for line in self._more())

    def _more(self) -> list[str]:
        return [tr("… and {count} more", count=len(self) - _LISTED)] if len(self) > _LISTED else []

    def _rows(self) -> list[list[str]]:
        rows = []
        for one in self[:_LISTED]:
            sheet = one.sheet
            counted: dict[str, int] = {}
            for cell in sheet.cells:
                counted[cell.outcome] = counted.get(cell.outcome, 0) + 1
            axes = ", ".join(f"{name} ({len(values)})" for name, values in one.axes.items())
            rows.append(
                [
                    one.id,
                    f"{one.created.astimezone():%Y-%m-%d %H:%M}",
                    axes or "–",
                    str(len(one)),
                    *(str(counted.get(k, 0)) for k in _STATES),
                ]
            )
        return rows


_STATES = ("picture", "refused", "failed", "unknown", "not sent", "waiting")


def _columns() -> list[Column]:
    heads = (tr("pictures"), tr("refused"), tr("failed"), tr("may be charged"), tr("not sent"), tr("waiting"))
    return [
        Column(tr("sweep"), whole=True),
        Column(tr("made"), whole=True),
        Column(tr("axes")),
        Column(tr("cells"), right=True),
        *(Column(head, right=True) for head in heads),
    ]


def listed(home: Path) -> SweepList:
    """See :meth:`Sweep.all`; a file that cannot be read is left out."""
    from imgcell.sweeps.sweeping import Sweep

    found = SweepList()
    for name in names_in(home):
        try:
            found.append(load(Sweep, home, name, {}))
        except (StorageError, InvalidJobError):
            continue
    return found


def names_in(home: Path) -> list[str]:
    """Return the ids of the sweeps that are there, the newest first."""
    try:
        return sorted((path.stem for path in (home / "sweeps").glob("*.json") if _NAME.fullmatch(path.stem)), reverse=True)
    except OSError:
        return []


def _path(home: Path, name: str) -> Path:
    return home / "sweeps" / f"{name}.json"


def _read(home: Path, name: str) -> dict[str, Any]:
    try:
        with _path(home, name).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        document = json.loads(data) if len(data) <= _MOST_BYTES else None
    except OSError as error:
        raise _broken(home, name, error.strerror or str(error)) from error
    except (ValueError, RecursionError) as error:
        raise _broken(home, name, str(error)) from error
    if not isinstance(document, dict) or document.get("id") != name:
        raise _broken(home, name, tr("it is no sweep"))
    return document


def _broken(home: Path, name: str, reason: str) -> StorageError:
    return StorageError(
        tr("The file of this sweep cannot be read: {file} ({reason}).", file=str(_path(home, name)), reason=reason),
        hint=tr("Its pictures are in the library all the same: imgcell.history()."),
    )
