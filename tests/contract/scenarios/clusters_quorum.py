"""Scenarios of the functions that validate a failover cluster and give it a witness and storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.contract.scenario import Scenario, Secret
from tests.contract.scenarios.cluster_worlds import (
    FIRST,
    PREFIX,
    SECOND,
    apart,
    clustered,
    node,
    with_data_disks,
)
from tests.contract.world import CLUSTERING, HYPERV, Adapter, World

_SHARE = "\\\\files\\witness"
_CLOUD = {"Witness": "cloud", "AccountName": "account", "AccessKey": Secret("a2V5")}
_QUORUM = f"{PREFIX}SetClusterQuorumCommand"
_VALIDATE = {"Node": [FIRST, SECOND], "ReportName": "lab_1", "Include": ["Network", "System Configuration"]}
_UNKNOWN_SHARE = "Microsoft's pages contradict each other on file shares in a workgroup (H15)"
_UNKNOWN_DISK = "how Windows refuses a disk that is not there is not known"
_UNKNOWN_POOL = "the id of this refusal is not known; its frame is (H16)"
_HALF = {"vm": {"adapters": (Adapter(spoofing=True), Adapter("Second"))}}


def _test(name: str, world: World, arguments: Mapping[str, Any] | None = None, **more: Any) -> Scenario:
    given = arguments or _VALIDATE
    return Scenario("Test-NestedCluster", name, world, given, machine=FIRST, **more)


def _refused_test(name: str, world: World, **more: Any) -> Scenario:
    expect = f"Test-Cluster,{PREFIX}TestClusterCommand"
    return _test(f"refused: {name}", world, **{"expect": expect, "unchanged": True, **more})


def _set(name: str, world: World, arguments: Mapping[str, Any], **more: Any) -> Scenario:
    return Scenario("Set-NestedClusterQuorum", name, world, arguments, machine=FIRST, **more)


def _storage(name: str, world: World, arguments: Mapping[str, Any] | None = None, **more: Any) -> Scenario:
    given = arguments or {}
    return Scenario("Enable-NestedClusterStorage", name, world, given, machine=FIRST, **more)


_PASSED = {"Succeeded": True, "FailedCount": 0}
_VALIDATED = (
    _test("read", apart(), answers={**_PASSED, "WarningCount": 1}, unchanged=True, warnings=2),
    _test("read: two networks", apart(node(1, **_HALF), node(2, **_HALF)), answers={**_PASSED, "WarningCount": 0}),
    _test("read: all that applies", apart(), {"Node": [FIRST, SECOND], "ReportName": "all"}, answers=_PASSED),
    _test("read: without Hyper-V", apart(node(1, features=CLUSTERING)), {"Node": [FIRST], "ReportName": "r"}),
    _test("read: one test", apart(), {**_VALIDATE, "Include": ["Validate IP Configuration"]}, answers=_PASSED),
    _test("read: a cluster", clustered(), {"Node": [FIRST], "ReportName": "r"}, answers=_PASSED),
    _test(
        "read: other builds",
        apart(node(1), node(2, release="2019")),
        answers={"Succeeded": False, "FailedCount": 1},
        warnings=3,
    ),
    _test(
        "read: a test fails",
        replace(apart(), faults={"failing_test": "Validate IP Configuration"}),
        answers={"Succeeded": False, "FailedCount": 1},
    ),
    _test(
        "read: storage",
        with_data_disks(2),
        {**_VALIDATE, "Include": ["Storage Spaces Direct"]},
        answers={**_PASSED, "WarningCount": 0},
    ),
    _test(
        "read: no disks",
        apart(),
        {**_VALIDATE, "Include": ["Storage Spaces Direct"]},
        answers={"Succeeded": False, "FailedCount": 1},
        uncertain="the tests of this category are not known by name",
    ),
    _refused_test("a node that is off", apart(node(1), node(2, vm={"state": "Off"}))),
    _refused_test("no feature there", apart(node(1), node(2, features=HYPERV))),
    _refused_test(
        "another password there",
        apart(node(1), node(2, password="Other-pass-1")),
        uncertain="the words are New-Cluster's; Test-Cluster's own are not known",
    ),
    _refused_test(
        "no feature here", apart(node(1, features=HYPERV)), expect="CommandNotFoundException,Test-NestedCluster"
    ),
)

_WITNESSED = (
    _set("fresh", clustered(), _CLOUD, changed=True),
    _set("fresh: an endpoint", clustered(), {**_CLOUD, "Endpoint": "core.example"}, changed=True),
    _set(
        "fresh: a share, in a domain",
        clustered(node(1, domain="corp.example")),
        {"Witness": "file_share", "FileSharePath": _SHARE},
        changed=True,
    ),
    _set(
        "fresh: a share, in a workgroup",
        replace(clustered(), faults={"workgroup_file_share": True}),
        {"Witness": "file_share", "FileSharePath": _SHARE},
        changed=True,
        uncertain=_UNKNOWN_SHARE,
    ),
    _set("already done", clustered(), {"Witness": "none"}, changed=False),
    _set("already done: this account", clustered(witness="cloud", witness_detail="account"), _CLOUD, changed=False),
    _set(
        "already done: this share",
        clustered(witness="file_share", witness_detail=_SHARE),
        {"Witness": "file_share", "FileSharePath": _SHARE},
        changed=False,
    ),
    _set("half done: another account", clustered(witness="cloud", witness_detail="former"), _CLOUD, changed=True),
    _set(
        "half done: a witness too many",
        clustered(witness="cloud", witness_detail="account"),
        {"Witness": "none"},
        changed=True,
        answers={"WitnessResource": None},
    ),
    _set("what-if", clustered(), _CLOUD, what_if=True, changed=False, answers={"WitnessResource": None}),
    _set("refused: no cluster", apart(), _CLOUD, expect="Matryoshka.NotClustered,Set-NestedClusterQuorum"),
    _set(
        "refused: its service is stopped",
        clustered(down=(FIRST,)),
        _CLOUD,
        expect="Matryoshka.NotClustered,Set-NestedClusterQuorum",
        unchanged=True,
    ),
    _set(
        "refused: no key",
        clustered(),
        {"Witness": "cloud", "AccountName": "account"},
        expect="ParameterArgumentValidationError,Set-NestedClusterQuorum",
        unchanged=True,
    ),
    _set(
        "refused: Azure's word",
        replace(clustered(), faults={"witness_refused": True}),
        _CLOUD,
        expect=f"Set-ClusterQuorum,{_QUORUM}",
        unchanged=True,
    ),
    _set(
        "refused: no path",
        clustered(),
        {"Witness": "file_share"},
        expect="ParameterArgumentValidationError,Set-NestedClusterQuorum",
        unchanged=True,
    ),
    _set(
        "refused: a share, in a workgroup",
        clustered(),
        {"Witness": "file_share", "FileSharePath": _SHARE},
        expect=f"Set-ClusterQuorum,{_QUORUM}",
        unchanged=True,
        uncertain=_UNKNOWN_SHARE,
    ),
    _set(
        "refused: no share",
        clustered(node(1, domain="corp.example")),
        {"Witness": "file_share", "FileSharePath": "C:\\witness"},
        expect=f"Set-ClusterQuorum,{_QUORUM}",
        unchanged=True,
    ),
    _set(
        "refused: no such disk",
        clustered(),
        {"Witness": "disk", "DiskName": "Cluster Disk 9"},
        expect=f"ClusterObjectNotFound,{_QUORUM}",
        unchanged=True,
        uncertain=_UNKNOWN_DISK,
    ),
)

_STORED = (
    _storage("fresh", with_data_disks(2), changed=True, answers={"StorageSpacesDirect": True, "PoolHealth": "Healthy"}),
    _storage("fresh: another pool", with_data_disks(2), {"PoolName": "lab"}, changed=True, answers={"PoolName": "lab"}),
    _storage("already done", with_data_disks(2, storage=True, pool="S2D pool"), changed=False),
    _storage(
        "already done: another pool",
        with_data_disks(2, storage=True, pool="former"),
        changed=False,
        answers={"PoolHealth": None},
    ),
    _storage("what-if", with_data_disks(2), what_if=True, changed=False, answers={"StorageSpacesDirect": False}),
    _storage("refused: no cluster", apart(), expect="Matryoshka.NotClustered,Enable-NestedClusterStorage"),
    _storage(
        "refused: no data disks",
        clustered(),
        expect="HRESULT 0x80070032,Enable-ClusterStorageSpacesDirect",
        unchanged=True,
        uncertain=_UNKNOWN_POOL,
    ),
)

SCENARIOS: tuple[Scenario, ...] = (*_VALIDATED, *_WITNESSED, *_STORED)
