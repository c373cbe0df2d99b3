"""What the documents limit beyond single fields: by model, and between one field and another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from imgcell.sandbox.orders import Order, Refusal

__all__ = ["LIMITS", "dimensions", "is_gpt"]

_GPT_ONLY = ("background", "moderation", "output_format", "output_compression", "stream", "partial_images", "input_fidelity")
_DALLE_SIZES = {"dall-e-2": ("256x256", "512x512", "1024x1024"), "dall-e-3": ("1024x1024", "1792x1024", "1024x1792")}
_GPT_SIZES = ("1024x1024", "1536x1024", "1024x1536", "auto")
#: The older GPT image models, whose sizes are a closed list; every other name follows gpt-image-2.
_FIRST_GPT = ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest")
_LAST_WIDTH, _LAST_PIXELS, _LEAST_PIXELS = 3840, 8_294_400, 655_360


def is_gpt(model: str) -> bool:
    """Return whether *model* follows the rules of the GPT image models (every name but the two dall-e ones)."""
    return model not in _DALLE_SIZES


def _openai(order: Order) -> Order:
    """OpenAI's specification: CreateImageRequest, CreateImageEditRequest, EditImageBodyJsonParam."""
    model, given = order.model, order.given
    gpt_asked = order.quality in {"low", "medium", "high"} or any(name in given for name in _GPT_ONLY)
    if "model" not in given and order.act == "generate" and gpt_asked:
        model = "gpt-image-1"  # "Defaults to dall-e-2 unless a parameter specific to the GPT image models is used"
    if is_gpt(model):
        order = _gpt(order.with_(model=model))
    else:
        order = _dalle(order)
    if order.act == "edit" and order.size == "auto" and "size" not in given and order.mask is None and order.encoding == "multipart":
        order = order.with_(size="1024x1024")
    return order


def _gpt(order: Order) -> Order:
    model, given = order.model, order.given
    _prompt(order, 32_000)
    if "response_format" in given:
        raise Refusal("Unknown parameter: 'response_format'.", param="response_format", code="unknown_parameter")
    if "style" in given:
        raise _not_for(model, "style")
    if order.act == "variation":
        raise Refusal(f"The model '{model}' does not support image variations.", param="model", code="invalid_value")
    if order.quality in ("standard", "hd"):
        raise _choice(order.quality, ("low", "medium", "high", "auto"), "quality")
    if "input_fidelity" in given and model not in ("gpt-image-1", "gpt-image-1.5", "chatgpt-image-latest"):
        message = f"The model '{model}' does not support the 'input_fidelity' parameter."
        raise Refusal(message, param="input_fidelity", code="invalid_input_fidelity_model")
    if model in _FIRST_GPT:
        if order.size not in _GPT_SIZES:
            raise _choice(order.size, _GPT_SIZES, "size")
    elif order.size != "auto":
        _free_size(order.size)
    _opacity(order)
    if order.picture_format == "png" and order.compression < 100:
        message = "Compression less than 100 is not supported for PNG output format."
        raise Refusal(message, param="output_compression", code="invalid_value", type="image_generation_user_error")
    return order.with_(answer="b64_json")


def _dalle(order: Order) -> Order:
    model, given = order.model, order.given
    if order.act == "edit" and model == "dall-e-3":
        raise Refusal("The model 'dall-e-3' does not support image edits.", param="model", code="invalid_value")
    if order.encoding == "json" and order.act == "edit":
        raise Refusal(f"The model '{model}' does not accept JSON edits.", param="model", code="invalid_value")
    for name in _GPT_ONLY:
        if name in given:
            raise _not_for(model, name)
    _prompt(order, 1000 if model == "dall-e-2" else 4000)
    if model == "dall-e-2" and "style" in given:
        raise _not_for(model, "style")
    qualities = ("standard", "auto") if model == "dall-e-2" else ("standard", "hd", "auto")
    if order.quality not in qualities:
        raise _choice(order.quality, qualities, "quality")
    if model == "dall-e-3" and order.n != 1:
        message = f"Invalid 'n': integer above maximum value. Expected a value <= 1, but got {order.n} instead."
        raise Refusal(message, param="n", code="integer_above_max_value")
    if order.size not in (*_DALLE_SIZES[model], "auto"):
        raise _choice(order.size, _DALLE_SIZES[model], "size")
    if len(order.images) > 1:
        raise Refusal("The model 'dall-e-2' takes one image.", param="image", code="array_above_max_length")
    if any(len(picture.data) > 4_000_000 for picture in order.images):
        raise Refusal("Uploaded image must be a PNG and less than 4 MB.", param="image", code="file_too_large")
    answer = order.answer if "response_format" in given else "url"
    size = "1024x1024" if order.size == "auto" and order.mask is None else order.size
    quality = "standard" if order.quality == "auto" else order.quality
    return order.with_(answer=answer, size=size, quality=quality, picture_format="png")


def _apiyi(order: Order) -> Order:
    """Documents 000 and 002: the size is what the front of the prompt says."""
    size = size_in_prompt(order.prompt)
    return order.with_(size=size or "auto", quality="medium")


def _ezmodel(order: Order) -> Order:
    """Document 001: limits by model; quality and style belong to dall-e-3."""
    _prompt(order, 1000 if order.model == "dall-e-2" else 4000)
    if order.model == "dall-e-3" and order.n > 1:
        message = f"Invalid 'n': integer above maximum value. Expected a value <= 1, but got {order.n} instead."
        raise Refusal(message, param="n", code="integer_above_max_value")
    if order.model == "dall-e-2":
        for name in ("quality", "style"):
            if name in order.given:
                raise _not_for(order.model, name)
    quality = "standard" if order.quality == "auto" else order.quality
    return order.with_(size="1024x1024" if order.size == "auto" else order.size, quality=quality)


