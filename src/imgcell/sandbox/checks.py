"""Applies a document's tables to a request: either an :class:`Order` comes out, or a :class:`Refusal`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from imgcell.sandbox.documents import Document, Rule
from imgcell.sandbox.limits import LIMITS, dimensions
from imgcell.sandbox.orders import File, InputPicture, Order, Refusal

__all__ = ["read_form_order", "read_json_order"]

Fetch = Callable[[str, str], bytes]


def read_json_order(document: Document, act: str, body: Any, fetch: Fetch) -> Order:
    """Return what a JSON *body* asks for.

    Args:
        document: Whose rules hold.
        act: ``"generate"`` or ``"edit"``.
        body: The parsed body.
        fetch: Returns the bytes behind an address or a data URL; ``fetch(address, where)``.

    Raises:
        Refusal: for whatever the document does not accept.
    """
    rules = document.generate if act == "generate" else document.edit_json
    if rules is None:
        raise Refusal("Unsupported content type: 'application/json'.", code="unsupported_content_type")
    if not isinstance(body, dict):
        raise Refusal("We could not parse the JSON body of your request.", code=None)
    values = _checked(document, rules, body)
    images: list[InputPicture] = []
    mask = None
    for place in ("images", "image"):
        for index, reference in enumerate(values.pop(place, ())):
            where = f"{place}[{index}]"
            address = reference if isinstance(reference, str) else _address(reference, where)
            images.append(InputPicture(where, fetch(address, where)))
    if "mask" in values:
        mask = InputPicture("mask", fetch(_address(values.pop("mask"), "mask"), "mask"))
    if act == "edit" and not images:
        raise _missing("images")
    editing = "edit" if images else "generate"
    return _order(document, editing if document.name in ("sandbox", "json-images") else act, values, images, mask, "json", body)


def read_form_order(document: Document, act: str, fields: Sequence[tuple[str, str]], files: Sequence[File]) -> Order:
    """Return what a multipart form asks for (edits and variations).

    Raises:
        Refusal: for whatever the document does not accept.
    """
    rules = document.edit_form if act == "edit" else document.variation
    if rules is None:
        raise Refusal("Unsupported content type: 'multipart/form-data'.", code="unsupported_content_type")
    given: dict[str, Any] = {}
    for name, text in fields:
        if name in given:
            raise Refusal(f"Duplicate parameter: '{name}'.", param=name, code="duplicate_parameter")
        given[name] = _from_text(rules.get(name), name, text)
    values = _checked(document, rules, given)
    images: list[InputPicture] = []
    mask = None
    names = set()
    for file in files:
        if file.name == "mask" and document.mask_file:
            _limit("mask", file.data, document.max_mask_bytes)
            mask = mask or InputPicture("mask", file.data)
        elif file.name in document.files or (document.name == "sandbox" and re.fullmatch(r"image\[\d+\]", file.name)):
            where = f"image[{len(images)}]"
            _limit(where, file.data, document.max_image_bytes)
            if document.name in ("", "openai"):
                _declared(where, file.content_type)
            names.add(file.name)
            images.append(InputPicture(where, file.data))
        elif document.strict:
            raise _unknown(file.name)
    if names == {"image"} and len(images) > 1 and document.name in ("", "openai"):
        # One file is `image`; an array is written with brackets.
        raise Refusal(
            "Duplicate parameter: 'image'. You provided multiple values; use 'image[]' to send an array.",
            param="image",
            code="duplicate_parameter",
        )
    if not images:
        raise _missing(document.files[0] if act == "edit" and document.files else "image")
    return _order(document, act, values, images, mask, "multipart", given)


def _order(
    document: Document,
    act: str,
    values: dict[str, Any],
    images: list[InputPicture],
    mask: InputPicture | None,
    encoding: str,
    given: Mapping[str, Any],
) -> Order:
    default = document.default_edit_model if act == "edit" and document.default_edit_model else document.default_model
    model = values.get("model") or ("dall-e-2" if act == "variation" else default) or ""
    if document.models and model not in document.models:
        message = f"分组 default 下模型 {model} 无可用渠道（distributor）"
        raise Refusal(message, param="model", code="model_not_found", type="new_api_error", status=503)
    if model == "no-such-model":
        raise Refusal(f"The model '{model}' does not exist.", param="model", code="model_not_found", status=404)
    if len(images) > document.max_images:
        message = f"Invalid 'images': array too long. Expected an array with maximum length {document.max_images}, but got {len(images)}."
        raise Refusal(message, param="image", code="array_above_max_length")
    prompt = values.get("prompt", "")
    if act != "variation" and not prompt.strip():
        raise Refusal("Invalid 'prompt': string too short. Expected a string with minimum length 1.", param="prompt", code="empty_string")
    order = Order(
        act=act,  # type: ignore[arg-type]  # one of the three by construction
        model=model,
        prompt=prompt,
        n=values.get("n", 1),
        size=values.get("size", "auto"),
        quality=values.get("quality", "auto"),
        background=values.get("background", "auto"),
        picture_format=values.get("output_format", document.picture_format),
        compression=values.get("output_compression", 100),
        style=values.get("style", ""),
        answer=values.get("response_format", document.answer),
        stream=values.get("stream", False),
        partial_images=values.get("partial_images", 0),
        seed=str(values.get("seed", "")),
        images=tuple(images),
        mask=mask,
        encoding=encoding,  # type: ignore[arg-type]  # json or multipart by construction
        given=frozenset(name for name, value in given.items() if value is not None),
    )
    order = LIMITS[document.rules](order)
    width, height = dimensions(order)
    return order.with_(width=width, height=height)


def _checked(document: Document, rules: Mapping[str, Rule], given: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in given.items():
        rule = rules.get(name)
        if rule is None:
            if document.strict:
                raise _unknown(name)
        elif value is not None:  # null means "not given" throughout the specification
            _check(rule, name, value)
            values[name] = value
    for name, rule in rules.items():
        if rule.required and name not in values:
            raise _missing(name)
    return values


def _check(rule: Rule, name: str, value: Any) -> None:
    kind = rule.kind
    if kind == "string":
        _typed(name, value, str, "a string")
        if rule.values and value not in rule.values:
            *most, last = [f"'{choice}'" for choice in rule.values]
            listed = ", ".join(most) + (" and " if most else "") + last
            raise Refusal(f"Invalid value: '{value}'. Supported values are: {listed}.", param=name, code="invalid_value")
    elif kind == "integer":
        _typed(name, value, int, "an integer")
        if rule.maximum is not None and value > rule.maximum:
            message = f"Invalid '{name}': integer above maximum value. Expected a value <= {rule.maximum}, but got {value} instead."
            raise Refusal(message, param=name, code="integer_above_max_value")
        if rule.minimum is not None and value < rule.minimum:
            message = f"Invalid '{name}': integer below minimum value. Expected a value >= {rule.minimum}, but got {value} instead."
            raise Refusal(message, param=name, code="integer_below_min_value")
    elif kind == "boolean":
        _typed(name, value, bool, "a boolean")
    elif kind in ("addresses", "references"):
        _typed(name, value, list, "an array")
        for index, item in enumerate(value):
            _typed(f"{name}[{index}]", item, str if kind == "addresses" else dict, "a string" if kind == "addresses" else "an object")
    elif kind == "reference":
        _typed(name, value, dict, "an object")


def _typed(name: str, value: Any, wanted: type, words: str) -> None:
    if isinstance(value, wanted) and not (isinstance(value, bool) and wanted is not bool):
        return
    kinds = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string", list: "an array", dict: "an object"}
    got = kinds.get(type(value), "null")
    raise Refusal(f"Invalid type for '{name}': expected {words}, but got {got} instead.", param=name, code="invalid_type")


def _from_text(rule: Rule | None, name: str, text: str) -> Any:
    """Numbers and booleans travel through a form as text."""
    if rule is not None and rule.kind == "integer":
        if not re.fullmatch(r"-?\d{1,9}", text):
            raise Refusal(f"Invalid type for '{name}': expected an integer, but got a string instead.", param=name, code="invalid_type")
        return int(text)
    if rule is not None and rule.kind == "boolean":
        if text not in ("true", "false"):
            raise Refusal(f"Invalid type for '{name}': expected a boolean, but got a string instead.", param=name, code="invalid_type")
        return text == "true"
    return text


def _address(reference: Mapping[str, Any], where: str) -> str:
    """Return the address of an ``ImageRefParam``: ``image_url`` xor ``file_id``, and nothing else."""
    for name in reference:
        if name not in ("image_url", "file_id"):
            raise _unknown(f"{where}.{name}")
    if ("image_url" in reference) == ("file_id" in reference):
        raise Refusal(f"Invalid '{where}': provide exactly one of 'image_url' or 'file_id'.", param=where, code="invalid_value")
    if "file_id" in reference:
        raise Refusal(f"No such File object: {reference['file_id']}", param=f"{where}.file_id", code=None, status=404)
    address = reference["image_url"]
    _typed(f"{where}.image_url", address, str, "a string")
    if len(address) > 20_971_520:
        message = f"Invalid '{where}.image_url': string too long. Expected a string with maximum length 20971520, but got {len(address)}."
        raise Refusal(message, param=f"{where}.image_url", code="string_above_max_length")
    return str(address)


def _limit(where: str, data: bytes, most: int) -> None:
    if len(data) > most:
        message = f"Invalid file '{where}': file size is too large. The maximum is {most} bytes, but got {len(data)} bytes."
        raise Refusal(message, param=where.partition("[")[0], code="file_too_large", status=413)


def _declared(where: str, content_type: str) -> None:
    """OpenAI believes the part's Content-Type, so that a file sent without one is refused."""
    if content_type.partition(";")[0].strip() not in ("image/png", "image/jpeg", "image/webp"):
        message = (
            f"Invalid file '{where}': unsupported mimetype ('{content_type}'). "
            "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'."
        )
        raise Refusal(message, param=where.partition("[")[0], code="unsupported_file_mimetype")


def _unknown(name: str) -> Refusal:
    return Refusal(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def _missing(name: str) -> Refusal:
    return Refusal(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
