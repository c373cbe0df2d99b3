"""Why what is left of a run is not sent: it was stopped, or more of the same is sure to be refused, too."""

from __future__ import annotations

from imgcell.errors import AuthenticationError, ImgcellError, NotSentError, PermissionDeniedError, QuotaExceededError
from imgcell.language import tr
from imgcell.sweeps.task import Task

__all__ = ["Refusals", "stopped"]


class Refusals:
    """What was refused in one run, by provider and by model."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, str | None, str | None], ImgcellError] = {}

    def heed(self, task: Task, error: ImgcellError | None) -> None:
        """Take in what the error of *task* means for what has not been sent."""
        # The gate gives the status of a refusal on to those that stood in line behind it, and they may be here before it.
        told = isinstance(error, NotSentError) and error.status is not None
        if error is not None and (told or isinstance(error, (AuthenticationError, QuotaExceededError))):
            self._refused.setdefault(_names(task)[0], error)
        elif isinstance(error, PermissionDeniedError):
            self._refused.setdefault(_names(task)[1], error)  # another model may well be allowed

    def reason(self, task: Task) -> ImgcellError | None:
        """Return why *task* is not to be sent, an error of its own for each; ``None`` if it may be."""
        for name in _names(task):
            refusal = self._refused.get(name)
            if isinstance(refusal, NotSentError):
                return NotSentError(refusal.message, hint=refusal.hint)
            if refusal is not None:
                return NotSentError(
                    tr("Not sent, because a request before it was refused: {reason}", reason=refusal.message), hint=refusal.hint
                )
        return None


def stopped() -> NotSentError:
    """Return the error of a cell that was not sent because its run was stopped, one of its own for each."""
    return NotSentError(tr("Stopped before it was sent; nothing was charged."), hint=tr("sweep.resume() sends what is missing."))


def _names(task: Task) -> tuple[tuple[str, str | None, str | None], tuple[str, str | None, str | None]]:
    return (task.provider, task.base_url, None), (task.provider, task.base_url, f"model {task.job.model}")
