"""Reading one answer as it arrives: into the spool, into a reader, within bounds."""

from __future__ import annotations

import contextlib
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from imgcell.errors import OutcomeUnknownError
from imgcell.language import tr
from imgcell.transport.http import CONNECTION_ERRORS, Answer
from imgcell.wire.body import BodyError, CutBodyError, reader_for
from imgcell.wire.flow import Event, Reply
from imgcell.wire.texts import SECRET

if TYPE_CHECKING:
    from imgcell.ledger import Attempt

__all__ = ["MAX_BODY", "Receiver"]

#: Bytes of one answer at most: ten pictures of 4096 x 4096 as base64 PNG.
MAX_BODY = 512_000_000
#: ... and of what is not pictures in it.
MAX_TEXT = 64_000_000
#: Bytes that a compressed answer may grow by at a time.
_INFLATE = 1 << 20
#: Bytes needed to tell JSON, events, pictures and text apart.
_HEAD = 64


class Receiver:
    """The answer to one request.

    Args:
        answer: Its head; the body is read from it.
        attempt: Where it is spooled to.
        secrets: What must not reach the disk.
    """

    def __init__(self, answer: Answer, attempt: Attempt, *, secrets: tuple[str, ...] = ()) -> None:
        self._answer = answer
        self._attempt = attempt
        self._secrets = [secret.encode() for secret in secrets if len(secret) >= SECRET]
        self._pieces = self._inflated(_bounded(answer.body))
        self._reader: Any = None
        self._events: deque[Event] = deque()
        self._over = False
        self._spooled = 0
        self.headers = dict(answer.headers)
        self.media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        attempt.receive(answer.status, {name: value for name, value in answer.headers if name != "set-cookie"})

    async def reply(self) -> Reply:
        """Read the answer whole, or, if it is a stream of events, up to its first piece.

        Raises:
            OutcomeUnknownError: It is larger than anything that was asked for.
            httpcore.RemoteProtocolError: And the others of ``CONNECTION_ERRORS``: it broke off.
        """
        head = b""
        async for piece in self._pieces:
            head = head + piece if head else piece
            if len(head) >= _HEAD:
                break
        else:
            self._over = True
        self._reader = reader_for(self.media_type, head, new_extract=self._attempt.extract, decode=_decoder())
        if self._reader.kind == "events":
            self._gather(self._reader.feed(head))
            return self._reply(events=True)
        self._reader.feed(head)
        try:
            if not self._over:
                pictures = self._flush_pictures(0)
                async for piece in self._pieces:
                    self._reader.feed(piece)
                    if len(self._reader.skeleton) > MAX_TEXT:
                        raise _too_large(MAX_TEXT)
                    pictures = self._flush_pictures(pictures)
        except CONNECTION_ERRORS:
            whole = self._whole()
            if whole is None:
                raise
            return whole
        self._over = True
        return self._finished()

    def _flush_pictures(self, known: int) -> int:
        """Have a picture written as soon as it is whole: what stands behind it may take its time; return how many are."""
        whole = len(self._reader.extracts) if self._reader.kind == "json" else 0
        if whole > known:
            self._attempt.flush()
        return whole

    async def event(self) -> Event | None:
        """Return the next event, ``None`` after the last."""
        while not self._events and not self._over:
            try:
                piece = await anext(self._pieces)
            except StopAsyncIteration:
                self._over = True
                self._events.extend(self._reader.finish())
            else:
                self._gather(self._reader.feed(piece))
        if self._events:
            return self._events.popleft()
        self.keep_rest()
        return None

    def _gather(self, events: list[Event]) -> None:
        self._events.extend(events)
        if events:
            # Should the process end now, what has come is found again.
            self.keep_rest()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._answer.close()

    def keep_rest(self) -> None:
        """Write what is not yet in the spool there: everything of the answer but its pictures, which are."""
        if self._reader is None:
            return
        fresh = bytes(self._reader.skeleton[self._spooled :])
        self._spooled += len(fresh)
        for secret in self._secrets:
            fresh = fresh.replace(secret, b"****")
        # A full disk here costs the record of an answer, not the answer.
        with contextlib.suppress(OSError):
            self._attempt.write(fresh)
            self._attempt.flush()

    def _whole(self) -> Reply | None:
        """Return the document if all of it came although the answer broke off behind it: it is paid for."""
        if self._reader.kind != "json":
            return None
        try:
            document = self._reader.finish()
        except BodyError:
            return None
        self._over = True
        self.keep_rest()
        return self._reply(document=document)

    def _finished(self) -> Reply:
        reader = self._reader
        try:
            if reader.kind == "json":
                return self._reply(document=reader.finish())
            if reader.kind == "image":
                return self._reply(image=reader.finish())
            return self._reply(text=reader.finish())
        except BodyError as error:
            # Without a declared length the end of the connection is all there is to tell a whole answer from a cut one.
            if isinstance(error, CutBodyError) and self._answer.status == 200:
                raise OutcomeUnknownError(tr("The answer broke off. The request was sent and may have been charged.")) from error
            # Not the JSON it claims to be; the flow says what that means for this status.
            return self._reply(text=bytes(reader.skeleton[:65536]).decode("utf-8", "replace"))
        finally:
            self.keep_rest()

    def _reply(self, **parts: Any) -> Reply:
        return Reply(status=self._answer.status, headers=self.headers, media_type=self.media_type, **parts)

    async def _inflated(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        # "identity" was asked for; some gateways compress all the same.
        coding = self.headers.get("content-encoding", "").strip().lower()
        if coding not in ("gzip", "x-gzip", "deflate"):
            async for piece in pieces:
                yield piece
            return
        inflater = zlib.decompressobj(47 if "gzip" in coding else zlib.MAX_WBITS)
        total = 0
        async for piece in pieces:
            rest = piece
            while rest:
                try:
                    data = inflater.decompress(rest, _INFLATE)
                except zlib.error as error:
                    raise OutcomeUnknownError(
                        tr("The answer came compressed and cannot be unpacked. The request was sent and may have been charged.")
                    ) from error
                rest = inflater.unconsumed_tail
                total += len(data)
                if total > MAX_BODY:
                    raise _too_large(MAX_BODY)
                if data:
                    yield data


async def _bounded(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    total = 0
    async for piece in pieces:
        total += len(piece)
        if total > MAX_BODY:
            raise _too_large(MAX_BODY)
        yield piece


def _too_large(limit: int) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        tr("The answer is larger than {limit} MB. The request was sent and may have been charged.", limit=limit // 1_000_000)
    )


def _decoder() -> Callable[[bytes], bytes]:
    from pybase64 import b64decode

    return partial(b64decode, validate=True)
