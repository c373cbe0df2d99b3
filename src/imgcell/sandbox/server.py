"""The sandbox's server: tornado on a thread and a loop of its own, and what tests ask of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

from imgcell.sandbox.chances import Chances
from imgcell.sandbox.faults import Fault
from imgcell.sandbox.files import Files
from imgcell.sandbox.habits import Habit, Truth
from imgcell.sandbox.orders import File
from imgcell.sandbox.rates import Rate

if TYPE_CHECKING:
    import socket

    from imgcell.sandbox.painter import Painted

__all__ = ["Request", "Server", "serve"]

#: Of how many pictures it is kept what was done to them.
_TRUTHS = 256


@dataclass(frozen=True)
class Request:
    """A request as it arrived.

    Attributes:
        method, path: ``path`` holds the query too.
        headers: By lower-case name.
        body: The raw bytes.
        json: The parsed body, if it was JSON.
        form: The text fields of a multipart body, in order.
        files: The files of a multipart body, in order.
        arrived: ``time.monotonic()`` when the last byte was there.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    json: Any = None
    form: tuple[tuple[str, str], ...] = ()
    files: tuple[File, ...] = ()
    arrived: float = 0.0


class Server:
    """A running sandbox; a context manager that closes it.

    Args:
        port: 0 takes a free one.
        latency: Seconds that the making of each request's pictures takes (pictures of one request are made side by side).
        host: Address to listen on; only this machine's own make sense, as there are no real keys.
        picture: Bytes (PNG, JPEG or WebP) to answer every request with instead of a painting, for benchmarks.
        record: Whether requests, with their bodies, are kept in :attr:`requests`.
        rate: How much may be asked for; ``None`` is as much as one likes.
        habits: What models do beside what they are asked, by their name; other names have no habits.
        faults: Share of all requests that fail, or a share by the name of each fault.
        seed: Which of them do.

    Attributes:
        rate: The same, with the count of what was turned away.
        habits: The same; may be changed at any time, as may ``faults`` (:class:`imgcell.sandbox.chances.Chances`).
    """

    def __init__(
        self,
        port: int = 0,
        latency: float = 0.0,
        *,
        host: str = "127.0.0.1",
        picture: bytes | None = None,
        record: bool = True,
        rate: Rate | None = None,
        habits: Mapping[str, Habit] | None = None,
        faults: float | Mapping[str, float] = 0.0,
        seed: int = 0,
    ) -> None:
        self.latency = latency
        self.host = host
        self.picture = picture
        self.record = record
        self.rate = rate or Rate()
        self.habits = dict(habits or {})
        self.faults = Chances(faults, seed)
        self.port = 0
        self.files = Files()
        self.pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="imgcell-sandbox-painter")
        self.pretended: dict[str, bytes] = {}
        self.ready_bodies: dict[object, bytes] = {}
        self._arrived: deque[Request] = deque()
        self._news = threading.Condition()
        self._faults: list[Fault] = []
        self._closed = False
        self._truths: OrderedDict[str, Truth] = OrderedDict()
        self._failure: BaseException | None = None
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, args=(port,), name="imgcell-sandbox", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            self.pool.shutdown(wait=False)
            raise self._failure

    # -- addresses -------------------------------------------------------------------------------

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:PORT``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def base_url(self) -> str:
        """The address that speaks OpenAI's shapes: ``http://127.0.0.1:PORT/v1``."""
        return f"{self.origin}/v1"

    def url(self, profile: str) -> str:
        """Return the address that speaks *profile*'s shapes, as strictly as its document.

        Raises:
            KeyError: if there is no such profile.
        """
        from imgcell.sandbox.documents import DOCUMENTS

        if profile not in DOCUMENTS:
            raise KeyError(f"the sandbox has no profile {profile!r}; it has {', '.join(name for name in DOCUMENTS if name)}")
        return f"{self.origin}/{profile}/v1" if profile else self.base_url

    # -- what arrived ----------------------------------------------------------------------------

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in the order of arrival, downloads included."""
        with self._news:
            return list(self._arrived)

    @property
    def posts(self) -> list[Request]:
        """The requests that would be paid for."""
        return [request for request in self.requests if request.method == "POST"]

    def wait_for(self, n: int, timeout: float = 10.0) -> list[Request]:
        """Wait until *n* requests have arrived, and return them.

        Raises:
            TimeoutError: if they have not after *timeout* seconds.
        """
        with self._news:
            if not self._news.wait_for(lambda: len(self._arrived) >= n, timeout):
                raise TimeoutError(f"{len(self._arrived)} of {n} requests arrived in {timeout} s")
            return list(self._arrived)

    def clear(self) -> None:
        """Forget what arrived and what was to be played."""
        with self._news:
            self._arrived.clear()
            self._faults.clear()

    def note(self, request: Request) -> None:
        """Keep *request* (called by the handlers)."""
        if self.record:
            with self._news:
                self._arrived.append(request)
                self._news.notify_all()

    # -- what is played --------------------------------------------------------------------------

    def play(self, fault: str, times: int = 1, *, skip: int = 0, **settings: Any) -> None:
        """Play *fault*, a name in :data:`imgcell.sandbox.faults.FAULTS`.

        The next *times* requests that it fits get it, once *skip* such requests have passed.
        """
        with self._news:
            self._faults.append(Fault(fault, settings, times, skip))

    def take_fault(self, fits: Any) -> Fault | None:
        """Return the first waiting fault for which ``fits(fault)`` holds, and count it (called by the handlers)."""
        with self._news:
            for fault in list(self._faults):
                if not fits(fault):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    # -- what is true ----------------------------------------------------------------------------

    def truth(self, data: bytes) -> Truth:
        """Return what was done to a picture that a model with habits answered, of which *data* are the bytes.

        Raises:
            KeyError: if it is none of the last 256 of them.
        """
        with self._news:
            found = self._truths.get(hashlib.sha256(data).hexdigest())
        if found is None:
            raise KeyError("no model with habits has answered these bytes of late")
        return found

    def remember(self, pictures: Sequence[Painted]) -> None:
        """Keep what is true of *pictures* (called by the handlers)."""
        for picture in pictures:
            if picture.truth is not None:
                name = hashlib.sha256(picture.data).hexdigest()
                with self._news:
                    self._truths[name] = picture.truth
                    while len(self._truths) > _TRUTHS:
                        self._truths.popitem(last=False)

    def put(self, data: bytes, media_type: str = "image/png", behaviour: str = "", **settings: Any) -> str:
        """Serve *data* under a new address and return it; *behaviour* is one of the faults "behind the address"."""
        return f"{self.origin}/files/{self.files.put(data, media_type, behaviour, settings)}"

    def pretend(self, address: str, data: bytes) -> None:
        """Take *data* for what lies behind *address*, when an edit names that address as its input."""
        self.pretended[address] = data

    # -- life ------------------------------------------------------------------------------------

    def close(self) -> None:
        """Stop, cutting the connections that are still open.  Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        self.pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<imgcell.sandbox {'closed' if self._closed else self.base_url}>"

    def join(self) -> None:
        """Wait until the server is closed, in slices so that Ctrl-C is seen."""
        while self._thread.is_alive():
            self._thread.join(0.2)

    def _run(self, port: int) -> None:
        loop = asyncio.SelectorEventLoop()  # tornado needs add_reader, which Windows' default loop lacks
        asyncio.set_event_loop(loop)
        self._loop = loop
        try:
            loop.run_until_complete(self._main(port))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that starts the server
            self._failure = error
        finally:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            loop.close()
            self._started.set()

    async def _main(self, port: int) -> None:
        from tornado.httpserver import HTTPServer

        from imgcell.sandbox.handlers import application

        self._stop = asyncio.Event()
        listener = _listening(self.host, port)
        self.port = listener.getsockname()[1]
        http = HTTPServer(application(self), max_body_size=1 << 30, max_buffer_size=64 << 20, chunk_size=256 << 10)
        http.add_socket(listener)
        self._started.set()
        await self._stop.wait()
        http.stop()
        await http.close_all_connections()


