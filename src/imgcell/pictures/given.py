"""What a user may hand in as a picture, brought to one form: bytes, a file, or pixels, with a name for messages."""

from __future__ import annotations

import base64
import binascii
import contextlib
import difflib
import io
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit
from urllib.request import url2pathname

from PIL import Image

from imgcell.errors import ImageDecodeError, InvalidJobError
from imgcell.language import tr
from imgcell.pictures.arrays import from_array, is_array
from imgcell.pictures.formats import ImageFacts, check_pixels, inspect, kind_text, sniff
from imgcell.pictures.picture import LINEAGE, Picture
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.words import clean, clip

__all__ = ["Given", "address", "take"]

#: Formats that are converted before they are sent, with the Pillow plugin that may read them.
_CONVERTED = {"GIF": "GIF", "TIFF": "TIFF", "BMP": "BMP", "ICO": "ICO", "AVIF": "AVIF"}

#: EXIF tag "Orientation".
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Given:
    """One picture as handed in.  Either *data* or *path* holds its file, or *pixels* are all there is.

    Attributes:
        name: What to call it in a message.
        data, path: The file as it is.
        size: Bytes of the file; 0 for pixels.
        facts: What the file is, if it is a PNG, JPEG or WebP.
        kind: The file's format otherwise ("GIF", …); ``""`` for pixels.
        pixels: A PIL image of any mode.
        parent: Id of the imgcell picture it is or was made from.
        modified: Whether it is known to be a changed version of that one, although it is handed in as a file.
        sha256: Digest of the file, if known without reading it.
    """

    name: str
    data: bytes | None = None
    path: Path | None = None
    size: int = 0
    facts: ImageFacts | None = None
    kind: str = ""
    pixels: Image.Image | None = None
    parent: str | None = None
    modified: bool = False
    sha256: str = ""

    @property
    def orientation(self) -> int:
        """EXIF orientation of what :meth:`open` returns, 1 to 8."""
        if self.facts is not None:
            return self.facts.orientation
        value = self.open().getexif().get(_ORIENTATION, 1)
        return value if isinstance(value, int) and 1 <= value <= 8 else 1

    def open(self) -> Image.Image:
        """Return the pixels, decoded, as stored (not turned upright).

        Raises:
            InvalidJobError: If they cannot be decoded.
        """
        if self.pixels is not None:
            return self.pixels
        where: Any = self.path if self.path is not None else io.BytesIO(self.data or b"")
        plugin = self.facts.format if self.facts is not None else _CONVERTED[self.kind]
        try:
            image: Image.Image
            with Image.open(where, formats=(plugin,)) as image:
                check_pixels(image.width, image.height, plugin)
                image.load()
        except ImageDecodeError as error:
            raise self.refused(error.message) from error
        except Exception as error:
            raise self.refused(tr("it cannot be decoded ({reason})", reason=str(error) or type(error).__name__)) from error
        return image

    def refused(self, reason: str, hint: str | None = None) -> InvalidJobError:
        """Return the error that says why this picture cannot be sent."""
        return InvalidJobError(tr("{name}: {reason}.", name=self.name, reason=reason.rstrip(".。")), hint=hint)


def address(value: object) -> str | None:
    """Return *value* if it is the ``http`` or ``https`` address of a picture, else ``None``.

    Raises:
        InvalidJobError: If it starts like one but is none.
    """
    if not isinstance(value, str) or not value.strip().lower().startswith(("http://", "https://")):
        return None
    value = value.strip()
    try:
        host = urlsplit(value).hostname
    except ValueError:
        host = None
    if not host or any(c.isspace() for c in value):
        raise InvalidJobError(tr("This is not an address of a picture: {value}", value=clip(clean(value), 120)))
    return value


def take(value: object) -> Given:
    """Bring anything but a web address into one form, checked as far as that goes without decoding.

    Raises:
        InvalidJobError: If it is no picture, not whole, empty, missing, or above 64 megapixels.
    """
    if isinstance(value, Sheet):
        if len(value) != 1:
            raise InvalidJobError(
                tr("One picture is needed here, and this Sheet has {count}.", count=len(value)),
                hint=tr("Take one of them: sheet[0]."),
            )
        value = value[0]
    if isinstance(value, Picture):
        return _from_picture(value)
    if isinstance(value, Image.Image):
        return _from_pixels(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _from_bytes(bytes(value), tr("The given bytes"))
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, os.PathLike):
        return _from_file(Path(os.fsdecode(os.fspath(value))))
    if is_array(value):
        return Given(tr("The array"), pixels=from_array(value))
    read = getattr(value, "read", None)
    if callable(read):
        data = read()
        if isinstance(data, bytes):
            return _from_bytes(data, tr("The given file"))
    raise InvalidJobError(
        tr("This is not a picture but {kind}: {value}", kind=_kind(value), value=clip(clean(repr(value)[:400]), 80)),
        hint=tr("A picture is a Picture, a PIL image, bytes, a path, an address, a NumPy array or a Sheet."),
    )


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}.{kind.__name__}"


