"""How long each action lasts on a healthy host, what it costs the host, and the one way to make a step. Pure.

Seconds are those of docs/functions.md, added up over the functions that the action calls; jobs learn from what earlier
steps really took. A first boot of 3 to 7 minutes was seen in the field (docs/sources.md H22).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from service.ledger.plan import Step

FIRST_BOOT_SECONDS = 140.0
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
    "InspectHost": Nominal(4),
    "CheckName": Nominal(1),
    "CheckPort": Nominal(1),
    "CheckTls": Nominal(1),
    "CheckLogon": Nominal(1),
    "CheckEndpoint": Nominal(3),
    "CheckRights": Nominal(4),
    "CheckRole": Nominal(5),
    "EnsureSwitch": Nominal(5, undoable=True),
    "EnsureNat": Nominal(3, undoable=True),
    "VerifyImage": Nominal(40, heavy=True),
    "CreateDisk": Nominal(3, undoable=True),
    "SeedDisk": Nominal(26),
    "CreateNode": Nominal(5, undoable=True),
    "EnableNesting": Nominal(4),
    "StartNode": Nominal(4, heavy=True),
    "StopNode": Nominal(20),
    "AwaitGuest": Nominal(FIRST_BOOT_SECONDS, heavy=True),
    "ProbeCpu": Nominal(1),
    "ConfigureGuest": Nominal(13),
    "JoinDomain": Nominal(21),
    "InstallRole": Nominal(153, heavy=True),
    "RebootGuest": Nominal(95, heavy=True),
    "ProveHypervisor": Nominal(2),
    "OpenFirewall": Nominal(3),
    "CreateInnerSwitch": Nominal(5),
    "ValidateCluster": Nominal(150, heavy=True),
    "CreateCluster": Nominal(51, undoable=True),
    "JoinNode": Nominal(41),
    "SetQuorum": Nominal(9),
    "EnableStorage": Nominal(601, heavy=True),
    "VerifyCluster": Nominal(1),
    "SmokeTest": Nominal(11, undoable=True),
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
    "CheckQuorum": Nominal(2),
    "DrainNode": Nominal(22),
    "EvictNode": Nominal(17),
    "ReshapeLab": Nominal(1, undoable=True),
    "MarkPower": Nominal(1),
    "NoteNestedVMs": Nominal(4),
    "StopNestedVMs": Nominal(10),
    "StopCluster": Nominal(22),
    "StartCluster": Nominal(30),
    "StartNestedVMs": Nominal(8),
    "BeginRotation": Nominal(1),
    "RotatePassword": Nominal(4),
    "CommitRotation": Nominal(1),
}


def deadline_seconds(weight_seconds: float) -> int:
    """Return a generous deadline for a step of this weight."""
    return int(weight_seconds * _PATIENCE) + _PATIENCE_SECONDS


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
    return step_of(action, step_id, title, parts)


def step_of(action: str, step_id: str, title: str, parts: Parts) -> Step:
    """Return the same; it takes its parts as they came, because a plan makes many steps on the way of a submission."""
    nominal = NOMINAL[action]
    weight = parts.get("seconds", nominal.seconds)
    return Step(
        step_id,
        action,
        title,
        tuple(dict.fromkeys(parts.get("needs", ()))),
        parts.get("params") or {},
        tuple(parts.get("reads", ())),
        parts.get("node"),
        weight,
        deadline_seconds(weight),
        nominal.attempts,
        nominal.heavy,
        parts.get("undoable", nominal.undoable),
    )
