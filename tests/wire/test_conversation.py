"""Whole conversations, driven by hand: what is sent again, what streams bring, what is raised."""

from __future__ import annotations

import pytest

from imgcell import errors, providers
from imgcell.jobs import Edit, Generate
from imgcell.wire import json_images, openai
from imgcell.wire.base64text import MemoryExtract
from imgcell.wire.flow import Event, FormBody, JsonBody, Reply

PNG = b"\x89PNG\r\n\x1a\n picture"


def extract(data: bytes = PNG) -> MemoryExtract:
    """Bytes that were taken out of an answer."""
    return MemoryExtract(data)


def answer(count: int = 1, **more) -> Reply:
    """A good answer with some pictures."""
    return Reply(200, document={"created": 1, "data": [{"b64_json": extract()} for _ in range(count)], **more})


def refusal(message: str, status: int = 400, **error) -> Reply:
    """A refusal in the usual envelope."""
    return Reply(status, document={"error": {"message": message, "type": "invalid_request_error", **error}})


def flow(job, images=(), mask=None, provider="openai", dialect=openai):
    """A conversation with a built-in profile."""
    return dialect.converse(job, images, mask, providers.get(provider).model(job.model))


def test_a_plain_answer_gives_pictures_with_facts_and_usage_once(drive):
    """Two pictures, one usage: on the first of them."""
    told = drive(flow(Generate("x", n=2)), answer(2, usage={"total_tokens": 5}, size="1024x1024", quality="low", output_format="png"))
    assert told.error is None
    assert [final.image.read() for final in told.finals] == [PNG, PNG]
    assert [final.usage for final in told.finals] == [{"total_tokens": 5}, None]
    assert told.finals[1].facts == {"size": "1024x1024", "quality": "low", "output_format": "png", "created": 1}
    assert told.finals[0].notes == ()


def test_fewer_pictures_than_asked_for_is_noted(drive):
    """Two asked, one came: a note, not an error."""
    told = drive(flow(Generate("x", n=2)), answer(1))
    assert told.error is None
    assert "2" in told.finals[0].notes[0]


def test_an_answer_that_is_a_picture_itself(drive):
    """An image body is the picture."""
    told = drive(flow(Generate("x")), Reply(200, media_type="image/png", image=extract()))
    assert told.finals[0].image.read() == PNG


def test_a_refused_response_format_is_dropped_once_and_visibly(drive):
    """The provider refuses the field by name: the same without it, with a note; a second refusal ends it."""
    no = refusal("Unknown parameter: 'response_format'.", code="unknown_parameter", param="response_format")
    job = Generate("x", response_format="url")
    told = drive(flow(job, provider="openai-compatible"), no, answer())
    assert told.error is None
    assert "response_format" in told.calls[0].body.document
    assert "response_format" not in told.calls[1].body.document
    assert told.calls[1].paid
    assert "response_format" in told.calls[1].notes[0]
    told = drive(flow(job, provider="openai-compatible"), no, no)
    assert len(told.calls) == 2
    assert isinstance(told.error, errors.InvalidRequestError)


def test_image_and_image_with_brackets_are_tried_in_turn(drive, pictures):
    """Where "image is required" for image[], asked again as image, for all pictures, in order; never a third time."""
    images = pictures(2)
    no = refusal("image is required", 422)
    told = drive(flow(Edit("x", images=images), images), no, answer())
    assert told.error is None
    assert [name for name, value in told.calls[1].body.fields if value in images] == ["image", "image"]
    told = drive(flow(Edit("x", images=images), images), no, no)
    assert len(told.calls) == 2
    assert isinstance(told.error, errors.InvalidRequestError)


def test_json_edits_that_are_refused_become_forms(drive, pictures):
    """415 on a JSON edit: the same as a form, unless the user chose JSON or gave addresses."""
    images = pictures(1)
    no = refusal("Content-Type must be multipart/form-data", 415)
    told = drive(flow(Edit("x", images=images), images, provider="openai-compatible"), no, answer())
    assert isinstance(told.calls[0].body, JsonBody)
    assert isinstance(told.calls[1].body, FormBody)
    assert told.error is None
    told = drive(flow(Edit("x", images=images), images, provider="openai-compatible"), refusal("Use 'multipart/form-data'.", 404), answer())
    assert isinstance(told.calls[1].body, FormBody)
    told = drive(flow(Edit("x", images=images, encoding="json"), images, provider="openai-compatible"), no)
    assert len(told.calls) == 1
    assert isinstance(told.error, errors.InvalidRequestError)


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 502, 503, 524])
def test_nothing_else_is_ever_sent_again(drive, pictures, status):
    """Also where the text names a field: only refusals of the request itself are put differently."""
    images = pictures(1)
    told = drive(flow(Edit("x", images=images), images), refusal("image is required; response_format unknown; use multipart", status))
    assert len(told.calls) == 1
    assert told.error is not None


