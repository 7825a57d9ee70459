"""What all handlers have in common at their edge: errors get their reason code, and an absent guest is waited for."""

from __future__ import annotations

from dataclasses import dataclass

from workers.errors import RemoteError
from workers.steps.base import Applied, Checked, Facts, NotYet, Step, StepContext, Wait
from workers.steps.reasons import GUEST_NOT_READY, explain, explained

_AWAY_SECONDS = 10.0


@dataclass(frozen=True)
class ExplainedStep:
    """A handler whose RemoteErrors come out with code, remedy and retryability.

    A guest that does not answer (its host rebooted, it restarts by itself) costs no attempt: the step waits, as long as
    its deadline lets it.
    """

    inner: Step

    @property
    def action(self) -> str:
        """The inner handler's action."""
        return self.inner.action

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """See Step. A guest that does not answer has not shown that the step is done."""
        try:
            return self.inner.check(ctx)
        except RemoteError as error:
            if _is_guest_away(error):
                return NotYet("the guest does not answer")
            raise explain(error) from error

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """See Step. The wait keeps the memo, so the same calls are asked for again."""
        try:
            return self.inner.apply(ctx)
        except RemoteError as error:
            if _is_guest_away(error):
                return Wait(_AWAY_SECONDS, dict(ctx.memo), "waiting for the guest to answer")
            raise explain(error) from error

    def verify(self, ctx: StepContext) -> Facts:
        """See Step."""
        with explained():
            return self.inner.verify(ctx)

    def undo(self, ctx: StepContext) -> None:
        """See Step."""
        with explained():
            self.inner.undo(ctx)


def _is_guest_away(error: RemoteError) -> bool:
    return explain(error).code == GUEST_NOT_READY
