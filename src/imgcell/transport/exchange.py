"""One conversation with an endpoint, safe for money: what is written before it is sent, what is tried again, what never.

The rows of the table in RELIABILITY.md section 1.5:

===================  =========================================================================================
not sent             no connection: up to three tries, then :class:`NotSentError`
turned away          the flow raises :class:`RateLimitError`: all wait, then the same job again, four times at most;
                     not counted if it was out already when others learned how long to wait
refused              the flow raises another :class:`AnswerError`: never again
unknown              anything between the request's first byte and the answer's last: never again
paid, unreadable     the flow raises a :class:`PaidError`: never again, the bytes are kept
paid, not fetched    only the download is tried again
===================  =========================================================================================
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urljoin

from imgcell.errors import (
    DownloadError,
    ImgcellError,
    MissingKeyError,
    OutcomeUnknownError,
    RateLimitError,
    StorageError,
)
from imgcell.language import tr
from imgcell.ledger import SETTLED, MemoryLedger
from imgcell.portal import portal
from imgcell.transport.deadline import Deadline
from imgcell.transport.endpoint import Endpoint
from imgcell.transport.gate import LONGEST_WAIT
from imgcell.transport.http import CONNECTION_ERRORS, AddressError, Delivery
from imgcell.transport.outcomes import cleaned, not_sent, redirected, state_of, timed_out, unknown, unknown_hint, waiting, with_time
from imgcell.transport.receive import Receiver
from imgcell.wire.answers import request_id
from imgcell.wire.flow import Call, Extract, Final, Flow, NextEvent, Partial, Pause, Reply, Step

if TYPE_CHECKING:
    from imgcell.ledger import Attempt
    from imgcell.transport.gate import Turn

__all__ = ["Endpoint", "Exchange", "Listener", "state_of"]

T = TypeVar("T")

#: Tries at a connection, and seconds before the second and the third.
_CONNECTION_PAUSES = (0.3, 1.0)
#: Times that a job is sent to a provider that turns it away although it waited as it was told, and times in all.
_TRIES, _ALL_TRIES = 4, 12
#: Bytes of free disk to expect for one answer.
_ROOM = 64_000_000
#: Letters of an error that the ledger keeps.
_SAID = 500


class Listener(Protocol):
    """Whoever a conversation is held for."""

    def may_send(self) -> None:
        """Raise if nothing is to be sent any more."""

    def delivered(self, delivery: Delivery) -> None:
        """Be handed the record of how far the request got."""

    def state(self, state: str, message: str) -> None:
        """Be told what goes on."""

    async def partial(self, step: Partial) -> None:
        """Be given a preview."""

    async def final(self, step: Final, exchange: Exchange) -> None:
        """Be given a picture, to be stored before anything else happens."""

    def outcome(self) -> Mapping[str, Any]:
        """Be asked what came of it: facts for the ledger's last line."""

    def turn(self) -> contextlib.AbstractAsyncContextManager[object]:
        """Let those go first whose turn it is, before a request is checked against the budgets and written down."""

    def reserving(self) -> contextlib.AbstractContextManager[object]:
        """Set aside what the request may cost while it is written down; raise if it may not be sent."""

    def may_block(self) -> bool:
        """Whether :meth:`reserving` may have to wait for other kernels."""

    def over(self, state: str, attempt: str) -> None:
        """Be told how an attempt ended."""


