"""Many jobs as one value: planned, run, resumed, spread over machines."""

from __future__ import annotations

from imgcell.sweeps.describing import sweep
from imgcell.sweeps.sweeping import Sweep
from imgcell.sweeps.task import Held, Outcome, Task, perform

__all__ = ["Held", "Outcome", "Sweep", "Task", "perform", "sweep"]
