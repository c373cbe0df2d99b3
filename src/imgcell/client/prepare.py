"""From what the user gave to what can be sent: pictures read, limits checked, all before the first byte goes out."""

from __future__ import annotations

from imgcell import providers
from imgcell.client.part import Prepared
from imgcell.errors import DownloadError, InvalidJobError
from imgcell.jobs import Edit, InputImage, Job
from imgcell.language import tr
from imgcell.pictures.inputs import expand, load_image, needs_fetch
from imgcell.portal import portal
from imgcell.providers.profile import Model, Provider
from imgcell.transport.deadline import Deadline
from imgcell.transport.fetch import Downloads
from imgcell.wire.base64text import MemoryExtract

__all__ = ["prepare"]

#: Seconds that a picture to be edited may take to come from its address.
_PATIENCE = 120


def prepare(job: Job, provider: Provider, connect_timeout: float) -> Prepared:
    """Read the pictures of *job* and check it against what *provider* says of its model.

    Raises:
        InvalidJobError: One clear reason.
    """
    model = provider.model(job.model)
    images: tuple[InputImage, ...] = ()
    mask: InputImage | None = None
    if isinstance(job, Edit):
        given = expand(job.images)
        images = tuple(_image(value, model, connect_timeout, number) for number, value in enumerate(given, 1))
        if job.mask is not None:
            mask = _mask(job.mask, images[0], model, connect_timeout)
    notes = [note for sent in (*images, mask) if sent is not None for note in sent.notes]
    notes += providers.check(job, images, mask, model)
    return Prepared(job, images, mask, model, provider, tuple(dict.fromkeys(notes)))


def _image(value: object, model: Model, connect_timeout: float, number: int) -> InputImage:
    url = needs_fetch(value, model)
    return load_image(_fetched(url, connect_timeout) if url is not None else value, model)


def _mask(value: object, first: InputImage, model: Model, connect_timeout: float) -> InputImage:
    if first.url is not None:
        raise InvalidJobError(
            tr("A mask has to be exactly as large as the first picture, which is only an address here."),
            hint=tr("Give the picture itself instead of its address."),
        )
    from imgcell.masks.sending import load_mask  # most edits have no mask

    url = needs_fetch(value, model, mask=True)
    return load_mask(_fetched(url, connect_timeout) if url is not None else value, first, model)


def _fetched(url: str, connect_timeout: float) -> bytes:
    async def fetch() -> bytes:
        # The user's own address: it may be anywhere that the user's machine may reach.
        downloads = Downloads("", connect_timeout)
        try:
            async with Deadline(_PATIENCE):
                return (await downloads.fetch(url, MemoryExtract)).read()
        finally:
            await downloads.close()

    try:
        return portal().run(fetch())
    except (DownloadError, TimeoutError) as error:
        reason = (
            error.message
            if isinstance(error, DownloadError)
            else tr("{url} gave no picture within {seconds} s.", url=url, seconds=_PATIENCE)
        )
        raise InvalidJobError(reason, hint=tr("Check the address; nothing was sent.")) from error
