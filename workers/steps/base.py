"""What a step handler is: it reads the host now, acts, and reads back. Knows no PSRP, no Redis and no Celery.

The runner calls `check`; when that answers `NotYet` it records the intent, calls `apply` and then `verify`. `apply` may
answer `Wait`: worker thread and session are given back, and a later claim begins again at `check` with the memo.
Anything that goes wrong is raised as a WorkerError; deadlines, retries and leases are the runner's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from workers.errors import NotConverged, StepRefused
from workers.psrp.port import HostPort
from workers.secrets import SecretBox

Facts = Mapping[str, Any]


class ClaimView(Protocol):
    """The part of a Claim that a step may see: neither token nor stored secrets."""

    @property
    def job_id(self) -> str:
        """The job."""

    @property
    def kind(self) -> str:
        """The job kind, for instance `nested_cluster`."""

    @property
    def step(self) -> Mapping[str, Any]:
        """The step as the plan made it."""

    @property
    def request(self) -> Mapping[str, Any]:
        """The validated request without secrets."""

    @property
    def attempt(self) -> int:
        """The number of this claim of the step, from 1."""

    @property
    def memo(self) -> Mapping[str, Any]:
        """What the last `Wait` of this step stored; empty before the first one."""


@dataclass(frozen=True)
class StepContext:
    """Everything that a handler may use during one claim.

    `owner` is the lab id that marks what is ours. `clock` answers seconds since 1970. `report` takes a percent (None:
    not known) and a text for people; `log` takes an event type (`step.warned`, `step.logged`) and its data.
    """

    claim: ClaimView
    host: HostPort
    facts: Facts
    params: Mapping[str, Any]
    owner: str
    secrets: SecretBox
    clock: Callable[[], float]
    report: Callable[[int | None, str], None]
    log: Callable[[str, Mapping[str, Any]], None]

    @property
    def node(self) -> str:
        """The node that this step is about; '' for a step of the whole job."""
        return str(self.claim.step.get("node") or "")

    @property
    def memo(self) -> Mapping[str, Any]:
        """What the last `Wait` of this step stored."""
        return self.claim.memo

    def fact(self, name: str) -> Any:
        """Return a fact that an earlier step wrote; raises StepRefused when the plan did not provide it."""
        if self.facts.get(name) in (None, ""):
            message = f"the fact {name} is not known to this step"
            raise StepRefused(message, reason="FACT_MISSING", remedy="Retry the job from the step that finds it.")
        return self.facts[name]

    def node_fact(self, name: str) -> Any:
        """Return `node.<this node>.<name>`; raises StepRefused when it is not known."""
        return self.fact(f"node.{self.node}.{name}")

    def warn(self, code: str, **data: Any) -> None:
        """Append a warning event; `code` is stable, `data` says what was found."""
        self.log("step.warned", {"code": code, **data})


@dataclass(frozen=True)
class Checked:
    """Done already, as the host says now: the step is skipped and these facts are kept."""

    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class NotYet:
    """Something is still to do. `reason` says what differs, for people."""

    reason: str = ""


@dataclass(frozen=True)
class Applied:
    """The change was made; `verify` reads it back. Its facts are added to these."""

    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """Not there yet: call again in `seconds` with this memo. Gives the worker thread and the session back."""

    seconds: float
    memo: Facts = field(default_factory=dict)
    message: str = ""


class Step(Protocol):
    """One action. Handlers keep no state: the same object serves every job."""

    @property
    def action(self) -> str:
        """The name by which plans ask for it; handlers have it as a class constant."""

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Return whether the step is done on the host now. Changes nothing."""

    def apply(self, ctx: StepContext) -> Applied | Wait:
        """Make the change. Safe to repeat."""

    def verify(self, ctx: StepContext) -> Facts:
        """Read the change back and return facts; raises NotConverged."""

    def undo(self, ctx: StepContext) -> None:
        """Take back what is ours. Safe to repeat, and when there is nothing to take back."""


class Ensure:
    """Defaults of a step whose check is its read-back, and which has nothing to take back."""

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Return whether the step is done on the host now."""
        raise NotImplementedError

    def verify(self, ctx: StepContext) -> Facts:
        """Run the check again; raises NotConverged with what still differs."""
        return read_back(self.check(ctx))

    def undo(self, ctx: StepContext) -> None:
        """Nothing to take back."""


class ReadOnly:
    """Defaults of a step that only reads or only writes facts: it runs every time."""

    def check(self, ctx: StepContext) -> Checked | NotYet:
        """Never done beforehand: the point is to act or to read now."""
        return NotYet(f"{ctx.claim.step['action']} runs every time")

    def verify(self, ctx: StepContext) -> Facts:  # noqa: ARG002 - the shape of every step
        """Nothing to read back: what was read or answered is in the facts of `apply`."""
        return {}

    def undo(self, ctx: StepContext) -> None:
        """Nothing to take back."""


def read_back(outcome: Checked | NotYet) -> Facts:
    """Return the facts of a passed check; raises NotConverged with the reason of one that did not pass."""
    if isinstance(outcome, NotYet):
        raise NotConverged(outcome.reason)
    return outcome.facts
