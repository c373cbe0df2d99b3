"""One job under way: its parts, its pictures as they come, and what an interrupt means."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import sys
import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imgcell import costs
from imgcell.errors import AuthenticationError, ImgcellError, NotSentError, OutcomeUnknownError, PermissionDeniedError, QuotaExceededError
from imgcell.language import tr
from imgcell.pictures.steps import Final, Progress

if TYPE_CHECKING:
    from imgcell.client.part import Part
    from imgcell.pictures.picture import Picture
    from imgcell.pictures.sheet import Sheet
    from imgcell.pictures.steps import Step
    from imgcell.portal import Portal

__all__ = ["Run", "interrupted_sentence", "warn"]

#: After these, sending more of the same job is sure to fail, or to cost what the user does not have.
_FINAL_REFUSALS = (AuthenticationError, PermissionDeniedError, QuotaExceededError)
#: Seconds that an interrupted cell waits for the loop to say what was sent; it answers within milliseconds.
_ANSWER_TO_CANCEL = 0.3


class Run:
    """A job that was submitted.

    Attributes:
        sheet: Fills with pictures as they come.
        warnings: What the user should be told, in words: pictures that could not be stored, callbacks that failed.
        watched: Whether anybody wants steps.
        replayed: How many pictures the library had already: they were not sent for and cost nothing.
    """

    def __init__(
        self,
        portal: Portal,
        parts: Sequence[Part],
        sheet: Sheet,
        *,
        finish_sheet: bool = True,
        on_step: Callable[[Any], object] | None = None,
        found: Mapping[int, Picture] | None = None,
    ) -> None:
        self._portal = portal
        self._parts = parts
        self._finish_sheet = finish_sheet
        self._on_step = on_step
        self._stopped: ImgcellError | None = None
        self._cancels = 0
        self.sheet = sheet
        self.warnings: list[str] = []
        self.watched = on_step is not None
        #: Whose money it spends: with others', where a magic's cell is several runs.
        self.cell = costs.cell()
        self._found = dict(found or {})
        self.replayed = len(self._found)
        for part in parts:
            part.run = self
        self._future: concurrent.futures.Future[None] = concurrent.futures.Future()

    def start(self) -> Run:
        """Send it all; return itself.  Apart from making it, so that an interrupt in here finds something to cancel."""
        _started.add(self)
        for position, picture in sorted(self._found.items()):
            self.sheet._add(picture, position)
        self.sheet.replayed += self.replayed
        self._portal.submit(self._work())
        return self

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self._future.done()

    @property
    def out(self) -> int:
        """How many requests were sent and are not answered yet."""
        return 0 if self.done else sum(part.sent and part.task is not None and not part.task.done() for part in self._parts)

    @property
    def errors(self) -> tuple[ImgcellError, ...]:
        """What went wrong, by part."""
        return tuple(error for part in self._parts for error in part.errors)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all is done, or *timeout* seconds; return whether it is.  An interrupt lands at once."""
        return self._portal.wait(self._future, timeout)

    def result(self) -> Sheet:
        """Wait until all is done and return the pictures.

        Raises:
            ImgcellError: If not a single picture came; otherwise what failed is in ``sheet.errors``.
        """
        self.wait()
        errors = self.errors
        if errors and not self.replayed and not any(part.pictures for part in self._parts):
            raise errors[0]
        return self.sheet

    def cancel(self) -> int:
        """Send nothing more; return how many requests were sent already.

        What was sent is paid for, so it is still received and stored, and still arrives in :attr:`sheet`.  A second
        call lets go of that too: the ledger then says that the outcome is unknown.
        """
        self._cancels += 1
        let_go = self._cancels > 1
        if self._stopped is None:
            self._stopped = _stopped()
        counted: concurrent.futures.Future[int] = concurrent.futures.Future()

        def stop() -> None:
            sent = 0
            for part in self._parts:
                if part.task is None or part.task.done():
                    continue
                if let_go or not part.sent:
                    part.let_go = part.sent
                    part.task.cancel()
                else:
                    sent += 1
            counted.set_result(sent)

        if self._portal.here():
            stop()
        else:
            self._portal.call(stop)
        with contextlib.suppress(concurrent.futures.TimeoutError):
            return counted.result(_ANSWER_TO_CANCEL)
        return sum(part.sent for part in self._parts)

    def add_done_callback(self, function: Callable[[], object]) -> None:
        """Have *function* called, on any thread, when all is done."""
        self._future.add_done_callback(lambda _: function())

    # -- for the parts, on the loop's thread ------------------------------------------------------------------

    def check(self) -> None:
        """Raise if nothing is to be sent any more."""
        if self._stopped is not None:
            raise self._stopped

    def report(self, step: Step) -> None:
        """Tell whoever watches."""
        if self._on_step is None:
            return
        try:
            self._on_step(step)
        except Exception as error:  # noqa: BLE001 - a callback's fault must not cost a picture
            self.warnings.append(tr("A callback failed: {error}", error=f"{type(error).__name__}: {error}"))

    async def _work(self) -> None:
        # Its own future instead of the submission's: who waits has it from the beginning.
        try:
            for position, picture in sorted(self._found.items()):
                self.report(Final(picture, position))
            if not self._parts:
                return
            if len(self._parts) == 1:
                # The usual case needs no task of its own: that would be three more turns of the loop.
                self._parts[0].task = asyncio.current_task()
                await self._one(self._parts[0])
                return
            for part in self._parts:
                part.task = asyncio.ensure_future(self._one(part))
            await asyncio.wait([part.task for part in self._parts if part.task is not None])
        finally:
            if self._finish_sheet:
                self.sheet._finish()
            self._future.set_result(None)

    async def _one(self, part: Part) -> None:
        self.report(Progress("queued", 0.0, tr("in line"), part.position))
        error: ImgcellError
        try:
            self.check()
            await part.exchange()
            return
        except ImgcellError as raised:
            error = raised
            if isinstance(error, _FINAL_REFUSALS) and self._stopped is None:
                self._stopped = error
        except asyncio.CancelledError:
            error = _let_go(part.attempt) if part.let_go else _stopped()
        except Exception as raised:  # noqa: BLE001 - whatever it is, the other parts go on and the user hears of it
            error = ImgcellError(tr("imgcell failed: {error}", error=f"{type(raised).__name__}: {raised}"), attempt=part.attempt)
            error.__cause__ = raised
        part.errors.append(error)
        for position in part.missing():
            self.sheet._fail(error, position)