def _from_picture(picture: Picture) -> Given:
    name = tr("Picture {id}", id=picture.record.id)
    # An input as it was sent once: if it was a changed version of a picture then, it still is.
    modified = picture.record.kind == "given" and bool(picture.record.modified)
    parent = picture.record.parents[0] if modified else picture.record.id
    if picture.edited:
        return Given(name, pixels=picture, parent=parent)
    source, digest = picture.source, picture.source.sha256
    try:
        if source.path is not None:
            facts = inspect(source)
            return Given(name, path=source.path, size=source.size, facts=facts, parent=parent, modified=modified, sha256=digest)
    except (OSError, ImageDecodeError) as error:
        raise InvalidJobError(f"{name}: {error}") from error
    data = source.read()
    return Given(name, data=data, size=source.size, facts=picture.facts, parent=parent, modified=modified, sha256=digest)


def _from_pixels(image: Image.Image) -> Given:
    parent = image.info.get(LINEAGE)
    given = Given(tr("The PIL image"), pixels=image, parent=parent if isinstance(parent, str) else None)
    try:
        check_pixels(image.width, image.height, image.mode)
        image.load()
    except ImageDecodeError as error:
        raise given.refused(error.message) from error
    except Exception as error:
        raise given.refused(tr("it cannot be decoded ({reason})", reason=str(error) or type(error).__name__)) from error
    return given


def _from_bytes(data: bytes, name: str) -> Given:
    given = Given(name, data=data, size=len(data))
    return _known(given, data[:512], data)


def _known(given: Given, head: bytes, source: bytes | Path) -> Given:
    if not head:
        raise given.refused(tr("it is empty (0 bytes)"))
    kind = sniff(head)
    if kind in _CONVERTED:
        return replace(given, kind=kind)
    if kind in ("HEIC", "JXL", "PSD", "SVG", "PDF", "PostScript", "video"):
        raise given.refused(
            tr("{kind} cannot be sent", kind=kind_text(kind)),
            hint=tr("Convert it to PNG, JPEG or WebP first."),
        )
    if kind not in ("PNG", "JPEG", "WEBP"):
        raise given.refused(
            tr("this is not a picture; it looks like {kind}", kind=kind_text(kind)),
            hint=tr("PNG, JPEG and WebP are sent as they are; GIF, TIFF, BMP and AVIF are converted."),
        )
    try:
        return replace(given, facts=inspect(source))
    except ImageDecodeError as error:
        raise given.refused(error.message) from error


def _from_text(text: str) -> Given:
    if text[:5].lower() == "data:":
        return _from_bytes(_data_url(text), tr("The data address"))
    if text[:5].lower() == "file:":
        return _from_file(Path(url2pathname(urlsplit(text).path)))
    if not text.strip() or len(text) > 4096 or any(c in text for c in "\n\r\0"):
        raise InvalidJobError(
            tr("This text is neither a path nor an address: {value}", value=repr(clip(clean(text[:200]), 60))),
            hint=tr("A picture is a Picture, a PIL image, bytes, a path, an address, a NumPy array or a Sheet."),
        )
    return _from_file(Path(text))


def _data_url(text: str) -> bytes:
    head, comma, body = text.partition(",")
    if not comma:
        raise InvalidJobError(tr("This data address has no data: {value}", value=clip(clean(text[:200]), 60)))
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    plain = "".join(body.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidJobError(tr("The data address is not valid base64: {reason}", reason=str(error))) from error


def _from_file(path: Path) -> Given:
    with contextlib.suppress(RuntimeError):  # "~nobody"
        path = path.expanduser()
    shown = str(path)
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise InvalidJobError(tr("There is no file {path}.", path=shown), hint=_near(path)) from None
    except (OSError, ValueError) as error:
        raise InvalidJobError(tr("The file {path} cannot be read: {reason}", path=shown, reason=_reason(error))) from error
    if stat.S_ISDIR(facts.st_mode):
        raise InvalidJobError(
            tr("{path} is a folder, not a picture.", path=shown),
            hint=tr('Name a file in it, or give a list: list(Path("{path}").glob("*.png")).', path=path.as_posix()),
        )
    if not stat.S_ISREG(facts.st_mode):
        raise InvalidJobError(tr("{path} is not a plain file.", path=shown))
    given = Given(path.name, path=path, size=facts.st_size)
    try:
        with path.open("rb") as file:
            head = file.read(512)
        return _known(given, head, path)
    except OSError as error:
        raise InvalidJobError(tr("The file {path} cannot be read: {reason}", path=shown, reason=_reason(error))) from error


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _near(path: Path) -> str:
    """Say what is there instead: file names near the missing one, or which folder does not exist."""
    folder = path.parent
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except OSError:
        return tr("The folder {path} does not exist either.", path=str(folder))
    folded = {name.casefold(): name for name in names}
    near = [folded[name] for name in difflib.get_close_matches(path.name.casefold(), folded, n=3, cutoff=0.6)]
    near += [name for name in names if Path(name).stem.casefold() == path.stem.casefold() and name not in near][:3]
    if near:
        return tr("Near it there is: {names}", names=", ".join(near[:4]))
    return tr("Paths are taken from {path}.", path=os.getcwd()) if not path.is_absolute() else tr("Look into {path}.", path=str(folder))
