"""From a job's words to the fields of a request, by what a profile says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from imgcell.errors import InvalidJobError
from imgcell.jobs import Edit, InputImage, Job
from imgcell.language import tr

__all__ = ["FieldLike", "ModelLike", "Said", "Shape", "ask_to_stream", "edit_shape", "said", "said_words"]

Shape = Literal["multipart", "json", "generations"]

#: Our words that are fields of a request, in the order in which the documents write them.
WORDS = (
    "n",
    "size",
    "quality",
    "background",
    "output_format",
    "output_compression",
    "moderation",
    "style",
    "input_fidelity",
    "response_format",
    "user",
)

#: OpenAI's specification, ImageRefParam: characters of a data URL.
MAX_DATA_URL = 20_971_520


class FieldLike(Protocol):
    """What the wire needs of :class:`imgcell.providers.profile.Field`."""

    @property
    def place(self) -> Literal["body", "prompt", "refused"]:
        """Where the word goes."""

    @property
    def default(self) -> str | None:
        """What applies when the field is not sent."""

    @property
    def always(self) -> bool:
        """Whether the field is sent even when it says nothing new."""


class ModelLike(Protocol):
    """What the wire needs of :class:`imgcell.providers.profile.Model`."""

    @property
    def name(self) -> str:
        """As sent."""

    @property
    def fields(self) -> Mapping[str, FieldLike]:
        """What it takes, by word."""

    @property
    def edits(self) -> Sequence[Shape]:
        """Ways to hand pictures in, the preferred one first."""

    @property
    def masks(self) -> Sequence[Shape]:
        """Ways in which a mask can be sent."""

    @property
    def image_field(self) -> str:
        """Name of the multipart file field."""

    @property
    def response_format(self) -> str | None:
        """What to send when the user says nothing."""


class Said(NamedTuple):
    """A job in a provider's words.

    Attributes:
        prompt: With what belongs at its front put there.
        fields: Everything else that goes into the body, in the documents' order, without pictures and streaming.
        notes: What was moved or left out, in words.
    """

    prompt: str
    fields: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def said_words(job: Job) -> dict[str, Any]:
    """Return what the user said, by word, in the documents' order; ``n`` only if it is not 1."""
    values = {word: getattr(job, word, None) for word in WORDS}
    return {word: value for word, value in values.items() if value is not None and not (word == "n" and value == 1)}


def ask_to_stream(fields: dict[str, Any], job: Job) -> bool:
    """Add to *fields* what asks for a stream, if *job* wants one and does not say it itself; return whether they ask for one."""
    if job.partial_images is not None:
        fields.setdefault("stream", True)
        fields.setdefault("partial_images", job.partial_images)
    return fields.get("stream") is True


def said(job: Job, model: ModelLike) -> Said:
    """Put *job* into the words of *model*.

    A word that the model refuses and that asks for what it does anyway is left out with a note.

    Raises:
        InvalidJobError: If the job holds a word that the model refuses.
    """
    words = said_words(job)
    for word, known in model.fields.items():
        if known.always and known.place == "body" and word not in words and getattr(job, word, None) is not None:
            words[word] = getattr(job, word)
    if model.response_format is not None:
        words.setdefault("response_format", model.response_format)
    fields: dict[str, Any] = {}
    front: dict[str, str] = {}
    notes: list[str] = []
    for word in (*WORDS, *sorted(set(words) - set(WORDS))):
        if word not in words or word in job.extra:
            continue
        value = words[word]
        field = model.fields.get(word)
        if field is not None and field.place == "body":
            fields[word] = value
        elif field is not None and field.place == "prompt":
            front[word] = str(value)
        elif field is not None and field.default is not None and str(value) == field.default:
            notes.append(tr("{word}={value} was not sent: it is what this model does anyway.", word=word, value=value))
        else:
            raise refused(word, value, model)
    prompt = job.prompt
    prefix, placed = _front(front, prompt)
    if placed:
        prompt = prefix + prompt
        notes.append(tr("{words} went to the front of the prompt: this model takes no such field.", words=", ".join(placed)))
    return Said(prompt, {**fields, **job.extra}, tuple(notes))