def _stopped() -> NotSentError:
    return NotSentError(tr("Stopped before it was sent; nothing was charged."))


def _let_go(attempt: str | None) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        tr("No longer waited for. The request was sent and may have been charged."),
        hint=tr("Look at the provider's usage page before you send it again: that may cost again."),
        attempt=attempt,
    )


def warn(run: Run) -> None:
    """Tell the user, by way of :mod:`warnings`, what did not go well although pictures came."""
    for text in run.warnings:
        warnings.warn(text, stacklevel=4)
    if run.errors:
        missing, came = len(run.sheet.errors), len(run.sheet)
        text = tr("{missing} of {asked} pictures did not come: {reason}", missing=missing, asked=missing + came, reason=str(run.errors[0]))
        warnings.warn(text, stacklevel=4)


def interrupted_sentence(sent: int, where: str) -> str:
    """Return what a user who interrupts is told about what has been sent already."""
    if sent == 0:
        return tr("Stopped. Nothing more is sent.")
    return tr(
        "Stopped. Requests already sent: {sent}. They are paid for: what they bring is still received and kept in {where}.",
        sent=sent,
        where=where,
    )


#: The runs of this process that somebody may still ask for, or that are under way.
_started: weakref.WeakSet[Run] = weakref.WeakSet()


def _tell_at_exit() -> None:
    # Whoever leaves without waiting has paid for what nobody receives any more; that is not done in silence.
    out = sum(run.out for run in list(_started))
    if out and sys.stderr is not None:
        print(
            tr(
                "Requests still out at the end: {count}. They may have been charged; wait for a run to get its pictures.",
                count=out,
            ),
            file=sys.stderr,
        )


atexit.register(_tell_at_exit)
