"""The handlers of all actions that a plan can name."""

from __future__ import annotations

from collections.abc import Mapping

from workers.steps.base import Step
from workers.steps.cluster import (
    CreateCluster,
    EnableStorage,
    JoinNode,
    SetQuorum,
    ValidateCluster,
    VerifyCluster,
)
from workers.steps.disk import CreateDisk, SeedDisk
from workers.steps.explained import ExplainedStep
from workers.steps.guest import AwaitGuest, ConfigureGuest, JoinDomain, OpenFirewall
from workers.steps.host import InspectHost
from workers.steps.image import VerifyImage
from workers.steps.lab import PublishLab
from workers.steps.membership import CheckQuorum, DrainNode, EvictNode, ReshapeLab
from workers.steps.nested_vm import CreateInnerSwitch, CreateNestedVM, SmokeTest
from workers.steps.nesting import EnableNesting
from workers.steps.network_checks import CheckName, CheckPort, CheckTls
from workers.steps.node import CreateNode, ResolveNode, StartNode, StopNode
from workers.steps.power import (
    MarkPower,
    NoteNestedVMs,
    StartCluster,
    StartNestedVMs,
    StopCluster,
    StopNestedVMs,
)
from workers.steps.probe import ProbeCpu, ProveHypervisor
from workers.steps.role import InstallRole, RebootGuest
from workers.steps.rotation import BeginRotation, CommitRotation, RotatePassword
from workers.steps.session_checks import CheckEndpoint, CheckLogon, CheckRights, CheckRole
from workers.steps.switch import EnsureNat, EnsureSwitch
from workers.steps.teardown import (
    ReleaseLab,
    RemoveCluster,
    RemoveDisk,
    RemoveNat,
    RemoveNestedVM,
    RemoveNode,
    RemoveSwitch,
)
from workers.steps.verify import PublishDrift, VerifyGuest, VerifyNode

_ALL: tuple[Step, ...] = (
    InspectHost(),
    CheckName(),
    CheckPort(),
    CheckTls(),
    CheckLogon(),
    CheckEndpoint(),
    CheckRights(),
    CheckRole(),
    EnsureSwitch(),
    EnsureNat(),
    VerifyImage(),
    CreateDisk(),
    SeedDisk(),
    CreateNode(),
    EnableNesting(),
    StartNode(),
    StopNode(),
    ResolveNode(),
    AwaitGuest(),
    ProbeCpu(),
    ConfigureGuest(),
    JoinDomain(),
    InstallRole(),
    RebootGuest(),
    ProveHypervisor(),
    OpenFirewall(),
    CreateInnerSwitch(),
    ValidateCluster(),
    CreateCluster(),
    JoinNode(),
    SetQuorum(),
    EnableStorage(),
    VerifyCluster(),
    SmokeTest(),
    CreateNestedVM(),
    PublishLab(),
    VerifyNode(),
    VerifyGuest(),
    PublishDrift(),
    RemoveCluster(),
    RemoveNestedVM(),
    RemoveNode(),
    RemoveDisk(),
    RemoveNat(),
    RemoveSwitch(),
    ReleaseLab(),
    CheckQuorum(),
    DrainNode(),
    EvictNode(),
    ReshapeLab(),
    MarkPower(),
    NoteNestedVMs(),
    StopNestedVMs(),
    StopCluster(),
    StartCluster(),
    StartNestedVMs(),
    BeginRotation(),
    RotatePassword(),
    CommitRotation(),
)

HANDLERS: Mapping[str, Step] = {step.action: ExplainedStep(step) for step in _ALL}
"""One handler an action; each gives its errors a reason code (workers/steps/reasons.py)."""