def _json_images(order: Order) -> Order:
    """Document 003 states no upper bound for n; ten is what its model's platform elsewhere allows."""
    if order.n > 10:
        message = f"Invalid 'n': integer above maximum value. Expected a value <= 10, but got {order.n} instead."
        raise Refusal(message, param="n", code="integer_above_max_value")
    return order.with_(quality="medium")


def _compatible(order: Order) -> Order:
    """Document 004: gpt-image-2 with four sizes; output_compression counts for jpeg alone."""
    _prompt(order, 32_000)
    _opacity(order)
    if order.picture_format != "jpeg":
        order = order.with_(compression=100)
    return order


def _sandbox(order: Order) -> Order:
    """The union: any size from 16 to 4096 pixels a side."""
    _prompt(order, 32_000)
    _opacity(order)
    if order.size != "auto":
        found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", order.size)
        if not found or not all(16 <= int(side) <= 4096 for side in found.groups()):
            message = f"Invalid value: '{order.size}'. A size is 'auto' or WIDTHxHEIGHT with 16 to 4096 pixels a side."
            raise Refusal(message, param="size", code="invalid_value")
    elif (size := size_in_prompt(order.prompt)) and not order.images:
        order = order.with_(size=size)
    return order


LIMITS: Mapping[str, Callable[[Order], Order]] = {
    "openai": _openai,
    "apiyi": _apiyi,
    "ezmodel": _ezmodel,
    "json-images": _json_images,
    "openai-compatible": _compatible,
    "sandbox": _sandbox,
}


def dimensions(order: Order) -> tuple[int, int]:
    """Return the pixels of the picture to make; (0, 0) leaves them to an edit's first input."""
    found = re.fullmatch(r"(\d+)x(\d+)", order.size)
    if found:
        return int(found[1]), int(found[2])
    return (1024, 1024) if not order.images else (0, 0)


def size_in_prompt(prompt: str) -> str | None:
    """Return the size that the front of *prompt* names ("横版 16:9 …", "1024x1024 …", "portrait …"), or ``None``."""
    front = prompt.lstrip()[:40]
    if found := re.search(r"(\d{3,4})\s*[x×*]\s*(\d{3,4})", front):
        width, height = (max(16, min(4096, int(side))) for side in found.groups())
        return f"{width}x{height}"
    if found := re.search(r"(?<!\d)(\d{1,2})\s*[:\uff1a]\s*(\d{1,2})(?!\d)", front):
        across, down = int(found[1]), int(found[2])
        if across and down and 1 / 3 <= across / down <= 3:
            return _with_ratio(across / down)
    for words, size in (
        (("横版", "横图", "landscape"), "1536x1024"),
        (("竖版", "竖图", "portrait"), "1024x1536"),
        (("方形", "square"), "1024x1024"),
    ):
        if any(front.lower().startswith(word) for word in words):
            return size
    return None


def _with_ratio(ratio: float) -> str:
    if ratio == 1:
        return "1024x1024"
    short = max(16, round(1536 * min(ratio, 1 / ratio) / 16) * 16)
    return f"1536x{short}" if ratio > 1 else f"{short}x1536"


def _free_size(size: str) -> None:
    """gpt-image-2: divisible by 16, 1:3 to 3:1, at most 3840 a side, 655,360 to 8,294,400 pixels."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size)
    if not found:
        raise Refusal(f"Invalid value: '{size}'. A size is 'auto' or WIDTHxHEIGHT.", param="size", code="invalid_value")
    width, height = int(found[1]), int(found[2])
    for wrong, why in (
        (width % 16 or height % 16, "Width and height must both be divisible by 16."),
        (max(width, height) > _LAST_WIDTH, "No side may be longer than 3840 pixels."),
        (width > 3 * height or height > 3 * width, "The aspect ratio must be between 1:3 and 3:1."),
        (not _LEAST_PIXELS <= width * height <= _LAST_PIXELS, "The picture must have between 655360 and 8294400 pixels."),
    ):
        if wrong:
            raise Refusal(f"Invalid size '{size}'. {why}", param="size", code="invalid_value", type="image_generation_user_error")


def _opacity(order: Order) -> None:
    if order.background == "transparent" and order.picture_format == "jpeg":
        message = "Transparent background is not supported for JPEG output format."
        raise Refusal(message, param="background", code="invalid_value", type="image_generation_user_error")


def _prompt(order: Order, most: int) -> None:
    if len(order.prompt) > most:
        message = (
            f"Invalid 'prompt': string too long. Expected a string with maximum length {most}, "
            f"but got a string with length {len(order.prompt)} instead."
        )
        raise Refusal(message, param="prompt", code="string_above_max_length")


def _choice(value: str, choices: tuple[str, ...], name: str) -> Refusal:
    *most, last = [f"'{choice}'" for choice in choices]
    listed = ", ".join(most) + (" and " if most else "") + last
    return Refusal(f"Invalid value: '{value}'. Supported values are: {listed}.", param=name, code="invalid_value")


def _not_for(model: str, name: str) -> Refusal:
    return Refusal(f"The parameter '{name}' is not supported by the model '{model}'.", param=name, code="invalid_value")
