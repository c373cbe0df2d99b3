"""What was sent for: from checked jobs to cards that fill, through ``client.submit`` like everything else."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from imgcell.costs import one_cell
from imgcell.errors import ImgcellError
from imgcell.language import tr
from imgcell.origin import from_cell
from imgcell.pictures.sheet import Sheet
from imgcell.pictures.steps import Partial, Progress
from imgcell.widget import cards
from imgcell.widget.drafts import Errand

if TYPE_CHECKING:
    from imgcell.client import Run
    from imgcell.pictures.picture import Picture
    from imgcell.widget.board import Board
    from imgcell.widget.facts import Busy

__all__ = ["Order", "Orders"]

#: Nonces that are remembered; a page repeats one within seconds, if at all.
_NONCES = 2_000
#: Seconds within which a second Cancel is the first one.
DOUBLE_CLICK = 1.0


class Order:
    """One press of Run: some jobs under way together.

    Attributes:
        call, nonce: What ``cancel`` names it by.
        keys: Its cards.
        began: Milliseconds since 1970.
        stopped: Whether the user has cancelled it.
        pressed: When a page's Cancel was last heeded.
        runs: The client's runs.
        errors: What went wrong.
    """

    def __init__(self, call: str, nonce: str) -> None:
        self.call = call
        self.nonce = nonce
        self.keys: list[str] = []
        self.began = int(time.time() * 1000)
        self.stopped = False
        self.pressed: float | None = None
        self.runs: list[Run] = []
        self.errors: list[BaseException] = []
        self.left = 0
        self.over = threading.Event()

    def cancel(self) -> int:
        """Send nothing more; return how many requests were sent already.  A second time lets go of them."""
        self.stopped = True
        return sum(run.cancel() for run in list(self.runs))


class _Job:
    """One job of an order: its sheet, and which of its places are told already."""

    def __init__(self, orders: Orders, order: Order, errand: Errand, keys: list[str], found: frozenset[int], starts: Sequence[int]) -> None:
        self._orders, self._order, self._errand = orders, order, errand
        self.keys = keys
        self.sheet = Sheet(running=True, expected=len(keys))
        self._found = found
        self._starts = [*starts, len(keys)]
        self._told: set[int] = set()
        self._over = False
        self._lock = threading.Lock()

    def step(self, step: Any) -> None:
        """Take a step; on the portal's thread, so that nothing here may wait or decode."""
        board = self._orders.board
        self.sync()
        if isinstance(step, Progress):
            board.progress(self._part(step.position), step.state, step.message)
        elif isinstance(step, Partial):
            waiting = [key for key in self._part(step.position) if board.get(key).under_way]
            source = getattr(step.picture, "source", None)
            if waiting and source is not None:
                self._orders.sharpen(waiting[0], source)

    def _part(self, start: int) -> list[str]:
        """Return the cards of the request whose first picture is at *start*."""
        end = next((other for other in self._starts if other > start), len(self.keys))
        return self.keys[start:end]

    def sync(self) -> None:
        """Tell what has come since the last time."""
        new = []
        with self._lock:
            for cell in self.sheet.cells:
                if cell.position in self._told or (cell.picture is None and cell.error is None):
                    continue
                self._told.add(cell.position)
                while cell.position >= len(self.keys):
                    # More than was asked for: none is dropped.
                    self.keys.append(self._orders.board.add(_single(self._errand), self._order.call))
                    self._order.keys.append(self.keys[-1])
                new.append(cell)
        for cell in new:
            key = self.keys[cell.position]
            if cell.picture is not None:
                self._orders.board.done(key, cell.picture, replayed=cell.position in self._found)
                self._orders.came(cell.picture)
            elif cell.error is not None:
                self._orders.board.failed(key, cell.error, cancelled=self._order.stopped)
        if new:
            self._orders.tell_busy()

    def conclude(self, run: Run | None, error: BaseException | None = None) -> None:
        """Tell the rest: nothing more will come."""
        with self._lock:
            if self._over:
                return
            self._over = True
        try:
            self._conclude(run, error)
        finally:
            self._orders.ended(self._order)

    def _conclude(self, run: Run | None, error: BaseException | None) -> None:
        self.sync()
        self.sheet._finish()
        mine = [error] if error is not None else list(run.errors) if run is not None else []
        if not mine and len(self._told) < len(self.keys):
            mine = [ImgcellError(tr("No picture came, and no reason was given."))]
        self._order.errors += mine
        for place, key in enumerate(self.keys):
            if place not in self._told:
                self._orders.board.failed(key, mine[0], cancelled=self._order.stopped)
        for picture in self.sheet:
            self._orders.made(picture)
        if run is not None:
            for key in self.keys if run.warnings else ():
                notes = self._orders.board.get(key).card["notes"]
                self._orders.board.update(key, notes=[*notes, *dict.fromkeys(map(cards.text, run.warnings))])


