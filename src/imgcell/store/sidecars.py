"""Records as files: written in one form, read in all that there ever were, and never trusted."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

from imgcell.language import tr
from imgcell.pictures.record import Record
from imgcell.store.lines import is_deep
from imgcell.store.migrations import VERSION, migrate

__all__ = ["DIGEST", "ID", "MOST", "dump", "parse", "read"]

DIGEST = re.compile(r"[0-9a-f]{64}")
#: Only our own characters stand in names of files (RELIABILITY.md section 5.3).
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
#: Bytes of a sidecar: a prompt has thousands of characters, not millions.
MOST = 4_000_000

_TEXTS = ("prompt", "provider", "kind", "format")
_TEXTS_OR_NONE = ("revised_prompt", "model", "request_id", "attempt", "mask", "url", "job", "session", "notebook", "cell", "sweep")
_LISTS_OF_TEXTS = ("notes", "parents", "inputs")
_BASES = ("billed", "computed", "estimated", "free")
_NUMBERS = ("bytes", "index", "slot", "step")


def dump(record: Record) -> bytes:
    """Return the sidecar of *record*."""
    return json.dumps({"v": VERSION, **record.to_json()}, ensure_ascii=True, indent=1, default=str).encode("ascii") + b"\n"


def read(path: Path) -> Record:
    """Return the record in a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It holds no record with this name.
    """
    with path.open("rb") as file:
        data = file.read(MOST + 1)
    return parse(data, path.stem)


def parse(data: bytes, name: str) -> Record:
    """Return the record that *data* is.

    Args:
        data: A sidecar's bytes.
        name: The id that the record must have.

    Raises:
        ValueError: It is none; says what is wrong with it.
    """
    if len(data) > MOST:
        raise ValueError(tr("it is too long for a record"))
    try:
        document: Any = json.loads(data)
    except RecursionError:
        raise ValueError(tr("it is nested too deeply")) from None
    if is_deep(document):
        raise ValueError(tr("it is nested too deeply"))
    if not isinstance(document, dict):
        raise ValueError(tr("it is no JSON object"))  # noqa: TRY004  # for the caller, both are a file that holds no record
    return load(document, name)


def load(document: dict[str, Any], name: str | None = None) -> Record:
    """Return the record in *document* (of any version), with the id *name* if that is given.

    Raises:
        ValueError: A field has a value that it cannot have.
    """
    try:
        document = migrate(document)
        record = Record.from_json(document)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(tr("it is no record: {error}", error=str(error))) from None
    _check(record, name)
    return record


def _check(record: Record, name: str | None) -> None:
    # Any: nothing of what a file says is known to have the type that it should have.
    values: dict[str, Any] = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    if not _is_text(values["id"]) or not ID.fullmatch(values["id"]) or (name is not None and values["id"] != name):
        raise ValueError(tr("its id is not its name"))
    if not _is_text(values["sha256"]) or not DIGEST.fullmatch(values["sha256"]):
        raise ValueError(tr("sha256 is no digest"))
    wrong = [field for field in _TEXTS if not _is_text(values[field])]
    wrong += [field for field in _TEXTS_OR_NONE if values[field] is not None and not _is_text(values[field])]
    wrong += [field for field in _LISTS_OF_TEXTS if not all(map(_is_text, values[field]))]
    wrong += [field for field in _NUMBERS if not _is_count(values[field])]
    wrong += ["place"] if values["place"] is not None and not _is_count(values["place"]) else []
    wrong += [field for field in ("requested", "effective") if not isinstance(values[field], dict)]
    wrong += [field for field in ("size", "modified") if not all(map(_is_count, values[field]))]
    wrong += [field for field in ("usage", "kept") if values[field] is not None and not isinstance(values[field], dict)]
    if not _is_amount(values["seconds"]):
        wrong.append("seconds")
    if len(values["size"]) != 2:
        wrong.append("size")
    cost: Any = values["cost"]
    if cost is not None and not (_is_amount(cost.amount) and _is_text(cost.currency) and cost.basis in _BASES):
        wrong.append("cost")
    if record.created.tzinfo is None:
        wrong.append("created")
    if wrong:
        raise ValueError(tr("wrong values: {names}", names=", ".join(dict.fromkeys(wrong))))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _is_amount(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e15
