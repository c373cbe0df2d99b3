"""What an edit changed, as columns of a table: the measure called ``"changes"``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from imgcell.measures.changing import COLUMNS, changes
from imgcell.measures.registry import Metric
from imgcell.pictures.picture import Picture

__all__ = ["METRICS", "edited"]


def edited(picture: object, parent: object) -> dict[str, Any]:
    """Return what :attr:`imgcell.Picture.changes` says of *picture*, as plain values; of another image what changed against *parent*.

    Raises:
        InvalidJobError: It was made from several pictures without a mask, or what it was made from is not there.
    """
    found = picture.changes if isinstance(picture, Picture) else changes(parent, picture)
    values: dict[str, Any] = found.to_dict()
    return values


#: With scikit-image there are more values, and finer ones; those that were remembered without it are not taken for them.
METRICS = (Metric("changes", edited, "parent", COLUMNS, version=2 if find_spec("skimage") is not None else 1),)
