"""How long each action lasts on a healthy host, what it costs the host, and the one way to make a step. Pure.

Seconds are those of docs/functions.md, added up over all functions that the handler calls (its check, the change, the
check again, and 0.3 for each way into a guest) and confirmed on the simulated host; jobs learn from what earlier steps
really took. A first boot of 3 to 7 minutes was seen in the field (docs/sources.md H22).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from service.ledger.plan import Step

FIRST_BOOT_SECONDS = 140.0
RESTART_SECONDS = 55.0  # a restart without the second one that the Hyper-V role takes
_PATIENCE = 6  # a deadline is this many times the estimate,
_PATIENCE_SECONDS = 120  # and this much more


@dataclass(frozen=True)
class Nominal:
    """One action's cost. `heavy` counts against the host's bound of heavy steps; `undoable` can be rolled back."""

    seconds: float
    heavy: bool = False
    undoable: bool = False
    attempts: int = 3


NOMINAL: Mapping[str, Nominal] = {
    "InspectHost": Nominal(4.5),
    "EnsureSwitch": Nominal(5, undoable=True),
    "EnsureNat": Nominal(3, undoable=True),
    "VerifyImage": Nominal(42, heavy=True),
    "CreateDisk": Nominal(3, undoable=True),
    "SeedDisk": Nominal(26),
    "CreateNode": Nominal(5, undoable=True),
    "EnableNesting": Nominal(2.5),
    "StartNode": Nominal(4, heavy=True),
    "StopNode": Nominal(21),
    "AwaitGuest": Nominal(FIRST_BOOT_SECONDS, heavy=True),
    "ProbeCpu": Nominal(1.3),
    "ConfigureGuest": Nominal(16.5),
    "JoinDomain": Nominal(21),
    "InstallRole": Nominal(158, heavy=True),
    "RebootGuest": Nominal(108, heavy=True),
    "ProveHypervisor": Nominal(2.5),
    "OpenFirewall": Nominal(5),
    "CreateInnerSwitch": Nominal(6.5),
    "ValidateCluster": Nominal(150, heavy=True),
    "CreateCluster": Nominal(53, undoable=True),
    "JoinNode": Nominal(43),
    "SetQuorum": Nominal(9),
    "EnableStorage": Nominal(601, heavy=True),
    "VerifyCluster": Nominal(1.5),
    "SmokeTest": Nominal(13.5, undoable=True),
    "CreateNestedVM": Nominal(8, undoable=True),
    "PublishLab": Nominal(1),
    "ResolveNode": Nominal(1),
    "VerifyNode": Nominal(1),
    "VerifyGuest": Nominal(4),
    "PublishDrift": Nominal(1),
    "RemoveCluster": Nominal(41),
    "RemoveNestedVM": Nominal(3),
    "RemoveNode": Nominal(5),
    "RemoveDisk": Nominal(2),
    "RemoveNat": Nominal(2),
    "RemoveSwitch": Nominal(3),
    "ReleaseLab": Nominal(1),
}


def deadline_seconds(weight_seconds: float) -> int:
    """Return a generous deadline for a step of this weight."""
    return math.ceil(weight_seconds * _PATIENCE) + _PATIENCE_SECONDS


class Parts(TypedDict, total=False):
    """What a step may say beside action, id and title; `undoable` and `seconds` override the action's own."""

    needs: Iterable[str]
    params: Mapping[str, Any]
    reads: Iterable[str]
    node: str | None
    undoable: bool
    seconds: float


def make_step(action: str, step_id: str, title: str, **parts: Unpack[Parts]) -> Step:
    """Return a step with its action's weight, deadline and marks."""
    nominal = NOMINAL[action]
    weight = parts.get("seconds", nominal.seconds)
    return Step(
        id=step_id,
        action=action,
        title=title,
        needs=tuple(dict.fromkeys(parts.get("needs", ()))),
        params=dict(parts.get("params", {})),
        reads=tuple(parts.get("reads", ())),
        node=parts.get("node"),
        weight_seconds=weight,
        deadline_seconds=deadline_seconds(weight),
        max_attempts=nominal.attempts,
        heavy=nominal.heavy,
        undoable=parts.get("undoable", nominal.undoable),
    )
