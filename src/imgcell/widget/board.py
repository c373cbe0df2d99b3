"""The cards of one Studio, and how the page hears of them: what changed at most five times a second, all of it in a trait."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError, NotSentError, OutcomeUnknownError
from imgcell.language import tr
from imgcell.portal import portal
from imgcell.widget import cards
from imgcell.widget.channel import problem

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.preview import Shown
    from imgcell.widget.drafts import Errand
    from imgcell.widget.facts import Card

__all__ = ["Board", "Entry"]

#: Seconds between two messages about changes; 5 Hz.
PACE = 0.2
#: ... and between two writings of the trait, which holds every card, while something is under way.
TRAIT_PACE = 1.0
#: Cards that are kept in the trait; older pictures are in the library.
MOST = 500

_STATES: dict[str, Any] = {"queued": "queued", "waiting": "queued", "sending": "sending", "working": "working"}
_STATES |= {"receiving": "receiving", "fetching": "receiving"}


@dataclass
class Entry:
    """A card and what belongs to it.

    Attributes:
        card: What the page is told; replaced as a whole whenever it changes.
        errand: The job that it is a picture of.
        picture: What came.
        preview: The latest partial picture, as the page has it.
    """

    card: Card
    errand: Errand | None = None
    picture: Picture | None = None
    preview: Shown | None = None

    @property
    def under_way(self) -> bool:
        """Whether something may still come."""
        return self.card["state"] in ("queued", "sending", "working", "receiving", "partial")


class Board:
    """The cards, in the order in which they were asked for.

    Args:
        changed: Called with what changed, on the portal's thread.
        written: Called with all cards, there too, for the trait.
    """

    def __init__(self, changed: Callable[[list[Card]], None], written: Callable[[list[Card]], None]) -> None:
        self._changed = changed
        self._written = written
        self._lock = threading.RLock()
        self._entries: dict[str, Entry] = {}
        self._dirty: dict[str, None] = {}
        self._stale = False
        self._planned = False
        self._last = self._last_written = 0.0
        self._count = 0

    # -- changing ----------------------------------------------------------------------------------------------

    def add(self, errand: Errand, call: str) -> str:
        """Make a card that waits; return its key."""
        with self._lock:
            self._count += 1
            key = f"c{self._count}"
            card = cards.empty(key, call=call, label=errand.label)
            self._begin(card, errand)
            self._entries[key] = Entry(card, errand)
            self._make_room()
        self._tell(key)
        return key

    def again(self, key: str, call: str) -> Entry:
        """Set a card back to waiting.

        Raises:
            InvalidJobError: There is no such card, or nothing to ask again for.
        """
        with self._lock:
            entry = self.get(key)
            if entry.errand is None or entry.card["state"] not in ("failed", "unknown", "cancelled"):
                raise InvalidJobError(tr("There is nothing to ask again for here."))
            card = cards.empty(key, call=call, label=entry.card["label"])
            self._begin(card, entry.errand)
            entry.card, entry.preview = card, None
        self._tell(key)
        return entry

    def _begin(self, card: Card, errand: Errand) -> None:
        provider = errand.client.provider
        cards.asked(card, errand.job, provider.name, provider.model(errand.job.model).name or None)
        card["began"] = int(time.time() * 1000)
        card["created"] = dt.datetime.now(dt.timezone.utc).isoformat()
        card["message"] = tr("in line")

    def progress(self, keys: Iterable[str], state: str, message: str) -> None:
        """Say how far the request of these cards is."""
        with self._lock:
            for key in keys:
                entry = self._entries.get(key)
                # A partial picture that is there is more than to be told that more is coming.
                if entry is not None and entry.under_way:
                    shown = "partial" if entry.preview is not None else _STATES.get(state, "working")
                    self._set(entry, state=shown, message=cards.text(message))

    def sharpen(self, key: str, preview: Shown) -> bool:
        """Keep a partial picture; return whether the card still waits for one."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.under_way:
                return False
            entry.preview = preview
            self._set(entry, state="partial")
            return True

    def done(self, key: str, picture: Picture, *, replayed: bool = False) -> None:
        """Put a picture into its card."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return
            card = entry.card.copy()
            cards.finished(card, picture.record)
            card["replayed"] = replayed
            entry.card, entry.picture, entry.preview = card, picture, None
        self._tell(key)

    def failed(self, key: str, error: BaseException, *, cancelled: bool = False) -> None:
        """Say in its place why a picture did not come."""
        state = "failed"
        if isinstance(error, OutcomeUnknownError):
            state = "unknown"
        elif cancelled and isinstance(error, NotSentError):
            state = "cancelled"
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.under_way:
                told = problem(error)
                told["message"], hint = cards.text(told["message"]), told["hint"]
                told["hint"] = cards.text(hint) if hint else None
                self._set(entry, state=state, error=told, message="")

    def update(self, key: str, **fields: Any) -> None:
        """Change something else of a card."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._set(entry, **fields)

    def _set(self, entry: Entry, **fields: Any) -> None:
        card: Any = {**entry.card, **fields}
        if card != entry.card:
            entry.card = card
            self._tell(card["key"])

    def _make_room(self) -> None:
        if len(self._entries) > MOST:
            idle = [key for key, entry in self._entries.items() if not entry.under_way]
            for key in idle[: len(self._entries) - MOST]:
                del self._entries[key]

    # -- reading -----------------------------------------------------------------------------------------------

    def get(self, key: str) -> Entry:
        """Return the card with this key, or the one that shows the picture with this id.

        Raises:
            InvalidJobError: There is none.
        """
        with self._lock:
            entry = self._entries.get(key) or next((one for one in self._entries.values() if one.card["id"] == key), None)
        if entry is None:
            raise InvalidJobError(tr("There is no such card."))
        return entry

    def entries(self) -> list[Entry]:
        """Return all, in order."""
        with self._lock:
            return list(self._entries.values())

    def told(self) -> list[Card]:
        """Return what the page is told."""
        return [entry.card for entry in self.entries()]

    # -- telling -----------------------------------------------------------------------------------------------

    def _tell(self, key: str) -> None:
        with self._lock:
            self._dirty[key] = None
            self._plan()

    def _plan(self) -> None:
        if self._planned:
            return
        self._planned = True
        current = portal()
        wait = (
            max(0.0, self._last + PACE - time.monotonic()) if self._dirty else max(0.0, self._last_written + TRAIT_PACE - time.monotonic())
        )
        current.call(lambda: current.loop.call_later(wait, self.flush))

    def flush(self, *, whole: bool = False) -> None:
        """Tell the page what it does not know yet; *whole*: write the trait now, whatever was planned."""
        with self._lock:
            now = time.monotonic()
            self._planned = False
            keys, self._dirty = list(self._dirty), {}
            changed = [self._entries[key].card for key in keys if key in self._entries]
            self._stale = self._stale or bool(keys)
            quiet = not any(entry.under_way for entry in self._entries.values())
            write = self._stale and (whole or quiet or now - self._last_written >= TRAIT_PACE)
            everything = self.told() if write else []
            if changed:
                self._last = now
            if write:
                self._stale, self._last_written = False, now
            elif self._stale:
                self._plan()
        if changed:
            self._changed(changed)
        if write:
            self._written(everything)
