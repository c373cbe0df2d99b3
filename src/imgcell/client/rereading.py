"""An answer that an ended process left in the spool becomes the pictures that it would have become there.

The conversation itself reads it: it is handed the reply out of the spool as the transport would have handed it over, and
its pictures get the record that :mod:`imgcell.client.recording` makes out of the ledger's facts.  Doing it twice, or in
two processes at once, gives the same ids and the same files.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from imgcell import costs, providers
from imgcell.client.part import Prepared
from imgcell.client.recording import Answered, make_record
from imgcell.errors import DownloadError, ImageDecodeError, ImgcellError, InvalidJobError, OutcomeUnknownError
from imgcell.files.spool import SpoolFile
from imgcell.jobs import Edit, Generate, Job
from imgcell.language import tr
from imgcell.ledger.leftover import Leftover, moment
from imgcell.ledger.spooled import Spooled
from imgcell.pictures.formats import inspect
from imgcell.pictures.honored import transparency
from imgcell.portal import portal
from imgcell.transport.deadline import Deadline
from imgcell.transport.exchange import state_of
from imgcell.transport.fetch import Downloads
from imgcell.wire.answers import request_id
from imgcell.wire.base64text import MemoryExtract
from imgcell.wire.body import BodyError, CutBodyError, reader_for
from imgcell.wire.flow import Call, Event, Extract, Final, Flow, NextEvent, Reply
from imgcell.wire.texts import HIDDEN

if TYPE_CHECKING:
    from imgcell.pictures.record import Record
    from imgcell.providers.profile import Model
    from imgcell.store import Library

__all__ = ["Reread", "reread"]

#: Seconds that one picture may take to come from its address.
_PATIENCE = 120.0
_CONNECT = 10.0

#: How a picture stands in what is left of an answer (imgcell.wire.jsonbody).
_MARK = re.compile(r"imgcell:[0-9a-f]{16}:(\d{1,6})(?::a-[a-z0-9-]+\.(\d{1,4})\.bin)?")


@dataclasses.dataclass
class Reread:
    """What became of an answer.

    Attributes:
        state: The ledger's state that ends the attempt; ``None`` if it is to be looked at again another time.
        records: Of its pictures that are in the library now.
        fetched: How many of them were fetched from their address just now.
        problem: What went wrong with storing them, in words.
        error: What the live request would have raised, if it would have.
    """

    state: str | None = "unknown"
    records: list[Record] = dataclasses.field(default_factory=list)
    fetched: int = 0
    problem: str | None = None
    error: ImgcellError | None = None

    def outcome(self) -> dict[str, Any]:
        """Return facts for the ledger's last line, as a live request states them."""
        if not self.records:
            return {}
        cost = costs.total([record.cost for record in self.records])
        return {"records": [record.id for record in self.records], "cost": dataclasses.asdict(cost) if cost is not None else None}


def reread(left: Leftover, home: Path, library: Library, *, fetch: bool) -> tuple[Reread, Spooled]:
    """Read what the spool has of *left* and store its pictures.  Never raises for what is in the spool.

    Args:
        left: The request.
        home: The library's folder.
        library: Where the pictures go.
        fetch: Whether pictures that are only known by their address are fetched.

    Returns:
        What became of it, and its files, which the caller lets go of when the ledger has the end.
    """
    spooled = Spooled(home, left)
    result = Reread()
    if left.sending and spooled.status is not None:
        try:
            result = _Reading(left, spooled, library, fetch=fetch).run()
        except OSError as error:
            return Reread(None, problem=error.strerror or str(error)), spooled
    if result.state != "done" and result.problem is None:
        _count_in(result, left, library)
    return result, spooled


