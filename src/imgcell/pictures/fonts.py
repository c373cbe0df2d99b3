"""Fonts of the system that can draw a text, whatever its scripts, and drawing with several of them in one line."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

__all__ = ["draw_line", "missing", "width", "wrap"]

#: File names in order of preference, without suffix, lower case: a face for Latin first, then for Chinese, Japanese
#: and Korean, then symbols.
_PREFERRED = (
    "notosans-regular",
    "segoeui",
    "sfns",
    "helveticaneue",
    "dejavusans",
    "liberationsans-regular",
    "arial",
    "roboto-regular",
    "notosanscjk-regular",
    "notosanscjksc-regular",
    "notosanssc-regular",
    "sourcehansanssc-regular",
    "sourcehansanscn-regular",
    "sourcehansans-regular",
    "pingfang",
    "hiragino sans gb",
    "stheiti light",
    "stheiti medium",
    "msyh",
    "simhei",
    "simsun",
    "wqy-microhei",
    "wqy-zenhei",
    "droidsansfallbackfull",
    "droidsansfallback",
    "notoserifcjk-regular",
    "uming",
    "arial unicode",
    "applesdgothicneo",
    "malgun",
    "yugothr",
    "meiryo",
    "segoeuisymbol",
    "seguisym",
    "apple symbols",
    "notosanssymbols2-regular",
    "notosanssymbols-regular",
    "seguiemj",
    "apple color emoji",
    "notocoloremoji",
    "notoemoji-regular",
)

#: Sizes in which bitmap emoji fonts come (Noto: 109, Apple: 160).
_BITMAP_SIZES = (109, 160, 137, 96, 64)

_PROBE = 24


def _folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "win32":
        return [
            Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts",
            Path(os.environ.get("LOCALAPPDATA", str(home / "AppData" / "Local"))) / "Microsoft" / "Windows" / "Fonts",
        ]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    places = [home / ".local" / "share" / "fonts", home / ".fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]
    return [*places, *(Path(prefix) / "fonts" for prefix in (os.environ.get("CONDA_PREFIX"), sys.prefix) if prefix)]


@cache
def _faces() -> tuple[Path, ...]:
    """Every font file of the system, the preferred ones first, regular cuts before others."""
    found: dict[str, Path] = {}
    for folder in _folders():
        for place, _, names in os.walk(folder):
            for name in names:
                stem, suffix = os.path.splitext(name.lower())
                if suffix in (".ttf", ".ttc", ".otf", ".otc"):
                    found.setdefault(stem, Path(place) / name)
    rank = {stem: number for number, stem in enumerate(_PREFERRED)}
    plain = re.compile("bold|italic|oblique|black|light|thin|mono|condensed|serif")
    return tuple(found[stem] for stem in sorted(found, key=lambda stem: (rank.get(stem, len(rank)), bool(plain.search(stem)), stem)))


@lru_cache(maxsize=256)
def _font(path: Path | None, size: int) -> Any:
    """Load a face (``None``: the one that comes with Pillow); ``None`` if it cannot be used."""
    if path is None:
        return ImageFont.load_default(size)
    try:
        if "cjk" in path.name.lower() and path.suffix.lower() in (".ttc", ".otc"):
            # One file for five languages; its first face draws Chinese in the Japanese forms.
            for index in range(10):
                face = ImageFont.truetype(str(path), size, index=index)
                if "SC" in (face.getname()[0] or "").split() or " CN" in (face.getname()[0] or ""):
                    return face
        return ImageFont.truetype(str(path), size)
    except (OSError, ValueError):
        return None


@cache
def _bitmap(path: Path) -> Any:
    """Load a colour emoji face in the one size that it has."""
    for size in _BITMAP_SIZES:
        try:
            return ImageFont.truetype(str(path), size)
        except (OSError, ValueError):
            continue
    return None


def _looks(font: Any, character: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(character)
    return mask.size, bytes(mask)


@cache
def _nothing(path: Path | None) -> tuple[tuple[int, int], bytes] | None:
    """How the face draws a character that it does not have (U+FFFF is none)."""
    font = _font(path, _PROBE) or (_bitmap(path) if path is not None else None)
    try:
        return None if font is None else _looks(font, "\uffff")
    except (OSError, ValueError):
        return None


def _has(path: Path | None, character: str) -> bool:
    nothing = _nothing(path)
    font = _font(path, _PROBE) or (_bitmap(path) if path is not None else None)
    if nothing is None or font is None:
        return False
    try:
        looks = _looks(font, character)
    except (OSError, ValueError):
        return False
    return looks != nothing and any(looks[1])


@lru_cache(maxsize=20_000)
def _home(character: str) -> tuple[bool, Path | None]:
    """Return (drawable, face) for one character."""
    if character.isspace():
        return True, _base()
    base = _base()
    if _has(base, character):
        return True, base
    for path in _faces():
        if path != base and _has(path, character):
            return True, path
    return False, base


@cache
def _base() -> Path | None:
    return next((path for path in _faces() if all(_has(path, c) for c in "Agé×·…")), None)


def missing(text: str) -> str:
    """Return the letters and digits of *text* that no font of this system can draw, each once."""
    return "".join(dict.fromkeys(c for c in text if unicodedata.category(c)[0] in "LN" and not _home(c)[0]))


def _runs(text: str) -> list[tuple[Path | None, str]]:
    """Split *text* where the face changes; a letter that no face has becomes a square, a symbol (emoji) is left out."""
    runs: list[tuple[Path | None, str]] = []
    for character in text:
        if character in "\ufe0e\ufe0f\u200d":
            continue  # without a shaping engine they would be drawn as boxes
        drawable, path = _home(character)
        clings = bool(unicodedata.combining(character)) and bool(runs)
        if not drawable and unicodedata.category(character)[0] not in "LN":
            continue
        shown = character if drawable else "□"
        if runs and (runs[-1][0] == path or clings):
            runs[-1] = (runs[-1][0], runs[-1][1] + shown)
        else:
            runs.append((path, shown))
    return runs


def width(text: str, size: int) -> float:
    """Return how many pixels *text* takes at *size* pixels."""
    total = 0.0
    for path, run in _runs(text):
        font = _font(path, size)
        if font is not None:
            total += font.getlength(run)
        elif path is not None:
            bitmap = _bitmap(path)
            total += bitmap.getlength(run) * size * 1.1 / bitmap.size
    return total


def draw_line(image: Image.Image, xy: tuple[float, float], text: str, size: int, fill: str) -> None:
    """Draw one line of *text* on *image*, its baseline at ``xy[1] + size`` for every face in it."""
    draw = ImageDraw.Draw(image)
    x, baseline = xy[0], xy[1] + size
    for path, run in _runs(text):
        font = _font(path, size)
        if font is not None:
            draw.text((x, baseline), run, font=font, fill=fill, anchor="ls")
            x += font.getlength(run)
        elif path is not None:
            bitmap = _bitmap(path)
            scale = size * 1.1 / bitmap.size
            wide = round(bitmap.getlength(run))
            glyphs = Image.new("RGBA", (max(1, wide), round(bitmap.size * 1.25)))
            ImageDraw.Draw(glyphs).text((0, bitmap.size), run, font=bitmap, embedded_color=True, anchor="ls")
            small = glyphs.resize((max(1, round(glyphs.width * scale)), max(1, round(glyphs.height * scale))), Image.Resampling.BICUBIC)
            image.paste(small, (round(x), round(baseline - bitmap.size * scale)), small)
            x += wide * scale


#: Where a line may be broken: before and after every Chinese or Japanese character, and after spaces.
_PIECES = re.compile(
    r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff][\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f”’）》」』】]*"
    r"|\S+?(?=[\u2e80-\u9fff])|\S+\s*|\s+"
)


def wrap(text: str, size: int, room: float, lines: int) -> list[str]:
    """Return *text* as at most *lines* lines, each at most *room* pixels wide at *size*; an ellipsis ends a cut one."""
    result: list[str] = []
    line = ""
    for found in _PIECES.findall(text):
        piece: str = found
        if width((line + piece).rstrip(), size) <= room:
            line += piece
            continue
        if line.strip():
            result.append(line.rstrip())
            line = ""
        while width(piece.rstrip(), size) > room and len(piece) > 1:  # a word longer than a line
            fits = next((n for n in range(len(piece) - 1, 0, -1) if width(piece[:n], size) <= room), 1)
            result.append(piece[:fits])
            piece = piece[fits:]
        line = piece.lstrip()
        if len(result) > lines:
            break
    if line.strip():
        result.append(line.rstrip())
    if len(result) <= lines:
        return result
    last = result[lines - 1]
    while last and width(last + "…", size) > room:
        last = last[:-1]
    return [*result[: lines - 1], last.rstrip() + "…"]
