"""Gives every handler's errors their reason code, in one place instead of in each handler."""

from __future__ import annotations

from dataclasses import dataclass

from workers.steps.base import Applied, Checked, Facts, NotYet, Step, StepContext, Wait
from workers.steps.reasons import explained


@dataclass(frozen=True)
class ExplainedStep:
    """A handler whose RemoteErrors come out with code, remedy and retryability."""

    inner: Step

    @property
    def action(self) -> str:
        """The inner handler's action."""
        return self.inner.action

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """See Step."""
        with explained():
            return self.inner.check(ctx)

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """See Step."""
        with explained():
            return self.inner.apply(ctx)

    def verify(self, ctx: StepContext) -> Facts:
        """See Step."""
        with explained():
            return self.inner.verify(ctx)

    def undo(self, ctx: StepContext) -> None:
        """See Step."""
        with explained():
            self.inner.undo(ctx)
