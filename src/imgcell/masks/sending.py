"""A mask made ready for sending: exactly as large as the first picture, in the polarity that the model takes."""

from __future__ import annotations

import io
from pathlib import PurePath

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from imgcell.errors import InvalidJobError
from imgcell.jobs import InputImage
from imgcell.language import joined, tr
from imgcell.masks.mask import Mask
from imgcell.masks.polarity import MARK, dressed
from imgcell.masks.reading import read, taken
from imgcell.pictures.given import Given
from imgcell.pictures.inputs import as_it_is, made, megabytes
from imgcell.providers.profile import Model

__all__ = ["load_mask"]


def load_mask(value: object, first: InputImage, model: Model) -> InputImage:
    """Return *value* as a PNG of exactly the size of *first*, in the model's ``mask_polarity``.

    Args:
        value: A :class:`imgcell.Mask`, or anything that one can be made from.  Values of 128 and more count as white (edit
            here); a note says so where there are others than black and white.
        first: The first picture as it is sent.
        model: ``"alpha"``: RGBA, transparent where to edit (OpenAI's specification, ``mask``), and what is already such a
            PNG goes out as it is.  ``"white"`` and ``"black"``: L.

    Raises:
        InvalidJobError: If it is no mask, is of another size, or marks nothing.
    """
    if first.url is not None:
        raise InvalidJobError(
            tr("A mask has to be exactly as large as the first picture, which is only an address here."),
            hint=tr("Give the picture itself instead of its address."),
        )
    given = Given(tr("The mask"), pixels=value._image) if isinstance(value, Mask) else _taken(value)
    if model.mask_polarity == "alpha" and _is_ready(given, first, model):
        return as_it_is(given)
    image = value._image if isinstance(value, Mask) else read(given)
    if image.size != (first.width, first.height):
        raise InvalidJobError(
            tr(
                "The mask is {width}x{height} and the first picture is {first_width}x{first_height}; they must be of the same size.",
                width=image.width,
                height=image.height,
                first_width=first.width,
                first_height=first.height,
            ),
            hint=tr(
                "Resize the mask: imgcell.Mask(mask).fit(({width}, {height})).",
                width=first.width,
                height=first.height,
            ),
        )
    counted = image.histogram()
    notes = (tr("mask: gray values of 128 and more count as white (edit here)"),) if any(counted[1:255]) else ()
    if not any(counted[128:]):
        raise InvalidJobError(
            tr("The mask marks nothing to edit."),
            hint=tr("White (in L, 1 and arrays) or transparent (with alpha) marks what to edit."),
        )
    mask = value if isinstance(value, Mask) else Mask._of(image)
    data = mask._files.get(model.mask_polarity)
    if data is None:
        data = mask._files[model.mask_polarity] = _png(dressed(mask.hard()._image, model.mask_polarity), model.mask_polarity)
    if len(data) > model.max_image_bytes:
        raise given.refused(
            tr(
                "the mask needs {size}, and {model} takes at most {limit}",
                size=megabytes(len(data)),
                model=model.name or "?",
                limit=megabytes(model.max_image_bytes),
            )
        )
    return made(data, "image/png", image, given, notes)


def _taken(value: object) -> Given:
    try:
        return taken(value)
    except InvalidJobError as error:
        if not isinstance(value, str) or not value.strip() or len(value) > 80 or PurePath(value).suffix:
            raise
        # In Python text is always a path; people who know --mask NAME try the name here.
        hint = tr("A saved mask is imgcell.library().masks[{name}].", name=repr(value))
        raise InvalidJobError(error.message, hint=joined(*filter(None, [error.hint, hint]))) from None


def _is_ready(given: Given, first: InputImage, model: Model) -> bool:
    """Whether it is a PNG as OpenAI's specification wants it, some of it fully transparent."""
    facts = given.facts
    if facts is None or (facts.format, facts.mode, facts.orientation) != ("PNG", "RGBA", 1) or given.size > model.max_image_bytes:
        return False
    if (facts.width, facts.height) != (first.width, first.height):
        return False
    image = given.open()
    # One that says itself what it means is read as that.
    return MARK not in image.info and image.getchannel("A").getextrema()[0] == 0


def _png(image: Image.Image, polarity: str) -> bytes:
    """Return the file; where the alpha channel does not tell what it means, it says so itself."""
    note = PngInfo()
    if polarity != "alpha":
        note.add_text(MARK, polarity)
    buffer = io.BytesIO()
    # Large even areas: a higher level takes three times as long to save a few hundred bytes.
    image.save(buffer, "PNG", compress_level=4, pnginfo=note)
    return buffer.getvalue()
