"""What scikit-image does better than the simpler measures here, taken from it on one thread at a time.

Its parts are imported when they are first used, and SciPy's below them; two threads that do so at once can find a module that is
only half there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

__all__ = ["ciede2000", "similarity"]

_lock = threading.Lock()


def ciede2000() -> Callable[..., Any] | None:
    """Return ``skimage.color.deltaE_ciede2000``; ``None`` without scikit-image."""
    with _lock:
        try:
            from skimage.color import deltaE_ciede2000
        except ImportError:
            return None
    found: Callable[..., Any] = deltaE_ciede2000
    return found


def similarity() -> Callable[..., Any] | None:
    """Return ``skimage.metrics.structural_similarity``; ``None`` without scikit-image."""
    with _lock:
        try:
            from skimage.metrics import structural_similarity
        except ImportError:
            return None
    found: Callable[..., Any] = structural_similarity
    return found
