"""The rest of an edited picture kept (``keep=``), once the provider's own result is safe.

The result stays in the library as it came, and is the parent of the mended picture, whose record says what was done.  Nothing
in here may cost a picture: whatever goes wrong, the result is handed out as it came, with a warning.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import io
import os
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgcell.client.recording import marked
from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.jobs import Edit
from imgcell.language import tr
from imgcell.pictures.given import address
from imgcell.pictures.honored import background, ratio_text
from imgcell.pictures.inputs import expand
from imgcell.pictures.picture import Picture
from imgcell.pictures.source import MemorySource
from imgcell.pictures.steps import Final, Progress

if TYPE_CHECKING:
    from imgcell.client.part import Part, Prepared
    from imgcell.store import Library

__all__ = ["Mender", "mended_again"]


class Mender:
    """Holds the pictures of one request back until their rest is kept.

    Args:
        part: The request.
        prepared: Its job.
        library: Where they are kept.
    """

    def __init__(self, part: Part, prepared: Prepared, library: Library | None) -> None:
        self._part, self._prepared, self._library = part, prepared, library
        self._waiting: deque[tuple[int, Picture]] = deque()

    @classmethod
    def of(cls, part: Part, prepared: Prepared, library: Library | None) -> Mender | None:
        """Return what mends the pictures of *part*, if its job asks for that."""
        return cls(part, prepared, library) if _feather(prepared) is not None else None

    def take(self, picture: Picture, position: int) -> None:
        """Hold *picture* back; it is safe."""
        self._waiting.append((position, picture))

    async def hand_out(self) -> None:
        """Mend what was held back and hand it out; as it came where that fails, or is not waited for."""
        try:
            while self._waiting:
                position, picture = self._waiting[0]
                self._part.run.report(Progress("working", 0.0, tr("the rest of the picture is put back"), self._part.position))
                try:
                    picture, problem = await asyncio.to_thread(mend, picture, self._prepared, self._library)
                except Exception as error:  # noqa: BLE001 - what was paid for is handed out all the same
                    problem = _failed(error)
                self._waiting.popleft()
                if problem:
                    self._part.run.warnings.append(problem)
                self._give(position, picture)
        finally:
            while self._waiting:
                self._give(*self._waiting.popleft())

    def _give(self, position: int, picture: Picture) -> None:
        self._part.run.sheet._add(picture, position)
        self._part.run.report(Final(picture, self._part.position))


def mended_again(picture: Picture, prepared: Prepared, library: Library | None) -> tuple[Picture, str | None]:
    """Return the mended version of a picture that the library had, and what did not go well; never raises.

    The one that was made before where there is one; itself where the job asks for none.
    """
    feather = _feather(prepared)
    if feather is None:
        return picture, None
    try:
        for record in library.children(picture.record.id) if library is not None else ():
            if record.kept is not None and record.kept.get("of") == picture.record.id and record.kept.get("feather") == feather:
                found = library.picture(record.id) if library is not None else None
                if found is not None:
                    return found, None
        return mend(picture, prepared, library)
    except Exception as error:  # noqa: BLE001 - the picture is there, only not mended
        return picture, _failed(error)


def mend(picture: Picture, prepared: Prepared, library: Library | None) -> tuple[Picture, str | None]:
    """Return *picture* with its rest kept, in the library, and what did not go well there.

    Raises:
        ImgcellError, OSError: It could not be made.
    """
    from imgcell.measures import seeing
    from imgcell.measures.keeping import mended

    feather = _feather(prepared)
    assert feather is not None
    assert prepared.mask is not None
    before = _before(prepared)
    sent = prepared.mask
    hole = seeing.hole(sent.data if sent.data is not None else sent.path, before.size)
    made = mended(before, seeing.opened(picture), hole, feather)
    data = _png(made.image)
    record = picture.record
    kept = {"of": record.id, "feather": feather, "shift": list(made.alignment.shift), "scale": made.alignment.scale}
    done = tr("outside of the mask the pixels are those of the input; as the provider sent it: {id}", id=record.id)
    source = MemorySource(data)
    new = dataclasses.replace(
        record,
        id=f"{record.id}-k{os.urandom(2).hex()}",
        sha256=source.sha256,
        requested={**record.requested, "keep": feather},
        effective=_effective(record.effective, made.image),
        notes=(*record.notes, done),
        created=dt.datetime.now(dt.timezone.utc),
        request_id=None,
        attempt=None,
        parents=(record.id,),
        inputs=(f"sha256:{record.sha256}",),
        modified=(),
        size=made.image.size,
        format="PNG",
        bytes=len(data),
        url=None,
        job=None,
        sweep=None,
        place=None,
        step=0,
        kept=kept,
    )
    # What was asked for and what came are told of this picture now, not of the result.
    new = marked(new)
    if library is None:
        alone = Picture(source, new)
        alone._made_from = picture  # nobody else may have it, and it is the parent
        return alone, None
    from imgcell.files.spool import SpoolFile

    spool = SpoolFile(None, step="mended")
    spool.write(data)
    stored = library.keep(spool, new)
    return Picture(stored.source, new, archive=library.archive), stored.problem


def _feather(prepared: Prepared) -> int | None:
    return prepared.job.keep if isinstance(prepared.job, Edit) and prepared.mask is not None else None


def _before(prepared: Prepared) -> Any:
    """Return the first picture of the job: as the user has it where sending it cost something, else as it was sent."""
    from imgcell.measures import seeing

    assert isinstance(prepared.job, Edit)
    sent = prepared.images[0]
    if sent.notes and sent.media_type != "image/png":
        given = expand(prepared.job.images)[0]
        if address(given) is None:
            try:
                image = seeing.opened(given)
            except (ImgcellError, OSError):
                pass  # the file is gone: what was sent is not
            else:
                if image.size == (sent.width, sent.height):
                    return image
    what: Any = sent.data if sent.data is not None else sent.path
    if what is None:
        raise InvalidJobError(tr("The first picture is only an address here."))
    return seeing.opened(what)


def _effective(said: Mapping[str, Any], image: Any) -> dict[str, Any]:
    """Return what a record says of what came, for *image* instead of the result that it was made of."""
    found = {**said, "size": f"{image.width}x{image.height}", "ratio": ratio_text(image.width, image.height), "output_format": "png"}
    if "transparency" in found:
        clear = sum(image.getchannel("A").histogram()[:128]) / (image.width * image.height) if image.mode == "RGBA" else 0.0
        found.update(transparency=round(clear, 4), background=background(clear))
    return found


def _png(image: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=4, icc_profile=image.info.get("icc_profile"))
    return buffer.getvalue()


def _failed(error: Exception) -> str:
    return tr(
        "The rest of the picture could not be put back ({reason}): it is as the provider sent it.",
        reason=str(error) or type(error).__name__,
    )
