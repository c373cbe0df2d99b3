"""From the bytes of an answer to a picture with its record, out of what the ledger says of the request.

Nothing else goes in, so that an answer which a dead process left in the spool becomes the same picture.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from imgcell.jobs import Edit
from imgcell.pictures.formats import ImageFacts
from imgcell.pictures.honored import broken, effective
from imgcell.pictures.record import Record
from imgcell.pictures.wording import diff_text, rewritten
from imgcell.wire import flow
from imgcell.wire.texts import display_text, redact

if TYPE_CHECKING:
    from imgcell.client.part import Prepared
    from imgcell.jobs import Job
    from imgcell.origin import Origin
    from imgcell.providers.prices import Cost

__all__ = ["Answered", "make_record", "request_facts"]


def request_facts(
    prepared: Prepared, job: Job, *, provider: str, estimate: Cost | None, digest: str, slot: int, origin: Origin
) -> dict[str, Any]:
    """Return what the ledger says of a request before it is sent; plain values.

    Args:
        prepared: The whole job.
        job: The part of it that this request asks for.
        provider: Name of the provider.
        estimate: What the request may cost at most.
        digest: Of the whole job.
        slot: Which of the whole job's pictures the first one of this request is.
        origin: Where the job comes from.
    """
    return {
        "provider": provider,
        "model": prepared.model.name or None,
        "kind": "edit" if isinstance(job, Edit) else "generate",
        "prompt": job.prompt,
        "requested": prepared.requested(),
        "notes": list(prepared.notes),
        "inputs": [f"sha256:{image.sha256}" for image in prepared.images],
        "parents": [image.parent or f"sha256:{image.sha256}" for image in prepared.images],
        "modified": [place for place, image in enumerate(prepared.images) if image.modified],
        "mask": f"sha256:{prepared.mask.sha256}" if prepared.mask is not None else None,
        "pictures": job.n,
        "estimate": dataclasses.asdict(estimate) if estimate is not None else None,
        "job": digest,
        "slot": slot,
        "session": origin.session,
        "notebook": origin.notebook,
        "cell": origin.cell,
        # Most requests belong to no sweep, and then nothing is said of one.
        **({"sweep": origin.sweep, "place": origin.place, "step": origin.step} if origin.sweep is not None else {}),
    }


@dataclasses.dataclass(frozen=True)
class Answered:
    """What is known of one answer beside its pictures.

    Attributes:
        attempt: The ledger's id.
        base_url: Where it came from.
        seconds: From sending to the last byte.
        request_id: The provider's, or ``None``.
        notes: Of the call that was sent, in words.
        secrets: What must not be stored.
    """

    attempt: str
    base_url: str
    seconds: float = 0.0
    request_id: str | None = None
    notes: Sequence[str] = ()
    secrets: tuple[str, ...] = ()


def make_record(
    facts: Mapping[str, Any],
    answered: Answered,
    step: flow.Final,
    measured: ImageFacts,
    *,
    sha256: str,
    size: int,
    index: int,
    cost: Cost | None,
    clear: float | None,
) -> Record:
    """Return the record of a picture.

    Args:
        facts: What :func:`request_facts` returned, perhaps read back from the ledger.
        answered: The rest of the answer.
        step: The picture, as the flow hands it out.
        measured: What its bytes are.
        sha256: Their digest.
        size: Their number.
        index: Which of the answer's pictures it is, from 0.
        cost: What it cost.
        clear: How much of it is transparent (:func:`imgcell.pictures.honored.transparency`), if that was looked for.
    """
    requested = facts.get("requested") or {}
    asked = facts.get("pictures")
    revised = redact(display_text(step.revised_prompt), answered.secrets) if step.revised_prompt else None
    record = Record(
        id=f"p-{answered.attempt.removeprefix('a-')}-{index}",
        sha256=sha256,
        prompt=facts["prompt"],
        revised_prompt=revised,
        provider=facts["provider"],
        model=facts.get("model"),
        kind=facts.get("kind", "generate"),
        requested=requested,
        effective=effective(
            step.facts, measured, requested, pictures=asked or 1, came=step.came if asked is not None else None, clear=clear
        ),
        notes=(*facts.get("notes", ()), *answered.notes, *step.notes),
        seconds=round(answered.seconds, 3),
        cost=cost,
        usage=step.usage,
        request_id=answered.request_id,
        attempt=answered.attempt,
        parents=tuple(facts.get("parents") or facts.get("inputs", ())),
        inputs=tuple(facts.get("inputs", ())),
        modified=tuple(facts.get("modified", ())),
        mask=facts.get("mask"),
        size=(measured.width, measured.height),
        format=measured.format,
        bytes=size,
        url=redact(urljoin(answered.base_url + "/", step.url), answered.secrets) if step.url else None,
        index=index,
        job=facts.get("job"),
        slot=int(facts.get("slot") or 0) + index,
        session=facts.get("session"),
        notebook=facts.get("notebook"),
        cell=facts.get("cell"),
        sweep=facts.get("sweep"),
        place=facts.get("place"),
        step=int(facts.get("step") or 0),
    )
    return marked(record)


def marked(record: Record) -> Record:
    """Return *record* with what came otherwise than it was asked for marked in ``effective``, and nothing else marked there."""
    plain = {name: value for name, value in record.effective.items() if name not in ("mismatch", "prompt_diff")}
    return dataclasses.replace(record, effective={**plain, **_marks(record)})


def _marks(record: Record) -> dict[str, Any]:
    """Return what in ``effective`` marks that something came otherwise than it was asked for."""
    marks: dict[str, Any] = {}
    if wrong := [point.name for point in broken(record)]:
        marks["mismatch"] = wrong
    if rewritten(record.prompt, record.revised_prompt):
        marks["prompt_diff"] = diff_text(record.prompt, record.revised_prompt or "")
    return marks
