"""Every body of the ``openai`` profile against OpenAI's own published schemas."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgcell import providers
from imgcell.errors import InvalidJobError
from imgcell.jobs import Edit, Generate, InputImage
from imgcell.wire import openai
from imgcell.wire.flow import FormBody
from imgcell.wire.request import json_chunks

SPECIFICATION = json.loads(Path(__file__).with_name("openai-images.openapi.json").read_text(encoding="utf-8"))
SCHEMAS = SPECIFICATION["components"]["schemas"]
GPT = ["gpt-image-2", "gpt-image-1.5", "gpt-image-1", "gpt-image-1-mini", "gpt-image-2-2026-04-21", "a-model-of-tomorrow"]


def validate(name: str, body: dict) -> None:
    """Hold a body against a schema, and against its list of fields."""
    schema = {**SCHEMAS[name], "components": SPECIFICATION["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)
    assert set(body) <= set(SCHEMAS[name]["properties"]), "a field that the specification does not know"


def as_object(form: FormBody) -> dict:
    """A form as the object its schema describes: numbers as numbers, files as binary text."""
    properties = SCHEMAS["CreateImageEditRequest"]["properties"]
    result: dict = {}
    for name, value in form.fields:
        plain = name.removesuffix("[]")
        if isinstance(value, InputImage):
            if name.endswith("[]"):
                result.setdefault(plain, []).append("binary")
            else:
                result[plain] = "binary"
        elif properties[plain].get("type") in ("integer", "boolean") or plain == "partial_images":
            result[plain] = json.loads(value)
        else:
            result[plain] = value
    return result


words = {
    "n": st.integers(1, 10),
    "quality": st.sampled_from([None, "low", "medium", "high", "auto"]),
    "background": st.sampled_from([None, "transparent", "opaque", "auto"]),
    "output_format": st.sampled_from([None, "png", "jpeg", "webp"]),
    "output_compression": st.none() | st.integers(0, 100),
    "moderation": st.sampled_from([None, "low", "auto"]),
    "user": st.none() | st.just("user-1"),
    "partial_images": st.none() | st.integers(0, 3),
    "size": st.sampled_from([None, "auto", "1024x1024", "1536x1024", "1024x1536"]),
    "model": st.sampled_from(GPT),
}
prompts = st.text(min_size=1).filter(str.strip)


def call_for(job, images=(), mask=None):
    """The first request for a job, after it was checked."""
    model = providers.get("openai").model(job.model)
    providers.check(job, images, mask, model)
    return next(openai.converse(job, images, mask, model))


def sendable(job, images=(), mask=None):
    """The first request for a job, or None where the job contradicts itself."""
    try:
        return call_for(job, images, mask)
    except InvalidJobError:
        if job.background == "transparent" or getattr(job, "input_fidelity", None):
            return None
        raise


@settings(max_examples=150, deadline=None)
@given(prompt=prompts, values=st.fixed_dictionaries(words))
def test_generations_follow_the_specification(prompt, values):
    """Whatever a job says, its body is a CreateImageRequest."""
    call = sendable(Generate(prompt, **values))
    if call is not None:
        body = json.loads(b"".join(json_chunks(call.body.document)))
        validate("CreateImageRequest", body)
        assert call.stream == bool(body.get("stream"))


@settings(max_examples=200, deadline=None)
@given(
    prompt=prompts,
    values=st.fixed_dictionaries(
        {**words, "input_fidelity": st.sampled_from([None, "high", "low"]), "encoding": st.sampled_from([None, "json"])}
    ),
    count=st.integers(1, 16),
    masked=st.booleans(),
    addresses=st.booleans(),
)
def test_edits_follow_the_specification(prompt, values, count, masked, addresses):
    """Whatever an edit says, its body is a CreateImageEditRequest or an EditImageBodyJsonParam."""
    picture = InputImage("image/png", data=b"\x89PNG\r\n\x1a\n1234", width=8, height=8, size=12)
    images = [InputImage(url="https://example.com/a.png") if addresses else picture] * count
    call = sendable(Edit(prompt, images=images, **values), images, picture if masked else None)
    if call is None:
        return
    if isinstance(call.body, FormBody):
        validate("CreateImageEditRequest", as_object(call.body))
    else:
        validate("EditImageBodyJsonParam", json.loads(b"".join(json_chunks(call.body.document))))


@pytest.mark.parametrize(
    "job",
    [
        Generate("x", model="dall-e-3", size="1792x1024", quality="hd", style="natural", response_format="b64_json", user="u"),
        Generate("x", model="dall-e-2", size="256x256", n=10, response_format="url"),
        Generate("x", size="3840x2160"),
    ],
)
def test_the_older_models_and_free_sizes_follow_the_specification(job):
    """dall-e bodies, and a size that only gpt-image-2 takes."""
    validate("CreateImageRequest", dict(call_for(job).body.document))


@pytest.mark.parametrize("count", [1, 2, 16])
def test_files_of_a_list_are_called_image_with_brackets(pictures, count):
    """OpenAI's examples repeat ``image[]``, also for one; order is kept and the mask comes once."""
    *images, mask = pictures(count + 1)
    call = call_for(Edit("x", images=images, mask=mask, quality="high"), images, mask)
    assert [name for name, value in call.body.fields if isinstance(value, InputImage)] == ["image[]"] * count + ["mask"]
    assert [value for name, value in call.body.fields if name == "image[]"] == images
    assert ("model", "gpt-image-2") in call.body.fields
    assert all(isinstance(value, (str, InputImage)) for _, value in call.body.fields)


def test_streaming_asks_for_it_in_both_encodings(pictures):
    """partial_images makes a stream; 0 is the cheap form of one."""
    (picture,) = pictures(1)
    call = call_for(Generate("x", partial_images=0))
    assert call.stream
    assert call.body.document["partial_images"] == 0
    assert call.body.document["stream"] is True
    form = call_for(Edit("x", images=[picture], partial_images=2), [picture])
    assert form.stream
    assert ("stream", "true") in form.body.fields
    assert ("partial_images", "2") in form.body.fields


def test_printed_examples_of_the_specification(pictures):
    """The specification's own JSON edit, from its address."""
    content = SPECIFICATION["paths"]["/images/edits"]["post"]["requestBody"]["content"]
    printed = content["application/json"]["examples"]["json_with_url"]["value"]
    image = InputImage(url=printed["images"][0]["image_url"])
    job = Edit(printed["prompt"], model=printed["model"], images=[image.url], size=printed["size"], quality=printed["quality"])
    assert json.loads(b"".join(json_chunks(call_for(job, [image]).body.document))) == printed