def _count_in(result: Reread, left: Leftover, library: Library) -> None:
    """Add the pictures that the dead process had put into the library itself before what stood around them was lost."""
    asked = _job(left.sending).n
    known = {record.id for record in result.records}
    for index in range(asked):
        record = library.record(f"p-{left.attempt.removeprefix('a-')}-{index}")
        if record is not None and record.id not in known and library.blob(record.sha256) is not None:
            result.records.append(record)
    result.records.sort(key=lambda record: record.index)
    if len(result.records) >= asked:
        result.state, result.error = "done", None


class _SentAgain(Exception):
    """The conversation would have sent the job again, so nothing was made of this one."""


class _NotNow(DownloadError):
    """An address that is not to be fetched from now."""


class _Reading:
    """One answer being read."""

    def __init__(self, left: Leftover, spooled: Spooled, library: Library, *, fetch: bool) -> None:
        self._left = left
        self._facts = left.sending
        self._spooled = spooled
        self._library = library
        self._fetch = fetch
        self._base_url = str(self._facts.get("base_url") or "")
        self._found = Reread()
        self._usage: Mapping[str, Any] | None = None
        self._taken: set[int] = set()
        self._unreadable: ImageDecodeError | None = None
        self._referred: set[int] = set()
        self._later = False
        provider, model = _known(self._facts)
        self._model: Model = model
        self._job = _job(self._facts)
        self._prepared = Prepared(self._job, (), None, model, provider, ())

    def run(self) -> Reread:
        found = self._found
        try:
            reply, events = self._reply()
            self._converse(reply, events)
            if self._unreadable is not None:
                raise self._unreadable
            # Nobody knows whether a stream would have gone on.
            found.state = "done" if not reply.events or len(found.records) >= self._job.n else "unknown"
        except _SentAgain:
            found.state = "refused"
        except ImgcellError as error:
            found.state, found.error = state_of(error), error
        if found.state == "unknown" and not found.records:
            self._pictures_alone()
        if found.problem is not None or self._later:
            found.state = None
        return found

    def _pictures_alone(self) -> None:
        """Take the pictures that came whole although what stood around them is lost.

        Not out of a stream: there it may be a preview of what was never finished.
        """
        spooled = self._spooled
        streamed = "event-stream" in spooled.headers.get("content-type", "")
        whole = [file for _, file in sorted(spooled.pictures.items()) if _whole(file)]
        if spooled.status != 200 or streamed or not whole or self._left.urls or self._found.error is None:
            return
        try:
            document = {"data": [{"b64_json": file} for file in whole]}
            self._converse(self._reply_of(document=document), deque())
        except ImgcellError as error:
            self._found.error = error
        else:
            if len(self._found.records) >= self._job.n:
                self._found.state, self._found.error = "done", None

    # -- the conversation -------------------------------------------------------------------------------------

    def _converse(self, reply: Reply, events: deque[Event]) -> None:
        flow = self._flow()
        try:
            # Its first step is the request, which was sent; what is in it does not matter any more.
            next(flow)
            answer: Any = reply
            failure: DownloadError | None = None
            while True:
                step = flow.throw(failure) if failure is not None else flow.send(answer)
                answer, failure = None, None
                if isinstance(step, Call) and step.paid:
                    raise _SentAgain
                if isinstance(step, Call):
                    try:
                        answer = Reply(200, image=self._picture_at(step.path))
                    except DownloadError as error:
                        failure = error
                elif isinstance(step, NextEvent):
                    answer = events.popleft() if events else None
                elif isinstance(step, Final):
                    self._keep(step)
        except StopIteration:
            return
        finally:
            flow.close()

    def _flow(self) -> Flow:
        # Only the number of pictures counts for reading; words that a changed profile refuses now cannot stand in the way.
        return self._prepared.converse(Generate(self._job.prompt, n=self._job.n))

    # -- what came --------------------------------------------------------------------------------------------

    def _reply(self) -> tuple[Reply, deque[Event]]:
        body, spooled = self._spooled.body, self._spooled
        media_type = spooled.headers.get("content-type", "").partition(";")[0].strip().lower()
        reader = reader_for(media_type, body[:512], new_extract=MemoryExtract)
        events = reader.feed(body)
        if reader.kind == "events":
            events = [*(events or ()), *reader.finish()]
            filled = deque(Event(event.name, self._filled(event.document)) for event in events)
            return self._reply_of(media_type, events=True), filled
        try:
            if reader.kind == "json":
                return self._reply_of(media_type, document=self._filled(reader.finish())), deque()
            if reader.kind == "image":
                return self._reply_of(media_type, image=self._extract(0)), deque()
            return self._reply_of(media_type, text=reader.finish()), deque()
        except BodyError as error:
            if isinstance(error, CutBodyError) and spooled.status == 200:
                raise OutcomeUnknownError(tr("The answer broke off. The request was sent and may have been charged.")) from error
            return self._reply_of(media_type, text=body[:65536].decode("utf-8", "replace")), deque()

    def _reply_of(self, media_type: str = "application/json", **parts: Any) -> Reply:
        assert self._spooled.status is not None
        return Reply(status=self._spooled.status, headers=self._spooled.headers, media_type=media_type, **parts)

    def _filled(self, value: Any) -> Any:
        """Return *value* with the spool's files in the places where they were taken out."""
        if isinstance(value, str):
            mark = _MARK.fullmatch(value) if value.startswith("imgcell:") else None
            # An earlier version wrote no names; there the number is that of the file, as long as nothing was given back.
            return self._extract(int(mark[2] or mark[1])) if mark is not None else value
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        return value

    def _extract(self, number: int) -> Extract:
        self._referred.add(number)
        # What is not there, or damaged, cannot be read as a picture, which is then said of it.
        return self._spooled.pictures.get(number) or MemoryExtract()

    # -- addresses --------------------------------------------------------------------------------------------

    def _picture_at(self, path: str) -> Extract:
        url = self._shown(path if "://" in path else urljoin(self._base_url + "/", path))
        for name in self._left.records:
            # One of several that was fetched before, and stored, while another one failed.
            record = self._library.record(name)
            if record is not None and record.url == url and (blob := self._library.blob(record.sha256)) is not None:
                return MemoryExtract(blob.read())
        here = self._fetched_before(url)
        if here is not None:
            return here
        if not self._fetch:
            self._later = True
            raise _NotNow(tr("The picture is not fetched yet."))
        extract = self._download(url)
        self._found.fetched += 1
        return extract

    def _shown(self, url: str) -> str:
        """Return an address as it was before a key in it was hidden in the spool; the ledger has those that were fetched from."""
        if HIDDEN not in url:
            return url
        pattern = ".+".join(re.escape(piece) for piece in url.split(HIDDEN))
        return next((address for address, _ in self._left.urls if re.fullmatch(pattern, address)), url)

    def _fetched_before(self, url: str) -> Extract | None:
        """Return what was fetched from *url* already, if all of it came."""
        urls = self._left.urls
        pictures = self._spooled.pictures
        numbers: list[int] = []
        for place, (address, first) in enumerate(urls):
            if address != url:
                continue
            if first is not None:
                behind = [number for _, number in urls[place + 1 :] if number is not None]
                numbers += [number for number in pictures if first <= number and (not behind or number < min(behind))]
            elif len({address for address, _ in urls}) == 1:
                numbers += [number for number in pictures if number not in self._referred]
        # Of several tries the last one is the best.
        return next((pictures[number] for number in sorted(set(numbers), reverse=True) if _whole(pictures[number])), None)

    def _download(self, url: str) -> Extract:
        async def fetch() -> Extract:
            downloads = Downloads(self._base_url, _CONNECT)
            try:
                async with Deadline(_PATIENCE):
                    return await downloads.fetch(url, self._spooled.file)
            finally:
                await downloads.close()

        try:
            return portal().run(fetch())
        except TimeoutError:
            raise DownloadError(
                tr("The picture was made, but could not be fetched within {seconds} s.", seconds=f"{_PATIENCE:g}")
            ) from None

    # -- storing ----------------------------------------------------------------------------------------------

    def _keep(self, step: Final) -> None:
        spool = step.image
        if not isinstance(spool, SpoolFile):
            spool = self._spooled.file()
            spool.write(step.image.read())
        if step.usage is not None:
            self._usage = step.usage
        try:
            measured = inspect(spool)
        except ImageDecodeError as error:
            # The others of the same answer are paid for as well.
            self._unreadable = self._unreadable or error
            return
        left, facts = self._left, self._facts
        said = left.answered or {}
        seconds = said.get("seconds")
        answered = Answered(
            left.attempt,
            self._base_url,
            seconds=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
            request_id=request_id(self._spooled.headers),
            notes=_texts(facts.get("sent_notes")),
        )
        cost = costs.bill(self._usage, self._model, self._job, step.share)
        index = self._index(spool.sha256)
        clear = transparency(spool, measured, facts.get("requested") or {})
        record = make_record(facts, answered, step, measured, sha256=spool.sha256, size=spool.size, index=index, cost=cost, clear=clear)
        record = dataclasses.replace(record, created=self._created(spool))
        there = self._library.record(record.id)
        if there is not None and self._library.blob(there.sha256) is not None:
            record = there
        kept = self._library.keep(spool, record)
        if kept.problem is not None:
            self._found.problem = kept.problem
            return
        self._found.records.append(record)

    def _index(self, sha256: str) -> int:
        """Return the place of a picture in its answer: the one that it has, if it was stored before, else the next free one."""
        free = None
        for index in range(1000):
            if index in self._taken:
                continue
            name = f"p-{self._left.attempt.removeprefix('a-')}-{index}"
            record = self._library.record(name)
            if record is not None and record.sha256 == sha256:
                free = index
                break
            if record is None and name not in self._left.records and free is None:
                free = index
            if record is None and index > len(self._left.records) + len(self._taken):
                break
        assert free is not None
        self._taken.add(free)
        return free

    def _created(self, spool: SpoolFile) -> dt.datetime:
        """Return when the answer was complete, as near as that is known."""
        said = moment((self._left.answered or {}).get("time"))
        if said is not None:
            return said
        path = spool.path
        try:
            written = path.stat().st_mtime if path is not None else None
        except OSError:
            written = None
        return dt.datetime.fromtimestamp(written, dt.timezone.utc) if written else dt.datetime.now(dt.timezone.utc)


