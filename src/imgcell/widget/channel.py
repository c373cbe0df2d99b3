"""Requests from the page: checked, handed over to a thread, answered exactly once.

The thread on which a message arrives (the kernel's main thread, or that of a subshell) only looks at the message and puts it into a
lane; nothing here waits, prints or touches a picture on it (GROUND.md section 2).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import contextvars
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, TypeAlias, TypeGuard

from imgcell.errors import ImgcellError, InvalidJobError
from imgcell.language import tr
from imgcell.widget.checking import check
from imgcell.widget.facts import Problem
from imgcell.widget.protocol import BUFFERS, REQUESTS

__all__ = ["Answer", "Channel", "Handler", "beside", "encoded", "problem"]

#: Requests of one Studio that wait or are worked on; beyond it something is wrong with the page.
MOST_WAITING = 512

#: What a handler returns: ``ok``, or ``ok`` and one buffer.
Answer: TypeAlias = "Mapping[str, Any] | tuple[Mapping[str, Any], bytes]"


@dataclass(frozen=True)
class Handler:
    """What answers one kind of request.

    Attributes:
        function: Called with the checked fields and the call; for kinds with a buffer, also with its bytes (``None`` if none came).
        lane: ``"here"`` (at once: it must not wait), ``"in turn"``, ``"uploads"``, ``"estimates"`` (one after the other),
            ``"beside"`` (several at a time), ``"urgent"``.
    """

    function: Callable[..., Answer]
    lane: str


class _Lanes:
    """The threads of a process on which requests are worked on; started when they are needed."""

    _THREADS: ClassVar[dict[str, int]] = {"in turn": 1, "uploads": 1, "estimates": 1, "beside": 3, "urgent": 1}

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pools: dict[str, ThreadPoolExecutor] = {}

    def put(self, lane: str, work: Callable[[], None]) -> None:
        with self._lock:
            if lane not in self._pools:
                self._pools[lane] = ThreadPoolExecutor(self._THREADS[lane], thread_name_prefix=f"imgcell-studio-{lane.replace(' ', '-')}")
            pool = self._pools[lane]
        pool.submit(work)


_lanes = _Lanes()


def beside(work: Callable[[], None]) -> None:
    """Have something done on another thread, soon; what goes wrong there stays there."""

    def quietly() -> None:
        with contextlib.suppress(Exception):
            work()

    with contextlib.suppress(RuntimeError):  # the interpreter is ending
        _lanes.put("beside", quietly)


def encoded(data: bytes) -> str:
    """Return bytes as base64 text."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


class Channel:
    """One Studio's requests and replies.

    Args:
        handlers: By kind; kinds that are missing here are unknown.
        send: Sends a message and its buffers to the page; callable from any thread.
        requests: The fields of each kind; those of the Studio, unless another page speaks of other things.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        send: Callable[[dict[str, Any], list[bytes]], None],
        requests: Mapping[str, Any] = REQUESTS,
    ) -> None:
        self._handlers = handlers
        self._send = send
        self._requests = requests
        self._lock = threading.Lock()
        self._waiting = 0

    def take(self, message: Any, buffers: Sequence[Any] | None) -> None:
        """Take a message from the page.  Never raises; what cannot be answered (no kind, no call) is dropped."""
        if not isinstance(message, dict):
            return
        kind, call = message.get("kind"), message.get("call")
        if not _short(kind) or not _short(call):
            return
        try:
            handler = self._handlers.get(kind) if kind in self._requests else None
            if handler is None:
                raise InvalidJobError(tr("The kernel does not know this request: {kind}.", kind=repr(kind)))
            fields = check({name: value for name, value in message.items() if name not in ("kind", "call")}, self._requests[kind])
            data = _buffer(kind, fields, buffers)
            arguments = [{**fields, "call": call}, *data]
            self._enter()
        except Exception as error:  # noqa: BLE001 - whatever a page sends, it is told, and the kernel goes on
            self._reply(kind, call, error=error)
            return

        def work() -> None:
            try:
                answer = handler.function(*arguments)
            except Exception as error:  # noqa: BLE001 - as above
                self._leave()
                self._reply(kind, call, error=error)
                return
            self._leave()
            self._reply(kind, call, answer)

        if handler.lane == "here":
            work()
            return
        try:
            # The thread goes on in the language in which the page was spoken to.
            _lanes.put(handler.lane, partial(contextvars.copy_context().run, work))
        except RuntimeError as error:  # the interpreter is ending
            self._leave()
            self._reply(kind, call, error=error)

    def tell(self, kind: str, fields: Mapping[str, Any], buffer: bytes | None = None) -> None:
        """Say something by itself."""
        self._out({"kind": kind, **fields}, buffer)

    def _enter(self) -> None:
        with self._lock:
            if self._waiting >= MOST_WAITING:
                raise InvalidJobError(tr("Too many requests of this page are waiting."), hint=tr("Reload the page."))
            self._waiting += 1

    def _leave(self) -> None:
        with self._lock:
            self._waiting -= 1

    def _reply(self, kind: str, call: str, answer: Answer | None = None, error: Exception | None = None) -> None:
        head = {"kind": f"{kind}-reply", "call": call}
        if error is not None or answer is None:
            self._out({**head, "error": problem(error)}, None)
            return
        ok, buffer = answer if isinstance(answer, tuple) else (answer, None)
        self._out({**head, "ok": dict(ok)}, buffer)

    def _out(self, message: dict[str, Any], buffer: bytes | None) -> None:
        # A page that is gone, a kernel that is ending: nobody is there to be told.
        with contextlib.suppress(Exception):
            self._send(message, [] if buffer is None else [buffer])


def problem(error: BaseException | None) -> Problem:
    """Return an error as the page is told it."""
    if isinstance(error, ImgcellError):
        return {"message": error.message, "hint": error.hint, "kind": type(error).__name__}
    name = type(error).__name__
    if isinstance(error, OSError):
        text = tr("A file could not be read or written: {reason}", reason=error.strerror or name)
        return {"message": text, "hint": None, "kind": name}
    return {"message": tr("imgcell failed: {error}", error=f"{name}: {error}"[:500]), "hint": None, "kind": name}


def _short(value: object) -> TypeGuard[str]:
    # A lone surrogate cannot be sent back.
    return isinstance(value, str) and 0 < len(value) <= 64 and value.isprintable()


def _buffer(kind: str, fields: dict[str, Any], buffers: Sequence[Any] | None) -> list[bytes | None]:
    """Return the bytes that come with a request, for kinds that have some."""
    given = list(buffers or ())
    most = BUFFERS.get(kind)
    text = fields.pop("data", None)
    if most is None or len(given) > 1 or (given and text is not None):
        if given:
            raise InvalidJobError(tr("The page sent bytes that nobody asked for."))
        return []
    data: bytes | None = None
    if given:
        view = memoryview(given[0])  # Jupyter's memoryview, marimo's bytes
        if view.nbytes > most:
            raise InvalidJobError(tr("The page sent {count} bytes at once; at most {most} are taken.", count=view.nbytes, most=most))
        data = bytes(view)
    elif text is not None:
        try:
            data = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise InvalidJobError(tr("The page sent something unexpected as {field}.", field="data")) from error
        if len(data) > most:
            raise InvalidJobError(tr("The page sent {count} bytes at once; at most {most} are taken.", count=len(data), most=most))
    return [data]
