"""Base64 as providers really write it, decoded while it arrives."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable

from imgcell.wire.flow import Extract

__all__ = ["Base64Sink", "MemoryExtract", "decode_text", "split_prefix", "strict"]

#: Less than this waits for more: a call and a write for every network packet would cost more than decoding.
SMALL = 32 * 1024

# Patterns are texts: re compiles each on its first use and remembers it; importing this costs nothing.
_PREFIX = rb"(?i)(?:\s|\\[nrt])*data:[^,\"]{0,256}?;base64,"
_BODY = rb"(?:[A-Za-z0-9+/=_-]|\\[/nrt]|\\u00(?:2[bBfF]|3[dD])|[\r\n\t])*(?:\\(?:u[0-9a-fA-F]{0,3})?)?"
_UNFINISHED = rb"\\(?:u[0-9a-fA-F]{0,3})?\Z"
_ESCAPE = rb"\\(?:([/nrt])|u00(2[bBfF]|3[dD]|2[dD]|5[fF]))"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_ALPHABET = rb"[A-Za-z0-9+/]*"


class MemoryExtract:
    """An :class:`imgcell.wire.flow.Extract` in memory: for pictures that came as short strings, and for tests."""

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytearray(data)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return len(self._data)

    def write(self, data: bytes | bytearray | memoryview, /) -> None:
        """Append *data*."""
        self._data += data

    def read(self) -> bytes:
        """Return all bytes."""
        return bytes(self._data)


def strict(data: bytes | bytearray | memoryview) -> bytes:
    """Decode base64 with the standard library; the caller checks the length, which is what shows foreign characters."""
    return binascii.a2b_base64(data)


def split_prefix(head: bytes) -> tuple[bytes, bytes] | None:
    """Split the first bytes of a JSON string into ``data:…;base64,`` (or nothing) and base64; ``None`` if they are not that."""
    found = re.match(_PREFIX, head)
    start = found.end() if found else 0
    return (head[:start], head[start:]) if re.fullmatch(_BODY, head[start:]) else None


class Base64Sink:
    """Decodes base64 text piece by piece into an extract.

    Takes the standard and the URL-safe alphabet, line breaks, JSON's escapes and missing padding (FACTS.md section 7.2).
    A space is not taken: it may be a lost ``+``, which only the whole text can tell (RELIABILITY.md section 2).

    Args:
        extract: Where the bytes go.
        decode: Decodes base64 whose length is a multiple of four; raising or returning too few bytes both mean no.
    """

    def __init__(self, extract: Extract, decode: Callable[[bytes], bytes]) -> None:
        self.extract = extract
        self._decode = decode
        self._carry = b""
        self._clean = False

    @property
    def carry(self) -> bytes:
        """What has been taken but not decoded yet."""
        return self._carry

    def feed(self, piece: bytes | memoryview, *, last: bool = False) -> bool:
        """Take *piece*; return False if it is not base64, with nothing of it (nor of :attr:`carry`) decoded."""
        size = len(self._carry) + len(piece)
        if size < SMALL and not last:
            self._carry += piece
            return True
        data = b"".join((self._carry, piece)) if self._carry else piece
        if not self._clean:
            whole = size & ~3
            if self._put(data[:whole] if whole != size else data, short=last and whole == size):
                self._carry = bytes(data[whole:])
                if not last or not self._carry:
                    return True
                data = self._carry
            # Not plain base64: from here on each piece is cleaned first.
            self._clean = True
        return self._cleaned(bytes(data), last)

    def _cleaned(self, data: bytes, last: bool) -> bool:
        kept = data
        held = b""
        if b"\\" in data:
            if not last and (cut := re.search(_UNFINISHED, data)):
                data, held = data[: cut.start()], data[cut.start() :]
            data = re.sub(_ESCAPE, _unescape, data)
        data = data.translate(_URL_SAFE, b"\r\n\t")
        text = data.rstrip(b"=")
        padding = data[len(text) :]
        if not re.fullmatch(_ALPHABET, text) or len(padding) > 2 or (last and len(text) % 4 == 1):
            self._carry = kept
            return False
        if last:
            ok = self._put(text + b"=" * (-len(text) % 4), short=True)
            self._carry = b"" if ok else kept
            return ok
        whole = len(text) & ~3
        if not self._put(text[:whole]):
            self._carry = kept
            return False
        # The padding stays: text after it would show that this is no base64.
        self._carry = text[whole:] + padding + held
        return True

    def _put(self, data: bytes | memoryview, *, short: bool = False) -> bool:
        if not data:
            return True
        try:
            decoded = self._decode(data)  # type: ignore[arg-type]  # a view saves a copy; decoders take any buffer
        except ValueError:
            return False
        missing = len(data) // 4 * 3 - len(decoded)
        if missing and not (short and 0 < missing <= 2 and bytes(data[-missing:]) == b"=" * missing):
            return False
        self.extract.write(decoded)
        return True


def decode_text(text: str, extract: Extract | None = None) -> Extract | None:
    """Decode a whole base64 string or data URL in any of the spellings seen; ``None`` if it is none of them or empty.

    The rules are RELIABILITY.md section 2's: prefix, quotes and white space go, ``-_`` become ``+/``, spaces become
    ``+`` only where there is neither other white space nor a ``+``, padding is restored, and what is left is decoded strictly.
    """
    text = text.strip().strip("\"'")
    if text[:5].lower() == "data:":
        head, _, text = text.partition(",")
        if not head.lower().rstrip().endswith(";base64"):
            return None
    text = text.strip()
    if " " in text and "+" not in text and not re.search(r"[\r\n\t]", text) and "-" not in text and "_" not in text:
        text = text.replace(" ", "+")
    try:
        data = text.encode("ascii").translate(_URL_SAFE, b" \r\n\t").rstrip(b"=")
    except UnicodeEncodeError:
        return None
    if not data or len(data) % 4 == 1 or not re.fullmatch(_ALPHABET, data):
        return None
    extract = MemoryExtract() if extract is None else extract
    extract.write(binascii.a2b_base64(data + b"=" * (-len(data) % 4)))
    return extract


def _unescape(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return b"/" if match[1] == b"/" else b""
    return bytes([int(match[2], 16)])
