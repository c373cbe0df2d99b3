"""Which requests fail: a share of them, settled by what they ask for and a seed, not by the order in which they arrive."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Mapping

from imgcell.sandbox.faults import Fault
from imgcell.sandbox.orders import Order

__all__ = ["Chances", "chance", "kinds"]

#: What is played for a bare share, each as often as the others.  Some tell to come again (and may be repeated), some refuse for good,
#: some leave it open whether the request was paid for.
_MIX: tuple[tuple[str, dict[str, int]], ...] = (
    ("429", {"retry_after": 0}),
    ("503", {"retry_after": 0}),
    ("500", {}),
    ("502", {}),
    ("moderation", {}),
    ("error-200", {}),
    ("empty", {}),
    ("close", {}),
    ("cut-body", {}),
    ("truncated-png", {}),
)


class Chances:
    """Shares of requests that fail.

    Args:
        share: Of all requests, or by the name of each fault.
        seed: Other seeds, other requests.

    Attributes:
        played: How often each fault was, by its name.

    Raises:
        ValueError: for shares that are none, or a fault that there is not.
    """

    def __init__(self, share: float | Mapping[str, float] = 0.0, seed: int = 0) -> None:
        self.share = share
        self.seed = seed
        self.played: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        kinds(share)

    def take(self, order: Order, own: float | Mapping[str, float]) -> Fault | None:
        """Return the fault that *order* gets, if it gets one; *own* is its model's share, on top of everybody's."""
        all_kinds = [*kinds(self.share), *kinds(own)]
        if not all_kinds:
            return None
        # The same request again is another one: whoever tries again has its chances again.
        digest = _digest(order)
        with self._lock:
            number = self._seen[digest]
            self._seen[digest] += 1
        left = chance(self.seed, digest, number)
        for name, settings, share in all_kinds:
            if left < share:
                with self._lock:
                    self.played[name] += 1
                return Fault(name, dict(settings))
            left -= share
        return None


def kinds(share: float | Mapping[str, float]) -> list[tuple[str, dict[str, int], float]]:
    """Return the faults that *share* stands for: name, settings, share of the requests.

    Raises:
        ValueError: for shares that are none, or a fault that there is not.
    """
    if isinstance(share, Mapping):
        usual = dict(_MIX)
        found = [(Fault(name).name, usual.get(name, {}), each) for name, each in share.items()]
    else:
        found = [(name, settings, share / len(_MIX)) for name, settings in _MIX] if share else []
    if any(each < 0 for _, _, each in found) or sum(each for _, _, each in found) > 1 + 1e-9:
        raise ValueError("faults are shares of the requests: none below 0, together no more than 1")
    return found


def chance(*parts: object) -> float:
    """Return a number from 0 to 1 (not included) that is settled by *parts*."""
    digest = hashlib.sha256("\0".join(str(part) for part in parts).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)


def _digest(order: Order) -> str:
    inputs = [hashlib.sha256(picture.data).hexdigest() for picture in (*order.images, *((order.mask,) if order.mask else ()))]
    parts = (order.act, order.model, order.prompt, order.n, order.size, order.quality, order.background, order.picture_format, order.seed)
    return hashlib.sha256(repr((*parts, inputs)).encode("utf-8", "surrogatepass")).hexdigest()
