"""The cell that asks for a picture."""

from __future__ import annotations

import json
import keyword
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.jobs import FEATHER
from imgcell.language import tr
from imgcell.lineage.chain import check_made
from imgcell.lineage.family import asked_for, inputs_of
from imgcell.lineage.holdings import is_given

if TYPE_CHECKING:
    from imgcell.lineage.family import Input
    from imgcell.lineage.holdings import Holdings
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.record import Record

__all__ = ["cell"]

#: Fields that ``-o`` takes as text, whatever they look like.
_TEXTS = ("background", "output_format", "moderation", "style", "response_format", "user", "input_fidelity", "encoding")
#: Fields of a job, none of which can be a field that is sent as it is.
_OWN = frozenset(
    {
        *(*_TEXTS, "prompt", "model", "n", "size", "quality", "image", "images", "mask", "keep"),
        *("partial_images", "stream", "output_compression"),
    }
)
#: Lines, controls: a magic's line ends there.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def cell(picture: Picture, name: str | None, holdings: Holdings, *, python: bool = False) -> str:
    """Return the text; see :meth:`Picture.as_cell`.  With *python*, never a magic's.

    Raises:
        InvalidJobError: If *name* is no name, or the picture was not made by imgcell.
    """
    check_made(picture)
    if name is not None and (not name.isidentifier() or keyword.iskeyword(name)):
        raise InvalidJobError(tr("{name} is not a name that a variable can have.", name=repr(name)))
    record = picture.record
    inputs = [_named(one, holdings) for one in inputs_of(asked_for(record, holdings))]
    line = None if python else _line(record, name, inputs)
    return _python(record, name, inputs) if line is None else f"{line}\n{record.prompt}"


def _named(one: Input, holdings: Holdings) -> str:
    """Return what an input is called: the id of its picture, the digest of what was sent, or the address that was given."""
    name = (one.sent or one.id) if one.modified else one.id
    return holdings.address(name) or name


def _line(record: Record, name: str | None, inputs: Sequence[str]) -> str | None:
    """Return the magic's line, or ``None`` for a job that it cannot say."""
    if record.prompt != record.prompt.strip("\n") or "\r" in record.prompt:
        return None  # the magic takes empty lines off, and notebooks know one kind of line end
    requested = record.requested
    words = ["%%imgedit" if record.kind == "edit" else "%%imagine", *([name] if name else [])]
    for one in inputs:
        words += ["-i", one]
    if record.mask is not None:
        words += ["--mask", record.mask]
    if record.kept is not None:
        words += ["--keep"] if record.requested.get("keep") == FEATHER else ["--feather", str(record.requested.get("keep"))]
    for flag, value in (("-p", record.provider), ("-m", record.model), ("-s", requested.get("size")), ("-q", requested.get("quality"))):
        if value is None:
            continue
        if not isinstance(value, str) or "," in value or value != value.strip() or value.startswith("-"):
            return None
        words += [flag, value]
    if requested.get("n") not in (None, 1):
        words += ["-n", str(requested["n"])]
    for key, text in _options(requested).items():
        if text is None or "=" in key or key != key.strip() or not key or key.startswith("-"):
            return None
        words += ["-o", f"{key}={text}"]
    if requested.get("partial_images") is not None:
        words += ["--stream", str(requested["partial_images"])]
    if "{" in record.prompt or "}" in record.prompt:
        words.append("--raw")
    line = " ".join(map(shlex.quote, words))
    # Two hyphens that stand alone part a line's options from its prompt, in quotes or not.
    return None if _UNWRITABLE.search(line) or re.search(r"(?:^|\s)--(?:\s|$)", line) else line


def _options(requested: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what ``-o`` has to say, by key; ``None`` where it cannot."""
    said: dict[str, str | None] = {}
    for key in (*_TEXTS, "output_compression"):
        if requested.get(key) is not None:
            said[key] = str(requested[key])
    for key, value in (requested.get("extra") or {}).items():
        said[key] = None if key in _OWN else _json(value)
    return said


def _json(value: Any) -> str | None:
    """Return the text that ``-o`` reads as *value*."""
    if isinstance(value, str):
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            return value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return None


def _python(record: Record, name: str | None, inputs: Sequence[str]) -> str:
    """Return a cell of Python that does the same."""
    edit = record.kind == "edit"
    lines = ["import imgcell", "", f"client = imgcell.Client({record.provider!r})"]
    if inputs:
        lines.append("library = imgcell.library()")
    arguments = [_text(record.prompt)]
    if edit:
        arguments.append(f"images=[{', '.join(map(_source, inputs))}]")
        if record.mask is not None:
            arguments.append(f"mask={_source(record.mask)}")
    if record.model is not None:
        arguments.append(f"model={record.model!r}")
    arguments += [f"{key}={value!r}" for key, value in _asked(record).items() if key != "model" and value is not None]
    lines.append(f"{name or 'sheet'} = client.{'edit' if edit else 'generate'}(")
    lines += [f"    {argument}," for argument in arguments]
    single = name is not None and record.requested.get("n", 1) == 1
    return "\n".join([*lines, ")[0]" if single else ")", name or "sheet"])


def _asked(record: Record) -> Mapping[str, Any]:
    """Return what was asked for; of a picture as it came not that another one was made of it."""
    return {key: value for key, value in record.requested.items() if key != "keep" or record.kept is not None}


def _source(name: str) -> str:
    if name.startswith(("http://", "https://")):
        return repr(name)
    return f"library.blob({name[7:]!r}).path" if is_given(name) else f"library.picture({name!r})"


def _text(prompt: str) -> str:
    """Return *prompt* as a literal, a line of it a line."""
    if "\n" not in prompt or len(prompt) < 60:
        return repr(prompt)
    return "(\n" + "\n".join(f"        {line!r}" for line in prompt.splitlines(keepends=True)) + "\n    )"
