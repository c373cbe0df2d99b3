"""A sheet as rows of plain values: one for every picture, and for every place that has none.

Data frames, reports and comparisons are made from these rows, so that all of them mean the same by the same name.  Nothing
here needs pandas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from imgcell.errors import (
    BudgetExceededError,
    ConfigurationError,
    InvalidJobError,
    InvalidRequestError,
    MissingKeyError,
    ModerationError,
    NotSentError,
    OutcomeUnknownError,
    PermissionDeniedError,
    StorageError,
)
from imgcell.language import tr
from imgcell.pictures.honored import said, seen
from imgcell.pictures.wording import diff_text, rewritten

if TYPE_CHECKING:
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.sheet import Cell, Sheet

__all__ = ["OUTCOMES", "Outcome", "outcome", "rows"]

Outcome: TypeAlias = Literal["picture", "refused", "failed", "unknown", "not sent", "waiting"]

#: In the order of how good the news is.
OUTCOMES: tuple[Outcome, ...] = ("picture", "refused", "failed", "unknown", "not sent", "waiting")

_NOT_SENT = (InvalidJobError, MissingKeyError, StorageError, BudgetExceededError, NotSentError, ConfigurationError)
#: What the provider will say again of the same request: content, or what the model does not take.
_REFUSED = (ModerationError, InvalidRequestError, PermissionDeniedError)
#: What a record's ``requested`` and ``effective`` say that has a column of its own, or is no fact about the picture.
_ELSEWHERE = ("prompt", "model", "created", "stated", "mismatch", "prompt_diff")


def rows(sheet: Sheet, *, failed: bool = False) -> list[dict[str, Any]]:
    """Return a row for each picture of *sheet*, in order.

    Args:
        sheet: Finished or still filling.
        failed: Whether places without a picture have a row too; all that a picture would say is then missing in it.

    Returns:
        Mappings with these names, in this order, all but the last group in every row:

        - a column for every axis of the sheet (an axis that is called like a fact, ``model`` say, *is* that column);
        - ``position`` (place in the sheet, from 0), ``repeat`` (which of the pictures of one combination), ``label``;
        - ``outcome``: ``"picture"``, ``"refused"`` (the provider will not make it: content, or a request that the model does
          not take), ``"failed"`` (anything else that was answered, including rate limits and unusable answers),
          ``"unknown"`` (sent, may have been charged), ``"not sent"`` (nothing was charged) or ``"waiting"``;
        - ``error`` and ``error_kind``: message and class of what went wrong;
        - ``id``, ``prompt``, ``revised_prompt``, ``provider``, ``model``, ``kind``, ``width``, ``height``, ``format``,
          ``bytes``, ``seconds``, ``cost``, ``currency``, ``basis``, ``created``, ``parents``, ``notes``, ``request_id``,
          ``attempt``, ``sha256``, ``picture`` (the Picture itself; ``None`` in rows without one);
        - ``cost`` adds up to what was paid: of a picture whose rest was kept (``keep=``) it is that of the provider's own result,
          and 0 (``"free"``) where that has a row of its own, or another picture that was made from it;
        - ``honored``: whether everything that was asked for came so (``None`` where nothing is known to be broken and
          something is not known), ``mismatch``: what did not, in words, ``prompt_diff``: how the provider rewrote the
          prompt (``[-taken away-]``, ``{+added+}``), or ``None`` if it did not;
        - ``requested.prompt``, ``requested.provider`` and ``requested.model`` where the axis of this name has labels of its own: what
          they stand for;
        - only where it was said: ``requested.<field>``, ``effective.<field>`` and ``honored.<field>``.
    """
    axes = tuple(sheet.axes)
    found = [_row(cell, axes) for cell in sheet.cells if failed or cell.picture is not None]
    _unlabeled(found, axes)
    _once(found)
    # One order of names for all rows, whichever of them says something first.
    names = dict.fromkeys(name for row in found for name in row if "." not in name)
    for group in ("requested", "effective", "honored"):
        names |= dict.fromkeys(name for row in found for name in row if name.startswith(f"{group}."))
    return [{name: row[name] for name in names if name in row} for row in found]


def outcome(cell: Cell) -> Outcome:
    """Return what became of a place of a sheet, in the words of :func:`rows`."""
    if cell.picture is not None:
        return "picture"
    if cell.error is None:
        return "waiting"
    if isinstance(cell.error, OutcomeUnknownError):
        return "unknown"
    if isinstance(cell.error, _NOT_SENT):
        return "not sent"
    return "refused" if isinstance(cell.error, _REFUSED) else "failed"


def _row(cell: Cell, axes: tuple[str, ...]) -> dict[str, Any]:
    values = cell.values
    row: dict[str, Any] = {axis: values.get(axis) for axis in axes}
    facts: dict[str, Any] = {
        "position": cell.position,
        "repeat": cell.repeat,
        "label": cell.label or None,
        "outcome": outcome(cell),
        "error": str(cell.error) if cell.error is not None else None,
        "error_kind": type(cell.error).__name__ if cell.error is not None else None,
        **(_facts(cell.picture) if cell.picture is not None else dict.fromkeys(_FACTS)),
    }
    for name, value in facts.items():
        # What the sweep calls it is what its rows are grouped by.
        if row.get(name) is None:
            row[name] = value
    return row


def _once(found: list[dict[str, Any]]) -> None:
    """Let no money stand in two rows: a result of a provider and what was made from it by keeping the rest were paid for once."""
    paid = {row["id"] for row in found}
    for row in found:
        kept = row["picture"].record.kept if row["picture"] is not None else None
        of = kept.get("of") if kept is not None else None
        if of is not None and of in paid and row["cost"] is not None:
            row["cost"], row["basis"] = 0.0, "free"
        paid.add(of)


def _unlabeled(found: list[dict[str, Any]], axes: tuple[str, ...]) -> None:
    """Add to each row what its label stands for, of the axes of which a label is not what was sent: it must not be lost."""
    for axis in ("prompt", "provider", "model"):
        sent = [getattr(row["picture"].record, axis) if row["picture"] is not None else None for row in found]
        if axis in axes and any(value is not None and value != row[axis] for value, row in zip(sent, found, strict=True)):
            for value, row in zip(sent, found, strict=True):
                row[f"requested.{axis}"] = value


#: What a row has of every picture, in this order.
_FACTS = (
    *("id", "prompt", "revised_prompt", "provider", "model", "kind", "width", "height", "format", "bytes", "seconds"),
    *("cost", "currency", "basis", "created", "parents", "notes", "request_id", "attempt", "sha256", "picture"),
    *("honored", "mismatch", "prompt_diff"),
)


def _facts(picture: Picture) -> dict[str, Any]:
    record = picture.record
    cost = record.cost
    checked = seen(picture)
    facts = {
        "id": record.id,
        "prompt": record.prompt,
        "revised_prompt": record.revised_prompt,
        "provider": record.provider,
        "model": record.model,
        "kind": record.kind,
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "bytes": picture.source.size,
        "seconds": record.seconds,
        "cost": None if cost is None else cost.amount,
        "currency": None if cost is None else cost.currency,
        "basis": None if cost is None else cost.basis,
        "created": record.created,
        "parents": list(record.parents),
        "notes": list(record.notes),
        "request_id": record.request_id,
        "attempt": record.attempt,
        "sha256": record.sha256,
        "picture": picture,
        "honored": _all([point.met for point in checked]),
        "mismatch": tr("; ").join(said(point) for point in checked if point.met is False) or None,
        "prompt_diff": diff_text(record.prompt, record.revised_prompt or "") if rewritten(record.prompt, record.revised_prompt) else None,
    }
    return {
        **facts,
        **_plain("requested", record.requested),
        **_plain("effective", record.effective),
        **{f"honored.{point.name}": point.met for point in checked},
    }


def _plain(group: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as columns; those that were passed through as they are count as named."""
    extra = said.get("extra")
    fields = {**said, **extra} if isinstance(extra, Mapping) else said
    return {f"{group}.{name}": value for name, value in fields.items() if name not in _ELSEWHERE and name != "extra"}


def _all(met: list[bool | None]) -> bool | None:
    if False in met:
        return False
    return None if None in met else True
