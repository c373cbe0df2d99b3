"""The library of pictures: files, which are the truth, and an index that is made from them."""

from __future__ import annotations

from imgcell.store.library import Kept, Library

__all__ = ["Kept", "Library"]
