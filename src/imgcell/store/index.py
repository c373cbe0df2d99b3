"""The index: one SQLite file, made from the library's files by whoever asks, and thrown away when anything is wrong with it.

Nobody writes to it on the way of a paid picture.  Each question first catches up: what was appended to the ledgers of all
processes since is read, and the records that it names.  Then it is a plain SQLite file with a rollback journal and
``synchronous = FULL``, written in ``BEGIN IMMEDIATE`` transactions (RELIABILITY.md section 5.2: anything else loses rows or,
before SQLite 3.51.3, corrupts).  Where no such file can be written, the index is made in memory.
"""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
import threading
import warnings
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from imgcell.errors import ConfigurationError
from imgcell.files import disk
from imgcell.language import tr
from imgcell.store import ingest, schema
from imgcell.store.lines import Place, look

__all__ = ["NAME", "Index"]

NAME = "index.sqlite3"
#: Seconds to wait for another process that writes.
PATIENCE = 30.0

_T = TypeVar("_T")
#: Folders of which the user has been told that their index is in memory.
_told: set[Path] = set()


class _Newer(Exception):
    """The file was made by a later version of imgcell."""


class Index:
    """The index of a library; for all threads.

    Args:
        home: The library's folder.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / NAME
        self.pid = os.getpid()
        #: Ids of records that this process wrote: known before their request ends.
        self.fresh: deque[str] = deque()
        self._lock = threading.RLock()
        self._memory: sqlite3.Connection | None = None
        self._generation = ""
        self._seen: dict[str, Place] = {}
        self._compared = False

    def ask(self, question: Callable[[sqlite3.Connection], _T]) -> _T:
        """Return *question*'s answer, from an index that knows all that was in the files when it was asked.

        Args:
            question: Gets the connection, outside of a transaction; may be called again when the index was damaged.

        Raises:
            sqlite3.Error: The question is wrong.
        """
        with self._lock:
            for step in ("damage", "memory", "afresh", "give up"):
                connection = None
                try:
                    connection = self._open()
                    self._catch_up(connection)
                    return question(connection)
                except (sqlite3.DatabaseError, OSError, _Newer) as error:
                    opened = connection is not None
                    if step == "give up" or (opened and isinstance(error, OSError)) or (self._memory is not None and not _is_damage(error)):
                        raise
                    self._close(connection)
                    if self._memory is not None:
                        self._go_to_memory(error)  # what was copied from the file was damaged
                    elif not (step == "damage" and _is_damage(error) and self._set_aside()):
                        self._go_to_memory(error)
                finally:
                    self._close(connection)
            raise AssertionError("an index in memory answers or raises")

    def rebuild(self) -> None:
        """Make the index anew from the files."""

        def anew(connection: sqlite3.Connection) -> None:
            self._make(connection, again=True)
            self._generation = ""
            self._catch_up(connection)

        self.ask(anew)

    # -- opening -----------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        if self._memory is not None:
            if self._memory.in_transaction:
                self._memory.execute("ROLLBACK")  # an interrupt came just then
            return self._memory
        if not self.path.exists():
            disk.make_folder(self.home)
            # For the user alone; SQLite gives its journal the same rights.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
        connection = self._connect(str(self.path))
        try:
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute("PRAGMA synchronous = FULL")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > schema.VERSION:
                raise _Newer
            if version < schema.VERSION:
                self._make(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _close(self, connection: sqlite3.Connection | None) -> None:
        if connection is not None and connection is not self._memory:
            connection.close()

    def _connect(self, where: str, *, uri: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(where, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=uri)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cache_size = -16000")
            connection.execute("PRAGMA temp_store = MEMORY")
        except BaseException:
            connection.close()
            raise
        return connection

    def _make(self, connection: sqlite3.Connection, *, again: bool = False) -> None:
        try:
            with ingest.transaction(connection):
                # Another process may have been faster.
                if again or connection.execute("PRAGMA user_version").fetchone()[0] < schema.VERSION:
                    schema.create(connection)
        except sqlite3.OperationalError as error:
            if "no such module" not in str(error):
                raise
            raise ConfigurationError(
                tr("The SQLite of this Python has no full-text search (FTS5), which the library's index needs."),
                hint=tr("Use a Python whose SQLite has it, as those of python.org and conda do. Pictures are made and kept all the same."),
            ) from error

    # -- catching up -------------------------------------------------------------------------------------------

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
        generation = row[0] if row is not None else ""
        if generation != self._generation:
            # Another index than the one that was last seen.
            self._generation, self._seen, self._compared = generation, {}, False
        there = look(self.home)
        if there != self._seen or self.fresh:
            fresh = [self.fresh.popleft() for _ in range(len(self.fresh))]
            try:
                self._seen = ingest.pull(connection, self.home, there, fresh)
            except BaseException:
                self.fresh.extend(fresh)
                raise
        if not self._compared:
            ingest.compare(connection, self.home)
            self._compared = True

    # -- when it cannot be used --------------------------------------------------------------------------------

    def _set_aside(self) -> bool:
        """Give a damaged file another name; ``False`` if that cannot be done."""
        name = f"{NAME}.damaged-{dt.datetime.now(dt.timezone.utc):%Y%m%d-%H%M%S}-{os.urandom(2).hex()}"
        try:
            os.replace(self.path, self.path.with_name(name))
        except OSError:
            return False
        for suffix in ("-journal", "-wal", "-shm"):
            # A journal left behind would be played into the new file.
            try:
                os.replace(f"{self.path}{suffix}", f"{self.path.with_name(name)}{suffix}")
            except OSError:
                pass
        self._generation = ""
        return True

    def _go_to_memory(self, error: Exception) -> None:
        self._generation = ""
        memory = self._memory = self._copy(error)
        # Nobody closes a library; Python warns of connections that nobody closes.
        weakref.finalize(self, memory.close)
        if memory.execute("PRAGMA user_version").fetchone()[0] != schema.VERSION:
            self._make(memory, again=True)
        if self.home not in _told:
            _told.add(self.home)
            newer = isinstance(error, _Newer)
            where = str(self.home)
            warnings.warn(
                tr("The index of the library in {folder} was made by a later version of imgcell, so one is made in memory.", folder=where)
                if newer
                else tr(
                    "The index of the library in {folder} cannot be used ({reason}), so one is made in memory.", folder=where, reason=error
                ),
                stacklevel=4,
            )

    def _copy(self, error: Exception) -> sqlite3.Connection:
        """Return an index in memory: what is there already need not be read from the files again."""
        if not _is_damage(error) and "locked" not in str(error):  # a copy would wait for the lock for ever
            memory = self._connect(":memory:")
            try:
                source = self._connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
                try:
                    if source.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION:
                        source.backup(memory)
                finally:
                    source.close()
            except sqlite3.Error:
                memory.close()
            else:
                return memory
        return self._connect(":memory:")


def _is_damage(error: Exception) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        words = str(error)
        return any(sign in words for sign in ("malformed", "no such table", "no such column", "vtable constructor failed"))
    return isinstance(error, sqlite3.DatabaseError)
