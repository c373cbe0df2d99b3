"""The client: from a job to pictures, blocking, awaited or step by step."""

from __future__ import annotations

from imgcell.client.client import Client
from imgcell.client.plan import Plan
from imgcell.client.run import Run
from imgcell.client.steps import Steps

__all__ = ["Client", "Plan", "Run", "Steps"]
