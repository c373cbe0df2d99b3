"""Recipes read back, wherever they come from: nothing in them is believed before it is checked."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from imgcell.errors import ImageDecodeError, InvalidJobError
from imgcell.jobs import Edit, Generate
from imgcell.language import tr
from imgcell.lineage.chain import FIELDS
from imgcell.lineage.recipe import VERSION
from imgcell.pictures.embedding import extract
from imgcell.pictures.formats import inspect
from imgcell.pictures.picture import Picture
from imgcell.pictures.words import clean, clip

__all__ = ["Checked", "Step", "Taken", "check", "document_of"]

#: What a recipe may hold at most.
MAX_BYTES = 300_000_000
MAX_STEPS = 200
MAX_INPUTS = 16  # OpenAI's specification, images of an edit
MAX_FILES = 400
MAX_PROMPT = 200_000
MAX_TEXT = 500
MAX_DEPTH = 20

_FILE = re.compile(r"sha256:[0-9a-f]{64}|p-[a-z0-9-]{1,62}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")


@dataclass(frozen=True)
class Taken:
    """One input of a step.

    Attributes:
        step: Number of the step whose result it is, or ``None``.
        file: Name of the file it is, or ``None``.
        of: The picture that the file once was, if imgcell made it.
        modified: Whether the user's own code had changed that one.
    """

    step: int | None = None
    file: str | None = None
    of: str | None = None
    modified: bool = False


@dataclass(frozen=True)
class Step:
    """One step of a recipe; the fields are those of the JSON."""

    id: str
    kind: str
    prompt: str
    provider: str
    model: str | None
    options: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[Taken, ...] = ()
    mask: str | None = None
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Checked:
    """A recipe in which everything is what it should be.

    Attributes:
        steps: In order; the last one makes the picture.
        files: Bytes by name; ``None`` for a picture that was left out.
    """

    steps: tuple[Step, ...]
    files: Mapping[str, bytes | None]


def document_of(source: object) -> Any:
    """Return the JSON document that *source* is or holds.

    Args:
        source: A mapping, JSON text, the path of a JSON file or of a picture saved with its recipe, or such a file's bytes.

    Raises:
        InvalidJobError: If it is none of these.
    """
    if isinstance(source, Picture):
        return source.recipe()
    if isinstance(source, Mapping):
        return source
    if isinstance(source, str) and source.lstrip("\ufeff \t\r\n").startswith("{"):
        return _json(source)
    if isinstance(source, (str, os.PathLike)):
        return _from_bytes(_read(Path(os.fsdecode(source)).expanduser()))
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(source))
    raise InvalidJobError(
        tr("This is no recipe but a {kind}.", kind=type(source).__name__),
        hint=tr("Give what picture.recipe() returns, its JSON, or the path of a JSON file or of a picture saved with recipe=True."),
    )


def _read(path: Path) -> bytes:
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_BYTES:
            raise InvalidJobError(tr("{path} is no file that can hold a recipe.", path=str(path)))
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidJobError):
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InvalidJobError(tr("The file {path} cannot be read: {reason}", path=str(path)[:300], reason=reason)) from None


def _from_bytes(data: bytes) -> Any:
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        try:
            return _json(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            _no(tr("it is not UTF-8"))
    try:
        facts = inspect(data)
    except ImageDecodeError as error:
        raise InvalidJobError(
            tr("This is neither a recipe nor a picture: {reason}", reason=error.message),
            hint=tr("A recipe is a JSON file, or a picture that was saved with recipe=True."),
        ) from error
    text = extract(data, facts.format)
    if text is None:
        raise InvalidJobError(
            tr("There is no recipe in this picture."),
            hint=tr("picture.save(path, recipe=True) puts one in; many programs and web sites take it out again."),
        )
    return _json(text)


def _json(text: str) -> Any:
    if len(text) > MAX_BYTES:
        _no(tr("it is too large"))
    try:
        return json.loads(text, parse_constant=_constant)
    except (ValueError, RecursionError, MemoryError) as error:
        _no(tr("it is no JSON ({reason})", reason=clip(clean(str(error) or type(error).__name__), 120)))


def _constant(text: str) -> NoReturn:
    raise ValueError(text)


def check(document: Any) -> Checked:
    """Return *document* with everything in it checked.

    Raises:
        InvalidJobError: Naming the first thing that is not as it should be.
    """
    if not isinstance(document, Mapping) or "imgcell-recipe" not in document:
        _no(tr("it does not say that it is one"))
    version = document["imgcell-recipe"]
    if version != VERSION or isinstance(version, bool):
        raise InvalidJobError(
            tr(
                "This recipe is of version {version}; this imgcell reads version {known}.",
                version=clip(clean(repr(version)), 40),
                known=VERSION,
            ),
            hint=tr("A newer imgcell may read it: pip install -U imgcell"),
        )
    files = _files(document.get("files", {}))
    steps = document.get("steps")
    if not isinstance(steps, Sequence) or isinstance(steps, (str, bytes)) or not 1 <= len(steps) <= MAX_STEPS:
        _no(tr("it needs 1 to {most} steps", most=MAX_STEPS))
    return Checked(tuple(_step(step, number, files) for number, step in enumerate(steps)), files)


def _no(reason: str, step: int | None = None) -> NoReturn:
    where = tr("This recipe cannot be used: {reason}.", reason=reason)
    raise InvalidJobError(where if step is None else tr("This recipe cannot be used: step {number}: {reason}.", number=step, reason=reason))


def _files(given: Any) -> dict[str, bytes | None]:
    if not isinstance(given, Mapping) or len(given) > MAX_FILES:
        _no(tr("its files are no mapping of at most {most}", most=MAX_FILES))
    files: dict[str, bytes | None] = {}
    total = 0
    for name, file in given.items():
        if not isinstance(name, str) or not _FILE.fullmatch(name) or not isinstance(file, Mapping):
            _no(tr("a file is named {name}", name=clip(clean(repr(name)), 60)))
        text = file.get("base64")
        if text is None:
            files[name] = None
            continue
        if not isinstance(text, str) or (total := total + len(text)) > MAX_BYTES:
            _no(tr("its files are too large"))
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            _no(tr("the file {name} is no base64", name=name[:19]))
        if hashlib.sha256(data).hexdigest() != name.removeprefix("sha256:"):
            _no(tr("the file {name} is not the one it is named after", name=name[:19]))
        try:
            inspect(data)
        except ImageDecodeError as error:
            _no(tr("the file {name} is no picture ({reason})", name=name[:19], reason=error.message.rstrip(".。")))
        files[name] = data
    return files


def _step(step: Any, number: int, files: Mapping[str, bytes | None]) -> Step:
    if not isinstance(step, Mapping):
        _no(tr("it is no mapping"), number)
    kind = step.get("kind")
    if kind not in ("generate", "edit"):
        _no(tr('its kind is neither "generate" nor "edit"'), number)
    prompt = step.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip() or len(prompt) > MAX_PROMPT:
        _no(tr("its prompt is no text of at most {most} characters", most=MAX_PROMPT), number)
    provider = step.get("provider")
    if not isinstance(provider, str) or not _NAME.fullmatch(provider):
        _no(tr("its provider is no name of one"), number)
    model = step.get("model")
    if model is not None and not _short(model):
        _no(tr("its model is no name of one"), number)
    inputs = _inputs(step.get("inputs", []), number, files)
    if (kind == "edit") != bool(inputs):
        _no(tr("an edit has inputs, and only an edit has"), number)
    mask = step.get("mask")
    if mask is not None and (kind != "edit" or not isinstance(mask, str) or mask not in files):
        _no(tr("its mask is none of the recipe's files"), number)
    checked = Step(
        id=step["id"] if _short(step.get("id")) else "",
        kind=kind,
        prompt=prompt,
        provider=provider,
        model=model,
        options=_options(step.get("options", {}), number, edit=kind == "edit"),
        inputs=inputs,
        mask=mask,
        size=_size(step.get("result")),
    )
    try:
        # What a job may say, the job itself knows best.
        if kind == "edit":
            Edit(prompt, images=[b""], mask=b"" if mask is not None else None, model=model, **checked.options)
        else:
            Generate(prompt, model=model, **checked.options)
    except (InvalidJobError, TypeError) as error:
        _no(str(error).rstrip(".。"), number)
    return checked


def _inputs(given: Any, number: int, files: Mapping[str, bytes | None]) -> tuple[Taken, ...]:
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)) or len(given) > MAX_INPUTS:
        _no(tr("its inputs are no list of at most {most}", most=MAX_INPUTS), number)
    taken = []
    for one in given:
        if not isinstance(one, Mapping):
            _no(tr("an input is no mapping"), number)
        step, file = one.get("step"), one.get("file")
        # Earlier steps only: so nothing can go round in circles.
        from_step = file is None and isinstance(step, int) and not isinstance(step, bool) and 0 <= step < number
        from_file = step is None and isinstance(file, str) and file in files
        if not (from_step or from_file):
            _no(tr("an input is neither the result of an earlier step nor one of the recipe's files"), number)
        of = one.get("of")
        taken.append(Taken(step, file, of if isinstance(of, str) and _FILE.fullmatch(of) else None, one.get("modified") is True))
    return tuple(taken)


def _options(given: Any, number: int, *, edit: bool) -> dict[str, Any]:
    known = {*FIELDS, "response_format", *(("encoding",) if edit else ()), "extra"}
    if not edit:
        known -= {"input_fidelity", "keep"}
    if not isinstance(given, Mapping):
        _no(tr("its options are no mapping"), number)
    unknown = [name for name in given if name not in known]
    if unknown:
        _no(tr("it has an option that is not known: {name}", name=clip(clean(str(unknown[0])), 60)), number)
    options = {}
    for name, value in given.items():
        if name == "extra":
            if not isinstance(value, Mapping) or not _plain(value, MAX_DEPTH) or len(json.dumps(value, default=str)) > MAX_PROMPT:
                _no(tr("its extra fields are not plain values"), number)
        elif not (_short(value) or (name in ("output_compression", "keep") and isinstance(value, int))):
            _no(tr("its option {name} is not plain", name=name), number)
        options[name] = value
    return options


def _plain(value: Any, depth: int) -> bool:
    if depth < 0:
        return False
    if isinstance(value, Mapping):
        return all(isinstance(name, str) and _plain(one, depth - 1) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return all(_plain(one, depth - 1) for one in value)
    return value is None or isinstance(value, (str, bool, int, float))


def _short(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def _size(result: Any) -> tuple[int, int]:
    size = result.get("size") if isinstance(result, Mapping) else None
    if not isinstance(size, (list, tuple)) or len(size) != 2 or not all(type(side) is int and 0 <= side <= 1 << 20 for side in size):
        return (0, 0)
    return (size[0], size[1])
