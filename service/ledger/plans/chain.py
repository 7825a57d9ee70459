"""Steps one after another. Pure."""

from __future__ import annotations

from typing import Unpack

from service.ledger.plan import Step
from service.ledger.plans.nominal import Parts, step_of


class Chain:
    """Each step needs the one before it. `last` is what a step that comes after the chain needs."""

    def __init__(self, *needs: str, node: str | None = None) -> None:
        self.steps: list[Step] = []
        self.last = needs
        self._node = node

    def then(self, action: str, step_id: str, title: str, **parts: Unpack[Parts]) -> Step:
        """Append a step that needs the last one and, beside it, its own `needs`."""
        parts["needs"] = (*self.last, *parts["needs"]) if "needs" in parts else self.last
        if "node" not in parts:
            parts["node"] = self._node
        step = step_of(action, step_id, title, parts)
        self.steps.append(step)
        self.last = (step.id,)
        return step