def test_image_url_not_available_says_what_to_do(drive):
    """Document 004's own error names the way out."""
    told = drive(
        flow(Generate("x", response_format="url"), provider="openai-compatible"), refusal("no storage", code="image_url_not_available")
    )
    assert told.error.code == "image_url_not_available"
    assert "b64_json" in told.error.hint


def test_addresses_are_fetched_and_one_failure_does_not_stop_the_others(drive):
    """Each address is a free GET; what fails is raised at the end, after the pictures that came."""
    reply = Reply(200, document={"data": [{"url": "https://cdn/a.png"}, {"url": "https://cdn/b.png"}]})
    gone = errors.DownloadError("gone")
    told = drive(flow(Generate("x", n=2)), reply, gone, Reply(200, image=extract()))
    assert [(call.method, call.path, call.paid) for call in told.calls[1:]] == [
        ("GET", "https://cdn/a.png", False),
        ("GET", "https://cdn/b.png", False),
    ]
    assert [final.url for final in told.finals] == ["https://cdn/b.png"]
    assert told.error is gone


def test_an_address_that_holds_no_picture_is_a_download_error(drive):
    """An HTML page under the picture's address."""
    reply = Reply(200, document={"data": [{"url": "https://cdn/a.png"}]})
    told = drive(flow(Generate("x")), reply, Reply(200, media_type="text/html", text="<title>Expired</title>"))
    assert isinstance(told.error, errors.DownloadError)
    assert "Expired" in told.error.message


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(200, document={"created": 1, "data": []}), errors.NoImageError),
        (Reply(200, document={}), errors.NoImageError),
        (Reply(200, document=None, text="<html><title>Login</title></html>"), errors.NoImageError),
        (Reply(200, document={"data": [{"b64_json": "%%% not base64 %%%"}]}), errors.ImageDecodeError),
        (Reply(200, document={"choices": [{"message": {"content": "I cannot draw that."}}]}), errors.NoImageError),
        (Reply(202, document={"id": "t-1", "status": "processing"}), errors.OutcomeUnknownError),
        (Reply(204), errors.OutcomeUnknownError),
    ],
)
def test_answers_without_a_picture(drive, reply, kind):
    """Paid and unreadable, or unknown: never silence, never a second request."""
    told = drive(flow(Generate("x")), reply)
    assert type(told.error) is kind
    assert len(told.calls) == 1
    assert told.error.hint


def test_what_an_answer_says_instead_is_shown(drive):
    """The words of a chat and the title of a page are in the message."""
    told = drive(flow(Generate("x")), Reply(200, document={"choices": [{"message": {"content": "I cannot draw that."}}]}))
    assert "I cannot draw that." in told.error.message
    told = drive(flow(Generate("x")), Reply(200, text="<html><title>Login</title></html>"))
    assert "Login" in told.error.message


STREAM = Reply(200, media_type="text/event-stream", events=True)


def partial(index: int, family: str = "image_generation") -> Event:
    """A preview in a stream."""
    document = {"type": f"{family}.partial_image", "b64_json": extract(b"p%d" % index), "partial_image_index": index}
    return Event(document["type"], document)


def completed(family: str = "image_generation", **more) -> Event:
    """A finished picture in a stream."""
    return Event("", {"type": f"{family}.completed", "b64_json": extract(), "usage": {"total_tokens": 9}, **more})


@pytest.mark.parametrize("family", ["image_generation", "image_edit"])
def test_a_stream_gives_partials_and_the_picture(drive, family):
    """Both families on any call; reading stops at the last picture, because some relays never close."""
    told = drive(flow(Generate("x", partial_images=2)), STREAM, partial(0, family), partial(1, family), completed(family, size="1024x1024"))
    assert told.error is None
    assert [(step.index, step.image.read()) for step in told.partials] == [(0, b"p0"), (1, b"p1")]
    (final,) = told.finals
    assert (final.image.read(), final.usage, final.facts) == (PNG, {"total_tokens": 9}, {"size": "1024x1024"})
    assert told.asked_events == 3


def test_the_type_may_stand_in_the_event_line_alone(drive):
    """``event:`` names the type where the data do not."""
    told = drive(
        flow(Generate("x", partial_images=1)),
        STREAM,
        Event("image_generation.partial_image", {"b64_json": extract(b"p")}),
        Event("image_generation.completed", {"b64_json": extract()}),
    )
    assert len(told.partials) == len(told.finals) == 1


