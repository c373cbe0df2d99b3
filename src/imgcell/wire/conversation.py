"""One conversation, whatever its shape: send, send again where the answer says that a spelling was at fault, read.

What may have been charged is never sent again here.  The three repeats below follow refusals that name their reason,
before anything was made (DESIGN.md section 5, FACTS.md section 7.5).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from imgcell.errors import DownloadError, ImageDecodeError, ImgcellError, NoImageError, OutcomeUnknownError
from imgcell.jobs import Job
from imgcell.language import tr
from imgcell.wire.answers import Found, facts_in, pictures_in, usage_in, words_of
from imgcell.wire.fields import Shape
from imgcell.wire.flow import Call, Event, Extract, Final, Flow, NextEvent, Partial, Reply

__all__ = ["Attempt", "talk"]


class Attempt(NamedTuple):
    """How the job is put this time.

    Attributes:
        shape: The way in which pictures are handed in; ``None`` for a generation.
        image_field: Name of the form's file fields.
        without_response_format: Whether that field is left out, after it was refused.
        notes: What was changed since the first time, in words.
    """

    shape: Shape | None = None
    image_field: str = "image[]"
    without_response_format: bool = False
    notes: tuple[str, ...] = ()


def talk(job: Job, attempt: Attempt, build: Callable[[Attempt], Call], fallback: Shape | None = None) -> Flow:
    """Carry *job* out.

    Args:
        job: What is wanted.
        attempt: How it is put first.
        build: Makes the call for an attempt.
        fallback: The way to hand pictures in when the answer refuses JSON; ``None`` if there is none.
    """
    tried = {attempt.image_field}
    while True:
        call = build(attempt)
        reply = yield call
        assert isinstance(reply, Reply)
        if reply.events:
            if 200 <= reply.status < 300:
                yield from _read_stream(job, reply)
                return
            event = yield NextEvent()
            reply = replace(reply, events=False, document=event.document if isinstance(event, Event) else None)
        if _plainly_good(reply):
            yield from _deliver(job, reply)
            return
        again = _put_differently(attempt, call, reply, tried, fallback)
        if again is None:
            break
        tried.add(again.image_field)
        attempt = again
    from imgcell.wire.refusals import error_from

    error = error_from(reply)
    if error is not None:
        raise error
    yield from _deliver(job, reply)


def _plainly_good(reply: Reply) -> bool:
    """Whether the usual case is at hand, for which the tables of what can go wrong need not even be imported."""
    document = reply.document
    return reply.status == 200 and isinstance(document, Mapping) and bool(document.get("data")) and not document.get("error")


def _put_differently(attempt: Attempt, call: Call, reply: Reply, tried: set[str], fallback: Shape | None) -> Attempt | None:
    """Return how to ask again, if the answer says that only the spelling was at fault; each spelling once."""
    if reply.status not in {400, 404, 415, 422}:
        return None
    from imgcell.wire.problems import problem_in

    problem = problem_in(reply)
    text = problem.message.lower()
    named = f"{problem.param or ''} {text}"
    if "response_format" in named and reply.status != 404 and not attempt.without_response_format and _has_field(call, "response_format"):
        note = tr("The provider refused response_format, so it was asked again without it (the refusal was not charged).")
        return attempt._replace(without_response_format=True, notes=(*attempt.notes, note))
    # A 404 is no such model or path, unless it says which encoding there is instead.
    if attempt.shape == "json" and fallback is not None and (reply.status == 415 or "multipart" in text):
        note = tr("The provider does not take edits as JSON, so it was asked again with a form (the refusal was not charged).")
        return attempt._replace(shape=fallback, notes=(*attempt.notes, note))
    if attempt.shape == "multipart" and reply.status != 404:
        other = "image" if attempt.image_field == "image[]" else "image[]"
        about = (problem.param or "").lower() in {"image", "image[]"} and problem.code not in {"invalid_image_file", "invalid_type"}
        missing = any(word in text for word in ("required", "missing", "unknown", "unrecognized", "unexpected", "no image", "not found"))
        if other not in tried and missing and (about or "image" in text):
            note = tr("The provider takes pictures as {other}, so it was asked again so (the refusal was not charged).", other=other)
            return attempt._replace(image_field=other, notes=(*attempt.notes, note))
    return None


def _has_field(call: Call, name: str) -> bool:
    body = call.body
    document = getattr(body, "document", None)
    return name in document if document is not None else any(field == name for field, _ in getattr(body, "fields", ()))


def _deliver(job: Job, reply: Reply) -> Flow:
    """Hand out the pictures of a whole answer."""
    if reply.image is not None:
        yield Final(reply.image, came=1)
        return
    found = pictures_in(reply.document)
    good = [item for item in found if item.image is not None or item.url]
    if not good:
        raise _nothing(reply, found)
    notes = _count_notes(job, len(good), found)
    failed: ImgcellError | None = None
    usage = usage_in(reply.document)
    facts = facts_in(reply.document)
    for item in good:
        image = item.image
        if image is None:
            try:
                image = yield from _download(item)
            except DownloadError as error:
                # The other pictures are paid for as well.
                failed = failed or error
                continue
        yield Final(image, item.url, item.revised_prompt, facts, usage, notes, len(good), len(good))
        usage, notes = None, ()
    if failed is not None:
        raise failed


def _download(item: Found) -> Generator[Call, Any, Extract]:
    assert item.url is not None
    reply = yield Call("GET", item.url, paid=False)
    assert isinstance(reply, Reply)
    if reply.image is None or not 200 <= reply.status < 300:
        raise DownloadError(
            tr("The picture's address answered with {what} instead of a picture.", what=words_of(reply) or f"HTTP {reply.status}"),
            hint=tr("The picture is paid for; fetching it again is free."),
            status=reply.status,
        )
    return reply.image


def _count_notes(job: Job, came: int, found: list[Found]) -> tuple[str, ...]:
    notes = [tr("One of the pictures could not be read: {reason}.", reason=item.problem) for item in found if item.problem]
    if came != job.n:
        one = job.n == 1
        notes.append(
            tr("One picture asked for, {came} came.", came=came)
            if one
            else tr("{asked} pictures asked for, {came} came.", asked=job.n, came=came)
        )
    return tuple(notes)


def _nothing(reply: Reply, found: list[Found]) -> ImgcellError:
    from imgcell.wire.problems import problem_in

    problem = next((item.problem for item in found if item.problem and not item.empty), "")
    request_id = problem_in(reply).request_id
    hint = tr("It counts as paid; what came is kept in the library's spool.")
    if reply.status != 200:
        # 202 and others: accepted is not made.
        return OutcomeUnknownError(
            tr("The provider answered with status {status} and no picture; it may have been charged.", status=reply.status),
            hint=tr("Look at the provider's usage page before you send it again: that may cost again."),
            status=reply.status,
            request_id=request_id,
        )
    if problem:
        message = tr("What came as a picture cannot be read: {reason}.", reason=problem)
        return ImageDecodeError(message, hint=hint, status=200, request_id=request_id)
    words = words_of(reply)
    message = tr("The answer holds no picture; it says: {words}", words=words) if words else tr("The answer holds no picture.")
    return NoImageError(message, hint=hint, status=200, request_id=request_id)


def _read_stream(job: Job, reply: Reply) -> Flow:
    """Hand out what a stream brings, until as many pictures are complete as were asked for (some never close it)."""
    from imgcell.wire.problems import problem_in
    from imgcell.wire.refusals import stated_error

    done = 0
    held: Final | None = None
    usage: Mapping[str, Any] | None = None
    while done < job.n:
        event = yield NextEvent()
        if event is None:
            break
        assert isinstance(event, Event)
        document = event.document
        kind = str(document.get("type") or document.get("object") or event.name) if isinstance(document, Mapping) else event.name
        error = stated_error(reply, document, kind)
        if error is not None:
            if held is not None:
                yield held
            raise error
        if kind.endswith("partial_image"):
            image = _partial(document)
            if image is not None:
                yield Partial(image, _index(document))
            continue
        if kind.endswith((".chunk", ".done")) and (kind.endswith(".chunk") or done):
            continue
        good = [item for item in pictures_in(document) if item.image is not None or item.url]
        for item in good:
            image = item.image
            if image is None:
                image = yield from _download(item)
            counted = usage_in(document)
            new = counted if counted != usage else None
            final = Final(image, item.url, item.revised_prompt, facts_in(document), new, share=len(good))
            usage = counted
            done += 1
            if held is not None:
                yield held
            held = final
    if held is None:
        raise OutcomeUnknownError(
            tr("The stream ended before a picture was complete; it may have been charged."),
            hint=tr("Look at the provider's usage page before you send it again: that may cost again."),
            status=reply.status,
            request_id=problem_in(reply).request_id,
        )
    # The last picture waits for the end, because only then is it known how many came.
    yield replace(held, notes=_count_notes(job, done, []), came=done)


def _partial(document: Any) -> Extract | None:
    for item in pictures_in(document):
        if item.image is not None:
            return item.image
    return None


def _index(document: Mapping[str, Any]) -> int:
    index = document.get("partial_image_index", document.get("index", 0))
    return index if isinstance(index, int) and index >= 0 else 0
