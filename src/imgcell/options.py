"""What a user may set for the whole session, and where imgcell keeps its files.

``imgcell.options`` is the one instance.  Setting an unknown name or a wrong value raises at once, naming
what is allowed, so that a typing error never becomes a silent default.
"""

from __future__ import annotations

import os

# Not typing's own flag: typing and pathlib are most of what `import imgcell` would cost in a bare interpreter.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, ClassVar

__all__ = ["Options", "home", "options"]


class Options:
    """Session-wide settings.

    Attributes:
        embed: What a cell's output embeds: ``"preview"`` (long side <= 1024 px, JPEG or PNG; the default) or
            ``"original"`` (the provider's own bytes).
        language: ``"en"``, ``"zh-CN"``, or ``None`` to follow the environment (``LC_ALL``, ``LC_MESSAGES``, ``LANG``).
        ask_over_pictures: A cell that would make more pictures than this asks first (DESIGN.md section 5).
        ask_over_cost: ... and so does one whose estimate is above this many units of the provider's currency.
        assumed_price: What one picture is taken to cost where no price is known: a number of US dollars, or a text with
            the currency (``"0.30 CNY"``).  ``None`` (the default) leaves it unknown; a budget then refuses the request.
        allow_http: Whether an API, or a picture's address, may be plain ``http://`` beyond this machine.  The key and
            the pictures can then be read on the way.
        warn_outside: A masked edit that changed more than this share of what lies outside of the mask, 0 to 1, is told below its
            cell and on its card; 1 measures nothing by itself.
        fake_ip_proxy: Set to True behind a proxy that answers every name with an address in 198.18.0.0/15 (Clash,
            mihomo, Surge in "fake-ip" mode); otherwise such addresses are not connected to.
    """

    __slots__ = ("allow_http", "ask_over_cost", "ask_over_pictures", "assumed_price", "embed", "fake_ip_proxy", "language", "warn_outside")

    _ALLOWED: ClassVar[dict[str, tuple[object, ...]]] = {
        "embed": ("preview", "original"),
        "language": (None, "en", "zh-CN"),
        "allow_http": (False, True),
        "fake_ip_proxy": (False, True),
    }

    embed: str
    language: str | None
    ask_over_pictures: int
    ask_over_cost: float
    assumed_price: float | str | None
    allow_http: bool
    fake_ip_proxy: bool
    warn_outside: float

    def __init__(self) -> None:
        self.embed = "preview"
        self.language = None
        self.ask_over_pictures = 8
        self.ask_over_cost = 1.0
        self.assumed_price = None
        self.allow_http = False
        self.fake_ip_proxy = False
        self.warn_outside = 0.05

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__slots__:
            raise AttributeError(f"imgcell.options has no setting {name!r}; it has {', '.join(sorted(self.__slots__))}")
        allowed = self._ALLOWED.get(name)
        if allowed is not None and value not in allowed:
            raise ValueError(f"imgcell.options.{name} takes {', '.join(map(repr, allowed))}, not {value!r}")
        if name == "assumed_price":
            if not _is_price(value):
                raise ValueError(f"imgcell.options.assumed_price takes a number above 0, a text like '0.30 CNY', or None, not {value!r}")
        elif allowed is None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0):
            raise ValueError(f"imgcell.options.{name} takes a number of 0 or more, not {value!r}")
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return "Options(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in sorted(self.__slots__)) + ")"


def _is_price(value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        figure, _, currency = value.partition(" ")
        if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
            return False
        try:
            value = float(figure)
        except ValueError:
            return False
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1_000_000


options = Options()


def home() -> Path:
    """Return the folder of the library and of the user's configuration (not created here).

    ``$IMGCELL_HOME`` if set, else the platform's user data folder (DESIGN.md section 3).
    """
    named = os.environ.get("IMGCELL_HOME", "").strip()
    if named:
        from pathlib import Path

        return Path(named).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("imgcell", appauthor=False)
