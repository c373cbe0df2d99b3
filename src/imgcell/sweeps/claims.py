"""Who has the one right to send a cell, where several workers may be given the same one: files in a folder that they share.

A cluster gives the work of a worker that it lost to another one, though nobody knows how far the first had come (it may
still be at work, behind a network that broke).  So a worker makes a file for the cell, right before it sends: of two
only one can (``O_CREAT | O_EXCL``, which network file systems keep too, NFS from version 3 on), and the other one looks up
what the ledger says became of it.  What was certainly not charged is given back.

The folder is made for one run of a sweep and removed when that is over: a worker that comes back from the dead finds
nowhere to make its file, and sends nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imgcell.errors import NotSentError
from imgcell.files import disk
from imgcell.files.lock import Held, hold
from imgcell.language import tr
from imgcell.ledger.lines import host
from imgcell.origin import Origin
from imgcell.sweeps.refusals import stopped

__all__ = ["Claim", "Claims", "FolderClaims", "RunFolder", "TakenError", "left_by", "runs_of", "seen"]

#: Whoever makes this claim sends nothing: it bars the cell for all others.
_NOBODY = "nobody"
_MARK, _STOP = "run.json", "stop"


class TakenError(NotSentError):
    """Somebody else was given the same cell and has the right to send it, so it was not sent here."""


@dataclass(frozen=True)
class Claim:
    """Who has the right.

    Attributes:
        by: Name of the process.
        host: Its machine.
    """

    by: str
    host: str

    @property
    def nobody(self) -> bool:
        """Whether it only bars the cell for all others."""
        return self.by == _NOBODY


class Claims:
    """The right to send the requests of one cell; a :class:`imgcell.client.guarding.Guard`.

    This one is for a worker that nobody can ask, of an executor that gives no work away twice: it has the right.
    """

    def take(self, origin: Origin) -> None:
        """See :class:`~imgcell.client.guarding.Guard`.

        Raises:
            TakenError: Somebody else has it, or the run is over.
            NotSentError: The run was stopped.
        """

    def give_back(self, origin: Origin) -> None:
        """See :class:`~imgcell.client.guarding.Guard`."""

    def held(self, step: int) -> bool:
        """Whether somebody else has the right to send *step*, or had it and may have sent."""
        return False

    def working(self, steps: int) -> bool:
        """Whether somebody who has the right to any of the first *steps* steps may still be at work."""
        return False

    def free(self, step: int) -> bool:
        """Take it from whoever had it, is certainly dead and wrote no line of sending it; return whether it is free now."""
        return False

    def bar(self, step: int) -> bool:
        """See to it that nobody sends *step* any more in this run; ``False`` if somebody may have, or may yet."""
        return False

    def stopped(self) -> bool:
        """Whether nothing more is to be sent in this run."""
        return False

    def close(self) -> None:
        """Return when what was given back is given back."""


class RunFolder:
    """The folder of one run: for whoever gives the work away.

    Args:
        path: Where; made here.  Its parent keeps the runs of one sweep.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        disk.make_folder(path)
        disk.store(path / _MARK, json.dumps({"v": 1, "host": host(), "pid": os.getpid()}).encode(), "claims")

    def stop(self) -> None:
        """Let nobody send anything more."""
        with contextlib.suppress(OSError):  # it is there, or the run is over
            os.close(disk.create(self.path / _STOP, "claims"))

    def close(self) -> None:
        """Remove it: from now on nobody makes a claim in it.  What was claimed is in the ledger, or was sent by nobody."""
        _processes.pop((os.getpid(), self.path), None)  # what is held open cannot be removed everywhere
        _remove(self.path)


def seen(path: Path) -> bool:
    """Whether the folder of a run is to be seen, and can be written, from here."""
    return (path / _MARK).is_file() and disk.is_writable(path)


def runs_of(home: Path, sweep: str) -> Path:
    """Return where the folders of the runs of *sweep* are."""
    return home / "sweeps" / f"{sweep}.claims"


def left_by(runs: Path) -> set[int]:
    """Remove the folders of earlier runs, which ended with their kernel, and return the cells that a worker may be about to send.

    That is where a claim stands of a process that is not certainly dead.  Whoever has none finds no place for one any more.
    To be called before a new run looks into the ledger, wherever that run sends from: workers may outlive their kernel.
    """
    found = set()
    try:
        folders = [path for path in runs.iterdir() if path.is_dir()]
    except OSError:
        return set()
    for folder in folders:
        for file in folder.glob("*-*.json"):
            place, _, step = file.stem.partition("-")
            if place.isdecimal() and step.isdecimal() and not FolderClaims(folder, int(place)).dead(int(step)):
                found.add(int(place))
        _remove(folder)
    return found


