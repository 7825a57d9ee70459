"""Scenarios of what is done with a living lab: its cluster is stopped and started, a node leaves it, passwords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.contract.scenario import Scenario, Secret
from tests.contract.scenarios.cluster_worlds import FIRST, NAME, PREFIX, SECOND, SUFFIX, apart, clustered, node
from tests.contract.world import HYPERV, NEW_PASSWORD, World, a_node, a_world

_NOT_LISTED = f"ClusterEndpointNotRegistered,{PREFIX}GetNodeCommand"
_NOT_FOUND = "CommandNotFoundException,Get-MkClusterNode"
_BARE = HYPERV
_THREE = (node(1), node(2), node(3))
_OFF = node(2, vm={"state": "Off"})


def _called(function: str, name: str, world: World, arguments: Mapping[str, Any], **more: Any) -> Scenario:
    return Scenario(function, name, world, arguments, machine=FIRST, **more)


def _stop(name: str, world: World, cluster: str = NAME, **more: Any) -> Scenario:
    return _called("Stop-NestedCluster", name, world, {"Name": cluster}, **more)


_STOPPED = (
    _stop("fresh", clustered(), changed=True, answers={"Existed": True, "ClusSvcStatus": "Stopped"}),
    _stop("fresh: a node is off", clustered(node(1), _OFF), changed=True, answers={"ClusSvcStatus": "Stopped"}),
    _stop("already done", clustered(down=(FIRST, SECOND)), changed=False, answers={"Existed": False}),
    _stop("already done: no feature", apart(node(1, features=_BARE)), changed=False, answers={"ClusSvcStatus": None}),
    _stop("what-if", clustered(), what_if=True, changed=False, answers={"ClusSvcStatus": "Running"}),
    _stop(
        "refused: another name",
        clustered(),
        "other",
        expect="Matryoshka.ClusterForeign,Stop-NestedCluster",
        unchanged=True,
    ),
)


def _start(name: str, world: World, **more: Any) -> Scenario:
    return _called("Start-NestedCluster", name, world, {}, **more)


_NO_CLUSTER = "Matryoshka.NotClustered,Start-NestedCluster"
_STARTED = (
    _start("fresh", clustered(down=(FIRST, SECOND)), changed=True, answers={"Exists": True, "Name": NAME}),
    _start("half done: one node is down", clustered(down=(SECOND,)), changed=True),
    _start("half done: one node is off", clustered(node(1), _OFF, node(3), down=("nest-3",)), changed=True),
    _start("already done", clustered(), changed=False),
    _start("already done: a node is paused", clustered(paused=(SECOND,)), changed=False),
    _start("what-if", clustered(down=(FIRST, SECOND)), what_if=True, changed=False, answers={"Exists": False}),
    _start("refused: no cluster", apart(), expect=_NO_CLUSTER, unchanged=True),
    _start("refused: no feature", apart(node(1, features=_BARE)), expect=_NO_CLUSTER, unchanged=True),
)


def _drain(name: str, world: World, node_name: str = SECOND, **more: Any) -> Scenario:
    return _called("Suspend-NestedClusterNode", name, world, {"Name": node_name}, **more)


_PAUSED = [{"Name": "NEST-1", "State": "Up"}, {"Name": "NEST-2", "State": "Paused"}]
_REFUSED = f"Suspend-ClusterNode,{PREFIX}SuspendClusterNodeCommand"
_DRAINED = (
    _drain("fresh", clustered(), changed=True, answers={"Nodes": _PAUSED}, warnings=0),
    _drain("already done", clustered(paused=(SECOND,)), changed=False, answers={"Nodes": _PAUSED}),
    _drain("what-if", clustered(), what_if=True, changed=False),
    _drain(
        "refused: no such node",
        clustered(),
        "nest-9",
        expect="Matryoshka.NodeUnknown,Suspend-NestedClusterNode",
        unchanged=True,
    ),
    _drain(
        "refused: Windows' word",
        replace(clustered(), faults={"drain_refused": True}),
        expect=_REFUSED,
        unchanged=True,
        uncertain="how a drain is refused is not known; that the cmdlet's own name is the id is by analogy (H14)",
    ),
    _drain(
        "refused: its roles stay",
        replace(clustered(), faults={"drain_fails": True}),
        expect="Matryoshka.DrainFailed,Suspend-NestedClusterNode",
        unchanged=True,
        uncertain="that a failed drain shows as DrainStatus only",
    ),
    _drain(
        "refused: a node that is down",
        clustered(down=(SECOND,)),
        expect=_REFUSED,
        unchanged=True,
        uncertain="the id is by analogy (H14)",
    ),
    _drain("refused: no cluster here", apart(), expect=_NOT_LISTED, unchanged=True),
    _drain("refused: no feature here", apart(node(1, features=_BARE)), expect=_NOT_FOUND, unchanged=True),
)


def _evict(name: str, world: World, node_name: str = SECOND, **more: Any) -> Scenario:
    return _called("Remove-NestedClusterNode", name, world, {"Name": node_name}, **more)


_EVICTED = (
    _evict("fresh", clustered(*_THREE, paused=(SECOND,)), changed=True),
    _evict("fresh: one that is off", clustered(node(1), _OFF, node(3)), changed=True),
    _evict(
        "fresh: one of two",
        clustered(),
        f"{SECOND}.{SUFFIX}",
        changed=True,
        answers={"Nodes": [{"Name": "NEST-1", "State": "Up"}]},
    ),
    _evict("already done", clustered(members=(FIRST,)), changed=False),
    _evict("what-if", clustered(), what_if=True, changed=False),
    _evict(
        "refused: the last one",
        clustered(node(1)),
        FIRST,
        expect=f"Remove-ClusterNode,{PREFIX}RemoveClusterNodeCommand",
        unchanged=True,
        uncertain="whether the last node is evicted (docs/windows-checklist.md 6.11)",
    ),
    _evict("refused: no cluster here", apart(), expect=_NOT_LISTED, unchanged=True),
)


def _password(
    name: str, world: World, password: str = NEW_PASSWORD, user: str = "Administrator", **more: Any
) -> Scenario:
    arguments = {"UserName": user, "Password": Secret(password)}
    return _called("Set-NestedGuestPassword", name, world, arguments, **more)


_LOCAL = "Microsoft.PowerShell.Commands.SetLocalUserCommand"
_NODE = a_world(vms=(a_node(),))
_SET = (
    _password("fresh", _NODE, changed=True, answers={"UserName": "Administrator"}),
    _password("fresh: in other letters", _NODE, user="ADMINISTRATOR", changed=True),
    _password("already done", a_world(vms=(a_node(password=NEW_PASSWORD),)), changed=True),
    _password("what-if", _NODE, what_if=True, changed=False),
    _password("refused: no such account", _NODE, user="nobody", expect=f"UserNotFound,{_LOCAL}", unchanged=True),
    _password("refused: too long", _NODE, "x" * 128, expect=f"InvalidPassword,{_LOCAL}", unchanged=True),
    _password(
        "refused: the policy's word",
        replace(_NODE, faults={"password_refused": True}),
        expect=f"InvalidPassword,{_LOCAL}",
        unchanged=True,
    ),
)

SCENARIOS: tuple[Scenario, ...] = (*_STOPPED, *_STARTED, *_DRAINED, *_EVICTED, *_SET)
