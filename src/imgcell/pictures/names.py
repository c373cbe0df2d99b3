"""File names from prompts: readable, in any script, valid on every file system, never replacing a file."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from imgcell.language import tr
from imgcell.pictures.words import clean
from imgcell.pictures.writing import FORMAT_OF_SUFFIX, SUFFIX_OF_FORMAT

if TYPE_CHECKING:
    from imgcell.pictures.sheet import Sheet

__all__ = ["file_name", "save_all"]

#: UTF-8 bytes of a name's words.  File systems allow 255 bytes (or UTF-16 units) a name; a name of 27 Chinese
#: characters is readable, and leaves Windows' 260 characters a path some room.
_BYTES = 80

#: Not allowed on Windows; "/" nowhere (Microsoft, "Naming Files, Paths, and Namespaces").
_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', " "))

#: Devices on Windows, with any suffix.
_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³")}

#: Joins emoji, or changes the one before: a cut must not leave it behind.
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")


def file_name(words: str, limit: int = _BYTES) -> str:
    """Return *words* as a file name without suffix: at most *limit* UTF-8 bytes, never empty.

    Cut at the end of a word where one is near, and never inside an accented letter or a composed emoji.
    """
    name = " ".join(clean(unicodedata.normalize("NFC", words)).translate(_FORBIDDEN).split())
    if len(name.encode()) > limit:
        name = _cut(name, limit)
    name = name.strip(" .~")
    if not name or not name.strip("".join(_JOINERS)):
        name = "picture"
    if name.partition(".")[0].rstrip().casefold() in _RESERVED:
        name = "_" + name
    return name


def _cut(name: str, limit: int) -> str:
    end, used = 0, 0
    for index, character in enumerate(name):
        used += len(character.encode())
        if used > limit:
            break
        end = index + 1
    while end > 0 and _clings(name, end):
        end -= 1
    space = name.rfind(" ", end * 2 // 3, end)
    return name[:space] if space > 0 and end < len(name) and name[end : end + 1] != " " and name[space + 1 : end].isascii() else name[:end]


def _clings(name: str, at: int) -> bool:
    """Whether the character at *at* belongs to the one before it."""
    here, before = name[at], name[at - 1]
    return bool(unicodedata.combining(here)) or here in _JOINERS or before == "\u200d" or "\U0001f3fb" <= here <= "\U0001f3ff"


def save_all(sheet: Sheet, folder: Path, kind: str | None) -> list[Path]:
    """Do what :meth:`imgcell.Sheet.save` says."""
    if kind is not None and f".{kind.lower().lstrip('.')}" not in FORMAT_OF_SUFFIX:
        raise ValueError(tr('format is "png", "jpg", "webp" or None, not {value}.', value=repr(kind)))
    folder = folder.expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    pictures = list(sheet)
    digits = max(2, len(str(len(pictures) - 1)))
    paths = []
    for number, picture in enumerate(pictures):
        suffix = f".{kind.lower().lstrip('.')}" if kind is not None else SUFFIX_OF_FORMAT[picture.facts.format]
        path = _claim(folder, f"{number:0{digits}d} {file_name(picture.record.prompt)}", suffix)
        try:
            picture.save(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        paths.append(path)
    return paths


def _claim(folder: Path, stem: str, suffix: str) -> Path:
    """Create an empty file of a name that was free, whatever the file system thinks is the same name."""
    number = 1
    while True:
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem} ({number}){suffix}")
        try:
            path.open("xb").close()
        except FileExistsError:
            number += 1
        else:
            return path