class Exchange:
    """One job being sent, once.

    Attributes:
        attempt: The ledger's entry, or ``None`` before there is one.
        request_id: The provider's id of the answer.
        sent_at: When the request went out (``time.monotonic``).
        seconds: From then to the answer's last byte, so far.
        notes: Of the call that was sent.
    """

    def __init__(self, endpoint: Endpoint, facts: Mapping[str, Any], listener: Listener, timeout: float) -> None:
        self._endpoint = endpoint
        self._facts = facts
        self._listener = listener
        self._timeout = timeout
        # One for the logical call, however often it is sent; it never permits a retry by itself.
        self._idempotency_key = uuid.uuid4().hex
        self._delivery = Delivery()
        self._receiver: Receiver | None = None
        self._turn: Turn | None = None
        self._fetching = False
        self._last_partial: Extract | None = None
        self.attempt: Attempt | None = None
        self.request_id: str | None = None
        self.sent_at = 0.0
        self.seconds = 0.0
        self.notes: tuple[str, ...] = ()
        self._problem: ImgcellError | None = None

    async def run(self, converse: Callable[[], Flow]) -> None:
        """Hold the conversation, a new flow for every time that the provider turns it away.

        Raises:
            ImgcellError: See the table above; the ledger has the outcome when it is raised.
        """
        gate = self._endpoint.gate
        counted, served, place = 0, gate.served, 0
        for tried in range(1, _ALL_TRIES + 1):
            self.attempt = None
            # A callback's blocking call runs inside the request that called it back: waiting here for the slot which
            # that request holds would be for ever.
            turn = gate.turn(
                self._facts.get("pictures") or 1,
                owner=self._endpoint,
                limit=self._endpoint.max_in_flight,
                tell=self._in_line,
                nested=portal().nested(),
                place=place,
                last=served if counted == _TRIES - 1 or tried == _ALL_TRIES else None,
            )
            try:
                await self._once(converse, turn)
            except RateLimitError as error:
                counted += turn.counts
                if error.retry_after is not None and error.retry_after > LONGEST_WAIT:
                    raise with_time(error) from None
                if counted >= _TRIES or tried == _ALL_TRIES:
                    raise
                # Nothing is out any more: an interrupt in the meantime stops it at once.
                self._delivery = Delivery()
                self._listener.delivered(self._delivery)
                self._listener.state("waiting", waiting(turn.held))
                place = turn.place
            else:
                return

    def _in_line(self, seconds: float) -> None:
        self._listener.state("waiting" if seconds > 0 else "queued", waiting(seconds))

    async def threaded(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Run blocking work of ledger or store in a thread (or at once, where nothing blocks)."""
        if isinstance(self._endpoint.ledger, MemoryLedger):
            return function(*arguments, **named)
        return await self._in_thread(function, *arguments, **named)

    async def _in_thread(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        try:
            working = asyncio.get_running_loop().run_in_executor(None, partial(function, *arguments, **named))
        except RuntimeError:
            # The main thread has ended while another one of the user's waits for this: there are no threads to be had
            # any more (concurrent.futures), but what is paid for is kept all the same.
            return function(*arguments, **named)
        return await working

    async def _once(self, converse: Callable[[], Flow], turn: Turn) -> None:
        async with turn:
            self._listener.may_send()
            self._turn = turn
            flow = converse()
            state = outcome = "done"
            deadline = Deadline(self._timeout)
            try:
                async with deadline:
                    await self._drive(flow)
            except TimeoutError:
                error = timed_out(self._endpoint.name, self._timeout, fetching=self._fetching, started=self._delivery.started)
                state = outcome = state_of(error)
                raise self._complete(error) from None
            except ImgcellError as error:
                state = outcome = state_of(error)
                turn.heed(self._complete(error))
                raise error from None
            except asyncio.CancelledError:
                state = "unknown" if self._delivery.started else "not-sent"
                # The user let go of it; that says nothing about the provider.
                outcome = "let-go" if self._delivery.started else "not-sent"
                raise
            except Exception:
                # A fault of ours after the request went out must not read as "not charged".
                state = outcome = "unknown" if self._delivery.started else "not-sent"
                raise
            finally:
                turn.outcome = outcome
                flow.close()
                if isinstance(self._endpoint.ledger, MemoryLedger):
                    await self._finish(state)
                else:
                    await asyncio.shield(self._finish(state))

    async def _finish(self, state: str) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            await receiver.close()
        attempt = self.attempt
        if attempt is None:
            return
        if state not in SETTLED:
            if receiver is not None:
                receiver.keep_rest()
            with contextlib.suppress(OSError, StorageError):
                await self.threaded(attempt.sync)
        try:
            with contextlib.suppress(OSError, StorageError):
                await self.threaded(attempt.finish, state, **self._listener.outcome(), **self._said())
        finally:
            self._listener.over(state, attempt.id)

    def _said(self) -> dict[str, Any]:
        """Return what went wrong, as the ledger keeps it: whoever comes after this process can tell a refusal from a fault."""
        error, self._problem = self._problem, None
        if error is None:
            return {}
        told = {"status": error.status, "code": error.code, "message": error.message[:_SAID], "hint": error.hint}
        return {"error": {"kind": type(error).__name__, **{name: value for name, value in told.items() if value is not None}}}

    async def _drive(self, flow: Flow) -> None:
        answer: Any = None
        failure: DownloadError | None = None
        while True:
            try:
                step: Step = flow.throw(failure) if failure is not None else flow.send(answer)
            except StopIteration:
                return
            answer, failure = None, None
            if isinstance(step, Call) and step.paid:
                answer = await self._post(step)
            elif isinstance(step, Call):
                try:
                    answer = await self._get(step)
                except DownloadError as error:
                    failure = error
            elif isinstance(step, NextEvent):
                answer = await self._event()
            elif isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
            elif isinstance(step, Partial):
                self._last_partial = step.image
                await self._listener.partial(step)
            else:
                self.seconds = time.monotonic() - self.sent_at
                await self._listener.final(step, self)

    # -- sending ----------------------------------------------------------------------------------------------

    async def _post(self, call: Call) -> Reply:
        if self.attempt is not None:
            # The flow asks again, because the answer said that nothing was made (see the dialect's notes).
            await self._finish("refused")
        name = self._endpoint.name

        def whole() -> None:
            if self._turn is not None:
                self._turn.sent()
            self._listener.state("working", tr("{provider} is working on it", provider=name))

        self._delivery = Delivery(on_whole=whole)
        self.attempt = None
        self.notes = call.notes
        await self._open()
        assert self.attempt is not None
        headers = self._headers(call, self.attempt.id)
        self._listener.delivered(self._delivery)
        self._listener.state("sending", tr("sending to {provider}", provider=self._endpoint.name))
        url = f"{self._endpoint.base_url}/{call.path}"
        self.sent_at = time.monotonic()
        for pause in (*_CONNECTION_PAUSES, None):
            self._listener.may_send()
            try:
                answer = await self._endpoint.pool.send(call.method, url, headers, call.body, self._delivery)
                break
            except AddressError as error:
                raise not_sent(self._endpoint.base_url, error) from error
            except CONNECTION_ERRORS as error:
                if self._delivery.started:
                    broke = tr("The connection to {provider} broke before an answer came.", provider=self._endpoint.name)
                    raise unknown(broke) from error
                if pause is None:
                    raise not_sent(self._endpoint.base_url, error) from error
                await asyncio.sleep(pause)
        self._listener.state("receiving", tr("receiving"))
        receiver = self._receiver = Receiver(answer, self.attempt, secrets=self._endpoint.secrets())
        self.request_id = request_id(receiver.headers)
        if self._turn is not None:
            self._turn.heard(receiver.headers)
        if 300 <= answer.status < 400:
            raise redirected(self._endpoint.name, receiver.headers.get("location", ""))
        try:
            reply = await receiver.reply()
        except CONNECTION_ERRORS as error:
            raise unknown(tr("The answer of {provider} broke off.", provider=self._endpoint.name)) from error
        self.seconds = time.monotonic() - self.sent_at
        if not reply.events:
            await self._answered(reply.status)
        return reply

    async def _answered(self, status: int) -> None:
        assert self.attempt is not None
        attempt = self.attempt
        if status != 200:
            return

        def kept() -> None:
            attempt.sync()
            attempt.note("answered", request_id=self.request_id, seconds=round(self.seconds, 3))

        # A disk that fails now must not take the picture with it: storing it will try other places.
        with contextlib.suppress(OSError, StorageError):
            await self.threaded(kept)

    async def _open(self) -> None:
        facts = {
            **self._facts,
            "base_url": self._endpoint.base_url,
            "idempotency_key": self._idempotency_key,
            "sent_notes": list(self.notes),
        }
        ledger = self._endpoint.ledger

        def begin() -> Attempt:
            with self._listener.reserving():
                return ledger.open(facts, room=_ROOM)

        async with self._listener.turn():
            if isinstance(ledger, MemoryLedger) and not self._listener.may_block():
                self.attempt = begin()
                return
            opening = asyncio.ensure_future(self._in_thread(begin))
            try:
                self.attempt = await asyncio.shield(opening)
            except asyncio.CancelledError:
                # The line may stand in the ledger already; it gets its end.
                self.attempt = await opening
                raise

    def _headers(self, call: Call, attempt: str) -> dict[str, str]:
        headers = {
            "Accept": "text/event-stream" if call.stream else "application/json, */*;q=0.5",
            "Idempotency-Key": self._idempotency_key,
            "X-Client-Request-Id": attempt,
        }
        key = self._endpoint.key
        if key is not None:
            if not key.header_safe():
                raise MissingKeyError(
                    tr("The key from {source} holds characters that no key can have.", source=key.source),
                    hint=tr("Copy it again, without quotes, spaces or line breaks."),
                )
            headers["Authorization"] = f"Bearer {key.reveal()}"
        return headers

    # -- receiving --------------------------------------------------------------------------------------------

    async def _event(self) -> Any:
        assert self._receiver is not None
        try:
            return await self._receiver.event()
        except CONNECTION_ERRORS as error:
            raise unknown(tr("The stream of {provider} broke off.", provider=self._endpoint.name)) from error

    async def _get(self, call: Call) -> Reply:
        assert self.attempt is not None
        attempt = self.attempt
        # Some relays answer with a path on their own host.  A whole address stays as it is, however wrong: it is
        # checked where it is fetched, and then counts as one that could not be.
        url = call.path if "://" in call.path else urljoin(self._endpoint.base_url + "/", call.path)
        self._listener.state("fetching", tr("fetching the picture"))
        # The address is in the ledger before it is used: should everything stop here, the picture can still be had.
        with contextlib.suppress(OSError, StorageError):
            await self.threaded(attempt.note, "url", url=url)
        self._fetching = True  # and still so if the deadline comes: then the picture is made and its address known
        extract = await self._endpoint.downloads.fetch(url, attempt.extract)
        self._fetching = False
        return Reply(status=200, image=extract)

    # -- errors -----------------------------------------------------------------------------------------------

    def _complete(self, error: ImgcellError) -> ImgcellError:
        """Say where the error comes from; take out of it what must not be seen."""
        cleaned(error, self._endpoint.secrets())
        error.provider = error.provider or self._endpoint.name
        error.request_id = error.request_id or self.request_id
        error.attempt = error.attempt or (self.attempt.id if self.attempt is not None else None)
        self._problem = error
        if isinstance(error, OutcomeUnknownError):
            error.partial = error.partial or self._last_partial
            error.hint = unknown_hint(error.hint, self.sent_at, self.attempt.id if self.attempt is not None else None)
        return error
