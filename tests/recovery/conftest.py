"""A server that remembers what it answered to whom, processes that are killed, and libraries as they left them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from imgcell.files import disk
from imgcell.ledger import read_ledger
from imgcell.ledger.leftover import leftovers
from imgcell.store import Library


def png(side: int) -> bytes:
    """A picture that there is only once, its pixels not packed: its size says whether the spool writes it in one piece."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + os.urandom(side * 3) for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")


@dataclass
class Sent:
    """One request, and what was answered."""

    attempt: str
    path: str
    words: str
    pictures: list[bytes] = field(default_factory=list)
    answered: bool = False

    @property
    def digests(self) -> list[str]:
        """Of its pictures, in order."""
        return [hashlib.sha256(data).hexdigest() for data in self.pictures]


class Box:
    """The server.  A request's prompt says what comes: ``b64``, ``url``, ``stream`` or ``raw``; ``x2``: two; ``large``; ``late``."""

    def __init__(self) -> None:
        self.requests: list[Sent] = []
        self.gets = 0
        self.broken = False
        self.arrived = threading.Condition()
        self.release = threading.Event()
        self._files: dict[str, bytes] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self.release.set()
        self._listener.close()

    def by_attempt(self) -> dict[str, Sent]:
        """The requests by the ledger's ids."""
        return {sent.attempt: sent for sent in self.requests}

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as reader:
            while line := reader.readline().decode().strip():
                headers = {}
                while header := reader.readline().decode().strip():
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = reader.read(int(headers.get("content-length", "0")))
                method, path, _ = line.split()
                if method == "GET":
                    self._get(connection, path)
                else:
                    self._post(connection, path, headers, body)

    def _get(self, connection: socket.socket, path: str) -> None:
        self.gets += 1
        data = None if self.broken else self._files.get(path)
        self._answer(connection, data or b"gone", "image/png", 200 if data else 404)

    def _post(self, connection: socket.socket, path: str, headers: dict[str, str], body: bytes) -> None:
        words = body.decode("utf-8", "replace")
        sent = Sent(headers["x-client-request-id"], path, words)
        sent.pictures = [png(600 if "large" in words else 40) for _ in range(2 if "x2" in words else 1)]
        with self.arrived:
            self.requests.append(sent)
            self.arrived.notify_all()
        if "never" in words:
            self.release.wait(60)
            return
        usage = {"usage": {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}}
        if "raw" in words:
            self._answer(connection, sent.pictures[0], "image/png")
        elif "refuse" in words:
            self._answer(connection, b'{"error": {"message": "no", "code": "bad"}}', "application/json", 400)
        elif "url" in words:
            items = []
            for number, picture in enumerate(sent.pictures):
                place = f"/files/{sent.attempt}-{number}.png"
                self._files[place] = picture
                items.append({"url": f"http://127.0.0.1:{self.port}{place}", "revised_prompt": "a revised prompt"})
            self._answer(connection, json.dumps({"created": 1700000000, "data": items}).encode(), "application/json")
        elif "stream" in words:
            events = []
            for number, picture in enumerate([png(30), *sent.pictures]):
                kind = "completed" if number else "partial_image"
                data = {"type": f"image_generation.{kind}", "b64_json": base64.b64encode(picture).decode(), **(usage if number else {})}
                events.append(f"event: image_generation.{kind}\ndata: {json.dumps(data)}\n\n")
            self._answer(connection, "".join(events).encode(), "text/event-stream")
        else:
            items = [{"b64_json": base64.b64encode(picture).decode(), "revised_prompt": "“修订”"} for picture in sent.pictures]
            document = {"created": 1700000000, "size": "40x40", "quality": "low", "data": items, **usage}
            self._answer(connection, json.dumps(document).encode(), "application/json")
        with self.arrived:
            sent.answered = True
            self.arrived.notify_all()

    def _answer(self, connection: socket.socket, body: bytes, media_type: str, status: int = 200) -> None:
        lines = (f"HTTP/1.1 {status} X", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", "X-Request-Id: req-1", "", "")
        connection.sendall("\r\n".join(lines).encode() + body)


@pytest.fixture
def box() -> Iterator[Box]:
    """The server."""
    server = Box()
    yield server
    server.close()


class Story:
    """Runs a script in a process of its own, perhaps up to a crash point."""

    def __init__(self, script: str, *arguments: object) -> None:
        self._command = [sys.executable, "-c", script, *map(str, arguments)]

    def tell(self, *arguments: object, crash_at: str = "") -> str:
        """Return what it said; it ends as it should, or at the crash point."""
        result = subprocess.run(
            [*self._command, *map(str, arguments)],
            env={**os.environ, "IMGCELL_CRASH_AT": crash_at},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert result.returncode == (disk.CRASH_STATUS if crash_at else 0), f"{crash_at}: {result.returncode} {result.stderr}"
        return result.stdout.strip()


@pytest.fixture
def story() -> type[Story]:
    """Makes scripts."""
    return Story


class Shelf:
    """A library's folder, looked at from outside."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def library(self) -> Library:
        """It."""
        return Library(self.home)

    def pictures(self) -> dict[str, list[str]]:
        """Digests of the pictures that are there, whole and with their records, by attempt, in order."""
        found: dict[str, list[str]] = {}
        for record in sorted(self.library.records(), key=lambda record: record.index):
            blob = self.library.blob(record.sha256)
            assert blob is not None
            assert hashlib.sha256(blob.read()).hexdigest() == record.sha256
            assert record.attempt is not None
            found.setdefault(record.attempt, []).append(record.sha256)
        return found

    def states(self) -> dict[str, str | None]:
        """The last state of every attempt, ``None`` for one without an end."""
        return {name: left.end["state"] if left.end is not None else None for name, left in leftovers(self.home).items()}

    def lines(self) -> list[dict]:
        """All lines."""
        return list(read_ledger(self.home))

    def sound(self) -> None:
        """Nothing torn stands under a final name; blobs, records, ledgers and index say the same."""
        if self.home.is_dir():
            report = self.library.verify()
            assert report.ok, str(report)

    def spool(self) -> list[str]:
        """Names of what lies in the spool."""
        return sorted(path.name for path in (self.home / "spool").glob("*"))


@pytest.fixture
def look() -> type[Shelf]:
    """Looks at a folder."""
    return Shelf


#: Forks a child for every line it reads: (address, what, home, prompt, crash point, list the points?) as JSON; answers with the
#: child's process id, then with its status.  A child has everything imported already, which is nearly all of a start.
NURSERY = """
import importlib, json, os, sys
for name in ("imgcell.client.client", "imgcell.client.rereading", "imgcell.client.unsettled", "imgcell.transport.fetch", "filelock",
             "httpx", "PIL.Image", "PIL.PngImagePlugin", "nest_asyncio", "sqlite3", "imgcell.pictures.inputs", "imgcell.wire.openai",
             "imgcell.wire.sse", "imgcell.pictures.sheet", "imgcell.store.index", "imgcell.lineage"):
    importlib.import_module(name)
import imgcell
from pathlib import Path
from imgcell.client import inputs, recovery
from imgcell.files import disk

recovery._PAUSE = 3600.0
with open(sys.argv[1], "rb") as file:
    INPUT = file.read()


def say(document):
    # In one piece: parent and child write into the same pipe.
    os.write(1, (json.dumps(document) + "\\n").encode())


def once(client, prompt):
    count = 2 if "x2" in prompt else 1
    fields = {"model": "m", "size": "1024x1024", "n": count, "extra": {"seed": 7}}
    return client.edit(prompt, [INPUT], **fields) if "edit" in prompt else client.generate(prompt, **fields)


def work(base_url, what, home, prompt, point, listing):
    points = []
    if listing:
        disk.reach = points.append
    disk._POINT = point
    if what == "recover":
        recovery.recover(Path(home))
        return points
    client = imgcell.Client("openai-compatible", base_url=base_url, api_key="sk-x", library=home)
    if what == "once":
        once(client, prompt)
        inputs.settle()  # on a thread of its own; its steps are to be reached each time
    else:
        prompts = prompt.split(",")
        shown = os.open(Path(home).with_suffix(".shown"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for number in range(1000):
            sheet = once(client, prompts[number % len(prompts)])
            os.write(shown, "".join(f"{picture.record.sha256}\\n" for picture in sheet).encode())
    return points


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            say({"points": list(dict.fromkeys(work(*json.loads(line))))})
            status = 0
        finally:
            os._exit(status)
    say({"pid": child})
    say({"status": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])})
"""


class Nursery:
    """Processes that are born in milliseconds."""

    def __init__(self, folder: Path) -> None:
        picture = folder / "input.png"
        picture.write_bytes(png(16))
        self._points: list[str] = []
        self.base_url = ""
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", NURSERY, str(picture)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, what: str, home: Path, prompt: str = "", point: str = "", *, listing: bool = False) -> int:
        """Begin a process; return its id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([self.base_url, what, str(home), prompt, point, listing]) + "\n")
        self._process.stdin.flush()
        return self._next("pid")

    def end(self) -> int:
        """Wait for it; return its exit status (negative: the signal)."""
        return self._next("status")

    def run(self, what: str, home: Path, prompt: str = "", point: str = "", *, listing: bool = False) -> list[str]:
        """Run a process to its end, or to the crash point; return the points that it reached, if they are wanted."""
        self._points = []
        self.start(what, home, prompt, point, listing=listing)
        status = self.end()
        assert status == (disk.CRASH_STATUS if point else 0), (point, status)
        return self._points

    def close(self) -> None:
        """No more of them."""
        self._process.communicate()

    def _next(self, key: str) -> int:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            document = json.loads(line)
            if "points" in document:
                self._points = document["points"]
            elif key in document:
                return int(document[key])
        raise AssertionError("the nursery is closed")


@pytest.fixture(scope="session")
def two_nurseries(tmp_path_factory) -> Iterator[list[Nursery]]:
    """Two of them, for two processors."""
    if not hasattr(os, "fork"):
        pytest.skip("processes are not forked here")
    two = [Nursery(tmp_path_factory.mktemp("nursery")) for _ in range(2)]
    yield two
    for one in two:
        one.close()


@pytest.fixture
def nurseries(box: Box, two_nurseries: list[Nursery]) -> list[Nursery]:
    """The same, sending to the server."""
    for one in two_nurseries:
        one.base_url = box.base_url
    return two_nurseries
