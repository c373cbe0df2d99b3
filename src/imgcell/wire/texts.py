"""Texts of providers, made safe to show and to store."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["SECRET", "display_text", "redact"]

#: Characters that a key has at least.
SECRET = 6
#: Characters of a message that are shown.
LIMIT = 2000

# ANSI sequences first (their letters would stay behind), then C0 and C1 except tab and line feed, then what changes the
# direction of writing or hides, then surrogates and noncharacters.
_ANSI = r"(?:\x1b|\x9b)(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])?"
_UNSAFE = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"

_KEY = r"(?i)\b(?:sk|pk|rk|ak|key)[-_][A-Za-z0-9_\-]{6,}[A-Za-z0-9_*.\-]*|(?<=Bearer )\S+|\bBearer\s+\S+"
_LONG = r"[A-Za-z0-9+/_-]{200,}={0,2}"
_IN_URL = r"(?i)((?:api[_-]?key|token|authorization|secret|signature)=)[^&\s\"']+"

HIDDEN = "****"


def display_text(text: str, limit: int = LIMIT) -> str:
    """Return *text* without control, direction and surrogate characters, at most *limit* characters.

    Doing it twice changes nothing.
    """
    if text.isprintable():
        # Most texts are; the patterns below are then not even compiled.
        return text if len(text) <= limit else text[: limit - 1] + "…"
    text = re.sub(_ANSI, "", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = re.sub(_UNSAFE, "", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return *text* without keys and long base64.

    Args:
        text: Anything a provider said.
        secrets: Keys that must not be in it in any form: plain, percent-encoded, JSON-escaped, or split by markup or
            white space (RELIABILITY.md section 7, property 11).  What has fewer than :data:`SECRET` characters is no
            key but what local servers are given for one ("none", "EMPTY"): hiding it would spoil ordinary words.
    """
    for secret in secrets:
        if len(secret) >= SECRET:
            text = _compile(secret).sub(HIDDEN, text)
    text = re.sub(_IN_URL, rf"\1{HIDDEN}", text)
    text = re.sub(_KEY, HIDDEN, text)
    return re.sub(_LONG, "…", text)


@lru_cache(maxsize=32)
def _compile(secret: str) -> re.Pattern[str]:
    between = r"(?:<[^<>]{0,200}>|[\s\u200b\u00ad])*"
    return re.compile(between.join(_one(character) for character in secret))


def _one(character: str) -> str:
    forms = [re.escape(character)]
    forms.append("(?i:" + "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "replace")) + ")")
    forms.append(f"(?i:\\\\u{ord(character):04x})" if ord(character) < 0x10000 else re.escape(character))
    forms.append(f"&#{ord(character)};")
    return "(?:" + "|".join(forms) + ")"