class Orders:
    """All orders of one Studio.

    Args:
        board: Its cards.
        sharpen: Shows a partial picture: called with a card's key and the picture's bytes; must not wait.
        came: Called with every picture that came, on the portal's thread; must not wait.
        busy: Called with what is under way whenever that changes.
        notebook: Returns the notebook's path, where the host does not tell it otherwise.
        made: Called with every picture once its job is over, and with it all that it was made from is in the library; must not wait.
    """

    def __init__(
        self,
        board: Board,
        sharpen: Callable[[str, Any], None],
        came: Callable[[Picture], None],
        busy: Callable[[Busy], None],
        notebook: Callable[[], str | None],
        made: Callable[[Picture], None] = lambda picture: None,
    ) -> None:
        self.board = board
        self.sharpen = sharpen
        self.came = came
        self._busy = busy
        self.made = made
        self._notebook = notebook
        self._lock = threading.Lock()
        self._nonce = threading.Lock()
        self._orders: dict[str, Order] = {}
        self._nonces: OrderedDict[str, list[str]] = OrderedDict()

    def once(self, nonce: str, place: Callable[[], list[str]]) -> list[str]:
        """Return the cards that *place* makes; those of the first time where the nonce was used already."""
        with self._nonce:
            if nonce not in self._nonces:
                # What raises has sent nothing, and may be tried again.
                self._nonces[nonce] = place()
                while len(self._nonces) > _NONCES:
                    self._nonces.popitem(last=False)
            return list(self._nonces[nonce])

    def place(self, errands: Sequence[Errand], call: str, *, nonce: str = "", once: bool = False, keys: Sequence[str] = ()) -> Order:
        """Send for all of *errands*; return at once.

        Args:
            errands: The jobs.
            call: What the order is called.
            nonce: Another name for it.
            once: Take what the library has already.
            keys: Cards to use again, one a job of one picture.

        Raises:
            ImgcellError: A job cannot be sent as it is, or a key is missing.  Nothing was sent then.
        """
        # Reads pictures: nobody else waits for that.
        ready = [(errand, errand.client.ready(errand.job, once=once)) for errand in errands]
        for errand, one in ready:
            if one.missing:
                errand.client.required_key()
        order = Order(call, nonce)
        jobs = []
        for number, (errand, one) in enumerate(ready):
            if keys:
                self.board.again(keys[number], call)
            mine = [keys[number]] if keys else [self.board.add(_single(errand), call) for _ in range(one.job.n)]
            order.keys += mine
            starts = [start for start, _ in one.pieces()] if one.missing else []
            jobs.append((errand, one, _Job(self, order, errand, mine, frozenset(one.found), starts)))
        order.left = len(jobs)
        with self._lock:
            # A page that reloads begins its calls anew.
            self._orders[f"{call} {nonce}"] = order
        self.tell_busy()
        # However many jobs it has, a budget for cells holds for all of them together.
        with from_cell(self._notebook(), None), one_cell():
            for number, (errand, one, job) in enumerate(jobs):
                try:
                    self._submit(order, errand, one, job)
                except BaseException as error:  # an interrupt, in the middle of it
                    order.cancel()
                    for _, _, other in jobs[number:]:
                        other.conclude(None, error)
                    raise
        return order

    def _submit(self, order: Order, errand: Errand, ready: Any, job: _Job) -> None:
        try:
            run = errand.client.submit(ready, on_step=job.step, sheet=job.sheet)
        except ImgcellError as error:
            # Others may be under way and paid for; this one is a failure among them.
            job.conclude(None, error)
            return
        order.runs.append(run)
        if order.stopped:
            run.cancel()  # while the first ones were sent
        run.add_done_callback(lambda: job.conclude(run))

    def cancel(self, call: str | None) -> int:
        """Stop an order, or all; return how many requests were sent already and are still received."""
        return sum(order.cancel() for order in self._named(call))

    def page_cancels(self, call: str | None) -> int:
        """Do what Cancel in a page says; return as :meth:`cancel`.

        Only a second press lets go of what was sent, and money may be lost with it.  So one press never counts twice: not
        when it also interrupted the cell (the page's other path), nor when it was a double click.
        """
        sent = 0
        for order in self._named(call):
            now = time.monotonic()
            if order.pressed is None and order.stopped:
                sent += sum(run.out for run in list(order.runs))
            elif order.pressed is None or now - order.pressed >= DOUBLE_CLICK:
                sent += order.cancel()
            else:
                sent += sum(run.out for run in list(order.runs))
                continue
            order.pressed = now
        return sent

    def _named(self, call: str | None) -> list[Order]:
        with self._lock:
            return [order for order in self._orders.values() if call is None or call in (order.call, order.nonce)]

    def ended(self, order: Order) -> None:
        """Note that a job of *order* is over."""
        with self._lock:
            order.left -= 1
            if order.left <= 0:
                self._orders.pop(f"{order.call} {order.nonce}", None)
        self.tell_busy()
        if order.left <= 0:
            order.over.set()

    @property
    def busy(self) -> Busy:
        """What is under way."""
        with self._lock:
            orders = list(self._orders.values())
        mine = {order.call for order in orders}
        states = [entry.under_way for entry in self.board.entries() if entry.card["call"] in mine]
        return {
            "calls": [order.call for order in orders],
            "pictures": len(states),
            "done": states.count(False),
            "began": min((order.began for order in orders), default=None),
            "message": tr("{done} of {pictures} done", done=states.count(False), pictures=len(states)) if orders else "",
        }

    def tell_busy(self) -> None:
        """Tell the page what is under way."""
        self._busy(self.busy)


def _single(errand: Errand) -> Errand:
    return dataclasses.replace(errand, job=dataclasses.replace(errand.job, n=1))
