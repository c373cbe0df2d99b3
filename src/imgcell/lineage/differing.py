"""What an edit changed of the picture that it was made from: found in the library, then measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.lineage.family import asked_for, inputs_of
from imgcell.measures.changing import Changes, changes

if TYPE_CHECKING:
    from imgcell.lineage.holdings import Holdings
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.record import Record

__all__ = ["before", "image_tokens", "measured"]


def measured(picture: Picture, holdings: Holdings) -> Changes:
    """Do what :attr:`imgcell.Picture.changes` says.

    Raises:
        InvalidJobError: It is no edit, was made from several pictures without a mask, or its input is not there.
    """
    source, mask = before(picture.record, holdings)
    found = changes(source, picture, mask)
    tokens = image_tokens(picture.record)
    return dataclasses.replace(found, image_tokens=tokens, input_ignored=True) if tokens == 0 else found


def before(record: Record, holdings: Holdings) -> tuple[Picture, Picture | None]:
    """Return the picture that an edit was made from, as it was sent, and the mask, or ``None``.

    Raises:
        InvalidJobError: As :func:`measured`.
    """
    asked = asked_for(record, holdings)
    if record.kept is not None and asked is record:
        # Against the result, its own parent, the pixels that were put back would look like what the edit changed.
        of = str(record.kept.get("of"))
        raise InvalidJobError(
            tr("What {id} was made from is not there. {reason}", id=record.id, reason=str(holdings.problem(of))),
            hint=tr("imgcell.changes(before, after) compares any two pictures."),
        )
    inputs = inputs_of(asked)
    if not inputs:
        raise InvalidJobError(
            tr("{id} was made from words alone: there is nothing that it could have changed.", id=record.id),
            hint=tr("imgcell.changes(before, after) compares any two pictures."),
        )
    if len(inputs) > 1 and asked.mask is None:
        raise InvalidJobError(
            tr("{id} was made from {count} pictures, and no mask says which of them it is an edit of.", id=record.id, count=len(inputs)),
            hint=tr("Say which: imgcell.changes(before, after)."),
        )
    first = inputs[0]
    source = None if first.modified else holdings.picture(first.id)
    if source is None and first.sent is not None:
        source = holdings.given(first.sent)
    if source is None:
        raise InvalidJobError(
            tr("What {id} was made from is not there. {reason}", id=record.id, reason=str(holdings.problem(first.sent or first.id))),
            hint=tr("imgcell.changes(before, after) compares any two pictures."),
        )
    if asked.mask is None:
        return source, None
    mask = holdings.picture(asked.mask)
    if mask is None:
        raise InvalidJobError(
            tr("The mask of {id} is not there. {reason}", id=record.id, reason=str(holdings.problem(asked.mask))),
            hint=tr("imgcell.changes(before, after, mask) takes it."),
        )
    return source, mask


def image_tokens(record: Record) -> int | None:
    """Return how many tokens of input pictures the provider counted; ``None`` if it does not say."""
    usage: Any = record.usage or {}
    details = usage.get("input_tokens_details")
    count = details.get("image_tokens") if isinstance(details, Mapping) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None
