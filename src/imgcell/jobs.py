"""What a user wants, in our words: frozen values that are checked when they are made.

A job says nothing about a provider's field names or encodings; the wire does.  ``None`` means "not said":
the field is not sent, and the provider's own default applies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from imgcell.errors import InvalidJobError
from imgcell.language import tr

__all__ = ["Edit", "Encoding", "Generate", "InputImage", "Job"]

Encoding: TypeAlias = Literal["multipart", "json"]

#: OpenAI's specification: at most ten pictures a request, for every model.
MAX_PICTURES = 10
#: ... and 0 to 3 partial pictures.
MAX_PARTIALS = 3
#: Pixels beside the mask over which an edit and the picture around it are mixed, if that is not said, and at most.
FEATHER = 8
MOST_FEATHER = 256


@dataclass(frozen=True)
class Generate:
    """Make pictures from words.

    Args:
        prompt: What to draw; any script, not empty.
        model: Any name; ``None`` is the provider's default.
        n: How many pictures, 1 to 10.
        size: ``"WIDTHxHEIGHT"`` in pixels, ``"auto"``, or whatever the provider takes.
        quality: For example ``"low"``, ``"medium"``, ``"high"``, ``"hd"``.
        background: ``"transparent"``, ``"opaque"`` or ``"auto"``.
        output_format: ``"png"``, ``"jpeg"`` or ``"webp"``.
        output_compression: 0 to 100, for JPEG and WebP.
        moderation: ``"low"`` or ``"auto"``.
        style: ``"vivid"`` or ``"natural"`` (dall-e-3).
        response_format: ``"url"`` or ``"b64_json"``; ``None`` leaves it to the profile.
        user: An end-user id that is passed on.
        partial_images: 0 to 3 partial pictures while streaming; ``None`` does not stream.
        extra: Fields sent as they are, whatever the profile knows of them.

    Raises:
        InvalidJobError: For an empty prompt, a number out of range or a value of the wrong type.
    """

    prompt: str
    model: str | None = None
    n: int = 1
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    moderation: str | None = None
    style: str | None = None
    response_format: str | None = None
    user: str | None = None
    partial_images: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.prompt, str):
            raise InvalidJobError(tr("The prompt must be text, not {kind}.", kind=type(self.prompt).__name__))
        # A lone surrogate cannot be sent, stored or shown in UTF-8 (RELIABILITY.md section 2).
        object.__setattr__(self, "prompt", self.prompt.encode("utf-8", "replace").decode("utf-8"))
        if not self.prompt.strip():
            raise InvalidJobError(tr("The prompt is empty."), hint=tr("Say what the picture should show."))
        for name in ("model", "size", "quality", "background", "output_format", "moderation", "style", "response_format", "user"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise InvalidJobError(tr("{name} must be text that is not empty, not {value}.", name=name, value=repr(value)))
        _whole_number("n", self.n, 1, MAX_PICTURES)
        _whole_number("output_compression", self.output_compression, 0, 100)
        _whole_number("partial_images", self.partial_images, 0, MAX_PARTIALS)
        # A notebook is not type-checked before it runs.
        if not isinstance(self.extra, Mapping) or not all(isinstance(key, str) for key in self.extra):  # type: ignore[redundant-expr]
            raise InvalidJobError(tr("extra must be a mapping from field names to values, not {value}.", value=repr(self.extra)))
        object.__setattr__(self, "extra", MappingProxyType(dict(self.extra)))

    def __reduce__(self) -> tuple[Any, ...]:
        # A mappingproxy cannot be pickled, and jobs travel to other processes.
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return (_make, (type(self), {**values, "extra": dict(self.extra)}))


@dataclass(frozen=True)
class Edit(Generate):
    """Change pictures by words.

    Args:
        images: 1 to 16 pictures, in the order in which the prompt names them (图1, 图2 / image 1, image 2).  What a
            picture may be is the client's business (``Client.edit``); here any non-empty sequence is taken.
        mask: Where to edit: an :class:`imgcell.Mask`, or white (255, True) in modes L and 1 and in arrays, transparent in pictures
            with alpha.
        input_fidelity: ``"high"`` or ``"low"`` (gpt-image-1 and 1.5).
        encoding: ``"multipart"`` or ``"json"``; ``None`` is the profile's.
        keep: Put the first picture's own pixels back outside of the mask once the answer is there, mixed with it over so many
            pixels beside the mask, 0 to 256; ``True`` is 8.  Nothing of it is sent: it is no part of what makes two jobs the
            same (:func:`imgcell.client.identity.job_digest`), so that what was paid for once is never paid for again to be
            kept, or to be had as it came.

    Raises:
        InvalidJobError: As for :class:`Generate`, and when there is no picture, an unknown encoding, or nothing to keep.
    """

    images: Sequence[Any] = ()
    mask: Any = None
    input_fidelity: str | None = None
    encoding: Encoding | None = None
    keep: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        images = self.images
        lone = isinstance(images, (str, bytes, bytearray)) or not isinstance(images, Sequence)
        object.__setattr__(self, "images", (images,) if lone and images is not None else tuple(images or ()))
        if not self.images:
            raise InvalidJobError(tr("An edit needs at least one picture."), hint=tr("Give images=[…], or -i NAME in a cell."))
        if self.input_fidelity is not None and not isinstance(self.input_fidelity, str):
            raise InvalidJobError(tr("input_fidelity must be text, not {value}.", value=repr(self.input_fidelity)))
        if self.encoding not in (None, "multipart", "json"):
            raise InvalidJobError(tr('encoding is "multipart", "json" or None, not {value}.', value=repr(self.encoding)))
        object.__setattr__(self, "keep", FEATHER if self.keep is True else None if self.keep is False else self.keep)
        if self.keep is not None:
            _whole_number("keep", self.keep, 0, MOST_FEATHER)
            if self.mask is None:
                raise InvalidJobError(
                    tr("Without a mask there is nothing to keep: it says what may change."),
                    hint=tr("Give mask=… (--mask in a cell), or leave keep out."),
                )


Job: TypeAlias = "Generate | Edit"


@dataclass(frozen=True)
class InputImage:
    """A picture as it will be sent: bytes of a known format, in memory, in a file, or at an address.

    Exactly one of *data*, *path* and *url* is set.

    Attributes:
        media_type: ``"image/png"``, ``"image/jpeg"`` or ``"image/webp"``, from the bytes; ``""`` for a URL.
        width, height: Pixels as displayed (EXIF orientation applied); 0 for a URL.
        size: Bytes; 0 for a URL.
        sha256: Hex digest of the bytes; of the address for a URL.
        parent: Id of the imgcell picture it came from, if known.
        modified: Whether the user's own code changed the parent's pixels in between.
        notes: What was changed to make it acceptable, in words ("re-encoded from TIFF to PNG").
    """

    media_type: str = ""
    data: bytes | None = None
    path: Path | None = None
    url: str | None = None
    width: int = 0
    height: int = 0
    size: int = 0
    sha256: str = ""
    parent: str | None = None
    modified: bool = False
    notes: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The file name suffix that fits the bytes: relays derive the part's type from it (FACTS.md section 3.2)."""
        return {"image/jpeg": ".jpg", "image/webp": ".webp"}.get(self.media_type, ".png")


def _whole_number(name: str, value: int | None, low: int, high: int) -> None:
    if value is None and name != "n":
        return
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidJobError(
            tr("{name} must be a whole number from {low} to {high}, not {value}.", name=name, low=low, high=high, value=repr(value))
        )


def _make(kind: type[Generate], values: dict[str, Any]) -> Generate:
    return kind(**values)
