"""A result: a PIL image that is decoded when its pixels are first touched, and remembers how it was made."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from threading import RLock
from typing import IO, TYPE_CHECKING, Any

from PIL import Image

from imgcell.errors import ImageDecodeError, InvalidJobError
from imgcell.language import tr
from imgcell.pictures.archive import note_alive
from imgcell.pictures.formats import ImageFacts, inspect
from imgcell.pictures.record import Record
from imgcell.pictures.source import MemorySource, Source
from imgcell.pictures.traced import Traced
from imgcell.pictures.writing import FORMAT_OF_SUFFIX, SUFFIX_OF_FORMAT, convert_to, write_bytes

if TYPE_CHECKING:
    from imgcell.pictures.archive import Archive

__all__ = ["LINEAGE", "Picture"]

#: The key in ``image.info`` under which the id of a picture travels through ``resize``, ``crop`` and friends.
LINEAGE = "imgcell"


class Picture(Traced, Image.Image):
    """A picture as a provider sent it, and a ``PIL.Image.Image`` in every respect.

    ``size``, ``mode`` and ``format`` are known from the header; pixels are decoded when they are first touched, once,
    whatever thread asks.  The original bytes stay untouched in :attr:`data` and are what :meth:`save` writes.  Drawing
    on a Picture works as on any PIL image; it then shows and saves what was drawn, while :attr:`data` stays as it was.

    As with every image that Pillow opens, pixels are those stored: an EXIF orientation is not applied to ``size`` or
    to arrays (``PIL.ImageOps.exif_transpose`` does it); it *is* applied to what is shown, converted and sent on.

    ``copy.copy``, ``copy.deepcopy`` and ``pickle`` keep it a Picture; ``.copy()``, ``.resize()`` and the like return
    plain PIL images, as they do for images opened by Pillow, whose ``info["imgcell"]`` holds this picture's id.

    Args:
        source: The original bytes.
        record: How it was made.
        facts: What :func:`imgcell.pictures.inspect` says of *source*, if that is known already.
        archive: The library it is in, for what came before and after it; ``None`` if it is in none.

    Attributes:
        record: How it was made, what it cost, what it came from.
        source: Where the original bytes are.
        facts: Format, size as displayed, orientation, alpha.

    Raises:
        ImageDecodeError: If *source* is not a whole PNG, JPEG or WebP within 64 Mpx.  Also raised when pixels are
            first touched and turn out to be damaged.
    """

    record: Record
    source: Source
    facts: ImageFacts

    def __init__(self, source: Source, record: Record, facts: ImageFacts | None = None, archive: Archive | None = None) -> None:
        self._lock = RLock()
        self._decoded: Any = None
        self._preview: Any = None
        self._made_from: Picture | None = None
        self._changes: Any = None
        self._thumbnail: Any = None
        self._info: dict[str | tuple[int, int], Any] | None = None
        super().__init__()
        self._info = None  # Pillow's __init__ has just set an empty one
        self.source = source
        self.record = record
        self._archive = archive
        self.facts = facts or inspect(source)
        self.format = self.facts.format
        self.format_description = {"PNG": "Portable network graphics", "JPEG": "JPEG (ISO 10918)", "WEBP": "WebP image"}[self.facts.format]
        self._set_shape(self.facts.mode, self.facts.stored_size)
        if archive is None:
            note_alive(self)

    def _set_shape(self, mode: str, size: tuple[int, int]) -> None:
        self._size = size
        self._mode = mode

    # -- lazy pixels -------------------------------------------------------------------------------------------

    @property
    def im(self) -> Any:
        """Pillow's C image; decodes if that has not happened yet."""
        self._decode()
        core: Any = self._im
        if hasattr(core, "ex"):  # Pillow's DeferredError: the picture was closed after it had been drawn on
            raise core.ex
        return core

    @im.setter
    def im(self, im: Any) -> None:
        self._im = im

    @property
    def readonly(self) -> int:
        """1 while the pixels are (or, not decoded yet, will be) the original ones, so that Pillow copies before it changes."""
        return int(self._im is self._decoded)

    @readonly.setter
    def readonly(self, value: int) -> None:
        pass

    @property
    def edited(self) -> bool:
        """Whether the pixels are no longer those of :attr:`data`."""
        return self._im is not None and self._im is not self._decoded

    @property
    def info(self) -> dict[str | tuple[int, int], Any]:
        """What the header says beside the pixels (``"dpi"``, ``"exif"``, …), and ``"imgcell"``: this picture's id."""
        if self._info is None:
            with self._lock:
                if self._info is None:
                    with self._open() as opened:
                        self._info = {**opened.info, LINEAGE: self.record.id}
        return self._info

    @info.setter
    def info(self, info: dict[str | tuple[int, int], Any]) -> None:
        self._info = info

    def _open(self) -> Image.Image:
        """Open the original bytes with Pillow, whose errors become ours."""
        try:
            path = self.source.path
            where: Any = path if path is not None else io.BytesIO(self.source.read())
            # Only the three formats: Pillow would run Ghostscript for whatever calls itself EPS.
            return Image.open(where, formats=(self.facts.format,))
        except FileNotFoundError as error:
            raise ImageDecodeError(tr("The file of this picture is gone: {path}", path=str(self.source.path))) from error
        except Exception as error:
            raise self._undecodable(error) from error

    def _undecodable(self, error: Exception) -> ImageDecodeError:
        return ImageDecodeError(
            tr("The picture cannot be decoded: {reason}", reason=str(error) or type(error).__name__),
            hint=tr("The bytes as they came are in .data."),
            provider=self.record.provider,
        )

    def _decode(self) -> None:
        if self._im is not None:
            return
        with self._lock:
            if self._im is not None:
                return
            # Files in a library may have been cut since they were stored; LOAD_TRUNCATED_IMAGES would hide that.
            if self.source.path is not None:
                try:
                    inspect(self.source)
                except OSError as error:
                    raise ImageDecodeError(tr("The file of this picture is gone: {path}", path=str(self.source.path))) from error
            with self._open() as opened:
                try:
                    opened.load()
                except Exception as error:
                    raise self._undecodable(error) from error
                if self._info is None:
                    self._info = {**opened.info, LINEAGE: self.record.id}
                else:
                    self._info = {**opened.info, **self._info}
                self.palette = opened.palette
                self._set_shape(opened.mode, opened.size)
                self._decoded = opened.im
                self._im = self._decoded  # last: other threads look at it without the lock

    @property
    def loaded(self) -> bool:
        """Whether the pixels are in memory."""
        return self._im is not None

    def load(self) -> Any:
        """Decode if needed and return access to single pixels, as ``PIL.Image.Image.load`` does."""
        self._decode()
        access = super().load()
        return _PixelAccess(self, access) if self.readonly else access

    def close(self) -> None:
        """Let go of the decoded pixels; touching them again decodes again.  What was drawn is lost, as in Pillow."""
        if self.edited:
            super().close()
        else:
            with self._lock:
                self._im = self._decoded = None

    def putpalette(self, data: Any, rawmode: str = "RGB") -> None:
        """As in Pillow, on pixels of its own."""
        self._own()
        super().putpalette(data, rawmode)

    def apply_transparency(self) -> None:
        """As in Pillow, on pixels of its own."""
        self._own()
        super().apply_transparency()

    def frombytes(self, data: Any, decoder_name: str = "raw", *args: Any) -> None:
        """As in Pillow, on pixels of its own."""
        self._own()
        super().frombytes(data, decoder_name, *args)

    def _own(self) -> None:
        """Make the pixels our own before something changes them without asking ``readonly``."""
        self._decode()
        if self.readonly:
            self._copy()

    # -- the original ------------------------------------------------------------------------------------------

    @property
    def data(self) -> bytes:
        """The original bytes, exactly as they came (their C2PA and other metadata with them)."""
        return self.source.read()

    def save(
        self,
        fp: str | bytes | os.PathLike[str] | os.PathLike[bytes] | IO[bytes],
        format: str | None = None,  # noqa: A002  # Pillow calls it so
        *,
        recipe: bool = False,
        **params: Any,
    ) -> None:
        """Write the picture.

        Asked for in its own format (by suffix or *format*), with no further parameters and not drawn on, it is
        written byte for byte as it came.  Otherwise it is converted by Pillow: the EXIF orientation is applied, and
        where the format has no transparency the picture is laid on white.  A file is replaced only once the new one
        is complete.

        With *recipe*, the copy that is written also holds :meth:`recipe` (PNG: an iTXt chunk; JPEG and WebP: XMP), which
        :func:`imgcell.from_recipe` reads back.  Pixels and all other chunks stay byte for byte as they are; but a C2PA
        manifest signs the whole file, so programs that verify it will report that copy as changed since it was signed.
        Input pictures are left out of a recipe that would be too large for the format (JPEG: 64 KB in all).
        :attr:`data` and the library's file are not touched.

        Args:
            fp: A path, or a file opened for writing bytes.
            format: Pillow's name of the format, if not the suffix's.
            recipe: Whether to put the recipe into the copy.
            **params: Pillow's own; any of them encodes anew.

        Raises:
            ImageDecodeError: If the pixels are needed and damaged.
            InvalidJobError: With *recipe*, for another format than PNG, JPEG and WebP, or if there is no room for it.
            OSError: If it cannot be written.
            ValueError: If the suffix is no image format's.
        """
        path = Path(os.fsdecode(fp)) if isinstance(fp, (str, bytes, os.PathLike)) else None
        wanted = format.upper() if format else FORMAT_OF_SUFFIX.get(path.suffix.lower()) if path is not None else None
        if wanted == "JPG":
            wanted = "JPEG"
        if wanted == self.facts.format and not params and not self.edited:
            data = self.data
        else:
            if wanted is None:
                if path is None:
                    raise ValueError("a file object needs format=")
                Image.init()
                wanted = Image.registered_extensions().get(path.suffix.lower())
                if wanted is None:
                    raise ValueError(f"unknown file extension: {path.suffix}")
            data = convert_to(self, wanted, self.facts.orientation, params)
        if recipe:
            data = self._with_recipe(data, wanted)
        if path is not None:
            write_bytes(path, data)
        else:
            fp.write(data)  # type: ignore[union-attr]  # not a path, so a file

    def _with_recipe(self, data: bytes, kind: str) -> bytes:
        if kind not in SUFFIX_OF_FORMAT:
            raise InvalidJobError(
                tr("A recipe cannot be put into a {format} file.", format=kind), hint=tr("PNG, JPEG and WebP can hold one.")
            )
        from imgcell.pictures.embedding import embed, versions

        return embed(data, kind, versions(self.recipe()))

    # -- copies ------------------------------------------------------------------------------------------------

    def __copy__(self) -> Picture:
        twin = Picture(self.source, self.record, self.facts, self._archive)
        if self._info is not None:
            twin._info = dict(self._info)
        if self.edited:
            twin.palette = self.palette.copy() if self.palette else None
            twin._set_shape(self.mode, self.size)
            twin._im = self.im.copy()
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Picture:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        drawn = super().__getstate__() if self.edited else None
        return (_restore, (self.data, self.record, self.facts, self._info, drawn))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return self.__reduce__()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Picture) and not self.edited and not other.edited and self.source.sha256 == other.source.sha256:
            return self.record.id == other.record.id
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # mutable, as every PIL image

    # -- showing -----------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        from imgcell.pictures.words import describe

        return describe(self)

    def _repr_pretty_(self, p: Any, cycle: bool) -> None:
        p.text(repr(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Mapping[str, str]:
        """One image (PNG or JPEG, never WebP: nbconvert drops it) and one line of text."""
        from imgcell.pictures.preview import bundle, preview

        return bundle(preview(self), repr(self))

    def _repr_png_(self) -> bytes | None:
        # IPython asks for every type that the bundle above does not have; Pillow would encode the picture anew.
        from imgcell.pictures.preview import preview

        shown = preview(self)
        return shown.data if shown.media_type == "image/png" else None

    def _repr_jpeg_(self) -> bytes | None:
        from imgcell.pictures.preview import preview

        shown = preview(self)
        return shown.data if shown.media_type == "image/jpeg" else None


def _restore(data: bytes, record: Record, facts: ImageFacts, info: dict[Any, Any] | None, drawn: list[Any] | None) -> Picture:
    picture = Picture(MemorySource(data), record, facts)
    if info is not None:
        picture._info = info
    if drawn is not None:
        plain = Image.new("L", (1, 1))
        plain.__setstate__(drawn)
        picture.palette = plain.palette
        picture._set_shape(plain.mode, plain.size)
        picture._info = plain.info
        picture._im = plain.im
    return picture


class _PixelAccess:
    """``picture.load()[x, y]``: reads the original pixels, and copies them before the first write."""

    __slots__ = ("_access", "_picture")

    def __init__(self, picture: Picture, access: Any) -> None:
        self._picture = picture
        self._access = access

    def __getitem__(self, xy: tuple[int, int]) -> Any:
        return self._access[xy]

    def __setitem__(self, xy: tuple[int, int], value: Any) -> None:
        if self._picture.readonly:
            self._picture._copy()
            self._access = Image.Image.load(self._picture)
        self._access[xy] = value
