"""Pictures that the library already has for a job: shown again instead of paid for again (DESIGN.md section 5, "Replay").

Two jobs are the same when their digest is (:func:`imgcell.client.identity.job_digest`), the number of pictures included;
which of the job's pictures a picture is, its record says (``slot``).  Only what is missing is sent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from imgcell.errors import ImgcellError, InvalidJobError, StorageError
from imgcell.language import tr
from imgcell.ledger.leftover import OWED

if TYPE_CHECKING:
    from imgcell.client.part import Prepared
    from imgcell.jobs import Job
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.record import Record
    from imgcell.store import Library

__all__ = ["Ready", "look_up", "recall"]


@dataclass(frozen=True)
class Ready:
    """A job that was read and checked, and what the library has of it already.

    Attributes:
        prepared: The job with its pictures.
        digest: Of the whole job; 64 hex digits.
        found: Pictures that need not be made, by their place in the job, from 0.
        owed: How many requests for this job may have been charged without bringing a picture; 0 while nobody has looked.
    """

    prepared: Prepared
    digest: str
    found: Mapping[int, Picture] = field(default_factory=dict)
    owed: int = 0

    @property
    def job(self) -> Job:
        """The job as the user gave it."""
        return self.prepared.job

    @property
    def missing(self) -> int:
        """How many pictures have to be made."""
        return self.job.n - len(self.found)

    def warning(self) -> str | None:
        """Return what is to be said when it is sent although it may have been charged before; ``None`` for nothing."""
        if not self.owed or not self.missing:
            return None
        return tr(
            "A request for the same pictures ended without them before and may have been charged; they were asked for again. "
            "imgcell.unsettled() lists it."
        )

    @property
    def inputs(self) -> int:
        """How many pictures go in, the mask among them."""
        return len(self.prepared.images) + (self.prepared.mask is not None)

    def pieces(self) -> list[tuple[int, Job]]:
        """Return what is to be sent: the place of the first picture of every request, and the job that it asks for.

        A request's pictures stand side by side, so that a gap in the middle of a job is asked for by itself.
        """
        most = max(1, self.prepared.model.pictures_per_call)
        slots = [slot for slot in range(self.job.n) if slot not in self.found]
        pieces = []
        for _, run in groupby(enumerate(slots), lambda numbered: numbered[1] - numbered[0]):
            places = [slot for _, slot in run]
            for start in range(0, len(places), most):
                count = min(most, len(places) - start)
                pieces.append((places[start], self.job if count == self.job.n else dataclasses.replace(self.job, n=count)))
        return pieces


def recall(library: Library | None, ready: Ready, *, cell: str | None, but: str | None, nth: int) -> Ready:
    """Do what :func:`look_up` says once what dead processes had paid for is in the library.

    Raises:
        InvalidJobError: There is no library.
        StorageError: If the library cannot be asked.
    """
    if library is None:
        raise InvalidJobError(tr("Without a library nothing can be found again."), hint=tr("Leave library=False out."))
    from imgcell.client.recovery import made_good

    made_good(library.home)
    return look_up(library, ready, cell=cell, but=but, nth=nth)


def look_up(library: Library, ready: Ready, *, cell: str | None = None, but: str | None = None, nth: int = 0) -> Ready:
    """Return *ready* with the pictures that *library* has for it; nothing that was deleted.

    Args:
        library: Where to look.
        ready: The job.
        cell: Id of the cell that asks: what was made for it comes before what was made for others, the newest first.
        but: Id of a session (:func:`imgcell.origin.session`) whose pictures do not count.
        nth: Take the next best for each place, as often as this.

    Raises:
        StorageError: If the library cannot be asked.
    """
    candidates: dict[int, list[Record]] = {}
    owed = 0
    try:
        for record in library.by_job(ready.digest):
            if 0 <= record.slot < ready.job.n and (but is None or record.session != but):
                candidates.setdefault(record.slot, []).append(record)
        if len(candidates) < ready.job.n:
            rows = library.requests(sorted(OWED))
            owed = sum(row.get("job") == ready.digest and (but is None or row.get("session") != but) for row in rows)
    except Exception as error:
        raise StorageError(
            tr("The library could not be searched for pictures of this job: {reason}", reason=str(error) or type(error).__name__),
            hint=tr("imgcell.library().verify() says what is wrong with it."),
        ) from error
    found = {}
    for slot, records in sorted(candidates.items()):
        if cell is not None:
            records.sort(key=lambda record: record.cell != cell)
        picture = _first(library, records[nth:])
        if picture is not None:
            found[slot] = picture
    return dataclasses.replace(ready, found=found, owed=owed)


def _first(library: Library, records: list[Record]) -> Picture | None:
    """Return the first picture of *records* that is still there and whole."""
    for record in records:
        try:
            picture = library.picture(record.id)
            if picture is not None and picture.source.size == record.bytes:
                return picture
        except (ImgcellError, OSError):
            continue
    return None
