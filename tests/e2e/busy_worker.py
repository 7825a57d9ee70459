"""A worker process of the service as it stands, with one handler more: a step that asks nothing of any host.

celery -A tests.e2e.busy_worker worker --pool threads ...
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import cast

from workers.app import app
from workers.steps import HANDLERS
from workers.steps.base import Applied, Checked, Facts, Step, StepContext

__all__ = ["app"]


class Nothing:
    """Is found done whenever it is looked at."""

    action = "Nothing"

    def check(self, ctx: StepContext) -> Checked:
        """Find it done."""
        return Checked()

    def apply(self, ctx: StepContext) -> Applied:
        """Do nothing: never asked for."""
        return Applied()

    def verify(self, ctx: StepContext) -> Facts:
        """Find nothing."""
        return {}

    def undo(self, ctx: StepContext) -> None:
        """Take nothing back."""


cast(MutableMapping[str, Step], HANDLERS)["Nothing"] = Nothing()
