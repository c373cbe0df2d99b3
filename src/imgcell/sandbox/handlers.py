"""The HTTP face: one handler for the images endpoints of every profile, one for result files, one for the rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tornado.web import Application, RequestHandler, stream_request_body

from imgcell.sandbox.checks import read_form_order, read_json_order
from imgcell.sandbox.documents import DOCUMENTS, Document
from imgcell.sandbox.faults import Fault, applies, from_header, from_prompt, page_of, refusal_of
from imgcell.sandbox.inputs import Inputs
from imgcell.sandbox.multipart import read_form
from imgcell.sandbox.orders import File, Order, Refusal
from imgcell.sandbox.playing import Delivery
from imgcell.sandbox.refusals import check_key, envelope, new_request_id, request_id_header
from imgcell.sandbox.server import Request, now, parse_json

if TYPE_CHECKING:
    from imgcell.sandbox.server import Server

__all__ = ["application"]

_ACTS = {"generations": "generate", "edits": "edit", "variations": "variation"}


def application(server: Server) -> Application:
    """Return the tornado application of *server*."""
    names = "|".join(name for name in DOCUMENTS if name)
    setting = {"server": server}
    return Application(
        [
            (rf"(?:/({names}))?/v1/images/(generations|edits|variations)", Images, setting),
            (rf"(?:/({names}))?/v1/models", Models, setting),
            (r"/files/([\w.-]+)", Downloads, setting),
            (r"(/.*)", Elsewhere, setting),
        ],
        log_function=lambda handler: None,
    )


class _Face(RequestHandler):
    """What the handlers share: no caching headers, no Server line, requests are noted."""

    server: Server

    def initialize(self, server: Server) -> None:
        self.server = server

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    def compute_etag(self) -> str | None:
        return None  # tornado would hash every picture

    def note(
        self, body: bytes = b"", parsed: Any = None, form: list[tuple[str, str]] | None = None, files: list[File] | None = None
    ) -> None:
        """Keep the request for tests."""
        headers = {name.lower(): value for name, value in self.request.headers.items()}
        path = self.request.uri or self.request.path
        self.server.note(Request(self.request.method or "", path, headers, body, parsed, tuple(form or ()), tuple(files or ()), now()))

    def refuse(self, document: Document, refusal: Refusal, request_id: str) -> None:
        """Answer with *refusal* in the platform's envelope."""
        self.set_status(refusal.status)
        self.set_header("Content-Type", "application/json")
        self.set_header(request_id_header(document), request_id)
        for name, value in refusal.headers.items():
            self.set_header(name, value)
        self.finish(envelope(document, refusal, request_id))