def test_a_total_usage_repeated_by_each_event_counts_once(drive):
    """new-api repeats the total in every completed event."""
    told = drive(flow(Generate("x", n=2, partial_images=0)), STREAM, completed(), completed())
    assert [final.usage for final in told.finals] == [{"total_tokens": 9}, None]


def test_a_stream_that_ends_early_is_unknown(drive):
    """Partials are no picture: no completed event means that it may have been charged."""
    told = drive(flow(Generate("x", partial_images=1)), STREAM, partial(0), None)
    assert isinstance(told.error, errors.OutcomeUnknownError)
    assert len(told.partials) == 1


def test_a_stream_with_fewer_pictures_than_asked_for_is_noted(drive):
    """Two asked, the stream closes after one."""
    told = drive(flow(Generate("x", n=2, partial_images=0)), STREAM, completed(), None)
    assert told.error is None
    assert told.finals[0].notes


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (Event("error", {"error": {"message": "blocked", "code": "moderation_blocked"}}), errors.ModerationError),
        (Event("", {"type": "error", "message": "blocked", "code": "moderation_blocked"}), errors.ModerationError),
        (Event("", {"error": {"message": "broke"}}), errors.OutcomeUnknownError),
        (Event("error", "plain words"), errors.OutcomeUnknownError),
        (Event("", {"type": "response.failed", "response": {"error": {"message": "broke"}}}), errors.OutcomeUnknownError),
    ],
)
def test_an_error_in_a_stream_is_raised(drive, event, kind):
    """After HTTP 200 an event may still refuse: known refusals by name, everything else may have been charged."""
    told = drive(flow(Generate("x", partial_images=1)), STREAM, partial(0), event)
    assert type(told.error) is kind


def test_an_unasked_stream_and_a_document_instead_of_a_stream(drive):
    """Events where none were asked for, JSON where events were: both are read."""
    told = drive(
        flow(Generate("x")),
        STREAM,
        Event("", {"type": "image_generation.completed", "url": "https://cdn/a.png"}),
        Reply(200, image=extract()),
    )
    assert told.finals[0].url == "https://cdn/a.png"
    told = drive(flow(Generate("x", partial_images=2)), answer())
    assert len(told.finals) == 1


def test_progress_chunks_of_other_families_are_no_pictures(drive):
    """image.generation.chunk, .result, .done: the result is the picture, once."""
    told = drive(
        flow(Generate("x", n=2, partial_images=0)),
        STREAM,
        Event("", {"object": "image.generation.chunk", "data": []}),
        Event("", {"object": "image.generation.result", "data": [{"b64_json": extract()}]}),
        Event("", {"object": "image.generation.done", "data": [{"b64_json": extract()}]}),
        None,
    )
    assert len(told.finals) == 1


def test_an_event_stream_under_an_error_status_is_read_for_its_error(drive):
    """A 401 as text/event-stream."""
    told = drive(flow(Generate("x")), Reply(401, events=True), Event("error", {"error": {"message": "no key"}}))
    assert isinstance(told.error, errors.AuthenticationError)


def test_size_and_style_move_to_the_front_of_the_prompt_with_a_note(drive):
    """Documents 000 and 002: no such fields; the prompt takes them, its own beginning is not repeated."""
    told = drive(flow(Generate("黄昏的灯塔", size="1536x1024"), provider="apiyi"), answer())
    document = told.calls[0].body.document
    assert document == {"model": "gpt-image-2-all", "prompt": "1536x1024 横版,黄昏的灯塔", "response_format": "b64_json"}
    assert "size=1536x1024" in told.calls[0].notes[0]
    told = drive(flow(Generate("a lighthouse", size="1024x1536", style="vivid"), provider="apiyi"), answer())
    assert told.calls[0].body.document["prompt"] == "1024x1536 portrait, vivid style, a lighthouse"
    told = drive(flow(Generate("1024x1024 square logo", size="1024x1024"), provider="apiyi"), answer())
    assert told.calls[0].body.document["prompt"] == "1024x1024 square logo"
    assert told.calls[0].notes == ()


def test_extra_fields_go_as_they_are(drive):
    """Also one that the profile refuses, and one that it does not know."""
    told = drive(flow(Generate("x", extra={"quality": "high", "seed": 7}), provider="apiyi"), answer())
    assert told.calls[0].body.document["quality"] == "high"
    assert told.calls[0].body.document["seed"] == 7


def test_a_mask_is_never_dropped(drive, pictures):
    """A shape without masks refuses before the first call."""
    image, mask = pictures(2)
    told = drive(flow(Edit("x", images=[image], mask=mask), [image], mask, "json-images", json_images))
    assert isinstance(told.error, errors.InvalidJobError)
    assert told.calls == []
