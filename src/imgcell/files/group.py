"""Many threads, one fsync."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["GroupCommit"]


class _Batch:
    """Those who wait for the same fsync."""

    __slots__ = ("error", "over")

    def __init__(self) -> None:
        self.over = False
        self.error: OSError | None = None


class GroupCommit:
    """Runs *flush* for all who ask while it runs, once.

    Whoever calls has written before; the call returns when a flush that began after the call has ended.  An fsync
    takes milliseconds, so that of 64 callers at once all but a few share one.

    Args:
        flush: Makes durable what was written.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._changed = threading.Condition()
        self._running = False
        self._gathering = _Batch()

    def __call__(self) -> None:
        """Return when all that was written before is durable.

        Raises:
            OSError: It is not.  All who waited for the same flush get it: a second fsync after a failed one may
                succeed although the data are gone, so it is not asked again.
        """
        with self._changed:
            batch = self._gathering
            while self._running and not batch.over:
                self._changed.wait()
            leads = not batch.over
            if leads:
                self._running = True
                self._gathering = _Batch()
        if leads:
            try:
                self._flush()
            except OSError as error:
                batch.error = error
            finally:
                with self._changed:
                    batch.over = True
                    self._running = False
                    self._changed.notify_all()
        if batch.error is not None:
            raise OSError(batch.error.errno, batch.error.strerror) from batch.error
