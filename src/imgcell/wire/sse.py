"""Server-sent events while they arrive, in linear time however long a line is.

After the HTML standard's "server-sent events", with what relays do to it (FACTS.md sections 2.7 and 7.3): no space
after the colon, several ``data:`` lines, comments as keep-alive, a missing blank line at the end, ``[DONE]``, and an
error as a bare JSON line.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Literal

from imgcell.wire.base64text import strict
from imgcell.wire.flow import Event, Extract
from imgcell.wire.jsonbody import BodyError, Chunk, CutBodyError, JsonReader

__all__ = ["EventReader"]

#: Longest field name or event name that is kept.
NAME_KEPT = 256

_NAME, _DATA, _EVENT, _SKIPPED = range(4)


class EventReader:
    """Reads a stream of server-sent events whose data are JSON documents.

    Args:
        new_extract: Makes an empty extract for a picture's bytes.
        decode: Decodes base64, see :class:`imgcell.wire.jsonbody.JsonReader`.

    Attributes:
        kind: ``"events"``.
        skeleton: The events so far, written plainly, each extract standing as in :class:`JsonReader`; it only grows.
        complete: Whether an end was seen: ``[DONE]``, or an event that says that a picture or the answer is complete.
    """

    kind: Literal["events"] = "events"

    def __init__(self, new_extract: Callable[[], Extract], decode: Callable[[bytes], bytes] = strict) -> None:
        self.skeleton = bytearray()
        self.complete = False
        self._new_extract = new_extract
        self._decode = decode
        self._state = _NAME
        self._line = bytearray()
        self._name = b""
        self._data: JsonReader | None = None
        self._value_started = False
        self._after_return = False
        self._first = True

    def feed(self, chunk: Chunk) -> list[Event]:
        """Take the next bytes of the body and return the events that are complete with them."""
        data = bytes(chunk) if isinstance(chunk, memoryview) else chunk
        events: list[Event] = []
        position, end = 0, len(data)
        if end and self._first:
            self._first = False
            position = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        feeds = data.find(b"\n")
        returns = data.find(b"\r")
        while position < end:
            if self._after_return:
                self._after_return = False
                if data[position] == 0x0A:
                    position += 1
                    continue
            if 0 <= feeds < position:
                feeds = data.find(b"\n", position)
            if 0 <= returns < position:
                returns = data.find(b"\r", position)
            stop = end if feeds < 0 else feeds
            if 0 <= returns < stop:
                stop = returns
            if stop > position:
                self._take(data, position, stop)
            if stop == end:
                break
            self._after_return = stop == returns
            self._end_line(events)
            position = stop + 1
        return events

    def finish(self) -> list[Event]:
        """Return what the end of the body completes: an event whose blank line is missing.  A cut one is dropped."""
        events: list[Event] = []
        if self._line or self._state != _NAME:
            self._end_line(events)
        self._dispatch(events, ended=True)
        return events

    def _take(self, data: bytes | bytearray, position: int, stop: int) -> None:
        if self._state == _NAME:
            colon = data.find(b":", position, min(stop, position + NAME_KEPT))
            if not self._line and data[position] in b"{[":
                # A bare JSON line: some relays put their error into a stream so.
                self._start_data()
                self._state, self._value_started = _DATA, True
            elif colon < 0:
                self._line += data[position : min(stop, position + NAME_KEPT - len(self._line))]
                return
            else:
                name = bytes(self._line + data[position:colon]).strip()
                self._line.clear()
                position = colon + 1
                self._value_started = False
                self._state = _DATA if name == b"data" else _EVENT if name == b"event" else _SKIPPED
                if self._state == _DATA:
                    self._start_data()
        if position >= stop or self._state == _SKIPPED:
            return
        if not self._value_started:
            self._value_started = True
            if data[position] == 0x20:
                position += 1
        if self._state == _EVENT:
            self._line += data[position : min(stop, position + NAME_KEPT - len(self._line))]
        elif position < stop:
            assert self._data is not None
            whole = position == 0 and stop == len(data)
            self._data.feed(data if whole else memoryview(data)[position:stop])

    def _start_data(self) -> None:
        if self._data is None:
            self._data = JsonReader(self._new_extract, self._decode)
        else:
            self._data.feed(b"\n")

    def _end_line(self, events: list[Event]) -> None:
        blank = self._state == _NAME and not self._line
        if self._state == _EVENT:
            self._name = bytes(self._line).strip()
        self._line.clear()
        self._state = _NAME
        if blank:
            self._dispatch(events)

    def _dispatch(self, events: list[Event], *, ended: bool = False) -> None:
        reader, self._data = self._data, None
        name, self._name = self._name.decode("utf-8", "replace"), b""
        if reader is None:
            return
        document: Any
        try:
            document = reader.finish()
        except CutBodyError:
            self._write(name, reader)
            if ended:
                return
            document = reader.text()
        except BodyError:
            self._write(name, reader)
            document = reader.text()
            if document.strip().startswith("[DONE]"):
                self.complete = True
                return
        else:
            self._write(name, reader)
        kind = name
        with contextlib.suppress(AttributeError):
            kind = str(document.get("type") or name)
        if kind.endswith((".completed", ".result", ".done")):
            self.complete = True
        events.append(Event(name, document))

    def _write(self, name: str, reader: JsonReader) -> None:
        if name:
            self.skeleton += f"event: {name}\n".encode()
        self.skeleton += b"data: " + bytes(reader.skeleton).replace(b"\n", b"\ndata: ") + b"\n\n"