def _known(facts: Mapping[str, Any]) -> tuple[Any, Model]:
    """Return provider and model as profiles know them; the user may have renamed or removed them since."""
    try:
        provider = providers.get(str(facts.get("provider")))
    except ImgcellError:
        provider = providers.get("openai-compatible")
    model = facts.get("model")
    return provider, provider.model(model if isinstance(model, str) and model else None)


def _job(facts: Mapping[str, Any]) -> Job:
    """Return the part of the job that one request asked for; its pictures stand as their digests."""
    prompt = str(facts.get("prompt") or "?")
    count = facts.get("pictures")
    n = count if type(count) is int and 1 <= count <= 10 else 1
    requested = facts.get("requested")
    words = {**requested} if isinstance(requested, Mapping) else {}
    words.pop("n", None)
    kind = Edit if facts.get("kind") == "edit" else Generate
    known = {field.name for field in dataclasses.fields(kind)} - {"prompt", "images", "mask"}
    words = {name: value for name, value in words.items() if name in known}
    if kind is Edit:
        words["images"] = tuple(facts.get("inputs") or ("?",))
    try:
        return kind(prompt, n=n, **words)
    except (InvalidJobError, TypeError):
        return Generate(prompt, n=n)


def _texts(values: object) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _whole(file: SpoolFile) -> bool:
    try:
        inspect(file)
    except (ImgcellError, OSError):
        return False
    return True
