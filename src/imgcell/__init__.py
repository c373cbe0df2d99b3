"""imgcell: image generation and editing inside a notebook.

In a notebook, ``%load_ext imgcell`` brings ``%%imagine``, ``%%imgedit`` and ``%imgcell``; in Python,
``imgcell.Client().generate("a lighthouse at dusk")`` returns a :class:`Sheet` of :class:`Picture`, which are PIL images.

The public names are imported when they are first used (PEP 562), so that ``import imgcell`` costs next to nothing.
"""

from __future__ import annotations

# The one name that cannot wait: once the module of the same name has been imported by any other module, the import
# system binds *it* to ``imgcell.options``; imported here, first, the name stays with the settings themselves.
from imgcell.options import options as options

# Not typing's own flag: importing typing would be most of what `import imgcell` costs in a bare interpreter.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from imgcell import errors as errors
    from imgcell import masks as masks
    from imgcell import sandbox as sandbox
    from imgcell.archive import history as history
    from imgcell.archive import library as library
    from imgcell.archive import unsettled as unsettled
    from imgcell.client import Client as Client
    from imgcell.client.chains import from_recipe as from_recipe
    from imgcell.costs import budget as budget
    from imgcell.costs.spending import spend as spend
    from imgcell.jobs import Edit as Edit
    from imgcell.jobs import Generate as Generate
    from imgcell.masks import Mask as Mask
    from imgcell.measures.changing import changes as changes
    from imgcell.measures.keeping import keep_outside as keep_outside
    from imgcell.measures.measuring import measure as measure
    from imgcell.pictures import Picture as Picture
    from imgcell.pictures import Sheet as Sheet
    from imgcell.pictures.record import Record as Record
    from imgcell.pictures.steps import Final as Final
    from imgcell.pictures.steps import Partial as Partial
    from imgcell.pictures.steps import Progress as Progress
    from imgcell.reports import Report as Report
    from imgcell.reports import report as report
    from imgcell.sweeps import Sweep as Sweep
    from imgcell.sweeps import sweep as sweep
    from imgcell.votes import Votes as Votes
    from imgcell.widget.comparison import Comparison as Comparison
    from imgcell.widget.comparison import compare as compare
    from imgcell.widget.studio import Studio as Studio
    from imgcell.widget.voting import Vote as Vote
    from imgcell.widget.voting import vote as vote

__version__ = "0.1.0"

__all__ = [
    "Client",
    "Comparison",
    "Edit",
    "Final",
    "Generate",
    "Mask",
    "Partial",
    "Picture",
    "Progress",
    "Record",
    "Report",
    "Sheet",
    "Studio",
    "Sweep",
    "Vote",
    "Votes",
    "__version__",
    "budget",
    "changes",
    "compare",
    "errors",
    "from_recipe",
    "history",
    "keep_outside",
    "library",
    "load_ipython_extension",
    "masks",
    "measure",
    "options",
    "report",
    "sandbox",
    "spend",
    "sweep",
    "unload_ipython_extension",
    "unsettled",
    "vote",
]

#: Public name -> the module it comes from; a module itself where both have the same last part.
_HOMES = {
    "Client": "imgcell.client",
    "Comparison": "imgcell.widget.comparison",
    "Edit": "imgcell.jobs",
    "Final": "imgcell.pictures.steps",
    "Generate": "imgcell.jobs",
    "Mask": "imgcell.masks",
    "Partial": "imgcell.pictures.steps",
    "Picture": "imgcell.pictures",
    "Progress": "imgcell.pictures.steps",
    "Record": "imgcell.pictures.record",
    "Report": "imgcell.reports",
    "Sheet": "imgcell.pictures",
    "Studio": "imgcell.widget.studio",
    "Sweep": "imgcell.sweeps",
    "Vote": "imgcell.widget.voting",
    "Votes": "imgcell.votes",
    "budget": "imgcell.costs",
    "changes": "imgcell.measures.changing",
    "compare": "imgcell.widget.comparison",
    "errors": "imgcell.errors",
    "from_recipe": "imgcell.client.chains",
    "history": "imgcell.archive",
    "keep_outside": "imgcell.measures.keeping",
    "library": "imgcell.archive",
    "masks": "imgcell.masks",
    "measure": "imgcell.measures.measuring",
    "report": "imgcell.reports",
    "sandbox": "imgcell.sandbox",
    "spend": "imgcell.costs.spending",
    "sweep": "imgcell.sweeps",
    "unsettled": "imgcell.archive",
    "vote": "imgcell.widget.voting",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'imgcell' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(home)
    value = module if home == f"imgcell.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics; called by ``%load_ext imgcell``."""
    from imgcell.magics import load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the magics away again; called by ``%unload_ext imgcell``."""
    from imgcell.magics import unload

    unload(ipython)
