"""The library of pictures: files, which are the truth, and an index that is made from them."""

from __future__ import annotations

from imgcell.store.library import Kept, Library

__all__ = ["Annotation", "Kept", "Library", "Report", "Total"]


def __getattr__(name: str) -> object:
    # The index brings sqlite3, which the way of a picture does not need.
    if name == "Annotation":
        from imgcell.store.remarks import Annotation

        return Annotation
    if name == "Total":
        from imgcell.store.totals import Total

        return Total
    if name == "Report":
        from imgcell.store.verifying import Report

        return Report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