def _remove(folder: Path) -> None:
    disk.remove(folder / _MARK, "claims")  # first: without it nobody claims anything in there, whatever else stays
    with contextlib.suppress(OSError):
        shutil.rmtree(folder)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()  # with the last one


class FolderClaims(Claims):
    """The right to send one cell, as a file in the folder of the run.

    Args:
        folder: Of the run.
        place: Which cell.
    """

    def __init__(self, folder: Path, place: int) -> None:
        self._folder = folder
        self._place = place
        self._mine: set[int] = set()
        self._lock = threading.Lock()

    def take(self, origin: Origin) -> None:
        """See :class:`Claims`."""
        if self.stopped():
            raise stopped()
        with self._lock:
            if origin.step in self._mine:
                return
            if not (self._folder / _MARK).exists():
                raise _over()
            if not self._make(origin.step, _process(self._folder)):
                raise TakenError(tr("Another worker was given the same cell and may have sent it; it was not sent again."))
            self._mine.add(origin.step)

    def give_back(self, origin: Origin) -> None:
        """See :class:`Claims`."""
        with self._lock:
            if origin.step in self._mine:
                self._mine.discard(origin.step)
                disk.remove(self._path(origin.step), "claim")

    def held(self, step: int) -> bool:
        """See :class:`Claims`."""
        with self._lock:
            return step not in self._mine and self._path(step).exists()

    def working(self, steps: int) -> bool:
        """See :class:`Claims`."""
        claims = [self.claim(step) for step in range(steps)]
        return any(claim is not None and not claim.nobody and _alive(self._folder, claim.by) for claim in claims)

    def claim(self, step: int) -> Claim | None:
        """Return who has the right to send *step*; one that was made just now and is not written yet is somebody's."""
        try:
            said: Any = json.loads(self._path(step).read_bytes())
            return Claim(str(said["by"]), str(said["host"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return Claim("", "")

    def dead(self, step: int) -> bool:
        """Whether nobody can send *step* by the right that stands there.

        Between that file and the line in the ledger lie milliseconds; of another machine, whose files and locks may be seen
        late here, nothing is taken for certain in them.
        """
        claim = self.claim(step)
        if claim is None or claim.nobody:
            return True
        return claim.host == host() and not _alive(self._folder, claim.by)

    def free(self, step: int) -> bool:
        """See :class:`Claims`."""
        claim = self.claim(step)
        if claim is not None and (claim.nobody or not self.dead(step)):
            return False
        disk.remove(self._path(step), "claim")
        return True

    def bar(self, step: int) -> bool:
        """See :class:`Claims`."""
        if self._make(step, _NOBODY):
            return True
        claim = self.claim(step)
        return claim is not None and claim.nobody

    def stopped(self) -> bool:
        """See :class:`Claims`."""
        return (self._folder / _STOP).exists()

    def _path(self, step: int) -> Path:
        return self._folder / f"{self._place}-{step}.json"

    def _make(self, step: int, by: str) -> bool:
        try:
            descriptor = disk.create(self._path(step), "claim")
        except FileExistsError:
            return False
        except FileNotFoundError:
            raise _over() from None
        try:
            disk.write(descriptor, json.dumps({"by": by, "host": host()}).encode(), "claim")
        finally:
            os.close(descriptor)
        return True


def _over() -> TakenError:
    return TakenError(
        tr("The run that this cell belongs to is over, so it was not sent."), hint=tr("sweep.resume() sends what is missing.")
    )


# -- who is alive ------------------------------------------------------------------------------------------------------

#: By process id and folder: the name of this process there, and its lock, which ends with it.
_processes: dict[tuple[int, Path], tuple[str, Held | None]] = {}
_turn = threading.Lock()


def _process(folder: Path) -> str:
    """Return the name of this process, made when it first claims something in *folder*, with a lock that tells whether it lives.

    Raises:
        TakenError: The folder is gone.
    """
    place = (os.getpid(), folder)
    with _turn:
        if place not in _processes:
            for other in [one for one in _processes if not one[1].is_dir()]:
                del _processes[other]
            if not folder.is_dir():
                raise _over()
            name = f"{os.getpid()}-{os.urandom(6).hex()}"
            try:
                lock = hold(folder / f"{name}.lock")
            except OSError:
                lock = None  # no locks on this file system: then it counts as alive
            _processes[place] = (name, lock)
        return _processes[place][0]


def _alive(folder: Path, name: str) -> bool:
    """Whether the process *name* may be at work."""
    lock = folder / f"{name}.lock"
    try:
        if not name or not lock.exists():
            return True
        held = hold(lock)
    except OSError:
        return True
    if held is None:
        return True
    held.release()
    return False


#: In a forked child, its parent's locks: never let go of here, whatever version of filelock there is.
_inherited: list[tuple[str, Held | None]] = []


def _after_fork() -> None:
    global _turn
    _turn = threading.Lock()
    _inherited.extend(_processes.values())
    _processes.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
