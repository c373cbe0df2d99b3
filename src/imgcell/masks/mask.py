"""The value itself: where to edit."""

from __future__ import annotations

import hashlib
import io
import math
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops

from imgcell.errors import InvalidJobError
from imgcell.language import tr
from imgcell.masks import fitting, polarity, reading
from imgcell.pictures.writing import write_bytes

if TYPE_CHECKING:
    import os

    import numpy as np
    from numpy.typing import DTypeLike

__all__ = ["Mask"]

#: Values of 128 and more count as white where something has to be one or the other.
HALF = 128
_HARDENED = [0] * HALF + [255] * (256 - HALF)


class Mask:
    """Where to edit: one value a pixel, white (255) = edit here, black (0) = leave; what is between is soft.

    A value: it never changes, every operation returns another one, equal masks are equal and can be keys of a dict.  It is
    an array for NumPy, and everything that takes a mask takes it (``client.edit(mask=…)``, ``--mask NAME``, a Studio).

    ``a | b`` is white where either is (the larger value), ``a & b`` where both are (the smaller one), ``~a`` is the
    negative, ``a - b`` is ``a & ~b``, and ``a ^ b`` is ``(a - b) | (b - a)``.  For hard masks (only 0 and 255) that is the
    algebra of sets; for soft ones everything but the laws of the excluded middle holds (Zadeh, "Fuzzy Sets", Information
    and Control 8, 1965).  The other side may be anything that a mask can be made from, of the same size.

    Args:
        value: A Picture, a PIL image, bytes, a path, a data address, an array (bool, uint8, or floats from 0 to 1), or a
            Mask.  An EXIF orientation is applied: a mask is always upright.
        polarity: What its values mean, ``"alpha"``, ``"white"``, ``"black"``, or a provider's name.  ``None`` goes by what
            it is: with an alpha channel, transparent = edit; in modes L and 1 and in arrays of one channel, white = edit.

    Raises:
        InvalidJobError: If it is no picture, or does not say where to edit.
    """

    __slots__ = ("_digest", "_files", "_image")

    #: NumPy leaves ``array | mask`` to this class.
    __array_ufunc__ = None

    _image: Image.Image
    _digest: bytes | None
    #: What it is sent as, by polarity: a sweep sends one mask many times, and an estimate is made at every change of a form.
    _files: dict[str, bytes]

    def __init__(self, value: Any, polarity: str | None = None) -> None:
        image = value._image if isinstance(value, Mask) and polarity is None else reading.read(value, polarity)
        self._begin(image)

    @classmethod
    def _of(cls, image: Image.Image) -> Mask:
        """Return the mask with these pixels (mode L), which nobody else has."""
        made = object.__new__(cls)
        made._begin(image)
        return made

    def _begin(self, image: Image.Image) -> None:
        # Pillow hands on what a file said beside its pixels; an orientation that has been applied would be applied again.
        image.info = {}
        object.__setattr__(self, "_image", image)
        object.__setattr__(self, "_digest", None)
        object.__setattr__(self, "_files", {})

    @classmethod
    def from_image(cls, value: Any, polarity: str | None = None) -> Mask:
        """Return ``Mask(value, polarity)``."""
        return cls(value, polarity)

    @classmethod
    def full(cls, like: Any, value: int = 255) -> Mask:
        """Return a mask of one value: 255 is all of it, 0 nothing.

        Args:
            like: (width, height), a picture or a mask.
            value: 0 to 255.
        """
        if not 0 <= value <= 255:
            raise InvalidJobError(tr("A mask's values run from 0 to 255; {value} is none of them.", value=repr(value)))
        return cls._of(Image.new("L", reading.size_of(like), value))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(tr("A mask is a value and cannot be changed; its operations return new ones."))

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    # -- what it is ---------------------------------------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self._image.size

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), as NumPy counts."""
        return self._image.height, self._image.width

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """uint8, as NumPy says it."""
        import numpy as np

        return np.dtype(np.uint8)

    @property
    def image(self) -> Image.Image:
        """A PIL image of mode L, white where to edit; a copy that may be drawn on."""
        return self._image.copy()

    @property
    def share(self) -> float:
        """Which part of its pixels counts as white (128 and more), 0 to 1."""
        counted = self._image.histogram()
        return sum(counted[HALF:]) / sum(counted)

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """(left, top, right, bottom) of what is not black, right and bottom not included; ``None`` if all is."""
        return self._image.getbbox()

    @property
    def is_hard(self) -> bool:
        """Whether every value is 0 or 255."""
        return not any(self._image.histogram()[1:255])

    @property
    def png(self) -> bytes:
        """The mask as a PNG in mode L."""
        buffer = io.BytesIO()
        self._image.save(buffer, "PNG", compress_level=4)
        return buffer.getvalue()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it as a PNG in mode L, white where to edit; a file that is there is replaced once the new one is complete.

        Raises:
            OSError: It cannot be written.
        """
        write_bytes(Path(path).expanduser(), self.png)

    # -- the algebra --------------------------------------------------------------------------------------------

    def __or__(self, other: Any) -> Mask:
        return self._of(ImageChops.lighter(self._image, self._same(other)))

    def __and__(self, other: Any) -> Mask:
        return self._of(ImageChops.darker(self._image, self._same(other)))

    def __invert__(self) -> Mask:
        return self._of(ImageChops.invert(self._image))

    def __sub__(self, other: Any) -> Mask:
        return self._of(ImageChops.darker(self._image, ImageChops.invert(self._same(other))))

    def __xor__(self, other: Any) -> Mask:
        there = self._same(other)
        mine = ImageChops.darker(self._image, ImageChops.invert(there))
        return self._of(ImageChops.lighter(mine, ImageChops.darker(there, ImageChops.invert(self._image))))

    __ror__ = __or__
    __rand__ = __and__
    __rxor__ = __xor__

    def __rsub__(self, other: Any) -> Mask:
        return Mask(other) - self

    def _same(self, other: Any) -> Image.Image:
        image = other._image if isinstance(other, Mask) else reading.read(other)
        if image.size != self.size:
            raise InvalidJobError(
                tr(
                    "The masks are {width}x{height} and {other_width}x{other_height}; they must be of the same size.",
                    width=self.size[0],
                    height=self.size[1],
                    other_width=image.width,
                    other_height=image.height,
                ),
                hint=tr("Fit one to the other: mask.fit(({width}, {height})).", width=self.size[0], height=self.size[1]),
            )
        return image

    def hard(self, threshold: int = HALF) -> Mask:
        """Return the mask with every value from *threshold* (1 to 255) on white, and every other black."""
        if not 1 <= threshold <= 255:
            raise InvalidJobError(tr("A threshold is a whole number from 1 to 255, not {value}.", value=repr(threshold)[:60]))
        if threshold == HALF and self.is_hard:
            return self
        return self._of(self._image.point(_HARDENED if threshold == HALF else [255 if value >= threshold else 0 for value in range(256)]))

    def grow(self, radius: float) -> Mask:
        """Return what is no farther than *radius* pixels from white, center to center: the exact Euclidean distance.

        The mask is hardened first (128 and more is white), and so is the result; beyond the edges there is nothing.
        """
        reach = _radius(radius)
        return self._faded(reach, None) if reach >= 1 else self.hard()

    def shrink(self, radius: float) -> Mask:
        """Return what is farther than *radius* pixels from black: ``~(~mask).grow(radius)``.

        What touches the picture's edge is not taken away from there: beyond it there is no black either.
        """
        return ~(~self.hard()).grow(radius)

    def feather(self, radius: float, side: str = "both") -> Mask:
        """Return the mask with an edge that fades linearly with the distance from it.

        Args:
            radius: How far it fades, in pixels, on each side asked for; beyond that nothing changes.
            side: ``"both"``; ``"out"``: white stays white and fades outside; ``"in"``: black stays black and fades inside.

        With ``"both"``, ``mask.feather(r).hard() == mask.hard()``, and ``~mask`` feathers to the negative.  The mask is
        hardened first.
        """
        reach = _radius(radius)
        if side not in ("both", "out", "in"):
            raise InvalidJobError(tr('side is "both", "out" or "in", not {value}.', value=repr(side)))
        if reach < 1:
            return self.hard()
        if side == "in":
            return ~(~self.hard()).feather(reach, "out")
        if side == "out":
            return self._faded(reach, 255.0)
        outside, inside = self._faded(reach, 127.5), ~(~self.hard())._faded(reach, 127.5)
        # `outside` says how black pixels fade, `inside` how white ones do.
        return self._of(Image.composite(inside._image, outside._image, self.hard()._image))

    def _faded(self, reach: float, start: float | None) -> Mask:
        """Return white where it is white, and beyond that down from *start* to 0 at *reach* (``None``: white up to there)."""
        import numpy as np

        from imgcell.masks.distance import within

        def shade(squared: Any) -> Any:
            if start is None:
                return (squared <= limit * limit) * np.uint8(255)
            faded = np.maximum(1 - np.sqrt(squared, dtype=np.float32) * np.float32(1 / (reach + 1)), 0) * np.float32(start)
            return np.where(squared == 0, 255, np.where(squared <= limit * limit, faded, 0)).astype(np.uint8)

        # Nothing is farther than from corner to corner.
        limit = min(reach, math.hypot(*self.size))
        return self._of(Image.fromarray(within(np.asarray(self._image) >= HALF, limit, shade)))

    def fit(self, like: Any, mode: str = "stretch") -> Mask:
        """Return the mask in another size.

        Args:
            like: (width, height), or the picture (as displayed) or mask whose size it is to have.
            mode: ``"stretch"`` fills the size, whatever that does to the proportions; ``"contain"`` keeps them and leaves
                black at two sides; ``"cover"`` keeps them and cuts at two sides; ``"pad"`` does not scale: black is added, or
                the mask cut, evenly around.

        A hard mask stays hard.

        Raises:
            InvalidJobError: It is no size, or the mode is none of these.
        """
        size = reading.size_of(like)
        if size == self.size and mode in fitting.MODES:
            return self
        made = self._of(fitting.fit(self._image, size, mode))
        return made.hard() if self.is_hard else made

    # -- others' conventions ------------------------------------------------------------------------------------

    def to(self, convention: str, model: str | None = None) -> Image.Image:
        """Return a PIL image in another convention: ``Mask(mask.to(c), c) == mask``, soft values included.

        Args:
            convention: ``"alpha"`` (RGBA, transparent = edit: OpenAI), ``"white"`` (L, white = edit), ``"black"`` (L, black =
                edit), or a provider's name, for what its table says.
            model: The provider's model; ``None`` is its default.

        Raises:
            InvalidJobError: It is none of these.
        """
        return polarity.dressed(self._image, polarity.polarity_of(convention, model)).copy()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        import numpy as np

        if copy is False:
            raise ValueError("a mask's pixels are always copied for NumPy")
        array = np.array(self._image)
        return array if dtype is None else array.astype(dtype)

    # -- a value ------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mask):
            return NotImplemented
        return self._image is other._image or (self.size == other.size and self._key() == other._key())

    def __hash__(self) -> int:
        return hash((self.size, self._key()))

    def _key(self) -> bytes:
        if self._digest is None:
            object.__setattr__(self, "_digest", hashlib.sha256(self._image.tobytes()).digest())
        assert self._digest is not None
        return self._digest

    def __copy__(self) -> Mask:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Mask:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (self.png,))

    # -- showing ------------------------------------------------------------------------------------------------

    def preview(self, picture: Any, side: int | None = 1024, color: Any = "#d7263d") -> Image.Image:
        """Return *picture*, upright, with what is to be edited under a veil of color, with an outline.

        Args:
            picture: What the mask is for, of the same size.
            side: Long side at most, in pixels; ``None`` keeps the picture's own.
            color: The veil's, red if not said: text or (red, green, blue), as :func:`imgcell.masks.color_range` takes it.

        Raises:
            InvalidJobError: It is no picture, or of another size; or that is no color.
        """
        from imgcell.masks.showing import overlay

        return overlay(self._image, picture, side, color)

    def __repr__(self) -> str:
        from imgcell.masks.showing import describe

        return f"<Mask {describe(self)}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from imgcell.masks.showing import bundle

        return bundle(self)


def _restore(png: bytes) -> Mask:
    return Mask(png, "white")


def _radius(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 32768:
        raise InvalidJobError(
            tr("A radius is a number of pixels from 0 on, not {value}.", value=repr(value)[:60]),
            hint=tr("grow() goes outwards, shrink() inwards."),
        )
    return float(value)