def _listening(host: str, port: int) -> socket.socket:
    """Return a listening socket, closed again if it cannot be bound (tornado's own binding leaks it then)."""
    import socket

    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=512)
    listener.setblocking(False)
    return listener


def serve(
    port: int = 0,
    latency: float = 0.0,
    *,
    host: str = "127.0.0.1",
    picture: bytes | None = None,
    record: bool = True,
    rate: tuple[int, float] | Rate | None = None,
    habits: Mapping[str, Habit] | None = None,
    faults: float | Mapping[str, float] = 0.0,
    seed: int = 0,
) -> Server:
    """Start a sandbox and return it; use it in a ``with`` statement, or call ``close()``.

    Args:
        port: 0 takes a free one.
        latency: Seconds that each picture takes.
        host: Address to listen on.
        picture: Bytes to answer every request with instead of a painting, for benchmarks.
        record: Whether what arrives is kept in ``.requests``.
        rate: Pictures, and the seconds in which no more of them may be asked for, as in ``(10, 60)``; or a
            :class:`imgcell.sandbox.rates.Rate`.
        habits: By the name of a model, what it does beside what it is asked: a :class:`imgcell.sandbox.Habit`.
        faults: Share of all requests that fail: ``0.1`` plays one of many kinds for every tenth request (refusals, busy servers, cut
            connections, answers without a picture), ``{"moderation": 0.2, "429": 0.1}`` the kinds that it names.
        seed: Which requests fail: the same ones for the same seed, in whatever order they arrive.  A request that is sent again has its
            chances again.

    Raises:
        OSError: if the port is taken.
        ValueError: for a share below 0 or above 1, or a fault that there is not.
    """
    limits = Rate(*rate) if isinstance(rate, tuple) else rate
    return Server(port, latency, host=host, picture=picture, record=record, rate=limits, habits=habits, faults=faults, seed=seed)


def parse_json(body: bytes) -> Any:
    """Return the JSON of *body*, or ``None``."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def now() -> float:
    """Return the time of arrivals."""
    return time.monotonic()
