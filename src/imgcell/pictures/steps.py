"""What a streaming call yields on the way to its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from PIL import Image

    from imgcell.pictures.picture import Picture

__all__ = ["Final", "Partial", "Progress", "Step"]


@dataclass(frozen=True)
class Progress:
    """Something moved on.

    Attributes:
        state: One word for programs, for example ``"queued"``, ``"sending"``, ``"waiting"``, ``"receiving"``.
        elapsed: Seconds since the job was handed in.
        message: The same for people, in their language.
        position: Place in the sheet of the first picture of the request that it is about.
    """

    state: str
    elapsed: float
    message: str
    position: int = 0


@dataclass(frozen=True)
class Partial:
    """A picture as far as it is: a plain ``PIL.Image.Image``, kept nowhere.

    Attributes:
        picture: What has been drawn so far.
        index: Which of the partial pictures it is, from 0.
        position: As in :class:`Progress`.
    """

    picture: Image.Image
    index: int
    position: int = 0


@dataclass(frozen=True)
class Final:
    """A finished picture, with its record, already stored.

    Attributes:
        picture: The picture.
        position: As in :class:`Progress`.
    """

    picture: Picture
    position: int = 0


Step: TypeAlias = "Progress | Partial | Final"
