"""After a refusal of the key, of the account or of a model, more of the same is not sent: it is sure to be refused, too."""

from __future__ import annotations

from imgcell.errors import AuthenticationError, ImgcellError, NotSentError, PermissionDeniedError, QuotaExceededError
from imgcell.language import tr
from imgcell.sweeps.task import Outcome, Task

__all__ = ["Refusals"]


class Refusals:
    """What was refused in one run, by provider and by model."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, str | None, str | None], ImgcellError] = {}

    def heed(self, task: Task, outcome: Outcome) -> None:
        """Take in what came of *task*."""
        error = outcome.error
        if isinstance(error, (AuthenticationError, QuotaExceededError)):
            self._refused.setdefault((task.provider, task.base_url, None), error)
        elif isinstance(error, PermissionDeniedError):
            # Another model may well be allowed.
            self._refused.setdefault((task.provider, task.base_url, f"model {task.job.model}"), error)

    def reason(self, task: Task) -> ImgcellError | None:
        """Return why *task* is not to be sent; ``None`` if it may be."""
        for model in (None, f"model {task.job.model}"):
            refusal = self._refused.get((task.provider, task.base_url, model))
            if refusal is not None:
                return NotSentError(
                    tr("Not sent, because a request before it was refused: {reason}", reason=refusal.message), hint=refusal.hint
                )
        return None
