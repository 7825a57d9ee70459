"""Scenarios of the functions that read, make, grow and destroy a failover cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.contract.scenario import Scenario, Switched
from tests.contract.scenarios import day_two
from tests.contract.scenarios.cluster_worlds import (
    ADDRESS,
    FIRST,
    NAME,
    PREFIX,
    SECOND,
    SUFFIX,
    apart,
    clustered,
    node,
)
from tests.contract.world import HYPERV, Cluster, Vm, World, a_world

_MAKE = {"Name": NAME, "Node": [FIRST], "StaticAddress": ADDRESS, "AdministrativeAccessPoint": "Dns"}
_BOTH = {**_MAKE, "Node": [FIRST, SECOND]}
_NEW = f"{PREFIX}NewClusterCommand"
_ADD = f"{PREFIX}AddClusterNodeCommand"
_UP = [{"Name": "NEST-1", "State": "Up"}, {"Name": "NEST-2", "State": "Up"}]
_DOWN = [{"Name": "NEST-1", "State": "Up"}, {"Name": "NEST-2", "State": "Down"}]
_BARE = HYPERV


def _off(number: int) -> Vm:
    return node(number, vm={"state": "Off"})


def _two_clusters() -> World:
    vms = (node(1), node(2))
    clusters = (Cluster(NAME, (FIRST,), address=ADDRESS), Cluster("other", (SECOND,), address="10.77.1.11"))
    return a_world(vms=vms, clusters=clusters)


def _get(name: str, world: World, **answers: Any) -> Scenario:
    return Scenario("Get-NestedCluster", name, world, machine=FIRST, answers=answers, warnings=0)


def _new(name: str, world: World, arguments: Mapping[str, Any] | None = None, **more: Any) -> Scenario:
    return Scenario("New-NestedCluster", name, world, arguments or _MAKE, machine=FIRST, **more)


def _refused_new(name: str, world: World, arguments: Mapping[str, Any] | None = None, **more: Any) -> Scenario:
    """Windows refuses with the cmdlet's own name; nothing may stay behind."""
    return _new(f"refused: {name}", world, arguments, **{"expect": f"New-Cluster,{_NEW}", "unchanged": True, **more})


def _add(name: str, world: World, node_name: str = SECOND, **more: Any) -> Scenario:
    arguments = {"Name": node_name}
    return Scenario("Add-NestedClusterNode", name, world, arguments, machine=FIRST, **more)


def _refused_add(name: str, world: World, **more: Any) -> Scenario:
    return _add(f"refused: {name}", world, **{"expect": f"Add-ClusterNode,{_ADD}", "unchanged": True, **more})


_READ = (
    _get("read", clustered(), Exists=True, Name=NAME, Address=ADDRESS, AdministrativeAccessPoint="Dns", Nodes=_UP),
    _get("read: none", apart(), Exists=False, Name=None, Nodes=[], ClusSvcStatus="Stopped"),
    _get("read: no feature", apart(node(1, features=_BARE)), Exists=False, ClusSvcStatus=None),
    _get("read: its service is stopped", clustered(down=(FIRST,)), Exists=False, ClusSvcStatus="Stopped"),
    _get("read: a node is down", clustered(down=(SECOND,)), Exists=True, Nodes=_DOWN),
    _get("read: a node is off", clustered(node(1), _off(2)), Exists=True, Nodes=_DOWN),
    _get("read: no access point", clustered(access_point="None", address=""), Address=None),
    _get(
        "read: a witness",
        clustered(witness="file_share", witness_detail="\\\\files\\w"),
        QuorumType="Majority",
        WitnessResource="File Share Witness",
    ),
    _get("read: storage", clustered(storage=True, pool="S2D pool"), StorageSpacesDirect=True),
)

