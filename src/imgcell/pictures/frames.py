"""Pandas, which is an extra: there, or an error that says how to get it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from imgcell.language import tr

__all__ = ["needs_pandas"]


def needs_pandas() -> Any:
    """Return pandas.

    Raises:
        ImportError: It is not installed; says how to install it.
    """
    try:
        return import_module("pandas")
    except ImportError as error:
        raise ImportError(tr("to_pandas() needs pandas, which is not installed here: run  %pip install pandas")) from error
