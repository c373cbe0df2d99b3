"""One paid request: its lines and its spool."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from imgcell.files.spool import SpoolFile
from imgcell.ledger.lines import ENDS, SETTLED, STATES, line, plain

__all__ = ["Attempt"]


class _Journal(Protocol):
    """Where an attempt's lines go."""

    def append(self, entry: dict[str, Any]) -> None: ...


class Attempt:
    """One paid request.

    ``receive``, ``write`` and ``extract`` are quick and never fail for reasons of the disk; the others wait for it
    and belong into a worker thread.

    Attributes:
        id: ``a-<date>-<time>-<7 characters>`` (UTC): unique, and in the order of the attempts.
        room: Bytes of free disk that it was promised.
    """

    def __init__(self, name: str, journal: _Journal, spool: Path | None, sync_folder: Callable[[], None] | None, room: int) -> None:
        self.id = name
        self.room = room
        self.over = False
        self._journal = journal
        self._spool = spool
        self._sync_folder = sync_folder
        self._part: SpoolFile | None = None
        self._extracts: list[SpoolFile] = []

    def receive(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin the answer's file with its status and headers (secrets and cookies are the caller's to leave out)."""
        head = json.dumps({"status": status, "headers": dict(headers)}, default=plain) + "\n"
        self.write(head.encode())
        if self._part is not None:
            self._part.flush()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append to the answer's file."""
        if self._part is None:
            self._part = self._file("part", "part")
        self._part.write(data)

    def extract(self) -> SpoolFile:
        """Return a new place for the bytes of a picture."""
        extract = self._file(f"{len(self._extracts)}.bin", "extract")
        self._extracts.append(extract)
        return extract

    def flush(self) -> None:
        """Have written, soon, all that came; does not wait."""
        # What says that a picture is finished, and no preview, is there before the picture is whole.
        for file in reversed(self._files()):
            file.flush()

    def sync(self) -> None:
        """Return when all that came is durable; what the disk refused is in memory (see :attr:`problem`)."""
        files = self._files()
        for file in files:
            file.sync_bytes()
        if self._sync_folder is None or not files:
            return
        # One sync of the folder for all of them.
        try:
            self._sync_folder()
        except OSError as error:
            for file in files:
                file.distrust(error)
        else:
            for file in files:
                file.named()

    @property
    def problem(self) -> str | None:
        """Why something of the answer is only in memory, as a sentence; else ``None``."""
        return next((file.problem for file in self._files() if file.problem), None) if self._spool is not None else None

    def note(self, state: str, **facts: Any) -> None:
        """Write a line, durably.  ``answered`` adds what is in the spool, ``url`` where there the picture will begin.

        Raises:
            OSError: It could not be written.
            ValueError: There is no such state.
        """
        if state not in STATES:
            raise ValueError(f"an attempt has no state {state!r}")
        if state == "answered" and self._extracts and self._spool is not None:
            facts["files"] = [
                {"file": f"{self.id}.{k}.bin", "sha256": extract.sha256, "bytes": extract.size} for k, extract in enumerate(self._extracts)
            ]
        if state == "url":
            facts["extract"] = len(self._extracts)
        self._journal.append(line(self.id, state, facts))

    def finish(self, state: str, **facts: Any) -> None:
        """Write the last line, then remove from the spool what is not needed any more.

        Raises:
            OSError: The line could not be written; then the spool stays.
            ValueError: The state is not an end.
        """
        if state not in ENDS:
            raise ValueError(f"{state!r} does not end an attempt")
        self.over = True
        remove = False
        elsewhere = [file.elsewhere for file in self._extracts if file.elsewhere]
        if elsewhere:
            # "done" alone would say that the library has it.
            facts["elsewhere"] = elsewhere
        try:
            # Should the process end before the line is there, the answer itself says how it ended.
            for file in self._files():
                file.settle()
            self.note(state, **facts)
            remove = state in SETTLED
        finally:
            # What says which picture it is stays with a picture that stays.
            held = any(file.held for file in self._extracts)
            for file in self._files():
                file.release(remove=remove and not held)

    def _files(self) -> list[SpoolFile]:
        return [*self._extracts, *([self._part] if self._part is not None else [])]

    def _file(self, suffix: str, step: str) -> SpoolFile:
        path = self._spool / f"{self.id}.{suffix}" if self._spool is not None else None
        return SpoolFile(path, step=step, sync_folder=self._sync_folder)
