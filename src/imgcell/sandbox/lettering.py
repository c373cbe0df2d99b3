"""Draws words of any script: the first installed font that has a character draws it, colour emoji included."""

from __future__ import annotations

import os
import sys
import threading
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

__all__ = ["text_width", "wrap", "write"]

#: In order of preference for each need; the file names are those of the usual Linux, macOS and Windows installations.
_LATIN = (
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "Helvetica.ttc",
    "HelveticaNeue.ttc",
    "segoeui.ttf",
    "arial.ttf",
    "LiberationSans-Regular.ttf",
)
_CJK = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "SourceHanSansSC-Regular.otf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "STHeiti Medium.ttc",
    "msyh.ttc",
    "simhei.ttf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
)
_OTHER = (
    "DejaVuSans.ttf",
    "Arial Unicode.ttf",
    "seguisym.ttf",
    "Nirmala.ttc",
    "NotoSansArabic-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
)
_EMOJI = ("NotoColorEmoji.ttf", "Apple Color Emoji.ttc", "seguiemj.ttf")
#: The only sizes bitmap emoji fonts come in.
_EMOJI_SIZES = (109, 136, 160, 128)
#: FreeType objects are not safe to use from two threads at once.
_lock = threading.RLock()


def text_width(text: str, size: int) -> float:
    """Return the width of *text* in pixels at *size* pixels."""
    return sum(_advance(cluster, size) for cluster in _clusters(text))


def wrap(text: str, size: int, width: float, lines: int) -> list[str]:
    """Break *text* into at most *lines* lines of *width* pixels, between words, or between any two CJK characters; the rest becomes "…"."""
    rows: list[str] = []
    for paragraph in text.splitlines() or [""]:
        row, row_width = "", 0.0
        for word in _tokens(paragraph):
            token = word
            token_width = text_width(token, size)
            if row and row_width + token_width > width:
                rows.append(row.rstrip())
                row, row_width = "", 0.0
                token = token.lstrip()
                token_width = text_width(token, size)
            while token_width > width and len(token) > 1:  # one word wider than a line
                cut = _fitting(token, size, width)
                rows.append(token[:cut])
                token = token[cut:]
                token_width = text_width(token, size)
            row, row_width = row + token, row_width + token_width
            if len(rows) > lines:
                break
        rows.append(row.rstrip())
        if len(rows) > lines:
            break
    rows = [row for row in rows if row] or [""]
    if len(rows) > lines:
        rows = rows[:lines]
        last = rows[-1]
        while last and text_width(last + "…", size) > width:
            last = last[:-1]
        rows[-1] = last.rstrip() + "…"
    return rows


def write(image: Image.Image, position: tuple[float, float], text: str, size: int, fill: tuple[int, ...]) -> None:
    """Draw one line of *text* on *image* (RGB or RGBA), its baseline box beginning at *position*, *size* pixels high."""
    with _lock:
        draw = ImageDraw.Draw(image)
        x, y = position
        baseline = y + size * 0.95
        for run, font in _runs(text, size):
            if font is None:
                for cluster in _clusters(run):
                    _draw_emoji(image, cluster, (x, y), size, fill)
                    x += _advance(cluster, size)
            else:
                draw.text((x, baseline), run, font=font, fill=fill, anchor="ls")
                x += font.getlength(run)


def _runs(text: str, size: int) -> list[tuple[str, ImageFont.FreeTypeFont | None]]:
    """Split *text* into stretches drawn with one font; ``None`` stands for the emoji font."""
    runs: list[tuple[str, ImageFont.FreeTypeFont | None]] = []
    for cluster in _clusters(text):
        font = None if _is_emoji(cluster) else _font_for(cluster[0], size)
        if runs and runs[-1][1] is font:
            runs[-1] = (runs[-1][0] + cluster, font)
        else:
            runs.append((cluster, font))
    return runs


def _clusters(text: str) -> list[str]:
    """Keep combining marks, variation selectors and joined emoji with what they belong to."""
    found: list[str] = []
    for character in text:
        code = ord(character)
        if unicodedata.category(character) in ("Cc", "Cs") or character in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e":
            continue
        joins = unicodedata.combining(character) or code in (0x200D, 0xFE0E, 0xFE0F) or 0x1F3FB <= code <= 0x1F3FF
        second_flag = 0x1F1E6 <= code <= 0x1F1FF and found and len(found[-1]) == 1 and 0x1F1E6 <= ord(found[-1]) <= 0x1F1FF
        if found and (joins or found[-1].endswith("\u200d") or second_flag):
            found[-1] += character
        else:
            found.append(character)
    return found