@stream_request_body
class Images(_Face):
    """``POST /[PROFILE/]v1/images/(generations|edits|variations)``."""

    def prepare(self) -> None:
        self.chunks: list[bytes] = []
        self.gone = asyncio.Event()

    def data_received(self, chunk: bytes) -> None:
        self.chunks.append(chunk)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        self.gone.set()

    async def get(self, profile: str | None, path: str) -> None:
        document = DOCUMENTS[profile or ""]
        self.note()
        refusal = Refusal(
            "Not allowed to GET on this endpoint. (HINT: perhaps you meant to use a different HTTP method?)", status=405, code=None
        )
        self.refuse(document, refusal, new_request_id(document))

    async def post(self, profile: str | None, path: str) -> None:
        document, act = DOCUMENTS[profile or ""], _ACTS[path]
        request_id = new_request_id(document)
        body = b"".join(self.chunks)
        self.chunks.clear()
        content_type = self.request.headers.get("Content-Type", "")
        is_json = content_type.partition(";")[0].strip().lower() == "application/json"
        parsed = parse_json(body) if is_json else None
        form: list[tuple[str, str]] = []
        files: list[File] = []
        wrong: Refusal | None = None
        if content_type.lower().startswith("multipart/form-data"):
            try:
                form, files = read_form(content_type, body)
            except Refusal as refusal:
                wrong = refusal
        self.note(body, parsed, form, files)
        order: Order | None = None
        asked: Fault | None = None
        try:
            check_key(document, self.request.headers.get("Authorization", ""))
        except Refusal as refusal:
            self.refuse(document, refusal, request_id)
            return
        if wrong is None:
            try:
                order = self._order(document, act, is_json, content_type, parsed, form, files)
                asked, prompt = from_prompt(order.prompt)
                order = order.with_(prompt=prompt)
            except Refusal as refusal:
                wrong = refusal
            except ValueError as error:  # a fault that does not exist
                wrong = Refusal(str(error), code="unknown_fault")
        given = frozenset(parsed) if isinstance(parsed, dict) else frozenset(name for name, _ in form)
        names = frozenset(file.name for file in files if file.name != "mask")

        def fits(fault: Fault) -> bool:
            early = _is_early(document, fault)
            return (early or order is not None) and applies(fault, order, given, names, is_json, act == "edit")

        try:
            header = from_header(self.request.headers.get("X-Sandbox-Fault", ""))
        except ValueError as error:
            self.refuse(document, Refusal(str(error), code="unknown_fault"), request_id)
            return
        fault = next((each for each in (header, asked) if each is not None and fits(each)), None) or self.server.take_fault(fits)
        if fault is None and wrong is None and order is not None:
            habit = self.server.habits.get(order.model)
            fault = self.server.faults.take(order, habit.faults if habit is not None else 0.0)
        delivery = Delivery(self, document, request_id, fault)
        if fault is not None and await self._played(document, fault, request_id, delivery):
            return
        if wrong is not None or order is None:
            self.refuse(document, wrong or Refusal("Bad request.", code=None), request_id)
            return
        rate = self.server.rate
        try:
            for name, value in rate.check(document, order.n, now()).items():
                self.set_header(name, value)
            rate.working += 1
            try:
                await delivery.deliver(order)
            finally:
                rate.working -= 1
        except Refusal as refusal:
            self.refuse(document, refusal, request_id)

    def _order(
        self, document: Document, act: str, is_json: bool, content_type: str, parsed: Any, form: list[tuple[str, str]], files: list[File]
    ) -> Order:
        no_edits = document.edit_form is None and document.edit_json is None
        if (act == "edit" and no_edits) or (act == "variation" and document.variation is None):
            raise Refusal(f"Invalid URL ({self.request.method} {self.request.path})", status=404, code="")
        if is_json and act != "variation":
            return read_json_order(document, act, parsed, Inputs(self.server).fetch)
        if act != "generate" and content_type.lower().startswith("multipart/form-data"):
            return read_form_order(document, act, form, files)
        raise Refusal(f"Unsupported content type: '{content_type}'.", code="unsupported_content_type", status=400)

    async def _played(self, document: Document, fault: Fault, request_id: str, delivery: Delivery) -> bool:
        """Play *fault* if it stands in place of any answer; say whether it did."""
        name = fault.name
        if name == "429" and fault.get("empty", 0):
            self.set_status(429)
            if "retry_after" in fault.settings:
                self.set_header("Retry-After", str(fault.settings["retry_after"]))
            self.finish(b"")
        elif (refusal := refusal_of(document, fault)) is not None:
            self.refuse(document, refusal, request_id)
        elif (page := page_of(fault)) is not None:
            self.set_status(page[0])
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(page[1])
        elif name == "status":
            self.set_status(int(fault.get("status", 418)), "As Asked")
            self.set_header("Content-Type", str(fault.get("type", "text/plain; charset=utf-8")))
            self.finish(str(fault.get("body", "as asked")))
        elif name == "stall":
            await delivery.pause(float(fault.get("seconds", 3600)))
            delivery.hang_up()
        elif name == "reset":
            delivery.reset()
        elif name == "close":
            delivery.hang_up()
        elif name == "garbage":
            await delivery.raw(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        else:
            return False
        return True


def _is_early(document: Document, fault: Fault) -> bool:
    own = ("status", "stall", "reset", "close", "garbage")
    return fault.name in own or refusal_of(document, fault) is not None or page_of(fault) is not None


class Models(_Face):
    """``GET /[PROFILE/]v1/models``."""

    def get(self, profile: str | None) -> None:
        document = DOCUMENTS[profile or ""]
        self.note()
        request_id = new_request_id(document)
        try:
            check_key(document, self.request.headers.get("Authorization", ""))
        except Refusal as refusal:
            self.refuse(document, refusal, request_id)
            return
        usual = {
            "openai-compatible": ("gpt-image-2",),
            "json-images": ("gpt-image-2-all",),
            "sandbox": ("sandbox",),
        }
        names = document.models or usual.get(
            document.name, ("gpt-image-2", "gpt-image-1.5", "gpt-image-1", "gpt-image-1-mini", "dall-e-3", "dall-e-2")
        )
        names = (*names, *(name for name in self.server.habits if name not in names))
        self.set_header(request_id_header(document), request_id)
        self.finish({"object": "list", "data": [{"id": name, "object": "model", "created": 0, "owned_by": "sandbox"} for name in names]})


class Downloads(_Face):
    """``GET /files/NAME``: a result picture; Range is ignored."""

    async def head(self, name: str) -> None:
        await self.get(name)

    async def get(self, name: str) -> None:
        self.note()
        served = self.server.files.get(name)
        if served is None or served.behaviour == "dead-url":
            self._plain(404, "Not Found")
            return
        served.asked += 1
        behaviour, settings = served.behaviour, served.settings
        fails = int(settings.get("fails", 1))
        if behaviour == "expired-url":
            self._plain(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", "application/xml")
        elif behaviour == "flaky-url" and served.asked <= fails:
            self._plain(503, "Slow Down")
        elif behaviour == "html-url":
            self._plain(200, "<!DOCTYPE html><html><body>Just a moment...</body></html>", "text/html; charset=utf-8")
        elif behaviour == "redirect-loop":
            self.redirect(self.request.path)
        elif behaviour == "redirect-private":
            self.redirect(str(settings.get("to", "http://169.254.169.254/latest/meta-data/")))
        elif behaviour == "redirect-url":
            hops = int(settings.get("hops", 1)) - 1
            rest = self.server.files.put(served.data, served.media_type, "redirect-url" if hops else "", {"hops": hops})
            self.redirect(f"{self.server.origin}/files/{rest}")
        elif behaviour == "cut-url" and served.asked <= fails:
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {served.media_type}\r\nContent-Length: {len(served.data)}\r\n\r\n".encode()
            stream = self.detach()
            await stream.write(head + served.data[: len(served.data) // 2])
            stream.close()
        else:
            if behaviour == "slow-url":
                await asyncio.sleep(float(settings.get("seconds", 2)))
            self.set_header("Content-Type", served.media_type)
            self.set_header("Cache-Control", "public, max-age=3600")
            self.finish(served.data)

    def _plain(self, status: int, text: str, media_type: str = "text/plain; charset=utf-8") -> None:
        self.set_status(status)
        self.set_header("Content-Type", media_type)
        self.finish(text)


class Elsewhere(_Face):
    """Every other path: the front page, and a refusal in the platform's manner."""

    async def get(self, path: str) -> None:
        self.note()
        if path == "/":
            rows = "".join(f"<li><code>{self.server.url(name)}</code></li>" for name in DOCUMENTS)
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.finish(f"<!DOCTYPE html><title>imgcell sandbox</title><h1>imgcell sandbox</h1><p>Base URLs:</p><ul>{rows}</ul>")
            return
        self._lost(path)

    async def post(self, path: str) -> None:
        self.note(self.request.body)
        self._lost(path)

    put = patch = delete = post

    def _lost(self, path: str) -> None:
        document = DOCUMENTS.get(path.split("/")[1], DOCUMENTS[""])
        self.refuse(document, Refusal(f"Invalid URL ({self.request.method} {path})", status=404, code=None), new_request_id(document))
