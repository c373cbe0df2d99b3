"""How a picture was made, what it cost and what it came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from imgcell.providers.prices import Cost

__all__ = ["Record"]


@dataclass(frozen=True)
class Record:
    """Everything known of one picture; plain values only, so that it can be written as JSON.

    Attributes:
        id: The picture's own id (``"p-…"``), unique; also in ``picture.info["imgcell"]``.
        sha256: Hex digest of the original bytes.
        prompt: As the user gave it.
        revised_prompt: As the provider rewrote it, or ``None``.
        provider, model: Who made it; *model* is what was asked for, or the provider's default.
        kind: ``"generate"`` or ``"edit"``.
        requested: The job's fields as the user said them (what was ``None`` is left out).
        effective: What the provider says it did and what was measured: ``size``, ``ratio``, ``output_format``, ``quality``,
            ``background``, ``transparency`` (share of the pixels), ``n``; ``stated`` holds what the provider says and is not
            so (:func:`imgcell.pictures.honored.effective`), ``mismatch`` the names of what came otherwise than it was asked
            for, ``prompt_diff`` how the prompt was rewritten (``[-taken away-]``, ``{+added+}``).
        notes: What was moved, dropped, re-encoded or otherwise adapted, in words.
        created: When the answer was complete (UTC).
        seconds: From sending to the last byte.
        cost: What it cost and how that is known, or ``None`` if nothing is known.
        usage: Token counts of the answer, or ``None``.
        request_id: The provider's, or ``None``.
        attempt: The ledger's id of the request.
        parents: Ids (or, for foreign pictures, ``"sha256:…"``) of the input pictures, in order.
        mask: ``"sha256:…"`` of the mask as sent, or ``None``.
        size: (width, height) in pixels, measured.
        format: ``"PNG"``, ``"JPEG"`` or ``"WEBP"``, measured.
        bytes: Length of the original bytes.
        url: Where it was fetched from, or ``None``.
        index: Which of the request's pictures it is, from 0.
        inputs: ``"sha256:…"`` of each input picture as it was sent, in order; their bytes are blobs of the library.
        modified: Places (from 0) of the *parents* that were changed between imgcell and this edit, by the user's own code.
        job: Digest of the whole job (:func:`imgcell.client.identity.job_digest`): the same job with the same inputs has
            the same one.
        slot: Which of the job's pictures it is, from 0: a job of several pictures may take several requests.
        session, notebook, cell: Where it was asked for (:class:`imgcell.origin.Origin`).
        kept: How the rest of the picture was kept (:mod:`imgcell.measures.keeping`), if it was: ``"of"`` (id of the picture as
            the provider sent it, which is the parent), ``"feather"`` (pixels), ``"shift"`` (right, down) and ``"scale"``, which
            were undone.  It was made here, from a picture that was paid for: ``cost`` and all that says how it was made are
            that picture's, ``attempt`` and ``job`` are ``None``, so that no bill counts it twice.
        sweep: Id of the sweep that it was made for, or ``None``.
        place: Which cell of the sweep's matrix it is, from 0, or ``None``.
        step: Which step of that cell's edit chain it is, from 0.
    """

    id: str
    sha256: str
    prompt: str
    provider: str
    model: str | None
    kind: str = "generate"
    revised_prompt: str | None = None
    requested: Mapping[str, Any] = field(default_factory=dict)
    effective: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    created: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.timezone.utc))
    seconds: float = 0.0
    cost: Cost | None = None
    usage: Mapping[str, Any] | None = None
    request_id: str | None = None
    attempt: str | None = None
    parents: tuple[str, ...] = ()
    mask: str | None = None
    size: tuple[int, int] = (0, 0)
    format: str = ""
    bytes: int = 0
    url: str | None = None
    index: int = 0
    inputs: tuple[str, ...] = ()
    modified: tuple[int, ...] = ()
    job: str | None = None
    slot: int = 0
    session: str | None = None
    notebook: str | None = None
    cell: str | None = None
    kept: Mapping[str, Any] | None = None
    sweep: str | None = None
    place: int | None = None
    step: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return a document that ``json.dumps`` takes and :meth:`from_json` reads back."""
        return {**asdict(self), "created": self.created.isoformat()}

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # One fact a line, for whoever looks at it in a cell; what is not known is left out.
        known = [(f.name, getattr(self, f.name)) for f in fields(self)]
        unsaid = ("place", "step") if self.sweep is None else ()
        shown = (f"    {name} = {value!r}," for name, value in known if value not in (None, (), {}) and name not in unsaid)
        printer.text("\n".join(["Record(", *shown, ")"]))

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Record:
        """Read what :meth:`to_json` wrote; fields of a later version are ignored."""
        known = {f.name for f in fields(cls)}
        values = {name: value for name, value in document.items() if name in known}
        values["created"] = dt.datetime.fromisoformat(values["created"])
        if values.get("cost") is not None:
            values["cost"] = Cost(**values["cost"])
        for name in ("notes", "parents", "size", "inputs", "modified"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(**values)
