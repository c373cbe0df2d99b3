"""Text as words that an index can find, in any script.

SQLite's own tokenizers know no Chinese words, and its trigrams cannot find two characters.  So the cutting is done
here, the same way for what is stored and for what is asked; SQLite then only compares:

- Scripts without spaces (Han, Kana, Hangul, Thai, …): a run becomes all pairs of neighbors and its last character alone,
  ``黄昏海边`` -> ``黄昏 昏海 海边 边``.  One character is then the beginning of a word, two are a word, more are neighboring
  words: whatever stands within a run is found, and nothing else.
- Everything else: words as they are, found by their beginnings.
- Emoji and other signs: each a word.

Case, full and half width, and accents make no difference.
"""

from __future__ import annotations

import itertools
import re
import unicodedata

__all__ = ["cut", "fold", "question"]

#: Han (with its radicals, marks and all later planes), Kana, Bopomofo, Hangul; Thai, Lao, Burmese, Khmer.
_RUNS = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3041-\u3096\u3099-\u309f\u30a1-\u30fa\u30fc-\u312f\u3131-\u318e"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\u1100-\u11ff\U0001aff0-\U0001b16f"
    "\U00020000-\U0003ffff\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17d3"
)
#: Vowel signs and points that belong to words though no regular expression thinks so: Hebrew, Arabic, the scripts of India.
_MARKS = "\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_SIGNS = "\u2190-\u2bff\U0001f000-\U0001faff"
_PIECE = re.compile(f"(?P<run>[{_RUNS}]+)|(?P<word>(?:(?![{_RUNS}{_SIGNS}])(?:[^\\W_]|[{_MARKS}]))+)|(?P<sign>[{_SIGNS}])")
#: Accents of Latin, Greek and Cyrillic letters; and what is invisible.
_DROPPED = re.compile("[\u0300-\u036f\u00ad\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]")
#: Characters of a question that are looked at: a whole prompt may be pasted.
LONGEST = 400


def fold(text: str) -> str:
    """Return *text* without what makes no difference: case, width, accents; lone surrogates become ``?``."""
    if text.isascii():
        return text.lower()
    text = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", _DROPPED.sub("", unicodedata.normalize("NFKD", text.casefold())).casefold())


def cut(text: str) -> str:
    """Return the words of *text*, as they are stored: separated by spaces."""
    words: list[str] = []
    for match in _PIECE.finditer(fold(text)):
        piece = match.group()
        if match.lastgroup == "run":
            words.extend(map("".join, itertools.pairwise(piece)))
            words.append(piece[-1])
        else:
            words.append(piece)
    return " ".join(words)


def question(text: str) -> str | None:
    """Return what asks FTS5 for all pieces of *text*; ``None`` if there is nothing in it that could be found.

    Every word stands in quotation marks, so that nothing in *text* is taken for an operator.
    """
    asked: dict[str, None] = {}
    for match in _PIECE.finditer(fold(text[:LONGEST])):
        piece = match.group()
        if match.lastgroup == "word" or (match.lastgroup == "run" and len(piece) == 1):
            asked[f'"{piece}" *'] = None
        elif match.lastgroup == "run":
            asked[f'"{" ".join(map("".join, itertools.pairwise(piece)))}"'] = None
        else:
            asked[f'"{piece}"'] = None
    return " AND ".join(asked) or None
