"""Comma lists on a magic's line: the same as :func:`imgcell.sweep`, with the replay, the question and the output of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgcell.magics.grid import Task, said
from imgcell.magics.live import Watch
from imgcell.sweeps.axes import Together, design
from imgcell.sweeps.describing import one_home
from imgcell.sweeps.progress import drawn
from imgcell.sweeps.sweeping import Sweep
from imgcell.sweeps.task import Task as Cell

if TYPE_CHECKING:
    from imgcell.client import Client
    from imgcell.errors import ImgcellError
    from imgcell.magics.parse import Arguments
    from imgcell.magics.replay import Errands
    from imgcell.magics.session import Session
    from imgcell.pictures import Picture, Sheet
    from imgcell.sweeps.planning import SweepPlan

__all__ = ["Going", "Swept", "arrange", "begin", "plan", "tasks"]


def arrange(magic: str, arguments: Arguments, names: Mapping[str, Any], session: Session) -> Sweep:
    """Return the sweep that a line with comma lists asks for; nothing is sent.

    Raises:
        InvalidJobError: For anything that cannot be looked up, and for a provider that does not exist.
    """
    prompt, fields, extra = said(magic, arguments, names)
    clients: dict[str, Client] = {}

    def client(value: Any) -> Client:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]  # a client that a variable holds
        if value not in clients:
            clients[value] = session.client(value, names)
        return clients[value]

    listed = {"model": arguments.models, "size": arguments.sizes, "quality": arguments.qualities}
    providers = {name: _provider(name, arguments, names, session) for name in arguments.providers or (None,)}
    if len(providers) > 1:
        chosen: Any = {str(name): fields_ for name, fields_ in providers.items()}
    else:
        (chosen,) = providers.values()
        # One provider: what belongs to it holds for everything, unless the line says it.
        fields = {**chosen, **fields}
        chosen = fields.pop("provider")
    made = design(
        {
            "prompt": prompt,
            "provider": chosen,
            **{name: list(values) if len(values) > 1 else next(iter(values), None) for name, values in listed.items()},
            "partial_images": arguments.stream,
            "extra": extra or None,
            **fields,
        },
        n=arguments.n,
        order="interleaved",
        seed=None,
    )
    homes = [client(one.get("provider"))._home for one in providers.values()]
    return Sweep(made, client, one_home(homes, homes[0]))


def _provider(name: str | None, arguments: Arguments, names: Mapping[str, Any], session: Session) -> Together:
    """Return a provider with what `%imgcell use` said beside it, which belongs to that provider alone."""
    client = session.client(name, names)
    found = Together(provider=client if name is not None and names.get(name) is client else client.provider.name)
    if name is None or name == session.provider:
        beside = (
            ("model", session.model, arguments.models),
            ("size", session.size, arguments.sizes),
            ("quality", session.quality, arguments.qualities),
        )
        found.update({field: value for field, value, on_the_line in beside if value is not None and not on_the_line})
    return found


def tasks(sweep: Sweep) -> list[Task]:
    """Return the cells that can be made, each a job of one picture."""
    cells = sweep._the_cells()
    possible = [place for place in range(len(sweep)) if cells.problem(place) is None]
    return [Task(cells.client(place), cells.ready(place).job, place, cells.ready(place)) for place in possible]


def plan(sweep: Sweep, errands: Errands) -> SweepPlan:
    """Return what would be sent of *sweep* when what *errands* found in the library is not."""
    from imgcell.sweeps.planning import make_plan

    left = [sweep._the_cells().task(errand.task.position) for errand in errands.sent]
    return make_plan(sweep, left, replayed=errands.replayed)


def begin(sweep: Sweep, errands: Errands) -> Sheet:
    """Send what *errands* did not find in the library; return the sheet, which fills.

    Raises:
        ImgcellError: Not one cell can be sent; nothing was.
    """
    found = {errand.task.position: errand.ready.found[0] for errand in errands.all if not errand.ready.missing}

    def recall(waiting: list[Cell]) -> tuple[dict[int, Picture], list[Cell]]:
        return found, [task for task in waiting if task.place not in found]

    return sweep._begin(recall=recall)


class Going:
    """A sweep under way, as the cell sees its runs."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self._sweep.sheet.done

    @property
    def errors(self) -> tuple[ImgcellError, ...]:
        """None of its own: each is in its place of the sheet."""
        return ()

    @property
    def warnings(self) -> list[str]:
        """What the user should be told, in words."""
        return list(self._sweep._warnings)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until all is done, or *timeout* seconds; return whether it is."""
        return self._sweep.sheet.wait(timeout)

    def cancel(self) -> int:
        """Send nothing more; return how many requests are out.  A second call lets go of them."""
        return self._sweep.stop()


class Swept(Watch):
    """How a sweep goes on, cell by cell."""

    def __init__(self, sweep: Sweep) -> None:
        super().__init__(len(sweep))
        self._sweep = sweep

    def line(self) -> str:
        """Return the state in one line."""
        return self._sweep.board.line()

    def drawn(self) -> str:
        """Return the cells as HTML."""
        return drawn(self._sweep.board)