def _tokens(text: str) -> list[str]:
    """Words with the blank before them; CJK characters and emoji stand alone, closing punctuation stays with what it closes."""
    tokens: list[str] = []
    for cluster in _clusters(text):
        alone = unicodedata.east_asian_width(cluster[0]) in "WF"
        closes = cluster in "，。、；：？！）》」』”’…,.;:?!)"
        if tokens and (closes or not (alone or cluster == " " or _is_wide(tokens[-1]))):
            tokens[-1] += cluster
        else:
            tokens.append(cluster)
    return tokens


def _is_wide(token: str) -> bool:
    return unicodedata.east_asian_width(token[-1]) in "WF"


def _fitting(text: str, size: int, width: float) -> int:
    cut = 1
    while cut < len(text) and text_width(text[: cut + 1], size) <= width:
        cut += 1
    return cut


def _is_emoji(cluster: str) -> bool:
    code = ord(cluster[0])
    return code >= 0x1F000 or "\ufe0f" in cluster or (0x2600 <= code <= 0x27BF and unicodedata.east_asian_width(cluster[0]) == "W")


@lru_cache(maxsize=8192)
def _advance(cluster: str, size: int) -> float:
    with _lock:
        if _is_emoji(cluster):
            return size * 1.2
        return float(_font_for(cluster[0], size).getlength(cluster))


@lru_cache(maxsize=8192)
def _font_for(character: str, size: int) -> ImageFont.FreeTypeFont:
    with _lock:
        fonts = _fonts(size)
        for font in fonts:
            if character.isspace() or _has(font, character):
                return font
        return fonts[0]


def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether *font* draws *character* otherwise than as its "missing" box (U+10FFFF is in no font)."""
    return bytes(font.getmask(character)) != bytes(font.getmask("\U0010ffff"))


@lru_cache(maxsize=64)
def _fonts(size: int) -> list[ImageFont.FreeTypeFont]:
    paths: list[Path] = []
    for names in (_LATIN, _CJK, _OTHER):
        for name in names:
            path = _installed().get(name.lower())
            if path is not None and path not in paths:
                paths.append(path)
                if names is not _OTHER:
                    break
    loaded: list[ImageFont.FreeTypeFont] = []
    for path in paths:
        try:
            loaded.append(ImageFont.truetype(str(path), size))
        except OSError:
            continue
    if not loaded:
        # Pillow's own face: Latin only, so that other scripts are drawn as boxes where the system has no font for them.
        fallback = ImageFont.load_default(size)
        assert isinstance(fallback, ImageFont.FreeTypeFont)
        loaded.append(fallback)
    return loaded


@cache
def _emoji_font() -> tuple[ImageFont.FreeTypeFont, int] | None:
    for name in _EMOJI:
        path = _installed().get(name.lower())
        for size in _EMOJI_SIZES if path else ():
            try:
                return ImageFont.truetype(str(path), size), size
            except OSError:
                continue
    return None


def _draw_emoji(image: Image.Image, cluster: str, position: tuple[float, float], size: int, fill: tuple[int, ...]) -> None:
    found = _emoji_font()
    x, y = position
    if found is None:
        plain = _font_for(cluster[0], size)
        if _has(plain, cluster[0]):
            ImageDraw.Draw(image).text((x, y + size * 0.95), cluster[0], font=plain, fill=fill, anchor="ls")
        else:  # no font has it: a dot says that something stands here
            box = (x + size * 0.42, y + size * 0.46, x + size * 0.68, y + size * 0.72)
            ImageDraw.Draw(image).ellipse(box, outline=fill, width=max(1, size // 16))
        return
    font, native = found
    canvas = Image.new("RGBA", (native * 2, native * 2))
    ImageDraw.Draw(canvas).text((native // 2, native // 2), cluster, font=font, embedded_color=True)
    box_drawn = canvas.getbbox()
    if box_drawn is None:
        return
    side = max(1, round(size * 1.08))
    drawn = canvas.crop(box_drawn)
    scale = side / max(drawn.size)
    drawn = drawn.resize((max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale))), Image.Resampling.LANCZOS)
    where = (round(x + (size * 1.2 - drawn.width) / 2), round(y + size * 0.05 + (side - drawn.height) / 2))
    image.paste(drawn.convert("RGB") if image.mode == "RGB" else drawn, where, drawn)


@cache
def _installed() -> dict[str, Path]:
    """Return the system's font files by lower-case name."""
    home = Path.home()
    if sys.platform == "win32":
        folders = [
            Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"),
            Path(os.environ.get("LOCALAPPDATA", str(home)), "Microsoft/Windows/Fonts"),
        ]
    elif sys.platform == "darwin":
        folders = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    else:
        folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"]
    wanted = {name.lower() for name in (*_LATIN, *_CJK, *_OTHER, *_EMOJI)}
    found: dict[str, Path] = {}
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for name in names:
                if name.lower() in wanted:
                    found.setdefault(name.lower(), Path(parent, name))
    return found