_NEW_ONES = (
    _new("fresh", apart(), changed=True, answers={"Exists": True, "Address": ADDRESS, "WitnessResource": None}),
    _new("fresh: two nodes", apart(), _BOTH, changed=True, answers={"Nodes": _UP}),
    _new("fresh: full names", apart(), {**_BOTH, "Node": [f"{FIRST}.{SUFFIX}", f"{SECOND}.{SUFFIX}"]}, changed=True),
    _new(
        "fresh: no access point",
        apart(),
        {"Name": NAME, "Node": [FIRST], "AdministrativeAccessPoint": "None"},
        changed=True,
        answers={"Address": None, "AdministrativeAccessPoint": "None"},
    ),
    _new(
        "fresh: in a domain",
        apart(node(1, domain="corp.example"), node(2, domain="corp.example")),
        {**_BOTH, "AdministrativeAccessPoint": "ActiveDirectoryAndDns"},
        changed=True,
    ),
    _new("already done", clustered(node(1)), changed=False),
    _new("already done: more nodes", clustered(), changed=False),
    _new("already done: a full name", clustered(), {**_MAKE, "Node": [f"{FIRST}.{SUFFIX}"]}, changed=False),
    _new("what-if", apart(), what_if=True, changed=False, answers={"Exists": False}),
    _new(
        "refused: another cluster",
        clustered(),
        {**_MAKE, "Name": "other"},
        expect="Matryoshka.NodeAlreadyClustered,New-NestedCluster",
        unchanged=True,
    ),
    _new(
        "refused: its cluster without that node",
        clustered(members=(FIRST,)),
        _BOTH,
        expect="Matryoshka.NodeAlreadyClustered,New-NestedCluster",
        unchanged=True,
    ),
    _refused_new("its service is stopped", clustered(down=(FIRST,))),
    _refused_new("the other node's cluster", clustered(members=(SECOND,), address="10.77.1.11"), _BOTH),
    _refused_new("no feature there", apart(node(1), node(2, features=_BARE)), _BOTH),
    _refused_new("another password there", apart(node(1), node(2, password="Other-pass-1")), _BOTH),
    _refused_new("an address in use", apart(), {**_MAKE, "StaticAddress": "10.77.1.2"}),
    _refused_new("an address elsewhere", apart(), {**_MAKE, "StaticAddress": "10.99.1.10"}),
    _refused_new("a name in use", apart(), {**_MAKE, "Name": SECOND}),
    _refused_new(
        "a directory without a domain",
        apart(),
        {**_MAKE, "AdministrativeAccessPoint": "ActiveDirectoryAndDns"},
        uncertain="that a domain is required is documented (H15); how it is refused is not known",
    ),
    _refused_new(
        "no DNS suffix",
        apart(node(1, dns_suffix="")),
        uncertain="that a suffix is required is documented (H15); how a missing one is refused is not known",
    ),
    _refused_new(
        "a node that is off",
        apart(node(1), _off(2)),
        _BOTH,
        expect=f"ClusterNodeNotReachable,{_NEW}",
    ),
    _refused_new("no feature here", apart(node(1, features=_BARE)), expect="CommandNotFoundException"),
    _refused_new(
        "a long name",
        apart(),
        {**_MAKE, "Name": "n" * 16},
        expect="ParameterArgumentValidationError,New-NestedCluster",
    ),
    _refused_new(
        "no address",
        apart(),
        {**_MAKE, "StaticAddress": "ten"},
        expect="ParameterArgumentValidationError,New-NestedCluster",
    ),
)

_ADDED = (
    _add("fresh", clustered(members=(FIRST,)), changed=True, answers={"Nodes": _UP}, warnings=0),
    _add("already done", clustered(), changed=False),
    _add("already done: a full name", clustered(), f"{SECOND}.{SUFFIX}", changed=False),
    _add("half done: its service is stopped", clustered(down=(SECOND,)), changed=True, answers={"Nodes": _UP}),
    _add(
        "half done: its service does not start",
        replace(clustered(down=(SECOND,)), faults={"start_refused": True}),
        changed=True,
        answers={"Nodes": _UP},
        warnings=1,
    ),
    _add("what-if", clustered(members=(FIRST,)), what_if=True, changed=False),
    _add("what-if: its service is stopped", clustered(down=(SECOND,)), what_if=True, changed=False),
    _refused_add("no cluster here", apart(), expect=f"ClusterEndpointNotRegistered,{PREFIX}GetNodeCommand"),
    _refused_add(
        "no feature here",
        apart(node(1, features=_BARE)),
        expect="CommandNotFoundException,Get-MkClusterNode",
    ),
    _refused_add("no feature there", clustered(node(1), node(2, features=_BARE), members=(FIRST,))),
    _refused_add("another password there", clustered(node(1), node(2, password="Other-pass-1"), members=(FIRST,))),
    _refused_add("another cluster's node", _two_clusters()),
    _refused_add(
        "a machine that is off",
        clustered(node(1), _off(2), members=(FIRST,)),
        expect=f"ClusterNodeNotReachable,{_ADD}",
    ),
    _refused_add(
        "a node that is off",
        clustered(node(1), _off(2)),
        expect=f"ClusterNodeNotReachable,{_ADD}",
        unchanged=False,
        warnings=1,
    ),
)


def _remove(name: str, world: World, arguments: Mapping[str, Any] | None = None, **more: Any) -> Scenario:
    given = arguments or {"Name": NAME}
    return Scenario("Remove-NestedCluster", name, world, given, machine=FIRST, **more)


_REMOVED = (
    _remove("fresh", clustered(), changed=True, answers={"Existed": True}),
    _remove(
        "fresh: in a domain",
        clustered(node(1, domain="corp.example"), access_point="ActiveDirectoryAndDns"),
        {"Name": NAME, "CleanupAD": Switched()},
        changed=True,
    ),
    _remove("fresh: in small letters", clustered(), {"Name": NAME.upper()}, changed=True),
    _remove("already done", apart(), changed=False, answers={"Existed": False}),
    _remove("already done: no feature", apart(node(1, features=_BARE)), changed=False, answers={"Existed": False}),
    _remove("what-if", clustered(), what_if=True, changed=False, answers={"Existed": True}),
    _remove(
        "refused: another name",
        clustered(),
        {"Name": "other"},
        expect="Matryoshka.ClusterForeign,Remove-NestedCluster",
        unchanged=True,
    ),
)

SCENARIOS: tuple[Scenario, ...] = (*_READ, *_NEW_ONES, *_ADDED, *_REMOVED, *day_two.SCENARIOS)
