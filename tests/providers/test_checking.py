"""Jobs that a model cannot do are refused before anything is sent, each with one clear sentence and what to do."""

from __future__ import annotations

import pytest

from imgcell import providers
from imgcell.errors import InvalidJobError
from imgcell.jobs import Edit, Generate, InputImage


def picture(**more) -> InputImage:
    """A small picture as it would be sent."""
    return InputImage(**{"media_type": "image/png", "data": b"\x89PNG", "width": 8, "height": 8, "size": 4, **more})


def check(provider, job, images=(), mask=None):
    """Check a job against a built-in profile."""
    return providers.check(job, images, mask, providers.get(provider).model(job.model))


ONE = [picture()]

REFUSED = {
    "prompt over the limit": ("ezmodel", Generate("字" * 1001, model="dall-e-2"), "1001"),
    "prompt over another limit": ("ezmodel", Generate("字" * 4001, model="dall-e-3"), "4000"),
    "size outside a closed list": ("ezmodel", Generate("x", size="999x999"), "999x999"),
    "size outside another closed list": ("json-images", Generate("x", size="512x512"), "512x512"),
    "quality that the model does not know": ("openai", Generate("x", quality="hd"), "hd"),
    "quality of another model": ("ezmodel", Generate("x", model="dall-e-2", quality="hd"), "quality"),
    "style of another model": ("openai", Generate("x", style="vivid"), "style"),
    "field that the platform refuses": ("apiyi", Generate("x", quality="high"), "quality"),
    "field that the document does not have": ("json-images", Generate("x", response_format="b64_json"), "response_format"),
    "background that nobody knows": ("openai", Generate("x", background="pink"), "pink"),
    "response_format that the model refuses": ("openai", Generate("x", response_format="url"), "response_format"),
    "transparent JPEG": ("openai", Generate("x", background="transparent", output_format="jpeg"), "JPEG"),
    "streaming where there is none": ("apiyi", Generate("x", partial_images=1), "stream"),
    "streaming of an old model": ("openai", Generate("x", model="dall-e-3", partial_images=0), "stream"),
    "extra that is no JSON": ("sandbox", Generate("x", extra={"a": object()}), "JSON"),
    "extra that is no number": ("sandbox", Generate("x", extra={"a": float("nan")}), "JSON"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_generations_that_cannot_be_sent(case):
    """One clear error that names what is wrong and says what to do."""
    provider, job, named = REFUSED[case]
    with pytest.raises(InvalidJobError) as caught:
        check(provider, job)
    assert named in caught.value.message
    assert caught.value.hint


REFUSED_EDITS = {
    "no edits at all": ("ezmodel", {}, ONE, None, "cannot edit"),
    "five plus one pictures": ("json-images", {}, ONE * 6, None, "6"),
    "sixteen plus one": ("openai", {}, ONE * 17, None, "17"),
    "mask where there is none": ("apiyi", {}, ONE, picture(), "mask"),
    "mask in an encoding without": ("openai-compatible", {"encoding": "json"}, ONE, picture(), "mask"),
    "encoding that is not taken": ("apiyi", {"encoding": "json"}, ONE, None, "json"),
    "mask of another size": ("openai", {}, ONE, picture(width=9), "9x8"),
    "picture over the limit": ("apiyi", {}, [picture(size=10_000_001)], None, "10000001"),
    "picture of a kind that is not taken": ("openai", {"model": "dall-e-2"}, [picture(media_type="image/webp")], None, "image/webp"),
    "address where only files go": ("apiyi", {}, [InputImage(url="https://x/y.png")], None, "address"),
    "input_fidelity of another model": ("openai", {"input_fidelity": "low"}, ONE, None, "input_fidelity"),
    "JSON picture over the data URL limit": ("openai", {"encoding": "json"}, [picture(size=16_000_000)], None, "20971520"),
}


@pytest.mark.parametrize("case", REFUSED_EDITS)
def test_edits_that_cannot_be_sent(case):
    """Too many, too large, of the wrong kind, or with a mask that would be lost."""
    provider, words, images, mask, named = REFUSED_EDITS[case]
    with pytest.raises(InvalidJobError) as caught:
        check(provider, Edit("x", images=images, mask=mask, **words), images, mask)
    assert named in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("provider", "job"),
    [
        ("ezmodel", Generate("字" * 1000, model="dall-e-2")),
        ("ezmodel", Generate("字" * 4000, model="dall-e-3", n=3)),
        ("apiyi", Generate("x", n=4, size="16:9")),
        ("sandbox", Generate("x", quality="hd", style="vivid", n=10)),
        ("openai", Generate("x" * 32_000, size="1536x1024", quality="high")),
    ],
)
def test_what_the_documents_allow_passes(provider, job):
    """Limits are counted as the documents count: characters, to the last one; more pictures are more calls."""
    check(provider, job)


def test_unknown_models_and_unlisted_values_are_noted():
    """Unknown names and values of open lists are sent, and the note says so."""
    assert any("something-new" in note for note in check("apiyi", Generate("x", model="something-new")))
    assert any("2048x2048" in note for note in check("openai", Generate("x", size="2048x2048")))
    assert check("openai", Generate("x", size="1024x1024")) == ()


def test_a_refused_field_that_changes_nothing_is_left_out():
    """b64_json is what GPT image models give anyway."""
    check("openai", Generate("x", response_format="b64_json"))


def test_extra_overrides_what_the_profile_says():
    """A field in extra is the user's business."""
    check("apiyi", Generate("x", extra={"quality": "high"}))


def test_a_change_of_encoding_is_noted():
    """Document 004's JSON has no mask: a masked edit goes as a form, visibly."""
    mask = picture()
    notes = check("openai-compatible", Edit("x", images=ONE, mask=mask), ONE, mask)
    assert any("multipart" in note for note in notes)
