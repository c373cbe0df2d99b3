"""The limits on how much may be asked for: pictures in a time, and requests at once."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from imgcell.sandbox.documents import Document
from imgcell.sandbox.orders import Refusal

__all__ = ["Rate"]


@dataclass
class Rate:
    """Kept strictly, so that whoever asks too early is turned away; what is turned away counts for nothing.

    Attributes:
        images: Pictures in any *window* seconds; ``None`` is as many as one likes.
        window: Seconds; providers mean a minute, tests have less time.
        at_once: Requests being worked on at a time, which are refused without a time to wait; ``None`` is no limit.
        told: Whether every answer says where its account stands (``x-ratelimit-…-images``).
        turned_away: How many requests were.
    """

    images: int | None = None
    window: float = 60.0
    at_once: int | None = None
    told: bool = False
    turned_away: int = 0
    working: int = 0
    _log: deque[tuple[float, int]] = field(default_factory=deque)

    def check(self, document: Document, pictures: int, now: float) -> dict[str, str]:
        """Count a request for *pictures* and return the headers of its answer.

        Raises:
            Refusal: 429, with ``Retry-After`` in whole seconds and ``retry-after-ms`` exactly, where waiting helps.
        """
        if self.at_once is not None and self.working >= self.at_once:
            self.turned_away += 1
            raise _busy(document, "Too many requests are being worked on at a time.", "当前并发请求过多，请稍后再试", {})
        if self.images is None:
            return {}
        while self._log and self._log[0][0] + self.window <= now:
            self._log.popleft()
        used = sum(count for _, count in self._log)
        free = self.images - used
        if pictures > free:
            self.turned_away += 1
            wait = self._wait(pictures - free, now)
            headers = {"Retry-After": str(max(1, math.ceil(wait))), "retry-after-ms": str(math.ceil(wait * 1000))}
            limit = f"{self.images} / {self.window:g} s"
            english = f"Rate limit reached for images. Limit: {limit}. Please try again in {wait:.3f}s."
            raise _busy(document, english, f"您已达到请求数限制：{limit}", {**headers, **self._standing(free, now)})
        self._log.append((now, pictures))
        return self._standing(free - pictures, now)

    def _wait(self, missing: int, now: float) -> float:
        for at, count in self._log:
            missing -= count
            if missing <= 0:
                return at + self.window - now
        return self.window

    def _standing(self, free: int, now: float) -> dict[str, str]:
        if not self.told:
            return {}
        reset = self._log[-1][0] + self.window - now if self._log else 0.0
        return {
            "x-ratelimit-limit-images": str(self.images),
            "x-ratelimit-remaining-images": str(free),
            "x-ratelimit-reset-images": f"{reset:.3f}s",
        }


def _busy(document: Document, english: str, chinese: str, headers: dict[str, str]) -> Refusal:
    if document.envelope == "relay":
        return Refusal(chinese, status=429, type="new_api_error", code="rate_limit_exceeded", headers=headers)
    return Refusal(english, status=429, type="requests", code="rate_limit_exceeded", headers=headers)
