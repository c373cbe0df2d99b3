"""API keys: found once, shown never.

A key lives in a :class:`Key`, whose every representation is ``****``; it is unwrapped in one place only, where the
request's header is made (RELIABILITY.md section 4.1).
"""

from __future__ import annotations

import hmac
import os
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

__all__ = ["Key", "find_key"]


class Key:
    """A secret.  ``repr``, ``str``, formatting, pickling and display give ``****`` or refuse."""

    __slots__ = ("_secret", "source")

    def __init__(self, secret: str, source: str) -> None:
        # Pasted keys bring line ends along; anything else is the user's own (relays put routes behind a dash).
        self._secret = secret.strip()
        self.source = source

    def reveal(self) -> str:
        """Return the secret.  For the header builder and for redaction only."""
        return self._secret

    def header_safe(self) -> bool:
        """Whether it can stand in an HTTP header at all."""
        return bool(self._secret) and self._secret.isascii() and self._secret.isprintable() and " " not in self._secret

    def fingerprint(self, purpose: str = "") -> str:
        """Return a short digest that tells two keys apart and gives neither away; 16 hexadecimal digits.

        It is the HMAC of *purpose* under the key itself: there is no salt that would have to be hidden somewhere, two
        purposes (two providers) have digests that nobody can connect, and an API key is far too long to be guessed from
        one.  It is cut to 64 bits, so that even a right guess is not proved.
        """
        secret = self._secret.encode("utf-8", "replace")
        return hmac.new(secret, b"imgcell key:" + purpose.encode("utf-8", "replace"), "sha256").hexdigest()[:16]

    def __repr__(self) -> str:
        return "****"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "****"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be pickled")


def find_key(variables: Iterable[str], provider: str) -> Key | None:
    """Return the key from the environment, from Colab's secrets, or from the system's keyring.

    Args:
        variables: Names of environment variables, in order.
        provider: Name under which the keyring holds it (service ``"imgcell"``).
    """
    names = list(variables)
    for name in names:
        value = os.environ.get(name, "").strip()
        if value:
            return Key(value, f"${name}")
    return _from_colab(names) or _from_keyring(provider)


def _from_colab(names: Iterable[str]) -> Key | None:
    if "google.colab" not in sys.modules:
        return None
    try:
        from google.colab import userdata  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    for name in names:
        try:
            value: Any = userdata.get(name)
        except Exception:  # noqa: BLE001, S112 - Colab raises its own errors for "no such secret" and "no access"
            continue
        if value:
            return Key(str(value), f"Colab secret {name}")
    return None


def _from_keyring(provider: str) -> Key | None:
    try:
        import keyring
    except ImportError:
        return None
    try:
        value = keyring.get_password("imgcell", provider)
    except Exception:  # noqa: BLE001 - headless systems have no keyring service and say so in many ways
        return None
    return Key(value, "keyring") if value else None