def refused(word: str, value: object, model: ModelLike) -> InvalidJobError:
    """Return the error for a word that *model* does not take."""
    taken = [name for name, field in model.fields.items() if field.place != "refused"]
    return InvalidJobError(
        tr("The model {model} takes no {word}, so {word}={value} cannot be sent.", model=model.name or "?", word=word, value=value),
        hint=tr("It takes {words}. To send it all the same, name it in extra=.", words=", ".join(taken) or "model, prompt"),
    )


_HAN = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_PAIR = r"(\d+(?:\.\d+)?)\s*([x×:])\s*(\d+(?:\.\d+)?)"


def _front(front: Mapping[str, str], prompt: str) -> tuple[str, list[str]]:
    """Return the words for the front of *prompt* and which of them are not there yet.

    Document 000: sizes and ratios are written into the prompt, best at its very front ("1024x1024 方形 LOGO",
    "横版 16:9 电影画幅").
    """
    chinese = bool(re.search(_HAN, prompt))
    parts: list[str] = []
    placed: list[str] = []
    for word, value in front.items():
        if value == "auto" or prompt.startswith(value):
            continue
        parts.append(_phrase(word, value, chinese=chinese))
        placed.append(f"{word}={value}")
    if not parts:
        return "", []
    return (",".join(parts) + ",", placed) if chinese else (", ".join(parts) + ", ", placed)


def _phrase(word: str, value: str, *, chinese: bool) -> str:
    if word != "size":
        return f"{value} 风格" if chinese else f"{value} {word}"
    pair = re.fullmatch(_PAIR, value)
    if pair is None:
        return value
    width, height = float(pair[1]), float(pair[3])
    if width == height:
        return f"{value} 方形" if chinese else f"{value} square"
    if width > height:
        return f"{value} 横版" if chinese else f"{value} landscape"
    return f"{value} 竖版" if chinese else f"{value} portrait"


def edit_shape(job: Edit, images: Sequence[InputImage], mask: InputImage | None, model: ModelLike) -> Shape:
    """Return the way in which the pictures of *job* go to *model*: the user's, else the first that can carry everything.

    Raises:
        InvalidJobError: If there is none, with the reason.
    """
    if not model.edits:
        raise InvalidJobError(
            tr("The model {model} cannot edit pictures.", model=model.name or "?"),
            hint=tr("Leave the pictures out, or choose another model or provider (%imgcell lists them)."),
        )
    shapes = list(model.edits)
    if job.encoding is not None:
        wanted = {"multipart": ("multipart",), "json": ("json", "generations")}[job.encoding]
        shapes = [shape for shape in shapes if shape in wanted]
        if not shapes:
            raise InvalidJobError(
                tr("The model {model} does not take edits as {encoding}.", model=model.name or "?", encoding=job.encoding),
                hint=tr("It takes them as {shapes}.", shapes=", ".join(model.edits)),
            )
    if mask is not None:
        shapes = [shape for shape in shapes if shape in model.masks]
        if not shapes:
            # A masked edit never silently becomes an unmasked one.
            other = tr("Leave encoding= out.") if model.masks else tr("Edit without a mask, or choose another model or provider.")
            raise InvalidJobError(tr("The model {model} takes no mask this way.", model=model.name or "?"), hint=other)
    if any(image.url is not None for image in (*images, *([mask] if mask else []))):
        # A form carries files, not addresses.
        shapes = [shape for shape in shapes if shape != "multipart"]
        if not shapes:
            raise InvalidJobError(
                tr("The model {model} takes pictures as files only, not as addresses.", model=model.name or "?"),
                hint=tr("Download the picture first and give the file."),
            )
    small = [shape for shape in shapes if shape != "json" or max(map(_data_url, images), default=0) <= MAX_DATA_URL]
    if not small:
        raise InvalidJobError(
            tr("A picture is too large to travel in JSON (at most {limit} characters as a data URL).", limit=MAX_DATA_URL),
            hint=tr("Make it smaller, or use encoding='multipart' where the model takes it."),
        )
    if job.moderation is not None and "json" in small:
        # OpenAI's form has no such field, its JSON has.
        return "json"
    return small[0]


def _data_url(image: InputImage) -> int:
    return 0 if image.url is not None else -(-image.size // 3) * 4 + 23
