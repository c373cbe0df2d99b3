"""How a provider rewrote a prompt: a difference by words, in any script.

Chinese, Japanese and Thai write no spaces between words, and what splits them well is a dictionary of megabytes.  They
are compared by characters instead, and a single character or mark that stayed the same between two changes counts as
changed with them (a "semantic cleanup": Neil Fraser, *Diff Strategies*, 2006, section 3.2).  Most Chinese words have two
characters, so that what is left reads as words and phrases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

from imgcell.pictures.words import clean

__all__ = ["Span", "diff", "diff_text", "kept_share", "rewritten", "tokens"]

Kind: TypeAlias = Literal["same", "added", "removed"]

#: Characters of scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana, bopomofo, Han (with its extensions).
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(
    rf"[{_UNSPACED}]\s*"
    rf"|\d+(?:[.,:x×]\d+)*%?\s*"  # 16:9, 1024x1024, 3.5 %: one word each
    rf"|[^\W\d_{_UNSPACED}](?:[^\W{_UNSPACED}]|[\u0300-\u036f\u0900-\u0dff]|['’‑-](?=\w))*\s*"  # accents and vowel signs too
    r"|[^\w\s]\s*|_\s*|\w\s*|\s+"
)
#: Beyond so many words a text is compared by sentences: the time grows with the square.
_MOST = 4_000
_SENTENCE = re.compile(r"[^.!?。！？；;\n]*[.!?。！？；;\n]*\s*")


@dataclass(frozen=True)
class Span:
    """A stretch of text.

    Attributes:
        kind: ``"same"``, ``"added"`` or ``"removed"``.
        text: With the spaces behind its last word.
    """

    kind: Kind
    text: str


def tokens(text: str) -> list[str]:
    """Return the words of *text*, each with the spaces behind it; joined they are *text* again.

    A character of a script without spaces is a word, as is a number with its unit signs (``16:9``, ``1024x1024``) and
    every mark.
    """
    return _TOKEN.findall(text)


def diff(before: str, after: str) -> tuple[Span, ...]:
    """Return what was taken away from *before* and added to get *after*, in order; what was taken away comes first.

    The spans that are not ``"added"`` joined are *before*, up to the width of spaces; those that are not ``"removed"``
    are *after*, exactly.

    Args:
        before: The prompt.
        after: The provider's.
    """
    old, new = tokens(before), tokens(after)
    if max(len(old), len(new)) > _MOST:
        old, new = (list(filter(None, _SENTENCE.findall(text))) for text in (before, after))
    matcher = SequenceMatcher(None, [_key(token) for token in old], [_key(token) for token in new], autojunk=False)
    blocks = _whole([(a, b, size) for a, b, size in matcher.get_matching_blocks() if size], old, new)
    spans: list[Span] = []
    at_old = at_new = 0
    for a, b, size in [*blocks, (len(old), len(new), 0)]:
        for kind, words in (("removed", old[at_old:a]), ("added", new[at_new:b]), ("same", new[b : b + size])):
            _append(spans, kind, "".join(words))
        at_old, at_new = a + size, b + size
    return tuple(spans)


def diff_text(before: str, after: str) -> str:
    """Return :func:`diff` as one line in the notation of GNU wdiff: ``a [-red-] {+bright red+} kite``."""
    marks = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    line = ""
    for span in diff(clean(before), clean(after)):
        start, end = marks[span.kind]
        bare = span.text.rstrip() if start else span.text
        line += f"{start}{bare}{end}{span.text[len(bare) :]}"
    return line.strip()


def rewritten(prompt: str, revised: str | None) -> bool:
    """Return whether the provider's text says anything else than the prompt; other spaces alone are no rewriting."""
    return revised is not None and clean(revised) not in ("", clean(prompt))


def kept_share(before: str, after: str) -> float:
    """Return the share (0 to 1) of the characters of *before*, spaces aside, that *after* still has in their order."""
    spans = diff(before, after)
    same, removed = (sum(len("".join(span.text.split())) for span in spans if span.kind == kind) for kind in ("same", "removed"))
    return same / (same + removed) if same + removed else 1.0


def _key(token: str) -> str:
    """What is compared: how many spaces stand behind a word, and whether a sentence begins with it, changes no wording."""
    return token.strip().casefold() or " "


def _whole(blocks: Sequence[tuple[int, int, int]], old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]]:
    """Give up lone characters of unspaced scripts, and marks, with changes on both of their sides."""
    kept: list[tuple[int, int, int]] = []
    for place, (a, b, size) in enumerate(blocks):
        before = kept[-1] if kept else (0, 0, 0)
        after = blocks[place + 1] if place + 1 < len(blocks) else (len(old), len(new), 0)
        inside = (a, b) != (before[0] + before[2], before[1] + before[2]) and (a + size, b + size) != after[:2]
        if not (inside and _lone(new[b : b + size])):
            kept.append((a, b, size))
    return kept


def _lone(words: Sequence[str]) -> bool:
    """Whether *words* are at most one character, and otherwise marks; a word of a spaced script means something by itself."""
    letters = [word for word in words if not re.fullmatch(r"[^\w\s]\s*|_\s*|\s+", word)]
    return not letters or (len(letters) == 1 and re.fullmatch(rf"[{_UNSPACED}]\s*", letters[0]) is not None)


def _append(spans: list[Span], kind: str, text: str) -> None:
    if not text:
        return
    if spans and spans[-1].kind == kind:
        spans[-1] = Span(spans[-1].kind, spans[-1].text + text)
    else:
        spans.append(Span(kind, text))  # type: ignore[arg-type]  # one of the three above
