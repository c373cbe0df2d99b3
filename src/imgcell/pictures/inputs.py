"""Pictures made ready for sending (masks: :mod:`imgcell.masks.sending`).

What an endpoint can take goes out as it is, byte for byte, a file straight from the disk.  It is re-encoded only when
the endpoint cannot take it, and a note in the record says so: another format, a file above the size limit, or an EXIF
orientation, which endpoints do not all honour and no mask could follow.  The one other change: the place where a
photograph was taken stays here; its pixels go out as they are.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from PIL import Image

from imgcell.errors import InvalidJobError
from imgcell.jobs import InputImage
from imgcell.language import joined, listed, tr
from imgcell.pictures.digest import file_digest
from imgcell.pictures.given import Given, address, take
from imgcell.pictures.places import without_exif
from imgcell.pictures.preview import viewable
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.writing import flatten, upright
from imgcell.providers.profile import Model

__all__ = ["as_it_is", "expand", "file_of", "load_image", "made", "megabytes", "needs_fetch"]

_NAMES = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WebP"}


def expand(images: Iterable[Any]) -> list[Any]:
    """Return *images* with every Sheet, list and tuple in it replaced by its members, in order.

    Raises:
        InvalidJobError: For a Sheet that is still running or has no picture.
    """
    flat: list[Any] = []
    for value in images:
        if isinstance(value, Sheet):
            if not value.done:
                raise InvalidJobError(tr("This Sheet is still running."), hint=tr("Wait for it first: sheet.wait()."))
            if not len(value):
                raise InvalidJobError(tr("This Sheet has no pictures."))
            flat.extend(value)
        elif isinstance(value, (list, tuple)):
            flat.extend(expand(value))
        else:
            flat.append(value)
    return flat


def needs_fetch(value: object, model: Model, *, mask: bool = False) -> str | None:
    """Return the address that must be fetched before :func:`load_image` can take *value*, or ``None``.

    Args:
        value: What the user gave.
        model: Whether addresses can be passed on as they are (``image_urls``).
        mask: A mask is always fetched: it has to be converted and measured here.
    """
    url = address(value)
    return None if url is None or (model.image_urls and not mask) else url


def load_image(value: object, model: Model) -> InputImage:
    """Return *value* as *model* can take it.

    Args:
        value: A Picture, a PIL image of any mode, bytes, a path, an address (where the model takes addresses), a data address, a
            NumPy array (uint8, bool, or floats from 0 to 1; HxW or HxWx1 to 4), or a Sheet of one.
        model: Formats, bytes and addresses it takes.

    Raises:
        InvalidJobError: If it is no whole picture, or cannot be made small enough.
    """
    url = address(value)
    if url is not None:
        if not model.image_urls:
            raise InvalidJobError(
                tr("{model} takes no addresses of pictures.", model=model.name or "?"), hint=tr("Give the picture itself.")
            )
        return InputImage(url=url, sha256=hashlib.sha256(url.encode()).hexdigest())
    given = take(value)
    facts = given.facts
    if facts is not None and facts.orientation == 1 and facts.media_type in model.image_types and given.size <= model.max_image_bytes:
        return as_it_is(given)
    return _encoded(given, model)


def as_it_is(given: Given) -> InputImage:
    """Return a PNG, JPEG or WebP that goes out byte for byte, but for the place where it was taken."""
    facts = given.facts
    assert facts is not None
    notes: tuple[str, ...] = ()
    if facts.located and given.parent is None:
        data = without_exif(given.data if given.data is not None else _read(given), facts.format)
        note = tr("{name}: the place where it was taken was removed (EXIF)", name=given.name)
        given = replace(given, data=data, path=None, size=len(data), sha256="")
        notes = (note,)
    return InputImage(
        media_type=facts.media_type,
        data=given.data,
        path=given.path,
        width=facts.width,
        height=facts.height,
        size=given.size,
        sha256=given.sha256 or _digest(given),
        parent=given.parent,
        modified=given.modified,
        notes=notes,
    )


def _read(given: Given) -> bytes:
    assert given.path is not None
    try:
        return given.path.read_bytes()
    except OSError as error:
        raise given.refused(str(error)) from error


def _digest(given: Given) -> str:
    if given.data is not None:
        return hashlib.sha256(given.data).hexdigest()
    assert given.path is not None
    try:
        return file_digest(given.path)
    except OSError as error:
        raise given.refused(str(error)) from error


def _encoded(given: Given, model: Model) -> InputImage:
    """Encode anew, without loss where that fits; refuse what would have to lose pixels to fit."""
    pixels = given.open()
    image = upright(viewable(pixels), given.orientation)
    notes = _reasons(given, model)
    tried = 0
    for media_type, params in _ways(image, given, model):
        laid = image if media_type != "image/jpeg" else flatten(image)
        data = file_of(laid, _NAMES[media_type], params)
        tried = len(data)
        if tried <= model.max_image_bytes:
            if notes or given.facts is not None:
                how = tr("re-encoded as {format}", format=_NAMES[media_type])
                if "quality" in params:
                    how = joined(how, tr("(quality {quality})", quality=params["quality"]))
                if laid is not image and image.mode == "RGBA":
                    how = listed(how, tr("on white"))
                notes = [tr("{name}: {reason}", name=given.name, reason=listed(*notes, how))]
            return made(data, media_type, image, given, tuple(notes))
    if not tried:
        raise given.refused(tr("{model} takes none of PNG, JPEG and WebP.", model=model.name or "?"))
    raise given.refused(
        tr(
            "{width}x{height} pixels need {size} even at low quality, and {model} takes at most {limit} a picture",
            width=image.width,
            height=image.height,
            size=megabytes(tried),
            model=model.name or "?",
            limit=megabytes(model.max_image_bytes),
        ),
        hint=tr("Make it smaller first: image.resize(…)."),
    )


def made(data: bytes, media_type: str, image: Image.Image, given: Given, notes: tuple[str, ...]) -> InputImage:
    """Return what *given* is sent as: *image*, encoded as *data*."""
    return InputImage(
        media_type=media_type,
        data=data,
        width=image.width,
        height=image.height,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        parent=given.parent,
        modified=given.modified or (given.parent is not None and given.pixels is not None),
        notes=notes,
    )


def _reasons(given: Given, model: Model) -> list[str]:
    facts = given.facts
    if facts is None:
        return [tr("{format} cannot be sent as it is", format=given.kind)] if given.kind else []
    reasons = []
    if facts.orientation != 1:
        reasons.append(tr("turned upright (EXIF orientation {value})", value=facts.orientation))
    if facts.media_type not in model.image_types:
        reasons.append(tr("{model} takes no {format}", model=model.name or "?", format=_NAMES[facts.media_type]))
    if given.size > model.max_image_bytes:
        reasons.append(tr("{size} is above the limit of {limit}", size=megabytes(given.size), limit=megabytes(model.max_image_bytes)))
    return reasons


def _ways(image: Image.Image, given: Given, model: Model) -> list[tuple[str, dict[str, Any]]]:
    """The encodings to try, best first."""
    jpeg: list[tuple[str, dict[str, Any]]] = [("image/jpeg", {"quality": quality}) for quality in (95, 88, 78)]
    png: list[tuple[str, dict[str, Any]]] = [("image/png", {"compress_level": 1}), ("image/png", {"compress_level": 9})]
    webp: list[tuple[str, dict[str, Any]]] = [("image/webp", {"quality": quality, "method": 2}) for quality in (92, 80)]
    clear = image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255)
    # A photograph as PNG is five to ten times its JPEG, for nothing: its losses are in already.
    lossy = given.facts is not None and given.facts.format == "JPEG"
    above = given.size > model.max_image_bytes and given.facts is not None and given.facts.format == "PNG"
    ways = [*jpeg, *webp] if lossy else [*(png[1:] if above else png[:1]), *([*webp, *jpeg] if clear else [*jpeg, *webp])]
    ways += [way for way in png if way not in ways]
    return [way for way in ways if way[0] in model.image_types]


def file_of(image: Image.Image, kind: str, params: dict[str, Any]) -> bytes:
    """Return *image* as a file of Pillow's *kind*, with its color profile and nothing else that it carries."""
    buffer = io.BytesIO()
    profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
    # Nothing else of .info goes out: EXIF may hold a place and a name.
    image.save(buffer, kind, icc_profile=profile, exif=b"", **params)
    return buffer.getvalue()


def megabytes(count: int) -> str:
    """Return so many bytes in words."""
    return f"{count / 1e6:.1f} MB"
